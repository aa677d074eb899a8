"""The smallest change that would have matched a pair: single details are changed, and the engine is asked each time.

Nothing is guessed: a change is only named if the engine, run on the changed items, clears exactly this pair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from matcher.engine import MatchResult
from matcher.pipeline.signs import NUMBER_FIELDS, SignKind, quoted
from matcher.pipeline.what_if import Place, World, with_amount, with_day, with_text, without_line, without_row
from matcher.proposal import MatchStatus
from matcher.rules.columns import NO_DAY
from matcher.rules.items import Items
from matcher.rules.names import NameLevel
from matcher.rules.relations import Relation
from matcher.rules.tokens import field_key, normalized
from matcher.rules.view import View
from recon_core.domain.money import Money, to_text

RUNS_MAX = 30
# In an account with more open items than this a run takes long, so fewer are tried.
ITEMS_MANY = 20_000
RUNS_MAX_MANY = 8
_CHANGES_MAX = 3
_SHIFT_DAYS_MAX = 512

Edit = Callable[[World], World]


class Repair(NamedTuple):
    """One detail that could have been otherwise: what it is about, in words, and the world where it is."""

    kind: SignKind
    says: str
    edit: Edit


class Change(NamedTuple):
    """Details that together would have matched the pair; `says` completes "it would have matched with ..."."""

    kinds: tuple[SignKind, ...]
    details: tuple[str, ...]

    @property
    def says(self) -> str:
        """The details in one phrase."""
        return " and ".join(self.details)


class Found(NamedTuple):
    """The smallest changes, alternatives to each other; by kind the score that one repair alone leads to, in permille;
    and whether the search ended before every combination was tried.
    """

    changes: tuple[Change, ...]
    scores: dict[SignKind, int]
    gave_up: bool


def smallest_changes(world: World, view: View, place: Place, result: MatchResult) -> Found:
    """Repairs of a pair, one at a time, then two, then three together; all of the smallest size are given.

    `result` is the engine's word on this very world.
    """
    line, row = place.line, place.rows[0]
    repairs = _repairs(world, view, line, row, result)
    changes: list[Change] = []
    scores: dict[SignKind, int] = {}
    runs = 0
    runs_max = RUNS_MAX if len(world.lines) + len(world.book) <= ITEMS_MANY else RUNS_MAX_MANY
    for size in range(1, min(3, len(repairs)) + 1):
        for chosen in combinations(repairs, size):
            if runs == runs_max:
                return Found(tuple(changes), scores, gave_up=True)
            runs += 1
            said = _edited(world, chosen).says(line)
            only = said.book == (world.book.ids[row],)
            if only and size == 1:
                scores[chosen[0].kind] = round(said.score * 1000)
            if only and said.status is MatchStatus.CLEARED:
                changes.append(Change(tuple(one.kind for one in chosen), tuple(one.says for one in chosen)))
        if changes:
            break
    return Found(tuple(changes[:_CHANGES_MAX]), scores, gave_up=False)


def holds(world: World, view: View, place: Place, result: MatchResult, changes: Sequence[Change]) -> bool:
    """Whether each of these changes clears the pair in this world too, where it may meet more."""
    line, row = place.line, place.rows[0]
    repairs = {one.says: one for one in _repairs(world, view, line, row, result)}
    for change in changes:
        if not set(change.details) <= repairs.keys():
            return False
        said = _edited(world, tuple(repairs[one] for one in change.details)).says(line)
        if said.book != (world.book.ids[row],) or said.status is not MatchStatus.CLEARED:
            return False
    return True


def _edited(world: World, repairs: tuple[Repair, ...]) -> World:
    for repair in repairs:
        world = repair.edit(world)
    return world


def _repairs(world: World, view: View, line: int, row: int, result: MatchResult) -> list[Repair]:
    """What could be otherwise, the most likely mistake first."""
    found = [
        _number(view, line, row),
        _date(view, line, row),
        _amount(view, line, row),
        _name(view, line, row),
        *_rivals(world, line, row, result),
    ]
    return [one for one in found if one is not None]


def _number(view: View, line: int, row: int) -> Repair | None:
    reference = view.items.book.text("reference").at(row)
    if not reference:
        return None
    relation, number, name = quoted(view, line, row)
    if relation is Relation.SAME:
        return None
    if not number or relation is Relation.NOTHING:
        return Repair(SignKind.NUMBER, f"the reference {reference}", lambda world: _quote(world, line, reference))
    field = NUMBER_FIELDS[name]
    says = f"the reference {reference} instead of {number} in the {field}"
    return Repair(SignKind.NUMBER, says, lambda world: _requote(world, line, name, number, reference))


def _quote(world: World, line: int, reference: str) -> World:
    return with_text(world, line, "creditor_reference", reference)


def _requote(world: World, line: int, name: str, number: str, reference: str) -> World:
    """Put the reference where another number stands, in every field that has that number."""
    for field in NUMBER_FIELDS:
        text = world.lines.text(field).at(line)
        if text and (field == name or field_key(text) == number):
            whole = normalized(text) == number or number not in text
            world = with_text(world, line, field, reference if whole else text.replace(number, reference))
    return world


def _date(view: View, line: int, row: int) -> Repair | None:
    items = view.items
    booked, dated = int(items.lines.booking_day[line]), int(items.book.day[row])
    if booked == NO_DAY or bool(view.in_window(line, np.array([row]))[0]):
        return None
    towards = -1 if booked > dated else 1
    low, high = 1, min(abs(booked - dated), _SHIFT_DAYS_MAX)
    while low < high:
        middle = (low + high) // 2
        if _inside(view, line, row, booked + towards * middle):
            high = middle
        else:
            low = middle + 1
    says = f"a booking date {high} day(s) {'earlier' if towards < 0 else 'later'}"
    return Repair(SignKind.DATE, says, lambda world: with_day(world, line, booked + towards * high))


def _inside(view: View, line: int, row: int, day: int) -> bool:
    items = view.items
    world = with_day(World(items.lines, items.book, items.settings), line, day)
    moved = View(Items(world.lines, world.book, world.rules))
    return bool(moved.in_window(line, np.array([row]))[0])


def _amount(view: View, line: int, row: int) -> Repair | None:
    items = view.items
    paid, booked = int(items.lines.amount[line]), int(items.book.amount[row])
    if paid == booked:
        return None
    currency = items.lines.currencies[items.lines.currency[line]]
    if (paid > 0) != (booked > 0):
        says = f"{to_text(booked, currency)} instead of {Money(paid, currency)}"
    else:
        off = to_text(abs(paid - booked), currency)
        says = f"{off} {currency} {'less' if abs(paid) > abs(booked) else 'more'} on the bank line"
    return Repair(SignKind.AMOUNT, says, lambda world: with_amount(world, line, booked))


def _name(view: View, line: int, row: int) -> Repair | None:
    ours = view.items.book.text("counterparty").at(row)
    level = int(view.items.name_levels(np.array([line]), np.array([row]))[0])
    if not ours or level == NameLevel.EQUAL:
        return None
    theirs = view.items.lines.text("counterparty_name").at(line)
    says = f"the name {ours!r} instead of {theirs!r}" if theirs else f"the name {ours!r} on the bank line"
    return Repair(SignKind.NAME, says, lambda world: with_text(world, line, "counterparty_name", ours))


def _rivals(world: World, line: int, row: int, result: MatchResult) -> list[Repair]:
    """Other items that the engine holds against this one, and other lines that have it or want it."""
    found = []
    choices = [result.rows_of(line), *result.alternatives.get(line, ())]
    others = sorted({one for rows in choices for one in rows} - {row}) if (row,) in choices else []
    if others:
        names = ", ".join(sorted(world.called(others)))
        found.append(Repair(SignKind.RIVAL, f"no {names} among the open transactions", _dropping_rows(others)))
    lines = wanted_by(result, line, row)
    if lines:
        names = ", ".join(world.lines.ids[one] for one in lines)
        found.append(Repair(SignKind.RIVAL, f"no bank line {names}", _dropping_lines(lines)))
    return found


def _dropping_rows(rows: list[int]) -> Edit:
    def edit(world: World) -> World:
        for row in rows:
            world = without_row(world, row)
        return world

    return edit


def _dropping_lines(lines: list[int]) -> Edit:
    def edit(world: World) -> World:
        for line in lines:
            world = without_line(world, line)
        return world

    return edit


def wanted_by(result: MatchResult, line: int, row: int) -> list[int]:
    """Other lines that an item was cleared for or is proposed to, by id; not the lines of its own group."""
    at = np.searchsorted(result.start, np.flatnonzero(result.row == row), side="right") - 1
    lines = set(at.tolist()) | {
        one for one, choices in result.alternatives.items() if any(row in rows for rows in choices)
    }
    others = lines - {line, *result.together.get(line, ())}
    return sorted(others, key=lambda one: result.lines.ids[one])
