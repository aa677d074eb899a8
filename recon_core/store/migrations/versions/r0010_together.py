"""Guards of tables that get many rows at a time: PostgreSQL looks at all rows of a statement together, after it."""

from __future__ import annotations

from alembic import op

from recon_core.store.guards import GUARDS, Guard, create_after_statements, create_statements, drop_statements
from recon_core.store.migrations.versions.r0008_parts import ADDED

revision = "0010"
down_revision = "0009"

_DRAFT = "(SELECT d.state FROM decision d WHERE d.id = NEW.decision_id) IS DISTINCT FROM 'draft'"
_SUM = "(SELECT coalesce(sum(i.amount), 0) FROM {} i WHERE i.decision_id = NEW.id{})"
_APPLY = (
    "NEW.state = 'applied' AND NEW.kind IN ('match', 'adjust')"
    f" AND (NEW.line_total <> {_SUM.format('decision_line', '')}"
    f" OR NEW.book_total + NEW.adjustment_total <> {_SUM.format('decision_transaction', '')}"
    f" OR NEW.adjustment_total <> {_SUM.format('decision_transaction', ' AND i.adjusts')})"
)
_OPEN = "(SELECT d.state FROM reconciliation d WHERE d.id = NEW.reconciliation_id)"
_CONDITIONS = {
    "decision_apply": ("UPDATE", _APPLY),
    "decision_line_insert": ("INSERT", _DRAFT),
    "decision_transaction_insert": ("INSERT", _DRAFT),
    "reconciliation_line_insert": ("INSERT", f"coalesce({_OPEN}, '') NOT IN ('hold', 'balanced')"),
    "voucher_row_insert": (
        "INSERT",
        "(SELECT v.state FROM voucher v WHERE v.id = NEW.voucher_id) IS DISTINCT FROM 'draft'",
    ),
}
_BEFORE = tuple(guard for guard in GUARDS if guard.name in {*_CONDITIONS, "book_transaction_insert"}) + ADDED


def after(guard: Guard) -> Guard:
    """The guard as PostgreSQL has it since this revision."""
    event, condition = _CONDITIONS.get(guard.name, (guard.event, guard.condition))
    only_if = guard.only_if or ("" if guard.name in _CONDITIONS else guard.condition)
    return guard._replace(event=event, condition=condition, only_if=only_if)


def upgrade() -> None:
    _exchange(create_after_statements(tuple(map(after, _BEFORE))))


def downgrade() -> None:
    _exchange(create_statements("postgresql", _BEFORE))


def _exchange(created: list[str]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in (*drop_statements("postgresql", _BEFORE), *created):
            op.execute(statement)
