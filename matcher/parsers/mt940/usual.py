"""Entries without anything unusual, which nearly all are, in as few steps as possible.

Those of a shape that repeats are gathered for `shape.Shapes`, which makes their lines together. The careful way
(`entry.EntryReader`, `line.line_of`) gives the same lines from all of them; the tests compare them.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from matcher.parsers.mt940.entry import MARKS, EntryReader
from matcher.parsers.mt940.line import NO_REFERENCE, REFERENCE_CHARS, finished, read_supplement, read_text
from matcher.parsers.mt940.numbered import read_german
from matcher.parsers.mt940.row import EMPTY_MIDDLE, Row
from matcher.parsers.mt940.shape import Shapes
from recon_core.domain.currency import EXPONENTS
from recon_core.domain.statement import StatementLine

# Subfields 1 to 8, at most one line of subfield 9, and one :86:. The currency tells the funds code and the decimals;
# cheques, and references with a blank at an end, take the careful way.
_ENTRY = (
    r"([0-9]{{6}}(?:[0-9]{{4}}| {{4}})?)(R?[CD]|E[CD]){funds}?([0-9]{{1,{whole_max}}},[0-9]{{{places}}})"
    r"([NSF](?!CHK)[A-Z0-9]{{3}})(?:(?:{none})(?=//|\n|\Z)|((?! )[^\n/]+(?:/[^\n/]+)*(?<! ))|(?=//|\n|\Z))"
    r"(?://(?:(?:{none})(?=\n|\Z)|((?! )[^\n]+(?<! ))))?(?:\n([^:\n][^\n]*))?(?:\n:86:(.*))?"
)
# In a shorter run hardly any shape comes often enough. More than 1: what is left of a batch is read as a run of one.
_SHAPED_MIN = 16
_DIGITS_MAX = 15  # so many digits of minor units stay below money's largest amount


@lru_cache(maxsize=256)
def _entry(currency: str) -> re.Pattern[str]:
    """The pattern of a usual entry in a currency."""
    places = EXPONENTS[currency]
    none = "|".join(re.escape(word) for word in sorted(NO_REFERENCE, reverse=True) if word)
    pattern = _ENTRY.format(funds=currency[2], whole_max=_DIGITS_MAX - places, places=places, none=none)
    return re.compile(pattern, re.ASCII | re.DOTALL)


class Progress(NamedTuple):
    """How far a run came: the next chunk, lines of the file before it, entries of the statement before it."""

    chunk: int
    number: int
    line: int


class UsualReader(EntryReader):
    """An entry reader that knows the shapes of the entries read so far as well."""

    @cached_property
    def shapes(self) -> Shapes:
        """Made when the first run of entries is long enough for them."""
        return Shapes(self.currency, self.dates)


def read_usual(
    chunks: list[str], start: Progress, end: int, entries: UsualReader, lines: list[StatementLine]
) -> Progress:
    """Append the lines of usual entries to `lines`, from `chunks[start.chunk]` up to `end` or the first unusual one.

    A chunk is the content of a `:61:` with all that follows it up to the next one.
    """
    at_chunk, number, index = start
    currency, known, new_dates, marks = entries.currency, entries.dates, entries.new_dates, MARKS
    match = _entry(currency).fullmatch
    shapes = entries.shapes if end - at_chunk >= _SHAPED_MIN else None
    run: list[Any] = []
    for chunk in chunks[at_chunk:end]:
        if shapes is not None and (taken := shapes.take(chunk, len(run), number + 1)):
            run.append(None)
            number += taken
            continue
        given = chunk.rstrip()
        found = match(given)
        if found is None:
            break
        days, mark, digits, kind, own, bank, more, text = found.groups()
        if (text is not None and ":" in text and "\n:" in text) or (own is not None and len(own) > REFERENCE_CHARS):
            break
        number += 1
        dates = known.get(days) or new_dates(days, number)
        sign, reversal, status = marks[mark]
        row: Row = [
            index + len(run) + 1, dates[0], dates[1], sign * int(digits.replace(",", "")), currency, status, reversal, bank,
            None, None, kind, *EMPTY_MIDDLE, f"line {number}", (), None,
        ]  # fmt: skip
        if text:
            flat = text.replace("\n", "")
            number += 1 + len(text) - len(flat)
            if text[3:4] != "?" or not read_german(text, flat, row):
                read_text(text, flat, own, more, row)
        elif text is not None:
            number += 1
        if more:
            number += 1
            read_supplement(more, text, row)
        if len(given) < len(chunk):
            number += chunk.count("\n", len(given))
        run.append(finished(row, own))
    if shapes is not None:
        for place, line_number in shapes.fill(run, index + 1):
            alone: list[StatementLine] = []
            read_usual(
                chunks, Progress(at_chunk + place, line_number - 1, index + place), at_chunk + place + 1, entries, alone
            )
            run[place] = alone[0]
    lines += run
    return Progress(at_chunk + len(run), number, index + len(run))
