"""How two statements of one account lie to each other: one after the other, or over each other (domain 7.3).

The occurrence counter of equal lines is right only if this is known: two deliveries that cover the same time show the
same coffee, two that follow each other show two coffees. Balances and content decide; where both fit (a net change of
zero), the sequence, then the period; where nothing decides, a person does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Relation(StrEnum):
    """Of an earlier delivery to a new one. `apart`: they share no time, whichever came first."""

    APART = "apart"
    OVER = "over"
    UNCLEAR = "unclear"


class Shown(NamedTuple):
    """A line as a statement shows it: date, key and amount in minor units."""

    day: date
    key: str
    amount: int


class Span(NamedTuple):
    """What a statement covers: dates, balances in minor units at both ends, and its lines in the order of the file
    (None while nobody needed them). `name` is the bank's name of it without the page.
    """

    name: str
    sequence: int | None
    page: int | None
    opening: int | None
    closing: int | None
    from_date: date | None
    to_date: date | None
    lines: Sequence[Shown] | None = None

    @property
    def proved(self) -> bool:
        """Whether both balances are known."""
        return self.opening is not None and self.closing is not None


def relate(earlier: Span, new: Span, *, days: Iterable[date]) -> Relation:
    """The relation of two statements that have equal lines on `days`. Without `lines` it may be unclear although these
    would tell.
    """
    if earlier.name and earlier.name == new.name and earlier.page != new.page:
        return Relation.APART
    if any(_inside(day, earlier) or _inside(day, new) for day in days):
        return Relation.OVER
    if not (earlier.proved and new.proved):
        return Relation.OVER
    if earlier.lines is None or new.lines is None:
        return Relation.UNCLEAR
    apart = earlier.closing == new.opening or new.closing == earlier.opening
    over = _may_overlap(earlier, new) or _may_overlap(new, earlier)
    if apart and over:
        return _by_number(earlier, new)
    if apart:
        return Relation.APART
    if over or earlier.opening == new.opening or earlier.closing == new.closing:
        return Relation.OVER
    if earlier.sequence is not None and new.sequence is not None and earlier.sequence != new.sequence:
        return Relation.APART
    return Relation.UNCLEAR


def _inside(day: date, span: Span) -> bool:
    """Whether a day lies strictly inside a statement, so that every statement over that day shows all of it."""
    return span.from_date is not None and span.to_date is not None and span.from_date < day < span.to_date


def _may_overlap(first: Span, second: Span) -> bool:
    """Whether `second` may begin somewhere within `first`: at its opening balance `first` goes on with lines that
    `second` shows too, or with all that `second` shows.
    """
    assert first.lines is not None
    assert second.lines is not None
    assert first.opening is not None
    shown = Counter(second.lines)
    balance = first.opening
    for position, line in enumerate(first.lines):
        if balance == second.opening:
            left = Counter(first.lines[position:])
            if left <= shown or shown <= left:
                return True
        balance += line.amount
    return False


def _by_number(earlier: Span, new: Span) -> Relation:
    """Balances and content allow both: use the sequence, then the period."""
    if earlier.sequence is not None and new.sequence is not None:
        step = new.sequence - earlier.sequence
        follows = (step == 1 and earlier.closing == new.opening) or (step == -1 and new.closing == earlier.opening)
        return Relation.APART if follows else Relation.OVER
    periods = (earlier.from_date, earlier.to_date), (new.from_date, new.to_date)
    if None in periods[0] or None in periods[1] or periods[0] == periods[1]:
        return Relation.UNCLEAR
    return Relation.OVER


def linked(first: Span, second: Span, *, between: Sequence[Span]) -> bool:
    """Whether a chain of statements leads from the end of one to the beginning of the other, so that they are apart.

    `between` are other statements of the account. Numbered statements must follow each other without a gap. Where the
    two meet without any between them, `relate` has the word.
    """
    if first.closing == second.opening or second.closing == first.opening:
        return False
    return _leads(first, second, between) or _leads(second, first, between)


def _leads(first: Span, second: Span, between: Sequence[Span]) -> bool:
    reached: set[tuple[int | None, int | None]] = set()
    waiting = [first]
    while waiting:
        span = waiting.pop()
        for step in (second, *between):
            if step.opening is None or step.opening != span.closing or not _next_number(span, step):
                continue
            if step is second:
                return True
            if (step.opening, step.closing) not in reached:
                reached.add((step.opening, step.closing))
                waiting.append(step)
    return False


def _next_number(span: Span, step: Span) -> bool:
    return span.sequence is None or step.sequence is None or step.sequence == span.sequence + 1
