"""The morning summary of a run: what was done on each account, what needs a person, what failed, what did not come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from matcher.jobs import FileState, JobKind, JobState, NightAccount, NightFile, NightRun, RunState
from matcher.pipeline.night.contract import Night
from matcher.pipeline.night.rhythm import Missing, missing_statements
from matcher.pipeline.overview import AccountOverview, account_overviews
from recon_core.domain.states import StatementState
from recon_core.ports import UnitOfWork
from recon_core.services import lookup

_FAILED_FILES = (FileState.SET_ASIDE, FileState.QUARANTINED, FileState.DEFERRED)
_UNREAD = (FileState.WAITING, FileState.DEFERRED)
_FAILED_JOBS = (JobState.FAILED, JobState.QUARANTINED)


class MorningAccount(NamedTuple):
    """An account that something was done on, or that needs a person. Counts are bank lines of this run; `weight` is how
    many bank lines and findings wait for a person.
    """

    code: str
    name: str
    currency: str
    read: int
    cleared: int
    adjusted: int
    proposed: int
    unmatched: int
    released: str
    difference: int | None
    needs: tuple[str, ...]
    notes: tuple[str, ...]
    weight: int


class FailedJob(NamedTuple):
    """Work on accounts that could not be done: `accounts` are their codes."""

    job_id: int
    run_id: int
    state: str
    accounts: tuple[str, ...]
    reason: str


class MissingStatement(NamedTuple):
    """An account whose next statement is overdue."""

    code: str
    last_day: date
    expected: date


class Correction(NamedTuple):
    """A statement of this run that took the place of an earlier one, or wants to."""

    code: str
    statement_id: int
    says: str


class Morning(NamedTuple):
    """The summary of a run, and of those that the same night brought to their end before it (`joined`). `files` counts
    files by what became of them; `failed_files` are those that need a person; `notes` are (file, what was odd in it);
    `unmoved` counts files that were dealt with and are still in the inbox.
    """

    run: NightRun
    at: datetime
    files: dict[str, int]
    failed_files: tuple[NightFile, ...]
    notes: tuple[tuple[str, str], ...]
    failed_jobs: tuple[FailedJob, ...]
    missing: tuple[MissingStatement, ...]
    accounts: tuple[MorningAccount, ...]
    account_count: int
    joined: tuple[NightRun, ...] = ()
    unmoved: int = 0
    corrections: tuple[Correction, ...] = ()

    @property
    def runs(self) -> tuple[NightRun, ...]:
        """All runs that are summed up here, in their order."""
        return (*self.joined, self.run)

    @property
    def needing(self) -> tuple[MorningAccount, ...]:
        """The accounts that need a person, the largest difference first."""
        mine = [account for account in self.accounts if account.needs]
        return tuple(sorted(mine, key=lambda one: (-abs(one.difference or 0), -one.weight, one.code)))

    @property
    def attention(self) -> bool:
        """Whether anybody has to do anything."""
        return bool(
            self.failed_files
            or self.failed_jobs
            or self.missing
            or self.needing
            or self.unmoved
            or self.run.state == RunState.CANCELLED
        )


def morning(night: Night, run_id: int, *, joined: Sequence[int] = ()) -> Morning:
    """The summary of a run as things stand now, together with `joined` ones that came before it."""
    at = night.context.now()
    with night.context.database.read() as uow:
        runs = [night.store.run(uow, run_id=one) for one in (*joined, run_id)]
        files = [file for run in runs for file in night.store.files(uow, run_id=run.id)]
        done = _done([one for run in runs for one in night.store.accounts(uow, run_id=run.id)])
        overview = account_overviews(uow)
        accounts = lookup.accounts(uow)
        codes = {account.id: account.code for account in accounts}
        missing = missing_statements(uow, accounts, today=at.astimezone().date())
        failed_jobs = tuple(job for run in runs for job in _failed_jobs(night, uow, run.id, codes))
        corrections = _corrections(uow, [file.source_file_id for file in files], codes)
    counts: dict[str, int] = {}
    for file in files:
        counts[file.state] = counts.get(file.state, 0) + 1
    return Morning(
        runs[-1],
        at,
        counts,
        tuple(file for file in files if _failed(file)),
        tuple((file.name, note) for file in files for note in file.notes),
        failed_jobs,
        tuple(_missing(one, codes) for one in missing),
        tuple(
            _account(one, done.get(one.account_id))
            for one in overview
            if one.needs or one.notes or one.account_id in done
        ),
        len(accounts),
        tuple(runs[:-1]),
        sum(1 for file in files if not file.moved and file.state not in _UNREAD) if runs[-1].finished else 0,
        corrections,
    )


def _failed(file: NightFile) -> bool:
    """Whether somebody has to look after a file. With a reason: one that was read in part only, or that could not be
    fetched and stays in the inbox.
    """
    return file.state in _FAILED_FILES or bool(file.reason)


def _done(accounts: Sequence[NightAccount]) -> dict[int, NightAccount]:
    """What several runs did on each account."""
    found: dict[int, NightAccount] = {}
    for one in accounts:
        found[one.account_id] = one if one.account_id not in found else found[one.account_id].plus(one)
    return found


_CORRECTIONS = (
    "SELECT s.id, s.cash_account_id, s.state, s.supersedes_id, s.hold_reason FROM statement s"
    " WHERE s.source_file_id IN :files AND s.supersedes_id IS NOT NULL ORDER BY s.id"
)


def _corrections(uow: UnitOfWork, file_ids: Sequence[int], codes: dict[int, str]) -> tuple[Correction, ...]:
    rows = uow.select(_CORRECTIONS, {"files": sorted(set(file_ids) - {0})})
    return tuple(
        Correction(
            codes[row.cash_account_id],
            row.id,
            f"statement {row.id} takes the place of statement {row.supersedes_id}"
            + (f" when somebody accepts it: {row.hold_reason}" if row.state == StatementState.HELD else ""),
        )
        for row in rows
    )


def _failed_jobs(night: Night, uow: UnitOfWork, run_id: int, codes: dict[int, str]) -> tuple[FailedJob, ...]:
    jobs = night.store.jobs(uow, run_id=run_id, states=[state.value for state in _FAILED_JOBS])
    matching = [job for job in jobs if job.kind == JobKind.MATCH]
    return tuple(FailedJob(job.id, job.run_id, job.state, _named(job.subjects, codes), job.reason) for job in matching)


def _named(ids: Sequence[int], codes: dict[int, str]) -> tuple[str, ...]:
    return tuple(codes.get(account_id, str(account_id)) for account_id in ids)


def _missing(one: Missing, codes: dict[int, str]) -> MissingStatement:
    return MissingStatement(codes[one.account_id], one.last_day, one.expected)


def _account(now: AccountOverview, done: NightAccount | None) -> MorningAccount:
    counts = done[1:6] if done is not None else (0, 0, 0, 0, 0)
    number = done.number if done is not None else ""
    return MorningAccount(
        now.code, now.name, now.currency, *counts, number, now.difference, now.needs, now.notes, now.weight
    )
