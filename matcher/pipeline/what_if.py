"""Open items with a detail changed, to see what the engine would say then. Columns are copied, never written to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from matcher import engine
from matcher.engine import RejectedIds
from matcher.proposal import LineResult
from matcher.rules.columns import Book, Lines, Texts
from matcher.rules.items import Items
from matcher.rules.settings import RuleSettings

# Around a pair the open items of this many days say how rare an amount and how free a party are.
DAYS_AROUND = 120
ITEMS_MAX = 4_000


class World(NamedTuple):
    """Open lines and items, the rules, and what people rejected. `names` are what people call items, by id, where that
    is not the id itself.
    """

    lines: Lines
    book: Book
    rules: RuleSettings
    rejected: tuple[RejectedIds, ...] = ()
    names: Mapping[str, str] = MappingProxyType({})

    def called(self, rows: Iterable[int]) -> list[str]:
        """What people call the items at these positions."""
        return [self.names.get(self.book.ids[row], self.book.ids[row]) for row in rows]

    def says(self, line: int) -> LineResult:
        """The engine's word on one line."""
        return engine.match(self.lines, self.book, rules=self.rules, rejected=self.rejected).at(line)


class Place(NamedTuple):
    """A line and items in a world, by position."""

    line: int
    rows: tuple[int, ...]


def around(world: World, items: Items, place: Place) -> tuple[World, Place]:
    """The part of a world that a pair meets: its account and currency, and of a large one only the days around it."""
    pool = items.pool_l[place.line]
    lines, rows = np.flatnonzero(items.pool_l == pool), np.flatnonzero(items.pool_r == pool)
    if len(lines) + len(rows) > ITEMS_MAX:
        days = [int(world.lines.booking_day[place.line]), *world.book.day[list(place.rows)].tolist()]
        first, last = min(days) - DAYS_AROUND, max(days) + DAYS_AROUND
        lines = lines[(world.lines.booking_day[lines] >= first) & (world.lines.booking_day[lines] <= last)]
        rows = rows[(world.book.day[rows] >= first) & (world.book.day[rows] <= last)]
    smaller = world._replace(lines=world.lines.take(lines), book=world.book.take(rows))
    line = int(np.searchsorted(lines, place.line))
    return smaller, Place(line, tuple(np.searchsorted(rows, place.rows).tolist()))


def without_row(world: World, row: int) -> World:
    """The world where one item is not open: it keeps its place and has nothing left."""
    amount = world.book.amount.copy()
    amount[row] = 0
    return world._replace(book=replace(world.book, amount=amount))


def without_line(world: World, line: int) -> World:
    """The world where one bank line has nothing left."""
    amount = world.lines.amount.copy()
    amount[line] = 0
    return world._replace(lines=replace(world.lines, amount=amount))


def with_amount(world: World, line: int, amount: int) -> World:
    """The world where a line has another amount, in minor units."""
    amounts = world.lines.amount.copy()
    amounts[line] = amount
    return world._replace(lines=replace(world.lines, amount=amounts))


def with_day(world: World, line: int, day: int) -> World:
    """The world where a line was booked on another day (days since 1970-01-01)."""
    booking, value = world.lines.booking_day.copy(), world.lines.value_day.copy()
    booking[line] = value[line] = day
    return world._replace(lines=replace(world.lines, booking_day=booking, value_day=value))


def with_text(world: World, line: int, name: str, value: str) -> World:
    """The world where a text field of a line says something else; "" empties it."""
    column = world.lines.text(name)
    codes = column.codes.copy()
    codes[line] = len(column.values) if value else -1
    values: Sequence[str] = [*column.values, value] if value else column.values
    return world._replace(lines=replace(world.lines, texts={**world.lines.texts, name: Texts(codes, values)}))
