"""Statements out of any source: identify, read, prove, and hand out one `Statement` at a time.

This is what the rest of the product and a library user call. A file that can't be read is one `InputError`; with
`parse_batch` it is a value and the other files go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from matcher.parsers.balance import Tally, compare_totals, is_report_without_lines, prove
from matcher.parsers.contract import (
    ControlTotals,
    Event,
    LinesRead,
    ReadOptions,
    StatementEnded,
    StatementStarted,
)
from matcher.parsers.pages import PageChain
from matcher.parsers.registry import identify
from matcher.parsers.source import LIMITS, FailedFile, Limits, OpenFile, Source, open_files
from matcher.parsers.spool import Lines
from recon_core.domain.diagnostic import Diagnostic
from recon_core.domain.refused import InputError
from recon_core.domain.statement import SourceFile, StatementHeader

DIAGNOSTICS_MAX = 1000
_NOTHING_KNOWN = ReadOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement: what it says of itself, its lines (re-iterable, `len()`), and what was odd.

    `header.balanced`, `header.line_count` and `header.source` are filled in. At most `DIAGNOSTICS_MAX` diagnostics
    are kept; `diagnostics_dropped` counts the rest.
    """

    header: StatementHeader
    lines: Lines
    diagnostics: tuple[Diagnostic, ...] = ()
    diagnostics_dropped: int = 0


def parse(
    source: Source,
    *,
    name: str | None = None,
    options: ReadOptions = _NOTHING_KNOWN,
    limits: Limits = LIMITS,
) -> Iterator[Statement]:
    """Statements of a path, folder, bytes or binary file, in their order.

    Raises an `InputError` at the first file that can't be read; the statements before it were handed out. Memory is
    bounded, whatever the size of the file.
    """
    for item in parse_batch([source], name=name, options=options, limits=limits):
        if isinstance(item, FailedFile):
            raise item.error
        yield item


def parse_batch(
    sources: Iterable[Source],
    *,
    name: str | None = None,
    options: ReadOptions = _NOTHING_KNOWN,
    limits: Limits = LIMITS,
) -> Iterator[Statement | FailedFile]:
    """Like `parse` for many sources; a file that can't be read is a `FailedFile` and the others are still read."""
    for source in sources:
        for file in open_files(source, name=name, limits=limits):
            if isinstance(file, FailedFile):
                yield file
            else:
                yield from read_file(file, options=options)


def read_file(file: OpenFile, *, options: ReadOptions = _NOTHING_KNOWN) -> Iterator[Statement | FailedFile]:
    """Statements of one open file, and a `FailedFile` at the end if the reading had to stop."""
    try:
        registered, reader = identify(file.head)
        events = reader.read(file.stream, options)
        yield from _last_kept_back(
            _assembled(events, file.source, options, reversals_doubtful=registered.reversals_doubtful)
        )
    except InputError as error:
        yield FailedFile(file.source, error)


class _Draft:
    """A statement while it is read."""

    def __init__(self, header: StatementHeader) -> None:
        self.header = header
        self.lines = Lines()
        self.tally = Tally(header.currency)
        self.totals: list[ControlTotals] = []


class _Odd:
    """Diagnostics that wait for their statement."""

    def __init__(self) -> None:
        self.kept: list[Diagnostic] = []
        self.dropped = 0

    def add(self, found: Diagnostic) -> None:
        if len(self.kept) < DIAGNOSTICS_MAX:
            self.kept.append(found)
        else:
            self.dropped += 1


def _assembled(
    events: Iterator[Event], source: SourceFile, options: ReadOptions, *, reversals_doubtful: bool
) -> Iterator[Statement | list[Diagnostic]]:
    """Statements out of events; at the end the diagnostics that came after the last statement."""
    odd = _Odd()
    pages = PageChain()
    draft: _Draft | None = None
    for event in events:
        if isinstance(event, LinesRead):
            assert draft is not None, "lines outside a statement"
            draft.tally.add(event.lines)
            draft.lines.append(event.lines)
        elif isinstance(event, Diagnostic):
            odd.add(event)
        elif isinstance(event, StatementStarted):
            draft = _Draft(event.header)
        elif isinstance(event, ControlTotals):
            assert draft is not None, "totals outside a statement"
            draft.totals.append(event)
        else:
            assert isinstance(event, StatementEnded)
            assert draft is not None, "a statement ended that was not started"
            yield _finished(draft, event.header, odd, pages, source, options, reversals_doubtful)
            draft, odd = None, _Odd()
    yield odd.kept


def _finished(
    draft: _Draft,
    header: StatementHeader,
    odd: _Odd,
    pages: PageChain,
    source: SourceFile,
    options: ReadOptions,
    reversals_doubtful: bool,
) -> Statement:
    """Prove, count and close a draft."""
    tally = draft.tally
    if header.currency is None:
        header = header._replace(currency=tally.currency)
    verdict = prove(header, tally, reversals_doubtful=reversals_doubtful, reversals_inverted=options.reversals_inverted)
    draft.lines.invert_reversals = bool(verdict.invert_reversals)
    sums = [difference for stated in draft.totals for difference in compare_totals(stated, tally, header)]
    booked = tally.booked - (2 * tally.booked_reversals if verdict.invert_reversals else 0)
    balanced, carried = verdict.balanced, list[Diagnostic]()
    if not is_report_without_lines(header, tally):
        balanced, carried = pages.add(header, booked=booked, balanced=balanced)
    for found in (*verdict.diagnostics, *sums, *carried):
        odd.add(found)
    header = header._replace(
        balanced=balanced, line_count=tally.count, reversals_inverted=verdict.invert_reversals, source=source
    )
    return Statement(header=header, lines=draft.lines, diagnostics=tuple(odd.kept), diagnostics_dropped=odd.dropped)


def _last_kept_back(items: Iterator[Statement | list[Diagnostic]]) -> Iterator[Statement]:
    """Hand statements out one behind, so that what comes after the last one can be filed with it.

    The one that is kept back comes out also where the reading ends in an error.
    """
    kept: Statement | None = None
    try:
        for item in items:
            if isinstance(item, Statement):
                if kept is not None:
                    yield kept
                kept = item
            elif kept is not None and item:
                kept = Statement(
                    header=kept.header,
                    lines=kept.lines,
                    diagnostics=(*kept.diagnostics, *item),
                    diagnostics_dropped=kept.diagnostics_dropped,
                )
    except InputError:
        if kept is not None:
            yield kept
        raise
    if kept is not None:
        yield kept
