"""Use cases of adjustments (justeringar): book transactions born from the reconciliation, unreleased until released."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from recon_core.domain.book import VoucherRow
from recon_core.domain.matching import Match, Rest
from recon_core.domain.refusals import BadRequest, Conflict, WrongState
from recon_core.domain.states import AdjustmentState, TransactionStatus
from recon_core.ports import Action, UnitOfWork
from recon_core.services import adjustment_rows, books, clearing, control, lookup, settings, undo, vouchers

_EDITABLE = {"day", "amount", "description", "entry_type", "offset_account", "code_parts", "hold"}


class Made(NamedTuple):
    """An adjustment that was made: its id, its book transaction, and the bulk it came in (None without a bank line)."""

    id: int
    transaction_id: int
    batch_id: int | None


def create_from_line(
    uow: UnitOfWork,
    *,
    line_id: int,
    rest: Rest,
    amount: int | None = None,
    reference: str = "",
    evidence: str = "",
    label: str = "",
    by: str,
    at: datetime,
) -> Made:
    """Make an unreleased adjustment that explains a bank line, or `amount` of it; the line becomes adjusted.

    Raises what `clearing.apply_matches` raises. For many lines call that with matches that have no transactions.
    """
    parts = () if amount is None else (amount,)
    match = Match((line_id,), (), line_amounts=parts, rest=rest, reference=reference, evidence=evidence)
    applied = clearing.apply_matches(uow, matches=[match], label=label, by=by, at=at)
    row = uow.select(
        "SELECT id, book_transaction_id FROM adjustment WHERE decision_id = :id", {"id": applied.decision_ids[0]}
    )[0]
    return Made(row.id, row.book_transaction_id, applied.batch_id)


def of_decisions(uow: UnitOfWork, decision_ids: Sequence[int]) -> tuple[int, ...]:
    """The adjustments that came with these decisions, in their order."""
    sql = "SELECT id FROM adjustment WHERE decision_id IN :ids ORDER BY id"
    return tuple(row.id for row in uow.select(sql, {"ids": list(decision_ids)}))


def create_adjustment(  # noqa: PLR0913  the fields of the dialog
    uow: UnitOfWork,
    *,
    account_id: int,
    entry_type: str,
    amount: int,
    day: date,
    description: str = "",
    reference: str = "",
    counterparty: str = "",
    offset_account: str | None = None,
    code_parts: Mapping[str, str] | None = None,
    hold: bool = False,
    by: str,
    at: datetime,
) -> Made:
    """Make an unreleased adjustment by hand (Skapa justering). `amount` is signed: a fee is < 0."""
    account = lookup.locked_account(uow, account_id)
    control.check_automatic_amount(uow, account, amount=amount, reason=entry_type, by=by)
    with uow.action("adjustment.create", subject=("adjustment", 0), account_id=account_id, by=by, at=at) as act:
        adjustment_id, transaction_id = adjustment_rows.insert(
            uow,
            act,
            account=account,
            entry_type=entry_type,
            amount=amount,
            day=day,
            description=description,
            reference=reference,
            counterparty=counterparty,
            offset_account=offset_account,
            code_parts=code_parts,
            hold=hold,
        )
    return Made(adjustment_id, transaction_id, None)


def _locked(uow: UnitOfWork, ids: Sequence[int]) -> list[tuple[Any, Any]]:
    """Adjustments with their transactions, in the order of the ids, each once, their accounts held."""
    wanted = list(dict.fromkeys(ids))
    before = lookup.many(uow, "adjustment", wanted, "id, book_transaction_id")
    rows = lookup.locked(uow, "book_transaction", [before[one].book_transaction_id for one in wanted])
    now = lookup.many(uow, "adjustment", wanted, "*")
    return [(now[one], row) for one, row in zip(wanted, rows, strict=True)]


def _check_seen(adjustment: Any, version: int) -> None:
    if version != adjustment.version:
        raise Conflict(
            f"Adjustment {adjustment.id} was changed by somebody else.", cure="Look again: recon adjust list"
        )


def check_unchanged(uow: UnitOfWork, seen: Mapping[int, int]) -> None:
    """Hold adjustments whose versions somebody has seen, by id. Raises `Conflict` for one that is another by now."""
    for adjustment, _ in _locked(uow, list(seen)):
        _check_seen(adjustment, seen[adjustment.id])


def _check_write_off(uow: UnitOfWork, adjustment: Any, row: Any, *, reason: str) -> None:
    """Raise `PolicyForbids` if what a match left over may not be written off under this entry type."""
    sql = "SELECT id FROM decision WHERE id = :id AND kind = 'match'"
    if adjustment.decision_id is not None and uow.value(sql, {"id": adjustment.decision_id}) is not None:
        account = lookup.account(uow, row.cash_account_id)
        control.check_limit(uow, purpose="write_off", account=account, amount=row.amount, reason=reason)


def edit_adjustment(
    uow: UnitOfWork,
    *,
    adjustment_id: int,
    changes: Mapping[str, Any],
    version: int | None = None,
    by: str,
    at: datetime,
) -> None:
    """Change an unreleased adjustment: day, amount, description, entry_type, offset_account, code_parts, hold.

    The amount of one that explains a bank line is the bank's. `version` is the one the caller has seen.
    Raises `Conflict`, `WrongState`, `BadRequest`, `PolicyForbids` for a rest above its limit.
    """
    adjustment, row = _locked(uow, [adjustment_id])[0]
    if version is not None:
        _check_seen(adjustment, version)
    if adjustment.state != AdjustmentState.CREATED:
        raise WrongState(
            f"Adjustment {adjustment_id} is {adjustment.state}.",
            cure=f"Reverse it and make a new one: recon adjust reverse {adjustment_id} --date DAY",
        )
    unknown = set(changes) - _EDITABLE
    if unknown:
        raise BadRequest(
            f"{min(unknown)!r} of an adjustment can't be changed.", cure=f"There are: {', '.join(sorted(_EDITABLE))}."
        )
    if "amount" in changes and changes["amount"] != row.amount and (adjustment.decision_id or row.matched_amount):
        raise BadRequest(
            "The amount of an adjustment for a bank line is the bank's.",
            cure=f"Reject it and match the line anew: recon adjust reject {adjustment_id}",
        )
    if "day" in changes:
        control.check_periods_open(uow, [changes["day"]])
    book: dict[str, Any] = {name: changes[name] for name in ("amount", "description") if name in changes}
    own: dict[str, Any] = {name: changes[name] for name in ("offset_account",) if name in changes}
    if "day" in changes:
        book["transaction_date"] = changes["day"]
    if "hold" in changes:
        book["status"] = (TransactionStatus.HOLD if changes["hold"] else TransactionStatus.BALANCED).value
    if "code_parts" in changes:
        settings.check_code_parts(uow, changes["code_parts"])
        own["code_parts"] = json.dumps(dict(changes["code_parts"]), sort_keys=True)
    code = changes.get("entry_type")
    kind = lookup.entry_type(uow, code) if code else lookup.one(uow, "entry_type", adjustment.entry_type_id)
    own["direction"] = adjustment_rows.check_direction(kind, changes.get("amount", row.amount), currency=row.currency)
    if code:
        _check_write_off(uow, adjustment, row, reason=code)
        own |= {"entry_type_id": kind.id, "offset_account": own.get("offset_account", kind.offset_account)}
    subject = ("adjustment", adjustment_id)
    with uow.action(control.ADJUSTMENT_EDITED, subject=subject, account_id=row.cash_account_id, by=by, at=at) as act:
        act.update("adjustment", [adjustment_id], own | {"version": adjustment.version + 1})
        if book:
            act.update("book_transaction", [row.id], book | {"version": row.version + 1})


def voucher_rows(adjustment: Any, transaction: Any, *, ledger_account: str) -> list[VoucherRow]:
    """The rows of an adjustment's voucher: the cash account against its offset account."""
    return [
        VoucherRow(ledger_account, transaction.amount, transaction.currency),
        VoucherRow(adjustment.offset_account, -transaction.amount, transaction.currency, adjustment.code_parts),
    ]


def release_adjustments(uow: UnitOfWork, *, adjustment_ids: Sequence[int], by: str, at: datetime) -> list[str]:
    """Release adjustments, one deed an account: each gets a balanced, numbered voucher. Returns the voucher numbers.

    Raises `WrongState` for one on hold or released already, `PolicyForbids` (four eyes), `PeriodLocked`.
    """
    locked = _locked(uow, adjustment_ids)
    accounts = {one.id: one for one in lookup.accounts(uow, list({row.cash_account_id for _, row in locked}))}
    kinds = lookup.many(uow, "entry_type", list({adjustment.entry_type_id for adjustment, _ in locked}), "id, code")
    by_account: dict[int, list[tuple[Any, Any]]] = {}
    for adjustment, row in locked:
        account, kind = accounts[row.cash_account_id], kinds[adjustment.entry_type_id]
        if adjustment.state != AdjustmentState.CREATED or row.status != TransactionStatus.BALANCED:
            state = row.status if adjustment.state == AdjustmentState.CREATED else adjustment.state
            cure = (
                f"Take it off hold: recon adjust edit {adjustment.id} --no-hold" if state == "hold" else "Leave it out."
            )
            raise WrongState(f"Adjustment {adjustment.id} is {state}.", cure=cure)
        control.check_automatic_amount(uow, account, amount=row.amount, reason=kind.code, by=by)
        control.check_four_eyes(uow, account=account, amount=row.amount, adjustment=adjustment, by=by, reason=kind.code)
        by_account.setdefault(account.id, []).append((adjustment, row))
    numbers: dict[int, str] = {}
    for account_id, mine in by_account.items():
        subject = ("adjustment", mine[0][0].id) if len(mine) == 1 else ("cash_account", account_id)
        with uow.action("adjustment.release", subject=subject, account_id=account_id, by=by, at=at) as act:
            numbers |= _release(uow, act, mine, ledger_account=accounts[account_id].ledger_account)
    return [numbers[adjustment_id] for adjustment_id in adjustment_ids]


def _release(uow: UnitOfWork, act: Action, mine: Sequence[tuple[Any, Any]], *, ledger_account: str) -> dict[int, str]:
    """Post the vouchers of an account's adjustments and release them; returns the numbers by adjustment."""
    adjustments, rows = [one for one, _ in mine], [row for _, row in mine]
    drafts = [
        vouchers.Draft(
            voucher_rows(adjustment, row, ledger_account=ledger_account), row.transaction_date, row.description
        )
        for adjustment, row in mine
    ]
    posted = vouchers.post_many(uow, act, drafts)
    values = {
        "status": TransactionStatus.RELEASED.value,
        "voucher_id": [voucher.id for voucher in posted],
        "version": [row.version + 1 for row in rows],
    }
    before = {"status": [row.status for row in rows], "voucher_id": None, "version": [row.version for row in rows]}
    act.update("book_transaction", [row.id for row in rows], values, before=before)
    released = {
        "state": AdjustmentState.RELEASED.value,
        "approved_by": act.by,
        "version": [one.version + 1 for one in adjustments],
    }
    created = {
        "state": AdjustmentState.CREATED.value,
        "approved_by": [one.approved_by for one in adjustments],
        "version": [one.version for one in adjustments],
    }
    act.update("adjustment", [one.id for one in adjustments], released, before=created)
    return {one.id: voucher.number for one, voucher in zip(adjustments, posted, strict=True)}


def reject_adjustment(uow: UnitOfWork, *, adjustment_id: int, reason: str = "", by: str, at: datetime) -> None:
    """Reject an unreleased adjustment. It is kept, but never listed; its bank line is open again.

    Raises `WrongState` for a released one: that is reversed.
    """
    adjustment, row = _locked(uow, [adjustment_id])[0]
    if adjustment.state != AdjustmentState.CREATED:
        raise WrongState(
            f"Adjustment {adjustment_id} is {adjustment.state}.",
            cure=f"Reverse a released one: recon adjust reverse {adjustment_id} --date DAY",
        )
    if adjustment.decision_id is not None:
        undo.undo_decisions(uow, decision_ids=[adjustment.decision_id], reason=reason, by=by, at=at)
        return
    if row.matched_amount:
        undo.undo_decisions(uow, decision_ids=undo.using(uow, row.id), reason=reason, by=by, at=at)
    subject = ("adjustment", adjustment_id)
    account_id = row.cash_account_id
    with uow.action("adjustment.reject", subject=subject, account_id=account_id, by=by, at=at, reason=reason) as act:
        undo.reject_rows(act, [adjustment])


def reverse_adjustment(
    uow: UnitOfWork, *, adjustment_id: int, day: date, reason: str = "", by: str, at: datetime
) -> None:
    """Reverse a released adjustment with a voiding entry and a reversing voucher on `day`.

    Its bank line is open again, unless the adjustment is in a closed document: then only the voiding entry is made,
    and the next document shows it.
    """
    adjustment, row = _locked(uow, [adjustment_id])[0]
    if adjustment.state != AdjustmentState.RELEASED:
        raise WrongState(
            f"Adjustment {adjustment_id} is {adjustment.state}.",
            cure=f"Reject an unreleased one: recon adjust reject {adjustment_id}",
        )
    closed = books.is_closed(uow, row)
    if adjustment.decision_id is not None and not closed:
        undo.undo_decisions(uow, decision_ids=[adjustment.decision_id], reason=reason, reverse_on=day, by=by, at=at)
        return
    if row.matched_amount and not closed:
        decisions = undo.using(uow, row.id)
        undo.undo_decisions(uow, decision_ids=decisions, reason=reason, reverse_on=day, by=by, at=at)
    subject = ("adjustment", adjustment_id)
    account_id = row.cash_account_id
    with uow.action("adjustment.reverse", subject=subject, account_id=account_id, by=by, at=at, reason=reason) as act:
        undo.reverse_rows(uow, act, adjustment, row, day=day, reason=reason)
