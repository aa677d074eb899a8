"""Tables of the nightly work: runs, their files, jobs and accounts. The database is the truth about all of it; a broker
only says that there is something to do.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table
from sqlalchemy import text as sql
from sqlalchemy.schema import SchemaItem

from matcher.jobs import FileState, JobKind, JobState, RunState
from matcher.store.base import METADATA, UNLOGGED, number
from recon_core.store.columns import Flag, Id, Minor, Moment
from recon_core.store.tables.accounts import CASH_ACCOUNT
from recon_core.store.tables.base import flag, one_of, text
from recon_core.store.tables.statements import SOURCE_FILE

_UNFINISHED = sql("state IN ('receiving', 'ingesting', 'matching')")


def _count(name: str, default: int = 0) -> Column[int]:
    return Column(name, Minor, nullable=False, server_default=str(default))


def _table(name: str, *items: SchemaItem, numbered: bool = True) -> Table:
    return Table(
        name,
        METADATA,
        *items,
        sqlite_strict=True,
        sqlite_autoincrement=numbered,
        sqlite_with_rowid=numbered,
        info=UNLOGGED,
    )


NIGHT_RUN = _table(
    "night_run",
    number(),
    text("inbox"),
    text("state"),
    text("open_policy", default=""),
    text("rules_toml", default=""),
    text("driver", default=""),
    Column("driver_until", Moment, nullable=True),
    Column("started_at", Moment, nullable=False),
    text("started_by"),
    Column("finished_at", Moment, nullable=True),
    Column("reported_at", Moment, nullable=True),
    one_of("state", RunState),
    CheckConstraint("(state IN ('finished', 'cancelled')) = (finished_at IS NOT NULL)", name="finished"),
    # One run an inbox at a time: the second joins the first.
    Index("uq_night_run_open", "inbox", unique=True, sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED),
)

NIGHT_JOB = _table(
    "night_job",
    number(),
    Column("night_run_id", Id, ForeignKey(NIGHT_RUN.c.id), nullable=False),
    text("kind"),
    text("state", default=JobState.WAITING.value),
    # JSON list of ids: of source files (book, ingest) or of cash accounts (match).
    text("subjects"),
    _count("weight"),
    # The fencing token: who holds a smaller one may not commit.
    _count("attempt"),
    # Attempts that ended without a word (the worker died) or in a fault of ours; three and the job is set aside.
    _count("failures"),
    # Attempts given back because the database or a lock was away; waited for longer each time.
    _count("retries"),
    Column("not_before", Moment, nullable=False),
    Column("lease_until", Moment, nullable=True),
    text("worker", default=""),
    Column("published_at", Moment, nullable=True),
    Column("created_at", Moment, nullable=False),
    Column("begun_at", Moment, nullable=True),
    Column("finished_at", Moment, nullable=True),
    text("reason", default=""),
    one_of("kind", JobKind),
    one_of("state", JobState),
    CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="leased"),
    CheckConstraint("attempt >= 0 AND failures >= 0 AND retries >= 0", name="counters"),
    Index("ix_night_job_night_run_id", "night_run_id", "state"),
    Index("ix_night_job_due", "state", "not_before",
          sqlite_where=sql("state IN ('waiting', 'running')"), postgresql_where=sql("state IN ('waiting', 'running')")),
)  # fmt: skip

# An account that a running job holds. Its primary key is what lets only one job at a time work on an account.
ACCOUNT_CLAIM = _table(
    "account_claim",
    Column("cash_account_id", Id, ForeignKey(CASH_ACCOUNT.c.id), primary_key=True, autoincrement=False),
    Column("night_job_id", Id, ForeignKey(NIGHT_JOB.c.id), nullable=False),
    Index("ix_account_claim_night_job_id", "night_job_id"),
    numbered=False,
)

NIGHT_FILE = _table(
    "night_file",
    number(),
    Column("night_run_id", Id, ForeignKey(NIGHT_RUN.c.id), nullable=False),
    text("inbox"),
    text("name"),
    text("stamp", default=""),
    # NULL for a file that is too large to be kept.
    Column("source_file_id", Id, ForeignKey(SOURCE_FILE.c.id), nullable=True),
    flag("book"),
    text("state", default=FileState.WAITING.value),
    text("reason", default=""),
    text("notes", default="[]"),
    _count("new_count"),
    # Whether the inbox shows what became of the file: it was moved, or was never there.
    Column("moved", Flag, nullable=False),
    one_of("state", FileState),
    CheckConstraint("state NOT IN ('set_aside', 'quarantined') OR reason <> ''", name="reason"),
    # A file is claimed once, by whoever looks into the inbox first, until it is moved away.
    Index("uq_night_file_claim", "inbox", "name", "source_file_id", unique=True,
          sqlite_where=sql("NOT moved"), postgresql_where=sql("NOT moved")),
    Index("ix_night_file_night_run_id", "night_run_id", "state"),
    Index("ix_night_file_source_file_id", "source_file_id"),
)  # fmt: skip

NIGHT_ACCOUNT = _table(
    "night_account",
    Column("night_run_id", Id, ForeignKey(NIGHT_RUN.c.id), primary_key=True, autoincrement=False),
    Column("cash_account_id", Id, ForeignKey(CASH_ACCOUNT.c.id), primary_key=True, autoincrement=False),
    _count("read_count"),
    _count("cleared_count"),
    _count("adjusted_count"),
    _count("proposed_count"),
    _count("unmatched_count"),
    text("number", default=""),
    numbered=False,
)

TABLES = (NIGHT_RUN, NIGHT_JOB, ACCOUNT_CLAIM, NIGHT_FILE, NIGHT_ACCOUNT)
