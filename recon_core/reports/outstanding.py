"""What one side has and the other has not, with its age, and the bridge between the bank's balance and the books'."""

# ruff: noqa: S608  every name in this SQL is one of our own tables and columns
from __future__ import annotations

import json
from datetime import date
from typing import Any, NamedTuple

from recon_core.domain.states import AdviceKind
from recon_core.ports import UnitOfWork

AGE_DAYS = (7, 30, 90)
_REFERENCES = ("creditor_reference", "end_to_end_id", "bank_reference")


class Item(NamedTuple):
    """An open bank line ("bank"), book transaction ("book") or line that is not booked yet ("pending"): what is left of
    it in minor units, and its age in days.
    """

    side: str
    id: int
    day: date | None
    amount: int
    age_days: int
    reference: str
    counterparty: str
    text: str
    state: str


class Bridge(NamedTuple):
    """Bank balance + outstanding receipts − outstanding disbursements − what the bank has and the books have not =
    book balance. All in minor units; `residual` must be 0.

    `not_reconciled_opening` is the bank's balance before its first line, where no closed document covers it;
    `unreleased` are bank lines explained by adjustments that are not in the books yet. `disbursements` is positive.
    """

    day: date
    currency: str
    bank_balance: int
    receipts: int
    disbursements: int
    open_lines: int
    ignored_lines: int
    unreleased: int
    not_reconciled_opening: int
    book_balance: int

    @property
    def residual(self) -> int:
        """What the bridge does not explain."""
        bank_only = self.open_lines + self.ignored_lines + self.unreleased + self.not_reconciled_opening
        return self.book_balance - (self.bank_balance + self.receipts - self.disbursements - bank_only)


# What bank lines up to :day have proved of a transaction.
_PROVED_OF = (
    "coalesce((SELECT sum(dt.amount) FROM decision_transaction dt JOIN decision d ON d.id = dt.decision_id"
    " WHERE dt.book_transaction_id = {0}.id AND d.state = 'applied' AND NOT EXISTS (SELECT 1 FROM decision_line dl"
    " JOIN statement_line l ON l.id = dl.statement_line_id WHERE dl.decision_id = d.id AND l.booking_date > :day)), 0)"
)
_PROVED, _PROVED_VOID, _PROVED_ORIGINAL = (_PROVED_OF.format(name) for name in ("t", "v", "o"))
# A transaction and its voiding entry are nothing, unless the bank has carried out one of them.
_BOOK = (
    f"SELECT t.id, t.transaction_date, t.amount - {_PROVED} AS amount, t.reference, t.counterparty, t.description,"
    " CASE WHEN t.cleared THEN 'cleared' ELSE t.status END AS state FROM book_transaction t"
    " LEFT JOIN reconciliation r ON r.id = t.reconciliation_id AND r.state = 'closed' AND r.reconciliation_date <= :day"
    " LEFT JOIN book_transaction v ON v.voids_id = t.id AND v.status <> 'rejected' AND v.status = 'released'"
    " AND v.transaction_date <= :day"
    " LEFT JOIN book_transaction o ON o.id = t.voids_id"
    " LEFT JOIN reconciliation q ON q.id = o.reconciliation_id AND q.state = 'closed' AND q.reconciliation_date <= :day"
    " WHERE t.cash_account_id = :account AND t.transaction_date <= :day AND t.status = 'released' AND r.id IS NULL"
    f" AND (v.id IS NULL OR {_PROVED} <> 0 OR {_PROVED_VOID} <> 0)"
    f" AND (t.voids_id IS NULL OR q.id IS NOT NULL OR {_PROVED} <> 0 OR {_PROVED_ORIGINAL} <> 0)"
)
_LINES = (
    "SELECT l.id, l.booking_date, l.amount - l.used_amount + coalesce((SELECT sum(dl.amount) FROM decision_line dl"
    " JOIN decision d ON d.id = dl.decision_id AND d.state = 'applied' WHERE dl.statement_line_id = l.id"
    " AND EXISTS (SELECT 1 FROM decision_line x JOIN statement_line y ON y.id = x.statement_line_id"
    " WHERE x.decision_id = d.id AND y.booking_date > :day)), 0) AS amount, l.state, l.remittance,"
    " coalesce(l.creditor_reference, l.end_to_end_id, l.bank_reference, '') AS reference, l.counterparty_name"
    " FROM statement_line l WHERE l.cash_account_id = :account AND l.booking_date <= :day AND l.booking_date > :since"
    " AND l.withdrawn_by IS NULL"
)


def outstanding(uow: UnitOfWork, *, account_id: int, day: date) -> list[Item]:
    """Everything that is open on one side at the end of a day, the oldest first.

    Bank lines up to the latest closed document count as settled; released transactions in no closed document are open
    as far as no bank line up to the day has proved them. A voided pair is nothing.
    """
    values = {"account": account_id, "day": day, "since": _anchor(uow, account_id, day)[0]}
    found = []
    for row in uow.select(f"SELECT * FROM ({_BOOK}) x WHERE amount <> 0", values):
        age = (day - row.transaction_date).days
        texts = (row.reference, row.counterparty, row.description)
        found.append(Item("book", row.id, row.transaction_date, row.amount, age, *texts, row.state))
    for row in uow.select(f"SELECT * FROM ({_LINES}) x WHERE amount <> 0 AND state <> 'ignored'", values):
        age = (day - row.booking_date).days
        texts = (row.reference, row.counterparty_name or "", row.remittance or "")
        found.append(Item("bank", row.id, row.booking_date, row.amount, age, *texts, row.state))
    return sorted(found, key=lambda item: (item.day, item.side, item.id))


def pending(uow: UnitOfWork, *, account_id: int) -> list[Item]:
    """What the bank has announced and not booked, as its newest report says (ISO 20022 camt.052 Ntry/Sts PDNG, FUTR):
    items of the side "pending", of which no sum here counts anything.
    """
    rows = uow.select(
        "SELECT id, kind, booking_date, amount, line_content FROM advice_line WHERE cash_account_id = :account"
        " AND kind IN :kinds AND statement_line_id IS NULL ORDER BY booking_date, id",
        {"account": account_id, "kinds": [AdviceKind.PENDING.value, AdviceKind.FUTURE.value]},
    )
    found = []
    for row in rows:
        line = json.loads(row.line_content)
        reference = next((line[name] for name in _REFERENCES if line.get(name)), "")
        texts = (reference, line.get("counterparty_name") or "", line.get("remittance") or "")
        found.append(Item("pending", row.id, row.booking_date, row.amount, 0, *texts, row.kind))
    return found


def ages(items: list[Item]) -> dict[str, dict[str, tuple[int, int]]]:
    """Count and sum of the items by side and age: "0-7", "8-30", "31-90", "91-"."""
    edges = [-1, *AGE_DAYS]
    names = [f"{low + 1}-{high}" for low, high in zip(edges, AGE_DAYS, strict=False)] + [f"{AGE_DAYS[-1] + 1}-"]
    found = {side: dict.fromkeys(names, (0, 0)) for side in ("bank", "book")}
    for item in items:
        name = names[sum(item.age_days > edge for edge in AGE_DAYS)]
        count, total = found[item.side][name]
        found[item.side][name] = (count + 1, total + item.amount)
    return found


def _anchor(uow: UnitOfWork, account_id: int, day: date) -> tuple[date, int]:
    """Date and balance of the latest closed document up to a day; the beginning of time and 0 without one."""
    rows = uow.select(
        "SELECT reconciliation_date, statement_balance FROM reconciliation WHERE cash_account_id = :account"
        " AND state = 'closed' AND reconciliation_date <= :day ORDER BY reconciliation_date DESC LIMIT 1",
        {"account": account_id, "day": day},
    )
    return (rows[0].reconciliation_date, rows[0].statement_balance) if rows else (date.min, 0)


def bridge(uow: UnitOfWork, *, account_id: int, day: date, bank_balance: int) -> Bridge:
    """The bridge at the end of a day from a bank balance in minor units (`recon_core.services.chains.bank_balance`)."""
    since, closed = _anchor(uow, account_id, day)
    values = {"account": account_id, "day": day, "since": since}
    book = uow.select(
        f"SELECT coalesce(sum(CASE WHEN amount > 0 THEN amount END), 0) AS receipts,"
        f" coalesce(sum(CASE WHEN amount < 0 THEN -amount END), 0) AS disbursements FROM ({_BOOK}) x",
        values,
    )[0]
    lines = uow.select(
        f"SELECT coalesce(sum(CASE WHEN state <> 'ignored' THEN amount END), 0) AS open_sum,"
        f" coalesce(sum(CASE WHEN state = 'ignored' THEN amount END), 0) AS ignored_sum FROM ({_LINES}) x",
        values,
    )[0]
    moved: int = _sum(uow, "SELECT coalesce(sum(amount), 0) AS total FROM statement_line WHERE withdrawn_by IS NULL"
                      " AND cash_account_id = :account AND booking_date <= :day AND booking_date > :since", values)  # fmt: skip
    unreleased: int = _sum(uow, "SELECT coalesce(sum(matched_amount), 0) AS total FROM book_transaction"
                           " WHERE cash_account_id = :account AND status IN ('balanced', 'hold')"
                           " AND matched_amount <> 0 AND clear_date <= :day AND clear_date > :since", values)  # fmt: skip
    books: int = _sum(uow, "SELECT coalesce(sum(amount), 0) AS total FROM book_transaction"
                      " WHERE cash_account_id = :account AND status = 'released' AND transaction_date <= :day", values)  # fmt: skip
    currency = uow.value("SELECT currency FROM cash_account WHERE id = :account", {"account": account_id})
    return Bridge(
        day=day,
        currency=currency,
        bank_balance=bank_balance,
        receipts=book.receipts,
        disbursements=book.disbursements,
        open_lines=lines.open_sum,
        ignored_lines=lines.ignored_sum,
        unreleased=unreleased,
        not_reconciled_opening=bank_balance - closed - moved,
        book_balance=books,
    )


def _sum(uow: UnitOfWork, sql: str, values: dict[str, Any]) -> int:
    return int(uow.value(sql, values))
