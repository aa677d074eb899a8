"""Plain lists for people: accounts' numbers, book transactions, changes, adjustments, transfers, statements, log.

Each returns rows as named tuples; amounts are minor units beside their currency.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from recon_core.ports import UnitOfWork


class TransactionFilter(NamedTuple):
    """Which book transactions: in no document, not cleared, not released, dated between, at most so many."""

    in_no_document: bool = False
    uncleared: bool = False
    unreleased: bool = False
    from_date: date | None = None
    to_date: date | None = None
    limit: int = 1000


def identifiers(uow: UnitOfWork) -> dict[int, list[str]]:
    """What the bank calls each account: account id -> "IBAN SE45..."."""
    found: dict[int, list[str]] = {}
    for row in uow.select("SELECT * FROM account_identifier WHERE active ORDER BY id"):
        found.setdefault(row.cash_account_id, []).append(f"{row.scheme} {row.identifier}")
    return found


def transactions(uow: UnitOfWork, *, account_id: int, wanted: TransactionFilter) -> list[Any]:
    """Book transactions of an account by date, with the number of their document."""
    where = ["t.cash_account_id = :account", "t.transaction_date BETWEEN :first AND :last", "t.status <> 'rejected'"]
    where += ["t.reconciliation_id IS NULL"] if wanted.in_no_document else []
    where += ["t.cleared = false"] if wanted.uncleared else []
    where += ["t.status IN ('hold', 'balanced')"] if wanted.unreleased else []
    return uow.select(
        "SELECT t.*, r.number AS document_number FROM book_transaction t"  # noqa: S608  fixed conditions
        f" LEFT JOIN reconciliation r ON r.id = t.reconciliation_id WHERE {' AND '.join(where)}"
        " ORDER BY t.transaction_date, t.id LIMIT :limit",
        {
            "account": account_id,
            "first": wanted.from_date or date.min,
            "last": wanted.to_date or date.max,
            "limit": wanted.limit,
        },
    )


def waiting_changes(uow: UnitOfWork) -> list[Any]:
    """Changed source rows that wait for a decision."""
    return uow.select(
        "SELECT c.id, a.code, t.id AS transaction_id, t.external_id, t.amount, t.currency, t.transaction_date,"
        " c.proposed FROM book_change c JOIN book_transaction t ON t.id = c.book_transaction_id"
        " JOIN cash_account a ON a.id = t.cash_account_id WHERE c.state = 'open' ORDER BY c.id"
    )


def adjustments(uow: UnitOfWork, *, account: str | None = None, state: str | None = None) -> list[Any]:
    """Adjustments by account code and state; None is all."""
    return uow.select(
        "SELECT a.id, c.code AS account, t.transaction_date, t.amount, t.currency, e.code AS entry_type, t.description,"
        " a.offset_account, a.code_parts, a.state, t.status, a.statement_line_id, a.created_by, a.approved_by, a.version,"
        " v.number AS voucher_number, t.id AS transaction_id FROM adjustment a"
        " JOIN book_transaction t ON t.id = a.book_transaction_id JOIN cash_account c ON c.id = t.cash_account_id"
        " JOIN entry_type e ON e.id = a.entry_type_id LEFT JOIN voucher v ON v.id = t.voucher_id"
        " WHERE (:account = '' OR c.code = :account) AND (:state = '' OR a.state = :state) ORDER BY a.id",
        {"account": account or "", "state": state or ""},
    )


def transfers(uow: UnitOfWork) -> list[Any]:
    """Transfers between own accounts, both sides in a row."""
    return uow.select(
        "SELECT x.id, f.transaction_date, a.code AS from_account, f.amount AS from_amount, f.currency AS from_currency,"
        " b.code AS to_account, t.amount AS to_amount, t.currency AS to_currency, f.status, x.in_transit_account"
        " FROM transfer x JOIN book_transaction f ON f.id = x.from_transaction_id"
        " JOIN book_transaction t ON t.id = x.to_transaction_id JOIN cash_account a ON a.id = f.cash_account_id"
        " JOIN cash_account b ON b.id = t.cash_account_id ORDER BY x.id"
    )


def statements(uow: UnitOfWork, *, account: str | None = None, state: str | None = None) -> list[Any]:
    """Statements by account code and state, in the order in which they came; None is all."""
    return uow.select(
        "SELECT s.id, c.code AS account, s.kind, s.format, s.bank_statement_id, s.sequence, s.page, s.from_date, s.to_date,"
        " s.opening_balance, s.closing_balance, s.currency, s.line_count, s.new_count, s.balanced, s.state, s.hold_reason,"
        " s.flags, s.revision, f.name AS file_name, f.sha256 FROM statement s"
        " JOIN cash_account c ON c.id = s.cash_account_id JOIN source_file f ON f.id = s.source_file_id"
        " WHERE (:account = '' OR c.code = :account) AND (:state = '' OR s.state = :state) ORDER BY s.id",
        {"account": account or "", "state": state or ""},
    )


def lines_of(uow: UnitOfWork, statement_id: int) -> list[Any]:
    """The lines of a statement as delivered: its own, and those that were known already (`known` true)."""
    columns = "l.id, l.booking_date, l.amount, l.currency, l.state, l.bank_reference, l.remittance, l.source_where"
    return uow.select(
        f"SELECT line_index, 0 AS known, {columns} FROM statement_line l WHERE statement_id = :id UNION ALL"  # noqa: S608
        f" SELECT k.line_index, 1 AS known, {columns} FROM known_line k"
        " JOIN statement_line l ON l.id = k.statement_line_id WHERE k.statement_id = :id ORDER BY line_index",
        {"id": statement_id},
    )


def log_entries(uow: UnitOfWork, *, account: str | None = None, after: int = 0, limit: int = 100) -> list[Any]:
    """The latest entries of the log, newest first, without their payloads."""
    return uow.select(
        "SELECT l.seq, l.happened_at, l.happened_by, l.action, l.subject_kind, l.subject_id, l.reason, c.code AS account"
        " FROM log l LEFT JOIN cash_account c ON c.id = l.cash_account_id"
        " WHERE l.seq > :after AND (:account = '' OR c.code = :account) ORDER BY l.seq DESC LIMIT :limit",
        {"account": account or "", "after": after, "limit": limit},
    )


def entry_types(uow: UnitOfWork) -> list[Any]:
    """All entry types by code."""
    return uow.select("SELECT * FROM entry_type ORDER BY code")


def limits(uow: UnitOfWork) -> list[Any]:
    """All limits by purpose."""
    return uow.select("SELECT * FROM amount_limit ORDER BY purpose, account_code, reason, currency")


def periods(uow: UnitOfWork) -> list[Any]:
    """All fiscal periods by date."""
    return uow.select("SELECT * FROM fiscal_period ORDER BY from_date")
