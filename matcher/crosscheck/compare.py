"""Two readings of one file, fact by fact."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import NamedTuple

from matcher.crosscheck.views import LineView, StatementView

_ALIGNED_MAX = 5_000
_LINE_FIELDS = ("booking_date", "value_date", "amount", "reference")
_STATEMENT_FIELDS = ("opening", "closing")


class Case(NamedTuple):
    """One difference with what it stands in: both statements and both lines, None where a side has none.

    `statement` and `line` count from 1, `all_ours` are our statements of the file.
    """

    field: str
    ours: object
    theirs: object
    statement: int | None = None
    line: int | None = None
    our_statement: StatementView | None = None
    their_statement: StatementView | None = None
    our_line: LineView | None = None
    their_line: LineView | None = None
    all_ours: tuple[StatementView, ...] = ()


def compare(ours: list[StatementView], theirs: list[StatementView], *, fields: frozenset[str]) -> Iterator[Case]:
    """All differences, in the order of the file; `fields` are those that the second reader can tell."""
    everything = tuple(ours)
    for case in _differences(ours, theirs, fields):
        yield case._replace(all_ours=everything)


def _differences(ours: list[StatementView], theirs: list[StatementView], fields: frozenset[str]) -> Iterator[Case]:
    if len(ours) != len(theirs):
        yield Case("statements", len(ours), len(theirs))
    for number, (mine, other) in enumerate(_paired(ours, theirs), start=1):
        if mine is None or other is None:
            yield Case("statement", _name(mine), _name(other), number, None, mine, other)
            continue
        for name in _STATEMENT_FIELDS:
            if name in fields and getattr(mine, name) != getattr(other, name):
                yield Case(name, getattr(mine, name), getattr(other, name), number, None, mine, other)
        yield from _lines(number, mine, other, fields)


def _name(statement: StatementView | None) -> str | None:
    return None if statement is None else f"{statement.name or ''} ({len(statement.lines)} lines)"


def _paired(
    ours: list[StatementView], theirs: list[StatementView]
) -> Iterator[tuple[StatementView | None, StatementView | None]]:
    """Statements side by side: by position, or by name and opening balance where one side has more."""
    if len(ours) == len(theirs) or len(ours) + len(theirs) > _ALIGNED_MAX:
        yield from zip_longest(ours, theirs)
        return
    keys = [[(one.name, one.opening, len(one.lines)) for one in side] for side in (ours, theirs)]
    for mine, other in _aligned(keys[0], keys[1]):
        yield (None if mine is None else ours[mine], None if other is None else theirs[other])


def _aligned(ours: Sequence[Hashable], theirs: Sequence[Hashable]) -> Iterator[tuple[int | None, int | None]]:
    """Positions side by side; what has no partner stands alone."""
    for kind, mine_from, mine_to, other_from, other_to in SequenceMatcher(
        None, ours, theirs, autojunk=False
    ).get_opcodes():
        if kind in ("equal", "replace"):
            yield from zip_longest(range(mine_from, mine_to), range(other_from, other_to))
        elif kind == "delete":
            yield from ((position, None) for position in range(mine_from, mine_to))
        else:
            yield from ((None, position) for position in range(other_from, other_to))


def _lines(number: int, mine: StatementView, other: StatementView, fields: frozenset[str]) -> Iterator[Case]:
    if len(mine.lines) != len(other.lines):
        yield Case("lines", len(mine.lines), len(other.lines), number, None, mine, other)
    pairs: Iterator[tuple[int | None, int | None]]
    if len(mine.lines) == len(other.lines) or len(mine.lines) + len(other.lines) > _ALIGNED_MAX:
        both = range(min(len(mine.lines), len(other.lines)))
        pairs = zip(both, both, strict=True)
    else:
        keys = [[(line.value_date, line.amount) for line in side.lines] for side in (mine, other)]
        pairs = _aligned(keys[0], keys[1])
    for our_place, their_place in pairs:
        our_line = None if our_place is None else mine.lines[our_place]
        their_line = None if their_place is None else other.lines[their_place]
        place = (our_place if our_place is not None else their_place or 0) + 1
        if our_line is None or their_line is None:
            yield Case("line", _facts(our_line), _facts(their_line), number, place, mine, other, our_line, their_line)
            continue
        for name in _LINE_FIELDS:
            if name in fields and getattr(our_line, name) != getattr(their_line, name):
                facts = getattr(our_line, name), getattr(their_line, name)
                yield Case(name, *facts, number, place, mine, other, our_line, their_line)


def _facts(line: LineView | None) -> str | None:
    return None if line is None else f"{line.booking_date} {line.amount} {line.reference or ''}".strip()
