"""From bytes to events: rows under the header become statements, one for each account and currency."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice, pairwise
from typing import BinaryIO

from matcher.parsers.contract import HEAD_BYTES, Event, LinesRead, ReadOptions, StatementEnded, StatementStarted
from matcher.parsers.csv.detect import find_profile
from matcher.parsers.csv.layout import Layout, compact_account
from matcher.parsers.csv.profile import AccountSource, Profile, key
from matcher.parsers.csv.running import RunningBalance
from matcher.parsers.csv.table import BLOCK_BYTES, Row, lines, rows
from matcher.parsers.identifiers import is_iban
from matcher.parsers.notes import Notes
from matcher.parsers.text import Decoder
from recon_core.domain.currency import NO_CURRENCY
from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.refused import LimitExceeded, Unreadable
from recon_core.domain.statement import LineStatus, StatementHeader, StatementKind, StatementLine

LINES_IN_EVENT = 1000
# Rows of other accounts or currencies than the first; they wait until the first statement is complete.
WAITING_MAX = 200_000
ROWS_BEFORE_HEADER_MAX = 60
ROWS_SAMPLED = 100


def read(stream: BinaryIO, options: ReadOptions) -> Iterator[Event]:
    """Events of a CSV file of a known layout. Raises `UnknownFormat`, `Unreadable` or `LimitExceeded`."""
    first = stream.read(BLOCK_BYTES)
    while len(first) < HEAD_BYTES and (more := stream.read(BLOCK_BYTES)):
        first += more
    yield from read_with(find_profile(first[:HEAD_BYTES]), first, stream, options)


def read_with(profile: Profile, first: bytes, stream: BinaryIO, options: ReadOptions) -> Iterator[Event]:
    """Events of the file that begins with `first` and goes on in `stream`, in the layout of `profile`."""
    decoder = Decoder(configured=options.encoding, declared=profile.encoding)
    table = rows(lines(stream, first, decoder), delimiter=profile.delimiter, quote=profile.quote)
    preamble, header = _header(profile, table)
    layout = Layout(profile, header.cells, options.currency.upper() if options.currency else None)
    if missing := layout.missing():
        raise Unreadable(
            f"the file has the header of the profile {profile.name!r}, but no column for {' and '.join(missing)}.",
            where=f"line {header.line}",
            cure="Give the column's present name in the profile.",
        )
    sample = list(islice(table, ROWS_SAMPLED))
    if layout.settle_marks(sample):
        message = f"amounts are written with {layout.profile.amounts.decimal!r} as their decimal mark, not as the profile says."
        yield Diagnostic("decimal-mark-differs", Severity.WARNING, f"line {header.line}", message)
    reader = _Reader(layout, _account(profile.account, preamble), _preamble_pairs(preamble))
    told = 0
    for row in chain(sample, table):
        reader.take(row)
        if told < len(decoder.diagnostics) or reader.ready:
            yield from _unexpected(decoder, told, profile)
            told = len(decoder.diagnostics)
            yield from reader.events()
    yield from _unexpected(decoder, told, profile)
    yield from reader.finish()


def _unexpected(decoder: Decoder, told: int, profile: Profile) -> Iterator[Diagnostic]:
    """What the decoder has to tell; not that the text is in the very encoding that the profile names."""
    for found in decoder.diagnostics[told:]:
        if found.code != "encoding-fallback" or decoder.encoding != profile.encoding:
            yield found


def _header(profile: Profile, table: Iterator[Row]) -> tuple[list[Row], Row]:
    """The rows above the header, and the header."""
    above: list[Row] = []
    for row in table:
        cells = {key(cell) for cell in row.cells}
        if all(cells.intersection(names) for names in profile.header):
            return above, row
        above.append(row)
        if len(above) > ROWS_BEFORE_HEADER_MAX:
            break
    raise Unreadable(
        f"the header of the profile {profile.name!r} is not where it was.", cure="Export the file again as CSV."
    )


def _account(source: AccountSource, preamble: list[Row]) -> str:
    """The account that is named above the header, or an empty text."""
    if source.pattern is not None:
        found = source.pattern.search("\n".join(" ".join(row.cells) for row in preamble))
        return compact_account(found[1] or "") if found else ""
    for above, below in pairwise(preamble):
        names = [key(cell) for cell in above.cells]
        if source.preamble_column and source.preamble_column in names:
            place = names.index(source.preamble_column)
            return compact_account(below.cells[place]) if place < len(below.cells) else ""
    return ""


def _preamble_pairs(preamble: list[Row]) -> tuple[tuple[str, str], ...]:
    texts = ((f"line {row.line}", " ".join(filter(None, row.cells))) for row in preamble)
    return tuple((name, text[:500]) for name, text in texts if text)


@dataclass(slots=True)
class _Draft:
    """One account and currency."""

    account: str
    currency: str
    first_where: str
    waiting: list[StatementLine] = field(default_factory=list)
    running: RunningBalance = field(default_factory=RunningBalance)
    count: int = 0
    first_day: date | None = None
    last_day: date | None = None


class _Reader:
    """The statements of a file; the first is told as it is read, the others wait for its end."""

    def __init__(self, layout: Layout, account: str, extra: tuple[tuple[str, str], ...]) -> None:
        self._layout = layout
        self._profile = layout.profile
        self._account = account
        self._extra = extra
        self._notes = Notes()
        self._drafts: dict[tuple[str, str], _Draft] = {}
        self._first: _Draft | None = None
        self._broken: list[StatementLine] = []
        self._started = False
        self._waiting = 0

    @property
    def ready(self) -> bool:
        """Whether there are enough lines for an event."""
        return self._first is not None and len(self._first.waiting) >= LINES_IN_EVENT

    def take(self, row: Row) -> None:
        """Read one row."""
        read_line = self._layout.line_of(row, notes=self._notes)
        if read_line is None:
            return
        line, balance = read_line
        if self._layout.is_broken(row):
            # Account and currency can't be told: the row is filed with the first statement.
            if self._first is None:
                self._broken.append(line)
            else:
                self._add(self._first, line._replace(currency=self._first.currency))
            return
        account = self._layout.account_of(row.cells) or self._account
        draft = self._drafts.get((account, line.currency)) or self._begin(account, line.currency, line.where or "")
        self._add(draft, line)
        if draft is not self._first:
            self._waiting += 1
            if self._waiting > WAITING_MAX:
                message = f"more than {WAITING_MAX} rows are of other accounts or currencies than the first row."
                raise LimitExceeded(message, where=f"line {row.line}", cure="Export one account at a time.")
        if line.status == LineStatus.BOOKED:
            if line.booking_date is not None:
                draft.first_day = min(draft.first_day or line.booking_date, line.booking_date)
                draft.last_day = max(draft.last_day or line.booking_date, line.booking_date)
            if balance is not None:
                draft.running.add(line.amount, balance, line.booking_date, line.where or "")

    def _begin(self, account: str, currency: str, where: str) -> _Draft:
        draft = self._drafts[account, currency] = _Draft(account, currency, where)
        if self._first is None:
            self._first = draft
            for line in self._broken:
                self._add(draft, line._replace(currency=currency))
        return draft

    def _add(self, draft: _Draft, line: StatementLine) -> None:
        draft.count += 1
        draft.waiting.append(line._replace(line_index=draft.count))

    def events(self) -> list[Event]:
        """The lines of the first statement so far, and what was odd."""
        if self._first is None:
            return list(self._notes.drain())
        told: list[Event] = []
        if not self._started:
            self._started = True
            told.append(StatementStarted(self._header(self._first)))
        if self._first.waiting:
            told.append(LinesRead(self._first.waiting))
            self._first.waiting = []
        return [*told, *self._notes.drain()]

    def finish(self) -> Iterator[Event]:
        """The end of the first statement, and the others whole."""
        if self._first is None:
            self._begin(self._account, self._profile.account.currency or NO_CURRENCY, "")
        for draft in self._drafts.values():
            if draft is self._first:
                yield from self.events()
            else:
                yield StatementStarted(self._header(draft))
                for start in range(0, draft.count, LINES_IN_EVENT):
                    yield LinesRead(draft.waiting[start : start + LINES_IN_EVENT])
                draft.waiting = []
            yield from self._end(draft)

    def _end(self, draft: _Draft) -> Iterator[Event]:
        header = self._header(draft)
        if not draft.account:
            cure = "Say which account the file belongs to."
            self._notes.warning("account-missing", draft.first_where, "the file does not name its account.", cure)
        if draft.currency == NO_CURRENCY:
            cure = "Give the account's currency, or set account.currency in a profile of your own."
            self._notes.error("currency-missing", draft.first_where, "the file does not name its currency.", cure)
        ends = draft.running.ends()
        if ends is not None:
            opening, opening_day, closing, closing_day = ends
            header = header._replace(
                opening_balance=opening, opening_date=opening_day, closing_balance=closing, closing_date=closing_day
            )
            for where in draft.running.faults():
                message = "the balance is not that of the neighbouring row and the amount."
                cure = "A row is missing, doubled or changed: export the file again."
                self._notes.error("running-balance", where, message, cure)
        yield from chain(self._notes.totals(), [StatementEnded(header)])

    def _header(self, draft: _Draft) -> StatementHeader:
        packed = draft.account.upper()
        return StatementHeader(
            format="csv",
            kind=StatementKind.STATEMENT,
            account=(packed if is_iban(packed) else draft.account) or None,
            account_scheme="IBAN" if is_iban(packed) else None,
            from_date=draft.first_day,
            to_date=draft.last_day,
            currency=draft.currency,
            version=self._profile.name,
            line_count=draft.count,
            extra=self._extra,
        )
