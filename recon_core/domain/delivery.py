"""How two statements of one account lie to each other: one before the other, or over each other (domain 7.3).

The occurrence counter of equal lines is right only if this is known: two deliveries that cover the same time show the
same coffee, two that follow each other show two coffees. Balances decide; where they can't (a net change of zero), the
sequence, then the period; where nothing decides, a person does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Relation(StrEnum):
    """Of an earlier delivery to a new one. `apart`: they share no time, whichever came first."""

    APART = "apart"
    OVER = "over"
    UNCLEAR = "unclear"


class Span(NamedTuple):
    """What a statement covers: dates, and balances in minor units at both ends.

    `points` are the running balances between its lines in the order of the file, None while nobody needed them; `name`
    is the bank's name of it without the page.
    """

    name: str
    sequence: int | None
    page: int | None
    opening: int | None
    closing: int | None
    from_date: date | None
    to_date: date | None
    points: frozenset[int] | None = None

    @property
    def proved(self) -> bool:
        """Whether both balances are known."""
        return self.opening is not None and self.closing is not None


def running_points(opening: int | None, amounts: Sequence[int]) -> frozenset[int]:
    """Balances between the lines of a statement, both ends left out."""
    if opening is None:
        return frozenset()
    points, balance = set(), opening
    for amount in amounts[:-1]:
        balance += amount
        points.add(balance)
    return frozenset(points)


def relate(earlier: Span, new: Span, *, days: Sequence[date]) -> Relation:
    """The relation of two statements that have equal lines on `days`. Without `points` it may be unclear although
    these would tell.
    """
    if earlier.name and earlier.name == new.name and earlier.page != new.page:
        return Relation.APART
    if any(_within(day, earlier) and _covers(new, earlier, day) for day in days):
        return Relation.OVER
    if not (earlier.proved and new.proved):
        return Relation.OVER
    follows = earlier.closing == new.opening or new.closing == earlier.opening
    same_end = earlier.opening == new.opening or earlier.closing == new.closing
    if follows and same_end:
        return _by_number(earlier, new)
    if follows:
        return Relation.APART
    if same_end:
        return Relation.OVER
    if earlier.points is None or new.points is None:
        return Relation.UNCLEAR
    if new.opening in earlier.points or earlier.opening in new.points:
        return Relation.OVER
    if earlier.sequence is not None and new.sequence is not None and earlier.sequence != new.sequence:
        return Relation.APART
    return Relation.UNCLEAR


def _within(day: date, span: Span) -> bool:
    return span.from_date is not None and span.to_date is not None and span.from_date <= day <= span.to_date


def _covers(one: Span, other: Span, day: date) -> bool:
    """Whether a day lies strictly inside one of the two, so that both must show all of it."""

    def inside(span: Span) -> bool:
        return span.from_date is not None and span.to_date is not None and span.from_date < day < span.to_date

    return inside(one) or inside(other)


def _by_number(earlier: Span, new: Span) -> Relation:
    """Balances allow both: use the sequence, then the period."""
    if earlier.sequence is not None and new.sequence is not None:
        return Relation.OVER if earlier.sequence == new.sequence else Relation.APART
    if None in (earlier.from_date, earlier.to_date, new.from_date, new.to_date):
        return Relation.UNCLEAR
    assert earlier.from_date is not None
    assert earlier.to_date is not None
    assert new.from_date is not None
    assert new.to_date is not None
    if earlier.to_date < new.from_date or new.to_date < earlier.from_date:
        return Relation.APART
    return Relation.UNCLEAR if (earlier.from_date, earlier.to_date) == (new.from_date, new.to_date) else Relation.OVER
