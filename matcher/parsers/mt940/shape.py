"""Entries of shapes that a file repeats, read by one regular expression each and turned into lines column by column.

A shape is a `:61:` of one line and a `:86:` of a known outline. The groups of its pattern are the values, so that
nothing has to be taken apart; and what is done to a value is done to those of many entries at once. A shape is learned
when it was seen so often that the making of its pattern pays.

What comes out is what `usual` makes of the entries one by one. What has anything further in it is left to that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from itertools import compress, repeat
from operator import eq, mul
from typing import Any, NamedTuple

from matcher.parsers.mt940.entry import MARKS
from matcher.parsers.mt940.grammar import EntryDates
from matcher.parsers.mt940.line import NO_REFERENCE
from matcher.parsers.mt940.outline import Columns, Outline, WordsOutline, german_outline, slash_outline
from matcher.parsers.mt940.reference import has_reference_mark, structured_reference
from matcher.parsers.mt940.row import (
    ACCOUNT,
    CREDITOR_REFERENCE,
    END_TO_END_ID,
    EXTRA,
    INSTRUCTION_ID,
    MANDATE_ID,
    REMITTANCE,
    WHERE,
)
from matcher.parsers.mt940.wrapping import cut_evenly
from recon_core.domain.currency import EXPONENTS
from recon_core.domain.statement import StatementLine

# A pattern costs as much as it saves on so many entries; one entry in so many is looked at, as that costs time, too.
_SIGHTINGS_MIN = 10
_LOOKED_AT = 2
# More shapes with one number of marks than this are not worth trying one after the other.
_ALIKE_MAX = 8
_OUTLINES_MAX = 1000
_PREFIXES_MAX = 20_000
# Fewer entries than this are as quickly read one by one.
_BATCH_MIN = 4

# Dates, mark and funds code are read once, as a file repeats them. References of 15 letters may be accounts, those that
# begin with RF, OCR or KID structured ones.
_HEAD = (
    r"([0-9 ]+[A-Z]+)([0-9]{{1,{whole_max}}},[0-9]{{{places}}})([NSF](?!CHK)[A-Z0-9]{{3}})"
    r"((?!RF|OCR|KID)[^/: \n\0]{{0,14}}+)(?://([^:{line_feed}]++))?+{line_feed}:86:"
)
_HEAD_GROUPS = 5
_DATE_CHARS = 6
DIGITS_MAX = 15  # so many digits of minor units stay below money's largest amount
_BREAKS = "\n" * 1024
_PREFIX = re.compile(r"([0-9]{6}(?:[0-9]{4}| {4})?)(R?[CD]|E[CD])([A-Z]?)", re.ASCII)

_new = tuple.__new__
_DEFAULTS: list[Iterable[Any]] = [repeat(StatementLine._field_defaults.get(name)) for name in StatementLine._fields]


class Prefix(NamedTuple):
    """What dates and mark say."""

    booking: date | None
    value: date | None
    sign: int
    reversal: bool
    status: str


class _Shape:
    """An outline with its pattern: of texts joined by NULs, one tuple of groups for each; empty ones if it has another."""

    def __init__(self, head: str, outline: Outline) -> None:
        self.findall = re.compile(
            rf"(?:{head}{outline.expression}{re.escape(outline.mark)}|[^\0]*+)\0", re.DOTALL
        ).findall
        self.outline = outline

    def joined(self, chunks: Sequence[str]) -> str:
        """The entries as one text for `findall`."""
        end = self.outline.mark + "\0"
        text = end.join(chunks) + end
        return text.replace("\n", "") if self.outline.mark else text


class Waiting(NamedTuple):
    """Entries that wait for `fill`, in columns: place in the run, number in the statement, line in the file, and chunk."""

    places: Sequence[int]
    indices: Sequence[int]
    numbers: Sequence[int]
    chunks: Sequence[str]

    def only(self, wanted: Iterable[bool]) -> Waiting:
        """Those that are wanted."""
        chosen = [*wanted]
        return Waiting._make([*compress(column, chosen)] for column in self)


_NOTHING = Waiting((), (), (), ())


class _Bucket:
    """Entries that look alike from afar, and the shapes that they may have.

    `waiting` has the four values of `Waiting` for one entry after the other: a tuple for each would stay for so long
    that the garbage collector looked at it.
    """

    def __init__(self, *shapes: _Shape) -> None:
        self.shapes = [*shapes]
        self.waiting: list[Any] = []


class Shapes:
    """The shapes of a file in one currency, learned while it is read. `dates_of` knows the dates of the entries before."""

    def __init__(self, currency: str, dates_of: Callable[[str], EntryDates]) -> None:
        places = EXPONENTS[currency]
        self._currency = currency
        self._dates_of = dates_of
        head = partial(_HEAD.format, whole_max=DIGITS_MAX - places, places=places)
        self._head = head(line_feed="")
        self._prefixes: dict[str, Prefix] = {}
        self._words = _Bucket(_Shape(head(line_feed="\n"), WordsOutline()))
        # By the number of marks.
        self._german: dict[tuple[int, int], _Bucket] = {}
        self._slash: dict[int, _Bucket] = {}
        self._by_expression: dict[str, _Shape] = {}
        self._sightings: Counter[str] = Counter()
        self._unknown = 0
        self._width = 65  # of the lines that the texts are cut into

    def take(self, chunks: Sequence[str], at: int, end: int, *, place: int, index: int, number: int) -> tuple[int, int]:
        """Take entries for `fill`, from `chunks[at]` up to `end` or the first that no shape may fit.

        `place` and `index` are those of the first one, `number` how many lines of the file stand before it. Returns
        where it stopped and how many lines stand before that. A chunk is the content of `:61:` and what follows it up
        to the next one.
        """
        words, german, slash, width = self._words, self._german, self._slash, self._width
        place -= at
        index -= at
        for here in range(at, end):
            chunk = chunks[here]
            head, _, text = chunk.partition("\n:86:")
            if not text or ":" in text or "\n" in head:
                return here, number
            # What does not begin with a date may be no line.
            if not (head[:_DATE_CHARS].isdecimal() and head.isascii() and len(head) > _DATE_CHARS):
                return here, number
            breaks = text.count("\n")
            bucket: _Bucket | None = words
            if text[3:4] == "?":
                bucket = german.get((text.count("?"), text.count("+")))
            elif text[0] == "/":
                bucket = slash.get(text.count("/"))
            if bucket is None:
                self._look_at(chunk)
                return here, number
            if breaks and bucket is not words and text[width :: width + 1] != _BREAKS[:breaks]:
                if not cut_evenly(text, breaks):
                    return here, number
                width = self._width = text.find("\n")
            bucket.waiting += place + here, index + here, number + 1, chunk
            number += breaks + 2
        return end, number

    def fill(self, run: list[Any]) -> Iterator[Waiting]:
        """Put the lines of the entries that were taken at their places.

        Gives those that are to be read one by one after all.
        """
        for bucket in (self._words, *self._german.values(), *self._slash.values()):
            if not bucket.waiting:
                continue
            waiting = Waiting._make(bucket.waiting[column::4] for column in range(4))
            bucket.waiting = []
            for shape in bucket.shapes:
                if len(waiting.places) < _BATCH_MIN:
                    break
                waiting = self._fill(shape, waiting, run)
            yield waiting
            if bucket is not self._words:
                for chunk in waiting.chunks:
                    self._look_at(chunk)

    def _new_prefix(self, text: str) -> Prefix | None:
        """What dates, mark and funds code say; None if they take the careful way."""
        found = _PREFIX.fullmatch(text)
        if found is None or found[3] not in ("", self._currency[2]):
            return None
        dates = self._dates_of(found[1])
        if dates.bad is not None:
            return None
        if len(self._prefixes) >= _PREFIXES_MAX:
            self._prefixes.clear()
        prefix = Prefix(dates.booking, dates.value, *MARKS[found[2]])
        self._prefixes[text] = prefix
        return prefix

    def _look_at(self, chunk: str) -> None:
        """Count the outline of a text without a shape, and make one when it was seen often enough."""
        self._unknown += 1
        if self._unknown % _LOOKED_AT or len(self._sightings) >= _OUTLINES_MAX:
            return
        text = chunk[chunk.find("\n") + 5 :].replace("\n", "")
        outline = slash_outline(text) if text[0] == "/" else german_outline(text)
        if outline is None:
            return
        self._sightings[outline.expression] += 1
        if self._sightings[outline.expression] < _SIGHTINGS_MIN:
            return
        if text[0] == "/":
            bucket = self._slash.setdefault(text.count("/"), _Bucket())
        else:
            bucket = self._german.setdefault((text.count("?"), text.count("+")), _Bucket())
        shape = self._by_expression.get(outline.expression) or _Shape(self._head, outline)
        self._by_expression[outline.expression] = shape
        if len(bucket.shapes) < _ALIKE_MAX and shape not in bucket.shapes:
            [(begin, *_)] = shape.findall(shape.joined([chunk]))
            if begin:  # else a value only looks like a code
                bucket.shapes.append(shape)

    def _fill(self, shape: _Shape, waiting: Waiting, run: list[Any]) -> Waiting:
        """Put the lines of the entries that have this shape at their places; returns the others."""
        rows = shape.findall(shape.joined(waiting.chunks))
        fields = [*zip(*rows, strict=True)]
        known = self._prefixes
        prefixes = [known.get(begin) or self._new_prefix(begin) for begin in fields[0]]
        for row in shape.outline.unusual(fields[_HEAD_GROUPS:]):
            prefixes[row] = None
        others = _NOTHING
        if None in prefixes:
            others = waiting.only(prefix is None for prefix in prefixes)
            waiting = waiting.only(prefix is not None for prefix in prefixes)
            if not waiting.places:
                return others
            fields = [*zip(*compress(rows, prefixes), strict=True)]
        _, amounts, kinds, own, bank, *groups = fields
        filled = shape.outline.columns(kinds, groups)
        booking, value, signs, reversal, status = zip(*filter(None, prefixes), strict=True)
        _file_references(own, filled)
        columns = _DEFAULTS.copy()
        columns[:8] = (
            waiting.indices,
            booking,
            value,
            [*map(mul, signs, map(int, "\0".join(amounts).replace(",", "").split("\0")))],
            repeat(self._currency),
            status,
            reversal,
            _without_none([text.strip() for text in bank] if " " in "".join(bank) else bank),
        )
        for field, values in filled.items():
            columns[field] = values
        columns[WHERE] = [f"line {number}" for number in waiting.numbers]
        lines = map(_new, repeat(StatementLine), zip(*columns, strict=False))
        for place, line in zip(waiting.places, lines, strict=True):
            run[place] = line
        return others


def _without_none(texts: Sequence[str | None]) -> Sequence[str | None]:
    """References, with None for those that say "none"."""
    if NO_REFERENCE.isdisjoint(texts):
        return texts
    return [None if text in NO_REFERENCE else text for text in texts]


def _file_references(own: Sequence[str], filled: Columns) -> None:
    """Fill in what subfields 7 of `:61:` and the remittance texts tell, as `line.finished` does for one entry."""
    given = _without_none(own)
    for place in (INSTRUCTION_ID, MANDATE_ID):
        if place in filled:
            filled[place] = _without_none(filled[place])
    accounts, ends, instructions = filled.get(ACCOUNT), filled.get(END_TO_END_ID), filled.get(INSTRUCTION_ID)
    if accounts is not None and any(map(eq, given, accounts)):
        given = [
            None if reference == account else reference for reference, account in zip(given, accounts, strict=True)
        ]
    if ends is None:
        filled[END_TO_END_ID] = given
    else:
        ends = _without_none(ends)
        spare = [reference if end and reference != end else None for reference, end in zip(given, ends, strict=True)]
        filled[END_TO_END_ID] = [end or reference for reference, end in zip(given, ends, strict=True)]
        filled[INSTRUCTION_ID] = spare
        if instructions is not None:
            filled[INSTRUCTION_ID] = [known or more for known, more in zip(instructions, spare, strict=True)]
            filled[EXTRA] = [
                (*extra, ("61/7", more)) if known and more and more != known else extra
                for known, more, extra in zip(instructions, spare, filled.get(EXTRA) or repeat(()), strict=False)
            ]
    remittance, references = filled.get(REMITTANCE), filled.get(CREDITOR_REFERENCE)
    if remittance is not None and has_reference_mark("\0".join(filter(None, remittance))):
        filled[CREDITOR_REFERENCE] = [
            structured_reference(text) if text is not None and known is None else known
            for text, known in zip(remittance, references or repeat(None), strict=False)
        ]
