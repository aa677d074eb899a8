"""The rows of applied matches, written in bulk. Only `clearing` and `adjust` call this, with groups they checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple

from recon_core.domain.account import CashAccount
from recon_core.domain.matching import Match
from recon_core.domain.money import Money
from recon_core.domain.refusals import AmountUsed, BadRequest, Unknown
from recon_core.domain.refused import Refused
from recon_core.domain.states import DecisionKind, DecisionState, LineState
from recon_core.ports import Action, UnitOfWork
from recon_core.services import adjustment_rows


class Side(NamedTuple):
    """The bank lines, or the book transactions, that a bulk of matches touches: rows by id, what is left of each
    amount in minor units, and why some of them can't be matched at all.
    """

    name: str
    rows: dict[int, Any]
    left: dict[int, int]
    bad: dict[int, Refused]

    def parts(self, ids: Sequence[int], amounts: Sequence[int]) -> list[int]:
        """The amounts that a match uses: those given, or all that is left. Raises `Unknown`, `AmountUsed`, what is in
        `bad`.
        """
        if amounts and len(amounts) != len(ids):
            raise BadRequest(
                f"There must be as many {self.name} amounts as ids.", cure="Give the amount of every one, or of none."
            )
        if len(ids) > 1 and len(set(ids)) < len(ids):
            raise BadRequest(f"A match names each {self.name} once.", cure="Leave the second mention out.")
        parts = []
        for position, one in enumerate(ids):
            rest = self.left.get(one)
            if rest is None:
                raise Unknown(f"There is no {self.name} {one}.", cure="See what is open: recon outstanding ACCOUNT")
            if one in self.bad:
                raise self.bad[one]
            part = amounts[position] if amounts else rest
            if part == 0 or (part > 0) != (rest > 0) or abs(part) > abs(rest):
                currency = self.rows[one].currency
                raise AmountUsed(
                    f"Of {self.name} {one} there is {Money(rest, currency)} left, not {Money(part, currency)}.",
                    cure="Look again: somebody may have matched it.",
                )
            parts.append(part)
        return parts

    def check_account(self, ids: Sequence[int], account_id: int) -> None:
        """Raise `BadRequest` if one is in another cash account."""
        for one in ids:
            if self.rows[one].cash_account_id != account_id:
                raise BadRequest("A match stays within one cash account.", cure="Match each side in its own account.")

    def take(self, ids: Sequence[int], parts: Sequence[int]) -> None:
        """Use the parts."""
        for one, part in zip(ids, parts, strict=True):
            self.left[one] -= part


class Checked(NamedTuple):
    """Everything that a bulk of matches touches."""

    accounts: dict[int, CashAccount]
    lines: Side
    transactions: Side


class Group(NamedTuple):
    """A checked match: the parts it uses, and what its adjustment is for."""

    match: Match
    account: CashAccount
    line_parts: list[int]
    book_parts: list[int]
    rest: int


def write_groups(
    uow: UnitOfWork, act: Action, groups: Sequence[Group], checked: Checked, *, batch_id: int
) -> Sequence[int]:
    """Write the decisions of checked groups and everything that follows from them; returns their ids."""
    kinds = [DecisionKind.MATCH if group.match.transaction_ids else DecisionKind.ADJUST for group in groups]
    ids = uow.reserve_ids("decision", len(groups))
    _write_lines(act, ids, groups, checked, kinds)
    _write_transactions(act, ids, groups, checked)
    rests = _rests(ids, groups, checked)
    adjusting = adjustment_rows.insert_used(uow, act, rests)
    columns = {
        "id": ids,
        "decision_batch_id": batch_id,
        "cash_account_id": [group.account.id for group in groups],
        "kind": [kind.value for kind in kinds],
        "state": DecisionState.APPLIED.value,
        "reference": [group.match.reference for group in groups],
        "evidence": [group.match.evidence for group in groups],
        "decided_by": act.by,
        "line_total": [sum(group.line_parts) for group in groups],
        "book_total": [sum(group.book_parts) for group in groups],
        "adjustment_total": [group.rest for group in groups],
    }
    act.insert("decision", columns, count=len(groups))
    adjustment_rows.insert_for_matches(uow, act, rests, adjusting)
    return ids


def _rests(ids: Sequence[int], groups: Sequence[Group], checked: Checked) -> list[adjustment_rows.ForRest]:
    """What is left over of the groups, for adjustments."""
    return [
        adjustment_rows.ForRest(
            group.account,
            decision_id,
            group.match.rest,
            group.rest,
            _clear_date(group, checked),
            group.match.line_ids[0],
        )
        for decision_id, group in zip(ids, groups, strict=True)
        if group.match.rest is not None
    ]


def _clear_date(group: Group, checked: Checked) -> date:
    """The date on which the bank had proved all of it."""
    rows, ids = checked.lines.rows, group.match.line_ids
    day: date = rows[ids[0]].booking_date
    return day if len(ids) == 1 else max(rows[line_id].booking_date for line_id in ids)


def _write_lines(
    act: Action, ids: Sequence[int], groups: Sequence[Group], checked: Checked, kinds: Sequence[DecisionKind]
) -> None:
    side = checked.lines
    columns = _pairs(ids, groups, lambda group: (group.match.line_ids, group.line_parts))
    line_ids = columns[1]
    rows = {"decision_id": columns[0], "statement_line_id": line_ids, "amount": columns[2]}
    act.insert("decision_line", rows, count=len(line_ids))
    used_up = {DecisionKind.MATCH: LineState.MATCHED.value, DecisionKind.ADJUST: LineState.ADJUSTED.value}
    state = {
        line_id: LineState.OPEN.value if side.left[line_id] else used_up[kind]
        for group, kind in zip(groups, kinds, strict=True)
        for line_id in group.match.line_ids
    }
    changed = list(state)
    before = [side.rows[line_id] for line_id in changed]
    act.update(
        "statement_line",
        changed,
        {
            "state": list(state.values()),
            "used_amount": [row.amount - side.left[row.id] for row in before],
        },
        before={"state": [row.state for row in before], "used_amount": [row.used_amount for row in before]},
    )


def _pairs(
    ids: Sequence[int], groups: Sequence[Group], side: Callable[[Group], tuple[Sequence[int], Sequence[int]]]
) -> tuple[list[int], list[int], list[int]]:
    """Decision, item and amount of every item of one side, as columns."""
    decisions: list[int] = []
    items: list[int] = []
    parts: list[int] = []
    for decision_id, group in zip(ids, groups, strict=True):
        members, amounts = side(group)
        decisions += [decision_id] * len(members)
        items += members
        parts += amounts
    return decisions, items, parts


def _write_transactions(act: Action, ids: Sequence[int], groups: Sequence[Group], checked: Checked) -> None:
    side = checked.transactions
    decisions, items, parts = _pairs(ids, groups, lambda group: (group.match.transaction_ids, group.book_parts))
    if not items:
        return
    taken = [side.rows[row_id] for row_id in items]
    columns = {
        "decision_id": decisions,
        "book_transaction_id": items,
        "amount": parts,
        "adjusts": False,
        "prior_clear_date": [row.clear_date for row in taken],
        "prior_cleared_by": [row.cleared_by for row in taken],
        "prior_cleared_at": [row.cleared_at for row in taken],
    }
    act.insert("decision_transaction", columns, count=len(items))
    clear_dates: dict[int, date] = {}
    for group in groups:
        day = _clear_date(group, checked)
        for row_id in group.match.transaction_ids:
            known = clear_dates.get(row_id)
            clear_dates[row_id] = day if known is None else max(day, known)
    done = [side.rows[row_id] for row_id in clear_dates if not side.left[row_id]]
    values = {
        "matched_amount": [row.amount for row in done],
        "cleared": True,
        "clear_date": [clear_dates[row.id] for row in done],
        "cleared_by": act.by,
        "cleared_at": act.at,
        "processed": True,
    }
    before: dict[str, Any] = {name: [getattr(row, name) for row in done] for name in values if name != "processed"}
    act.update("book_transaction", [row.id for row in done], values, before=before | {"processed": False})
    partly = [side.rows[row_id] for row_id in clear_dates if side.left[row_id]]
    matched = [row.amount - side.left[row.id] for row in partly]
    act.update("book_transaction", [row.id for row in partly], {"matched_amount": matched})
