"""What a night of work consists of: a run over an inbox, its files, and jobs that any process may do.

A job is `waiting` until somebody claims it, `running` under a lease, and ends in one of the other states. Its row in
the database is the truth; a message that names it is only a hint. Every claim takes the next `attempt` number, and a
commit on behalf of the job is refused once a later attempt has begun (a fencing token): a worker that slept through
its lease can do no harm when it wakes up.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from recon_core.domain.refused import ReconError


class RunState(StrEnum):
    """receiving: files are being claimed; ingesting: files are being read; matching: accounts are being worked on."""

    RECEIVING = "receiving"
    INGESTING = "ingesting"
    MATCHING = "matching"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class JobKind(StrEnum):
    """book: import a book file; ingest: read statement files; opening: read those of accounts that nobody had opened,
    in the order of their dates; match: match, adjust and reconcile accounts.
    """

    BOOK = "book"
    INGEST = "ingest"
    OPENING = "opening"
    MATCH = "match"


class JobState(StrEnum):
    """`split`: its subjects went on as jobs of their own, to find the one that does harm. `quarantined`: it ended three
    workers or met a fault of ours three times, and waits for a person. `failed`: it was refused.
    """

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    SPLIT = "split"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    CANCELLED = "cancelled"


class FileState(StrEnum):
    """deferred: its account is not open yet and the run may open it. quarantined: reading it failed three times.
    cancelled: it stays in the inbox for another run; with a reason, because it could not be fetched.
    """

    WAITING = "waiting"
    DEFERRED = "deferred"
    READ = "read"
    KNOWN = "known"
    SET_ASIDE = "set_aside"
    QUARANTINED = "quarantined"
    CANCELLED = "cancelled"


UNFINISHED_RUN = (RunState.RECEIVING, RunState.INGESTING, RunState.MATCHING)
UNFINISHED_JOB = (JobState.WAITING, JobState.RUNNING)


class JobLost(ReconError):
    """The lease ran out and somebody else has the job now: nothing of this attempt may be committed."""

    code = "job-lost"


class Job(NamedTuple):
    """A claimed job. `subjects` are ids of source files (book, ingest, opening) or of cash accounts (match)."""

    id: int
    run_id: int
    kind: str
    subjects: tuple[int, ...]
    attempt: int
    failures: int
    retries: int


class JobRow(NamedTuple):
    """A job as people see it."""

    id: int
    run_id: int
    kind: str
    state: str
    subjects: tuple[int, ...]
    attempt: int
    failures: int
    retries: int
    not_before: datetime
    lease_until: datetime | None
    worker: str
    begun_at: datetime | None
    finished_at: datetime | None
    reason: str


class Progress(NamedTuple):
    """How far a run is: its jobs, those that have ended, and those among them that a person must look at."""

    jobs: int = 0
    done: int = 0
    bad: int = 0


class NewJob(NamedTuple):
    """A job to make. `weight` says how long it will take, in lines or bytes: the heaviest are begun first."""

    kind: JobKind
    subjects: tuple[int, ...]
    weight: int
    failures: int = 0


class NightRun(NamedTuple):
    """A run over one inbox. `driver` is the process that receives files, alive until `driver_until`."""

    id: int
    inbox: str
    state: str
    open_policy: str
    rules_toml: str
    driver: str
    driver_until: datetime | None
    started_at: datetime
    started_by: str
    finished_at: datetime | None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen in it."""
        return self.state not in UNFINISHED_RUN


class NightFile(NamedTuple):
    """A file of a run and what became of it. `new_count` counts the bank lines (or book transactions) that were new;
    `stamp` is its size and time in the inbox. `source_file_id` is 0 for one that was too large to be kept.
    """

    id: int
    run_id: int
    name: str
    stamp: str
    source_file_id: int
    book: bool
    state: str
    reason: str = ""
    notes: tuple[str, ...] = ()
    new_count: int = 0
    moved: bool = False


class NightAccount(NamedTuple):
    """What a run did on an account, in bank lines; `number` is that of the document it released."""

    account_id: int
    read: int
    cleared: int
    adjusted: int
    proposed: int
    unmatched: int
    number: str

    def plus(self, more: NightAccount) -> NightAccount:
        """Together with what was done on the same account later."""
        counts = [old + new for old, new in zip(self[1:6], more[1:6], strict=True)]
        return NightAccount._make((self.account_id, *counts, more.number or self.number))


class Lease(NamedTuple):
    """How long a claim holds without a sign of life, and who claims. `is_dead` tells that a holder is certainly gone."""

    worker: str
    span: timedelta
    is_dead: Callable[[str], bool]


class JobLimits(NamedTuple):
    """When a job is given up, and how long it waits in between."""

    failures_max: int = 3
    retries_max: int = 20
    retry_seconds: int = 1
    retry_seconds_max: int = 60
    busy_seconds: int = 1


LIMITS = JobLimits()
