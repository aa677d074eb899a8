"""Entries of shapes that a file repeats, read by one regular expression each and turned into lines column by column.

A shape is a `:61:` of one line and a `:86:` of a known outline. The groups of its pattern are the values, so that
nothing has to be taken apart; and what is done to a value is done to those of many entries at once. A shape is learned
when it was seen so often that the making of its pattern pays.

What comes out is what `usual` makes of the entries one by one. What has anything further in it is left to that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from itertools import repeat
from typing import Any, NamedTuple

from matcher.parsers.mt940.entry import MARKS
from matcher.parsers.mt940.grammar import EntryDates, entry_dates
from matcher.parsers.mt940.line import NO_REFERENCE
from matcher.parsers.mt940.outline import Columns, Outline, WordsOutline, german_outline, slash_outline
from matcher.parsers.mt940.reference import structured_reference
from matcher.parsers.mt940.row import (
    ACCOUNT,
    CREDITOR_REFERENCE,
    END_TO_END_ID,
    EXTRA,
    INSTRUCTION_ID,
    REMITTANCE,
    WHERE,
)
from matcher.parsers.mt940.wrapping import cut_evenly
from recon_core.domain.currency import EXPONENTS
from recon_core.domain.statement import StatementLine

# A pattern costs as much as it saves on so many entries; one entry in so many is looked at, as that costs time, too.
_SIGHTINGS_MIN = 12
_LOOKED_AT = 8
# More shapes with one number of marks than this are not worth trying one after the other.
_ALIKE_MAX = 8
_OUTLINES_MAX = 1000
_PREFIXES_MAX = 20_000
# Fewer entries than this are as quickly read one by one.
_BATCH_MIN = 8

# Dates, mark and funds code are read once, as a file repeats them. References of 15 letters may be accounts.
_HEAD = (
    r"([0-9 ]+[A-Z]+)([0-9]{{1,{whole_max}}}),([0-9]{{{places}}})([NSF](?!CHK)[A-Z0-9]{{3}})"
    r"([^/: \n]{{0,14}}+)(?://([^: \n]++))?+{line_feed}:86:"
)
_DIGITS_MAX = 15
_PREFIX = r"([0-9]{{6}}(?:[0-9]{{4}}| {{4}})?)(R?[CD]|E[CD]){funds}?"

_new = tuple.__new__
_DEFAULTS = [StatementLine._field_defaults.get(name) for name in StatementLine._fields]


class Prefix(NamedTuple):
    """What dates and mark say."""

    booking: date | None
    value: date | None
    sign: int
    reversal: bool
    status: str


class _Shape:
    """An outline with its pattern, and the entries that wait: place, number and prefix, and the pattern's groups."""

    def __init__(self, head: str, outline: Outline) -> None:
        self.match = re.compile(head + outline.expression, re.DOTALL).fullmatch
        self.outline = outline
        self.waiting: list[tuple[int, int, Prefix]] = []
        self.groups: list[tuple[str, ...]] = []


class Shapes:
    """The shapes of a file in one currency, learned while it is read. `dates` are those that are known already."""

    def __init__(self, currency: str, dates: dict[str, EntryDates]) -> None:
        places = EXPONENTS[currency]
        self._currency = currency
        self._dates = dates
        head = partial(_HEAD.format, whole_max=_DIGITS_MAX - places, places=places)
        self._head = head(line_feed="")
        self._words = _Shape(head(line_feed="\n"), WordsOutline())
        self._all = [self._words]
        self._prefix = re.compile(_PREFIX.format(funds=currency[2]), re.ASCII)
        self._prefixes: dict[str, Prefix] = {}
        self._german: dict[tuple[int, int], list[_Shape]] = {}
        self._slash: dict[int, list[_Shape]] = {}
        self._sightings: Counter[str] = Counter()
        self._unknown = 0

    def take(self, chunk: str, place: int, number: int) -> int:
        """Take an entry for `fill`, if its shape is known; returns its lines in the file, 0 if it was not taken.

        `chunk` is the content of `:61:` and what follows up to the next one, `number` its line in the file.
        """
        first = chunk.find("\n")
        text = first + 5
        mark = chunk[text : text + 1]
        # Without a colon in the text, those of `:86:` stand at the beginning of its line and there is no further tag.
        if first < 0 or chunk.find(":", text) >= 0:
            return 0
        if mark.isalpha():
            found = self._words.match(chunk)
            is_taken = found is not None and self._wait(self._words, found, place, number)
            return chunk.count("\n") + 1 if is_taken else 0
        if mark != "/" and chunk[text + 3 : text + 4] != "?":
            return 0
        flat = chunk.replace("\n", "")
        lines = len(chunk) - len(flat) + 1
        if lines > 2 and not cut_evenly(chunk, lines - 2, start=text):
            return 0
        if mark == "/":
            shapes = self._slash.get(flat.count("/", first))
        else:
            shapes = self._german.get((flat.count("?", first), flat.count("+", first)))
        for shape in shapes or ():
            found = shape.match(flat)
            if found is not None:
                return lines if self._wait(shape, found, place, number) else 0
        self._unknown += 1
        if self._unknown % _LOOKED_AT == 0:
            self._learn(flat[first + 4 :])
        return 0

    def _wait(self, shape: _Shape, found: re.Match[str], place: int, number: int) -> bool:
        groups = found.groups()
        prefix = self._prefixes.get(groups[0]) or self._new_prefix(groups[0])
        if prefix is None:
            return False
        shape.waiting.append((place, number, prefix))
        shape.groups.append(groups)
        return True

    def fill(self, run: list[Any], index: int) -> list[tuple[int, int]]:
        """Put the lines of the entries that were taken at their places, the first of which is the line `index`.

        Returns place and number of those that are to be read one by one after all.
        """
        left: list[tuple[int, int]] = []
        for shape in self._all:
            if shape.waiting:
                left += self._fill(shape, run, index)
                shape.waiting, shape.groups = [], []
        return left

    def _new_prefix(self, text: str) -> Prefix | None:
        """What dates, mark and funds code say; None if they take the careful way."""
        found = self._prefix.fullmatch(text)
        if found is None:
            return None
        dates = self._dates.get(found[1]) or entry_dates(found[1][:6], found[1][6:])
        if dates.bad is not None:
            return None
        if len(self._prefixes) >= _PREFIXES_MAX:
            self._prefixes.clear()
        prefix = Prefix(dates.booking, dates.value, *MARKS[found[2]])
        self._prefixes[text] = prefix
        return prefix

    def _learn(self, text: str) -> None:
        """Count the outline of a text, and make a shape of it when it was seen often enough."""
        outline = slash_outline(text) if text[0] == "/" else german_outline(text)
        if outline is None or len(self._sightings) >= _OUTLINES_MAX:
            return
        self._sightings[outline.expression] += 1
        if self._sightings[outline.expression] != _SIGHTINGS_MIN:
            return
        shapes = (
            self._slash.setdefault(text.count("/"), [])
            if text[0] == "/"
            else self._german.setdefault((text.count("?"), text.count("+")), [])
        )
        if len(shapes) < _ALIKE_MAX:
            shapes.append(_Shape(self._head, outline))
            self._all.append(shapes[-1])

    def _fill(self, shape: _Shape, run: list[Any], index: int) -> Iterable[tuple[int, int]]:
        places, numbers, prefixes = zip(*shape.waiting, strict=True)
        _, units, cents, kinds, own, bank, *groups = zip(*shape.groups, strict=True)
        filled = shape.outline.columns(kinds, groups) if len(places) >= _BATCH_MIN else None
        if filled is None:
            return zip(places, numbers, strict=True)
        booking, value, signs, reversal, status = zip(*prefixes, strict=True)
        _file_references(own, filled)
        columns = [filled.get(field) or repeat(default) for field, default in enumerate(_DEFAULTS)]
        columns[:8] = (
            [index + place for place in places],
            booking,
            value,
            [sign * int(unit + cent) for sign, unit, cent in zip(signs, units, cents, strict=True)],
            repeat(self._currency),
            status,
            reversal,
            [None if text in NO_REFERENCE else text for text in bank],
        )
        columns[WHERE] = [f"line {number}" for number in numbers]
        lines = map(_new, repeat(StatementLine), zip(*columns, strict=False))
        for place, line in zip(places, lines, strict=True):
            run[place] = line
        return ()


def _file_references(own: Sequence[str], filled: Columns) -> None:
    """Fill in what subfields 7 of `:61:` and the remittance texts tell, as `line.finished` does for one entry."""
    nothing: Iterable[Any] = repeat(None)
    ends: list[str | None] = []
    instructions: list[str | None] = []
    left: list[tuple[int, str]] = []
    given = (filled.get(place) or nothing for place in (END_TO_END_ID, INSTRUCTION_ID, ACCOUNT))
    for place, (reference, end, instruction, account) in enumerate(zip(own, *given, strict=False)):
        if end in NO_REFERENCE:
            end = None
        if reference not in NO_REFERENCE and reference not in (end, account):
            if end is None:
                end = reference
            elif instruction is None:
                instruction = reference
            elif instruction != reference:
                left.append((place, reference))
        ends.append(end)
        instructions.append(instruction)
    filled[END_TO_END_ID], filled[INSTRUCTION_ID] = ends, instructions
    if left:
        extra = [*(filled.get(EXTRA) or [()] * len(own))]
        for place, reference in left:
            extra[place] += (("61/7", reference),)
        filled[EXTRA] = extra
    if REMITTANCE in filled:
        filled[CREDITOR_REFERENCE] = [
            structured_reference(text) if text is not None and known is None else known
            for text, known in zip(filled[REMITTANCE], filled.get(CREDITOR_REFERENCE) or nothing, strict=False)
        ]
