"""Parts of a book transaction: which one each was split off, and the guards that keep their sum."""

from __future__ import annotations

from alembic import op

from recon_core.store.guards import GUARDS, Guard, create_statements, drop_statements

revision = "0008"
down_revision = "0007"

# A part that nothing has used, of the same family: the only thing that an amount may shrink or grow by.
_UNTOUCHED = (
    "SELECT 1 FROM book_transaction p WHERE p.split_of_id = coalesce(NEW.split_of_id, NEW.id) AND p.id > NEW.id"
    " AND p.status = 'released' AND p.matched_amount = 0 AND p.reconciliation_id IS NULL"
)
REPLACED = (
    Guard(
        "book_transaction_facts",
        "book_transaction",
        "UPDATE OF cash_account_id, transaction_date, amount, currency, voids_id, split_of_id",
        "OLD.split_of_id IS DISTINCT FROM NEW.split_of_id OR"
        " ((OLD.cleared OR OLD.matched_amount <> 0 OR OLD.cash_account_id <> NEW.cash_account_id"
        " OR OLD.voids_id IS DISTINCT FROM NEW.voids_id) AND (OLD.cash_account_id <> NEW.cash_account_id"
        " OR OLD.transaction_date <> NEW.transaction_date OR OLD.amount <> NEW.amount"
        " OR OLD.voids_id IS DISTINCT FROM NEW.voids_id) AND NOT (OLD.kind = 'adjustment' AND OLD.status <> 'released'"
        " AND OLD.amount = NEW.amount AND OLD.cash_account_id = NEW.cash_account_id)"
        " AND NOT (OLD.cash_account_id = NEW.cash_account_id AND OLD.transaction_date = NEW.transaction_date"
        " AND NOT (OLD.voids_id IS DISTINCT FROM NEW.voids_id) AND OLD.reconciliation_id IS NULL"
        " AND ((OLD.amount < 0 AND NEW.amount < 0) OR (OLD.amount > 0 AND NEW.amount > 0))"
        f" AND EXISTS ({_UNTOUCHED} AND p.amount IN (OLD.amount - NEW.amount, NEW.amount - OLD.amount))))",
        "a cleared transaction keeps its amount and date, but for a part that is split off or put back",
    ),
)
ADDED = (
    Guard(
        "book_transaction_part",
        "book_transaction",
        "INSERT",
        "NEW.split_of_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM book_transaction o WHERE o.id = NEW.split_of_id"
        " AND o.id < NEW.id AND o.split_of_id IS NULL AND o.voids_id IS NULL AND NEW.voids_id IS NULL"
        " AND o.cash_account_id = NEW.cash_account_id AND o.kind = NEW.kind"
        " AND ((o.amount < 0 AND NEW.amount < 0) OR (o.amount > 0 AND NEW.amount > 0)))",
        "a part is split off a transaction of its account, kind and sign that is no part itself",
        "NEW.split_of_id IS NOT NULL",
    ),
)


def upgrade() -> None:
    op.execute(
        "ALTER TABLE book_transaction ADD COLUMN split_of_id"
        f" {'INTEGER' if _dialect() == 'sqlite' else 'BIGINT'}"
        " CONSTRAINT fk_book_transaction_split_of_id REFERENCES book_transaction (id)"
    )
    op.execute(
        "CREATE INDEX ix_book_transaction_split_of_id ON book_transaction (split_of_id) WHERE split_of_id IS NOT NULL"
    )
    _exchange(_before(), REPLACED + ADDED)


def downgrade() -> None:
    """What was split stays split, as transactions that know nothing of each other."""
    _exchange(REPLACED + ADDED, _before())
    op.execute("DROP INDEX ix_book_transaction_split_of_id")
    op.execute("ALTER TABLE book_transaction DROP COLUMN split_of_id")


def _dialect() -> str:
    return op.get_bind().dialect.name


def _before() -> tuple[Guard, ...]:
    names = {guard.name for guard in REPLACED}
    return tuple(guard for guard in GUARDS if guard.name in names)


def _exchange(old: tuple[Guard, ...], new: tuple[Guard, ...]) -> None:
    for statement in (*drop_statements(_dialect(), old), *create_statements(_dialect(), new)):
        op.execute(statement)
