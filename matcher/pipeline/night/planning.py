"""The stages of a run: when its files are read, which accounts want work, and when it is finished.

`advance` may be called by anybody at any time, also by many at once: it moves a run on under the run's lock, and only
if nothing of the stage before is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from matcher.jobs import FileState, JobKind, NewJob, NightRun, RunState
from matcher.pipeline.matching import rules_digest
from matcher.pipeline.night import publishing
from matcher.pipeline.night.contract import Night
from matcher.pipeline.night.handlers import rules_of
from matcher.pipeline.night.receiving import pack
from matcher.pipeline.reconciling import accounts_to_reconcile
from recon_core.domain.refusals import Conflict, WrongState
from recon_core.domain.states import MatchingPolicy
from recon_core.ports import UnitOfWork
from recon_core.services import lookup


def advance(night: Night, run_id: int) -> NightRun:
    """Move a run on as far as its work is done, and return it as it stands then."""
    moved = True
    while moved:
        with night.context.database.begin() as uow:
            run = night.store.run(uow, run_id=run_id, lock=True)
            moved = _step(night, uow, run)
            if moved:
                uow.commit()
    publishing.publish(night)
    return run


def _step(night: Night, uow: UnitOfWork, run: NightRun) -> bool:
    at = night.context.now()
    if run.finished or (run.state == RunState.RECEIVING and not _abandoned(night, run, at)):
        return False
    if run.state == RunState.RECEIVING:
        return night.store.move_on(uow, run=run, to=RunState.INGESTING, at=at)
    if night.store.unfinished(uow, run_id=run.id):
        return False
    if run.state == RunState.MATCHING:
        night.note("run finished", run=run.id)
        return night.store.move_on(uow, run=run, to=RunState.FINISHED, at=at)
    deferred = [file for file in night.store.files(uow, run_id=run.id) if file.state == FileState.DEFERRED]
    # A book may name accounts that its statements open, so these come first.
    for mine in ([file for file in deferred if not file.book], deferred):
        if mine:
            ids = tuple(dict.fromkeys(file.source_file_id for file in mine))
            night.store.add_jobs(uow, run_id=run.id, jobs=[NewJob(JobKind.OPENING, ids, len(ids))], at=at)
            return True
    jobs = _match_jobs(night, uow, run)
    night.note("accounts planned", run=run.id, jobs=len(jobs), accounts=sum(len(job.subjects) for job in jobs))
    night.store.add_jobs(uow, run_id=run.id, jobs=jobs, at=at)
    return night.store.move_on(uow, run=run, to=RunState.MATCHING, at=at)


def _abandoned(night: Night, run: NightRun, at: datetime) -> bool:
    """Whether the process that received files is gone: what it claimed is worked on, the rest waits in the inbox."""
    if run.driver_until is None:
        return at - run.started_at > night.lease.span
    return run.driver_until <= at or night.lease.is_dead(run.driver)


def received(night: Night, run: NightRun) -> None:
    """All files of the inbox are claimed."""
    with night.context.database.begin() as uow:
        now = night.store.run(uow, run_id=run.id, lock=True)
        if now.state == RunState.RECEIVING:
            night.store.move_on(uow, run=now, to=RunState.INGESTING, at=night.context.now())
        uow.commit()


_OPEN_LINES = (
    "SELECT cash_account_id, count(*) AS n FROM statement_line WHERE cash_account_id IN :ids"
    " AND state IN ('open', 'proposed') AND withdrawn_by IS NULL GROUP BY cash_account_id"
)
_OPEN_BOOK = (
    "SELECT cash_account_id, count(*) AS n FROM book_transaction WHERE cash_account_id IN :ids"
    " AND reconciliation_id IS NULL AND matched_amount <> amount GROUP BY cash_account_id"
)


def _match_jobs(night: Night, uow: UnitOfWork, run: NightRun) -> list[NewJob]:
    """Jobs for the accounts on which anything can change: small ones together, a large one alone."""
    accounts = [account for account in lookup.accounts(uow) if account.active]
    willing = [account for account in accounts if account.allows(MatchingPolicy.MATCH)]
    digest = rules_digest(rules_of(night, run))
    changed = night.context.opinions.changed_since_match(uow, accounts=willing, rules_sha256=digest)
    ids = {account.id for account in changed} | set(accounts_to_reconcile(uow))
    weights = _weights(uow, sorted(ids))
    packed = pack(weights.items(), weight_max=night.sizes.job_lines, count_max=night.sizes.job_accounts)
    return [NewJob(JobKind.MATCH, subjects, weight) for subjects, weight in packed]


def _weights(uow: UnitOfWork, ids: Sequence[int]) -> dict[int, int]:
    weights = dict.fromkeys(ids, 1)
    for sql in (_OPEN_LINES, _OPEN_BOOK):
        for row in uow.select(sql, {"ids": list(ids)}):
            weights[row.cash_account_id] += row.n
    return weights


def cancel_run(night: Night, *, run_id: int) -> int:
    """Stop a run: what waits is cancelled, what runs ends by itself, unread files stay in the inbox. Returns how many
    jobs were cancelled. Raises `WrongState` for a run that is over.
    """
    at = night.context.now()
    with night.context.database.begin() as uow:
        run = night.store.run(uow, run_id=run_id, lock=True)
        if run.finished:
            raise WrongState(f"Run {run_id} is {run.state} already.")
        cancelled = night.store.cancel_jobs(uow, run_id=run_id, at=at)
        night.store.cancel_files(uow, run_id=run_id)
        night.store.move_on(uow, run=run, to=RunState.CANCELLED, at=at)
        uow.commit()
    return cancelled


def retry_run(night: Night, *, run_id: int) -> int:
    """Try again what failed or was set aside in a run that is over. Returns how many files wait again; accounts whose
    work failed are planned anew with them. Raises `WrongState` while it, or another run of its inbox, is under way.
    """
    at = night.context.now()
    try:
        with night.context.database.begin() as uow:
            run = night.store.run(uow, run_id=run_id, lock=True)
            if not run.finished:
                raise WrongState(f"Run {run_id} is under way.", cure="Wait for its end, or cancel it.")
            night.store.move_on(uow, run=run, to=RunState.INGESTING, at=at)
            files = night.store.wait_again(uow, run_id=run_id)
            jobs = {
                file.source_file_id: NewJob(JobKind.BOOK if file.book else JobKind.INGEST, (file.source_file_id,), 1)
                for file in files
            }
            night.store.add_jobs(uow, run_id=run_id, jobs=list(jobs.values()), at=at)
            night.store.report_again(uow, run_id=run_id)
            uow.commit()
    except Conflict as conflict:
        raise WrongState(f"Another run of {run.inbox} is under way.", cure="Wait for its end.") from conflict
    publishing.publish(night)
    return len(files)
