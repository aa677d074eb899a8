"""Book transactions: what our books say about a cash account. Receipts are > 0."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from recon_core.domain.refusals import NotBalanced
from recon_core.domain.states import TransactionKind, TransactionStatus


class BookRow(NamedTuple):
    """One row of a book import. `external_id` is the accounting system's own, unique for the account and source.

    `amount` is in minor units of the account's currency. `released` False is listed with a warning and can't be
    reconciled yet. Payments with the same `batch` went to the bank as one order.
    """

    account_id: int
    external_id: str
    transaction_date: date
    amount: int
    reference: str = ""
    counterparty: str = ""
    description: str = ""
    kind: str = TransactionKind.JOURNAL
    released: bool = True
    batch: str = ""


class ImportCounts(NamedTuple):
    """What an import of book rows did. `changed` rows whose transaction was untouched took the new values; the
    ids in `to_decide` (book_change) wait for a person because theirs was cleared, matched or reconciled. `notes` say
    what the reader of the file took for granted.
    """

    new: int
    same: int
    changed: int
    to_decide: tuple[int, ...] = ()
    import_id: int | None = None
    notes: tuple[str, ...] = ()


class VoucherRow(NamedTuple):
    """One row of a voucher: debit > 0, credit < 0, minor units."""

    ledger_account: str
    amount: int
    currency: str
    code_parts: str = "{}"


def check_balanced(rows: Iterable[VoucherRow]) -> None:
    """Raise `NotBalanced` unless the rows come to zero in each currency and there are at least two (R13)."""
    sums: dict[str, int] = {}
    count = 0
    for row in rows:
        sums[row.currency] = sums.get(row.currency, 0) + row.amount
        count += 1
    off = {currency: total for currency, total in sums.items() if total}
    if off or count < 2:
        raise NotBalanced(f"The voucher does not balance: {off or 'it has fewer than two rows'}.")


def shown_status(*, status: str, is_void: bool, void_status: str | None) -> str:
    """The status that people see: a transaction with a released voiding entry is voided, with another one void
    pending; otherwise its own.
    """
    if void_status == TransactionStatus.RELEASED:
        return "voided"
    if void_status is not None:
        return "void pending"
    return "void" if is_void and status == TransactionStatus.RELEASED else status
