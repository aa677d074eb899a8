"""Use cases: a book transaction that the bank carries out in parts becomes several (docs/decisions/0005).

The original keeps its id and what the bank has proved; the rest is a transaction of its own, "<original>#2", which later
instalments match. Every part names the original in `split_of_id`, and together they come to what was booked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from recon_core.domain.money import Money
from recon_core.domain.refusals import BadRequest, WrongState
from recon_core.domain.states import DecisionState, TransactionStatus
from recon_core.ports import Action, UnitOfWork
from recon_core.services import books, families, lookup

_USES = (
    "SELECT dt.book_transaction_id AS owner, dt.decision_id, dt.amount AS part, dl.statement_line_id AS line,"
    " dl.amount, l.booking_date, (SELECT count(*) FROM decision_transaction x WHERE x.decision_id = d.id) AS members"
    " FROM decision_transaction dt JOIN decision d ON d.id = dt.decision_id AND d.state = 'applied'"
    " JOIN decision_line dl ON dl.decision_id = d.id JOIN statement_line l ON l.id = dl.statement_line_id"
    " WHERE dt.book_transaction_id IN :ids ORDER BY dt.decision_id, l.id"
)
_ROWS = (
    "SELECT t.*, v.id AS void_id FROM book_transaction t LEFT JOIN book_transaction v ON v.voids_id = t.id"
    " AND v.status <> 'rejected' WHERE t.id IN :ids"
)
_HAND = ("cleared", "clear_date", "cleared_by", "cleared_at")


class Splits(NamedTuple):
    """What became of transactions that the bank proved in part: rest by transaction, and why others were not split."""

    made: dict[int, int]
    refused: dict[int, str]


class _Use(NamedTuple):
    """A standing decision that uses `part` of a transaction, with its (line, amount, booking date), and how many
    transactions it has.
    """

    decision_id: int
    part: int
    lines: tuple[tuple[int, int, date], ...]
    members: int


class _Cut(NamedTuple):
    """Where a transaction is cut: what stays, how much of that is proved, since when, and the uses that go with the
    rest, each with the lines that stay (none, if all of it goes).
    """

    amount: int
    proved: int
    clear_date: date | None
    later: tuple[tuple[_Use, tuple[tuple[int, int, date], ...]], ...] = ()


def split_transaction(uow: UnitOfWork, *, transaction_id: int, amount: int, by: str, at: datetime) -> int:
    """Split an open transaction in two: it keeps `amount` minor units, the rest becomes a transaction of its own, whose
    id is returned. If bank lines have proved just that amount, it is cleared and processed from then on.

    Raises `BadRequest` for an amount that is no part of it or less than what is proved, `WrongState` for one that is
    unreleased, ticked, voided, or has a voucher of its own.
    """
    lookup.locked(uow, "book_transaction", [transaction_id])
    row = uow.select(_ROWS, {"ids": [transaction_id]})[0]
    if not _within(amount, row.amount) or abs(amount) < abs(row.matched_amount):
        raise BadRequest(
            f"{Money(amount, row.currency)} is no part of transaction {row.external_id}, which is"
            f" {Money(row.amount, row.currency)}, with {Money(row.matched_amount, row.currency)} of it proved.",
            cure="Name what it keeps: at least what is proved, and less than all of it.",
        )
    problem = _problem(row)
    if problem:
        raise WrongState(f"Transaction {row.external_id} can't be split.", cure=problem)
    days = [day for use in _uses(uow, [row.id])[row.id] for _, _, day in use.lines]
    cut = _Cut(amount, row.matched_amount, max(days, default=None))
    return _split(uow, row, cut, by=by, at=at)


def split_proved(uow: UnitOfWork, *, document: Any, rows: Iterable[Any], by: str, at: datetime) -> Splits:
    """Split those listed rows of an open document of which the bank has carried out a part by the document's date:
    partly proved ones, and ones of which a later bank line proved the rest; that match goes with the rest.

    `rows` are those of `documents.rows_listed`; ticked ones are left alone.
    """
    day = document.reconciliation_date
    ids = [row.id for row in rows if row.reconciliation_id is None and is_unclear(row, day)]
    made: dict[int, int] = {}
    refused: dict[int, str] = {}
    if not ids:
        return Splits(made, refused)
    found = {row.id: row for row in uow.select(_ROWS, {"ids": ids})}
    uses = _uses(uow, ids)
    for row_id in ids:
        row, cut = found[row_id], _cut(uses[row_id], day)
        if cut is not None and (not cut.amount or cut.amount == row.amount):
            continue
        problem = _problem(row) or ("" if cut else "One match has lines before and after the reconciliation date.")
        if problem:
            refused[row_id] = problem
        else:
            assert cut is not None
            made[row_id] = _split(uow, row, cut, by=by, at=at)
    return Splits(made, refused)


def join_parts(uow: UnitOfWork, *, transaction_id: int, by: str, at: datetime) -> list[int]:
    """Put the parts of a transaction's family that nothing has used back into the part they came off, as far as that is
    open; returns the ids of those that are gone.
    """
    row = lookup.locked(uow, "book_transaction", [transaction_id])[0]
    subject = ("book_transaction", row.split_of_id or row.id)
    with uow.action("book.join", subject=subject, account_id=row.cash_account_id, by=by, at=at) as act:
        return rejoin(uow, act, [transaction_id])


def rejoin(uow: UnitOfWork, act: Action, ids: Sequence[int]) -> list[int]:
    """As `join_parts`, for the families of these transactions and within a deed."""
    gone: list[int] = []
    for family in families.members(uow, ids).values():
        open_ = [row for row in family if _is_open(row)]
        amounts = {row.id: row.amount for row in open_}
        for part in reversed(open_):
            target = next((row for row in open_ if row.id < part.id and row.clear_date == part.clear_date), None)
            if part.matched_amount or part.split_of_id is None or target is None:
                continue
            amounts[target.id] += amounts[part.id]
            changed = {"amount": amounts[target.id], "version": target.version + 1}
            act.update("book_transaction", [target.id], changed)
            act.update("book_transaction", [part.id], {"status": TransactionStatus.REJECTED.value})
            gone.append(part.id)
    return gone


def is_unclear(row: Any, day: date) -> bool:
    """Whether bank lines may have proved a part of a row by a day and the rest later, or not at all."""
    return bool(row.matched_amount) and (not row.processed or row.clear_date > day)


def _within(part: int, whole: int) -> bool:
    """Whether a part has the sign of the whole, and something is left."""
    return part != 0 and (part > 0) == (whole > 0) and abs(part) < abs(whole)


def _problem(row: Any) -> str:
    """Why a transaction can't be split, or nothing."""
    if row.status != TransactionStatus.RELEASED:
        return f"It is {row.status}. Release it first: recon book release {row.id}"
    if row.reconciliation_id is not None:
        return f"It is ticked in a reconciliation. Untick it first: recon reconcile untick ACCOUNT {row.id}"
    if row.void_id is not None or row.voids_id is not None:
        return "It is voided, or a voiding entry."
    if row.voucher_id is not None:
        return "It has a voucher of its own: undo its match, reverse it, and book its parts as entries of their own."
    return ""


def _is_open(row: Any) -> bool:
    free = row.status == TransactionStatus.RELEASED and row.reconciliation_id is None and row.unvoided
    return bool(free and row.matched_amount != row.amount)


def _uses(uow: UnitOfWork, ids: Sequence[int]) -> dict[int, list[_Use]]:
    """The standing decisions that use each of these transactions."""
    lines: dict[tuple[int, int], list[tuple[int, int, date]]] = {}
    heads: dict[tuple[int, int], tuple[int, int]] = {}
    for row in uow.select(_USES, {"ids": ids}):
        lines.setdefault((row.owner, row.decision_id), []).append((row.line, row.amount, row.booking_date))
        heads[row.owner, row.decision_id] = (row.part, row.members)
    found: dict[int, list[_Use]] = {one: [] for one in ids}
    for (owner, decision_id), (part, members) in heads.items():
        found[owner].append(_Use(decision_id, part, tuple(lines[owner, decision_id]), members))
    return found


def _cut(uses: Sequence[_Use], day: date) -> _Cut | None:
    """What the bank had carried out of a transaction by a day; None if one match can't be told apart by that day."""
    amount = 0
    days: list[date] = []
    later = []
    for use in uses:
        early = tuple(line for line in use.lines if line[2] <= day)
        part = use.part if len(early) == len(use.lines) else sum(line[1] for line in early)
        if early and len(early) < len(use.lines) and (use.members > 1 or not _within(part, use.part)):
            return None
        if len(early) < len(use.lines):
            later.append((use, early))
        amount += part
        days += [line[2] for line in early]
    return _Cut(amount, amount, max(days, default=None), tuple(later))


def _split(uow: UnitOfWork, row: Any, cut: _Cut, *, by: str, at: datetime) -> int:
    subject, account_id = ("book_transaction", row.split_of_id or row.id), row.cash_account_id
    with uow.action("book.split", subject=subject, account_id=account_id, by=by, at=at) as act:
        rest_id = _insert_rest(uow, act, row, row.amount - cut.amount)
        values: dict[str, Any] = {"amount": cut.amount, "matched_amount": cut.proved, "version": row.version + 1}
        if cut.proved == cut.amount:
            values |= _proved(act, row, cut.clear_date)
        act.update("book_transaction", [row.id], values)
        if cut.later:
            _move(uow, act, row, rest_id, cut)
    return rest_id


def _insert_rest(uow: UnitOfWork, act: Action, row: Any, amount: int) -> int:
    """The rest, as the original stands but for the amount: nothing is proved of it, and it went with no batch."""
    same = ("cash_account_id", "transaction_date", "currency", "kind", "reference", "counterparty", "description")
    hand = {name: None if row.processed else getattr(row, name) for name in _HAND}
    original = row if row.split_of_id is None else lookup.one(uow, "book_transaction", row.split_of_id)
    values = {
        **{name: getattr(row, name) for name in (*same, "status")},
        **hand,
        "cleared": bool(hand["cleared"]),
        "source": books.OWN_SOURCE,
        "external_id": _name(uow, original),
        "amount": amount,
        "version": row.version,
        "split_of_id": original.id,
    }
    return act.insert_row("book_transaction", values)


def _name(uow: UnitOfWork, original: Any) -> str:
    """The next free name of a part."""
    sql = "SELECT external_id FROM book_transaction WHERE cash_account_id = :account AND source = :source"
    count = int(uow.value("SELECT count(*) AS n FROM book_transaction WHERE split_of_id = :id", {"id": original.id}))
    values = {"account": original.cash_account_id, "source": books.OWN_SOURCE}
    number = count + 2
    while (
        uow.value(f"{sql} AND external_id = :name", values | {"name": f"{original.external_id}#{number}"}) is not None
    ):
        number += 1
    return f"{original.external_id}#{number}"


def _proved(act: Action, row: Any, clear_date: date | None) -> dict[str, Any]:
    """Columns of a transaction that bank lines proved in full on a date; who cleared it before stays."""
    assert clear_date is not None
    who = {"cleared_by": row.cleared_by, "cleared_at": row.cleared_at}
    if not row.processed:
        who = {"cleared_by": act.by, "cleared_at": act.at}
    return {"cleared": True, "processed": True, "clear_date": clear_date, **who}


def _move(uow: UnitOfWork, act: Action, row: Any, rest_id: int, cut: _Cut) -> None:
    """Let the rest have the matches with later bank lines: each is undone and made again with the rest."""
    ids = [use.decision_id for use, _ in cut.later]
    decisions = lookup.many(uow, "decision", ids, "*")
    items: dict[int, list[Any]] = {}
    for item in uow.select("SELECT * FROM decision_transaction WHERE decision_id IN :ids", {"ids": ids}):
        items.setdefault(item.decision_id, []).append(item)
    why = f"Transaction {row.external_id} was split."
    undone = {"state": DecisionState.UNDONE.value, "undone_by": act.by, "undone_at": act.at, "undo_reason": why}
    act.update("decision", ids, undone)
    for use, early in cut.later:
        late = [line for line in use.lines if line not in early]
        old = decisions[use.decision_id]
        if early:
            _remake(uow, act, old, early, items[old.id], owner={}, amount=sum(line[1] for line in early))
        amount = sum(line[1] for line in late) if early else None
        made = _remake(uow, act, old, late, items[old.id], owner={row.id: rest_id}, amount=amount)
        sql = "SELECT id FROM adjustment WHERE decision_id = :id"
        adjusted = [one.id for one in uow.select(sql, {"id": old.id})]
        act.update("adjustment", adjusted, {"decision_id": made})
    used = sum(use.part - sum(line[1] for line in early) for use, early in cut.later)
    values: dict[str, Any] = {"matched_amount": used}
    if used == row.amount - cut.amount:
        values |= _proved(act, row, max(line[2] for use, _ in cut.later for line in use.lines))
    act.update("book_transaction", [rest_id], values)


def _remake(
    uow: UnitOfWork,
    act: Action,
    old: Any,
    lines: Sequence[tuple[int, int, date]],
    items: Sequence[Any],
    *,
    owner: dict[int, int],
    amount: int | None,
) -> int:
    """Make a decision anew with these lines and transactions; `owner` exchanges transactions, `amount` is what it uses
    if it has only a part of the old one's lines.
    """
    same = ("decision_batch_id", "cash_account_id", "kind", "reference", "evidence", "decided_by", "adjustment_total")
    totals = {"line_total": old.line_total, "book_total": old.book_total}
    if amount is not None:
        totals = dict.fromkeys(totals, amount)
    head = {name: getattr(old, name) for name in same}
    made = uow.reserve_ids("decision", 1)[0]
    line_columns = {
        "decision_id": made,
        "statement_line_id": [line[0] for line in lines],
        "amount": [line[1] for line in lines],
    }
    act.insert("decision_line", line_columns, count=len(lines))
    copied = ("adjusts", "prior_clear_date", "prior_cleared_by", "prior_cleared_at")
    columns: dict[str, Any] = {name: [getattr(item, name) for item in items] for name in copied}
    columns["book_transaction_id"] = [owner.get(item.book_transaction_id, item.book_transaction_id) for item in items]
    columns["amount"] = [item.amount if amount is None else amount for item in items]
    act.insert("decision_transaction", {"decision_id": made, **columns}, count=len(items))
    act.insert_row("decision", {"id": made, **head, **totals, "state": DecisionState.APPLIED.value})
    return made
