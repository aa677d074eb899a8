"""The rows of an adjustment: its unreleased book transaction, and the decision that uses it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from recon_core.domain.account import CashAccount
from recon_core.domain.book import BookRow
from recon_core.domain.matching import Rest
from recon_core.domain.refusals import BadRequest
from recon_core.domain.states import AdjustmentState, Direction, TransactionKind, TransactionStatus
from recon_core.ports import Action, UnitOfWork
from recon_core.services import books, control, lookup, settings


def check_direction(entry_type: Any, amount: int) -> str:
    """The direction of an amount. Raises `BadRequest` if the entry type goes the other way or the amount is 0."""
    direction = Direction.RECEIPT if amount > 0 else Direction.DISBURSEMENT
    if amount == 0 or entry_type.direction != direction:
        raise BadRequest(
            f"{amount} minor units are no {entry_type.direction}, which the entry type {entry_type.code} is for.",
            cure="Use an entry type of the other direction.",
        )
    return direction.value


def insert(  # noqa: PLR0913  the fields of an adjustment
    uow: UnitOfWork,
    act: Action,
    *,
    account: CashAccount,
    entry_type: str,
    amount: int,
    day: date,
    description: str = "",
    reference: str = "",
    counterparty: str = "",
    offset_account: str | None = None,
    code_parts: Mapping[str, str] | None = None,
    line_id: int | None = None,
    decision_id: int | None = None,
    hold: bool = False,
) -> tuple[int, int]:
    """Insert an unreleased adjustment; returns the ids of the adjustment and of its book transaction."""
    kind = lookup.entry_type(uow, entry_type)
    direction = check_direction(kind, amount)
    control.check_periods_open(uow, [day])
    settings.check_code_parts(uow, code_parts or {})
    offset = offset_account or kind.offset_account
    parts = json.dumps(dict(code_parts), sort_keys=True) if code_parts is not None else kind.code_parts
    text = description or kind.name
    row = BookRow(account.id, "", day, amount, reference, counterparty, text, TransactionKind.ADJUSTMENT)
    status = TransactionStatus.HOLD if hold else TransactionStatus.BALANCED
    transaction_id = books.insert_own(uow, act, row, currency=account.currency, status=status)
    values = {
        "book_transaction_id": transaction_id,
        "entry_type_id": kind.id,
        "statement_line_id": line_id,
        "decision_id": decision_id,
        "offset_account": offset,
        "code_parts": parts,
        "direction": direction,
        "state": AdjustmentState.CREATED.value,
        "created_by": act.by,
        "created_at": act.at,
        "version": 1,
    }
    return act.insert_row("adjustment", values), transaction_id


def insert_for_match(
    uow: UnitOfWork,
    act: Action,
    *,
    account: CashAccount,
    decision_id: int,
    rest: Rest,
    amount: int,
    clear_date: date,
    line_id: int,
) -> int:
    """Insert the adjustment for the rest of a match and use all of it there; returns the adjustment's id."""
    adjustment_id, transaction_id = insert(
        uow,
        act,
        account=account,
        entry_type=rest.entry_type,
        amount=amount,
        day=rest.day or clear_date,
        description=rest.description,
        offset_account=rest.offset_account,
        code_parts=rest.code_parts,
        line_id=line_id,
        decision_id=decision_id,
    )
    _use(act, decision_id=decision_id, transaction_id=transaction_id, amount=amount, day=clear_date)
    return adjustment_id


def _use(act: Action, *, decision_id: int, transaction_id: int, amount: int, day: date) -> None:
    """Let a decision use all of an adjustment's transaction: the bank line proves it."""
    row = {"decision_id": decision_id, "book_transaction_id": transaction_id, "amount": amount, "adjusts": True}
    act.insert("decision_transaction", row, count=1)
    values = {
        "matched_amount": amount,
        "cleared": True,
        "clear_date": day,
        "cleared_by": act.by,
        "cleared_at": act.at,
        "processed": True,
    }
    act.update("book_transaction", [transaction_id], values)
