"""Use cases that put bank lines and book transactions together: apply matches, reject, ignore, mark as proposed.

Everything is done in bulk and under the accounts' locks; what a match uses is checked against what is left, so no
amount is used twice. Undoing stands in `recon_core.services.undo`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from recon_core.domain.matching import Match, group_key
from recon_core.domain.money import Money
from recon_core.domain.refusals import BadRequest, Closed, NotBalanced, Unreleased, WrongState
from recon_core.domain.refused import Refused
from recon_core.domain.states import (
    DecisionKind,
    DecisionState,
    LineState,
    MatchingPolicy,
    TransactionStatus,
    is_policy,
)
from recon_core.ports import Action, UnitOfWork
from recon_core.services import adjustment_rows, control, families, lookup
from recon_core.services.matched import Checked, Group, Side, write_groups

_LINE = (
    "SELECT l.id, l.cash_account_id, l.booking_date, l.currency, l.amount, l.used_amount, l.state, l.withdrawn_by, s.automatic"
    " FROM statement_line l JOIN statement s ON s.id = l.statement_id WHERE l.id IN :ids"
)
_TRANSACTION = (
    "SELECT t.id, t.cash_account_id, t.external_id, t.currency, t.amount, t.matched_amount, t.status, t.cleared, t.clear_date,"
    " t.cleared_by, t.cleared_at, r.number AS closed_number, v.id AS void_id FROM book_transaction t"
    " LEFT JOIN reconciliation r ON r.id = t.reconciliation_id AND r.state = 'closed'"
    " LEFT JOIN book_transaction v ON v.voids_id = t.id AND v.status <> 'rejected' WHERE t.id IN :ids"
)
_MATCHABLE = frozenset({LineState.OPEN.value, LineState.PROPOSED.value})
_RELEASED = TransactionStatus.RELEASED.value


class Skipped(NamedTuple):
    """A match of a bulk that could not be applied: its position and why."""

    position: int
    refused: Refused


class Applied(NamedTuple):
    """What a bulk did: `decision_ids` in the order of the applied matches; `batch_id` is None if nothing was."""

    batch_id: int | None
    decision_ids: Sequence[int]
    skipped: tuple[Skipped, ...] = ()


def apply_matches(
    uow: UnitOfWork,
    *,
    matches: Sequence[Match],
    label: str = "",
    skip_refused: bool = False,
    by: str,
    at: datetime,
) -> Applied:
    """Apply matches: their lines become matched; transactions that are used up become cleared and processed with the
    bank line's date. A rest becomes an unreleased adjustment within the match.

    All or nothing, unless `skip_refused`: then what is refused is reported and the others are applied. Raises
    `AmountUsed`, `NotBalanced`, `WrongState`, `Closed`, `Unreleased`, `PolicyForbids`, `Unknown`.
    """
    checked = _load(uow, matches, by=by)
    groups: list[Group] = []
    skipped: list[Skipped] = []
    for position, match in enumerate(matches):
        try:
            groups.append(_check(uow, checked, match, by=by))
        except Refused as refused:
            if not skip_refused:
                raise
            skipped.append(Skipped(position, refused))
    if not groups:
        return Applied(None, (), tuple(skipped))
    account_ids = {group.account.id for group in groups}
    kind = DecisionKind.MATCH if any(group.match.transaction_ids for group in groups) else DecisionKind.ADJUST
    only = account_ids.pop() if len(account_ids) == 1 else None
    with uow.action("match.apply", subject=("decision_batch", 0), account_id=only, by=by, at=at, reason=label) as act:
        batch = {"kind": kind.value, "label": label, "decided_by": by, "decided_at": at}
        batch_id = act.insert_row("decision_batch", batch)
        decision_ids = write_groups(uow, act, groups, checked, batch_id=batch_id)
    return Applied(batch_id, decision_ids, tuple(skipped))


def _load(uow: UnitOfWork, matches: Sequence[Match], *, by: str) -> Checked:
    line_ids = list({line_id for match in matches for line_id in match.line_ids})
    transaction_ids = list({one for match in matches for one in match.transaction_ids})
    read = uow.select(_LINE, {"ids": line_ids})
    account_ids = sorted({row.cash_account_id for row in read})
    if uow.lock_accounts(account_ids):
        read = uow.select(_LINE, {"ids": line_ids})
    accounts = {account.id: account for account in lookup.accounts(uow, account_ids)}
    for account in accounts.values():
        control.check_automatic(uow, account, step=MatchingPolicy.CLEAR, by=by)
    lines = {row.id: row for row in read}
    transactions = {row.id: row for row in uow.select(_TRANSACTION, {"ids": transaction_ids})}
    automatic = is_policy(by)
    return Checked(
        accounts,
        Side(
            "bank line",
            lines,
            {row.id: row.amount - row.used_amount for row in lines.values()},
            {row.id: bad for row in lines.values() if (bad := _bad_line(row, automatic=automatic))},
        ),
        Side(
            "transaction",
            transactions,
            {row.id: row.amount - row.matched_amount for row in transactions.values()},
            {row.id: bad for row in transactions.values() if (bad := _bad_transaction(row, automatic=automatic))},
        ),
    )


def _plain_pair(checked: Checked, match: Match) -> Group | None:
    """The usual match: all that is left of one bank line and of one transaction, equal. None for any other, and for
    one that is to be refused.
    """
    if len(match.line_ids) != 1 or len(match.transaction_ids) != 1 or match.rest is not None:
        return None
    if match.line_amounts or match.transaction_amounts:
        return None
    (line_id,), (row_id,) = match.line_ids, match.transaction_ids
    lines, transactions = checked.lines, checked.transactions
    left = lines.left.get(line_id)
    if not left or transactions.left.get(row_id) != left or line_id in lines.bad or row_id in transactions.bad:
        return None
    account_id = lines.rows[line_id].cash_account_id
    if transactions.rows[row_id].cash_account_id != account_id:
        return None
    lines.left[line_id] = transactions.left[row_id] = 0
    return Group(match, checked.accounts[account_id], [left], [left], 0)


def _check(uow: UnitOfWork, checked: Checked, match: Match, *, by: str) -> Group:
    """Check one match and take its amounts from what is left."""
    plain = _plain_pair(checked, match)
    if plain is not None:
        return plain
    if not match.line_ids:
        raise BadRequest("A match names at least one bank line.", cure="See what is open: recon review")
    if not match.transaction_ids and match.rest is None:
        raise BadRequest(
            "A match names at least one book transaction.",
            cure="Or say what the line is: recon pair ACCOUNT --line LINE --rest TYPE",
        )
    line_parts = checked.lines.parts(match.line_ids, match.line_amounts)
    book_parts = checked.transactions.parts(match.transaction_ids, match.transaction_amounts)
    account_id = checked.lines.rows[match.line_ids[0]].cash_account_id
    checked.lines.check_account(match.line_ids, account_id)
    checked.transactions.check_account(match.transaction_ids, account_id)
    account = checked.accounts[account_id]
    rest = sum(line_parts) - sum(book_parts)
    if match.rest is not None:
        if not rest:
            raise BadRequest("Nothing is left over, so there is nothing to write off.", cure="Leave --rest out.")
        if book_parts:
            control.check_limit(uow, purpose="write_off", account=account, amount=rest, reason=match.rest.entry_type)
        control.check_automatic_amount(uow, account, amount=rest, reason=match.rest.entry_type, by=by)
        clear_date = max(checked.lines.rows[one].booking_date for one in match.line_ids)
        adjustment_rows.check(uow, account, match.rest, amount=rest, clear_date=clear_date)
    elif rest:
        raise NotBalanced(
            f"Bank lines {', '.join(map(str, match.line_ids))} and their transactions differ by"
            f" {Money(rest, account.currency)}.",
            cure="Name what is missing, match a part (--with ID=AMOUNT), or say what the rest is (--rest TYPE).",
        )
    checked.lines.take(match.line_ids, line_parts)
    checked.transactions.take(match.transaction_ids, book_parts)
    return Group(match, account, line_parts, book_parts, rest)


def _bad_line(line: Any, *, automatic: bool) -> Refused | None:
    """Why a bank line can't be matched, or None."""
    if line.state not in _MATCHABLE or line.withdrawn_by is not None:
        return WrongState(f"Bank line {line.id} is {line.state} already.", cure=_undo(line.id))
    if automatic and not line.automatic:
        return WrongState(f"The statement of bank line {line.id} is not proved.", cure="A person may match it.")
    return None


def _bad_transaction(row: Any, *, automatic: bool) -> Refused | None:
    """Why a book transaction can't be matched, or None."""
    if row.closed_number is not None:
        return Closed(
            f"Transaction {row.external_id} is in the closed reconciliation {row.closed_number}.",
            cure="Void that reconciliation first, or set the bank line aside: recon ignore LINE --reason WHY",
        )
    if row.void_id is not None:
        return WrongState(
            f"Transaction {row.external_id} is voided, or about to be.", cure="Match the line with what replaces it."
        )
    if row.status != _RELEASED and (automatic or row.status != TransactionStatus.BALANCED):
        return Unreleased(
            f"Transaction {row.external_id} is {row.status}.", cure=f"Release it first: recon book release {row.id}"
        )
    return None


def _undo(line_id: int) -> str:
    return f"See by what, and undo that: recon decisions --line {line_id}"


def _by_account(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.cash_account_id, []).append(row)
    return dict(sorted(found.items()))


def ignore_lines(
    uow: UnitOfWork, *, line_ids: Sequence[int], reason: str, label: str = "", by: str, at: datetime
) -> Applied:
    """Set bank lines aside for a reason that is kept. Raises `WrongState` for a line that is used."""
    if not reason:
        raise BadRequest("A bank line is ignored for a reason.", cure="Give it: recon ignore LINE --reason WHY")
    rows = lookup.locked(uow, "statement_line", line_ids)
    for row in rows:
        if row.used_amount:
            raise WrongState(f"Bank line {row.id} is used by a match.", cure=_undo(row.id))
        bad = _bad_line(row, automatic=False)
        if bad is not None:
            raise bad
    decision_ids: list[int] = []
    batch_id = None
    for account_id, mine in _by_account(rows).items():
        subject = ("decision_batch", batch_id or 0)
        with uow.action("line.ignore", subject=subject, account_id=account_id, by=by, at=at, reason=reason) as act:
            if batch_id is None:
                batch = {"kind": DecisionKind.IGNORE.value, "label": label, "decided_by": by, "decided_at": at}
                batch_id = act.insert_row("decision_batch", batch)
            decision_ids += _decide_lines(uow, act, mine, batch_id=batch_id, kind=DecisionKind.IGNORE, reason=reason)
            values = {"state": LineState.IGNORED.value, "state_reason": reason}
            act.update("statement_line", [row.id for row in mine], values)
    return Applied(batch_id, decision_ids)


def _decide_lines(
    uow: UnitOfWork, act: Action, rows: Sequence[Any], *, batch_id: int, kind: DecisionKind, reason: str
) -> Sequence[int]:
    """A decision a line that uses no amount."""
    ids = uow.reserve_ids("decision", len(rows))
    lines = {"decision_id": ids, "statement_line_id": [row.id for row in rows], "amount": 0}
    act.insert("decision_line", lines, count=len(rows))
    columns = {
        "id": ids,
        "decision_batch_id": batch_id,
        "cash_account_id": [row.cash_account_id for row in rows],
        "kind": kind.value,
        "state": DecisionState.APPLIED.value,
        "evidence": reason,
        "decided_by": act.by,
    }
    act.insert("decision", columns, count=len(rows))
    return ids


def reject_matches(uow: UnitOfWork, *, groups: Sequence[Match], reason: str = "", by: str, at: datetime) -> Applied:
    """Remember that these lines and transactions do not belong together, so that nobody proposes it again.

    A group that is rejected already stays as it is. The lines become open.
    """
    line_ids = sorted({line_id for group in groups for line_id in group.line_ids})
    owner = {row.id: row for row in lookup.locked(uow, "statement_line", line_ids)}
    known = rejected_groups(uow, account_ids=sorted({row.cash_account_id for row in owner.values()}))
    fresh: dict[str, Match] = {}
    for group in groups:
        key = group_key(group.line_ids, group.transaction_ids)
        if key not in known:
            fresh.setdefault(key, group)
    if not fresh:
        return Applied(None, ())
    with uow.action("match.reject", subject=("decision_batch", 0), by=by, at=at, reason=reason) as act:
        batch = {"kind": DecisionKind.REJECT.value, "label": reason, "decided_by": by, "decided_at": at}
        accounts = [owner[group.line_ids[0]].cash_account_id for group in fresh.values()]
        batch_id = act.insert_row("decision_batch", batch)
        columns = {
            "decision_batch_id": batch_id,
            "cash_account_id": accounts,
            "kind": DecisionKind.REJECT.value,
            "state": DecisionState.APPLIED.value,
            "reference": [group.reference for group in fresh.values()],
            "evidence": [group.evidence for group in fresh.values()],
            "decided_by": by,
        }
        ids = act.insert("decision", columns, count=len(fresh))
        row = {"decision_id": ids, "cash_account_id": accounts, "group_key": list(fresh), "active": True}
        act.insert("rejection", row, count=len(fresh))
        proposed = [row.id for row in owner.values() if row.state == LineState.PROPOSED]
        act.update("statement_line", proposed, {"state": LineState.OPEN.value})
    return Applied(batch_id, ids)


def rejected_groups(uow: UnitOfWork, *, account_ids: Sequence[int] | None = None) -> set[str]:
    """The keys (`recon_core.domain.matching.group_key`) of all groups that somebody rejected; what was said of a
    transaction holds for each of its parts.
    """
    if account_ids is None:
        rows = uow.select("SELECT group_key, cash_account_id FROM rejection WHERE active")
    else:
        sql = "SELECT group_key, cash_account_id FROM rejection WHERE active AND cash_account_id IN :ids"
        rows = uow.select(sql, {"ids": account_ids})
    keys = {row.group_key for row in rows}
    kin = families.kin(uow, sorted({row.cash_account_id for row in rows})) if rows else {}
    for key in list(keys) if kin else ():
        lines, members = ([int(one) for one in side.split(",") if one] for side in key.split("|"))
        for one in kin.keys() & set(members):
            keys |= {group_key(lines, [other if id_ == one else id_ for id_ in members]) for other in kin[one]}
    return keys


def set_proposed(uow: UnitOfWork, *, line_ids: Sequence[int], proposed: bool, by: str, at: datetime) -> int:
    """Mark open lines as proposed, or proposed ones as open again; lines in another state are left alone.

    Returns how many changed.
    """
    source, target = LineState.OPEN.value, LineState.PROPOSED.value
    if not proposed:
        source, target = target, source
    rows = [row for row in lookup.locked(uow, "statement_line", line_ids) if row.state == source]
    for account_id, mine in _by_account(rows).items():
        subject = ("cash_account", account_id)
        with uow.action("line.propose", subject=subject, account_id=account_id, by=by, at=at) as act:
            act.update("statement_line", [row.id for row in mine], {"state": target})
    return len(rows)
