"""Triggers: the invariants that a constraint can't say, in one notation for SQLite and PostgreSQL.

A guard rejects a change of a row where its condition holds; the condition may look at OLD, NEW and other tables, in SQL
that both databases understand. The names in brackets are the rules of the books (domain 8.2). `GUARDS` are those of
revision 0007; a later revision that replaces or adds some has them itself (0008: parts of a transaction).
"""

# ruff: noqa: S608  every name in this SQL is one of our own tables and columns
from __future__ import annotations

from typing import NamedTuple


class Guard(NamedTuple):
    """Reject `event` on `table` where `condition` holds. `event` may be "UPDATE OF column, ...".

    `only_if` is a part of the condition that looks at nothing but OLD and NEW: PostgreSQL calls no function for the many
    rows of which it does not hold.
    """

    name: str
    table: str
    event: str
    condition: str
    message: str
    only_if: str = ""


def _frozen(table: str, message: str, *events: str) -> list[Guard]:
    """Rows that are never changed in this way."""
    return [
        Guard(f"{table}_no_{event.split()[0].lower()}", table, event, "TRUE", message)
        for event in (events or ("UPDATE", "DELETE"))
    ]


_CLOSED = "EXISTS (SELECT 1 FROM reconciliation d WHERE d.id = {0}.reconciliation_id AND d.state = 'closed')"
_FROZEN_COLUMNS = (
    "cash_account_id",
    "number",
    "reconciliation_date",
    "beginning_balance",
    "statement_balance",
    "predecessor_id",
    "skip_voided",
    "match_batches",
    "notes",
    "created_by",
    "created_at",
    "changed_by",
    "changed_at",
    "released_by",
    "released_at",
    "receipts",
    "receipt_count",
    "disbursements",
    "disbursement_count",
    "bound",
    "bound_sha256",
)
_CHANGED = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in _FROZEN_COLUMNS)

GUARDS: tuple[Guard, ...] = (
    *_frozen("log", "the log is append-only"),
    *_frozen("source_file", "a received file is kept as it came", "UPDATE OF sha256, content, size", "DELETE"),
    *_frozen(
        "statement_line",
        "a bank line is the bank's word",
        "UPDATE OF cash_account_id, statement_id, line_index, booking_date, value_date, amount, currency, reversal,"
        " bank_reference, code, proprietary_code, end_to_end_id, creditor_reference, remittance, counterparty_name,"
        " counterparty_account, more, source_where, line_key, occurrence",
        "DELETE",
    ),
    *_frozen(
        "statement",
        "a statement is the bank's word",
        "UPDATE OF cash_account_id, source_file_id, opening_balance, closing_balance, statement_key, content_sha256",
        "DELETE",
    ),
    *_frozen("known_line", "what a delivery contained is kept"),
    # Rule R2. The sum of the ticked lines closes the document, in the database's own arithmetic.
    Guard(
        "reconciliation_closing",
        "reconciliation",
        "UPDATE OF state",
        "NEW.state = 'closed' AND OLD.state <> 'closed' AND (OLD.state <> 'balanced'"
        " OR NEW.receipts - NEW.disbursements <>"
        " (SELECT coalesce(sum(t.amount), 0) FROM book_transaction t WHERE t.reconciliation_id = NEW.id)"
        " OR NEW.receipts - NEW.disbursements <>"
        " (SELECT coalesce(sum(l.amount), 0) FROM reconciliation_line l WHERE l.reconciliation_id = NEW.id))",
        "a reconciliation is released from balance, with a difference of zero",
    ),
    Guard(
        "reconciliation_states",
        "reconciliation",
        "UPDATE OF state",
        "(NEW.state = 'voided' AND OLD.state <> 'closed') OR OLD.state = 'voided'"
        " OR (OLD.state = 'closed' AND NEW.state NOT IN ('closed', 'voided'))",
        "a reconciliation goes from hold to balanced to closed to voided",
    ),
    # Rule R8.
    Guard(
        "reconciliation_closed",
        "reconciliation",
        "UPDATE",
        f"OLD.state IN ('closed', 'voided') AND ({_CHANGED} OR NEW.state = OLD.state)",
        "a closed reconciliation is never changed",
    ),
    Guard(
        "reconciliation_delete",
        "reconciliation",
        "DELETE",
        "OLD.state IN ('closed', 'voided')",
        "a closed reconciliation is never deleted",
    ),
    # Rule R3.
    Guard(
        "reconciliation_insert",
        "reconciliation",
        "INSERT",
        "NEW.state <> 'hold' OR (NEW.predecessor_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM reconciliation p"
        " WHERE p.id = NEW.predecessor_id AND p.state = 'closed' AND p.reconciliation_date < NEW.reconciliation_date))",
        "a reconciliation begins on hold, after the latest closed one",
    ),
    # Rule R6.
    Guard(
        "reconciliation_void",
        "reconciliation",
        "UPDATE OF state",
        "NEW.state = 'voided' AND EXISTS (SELECT 1 FROM reconciliation n"
        " WHERE n.predecessor_id = OLD.id AND n.state <> 'voided')",
        "only the latest reconciliation is voided",
    ),
    *_frozen("reconciliation_line", "what a closed reconciliation held is kept"),
    Guard(
        "reconciliation_line_insert",
        "reconciliation_line",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM reconciliation d"
        " WHERE d.id = NEW.reconciliation_id AND d.state IN ('hold', 'balanced'))",
        "a closed reconciliation takes no more lines",
    ),
    # Rule R5, R8.
    Guard(
        "book_transaction_closed",
        "book_transaction",
        "UPDATE",
        f"OLD.reconciliation_id IS NOT NULL AND {_CLOSED.format('OLD')}",
        "a transaction in a closed reconciliation is never changed",
        "OLD.reconciliation_id IS NOT NULL",
    ),
    # Rule R9.
    Guard(
        "book_transaction_ticked",
        "book_transaction",
        "UPDATE OF reconciliation_id",
        "NEW.reconciliation_id IS NOT NULL AND NEW.reconciliation_id IS DISTINCT FROM OLD.reconciliation_id"
        " AND NOT EXISTS (SELECT 1 FROM reconciliation d WHERE d.id = NEW.reconciliation_id"
        " AND d.cash_account_id = NEW.cash_account_id AND d.state IN ('hold', 'balanced')"
        " AND d.reconciliation_date >= NEW.transaction_date)",
        "a transaction is ticked in an open reconciliation of its account, dated on or after it",
    ),
    Guard(
        "book_transaction_insert",
        "book_transaction",
        "INSERT",
        "NEW.reconciliation_id IS NOT NULL OR NEW.matched_amount <> 0",
        "a transaction begins without a document and without a match",
    ),
    Guard(
        "book_transaction_facts",
        "book_transaction",
        "UPDATE OF cash_account_id, transaction_date, amount, currency, voids_id",
        "(OLD.cleared OR OLD.matched_amount <> 0 OR OLD.cash_account_id <> NEW.cash_account_id"
        " OR OLD.voids_id IS DISTINCT FROM NEW.voids_id) AND (OLD.cash_account_id <> NEW.cash_account_id"
        " OR OLD.transaction_date <> NEW.transaction_date OR OLD.amount <> NEW.amount"
        " OR OLD.voids_id IS DISTINCT FROM NEW.voids_id) AND NOT (OLD.kind = 'adjustment' AND OLD.status <> 'released'"
        " AND OLD.amount = NEW.amount AND OLD.cash_account_id = NEW.cash_account_id)",
        "a cleared transaction keeps its amount and date",
    ),
    *_frozen("book_transaction", "a book transaction is voided, never deleted", "DELETE"),
    # Rule R14: a decision is applied when its items add up to its totals, and nothing is added afterwards.
    Guard(
        "decision_apply",
        "decision",
        "UPDATE OF state",
        "NEW.state = 'applied' AND NEW.kind IN ('match', 'adjust') AND (NEW.line_total <>"
        " (SELECT coalesce(sum(l.amount), 0) FROM decision_line l WHERE l.decision_id = NEW.id)"
        " OR NEW.book_total + NEW.adjustment_total <>"
        " (SELECT coalesce(sum(t.amount), 0) FROM decision_transaction t WHERE t.decision_id = NEW.id)"
        " OR NEW.adjustment_total <> (SELECT coalesce(sum(t.amount), 0) FROM decision_transaction t"
        " WHERE t.decision_id = NEW.id AND t.adjusts))",
        "the items of a match add up to its totals",
    ),
    Guard(
        "decision_states",
        "decision",
        "UPDATE OF state",
        "OLD.state = 'undone' OR (OLD.state = 'applied' AND NEW.state <> 'undone')"
        " OR (OLD.state = 'draft' AND NEW.state <> 'applied')",
        "a decision is applied once and undone once",
    ),
    *_frozen(
        "decision",
        "a decision is undone, never changed",
        "UPDATE OF decision_batch_id, cash_account_id, kind, line_total, book_total, adjustment_total, decided_by",
        "DELETE",
    ),
    *_frozen("decision_line", "what a decision used is kept"),
    *_frozen("decision_transaction", "what a decision used is kept"),
    Guard(
        "decision_line_insert",
        "decision_line",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM decision d WHERE d.id = NEW.decision_id AND d.state = 'draft')",
        "an applied decision takes no more lines",
    ),
    Guard(
        "decision_transaction_insert",
        "decision_transaction",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM decision d WHERE d.id = NEW.decision_id AND d.state = 'draft')",
        "an applied decision takes no more transactions",
    ),
    # Rule R13.
    Guard(
        "voucher_post",
        "voucher",
        "UPDATE OF state",
        "NEW.state = 'posted' AND ((SELECT count(*) FROM voucher_row r WHERE r.voucher_id = NEW.id) < 2 OR EXISTS"
        " (SELECT 1 FROM voucher_row r WHERE r.voucher_id = NEW.id GROUP BY r.currency HAVING sum(r.amount) <> 0))",
        "a voucher balances in each currency",
    ),
    Guard("voucher_posted", "voucher", "UPDATE", "OLD.state = 'posted'", "a posted voucher is never changed"),
    *_frozen("voucher", "a voucher is reversed, never deleted", "DELETE"),
    *_frozen("voucher_row", "the rows of a voucher are kept"),
    Guard(
        "voucher_row_insert",
        "voucher_row",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM voucher v WHERE v.id = NEW.voucher_id AND v.state = 'draft')",
        "a posted voucher takes no more rows",
    ),
    # Rule R12.
    Guard(
        "number_series_gap",
        "number_series",
        "UPDATE OF next_number",
        "NEW.next_number NOT IN (OLD.next_number, OLD.next_number + 1)",
        "a number series goes on by one",
    ),
    *[
        Guard(
            f"fiscal_period_{event.lower()}",
            "fiscal_period",
            event,
            "EXISTS (SELECT 1 FROM fiscal_period p WHERE p.id <> NEW.id"
            " AND p.from_date <= NEW.to_date AND p.to_date >= NEW.from_date)",
            "fiscal periods do not overlap",
        )
        for event in ("INSERT", "UPDATE")
    ],
)


def create_statements(dialect: str, guards: tuple[Guard, ...] = GUARDS) -> list[str]:
    """DDL that puts the guards in place."""
    return [statement for guard in guards for statement in _create(guard, sqlite=dialect == "sqlite")]


def _create(guard: Guard, *, sqlite: bool) -> list[str]:
    name, message = f"guard_{guard.name}", guard.message.replace("'", "''")
    if sqlite:
        when = f"CREATE TRIGGER {name} BEFORE {guard.event} ON {guard.table} FOR EACH ROW WHEN {guard.condition}"
        return [f"{when} BEGIN SELECT RAISE(ABORT, '{message}'); END"]
    only_if = guard.only_if or ("" if "SELECT" in guard.condition else guard.condition)
    when = f" WHEN ({only_if})" if only_if else ""
    returned = "OLD" if guard.event == "DELETE" else "NEW"
    check = f"IF {guard.condition} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'; END IF"
    body = f"$guard$ BEGIN {check}; RETURN {returned}; END $guard$"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS {body}",
        f"CREATE TRIGGER {name} BEFORE {guard.event} ON {guard.table} FOR EACH ROW{when} EXECUTE FUNCTION {name}()",
    ]


def create_after_statements(guards: tuple[Guard, ...]) -> list[str]:
    """DDL that puts guards in place on PostgreSQL which look at the rows when they are written: all rows of a statement
    at once, or, with `only_if`, only those that this holds for. A trigger before each row costs as much as the row.

    Their conditions look at NEW only; a look at another table is best a subselect with a value, which stays a look by
    its index however the tables grow.
    """
    return [statement for guard in guards for statement in _create_after(guard)]


def _create_after(guard: Guard) -> list[str]:
    name, message = f"guard_{guard.name}", guard.message.replace("'", "''")
    raised = f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'"
    if guard.only_if:
        check = f"IF {guard.condition} THEN {raised}; END IF"
        how = f"FOR EACH ROW WHEN ({guard.only_if})"
    else:
        condition = guard.condition.replace("NEW.", "written.")
        check = f"IF EXISTS (SELECT 1 FROM written WHERE {condition}) THEN {raised}; END IF"
        how = "REFERENCING NEW TABLE AS written FOR EACH STATEMENT"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $guard$ BEGIN {check}; RETURN NULL; END $guard$",
        f"CREATE TRIGGER {name} AFTER {guard.event} ON {guard.table} {how} EXECUTE FUNCTION {name}()",
    ]


def drop_statements(dialect: str, guards: tuple[Guard, ...] = GUARDS) -> list[str]:
    """DDL that takes the guards away."""
    if dialect == "sqlite":
        return [f"DROP TRIGGER guard_{guard.name}" for guard in guards]
    return [f"DROP FUNCTION guard_{guard.name}() CASCADE" for guard in guards]
