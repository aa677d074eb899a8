"""What the nightly work is given: the pipeline's context, where runs and jobs are kept, and who this process is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from matcher.jobs import (
    LIMITS,
    Job,
    JobLimits,
    JobRow,
    JobState,
    Lease,
    NewJob,
    NightAccount,
    NightFile,
    NightRun,
    Progress,
    RunState,
)
from matcher.pipeline.context import Context
from recon_core.ports import UnitOfWork


class JobStore(Protocol):
    """The queue in the database (`matcher.store.night_jobs` says what each call does)."""

    def add_jobs(self, uow: UnitOfWork, *, run_id: int, jobs: Sequence[NewJob], at: datetime) -> list[int]: ...
    def due(self, uow: UnitOfWork, *, at: datetime, limit: int, run_id: int | None = None) -> list[int]: ...
    def claim(self, uow: UnitOfWork, *, job_id: int, lease: Lease, at: datetime) -> Job | None: ...
    def fence(self, uow: UnitOfWork, job: Job) -> None: ...
    def extend(self, uow: UnitOfWork, job: Job, *, until: datetime) -> bool: ...
    def finish(
        self, uow: UnitOfWork, job: Job, *, state: JobState, reason: str = "", failures: int = 0, at: datetime
    ) -> None: ...
    def give_back(
        self,
        uow: UnitOfWork,
        job: Job,
        *,
        not_before: datetime,
        reason: str = "",
        failures: int = 0,
        retries: int = 0,
    ) -> None: ...
    def lapsed(self, uow: UnitOfWork, *, lease: Lease, at: datetime) -> list[Job]: ...
    def to_publish(self, uow: UnitOfWork, *, window: int, again_after: timedelta, at: datetime) -> list[int]: ...
    def not_published(self, uow: UnitOfWork, *, job_ids: Sequence[int]) -> None: ...
    def unfinished(self, uow: UnitOfWork, *, run_id: int) -> int: ...
    def job(self, uow: UnitOfWork, *, job_id: int) -> JobRow | None: ...
    def jobs(self, uow: UnitOfWork, *, run_id: int, states: Sequence[str] | None = None) -> list[JobRow]: ...
    def progress(self, uow: UnitOfWork, *, run_ids: Sequence[int]) -> dict[int, Progress]: ...
    def cancel_jobs(self, uow: UnitOfWork, *, run_id: int, at: datetime) -> int: ...


class NightStore(JobStore, Protocol):
    """Runs with their files and accounts (`matcher.store.night_runs` says what each call does)."""

    def start(
        self, uow: UnitOfWork, *, inbox: str, open_policy: str, rules_toml: str, by: str, at: datetime
    ) -> NightRun: ...
    def run(self, uow: UnitOfWork, *, run_id: int, lock: bool = False) -> NightRun: ...
    def unfinished_runs(self, uow: UnitOfWork, *, inbox: str | None = None) -> list[NightRun]: ...
    def latest_runs(self, uow: UnitOfWork, *, limit: int) -> list[NightRun]: ...
    def drive(self, uow: UnitOfWork, *, run_id: int, driver: str, until: datetime) -> None: ...
    def move_on(self, uow: UnitOfWork, *, run: NightRun, to: RunState, at: datetime) -> bool: ...
    def report_once(self, uow: UnitOfWork, *, run_id: int, at: datetime) -> bool: ...
    def add_files(self, uow: UnitOfWork, *, run: NightRun, files: Sequence[NightFile]) -> None: ...
    def claimed_files(self, uow: UnitOfWork, *, inbox: str) -> list[NightFile]: ...
    def files(
        self, uow: UnitOfWork, *, run_id: int, source_file_ids: Sequence[int] | None = None
    ) -> list[NightFile]: ...
    def record_files(self, uow: UnitOfWork, *, files: Sequence[NightFile]) -> None: ...
    def mark_moved(self, uow: UnitOfWork, *, file_ids: Sequence[int]) -> None: ...
    def cancel_files(self, uow: UnitOfWork, *, run_id: int) -> None: ...
    def wait_again(self, uow: UnitOfWork, *, run_id: int) -> list[NightFile]: ...
    def report_again(self, uow: UnitOfWork, *, run_id: int) -> None: ...
    def add_accounts(self, uow: UnitOfWork, *, run_id: int, accounts: Sequence[NightAccount]) -> None: ...
    def accounts(self, uow: UnitOfWork, *, run_id: int) -> list[NightAccount]: ...


class Note(Protocol):
    """A line in the structured log. Facts are ids, codes and counts, never what a statement says."""

    def __call__(self, event: str, **facts: Any) -> None: ...


def nobody_notes(event: str, **facts: Any) -> None:
    """Nobody keeps a log."""


def nobody_to_tell(job_ids: Sequence[int]) -> None:
    """There is no broker: whoever looks for due jobs finds them."""


def nothing_queued() -> int | None:
    """There is no broker to ask."""
    return None


class BrokerAway(Exception):
    """The broker can't be told now; the database remembers what it has to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How the work is cut: small files and small accounts share a job, up to these sizes; a large one has its own."""

    job_bytes: int = 2_000_000
    job_files: int = 200
    job_lines: int = 10_000
    job_accounts: int = 500
    receive_bytes: int = 16_000_000
    receive_files: int = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """Made by `matcher.bootstrap`. `tell` publishes job ids to the broker and raises `BrokerAway`; `queued` is how many
    messages wait there, None where nobody can say.
    """

    context: Context
    store: NightStore
    lease: Lease
    sizes: Sizes = field(default_factory=Sizes)
    limits: JobLimits = LIMITS
    tell: Callable[[Sequence[int]], None] = nobody_to_tell
    queued: Callable[[], int | None] = nothing_queued
    distributed: bool = False
    note: Note = nobody_notes
    sleep: Callable[[float], None] = time.sleep
    # With the broker at most this many at a time, so that its queue stays short.
    told_max: int = 500
    # After this long a message is taken for lost; sooner where the broker's queue is empty.
    told_again_after: timedelta = timedelta(seconds=60)
    told_again_empty: timedelta = timedelta(seconds=3)
