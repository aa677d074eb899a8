"""The rows of applied matches, written in bulk. Only `clearing` and `adjust` call this, with groups they checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from recon_core.domain.account import CashAccount
from recon_core.domain.matching import Match
from recon_core.domain.refusals import Unknown
from recon_core.domain.states import DecisionKind, DecisionState, LineState
from recon_core.ports import Action, UnitOfWork
from recon_core.services import adjustment_rows


class Checked(NamedTuple):
    """Everything that a bulk of matches touches, and what is left of each amount."""

    accounts: dict[int, CashAccount]
    lines: dict[int, Any]
    transactions: dict[int, Any]
    line_left: dict[int, int]
    transaction_left: dict[int, int]

    def line(self, line_id: int) -> Any:
        """A bank line. Raises `Unknown`."""
        if line_id not in self.lines:
            raise Unknown(f"There is no bank line {line_id}.")
        return self.lines[line_id]

    def transaction(self, transaction_id: int) -> Any:
        """A book transaction. Raises `Unknown`."""
        if transaction_id not in self.transactions:
            raise Unknown(f"There is no book transaction with id {transaction_id}.")
        return self.transactions[transaction_id]


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
    columns = {
        "decision_batch_id": batch_id,
        "cash_account_id": [group.account.id for group in groups],
        "kind": [kind.value for kind in kinds],
        "state": DecisionState.DRAFT.value,
        "reference": [group.match.reference for group in groups],
        "evidence": [group.match.evidence for group in groups],
        "decided_by": act.by,
        "line_total": [sum(group.line_parts) for group in groups],
        "book_total": [sum(group.book_parts) for group in groups],
        "adjustment_total": [group.rest for group in groups],
    }
    ids = act.insert("decision", columns, count=len(groups))
    _write_lines(act, ids, groups, checked, kinds)
    _write_transactions(act, ids, groups, checked)
    for decision_id, group in zip(ids, groups, strict=True):
        if group.match.rest is not None:
            adjustment_rows.insert_for_match(
                uow,
                act,
                account=group.account,
                decision_id=decision_id,
                rest=group.match.rest,
                amount=group.rest,
                clear_date=_clear_date(group, checked),
                line_id=group.match.line_ids[0],
            )
    act.update("decision", list(ids), {"state": DecisionState.APPLIED.value})
    return ids


def _clear_date(group: Group, checked: Checked) -> date:
    """The date on which the bank had proved all of it."""
    days: list[date] = [checked.lines[line_id].booking_date for line_id in group.match.line_ids]
    return max(days)


def _write_lines(
    act: Action, ids: Sequence[int], groups: Sequence[Group], checked: Checked, kinds: Sequence[DecisionKind]
) -> None:
    decisions: list[int] = []
    line_ids: list[int] = []
    parts: list[int] = []
    used_up = {DecisionKind.MATCH: LineState.MATCHED.value, DecisionKind.ADJUST: LineState.ADJUSTED.value}
    state: dict[int, str] = {}
    for decision_id, group, kind in zip(ids, groups, kinds, strict=True):
        for line_id, part in zip(group.match.line_ids, group.line_parts, strict=True):
            decisions.append(decision_id)
            line_ids.append(line_id)
            parts.append(part)
            state[line_id] = LineState.OPEN.value if checked.line_left[line_id] else used_up[kind]
    rows = {"decision_id": decisions, "statement_line_id": line_ids, "amount": parts}
    act.insert("decision_line", rows, count=len(parts))
    changed = list(state)
    used = [checked.lines[line_id].amount - checked.line_left[line_id] for line_id in changed]
    act.update("statement_line", changed, {"state": list(state.values()), "used_amount": used})


def _write_transactions(act: Action, ids: Sequence[int], groups: Sequence[Group], checked: Checked) -> None:
    columns: dict[str, list[Any]] = {
        name: []
        for name in (
            "decision_id",
            "book_transaction_id",
            "amount",
            "prior_clear_date",
            "prior_cleared_by",
            "prior_cleared_at",
        )
    }
    clear_dates: dict[int, date] = {}
    for decision_id, group in zip(ids, groups, strict=True):
        day = _clear_date(group, checked)
        for row_id, part in zip(group.match.transaction_ids, group.book_parts, strict=True):
            row = checked.transactions[row_id]
            taken = (decision_id, row_id, part, row.clear_date, row.cleared_by, row.cleared_at)
            for column, value in zip(columns.values(), taken, strict=True):
                column.append(value)
            clear_dates[row_id] = max(day, clear_dates.get(row_id, day))
    count = len(columns["amount"])
    if not count:
        return
    act.insert("decision_transaction", columns | {"adjusts": [False] * count}, count=count)
    done = [row_id for row_id in clear_dates if not checked.transaction_left[row_id]]
    values: dict[str, Any] = {
        "matched_amount": [checked.transactions[row_id].amount for row_id in done],
        "cleared": True,
        "clear_date": [clear_dates[row_id] for row_id in done],
        "cleared_by": act.by,
        "cleared_at": act.at,
        "processed": True,
    }
    act.update("book_transaction", done, values)
    partly = [row_id for row_id in clear_dates if checked.transaction_left[row_id]]
    matched = [checked.transactions[row_id].amount - checked.transaction_left[row_id] for row_id in partly]
    act.update("book_transaction", partly, {"matched_amount": matched})
