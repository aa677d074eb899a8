"""The rows of an adjustment: its unreleased book transaction, and the decision that uses it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from recon_core.domain.account import CashAccount
from recon_core.domain.book import BookRow
from recon_core.domain.matching import Rest
from recon_core.domain.money import Money
from recon_core.domain.refusals import BadRequest
from recon_core.domain.states import AdjustmentState, Direction, TransactionKind, TransactionStatus
from recon_core.ports import Action, UnitOfWork
from recon_core.services import books, control, lookup, settings


def check_direction(entry_type: Any, amount: int, *, currency: str) -> str:
    """The direction of an amount. Raises `BadRequest` if the entry type goes the other way or the amount is 0."""
    direction = Direction.RECEIPT if amount > 0 else Direction.DISBURSEMENT
    if amount == 0 or entry_type.direction != direction:
        raise BadRequest(
            f"{Money(amount, currency)} is no {entry_type.direction}, which the entry type {entry_type.code} is for.",
            cure="Turn the sign, or use an entry type of the other direction: recon settings entry-types",
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
    direction = check_direction(kind, amount, currency=account.currency)
    control.check_periods_open(uow, [day])
    settings.check_code_parts(uow, code_parts or {})
    offset = offset_account or kind.offset_account
    parts = _code_parts(kind, code_parts)
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


class ForRest(NamedTuple):
    """An adjustment for the rest of a match: `amount` minor units, proved by bank line `line_id` on `clear_date`."""

    account: CashAccount
    decision_id: int
    rest: Rest
    amount: int
    clear_date: date
    line_id: int

    @property
    def day(self) -> date:
        """The date of its transaction."""
        return self.rest.day or self.clear_date


def check(uow: UnitOfWork, account: CashAccount, rest: Rest, *, amount: int, clear_date: date) -> None:
    """Raise what speaks against an adjustment for the rest of a match: `Unknown`, `BadRequest`, `PeriodLocked`."""
    check_direction(lookup.entry_type(uow, rest.entry_type), amount, currency=account.currency)
    control.check_periods_open(uow, [rest.day or clear_date])
    settings.check_code_parts(uow, rest.code_parts or {})


def insert_used(uow: UnitOfWork, act: Action, wanted: Sequence[ForRest]) -> Sequence[int]:
    """Insert the transactions of adjustments for the rests of matches, which `check` has let pass, and use all of each
    there; returns their ids.

    They are unreleased, and cleared and processed: the bank line proves them. `insert_for_matches` makes adjustments of
    them, once their decisions stand.
    """
    if not wanted:
        return ()
    kinds = [lookup.entry_type(uow, one.rest.entry_type) for one in wanted]
    transaction_ids = _insert_transactions(uow, act, wanted, kinds)
    uses = {
        "decision_id": [one.decision_id for one in wanted],
        "book_transaction_id": transaction_ids,
        "amount": [one.amount for one in wanted],
        "adjusts": True,
    }
    act.insert("decision_transaction", uses, count=len(wanted))
    proved = {
        "matched_amount": uses["amount"],
        "cleared": True,
        "clear_date": [one.clear_date for one in wanted],
        "cleared_by": act.by,
        "cleared_at": act.at,
        "processed": True,
    }
    before = {"matched_amount": 0, "cleared": False, "clear_date": None, "cleared_by": None, "cleared_at": None}
    act.update("book_transaction", transaction_ids, proved, before=before | {"processed": False})
    return transaction_ids


def insert_for_matches(
    uow: UnitOfWork, act: Action, wanted: Sequence[ForRest], transaction_ids: Sequence[int]
) -> Sequence[int]:
    """Insert the adjustments of these transactions, which `insert_used` made; returns their ids."""
    kinds = [lookup.entry_type(uow, one.rest.entry_type) for one in wanted]
    columns = {
        "book_transaction_id": transaction_ids,
        "entry_type_id": [kind.id for kind in kinds],
        "statement_line_id": [one.line_id for one in wanted],
        "decision_id": [one.decision_id for one in wanted],
        "offset_account": [
            one.rest.offset_account or kind.offset_account for kind, one in zip(kinds, wanted, strict=True)
        ],
        "code_parts": [_code_parts(kind, one.rest.code_parts) for kind, one in zip(kinds, wanted, strict=True)],
        "direction": [kind.direction for kind in kinds],
        "state": AdjustmentState.CREATED.value,
        "created_by": act.by,
        "created_at": act.at,
        "version": 1,
    }
    return act.insert("adjustment", columns, count=len(wanted))


def _code_parts(kind: Any, code_parts: Mapping[str, str] | None) -> str:
    return json.dumps(dict(code_parts), sort_keys=True) if code_parts is not None else str(kind.code_parts)


def _insert_transactions(
    uow: UnitOfWork, act: Action, wanted: Sequence[ForRest], kinds: Sequence[Any]
) -> Sequence[int]:
    ids = uow.reserve_ids("book_transaction", len(wanted))
    columns = {
        "id": ids,
        "cash_account_id": [one.account.id for one in wanted],
        "source": books.OWN_SOURCE,
        "external_id": [f"T{row_id}" for row_id in ids],
        "transaction_date": [one.day for one in wanted],
        "amount": [one.amount for one in wanted],
        "currency": [one.account.currency for one in wanted],
        "kind": TransactionKind.ADJUSTMENT.value,
        "reference": "",
        "counterparty": "",
        "description": [one.rest.description or kind.name for kind, one in zip(kinds, wanted, strict=True)],
        "status": TransactionStatus.BALANCED.value,
    }
    return act.insert("book_transaction", columns, count=len(wanted))
