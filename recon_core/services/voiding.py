"""Use case: void a book transaction with a voiding entry; the original stays readable."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from recon_core.domain.matching import Match
from recon_core.domain.money import Money
from recon_core.domain.refusals import NotBalanced, WrongState
from recon_core.domain.states import AdjustmentState, TransactionKind, TransactionStatus
from recon_core.ports import Action, UnitOfWork
from recon_core.services import books, clearing, control, lookup, undo, void_rows, vouchers

_OTHERWISE = {TransactionKind.ADJUSTMENT, TransactionKind.TRANSFER, TransactionKind.VOID}
_PENDING = "Name the entry, which `recon book list ACCOUNT --unreleased` has."


def void_transaction(
    uow: UnitOfWork,
    *,
    transaction_id: int,
    day: date,
    reason: str = "",
    release: bool = True,
    by: str,
    at: datetime,
) -> int:
    """Void a released transaction on `day` with an opposite entry and return the entry's id.

    `release=False` leaves the entry unreleased: the transaction is "void pending" and blocks its document. Where bank
    lines proved the transaction and no closed document holds it, these matches are undone if the settings say so (F7);
    otherwise the void is refused while they stand. A closed document is not changed: the entry shows in the next one.
    """
    row = _voidable(uow, transaction_id)
    if row.matched_amount and not books.is_closed(uow, row):
        if not lookup.settings(uow).reopen_lines_on_void:
            raise WrongState(
                f"Bank lines prove transaction {row.external_id}.",
                cure=books.UNDO_MATCH.format(row.id),
            )
        decisions = undo.using(uow, transaction_id)
        undo.undo_decisions(uow, decision_ids=decisions, reason=reason, reverse_on=day, join=False, by=by, at=at)
        row = lookup.one(uow, "book_transaction", transaction_id)
        voided = "SELECT id FROM book_transaction WHERE voids_id = :id AND status <> 'rejected'"
        made = uow.value(voided, {"id": transaction_id})
        if made is not None:
            return int(made)
    return _void(uow, row, day=day, release=release, reason=reason, by=by, at=at)


def void_returned(
    uow: UnitOfWork, *, transaction_id: int, line_id: int, reason: str = "", by: str, at: datetime
) -> int:
    """Void a transaction that the bank carried out and gave back, and return the voiding entry's id.

    `line_id` is the bank line that brought the money back: the entry has its booking date and is matched with it. The
    match of the transaction itself stands, for both are on the statement. Raises `WrongState` unless a bank line proved
    the transaction in full or a closed document has it, `NotBalanced` unless the line gives back exactly its amount,
    and what `clearing.apply_matches` raises.
    """
    row = _voidable(uow, transaction_id)
    (line,) = lookup.locked(uow, "statement_line", [line_id])
    if not row.processed and not books.is_closed(uow, row):
        raise WrongState(
            f"No bank line has proved transaction {row.external_id} in full.",
            cure=f"Match it with its bank line first: recon pair ACCOUNT --line LINE --with {row.id}",
        )
    if line.amount - line.used_amount != -row.amount:
        raise NotBalanced(
            f"Bank line {line_id} has {Money(line.amount - line.used_amount, line.currency)} left, and transaction"
            f" {row.external_id} was {Money(row.amount, row.currency)}.",
            cure="Name the line that gives back just this transaction.",
        )
    void_id = _void(uow, row, day=line.booking_date, release=True, reason=reason, by=by, at=at)
    match = Match((line_id,), (void_id,), reference=f"returns {row.external_id}")
    clearing.apply_matches(uow, matches=[match], label="returned", by=by, at=at)
    return void_id


def _voidable(uow: UnitOfWork, transaction_id: int) -> Any:
    """The row of a transaction that may be voided by itself, its account held."""
    row = lookup.locked(uow, "book_transaction", [transaction_id])[0]
    sql = "SELECT id FROM transfer WHERE from_transaction_id = :id OR to_transaction_id = :id"
    transfer = uow.value(sql, {"id": transaction_id})
    if transfer is not None:
        raise WrongState(
            f"Transaction {row.external_id} is one side of a transfer.",
            cure=f"Void the transfer: recon transfer void {transfer} --date DAY",
        )
    void_rows.check_voidable(uow, row)
    return row


def _void(uow: UnitOfWork, row: Any, *, day: date, release: bool, reason: str, by: str, at: datetime) -> int:
    subject, account_id = ("book_transaction", row.id), row.cash_account_id
    with uow.action("book.void", subject=subject, account_id=account_id, by=by, at=at, reason=reason) as act:
        void_id = void_rows.insert_void(uow, act, row, day=day, released=release, reason=reason)
        if release:
            _reverse_adjustment(uow, act, row.id)
    return void_id


def _reverse_adjustment(uow: UnitOfWork, act: Action, transaction_id: int) -> None:
    sql = "SELECT id FROM adjustment WHERE book_transaction_id = :id AND state = 'released'"
    ids = [row.id for row in uow.select(sql, {"id": transaction_id})]
    act.update("adjustment", ids, {"state": AdjustmentState.REVERSED.value})


def release_void(uow: UnitOfWork, *, transaction_id: int, by: str, at: datetime) -> None:
    """Release the pending voiding entry of a transaction; `transaction_id` is the entry's own. Raises `WrongState`."""
    entry = lookup.locked(uow, "book_transaction", [transaction_id])[0]
    if entry.kind != TransactionKind.VOID or entry.status != TransactionStatus.BALANCED:
        raise WrongState(f"Transaction {entry.external_id} is no pending voiding entry.", cure=_PENDING)
    control.check_periods_open(uow, [entry.transaction_date])
    original = lookup.one(uow, "book_transaction", entry.voids_id)
    subject, account_id = ("book_transaction", entry.id), entry.cash_account_id
    with uow.action("book.void-release", subject=subject, account_id=account_id, by=by, at=at) as act:
        voucher_id = None
        if original.voucher_id is not None:
            voucher_id = vouchers.reverse(uow, act, original.voucher_id, voucher_date=entry.transaction_date)
        values = {"status": TransactionStatus.RELEASED.value, "voucher_id": voucher_id}
        act.update("book_transaction", [entry.id], values)
        _reverse_adjustment(uow, act, original.id)


def reject_transaction(uow: UnitOfWork, *, transaction_id: int, reason: str = "", by: str, at: datetime) -> None:
    """Reject a transaction that was never released; it is kept, never listed. Adjustments, transfers and voiding entries
    are rejected where they were made.

    Raises `WrongState` for one that is released, matched or ticked.
    """
    row = lookup.locked(uow, "book_transaction", [transaction_id])[0]
    if row.status == TransactionStatus.RELEASED:
        raise WrongState(
            f"Transaction {row.external_id} is released.", cure=f"Void it: recon book void {row.id} --date DAY"
        )
    if row.status == TransactionStatus.REJECTED or (row.source == books.OWN_SOURCE and row.kind in _OTHERWISE):
        raise WrongState(
            f"Transaction {row.external_id} is a {row.kind} that is {row.status}.",
            cure="Reject an adjustment, transfer or voiding entry as that: recon adjust reject, recon transfer reject,"
            " recon book decide-void.",
        )
    if row.matched_amount:
        raise WrongState(f"Bank lines prove transaction {row.external_id}.", cure=books.UNDO_MATCH.format(row.id))
    subject, account_id = ("book_transaction", row.id), row.cash_account_id
    with uow.action("book.reject", subject=subject, account_id=account_id, by=by, at=at, reason=reason) as act:
        act.update("book_transaction", [row.id], {"status": TransactionStatus.REJECTED.value})


def reject_void(uow: UnitOfWork, *, transaction_id: int, by: str, at: datetime) -> None:
    """Take back a voiding entry that is not released; `transaction_id` is the entry's own. Raises `WrongState`."""
    entry = lookup.locked(uow, "book_transaction", [transaction_id])[0]
    if entry.kind != TransactionKind.VOID or entry.status != TransactionStatus.BALANCED:
        raise WrongState(f"Transaction {entry.external_id} is no pending voiding entry.", cure=_PENDING)
    subject, account_id = ("book_transaction", entry.id), entry.cash_account_id
    with uow.action("book.void-reject", subject=subject, account_id=account_id, by=by, at=at) as act:
        act.update("book_transaction", [entry.id], {"status": TransactionStatus.REJECTED.value})
