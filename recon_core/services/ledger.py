"""The ledger of bank lines: which lines of a statement are new, which are stored already, and when a person must look.

Reads and a plan first, the writes after: a plan is the same for a fresh statement and for one that was held before.
"""

# ruff: noqa: S608  every name in this SQL is one of our own tables and columns
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from recon_core.domain.account import CashAccount
from recon_core.domain.currency import NO_CURRENCY
from recon_core.domain.delivery import Relation, Shown, Span, linked, relate
from recon_core.domain.identity import family, line_date, statement_key
from recon_core.domain.statement import StatementHeader, StatementLine
from recon_core.domain.states import LineState, StatementState
from recon_core.ports import Action, UnitOfWork
from recon_core.services import cut_off, line_rows, lookup

# Reasons to hold a statement.
AMBIGUOUS, CORRECTED, OTHER_FORMAT = "ambiguous-delivery", "corrected", "other-format"
INSIDE_CLOSED, FOREIGN, UNDATED = "inside-closed", "foreign-currency-lines", "undated-lines"


_VERSIONS = "SELECT * FROM statement WHERE cash_account_id = :account AND statement_key = :key ORDER BY revision DESC"
_LAST_DAY = (
    "SELECT a.id AS cash_account_id, (SELECT max(l.booking_date) FROM statement_line l WHERE l.cash_account_id = a.id)"
    " AS booking_date FROM cash_account a WHERE a.id = :account"
)
_CLOSED_UNTIL = (
    "SELECT cash_account_id, max(reconciliation_date) AS reconciliation_date FROM reconciliation"
    " WHERE cash_account_id = :account AND state = 'closed' GROUP BY cash_account_id"
)
DIRECTION_UNPROVEN = "direction-unproven"


def may_be_automatic(balanced: str, flags: Sequence[str]) -> bool:
    """Whether lines of a statement may be used without a person: it adds up, and the direction of its reversals is
    known.
    """
    return balanced != "no" and DIRECTION_UNPROVEN not in flags


class Incoming(NamedTuple):
    """A statement on its way in. `key` and `content` are its identity (`recon_core.domain.identity`)."""

    header: StatementHeader
    account: CashAccount
    file_id: int
    booked: list[StatementLine]
    keys: list[str]
    key: str
    content: str

    @property
    def dates(self) -> list[date | None]:
        """The ledger date of each booked line."""
        return [line_date(line) for line in self.booked]


class Plan(NamedTuple):
    """Which positions of the booked lines are new (with their occurrence) and which equal a stored line's id.

    With a `hold_reason` nothing is stored. `withdrawn` are lines of the version before that this one no longer has.
    """

    new: Sequence[int] = ()
    occurrences: Sequence[int] = ()
    known: Sequence[tuple[int, int]] = ()
    hold_reason: str = ""
    supersedes: int | None = None
    revision: int = 1
    withdrawn: tuple[int, ...] = ()


class _Stored(NamedTuple):
    """The account's lines on the dates of a statement."""

    by_key: dict[tuple[date, str], list[Any]]
    lines: list[Any]
    statements: dict[int, Any]
    contained: dict[int, set[int]]


def same_statement(uow: UnitOfWork, incoming: Incoming) -> Any | None:
    """The stored statement that says the same, if there is one."""
    if incoming.key:
        return next((row for row in _versions(uow, incoming) if row.content_sha256 == incoming.content), None)
    sql = (
        "SELECT * FROM statement WHERE cash_account_id = :account AND statement_key = '' AND content_sha256 = :content"
    )
    rows = uow.select(sql, {"account": incoming.account.id, "content": incoming.content})
    return rows[0] if rows else None


def _versions(uow: UnitOfWork, incoming: Incoming) -> list[Any]:
    """The stored statements of the same name, the last revision first."""
    return uow.known(_VERSIONS, {"account": incoming.account.id, "key": incoming.key})


def foresee(uow: UnitOfWork, wanted: Iterable[tuple[int, StatementHeader]]) -> None:
    """Ask together what `plan` asks of each of these statements (account, header)."""
    names = {(account_id, statement_key(header)) for account_id, header in wanted}
    accounts = sorted({account_id for account_id, _ in names})
    for sql in (_LAST_DAY, _CLOSED_UNTIL):
        lookup.foresee(uow, sql, accounts)
    sql = "SELECT * FROM statement WHERE cash_account_id IN :accounts AND statement_key IN :keys ORDER BY revision DESC"
    found: dict[tuple[int, str], list[Any]] = {}
    for row in uow.select(sql, {"accounts": accounts, "keys": sorted({key for _, key in names if key})}):
        found.setdefault((row.cash_account_id, row.statement_key), []).append(row)
    for account_id, key in names:
        if key:
            uow.remember(_VERSIONS, {"account": account_id, "key": key}, found.get((account_id, key), []))


def may_be_another(incoming: Incoming, known: Any) -> bool:
    """Whether a statement that says the same may still be other money: it has no name, came in another file, and its
    lines come to zero, so that it may also follow the one that is known.
    """
    header = incoming.header
    moved_nothing = header.opening_balance is not None and header.opening_balance == header.closing_balance
    return moved_nothing and not incoming.key and bool(incoming.booked) and known.source_file_id != incoming.file_id


def plan(uow: UnitOfWork, incoming: Incoming, *, take: Relation | None = None, accept: bool = False) -> Plan:
    """Decide what is new. `take` is a person's word on how it lies to the other deliveries; `accept` that a correction,
    a late arrival or a second format is wanted.
    """
    days = incoming.dates
    if None in days:
        return Plan(hold_reason=UNDATED)
    if {line.currency for line in incoming.booked} - {incoming.account.currency, NO_CURRENCY}:
        return Plan(hold_reason=FOREIGN)
    first, revision, missing = _earlier_version(uow, incoming)
    base = Plan(supersedes=first, revision=revision, withdrawn=missing)
    if not incoming.booked:
        return base._replace(hold_reason=CORRECTED) if missing and not accept else base
    if missing and not accept:
        return base._replace(hold_reason=CORRECTED)
    stored = _stored(uow, incoming)
    over, unclear = _overlapped(uow, incoming, stored, forced=first)
    made = _count(incoming, stored, over if take is not Relation.OVER else over | unclear)
    if unclear and take is None and _count(incoming, stored, over | unclear).new != made.new:
        return base._replace(hold_reason=AMBIGUOUS)
    if take is None and made.known and _balance_needs_all(uow, incoming, made):
        made = _count(incoming, stored, set())
    reason = "" if accept or not made.new else _reason_to_hold(uow, incoming, stored, made)
    if reason:
        return base._replace(hold_reason=reason)
    return base._replace(new=made.new, occurrences=made.occurrences, known=made.known)


def _earlier_version(uow: UnitOfWork, incoming: Incoming) -> tuple[int | None, int, tuple[int, ...]]:
    """The accepted statement of the same name, the next revision number, and its lines that are missing now.

    A name without common days is the bank using its number again, not a version.
    """
    if not incoming.key:
        return None, 1, ()
    states = {StatementState.ACCEPTED.value, StatementState.SUPERSEDED.value}
    every = _versions(uow, incoming)
    versions = [row for row in every if row.content_sha256 != incoming.content and row.state in states]
    if not versions:
        return None, 1, ()
    current = next((row for row in versions if row.state == StatementState.ACCEPTED), None)
    if current is None:
        return None, versions[0].revision + 1, ()
    rows = _lines_of(uow, [current.id])
    if rows and incoming.booked and not {row.booking_date for row in rows} & set(incoming.dates):
        return None, versions[0].revision + 1, ()
    left = Counter(zip(incoming.dates, incoming.keys, strict=True))
    missing = []
    for row in rows:
        if left[row.booking_date, row.line_key] > 0:
            left[row.booking_date, row.line_key] -= 1
        elif row.withdrawn_by is None:
            missing.append(row.id)
    return current.id, versions[0].revision + 1, tuple(missing)


def _lines_of(uow: UnitOfWork, statement_ids: Sequence[int]) -> list[Any]:
    """Lines that these statements contain, their own first and those that were known, in the order of each file."""
    columns = "l.id, l.booking_date, l.line_key, l.amount, l.withdrawn_by"
    sql = (
        f"SELECT l.statement_id AS within, l.line_index AS place, {columns} FROM statement_line l"
        " WHERE l.statement_id IN :ids UNION ALL"
        f" SELECT k.statement_id AS within, k.line_index AS place, {columns} FROM known_line k"
        " JOIN statement_line l ON l.id = k.statement_line_id WHERE k.statement_id IN :ids ORDER BY within, place"
    )
    return uow.select(sql, {"ids": list(statement_ids)})


def _stored(uow: UnitOfWork, incoming: Incoming) -> _Stored:
    days = [day for day in incoming.dates if day is not None]
    last = uow.known(_LAST_DAY, {"account": incoming.account.id})[0].booking_date
    if last is None or last < min(days):
        return _Stored({}, [], {}, {})
    lines = uow.select(
        "SELECT id, booking_date, line_key, occurrence, statement_id, amount FROM statement_line"
        " WHERE cash_account_id = :account AND booking_date BETWEEN :first AND :last",
        {"account": incoming.account.id, "first": min(days), "last": max(days)},
    )
    wanted = set(zip(days, incoming.keys, strict=True))
    by_key: dict[tuple[date, str], list[Any]] = {}
    for row in lines:
        if (row.booking_date, row.line_key) in wanted:
            by_key.setdefault((row.booking_date, row.line_key), []).append(row)
    ids = [row.id for rows in by_key.values() for row in rows]
    contained = {row.id: {row.statement_id} for rows in by_key.values() for row in rows}
    if ids:
        for row in uow.select(
            "SELECT statement_id, statement_line_id FROM known_line WHERE statement_line_id IN :ids", {"ids": ids}
        ):
            contained[row.statement_line_id].add(row.statement_id)
    within = {one for statements in contained.values() for one in statements} | {row.statement_id for row in lines}
    found = uow.select("SELECT * FROM statement WHERE id IN :ids", {"ids": sorted(within)}) if within else []
    return _Stored(by_key, lines, {row.id: row for row in found}, contained)


def span_of_row(row: Any) -> Span:
    """The span of a row of statement."""
    name = "" if not row.bank_statement_id and row.sequence is None else f"{row.bank_statement_id}/{row.sequence}"
    return Span(
        name,
        row.sequence,
        row.page,
        row.opening_balance,
        row.closing_balance,
        row.from_date or row.opening_date,
        row.to_date or row.closing_date,
    )


def _span(incoming: Incoming) -> Span:
    header = incoming.header
    days = [day for day in incoming.dates if day is not None]
    name = (
        "" if not header.statement_id and header.sequence is None else f"{header.statement_id or ''}/{header.sequence}"
    )
    return Span(
        name,
        header.sequence,
        header.page,
        header.opening_balance,
        header.closing_balance,
        header.from_date or header.opening_date or min(days, default=None),
        header.to_date or header.closing_date or max(days, default=None),
    )


def _overlapped(
    uow: UnitOfWork, incoming: Incoming, stored: _Stored, *, forced: int | None
) -> tuple[set[int], set[int]]:
    """The statements that show the same time as the incoming one, and those of which that can't be told."""
    days: dict[int, set[date]] = {}
    for rows in stored.by_key.values():
        for row in rows:
            for statement_id in stored.contained[row.id]:
                days.setdefault(statement_id, set()).add(row.booking_date)
    new = _span(incoming)
    over: set[int] = set()
    unclear: set[int] = set()
    for statement_id, shared in days.items():
        earlier = span_of_row(stored.statements[statement_id])
        found = Relation.OVER if statement_id == forced else relate(earlier, new, days=shared)
        if found is Relation.UNCLEAR:
            lines = [Shown(row.booking_date, row.line_key, row.amount) for row in _lines_of(uow, [statement_id])]
            earlier, new = earlier._replace(lines=lines), new._replace(lines=new.lines or _shown(incoming))
            found = relate(earlier, new, days=shared)
            numbered = earlier.sequence is not None and new.sequence is not None
            if found is Relation.UNCLEAR or (found is Relation.OVER and numbered):
                apart = linked(earlier, new, between=_around(uow, incoming, shared, statement_id))
                found = Relation.APART if apart else found
        if found is Relation.OVER:
            over.add(statement_id)
        elif found is Relation.UNCLEAR:
            unclear.add(statement_id)
    return over, unclear


def _shown(incoming: Incoming) -> list[Shown]:
    rows = zip(incoming.dates, incoming.keys, incoming.booked, strict=True)
    return [Shown(day, key, line.amount) for day, key, line in rows if day is not None]


def _around(uow: UnitOfWork, incoming: Incoming, days: set[date], but: int) -> list[Span]:
    """Other accepted statements of the account that touch these days."""
    rows = uow.select(
        "SELECT * FROM statement WHERE cash_account_id = :account AND state = 'accepted' AND kind = 'statement'"
        " AND id <> :but AND (coalesce(from_date, opening_date) IS NULL OR coalesce(from_date, opening_date) <= :last)"
        " AND (coalesce(to_date, closing_date) IS NULL OR coalesce(to_date, closing_date) >= :first)",
        {"account": incoming.account.id, "but": but, "first": min(days), "last": max(days)},
    )
    return [span_of_row(row) for row in rows]


def _count(incoming: Incoming, stored: _Stored, over: set[int]) -> Plan:
    """Multiset maximum with the statements in `over`; all other equal lines are other money."""
    shown: dict[tuple[date, str], list[int]] = {}
    highest: dict[tuple[date, str], int] = {}
    for identity, rows in stored.by_key.items():
        rows.sort(key=lambda row: row.occurrence)
        # A line that a statement apart from this one contains too is the last to be taken for one of these.
        shared = [row for row in rows if stored.contained[row.id] & over]
        shared.sort(key=lambda row: bool(stored.contained[row.id] - over))
        shown[identity] = [row.id for row in shared]
        highest[identity] = rows[-1].occurrence
    new: list[int] = []
    occurrences: list[int] = []
    known: list[tuple[int, int]] = []
    for position, (day, key) in enumerate(zip(incoming.dates, incoming.keys, strict=True)):
        assert day is not None
        same = shown.get((day, key))
        if same:
            known.append((position, same.pop(0)))
            continue
        highest[day, key] = occurrence = highest.get((day, key), 0) + 1
        new.append(position)
        occurrences.append(occurrence)
    return Plan(new, occurrences, known)


def _balance_needs_all(uow: UnitOfWork, incoming: Incoming, made: Plan) -> bool:
    """Whether a file without opening balance closes right only if the lines that look known are new too (P1')."""
    header = incoming.header
    if header.opening_balance is not None or header.closing_balance is None:
        return False
    last = uow.select(
        "SELECT closing_balance, coalesce(to_date, closing_date) AS closing_date FROM statement"
        " WHERE cash_account_id = :account AND state = 'accepted' AND kind = 'statement'"
        " AND closing_balance IS NOT NULL ORDER BY coalesce(to_date, closing_date) DESC, id DESC LIMIT 1",
        {"account": incoming.account.id},
    )
    if not last:
        return False
    moved: int = header.closing_balance - last[0].closing_balance
    fresh = sum(incoming.booked[position].amount for position in made.new)
    every = fresh + sum(incoming.booked[position].amount for position, _ in made.known)
    return fresh != moved and every == moved


def _reason_to_hold(uow: UnitOfWork, incoming: Incoming, stored: _Stored, made: Plan) -> str:
    mine = family(incoming.header.format)
    new = {(line_date(incoming.booked[n]), incoming.booked[n].amount) for n in made.new}
    others = {row.id for row in stored.statements.values() if family(row.format) != mine}
    if any(row.statement_id in others and (row.booking_date, row.amount) in new for row in stored.lines):
        return OTHER_FORMAT
    rows = uow.known(_CLOSED_UNTIL, {"account": incoming.account.id})
    if rows:
        closed, before = rows[0].reconciliation_date, incoming.account.cut_off_date
        for day, _ in new:
            assert day is not None
            if day <= closed and (before is None or day > before):
                return INSIDE_CLOSED
    return ""


def store(act: Action, incoming: Incoming, made: Plan, statement_id: int) -> Sequence[int]:
    """Write the planned lines and return the ids of the new ones."""
    if made.known:
        seen = {
            "statement_id": statement_id,
            "line_index": [incoming.booked[position].line_index for position, _ in made.known],
            "statement_line_id": [line_id for _, line_id in made.known],
        }
        act.insert("known_line", seen, count=len(made.known))
    if made.withdrawn:
        reason = f"The corrected statement {statement_id} no longer has it."
        values = {"state": LineState.IGNORED.value, "state_reason": reason, "withdrawn_by": statement_id}
        act.update("statement_line", list(made.withdrawn), values)
    if made.supersedes is not None:
        act.update("statement", [made.supersedes], {"state": StatementState.SUPERSEDED.value})
    if not made.new:
        return ()
    every = len(made.new) == len(incoming.booked)
    lines = incoming.booked if every else [incoming.booked[position] for position in made.new]
    columns: dict[str, Any] = line_rows.to_columns(lines)
    last = incoming.account.cut_off_date
    before = [last is not None and day <= last for day in columns["booking_date"]]
    if any(before):
        columns["state"] = [LineState.IGNORED.value if old else LineState.OPEN.value for old in before]
        columns["state_reason"] = [cut_off.REASON if old else "" for old in before]
    else:
        columns["state"] = [LineState.OPEN.value] * len(lines)
    values = {
        "cash_account_id": incoming.account.id,
        "statement_id": statement_id,
        "currency": incoming.account.currency,
        "line_key": incoming.keys if every else [incoming.keys[position] for position in made.new],
        "occurrence": made.occurrences,
        **columns,
    }
    return act.insert("statement_line", values, count=len(lines))
