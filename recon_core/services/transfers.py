"""Use cases: transfers between own cash accounts (likvidöverföring), an entry on each side.

In one currency both entries share a voucher. Between currencies there are two vouchers over the in-transit account
(mellankonto), each balanced in its own currency; the rate is that of the two amounts and is never looked up again.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from recon_core.domain.account import CashAccount
from recon_core.domain.book import BookRow, VoucherRow
from recon_core.domain.refusals import BadRequest, WrongState
from recon_core.domain.states import TransactionKind, TransactionStatus
from recon_core.ports import Action, UnitOfWork
from recon_core.services import books, control, lookup, void_rows, vouchers


class Transfer(NamedTuple):
    """A transfer that was made: its id and the ids of its two book transactions."""

    id: int
    from_transaction_id: int
    to_transaction_id: int


def create_transfer(
    uow: UnitOfWork,
    *,
    from_account_id: int,
    to_account_id: int,
    amount: int,
    day: date,
    to_amount: int | None = None,
    description: str = "",
    by: str,
    at: datetime,
) -> Transfer:
    """Make an unreleased transfer of `amount` minor units (> 0) out of one account; `to_amount` arrives in the other.

    `to_amount` is needed where the currencies differ, and must be left out where they do not. Raises `BadRequest`.
    """
    uow.lock_accounts([from_account_id, to_account_id])
    source, target = lookup.account(uow, from_account_id), lookup.account(uow, to_account_id)
    control.check_periods_open(uow, [day])
    if source.id == target.id or amount <= 0 or (to_amount is not None and to_amount <= 0):
        raise BadRequest(
            "A transfer moves an amount above zero between two accounts.",
            cure="Name two, and the amount without a sign.",
        )
    if (source.currency == target.currency) == (to_amount is not None):
        raise BadRequest(
            f"Account {source.code} is in {source.currency}, {target.code} in {target.currency}.",
            cure="Give the amount that arrives (--arrives) where the currencies differ, and only there.",
        )
    text = description or f"Transfer from {source.code} to {target.code}"
    arriving = amount if to_amount is None else to_amount
    in_transit = "" if to_amount is None else source.in_transit_account or lookup.settings(uow).in_transit_account
    with uow.action("transfer.create", subject=("transfer", 0), by=by, at=at) as act:
        out = _insert(uow, act, source, -amount, day=day, text=text)
        into = _insert(uow, act, target, arriving, day=day, text=text)
        row = {
            "from_transaction_id": out,
            "to_transaction_id": into,
            "in_transit_account": in_transit,
            "description": text,
        }
        return Transfer(act.insert_row("transfer", row), out, into)


def _insert(uow: UnitOfWork, act: Action, account: CashAccount, amount: int, *, day: date, text: str) -> int:
    row = BookRow(account.id, "", day, amount, description=text, kind=TransactionKind.TRANSFER)
    return books.insert_own(uow, act, row, currency=account.currency, status=TransactionStatus.BALANCED)


def _locked(uow: UnitOfWork, transfer_id: int) -> tuple[Any, Any, Any]:
    transfer = lookup.one(uow, "transfer", transfer_id)
    out, into = lookup.locked(uow, "book_transaction", [transfer.from_transaction_id, transfer.to_transaction_id])
    return transfer, out, into


def release_transfer(uow: UnitOfWork, *, transfer_id: int, by: str, at: datetime) -> list[int]:
    """Release both sides with their vouchers; returns the ids of the vouchers. Raises `WrongState`."""
    transfer, out, into = _locked(uow, transfer_id)
    if {out.status, into.status} != {TransactionStatus.BALANCED}:
        raise WrongState(f"Transfer {transfer_id} is {out.status}.", cure="See: recon transfer list")
    source, target = lookup.account(uow, out.cash_account_id), lookup.account(uow, into.cash_account_id)
    day, text = out.transaction_date, transfer.description
    with uow.action("transfer.release", subject=("transfer", transfer_id), by=by, at=at) as act:
        leaving = VoucherRow(source.ledger_account, out.amount, out.currency)
        arriving = VoucherRow(target.ledger_account, into.amount, into.currency)
        if transfer.in_transit_account:
            ids = [
                vouchers.post(
                    uow,
                    act,
                    rows=[side, VoucherRow(transfer.in_transit_account, -side.amount, side.currency)],
                    voucher_date=day,
                    description=text,
                )
                for side in (leaving, arriving)
            ]
        else:
            ids = [vouchers.post(uow, act, rows=[leaving, arriving], voucher_date=day, description=text)]
        values = {"status": TransactionStatus.RELEASED.value, "voucher_id": [ids[0], ids[-1]]}
        act.update("book_transaction", [out.id, into.id], values)
    return ids


def reject_transfer(uow: UnitOfWork, *, transfer_id: int, by: str, at: datetime) -> None:
    """Reject an unreleased transfer; it is kept, never listed. Raises `WrongState`."""
    _, out, into = _locked(uow, transfer_id)
    if {out.status, into.status} != {TransactionStatus.BALANCED} or out.matched_amount or into.matched_amount:
        raise WrongState(
            f"Transfer {transfer_id} is {out.status}, or matched.",
            cure=f"Void a released transfer: recon transfer void {transfer_id} --date DAY",
        )
    with uow.action("transfer.reject", subject=("transfer", transfer_id), by=by, at=at) as act:
        act.update("book_transaction", [out.id, into.id], {"status": TransactionStatus.REJECTED.value})


def void_transfer(
    uow: UnitOfWork, *, transfer_id: int, day: date, reason: str = "", by: str, at: datetime
) -> tuple[int, int]:
    """Void both sides of a released transfer on `day`; returns the ids of the voiding entries.

    Raises `WrongState` while a bank line proves one of them that no closed document holds.
    """
    _, out, into = _locked(uow, transfer_id)
    for side in (out, into):
        if side.matched_amount and not books.is_closed(uow, side):
            raise WrongState(f"Bank lines prove transfer {transfer_id}.", cure=books.UNDO_MATCH.format(side.id))
    with uow.action("transfer.void", subject=("transfer", transfer_id), by=by, at=at, reason=reason) as act:
        first = void_rows.insert_void(uow, act, out, day=day, released=True, reason=reason)
        shared = out.voucher_id == into.voucher_id
        second = void_rows.insert_void(
            uow, act, into, day=day, released=True, reason=reason, reverse_voucher=not shared
        )
    return first, second
