"""Tables of the matcher. They refer to recon_core's tables, never the other way round."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table
from sqlalchemy import text as sql

from matcher.store import learned_tables, night_tables
from matcher.store.base import METADATA, UNLOGGED, number
from recon_core.store.columns import Id, Minor, Moment
from recon_core.store.schema import SchemaPart
from recon_core.store.tables.accounts import CASH_ACCOUNT
from recon_core.store.tables.base import one_of, text
from recon_core.store.tables.statements import STATEMENT_LINE


class ProposalState(StrEnum):
    """open: the newest opinion on a line; decided: a person or policy acted on it."""

    OPEN = "open"
    DECIDED = "decided"


MATCH_RUN = Table(
    "match_run",
    METADATA,
    number(),
    Column("started_at", Moment, nullable=False),
    text("started_by"),
    text("engine_version"),
    text("rules_sha256"),
    Column("account_count", Minor, nullable=False),
    Column("line_count", Minor, nullable=False),
    Column("cleared_count", Minor, nullable=False),
    Column("proposed_count", Minor, nullable=False),
    Column("unmatched_count", Minor, nullable=False),
    sqlite_strict=True,
    sqlite_autoincrement=True,
    info=UNLOGGED,
)

MATCH_STATE = Table(
    "match_state",
    METADATA,
    Column("cash_account_id", Id, ForeignKey(CASH_ACCOUNT.c.id), primary_key=True),
    Column("match_run_id", Id, ForeignKey(MATCH_RUN.c.id), nullable=False),
    text("open_items"),
    sqlite_strict=True,
    info=UNLOGGED,
)

PROPOSAL = Table(
    "proposal",
    METADATA,
    number(),
    Column("match_run_id", Id, ForeignKey(MATCH_RUN.c.id), nullable=False),
    Column("cash_account_id", Id, ForeignKey(CASH_ACCOUNT.c.id), nullable=False),
    Column("statement_line_id", Id, ForeignKey(STATEMENT_LINE.c.id), nullable=False),
    text("verdict"),
    text("proposal_state", default=ProposalState.OPEN.value),
    text("category", default=""),
    Column("score_ppm", Minor, nullable=False),
    Column("difference", Minor, nullable=False),
    text("book_ids"),
    text("alternatives"),
    text("evidence"),
    text("rule", default=""),
    text("together", default="[]"),
    one_of("proposal_state", ProposalState),
    CheckConstraint("verdict IN ('cleared', 'proposed', 'unmatched')", name="verdict"),
    CheckConstraint("score_ppm BETWEEN 0 AND 1000000", name="score_ppm"),
    Index("uq_proposal_open", "statement_line_id", unique=True,
          sqlite_where=sql("proposal_state = 'open'"), postgresql_where=sql("proposal_state = 'open'")),
    Index("ix_proposal_cash_account_id", "cash_account_id"),
    sqlite_strict=True,
    sqlite_autoincrement=True,
    info=UNLOGGED,
)  # fmt: skip

# Everything that stands in METADATA; naming the module is what puts its table there.
assert learned_tables.LEARNED_RULE.metadata is night_tables.NIGHT_RUN.metadata is METADATA
MATCHER = SchemaPart("matcher", METADATA, Path(__file__).parent / "versions")
