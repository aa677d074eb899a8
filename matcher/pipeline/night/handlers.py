"""What a job of each kind does: a thin call of the use cases, with the record of the outcome joined to their commits."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from matcher.jobs import FileState, Job, JobKind, NightAccount, NightFile, NightRun
from matcher.parsers.statements import parse
from matcher.pipeline import ingest
from matcher.pipeline.context import BY_CLEAR, BY_IMPORT, BY_RELEASE, Context
from matcher.pipeline.ingest import FileReport, SourceContent, Taken
from matcher.pipeline.matching import AccountMatch, match_accounts
from matcher.pipeline.night.contract import Night
from matcher.pipeline.opening import Opener
from matcher.pipeline.reconciling import AccountReconciliation, reconcile_accounts
from matcher.rules.settings import RuleSettings
from recon_core.domain.book import ImportCounts
from recon_core.domain.refusals import Unknown
from recon_core.domain.refused import InputError
from recon_core.domain.states import FileOutcome, MatchingPolicy
from recon_core.ports import UnitOfWork
from recon_core.services import files, lookup


def _context(night: Night, run: NightRun, job: Job, record: Callable[[UnitOfWork, Any], None]) -> Context:
    """The context of a job: the run's rules, and before each commit the fence and the record."""

    def before_commit(uow: UnitOfWork, result: object) -> None:
        night.store.fence(uow, job)
        record(uow, result)

    return replace(night.context, rules=rules_of(night, run), before_commit=before_commit)


def rules_of(night: Night, run: NightRun) -> RuleSettings:
    """The matching rules of a run: all processes that work on it use the same."""
    return _rules(night.context.rules, run.rules_toml)


@lru_cache(maxsize=8)
def _rules(default: RuleSettings, toml: str) -> RuleSettings:
    if not toml:
        return default
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules.toml"
        path.write_text(toml, encoding="utf-8")
        return RuleSettings.from_toml(path)


def _contents(night: Night, ids: Sequence[int]) -> list[SourceContent]:
    with night.context.database.read() as uow:
        rows = uow.select("SELECT id, name, content FROM source_file WHERE id IN :ids ORDER BY id", {"ids": list(ids)})
    return [SourceContent(row.id, row.name, bytes(row.content)) for row in rows]


def ingest_job(night: Night, run: NightRun, job: Job) -> None:
    """Read statement files that nobody has read yet."""

    def record(uow: UnitOfWork, reports: Sequence[FileReport]) -> None:
        _record_files(night, run, uow, reports)

    ingest.ingest_archived(_context(night, run, job, record), _contents(night, job.subjects))


def _record_files(night: Night, run: NightRun, uow: UnitOfWork, reports: Sequence[FileReport]) -> None:
    by_file = {report.file_id: report for report in reports}
    seen: set[int] = set()
    told = []
    for file in night.store.files(uow, run_id=run.id, source_file_ids=list(by_file)):
        report = by_file[file.source_file_id]
        told.append(_told(file, report, again=file.source_file_id in seen, may_open=bool(run.open_policy)))
        seen.add(file.source_file_id)
    night.store.record_files(uow, files=told)
    read: dict[int, int] = {}
    for report in reports:
        for result in report.statements:
            read[result.account_id] = read.get(result.account_id, 0) + len(result.new_line_ids)
    accounts = [NightAccount(account_id, count, 0, 0, 0, 0, "") for account_id, count in read.items()]
    night.store.add_accounts(uow, run_id=run.id, accounts=accounts)


def _told(file: NightFile, report: FileReport, *, again: bool, may_open: bool) -> NightFile:
    """The file with what became of it; the same bytes under a second name are known."""
    if report.taken == Taken.SET_ASIDE:
        unknown = report.code == Unknown.code
        deferred = may_open and unknown and file.state == FileState.WAITING
        reason = f"{report.reason} {_then(file.run_id)}" if unknown else report.reason
        return file._replace(state=FileState.DEFERRED if deferred else FileState.SET_ASIDE, reason=reason)
    if again:
        return file._replace(state=FileState.KNOWN)
    count = sum(len(result.new_line_ids) for result in report.statements)
    return file._replace(state=FileState.READ, reason=report.reason, notes=report.notes, new_count=count)


def _then(run_id: int) -> str:
    """What is left to do when an account that nobody knew has been opened."""
    return f"Then: recon runs retry {run_id}"


def book_job(night: Night, run: NightRun, job: Job) -> None:
    """Import a book file. One that can't be used is set aside with its reason; one with an account that the run may
    open waits until it has.
    """
    for source in _contents(night, job.subjects):
        try:
            _import_book(night, run, job, source)
        except InputError as error:
            if run.open_policy and isinstance(error.__cause__, Unknown):
                _put_off(night, job, reason=str(error))
            else:
                _set_aside_alone(night, job, error)


def _import_book(night: Night, run: NightRun, job: Job, source: SourceContent) -> None:
    def record(uow: UnitOfWork, counts: ImportCounts) -> None:
        known = night.store.files(uow, run_id=run.id, source_file_ids=[source.file_id])
        count = counts.new + counts.changed
        told = [file._replace(state=FileState.READ, reason="", new_count=count) for file in known]
        night.store.record_files(uow, files=told)

    ingest.import_book_content(_context(night, run, job, record), name=source.name, content=source.content)


def _put_off(night: Night, job: Job, *, reason: str) -> None:
    with night.context.database.begin() as uow:
        night.store.fence(uow, job)
        known = night.store.files(uow, run_id=job.run_id, source_file_ids=job.subjects)
        put_off = [file._replace(state=FileState.DEFERRED, reason=reason) for file in known]
        night.store.record_files(uow, files=put_off)
        uow.commit()


def _set_aside_alone(night: Night, job: Job, error: InputError) -> None:
    reason = f"{error} {_then(job.run_id)}" if isinstance(error.__cause__, Unknown) else str(error)
    with night.context.database.begin() as uow:
        night.store.fence(uow, job)
        set_aside(night, uow, job, reason=reason, quarantined=False)
        uow.commit()


def opening_job(night: Night, run: NightRun, job: Job) -> None:
    """Read files of accounts that nobody has opened, the earliest first: an account begins with its first statement.
    A book that named such accounts is a job of its own, when they are open.
    """

    def record(uow: UnitOfWork, reports: Sequence[FileReport]) -> None:
        _record_files(night, run, uow, reports)

    context = _context(night, run, job, record)
    opener = Opener(context, MatchingPolicy(run.open_policy))
    with context.database.read() as uow:
        known = night.store.files(uow, run_id=run.id, source_file_ids=job.subjects)
    wanted = {file.source_file_id: file.book for file in known if file.state == FileState.DEFERRED}
    sources = _contents(night, sorted(wanted))
    for source in sorted((one for one in sources if not wanted[one.file_id]), key=_first_day):
        ingest.ingest_archived(context, [source], opener=opener)
    for source in (one for one in sources if wanted[one.file_id]):
        try:
            _import_book(night, run, job, source)
        except InputError as error:
            _set_aside_alone(night, job._replace(subjects=(source.file_id,)), error)


def _first_day(source: SourceContent) -> tuple[date, str]:
    days = [
        day
        for statement in parse(source.content, name=source.name)
        for day in (statement.header.from_date, statement.header.opening_date, statement.header.closing_date)
        if day is not None
    ]
    return min(days, default=date.max), source.name


def match_job(night: Night, run: NightRun, job: Job) -> None:
    """Match, adjust and reconcile accounts, each as far as its policy goes."""

    def record(uow: UnitOfWork, results: Sequence[AccountMatch | AccountReconciliation]) -> None:
        told = [account for one in results if (account := _account(one)) is not None]
        night.store.add_accounts(uow, run_id=run.id, accounts=told)

    context = _context(night, run, job, record)
    match_accounts(context, job.subjects)
    with context.database.read() as uow:
        accounts = lookup.accounts(uow, job.subjects)
    for by, step in ((BY_RELEASE, MatchingPolicy.RELEASE), (BY_CLEAR, MatchingPolicy.CLEAR)):
        mine = [
            one.id
            for one in accounts
            if one.allows(step) and (by == BY_RELEASE or not one.allows(MatchingPolicy.RELEASE))
        ]
        reconcile_accounts(context, mine, by=by)


def _account(one: AccountMatch | AccountReconciliation) -> NightAccount | None:
    if isinstance(one, AccountMatch):
        return NightAccount(one.account_id, 0, one.cleared, one.adjusted, one.proposed, one.unmatched, "")
    return NightAccount(one.account_id, 0, 0, 0, 0, 0, one.number) if one.number else None


def set_aside(night: Night, uow: UnitOfWork, job: Job, *, reason: str, quarantined: bool) -> None:
    """Say of the files of a job why nobody will read them by himself."""
    if job.kind == JobKind.MATCH:
        return
    state = FileState.QUARANTINED if quarantined else FileState.SET_ASIDE
    known = night.store.files(uow, run_id=job.run_id, source_file_ids=job.subjects)
    left = [file for file in known if file.state in {FileState.WAITING, FileState.DEFERRED}]
    night.store.record_files(uow, files=[file._replace(state=state, reason=reason) for file in left])
    verdicts = [files.Verdict(file.source_file_id, FileOutcome.SET_ASIDE, reason) for file in left]
    files.finish_files(uow, verdicts=verdicts, by=BY_IMPORT, at=night.context.now())


HANDLERS: dict[JobKind, Callable[[Night, NightRun, Job], None]] = {
    JobKind.BOOK: book_job,
    JobKind.INGEST: ingest_job,
    JobKind.OPENING: opening_job,
    JobKind.MATCH: match_job,
}
