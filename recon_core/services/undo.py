"""Use cases that take decisions back: one, or the bulk it came in. Nothing that is booked is ever deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from recon_core.domain.refusals import BadRequest, Unknown, WrongState
from recon_core.domain.states import AdjustmentState, DecisionKind, DecisionState, LineState, TransactionStatus
from recon_core.ports import Action, UnitOfWork
from recon_core.services import books, control, documents, lookup, splitting, void_rows


class Undone(NamedTuple):
    """What an undo did: decisions, lines that are open again, transactions that are no longer proved, adjustments
    that were rejected or reversed, and documents in which something was unticked.
    """

    decision_ids: tuple[int, ...]
    line_ids: tuple[int, ...]
    transaction_ids: tuple[int, ...]
    adjustment_ids: tuple[int, ...]
    document_ids: tuple[int, ...]


def using(uow: UnitOfWork, transaction_id: int) -> list[int]:
    """The standing decisions that use a transaction."""
    sql = (
        "SELECT DISTINCT d.id FROM decision d JOIN decision_transaction t ON t.decision_id = d.id"
        " WHERE t.book_transaction_id = :id AND d.state = 'applied' ORDER BY d.id"
    )
    return [one.id for one in uow.select(sql, {"id": transaction_id})]


class _Parts(NamedTuple):
    decisions: list[Any]
    lines: list[Any]
    transactions: list[Any]
    adjustments: list[Any]


def undo_batch(
    uow: UnitOfWork, *, batch_id: int, reason: str = "", reverse_on: date | None = None, by: str, at: datetime
) -> Undone:
    """Undo every standing decision of a bulk; see `undo_decisions`."""
    sql = "SELECT id FROM decision WHERE decision_batch_id = :id AND state = 'applied' ORDER BY id"
    ids = [row.id for row in uow.select(sql, {"id": batch_id})]
    if not ids:
        raise Unknown(
            f"There is no bulk {batch_id} with decisions to undo.", cure="List decisions: recon decisions --undone"
        )
    return undo_decisions(uow, decision_ids=ids, reason=reason, reverse_on=reverse_on, by=by, at=at)


def undo_decisions(
    uow: UnitOfWork,
    *,
    decision_ids: Sequence[int],
    reason: str = "",
    reverse_on: date | None = None,
    join: bool = True,
    by: str,
    at: datetime,
) -> Undone:
    """Take decisions back: lines are open, transactions are as they were before, also unticked in an open document.

    An unreleased adjustment is rejected. A released one is reversed with a voiding entry on `reverse_on`; without
    that date the undo is refused. What was split off a transaction that is open again and that nothing has used is put
    back, unless `join` is false. Raises `Closed`, `WrongState`, `PeriodLocked`.
    """
    ids = list(dict.fromkeys(decision_ids))
    before = lookup.many(uow, "decision", ids, "id, cash_account_id")
    uow.lock_accounts([row.cash_account_id for row in before.values()])
    parts = _load(uow, ids)
    _check(uow, parts, reverse_on=reverse_on)
    account_ids = {row.cash_account_id for row in parts.decisions}
    only = account_ids.pop() if len(account_ids) == 1 else None
    subject = ("decision_batch", parts.decisions[0].decision_batch_id)
    with uow.action("match.undo", subject=subject, account_id=only, by=by, at=at, reason=reason) as act:
        document_ids = documents.untick_rows(uow, act, [row for row in parts.transactions if row.reconciliation_id])
        _free_lines(act, parts)
        _free_transactions(uow, act, parts)
        reject_rows(act, [one for one in parts.adjustments if one.state == AdjustmentState.CREATED])
        released = [one for one in parts.adjustments if one.state == AdjustmentState.RELEASED]
        rows = lookup.many(uow, "book_transaction", [one.book_transaction_id for one in released], "*")
        for one in released:
            assert reverse_on is not None
            reverse_rows(uow, act, one, rows[one.book_transaction_id], day=reverse_on, reason=reason)
        rejected = [row.id for row in parts.decisions if row.kind == DecisionKind.REJECT]
        sql = "SELECT id FROM rejection WHERE decision_id IN :ids AND active"
        act.update("rejection", [row.id for row in uow.select(sql, {"ids": rejected})], {"active": False})
        values = {"state": DecisionState.UNDONE.value, "undone_by": by, "undone_at": at, "undo_reason": reason}
        act.update("decision", [row.id for row in parts.decisions], values)
        if join:
            splitting.rejoin(uow, act, list({row.id for row in parts.transactions}))
    return Undone(
        tuple(row.id for row in parts.decisions),
        tuple(dict.fromkeys(row.statement_line_id for row in parts.lines)),
        tuple(dict.fromkeys(row.book_transaction_id for row in parts.transactions)),
        tuple(one.id for one in parts.adjustments),
        tuple(document_ids),
    )


def _load(uow: UnitOfWork, ids: list[int]) -> _Parts:
    decisions = lookup.many(uow, "decision", ids, "*")
    lines = uow.select(
        "SELECT d.decision_id, d.statement_line_id, d.amount AS part, l.amount, l.used_amount, l.booking_date"
        " FROM decision_line d JOIN statement_line l ON l.id = d.statement_line_id WHERE d.decision_id IN :ids",
        {"ids": ids},
    )
    transactions = uow.select(
        "SELECT d.decision_id, d.book_transaction_id, d.amount AS part, t.id, t.matched_amount, t.processed,"
        " t.clear_date, t.cleared_by, t.cleared_at, t.reconciliation_id, t.external_id FROM decision_transaction d"
        " JOIN book_transaction t ON t.id = d.book_transaction_id WHERE d.decision_id IN :ids",
        {"ids": ids},
    )
    adjustments = uow.select("SELECT * FROM adjustment WHERE decision_id IN :ids ORDER BY id", {"ids": ids})
    return _Parts([decisions[one] for one in ids], lines, transactions, adjustments)


def _check(uow: UnitOfWork, parts: _Parts, *, reverse_on: date | None) -> None:
    for decision in parts.decisions:
        if decision.state != DecisionState.APPLIED:
            raise WrongState(
                f"Decision {decision.id} is {decision.state} already.", cure="See: recon decisions --undone"
            )
    books.check_open(uow, parts.transactions)
    control.check_periods_open(uow, [row.booking_date for row in parts.lines])
    released = [one.id for one in parts.adjustments if one.state == AdjustmentState.RELEASED]
    if released and reverse_on is None:
        raise WrongState(
            f"Adjustment {released[0]} of this decision is released.",
            cure="Nothing that is booked is deleted: say on which date it is reversed, with --reverse-on DAY.",
        )


def _free_lines(act: Action, parts: _Parts) -> None:
    used: dict[int, int] = {}
    for row in parts.lines:
        used[row.statement_line_id] = used.get(row.statement_line_id, row.used_amount) - row.part
    kinds = {row.id: row.kind for row in parts.decisions}
    freed = {row.statement_line_id for row in parts.lines if kinds[row.decision_id] != DecisionKind.REJECT}
    wanted = [line_id for line_id in used if line_id in freed]
    values = {
        "state": LineState.OPEN.value,
        "state_reason": "",
        "used_amount": [used[line_id] for line_id in wanted],
    }
    act.update("statement_line", wanted, values)


def _free_transactions(uow: UnitOfWork, act: Action, parts: _Parts) -> None:
    if not parts.transactions:
        return
    matched: dict[int, int] = {}
    before: dict[int, Any] = {}
    for row in parts.transactions:
        matched[row.id] = matched.get(row.id, row.matched_amount) - row.part
        before[row.id] = row
    # Only the decision that used a transaction up cleared it, and it knows how people had left it; as long as a part is
    # used, the mark is theirs.
    last = uow.select(
        "SELECT book_transaction_id, prior_clear_date AS clear_date, prior_cleared_by AS cleared_by,"
        " prior_cleared_at AS cleared_at FROM decision_transaction d WHERE book_transaction_id IN :ids"
        " AND d.decision_id = (SELECT max(e.decision_id) FROM decision_transaction e JOIN decision x"
        " ON x.id = e.decision_id AND x.state = 'applied' WHERE e.book_transaction_id = d.book_transaction_id)",
        {"ids": [row.id for row in before.values() if row.processed]},
    )
    before |= {row.book_transaction_id: row for row in last}
    ids = list(matched)
    values = {
        "matched_amount": [matched[row_id] for row_id in ids],
        "processed": False,
        "cleared": [before[row_id].clear_date is not None for row_id in ids],
        "clear_date": [before[row_id].clear_date for row_id in ids],
        "cleared_by": [before[row_id].cleared_by for row_id in ids],
        "cleared_at": [before[row_id].cleared_at for row_id in ids],
    }
    act.update("book_transaction", ids, values)


def reject_rows(act: Action, adjustments: Sequence[Any]) -> None:
    """Reject unreleased adjustments with their transactions."""
    if adjustments:
        act.update("adjustment", [one.id for one in adjustments], {"state": AdjustmentState.REJECTED.value})
        ids = [one.book_transaction_id for one in adjustments]
        act.update("book_transaction", ids, {"status": TransactionStatus.REJECTED.value})


def reverse_rows(uow: UnitOfWork, act: Action, adjustment: Any, row: Any, *, day: date, reason: str) -> int:
    """Reverse a released adjustment; returns the id of the voiding entry."""
    if day < row.transaction_date:
        raise BadRequest(
            f"The reversal can't be dated before the adjustment itself ({row.transaction_date}).",
            cure="Use a later date.",
        )
    void_id = void_rows.insert_void(
        uow, act, row, day=day, released=True, reason=reason or f"Reversal of {row.description}"
    )
    act.update("adjustment", [adjustment.id], {"state": AdjustmentState.REVERSED.value})
    return void_id
