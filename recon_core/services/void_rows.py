"""The row of a voiding entry: what may be voided, and the opposite entry with the reversal of its voucher."""

from __future__ import annotations

from datetime import date
from typing import Any

from recon_core.domain.book import BookRow
from recon_core.domain.refusals import WrongState
from recon_core.domain.states import TransactionKind, TransactionStatus
from recon_core.ports import Action, UnitOfWork
from recon_core.services import books, control, vouchers


def check_voidable(uow: UnitOfWork, row: Any) -> None:
    """Raise `WrongState` if a transaction is voided already, a voiding entry itself, or not released."""
    known = "SELECT id FROM book_transaction WHERE voids_id = :id AND status <> 'rejected'"
    if row.kind == TransactionKind.VOID or uow.value(known, {"id": row.id}) is not None:
        raise WrongState(
            f"Transaction {row.external_id} is voided already, or a voiding entry itself.",
            cure=f"See what became of it: recon trail transaction {row.id}",
        )
    if row.status != TransactionStatus.RELEASED:
        raise WrongState(
            f"Transaction {row.external_id} is {row.status}.", cure=f"Reject it: recon book reject {row.id}"
        )


def insert_void(
    uow: UnitOfWork, act: Action, row: Any, *, day: date, released: bool, reason: str, reverse_voucher: bool = True
) -> int:
    """Insert the voiding entry of a transaction: the opposite amount, with the reversal of its voucher if it has one
    and the entry is released. Returns its id. Raises what `check_voidable` raises, and `PeriodLocked`.
    """
    check_voidable(uow, row)
    control.check_periods_open(uow, [day])
    name = f"void:{row.id}"
    sql = "SELECT id FROM book_transaction WHERE cash_account_id = :account AND source = '' AND external_id = :name"
    taken = uow.value(sql, {"account": row.cash_account_id, "name": name})
    voucher_id = None
    if released and reverse_voucher and row.voucher_id is not None:
        voucher_id = vouchers.reverse(uow, act, row.voucher_id, voucher_date=day)
    opposite = BookRow(
        row.cash_account_id, "", day, -row.amount, row.reference, row.counterparty, reason, TransactionKind.VOID
    )
    return books.insert_own(
        uow,
        act,
        opposite,
        currency=row.currency,
        status=TransactionStatus.RELEASED if released else TransactionStatus.BALANCED,
        external_id=name if taken is None else None,
        voids_id=row.id,
        voucher_id=voucher_id,
    )
