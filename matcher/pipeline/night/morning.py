"""The morning summary of a run: what was done on each account, what needs a person, what failed, what did not come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from matcher.jobs import FileState, JobState, NightAccount, NightFile, NightRun
from matcher.pipeline.night.contract import Night
from matcher.pipeline.night.rhythm import Missing, missing_statements
from matcher.pipeline.overview import AccountOverview, account_overviews
from recon_core.ports import UnitOfWork
from recon_core.services import lookup

_FAILED_FILES = (FileState.SET_ASIDE, FileState.QUARANTINED, FileState.DEFERRED)
_FAILED_JOBS = (JobState.FAILED, JobState.QUARANTINED)


class MorningAccount(NamedTuple):
    """An account that something was done on, or that needs a person. Counts are bank lines of this run."""

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


class FailedJob(NamedTuple):
    """Work on accounts that could not be done: `accounts` are their codes."""

    job_id: int
    state: str
    accounts: tuple[str, ...]
    reason: str


class MissingStatement(NamedTuple):
    """An account whose next statement is overdue."""

    code: str
    last_day: date
    expected: date


class Morning(NamedTuple):
    """The summary. `files` counts files by what became of them; `failed_files` are those that need a person;
    `notes` are (file, what was odd in it).
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

    @property
    def needing(self) -> tuple[MorningAccount, ...]:
        """The accounts that need a person."""
        return tuple(account for account in self.accounts if account.needs)

    @property
    def attention(self) -> bool:
        """Whether anybody has to do anything."""
        return bool(
            self.failed_files or self.failed_jobs or self.missing or self.needing or self.run.state == "cancelled"
        )


def morning(night: Night, run_id: int) -> Morning:
    """The summary of a run as things stand now."""
    at = night.context.now()
    with night.context.database.read() as uow:
        run = night.store.run(uow, run_id=run_id)
        files = night.store.files(uow, run_id=run_id)
        done = {one.account_id: one for one in night.store.accounts(uow, run_id=run_id)}
        overview = account_overviews(uow)
        accounts = lookup.accounts(uow)
        codes = {account.id: account.code for account in accounts}
        missing = missing_statements(uow, accounts, today=at.astimezone().date())
        failed_jobs = _failed_jobs(night, uow, run_id, codes)
    counts: dict[str, int] = {}
    for file in files:
        counts[file.state] = counts.get(file.state, 0) + 1
    return Morning(
        run,
        at,
        counts,
        tuple(file for file in files if file.state in _FAILED_FILES),
        tuple((file.name, note) for file in files for note in file.notes),
        failed_jobs,
        tuple(_missing(one, codes) for one in missing),
        tuple(_account(one, done.get(one.account_id)) for one in overview if one.needs or one.account_id in done),
        len(accounts),
    )


def _failed_jobs(night: Night, uow: UnitOfWork, run_id: int, codes: dict[int, str]) -> tuple[FailedJob, ...]:
    jobs = night.store.jobs(uow, run_id=run_id, states=[state.value for state in _FAILED_JOBS])
    matching = [job for job in jobs if job.kind == "match"]
    return tuple(FailedJob(job.id, job.state, _named(job.subjects, codes), job.reason) for job in matching)


def _named(ids: Sequence[int], codes: dict[int, str]) -> tuple[str, ...]:
    return tuple(codes.get(account_id, str(account_id)) for account_id in ids)


def _missing(one: Missing, codes: dict[int, str]) -> MissingStatement:
    return MissingStatement(codes[one.account_id], one.last_day, one.expected)


def _account(now: AccountOverview, done: NightAccount | None) -> MorningAccount:
    counts = done[1:6] if done is not None else (0, 0, 0, 0, 0)
    number = done.number if done is not None else ""
    return MorningAccount(now.code, now.name, now.currency, *counts, number, now.difference, now.needs)
