"""What is still open, in bulk: bank lines and book transactions as columns for an engine, and with their age for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recon_core.ports import UnitOfWork

Columns = dict[str, list[Any]]

_LINE = (
    "SELECT l.id, l.cash_account_id, l.statement_id, l.line_index, l.booking_date, l.value_date,"
    " l.amount - {used} AS amount, l.currency, l.reversal, l.bank_reference, l.code, l.proprietary_code,"
    " l.end_to_end_id, l.creditor_reference, l.remittance, l.counterparty_name, l.counterparty_account, l.more,"
    " l.source_where, l.state, s.automatic, s.bank_statement_id, s.format, f.name AS file_name"
    " FROM statement_line l JOIN statement s ON s.id = l.statement_id JOIN source_file f ON f.id = s.source_file_id"
)
_TRANSACTION = (
    "SELECT t.id, t.cash_account_id, t.source, t.external_id, t.transaction_date, t.amount - {used} AS amount,"
    " t.currency, t.kind, t.reference, t.counterparty, t.description, t.batch, t.status, t.cleared"
    " FROM book_transaction t"
)
_LINES = _LINE.format(used="l.used_amount") + " WHERE l.state IN ('open', 'proposed') AND l.withdrawn_by IS NULL"
_NOT_PROVED = (
    " LEFT JOIN reconciliation r ON r.id = t.reconciliation_id"
    " LEFT JOIN book_transaction o ON o.id = t.voids_id LEFT JOIN reconciliation q ON q.id = o.reconciliation_id"
    " WHERE t.matched_amount <> t.amount AND t.status <> 'rejected' AND (r.id IS NULL OR r.state <> 'closed')"
    " AND NOT EXISTS (SELECT 1 FROM book_transaction v WHERE v.voids_id = t.id AND v.status <> 'rejected')"
    " AND (t.voids_id IS NULL OR (t.status = 'released' AND (o.processed OR q.state = 'closed')))"
)
_TRANSACTIONS = _TRANSACTION.format(used="t.matched_amount") + _NOT_PROVED
_ADVICE = "SELECT statement_line_id, line_content FROM advice_line WHERE statement_line_id IN :ids ORDER BY id"


def open_lines(uow: UnitOfWork, account_ids: Sequence[int] | None = None) -> Columns:
    """Columns of all open and proposed bank lines, by account and date. `amount` is what is left of it in minor units.

    `automatic` False: the statement is not proved, so a policy must leave the line alone. `more` is JSON with the
    fields that have no column (`recon_core.services.line_rows`).
    """
    if account_ids is None:
        return uow.columns(f"{_LINES} ORDER BY l.cash_account_id, l.booking_date, l.id")
    sql = f"{_LINES} AND l.cash_account_id IN :accounts ORDER BY l.cash_account_id, l.booking_date, l.id"
    return uow.columns(sql, {"accounts": account_ids})


def open_transactions(uow: UnitOfWork, account_ids: Sequence[int] | None = None) -> Columns:
    """Columns of all book transactions that no bank line has proved in full, by account and date; closed, voided and
    rejected ones are left out. `amount` is what is left of it in minor units.

    A transaction and its voiding entry are nothing together, unless the bank has carried the transaction out (a bank
    line proved it, or a closed document has it): then the released entry is open, for the money comes back.
    """
    if account_ids is None:
        return uow.columns(f"{_TRANSACTIONS} ORDER BY t.cash_account_id, t.transaction_date, t.id")
    sql = f"{_TRANSACTIONS} AND t.cash_account_id IN :accounts ORDER BY t.cash_account_id, t.transaction_date, t.id"
    return uow.columns(sql, {"accounts": account_ids})


def lines_by_id(uow: UnitOfWork, ids: Sequence[int]) -> Columns:
    """The columns of `open_lines` for these bank lines, whatever their state, with their whole amounts."""
    return uow.columns(f"{_LINE.format(used=0)} WHERE l.id IN :ids ORDER BY l.id", {"ids": ids})


def transactions_by_id(uow: UnitOfWork, ids: Sequence[int]) -> Columns:
    """The columns of `open_transactions` for these transactions, whatever their state, with their whole amounts."""
    return uow.columns(f"{_TRANSACTION.format(used=0)} WHERE t.id IN :ids ORDER BY t.id", {"ids": ids})


def advice_for(uow: UnitOfWork, line_ids: Sequence[int]) -> dict[int, list[str]]:
    """What notifications and reports tell about bank lines: line id -> JSON of `StatementLine` fields, a text each."""
    found: dict[int, list[str]] = {}
    for row in uow.select(_ADVICE, {"ids": line_ids}):
        found.setdefault(row.statement_line_id, []).append(row.line_content)
    return found
