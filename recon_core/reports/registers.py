"""The inquiry and the reports on documents (reconciliation 11): history, register, register details, the statement."""

# ruff: noqa: S608  every name in this SQL is one of our own tables and columns
from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from recon_core.ports import UnitOfWork


class HistoryRow(NamedTuple):
    """A row of the history (Historik avstämningsrapport) and of the register. Amounts in minor units of `currency`."""

    id: int
    account: str
    account_name: str
    currency: str
    state: str
    number: str | None
    reconciliation_date: date
    last_reconciliation_date: date | None
    beginning_balance: int
    statement_balance: int
    receipts: int
    receipt_count: int
    disbursements: int
    disbursement_count: int
    difference: int
    created_by: str
    released_by: str | None
    voided_by: str | None


class DetailRow(NamedTuple):
    """A transaction in a document."""

    document_id: int
    transaction_id: int
    transaction_date: date
    external_id: str
    reference: str
    counterparty: str
    description: str
    kind: str
    amount: int
    clear_date: date
    processed: bool
    voucher_number: str | None


class Register(NamedTuple):
    """The register with details: the rows, each with its transactions."""

    row: HistoryRow
    details: tuple[DetailRow, ...]


class StatementReport(NamedTuple):
    """The reconciliation statement (CA627000): the document, its lines if wanted, and what was open at its date.

    reconciled part: beginning + receipts − disbursements = statement balance. Then the unreconciled transactions up to
    the date lead to the cash account's balance in the books on that date.
    """

    row: HistoryRow
    reconciled: tuple[DetailRow, ...]
    unreconciled: tuple[DetailRow, ...]
    book_balance: int

    @property
    def unreconciled_total(self) -> int:
        """Sum of what the books have and the bank statement has not, in minor units."""
        return sum(row.amount for row in self.unreconciled)

    @property
    def residual(self) -> int:
        """What is left after all of that; 0 for a document that adds up."""
        return self.book_balance - self.row.statement_balance - self.unreconciled_total


# Sums of an open document; a closed or voided one has them frozen. A voiding entry in its original's document is taken
# off the original's side and not counted.
_OPEN_SUMS = (
    "SELECT t.reconciliation_id AS document_id,"
    " sum(CASE WHEN side > 0 THEN t.amount ELSE 0 END) AS receipts,"
    " sum(CASE WHEN side > 0 THEN counted ELSE 0 END) AS receipt_count,"
    " sum(CASE WHEN side < 0 THEN -t.amount ELSE 0 END) AS disbursements,"
    " sum(CASE WHEN side < 0 THEN counted ELSE 0 END) AS disbursement_count FROM"
    " (SELECT b.reconciliation_id, b.amount,"
    " CASE WHEN o.reconciliation_id = b.reconciliation_id AND d.skip_voided THEN o.amount ELSE b.amount END AS side,"
    " CASE WHEN o.reconciliation_id = b.reconciliation_id AND d.skip_voided THEN 0 ELSE 1 END AS counted"
    " FROM reconciliation d JOIN book_transaction b ON b.reconciliation_id = d.id"
    " LEFT JOIN book_transaction o ON o.id = b.voids_id WHERE d.state IN ('hold', 'balanced')) t"
    " GROUP BY t.reconciliation_id"
)
_HISTORY = (
    "SELECT r.id, a.code AS account, a.name AS account_name, a.currency, r.state, r.number, r.reconciliation_date,"
    " p.reconciliation_date AS last_reconciliation_date, r.beginning_balance, r.statement_balance,"
    " coalesce(r.receipts, s.receipts, 0) AS receipts, coalesce(r.receipt_count, s.receipt_count, 0) AS receipt_count,"
    " coalesce(r.disbursements, s.disbursements, 0) AS disbursements,"
    " coalesce(r.disbursement_count, s.disbursement_count, 0) AS disbursement_count,"
    " r.created_by, r.released_by, r.voided_by FROM reconciliation r JOIN cash_account a ON a.id = r.cash_account_id"
    f" LEFT JOIN reconciliation p ON p.id = r.predecessor_id LEFT JOIN ({_OPEN_SUMS}) s ON s.document_id = r.id"
)
_DETAIL = (
    " t.id AS transaction_id, t.transaction_date, t.external_id, t.reference, t.counterparty, t.description, t.kind,"
    " t.amount, t.clear_date, t.processed, n.number AS voucher_number"
)


def _row(found: Any) -> HistoryRow:
    reconciled = found.beginning_balance + found.receipts - found.disbursements
    values = {name: getattr(found, name) for name in HistoryRow._fields if name != "difference"}
    return HistoryRow(**values, difference=found.statement_balance - reconciled)


def history(
    uow: UnitOfWork, *, account: str | None = None, from_date: date | None = None, to_date: date | None = None
) -> list[HistoryRow]:
    """All documents of an account (by code; None = all) in a range of reconciliation dates, the latest first."""
    rows = uow.select(
        f"{_HISTORY} WHERE (:account = '' OR a.code = :account) AND r.reconciliation_date BETWEEN :first AND :last"
        " ORDER BY r.reconciliation_date DESC, a.code, r.id DESC",
        {"account": account or "", "first": from_date or date.min, "last": to_date or date.max},
    )
    return [_row(found) for found in rows]


def register(
    uow: UnitOfWork,
    *,
    account: str | None = None,
    from_date: date | None = None,
    to_date: date | None = None,
    number: str | None = None,
    details: bool = False,
) -> list[Register]:
    """The register (Avstämning) of closed documents, by account and date; with `details` (Avstämning detalj) their
    transactions too.
    """
    found = history(uow, account=account, from_date=from_date, to_date=to_date)
    rows = [row for row in found if row.state == "closed" and number in {None, row.number}]
    rows.sort(key=lambda row: (row.account, row.reconciliation_date))
    lines = _details(uow, [row.id for row in rows]) if details else {}
    return [Register(row, tuple(lines.get(row.id, ()))) for row in rows]


def _details(uow: UnitOfWork, document_ids: list[int]) -> dict[int, list[DetailRow]]:
    rows = uow.select(
        f"SELECT l.reconciliation_id AS document_id,{_DETAIL} FROM reconciliation_line l"
        " JOIN book_transaction t ON t.id = l.book_transaction_id LEFT JOIN voucher n ON n.id = t.voucher_id"
        " WHERE l.reconciliation_id IN :ids ORDER BY t.transaction_date, t.id",
        {"ids": document_ids},
    )
    found: dict[int, list[DetailRow]] = {}
    for row in rows:
        found.setdefault(row.document_id, []).append(DetailRow._make(row))
    return found


def statement_report(uow: UnitOfWork, *, document_id: int, show_reconciled: bool = False) -> StatementReport:
    """The printed reconciliation of a document, open, closed or voided (then as it was closed). Unreconciled is what is
    in no document up to its date and not ticked in it.
    """
    row = _row(uow.select(f"{_HISTORY} WHERE r.id = :id", {"id": document_id})[0])
    values = {"id": document_id, "account": row.account, "day": row.reconciliation_date}
    # The document that replaced a voided one may have its date.
    after = ">=" if row.state == "voided" else ">"
    base = (
        f"SELECT coalesce(t.reconciliation_id, 0) AS document_id,{_DETAIL} FROM book_transaction t"
        " JOIN cash_account a ON a.id = t.cash_account_id LEFT JOIN voucher n ON n.id = t.voucher_id"
        " LEFT JOIN reconciliation d ON d.id = t.reconciliation_id WHERE a.code = :account AND t.status = 'released'"
    )
    ticked = _details(uow, [document_id]).get(document_id)
    if ticked is None:
        found = uow.select(f"{base} AND t.reconciliation_id = :id ORDER BY t.transaction_date, t.id", values)
        ticked = [DetailRow._make(one) for one in found]
    left = uow.select(
        f"{base} AND t.transaction_date <= :day AND (d.id IS NULL OR (d.id <> :id"
        f" AND d.reconciliation_date {after} :day)) AND NOT EXISTS (SELECT 1 FROM reconciliation_line l"
        " WHERE l.reconciliation_id = :id AND l.book_transaction_id = t.id) ORDER BY t.transaction_date, t.id",
        values,
    )
    balance = uow.value(
        "SELECT coalesce(sum(t.amount), 0) AS total FROM book_transaction t JOIN cash_account a"
        " ON a.id = t.cash_account_id WHERE a.code = :account AND t.status = 'released' AND t.transaction_date <= :day",
        values,
    )
    reconciled = tuple(ticked) if show_reconciled else ()
    return StatementReport(row, reconciled, tuple(DetailRow._make(one) for one in left), int(balance))
