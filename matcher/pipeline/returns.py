"""Bank lines that give back what an earlier one carried out, and the transaction that is to be voided for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from matcher.pipeline.context import Context
from matcher.proposal import Category
from matcher.rules.classes import RETURN_DAYS_MAX
from matcher.rules.tokens import field_key
from recon_core.domain.refusals import Unknown
from recon_core.ports import UnitOfWork
from recon_core.services import lookup, voiding

CAME_BACK = frozenset({Category.RETURN.value, Category.REVERSAL.value})
_ID_LETTERS_MIN = 4
_IDS = ("end_to_end_id", "creditor_reference")
_MORE_IDS = ("transaction_id",)

_LINES = (
    "SELECT l.id, l.cash_account_id, l.booking_date, l.amount, l.end_to_end_id, l.creditor_reference, l.more"
    " FROM statement_line l"
)
_CARRIED_OUT = (
    "SELECT l.id, l.cash_account_id, l.booking_date, l.amount, l.end_to_end_id, l.creditor_reference, l.more,"
    " t.id AS transaction_id, t.external_id FROM statement_line l JOIN decision_line dl ON dl.statement_line_id = l.id"
    " JOIN decision d ON d.id = dl.decision_id AND d.state = 'applied'"
    " JOIN decision_transaction dt ON dt.decision_id = d.id JOIN book_transaction t ON t.id = dt.book_transaction_id"
    " WHERE l.cash_account_id IN :accounts AND l.amount IN :amounts AND l.booking_date BETWEEN :first AND :last"
    " AND t.amount = l.amount AND t.processed AND NOT EXISTS"
    " (SELECT 1 FROM book_transaction v WHERE v.voids_id = t.id AND v.status <> 'rejected')"
)


class GivenBack(NamedTuple):
    """A bank line gives back what the line `paid_line_id` carried out on `paid_day`: this transaction, which stands."""

    line_id: int
    paid_line_id: int
    paid_day: date
    transaction_id: int
    external_id: str

    def __str__(self) -> str:
        return (
            f"It gives back bank line {self.paid_line_id} of {self.paid_day}, which is matched with {self.external_id}:"
            f" recon returned {self.line_id} voids {self.external_id}. Where it is paid again under the same booking,"
            f" undo that match and ignore both lines instead."
        )


def given_back(uow: UnitOfWork, line_ids: Sequence[int]) -> dict[int, GivenBack]:
    """By line id what each of these unused lines gives back: the one matched transaction of the opposite amount whose
    bank line carries the same id, at most `RETURN_DAYS_MAX` days earlier. Lines of which that is not sure are left out.
    """
    lines = uow.select(f"{_LINES} WHERE l.id IN :ids AND l.used_amount = 0", {"ids": line_ids})
    if not lines:
        return {}
    span = timedelta(days=RETURN_DAYS_MAX)
    scope = {
        "accounts": sorted({line.cash_account_id for line in lines}),
        "amounts": sorted({-line.amount for line in lines}),
        "first": min(line.booking_date for line in lines) - span,
        "last": max(line.booking_date for line in lines),
    }
    carried = [(one, _ids(one)) for one in uow.select(_CARRIED_OUT, scope)]
    found = {}
    for line in lines:
        mine = _ids(line)
        hits = [
            one
            for one, ids in carried
            if one.cash_account_id == line.cash_account_id
            and one.amount == -line.amount
            and timedelta(0) <= line.booking_date - one.booking_date <= span
            and not mine.isdisjoint(ids)
        ]
        if len(hits) == 1:
            hit = hits[0]
            found[line.id] = GivenBack(line.id, hit.id, hit.booking_date, hit.transaction_id, hit.external_id)
    return found


def void_given_back(context: Context, *, line_id: int, transaction: str = "", reason: str = "") -> tuple[str, int]:
    """Void the transaction that a bank line gives back and match the line with the voiding entry; returns the name of
    the transaction and the id of the entry.

    `transaction` names it where the line itself does not tell. Raises `Unknown`, and what
    `recon_core.services.voiding.void_returned` raises.
    """
    with context.database.begin() as uow:
        line = lookup.one(uow, "statement_line", line_id)
        name, transaction_id = _named(uow, line, transaction)
        void_id = voiding.void_returned(
            uow,
            transaction_id=transaction_id,
            line_id=line_id,
            reason=reason or f"Given back by bank line {line_id}",
            by=context.user,
            at=context.now(),
        )
        context.opinions.mark_decided(uow, line_ids=[line_id])
        uow.commit()
    return name, void_id


def _named(uow: UnitOfWork, line: Any, name: str) -> tuple[str, int]:
    if not name:
        found = given_back(uow, [line.id]).get(line.id)
        if found is None:
            raise Unknown(
                f"Bank line {line.id} does not tell which transaction it gives back.",
                cure=f"Name it: recon returned {line.id} TRANSACTION",
            )
        return found.external_id, found.transaction_id
    sql = "SELECT id FROM book_transaction WHERE cash_account_id = :account AND external_id = :name ORDER BY id"
    rows = uow.select(sql, {"account": line.cash_account_id, "name": name})
    if len(rows) != 1:
        raise Unknown(f"The account of bank line {line.id} has {len(rows)} transactions {name}.")
    return name, int(rows[0].id)


def _ids(line: Any) -> frozenset[str]:
    """The ids that name a payment on its line and on the one that gives it back."""
    more = json.loads(line.more)
    texts = [getattr(line, name) for name in _IDS] + [more.get(name) for name in _MORE_IDS]
    return frozenset(key for text in texts if text and len(key := field_key(text)) >= _ID_LETTERS_MIN)
