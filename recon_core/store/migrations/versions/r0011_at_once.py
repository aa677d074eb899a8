"""A decision is written once, applied: what it uses comes before it, and nothing after it."""

# ruff: noqa: S608  every name in this SQL is one of our own tables
from __future__ import annotations

from alembic import op

from recon_core.store.guards import GUARDS, Guard, create_after_statements, create_statements, drop_statements
from recon_core.store.migrations.versions.r0010_together import after

revision = "0011"
down_revision = "0010"

_USES = ("decision_line", "decision_transaction")
_DEFERRED = " DEFERRABLE INITIALLY DEFERRED"
_SUM = "(SELECT coalesce(sum(i.amount), 0) FROM {} i WHERE i.decision_id = NEW.id{})"
_STANDS = "(SELECT d.id FROM decision d WHERE d.id = NEW.decision_id) IS NOT NULL"
# Rule R14.
_TOGETHER = (
    Guard(
        "decision_apply",
        "decision",
        "INSERT",
        "NEW.state <> 'applied' OR (NEW.kind IN ('match', 'adjust')"
        f" AND (NEW.line_total <> {_SUM.format('decision_line', '')}"
        f" OR NEW.book_total + NEW.adjustment_total <> {_SUM.format('decision_transaction', '')}"
        f" OR NEW.adjustment_total <> {_SUM.format('decision_transaction', ' AND i.adjusts')}))",
        "the items of a match add up to its totals",
    ),
    Guard("decision_line_insert", "decision_line", "INSERT", _STANDS, "an applied decision takes no more lines"),
    Guard(
        "decision_transaction_insert",
        "decision_transaction",
        "INSERT",
        _STANDS,
        "an applied decision takes no more transactions",
    ),
)
_STATES = Guard(
    "decision_states",
    "decision",
    "UPDATE OF state",
    "OLD.state <> 'applied' OR NEW.state <> 'undone'",
    "a decision is applied once and undone once",
)


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    _exchange(
        dialect,
        deferred=True,
        together=create_statements(dialect, _TOGETHER) if dialect == "sqlite" else create_after_statements(_TOGETHER),
        states=_STATES,
    )


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    old = {guard.name: guard for guard in GUARDS}
    together = tuple(old[guard.name] for guard in _TOGETHER)
    _exchange(
        dialect,
        deferred=False,
        together=create_statements(dialect, together)
        if dialect == "sqlite"
        else create_after_statements(tuple(map(after, together))),
        states=old[_STATES.name],
    )


def _exchange(dialect: str, *, deferred: bool, together: list[str], states: Guard) -> None:
    for statement in drop_statements(dialect, (*_TOGETHER, _STATES)):
        op.execute(statement)
    for table in _USES:
        if dialect == "sqlite":
            _rebuild(table, deferred=deferred)
        else:
            how = _DEFERRED if deferred else " NOT DEFERRABLE"
            op.execute(f"ALTER TABLE {table} ALTER CONSTRAINT fk_{table}_decision_id{how}")
    for statement in (*together, *create_statements(dialect, (states,))):
        op.execute(statement)


def _rebuild(table: str, *, deferred: bool) -> None:
    """The table anew with the other constraint: SQLite changes none of a table that is there."""
    at_once, at_commit = "REFERENCES decision (id)", f"REFERENCES decision (id){_DEFERRED}"
    old, new = (at_once, at_commit) if deferred else (at_commit, at_once)
    sql = f"SELECT type, sql FROM sqlite_master WHERE tbl_name = '{table}' AND sql IS NOT NULL"
    known = list(op.get_bind().exec_driver_sql(sql))
    made = next(sql for kind, sql in known if kind == "table")
    op.execute(f"CREATE TABLE {table}_made {made[made.index('(') :].replace(old, new)}")
    op.execute(f"INSERT INTO {table}_made SELECT * FROM {table}")
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE {table}_made RENAME TO {table}")
    for kind, statement in known:
        if kind != "table":
            op.execute(statement)
