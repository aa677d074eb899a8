"""Entries without anything unusual, which nearly all are, in as few steps as possible.

Those of a shape that repeats are gathered for `shape.Shapes`, which makes their lines together, across the statements
of a block. The careful way (`entry.EntryReader`, `line.line_of`) gives the same lines from all of them; the tests
compare them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from matcher.parsers.mt940.entry import MARKS, EntryReader, Report
from matcher.parsers.mt940.line import NO_REFERENCE, REFERENCE_CHARS, finished, line_of, read_supplement, read_text
from matcher.parsers.mt940.numbered import read_german
from matcher.parsers.mt940.row import EMPTY_MIDDLE, Row
from matcher.parsers.mt940.shape import DIGITS_MAX, Shapes
from recon_core.domain.currency import EXPONENTS
from recon_core.domain.diagnostic import Severity
from recon_core.domain.statement import StatementLine

_NONE = "|".join(re.escape(word) for word in sorted(NO_REFERENCE, reverse=True) if word)
# Subfields 1 to 8, at most one line of subfield 9, and one :86:. Cheques, and references with a blank at an end, take
# the careful way.
_ENTRY = re.compile(
    rf"([0-9]{{6}}(?:[0-9]{{4}}| {{4}})?)(R?[CD]|E[CD])([A-Z]?)([0-9]{{1,{DIGITS_MAX}}}),([0-9]{{0,4}})"
    rf"([NSF](?!CHK)[A-Z0-9]{{3}})(?:(?:{_NONE})(?=//|\n|\Z)|((?! )[^\n/]+(?:/[^\n/]+)*(?<! ))|(?=//|\n|\Z))"
    rf"(?://(?:(?:{_NONE})(?=\n|\Z)|((?! )[^\n]+(?<! ))))?(?:\n([^:\n][^\n]*))?(?:\n:86:(.*))?",
    re.ASCII | re.DOTALL,
)
# Among fewer entries hardly any shape comes often enough.
_SHAPED_MIN = 16


class Progress(NamedTuple):
    """How far a run came: the next chunk, lines of the file before it, entries of the statement before it."""

    chunk: int
    number: int
    line: int


# The lines of a block; None for one that waits for `UsualReader.fill`.
Run = list[StatementLine | None]


class UsualReader(EntryReader):
    """An entry reader that knows the shapes of the entries read so far as well."""

    def __init__(self, currency: str, report: Report) -> None:
        super().__init__(currency, report)
        self._shapes: Shapes | None = None

    def shapes(self, count: int) -> Shapes | None:
        """The shapes that entries may have; None where a block has only `count` entries."""
        if self._shapes is None and count >= _SHAPED_MIN:
            self._shapes = Shapes(self.currency, self.dates_of)
        return self._shapes

    def fill(self, run: Run) -> Iterator[tuple[int, int, int, str]]:
        """Make the lines that wait in `run`; gives those with something unusual, as `Waiting` has it of each."""
        for waiting in self._shapes.fill(run) if self._shapes is not None else ():
            for place, index, number, chunk in zip(*waiting, strict=True):
                run[place] = _usual_line(chunk, number, index, self)
                if run[place] is None:
                    yield place, index, number, chunk


def read_usual(chunks: list[str], start: Progress, end: int, entries: UsualReader, run: Run) -> Progress:
    """Append the lines of usual entries to `run`, from `chunks[start.chunk]` up to `end` or the first unusual one.

    A chunk is the content of a `:61:` with all that follows it up to the next one; `chunks` are those of a block.
    """
    at, number, index = start
    shapes = entries.shapes(len(chunks))
    while at < end:
        if shapes is not None:
            before = at
            at, number = shapes.take(chunks, at, end, place=len(run), index=index + 1, number=number)
            run += [None] * (at - before)
            index += at - before
            if at == end:
                break
        line = _usual_line(chunks[at], number + 1, index + 1, entries)
        if line is None:
            break
        run.append(line)
        index += 1
        number += chunks[at].count("\n") + 1
        at += 1
    return Progress(at, number, index)


def _usual_line(chunk: str, number: int, index: int, entries: UsualReader) -> StatementLine | None:
    """The bank line of a usual entry at line `number` of the file, or None if it is another."""
    if "\n:62" in chunk:
        return None
    found = _ENTRY.fullmatch(chunk.rstrip())
    if found is None:
        return None
    days, mark, funds, units, cents, kind, own, bank, more, text = found.groups()
    if funds and funds != entries.currency[2]:
        return None
    if len(cents) != EXPONENTS[entries.currency] or len(units) + len(cents) > DIGITS_MAX:
        return None
    if (text is not None and "\n:" in text) or (own is not None and len(own) > REFERENCE_CHARS):
        return None
    dates = entries.dates_of(days)
    if dates.bad is not None:
        return None
    sign, reversal, status = MARKS[mark]
    row: Row = [
        index, dates.booking, dates.value, sign * int(units + cents), entries.currency, status, reversal, bank,
        None, None, kind, *EMPTY_MIDDLE, f"line {number}", (), None,
    ]  # fmt: skip
    if text:
        flat = text.replace("\n", "")
        if text[3:4] != "?" or not read_german(text, flat, row):
            read_text(text, flat, own, more, row)
    if more:
        read_supplement(more, text, row)
    return finished(row, own)


def careful_line(body: str, text: str | None, number: int, index: int, entries: EntryReader) -> StatementLine | None:
    """The bank line of whatever entry; None if it does not even begin with a date, which is reported.

    `body` is the content of `:61:` at line `number` of the file, `text` that of `:86:`.
    """
    entry = entries.read(body.rstrip(), number)
    if entry is not None:
        return line_of(index, entry, text, entries.currency, number)
    if text:
        message = f"this text belongs to the entry that can't be read: {text[:200]!r}."
        entries.report("text-without-entry", Severity.INFO, number, message, "")
    return None
