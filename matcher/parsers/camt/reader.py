"""Blocks of bytes in, events out: the tree is built by C code and cut down while it grows.

`TreeBuilder.start` hands out a root that stays ours, so that after each block everything but the open elements, the
last child on each level, is finished, is read, and is taken out of the tree. Memory is one block and one entry.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from matcher.parsers.camt.blocks import Blocks
from matcher.parsers.camt.entry import EntryReader
from matcher.parsers.camt.header import HeaderBuilder, group_header
from matcher.parsers.camt.tags import DEPTH_MAX, Extra, LocalNames
from matcher.parsers.contract import Event, LinesRead, ReadOptions, StatementEnded, StatementStarted
from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.refused import LimitExceeded, UnknownFormat, Unreadable
from recon_core.domain.statement import LineStatus, StatementHeader, StatementKind

ENTRY_BYTES_MAX = 64 << 20

_MESSAGE = re.compile(r"BkToCstmr(AcctRpt|Stmt|DbtCdtNtfctn)(?:V([0-9]{2}))?", re.ASCII)
_NAMESPACE = re.compile(r"camt\.(05[234])\.([0-9]{3})\.([0-9]{2})", re.ASCII)
_MESSAGES = {
    "AcctRpt": ("camt.052", StatementKind.REPORT),
    "Stmt": ("camt.053", StatementKind.STATEMENT),
    "DbtCdtNtfctn": ("camt.054", StatementKind.NOTIFICATION),
}
_STATEMENTS = frozenset({"Rpt", "Stmt", "Ntfctn"})


def read(stream: BinaryIO, options: ReadOptions) -> Iterator[Event]:
    """Events of one file. Raises `Unreadable`, `LimitExceeded`, or `UnknownFormat` for XML without a statement."""
    return _Reading(stream, options).events()


class _Open:
    """The statement that is being read."""

    __slots__ = ("count", "header", "started")

    def __init__(self, header: HeaderBuilder) -> None:
        self.header = header
        self.started = False
        self.count = 0


class _Reading:
    """The state of reading one file."""

    def __init__(self, stream: BinaryIO, options: ReadOptions) -> None:
        self._names = LocalNames()
        self._blocks = Blocks(stream, options.encoding)
        self._entries = EntryReader(self._names)
        self._currency = options.currency
        self._message: Element | None = None
        self._base = StatementHeader("", "")
        self._shared: tuple[StatementHeader, Extra] = (StatementHeader("", ""), [])
        self._statement: _Open | None = None
        self._statements = 0
        self._fed_since_cut = 0
        self._cut = False

    def events(self) -> Iterator[Event]:
        """Feed block after block, and read what each block finished."""
        builder = TreeBuilder()
        root = builder.start("", {})
        parser = XMLParser(target=builder)  # noqa: S314 - the guard refused document types
        for block in self._blocks:
            self._cut = False
            collecting = gc.isenabled()
            # One collection a block instead of one every 700 objects: the tree has no cycles to find.
            gc.disable()
            try:
                parser.feed(block)
                found = list(self._below(root, complete=False, depth=0))
            except ParseError as error:
                raise self._broken(error) from error
            finally:
                if collecting:
                    gc.enable()
            yield from self._blocks.take_diagnostics()
            yield from found
            self._fed_since_cut = 0 if self._cut else self._fed_since_cut + len(block)
            if self._fed_since_cut > ENTRY_BYTES_MAX:
                raise LimitExceeded(f"one element has more than {ENTRY_BYTES_MAX} bytes.", where=self._blocks.where)
        try:
            parser.close()
        except ParseError as error:
            raise self._broken(error) from error
        yield from self._below(root, complete=True, depth=0)
        if not self._statements:
            inside = self._names[root[0].tag] if len(root) else "nothing"
            raise UnknownFormat(
                f"the XML file ({inside}) has no account report, statement or notification (camt.052, .053, .054).",
                cure="Ask the bank for camt.053.",
            )

    def _broken(self, error: ParseError) -> Unreadable:
        """A typed error that says whether the file was cut off."""
        if "no element found" in str(error) or "unclosed token" in str(error):
            cut = "the file ends before its last element is closed: it was cut off."
            return Unreadable(cut, cure="Fetch the file again.", where=self._blocks.where)
        line, column = error.position
        where = f"line {line}, column {column + 1}" if not self._blocks.squeezed else self._blocks.where
        return Unreadable(f"the file is no well-formed XML ({error}).", cure="Fetch the file again.", where=where)

    def _below(self, element: Element, *, complete: bool, depth: int) -> Iterator[Event]:
        """Everything finished below an element of the envelope; what is finished is taken out of the tree."""
        if depth > DEPTH_MAX:
            raise LimitExceeded(f"elements are nested more than {DEPTH_MAX} deep.", where=self._blocks.where)
        last = len(element) - 1
        for number, child in enumerate(list(element)):
            finished = complete or number < last
            found = _MESSAGE.fullmatch(self._names[child.tag])
            if found is not None:
                yield from self._in_message(child, found, complete=finished)
            else:
                yield from self._below(child, complete=finished, depth=depth + 1)
        if last > 0:
            del element[:last]
            self._cut = True

    def _in_message(self, message: Element, found: re.Match[str], *, complete: bool) -> Iterator[Event]:
        """Header and statements of one message."""
        if message is not self._message:
            self._message = message
            name, kind = _MESSAGES[found[1]]
            space = _NAMESPACE.search(message.tag)
            version = f"{space[2]}.{space[3]}" if space else f"001.{found[2]}" if found[2] else None
            self._base = StatementHeader(name, kind, version=version)
            self._shared = StatementHeader("", ""), []
            self._entries.status_unless_said = LineStatus.BOOKED if kind is StatementKind.STATEMENT else LineStatus.INFO
            if space and f"camt.{space[1]}" != name:
                message_text = f"the namespace says camt.{space[1]}, the message is {name}; read as {name}."
                yield Diagnostic("namespace-differs", Severity.WARNING, self._blocks.where, message_text)
        last = len(message) - 1
        for number, child in enumerate(list(message)):
            finished = complete or number < last
            name = self._names[child.tag]
            if name in _STATEMENTS:
                yield from self._in_statement(child, complete=finished)
            elif finished and name == "GrpHdr":
                self._shared = group_header(child, self._names)
        cut = last + 1 if complete else last
        if cut > 0:
            del message[:cut]
            self._cut = True

    def _in_statement(self, statement: Element, *, complete: bool) -> Iterator[Event]:
        """Entries and other parts of one statement."""
        if self._statement is None:
            self._statement = _Open(self._new_header())
            self._statements += 1
        current = self._statement
        cut = len(statement) if complete else len(statement) - 1
        lines = []
        if cut > 0:
            children = statement[:cut]
            del statement[:cut]
            self._cut = True
            names = self._names
            for child in children:
                if names[child.tag] != "Ntry":
                    current.header.add(child)
                    continue
                if not current.started:
                    yield from self._start(current)
                current.count += 1
                lines.append(self._entries.read(child, current.count, self._blocks.entry_place(current.count)))
        if lines:
            yield LinesRead(lines)
            yield from self._take(self._entries.diagnostics)
        if complete:
            yield from self._end(current)
            self._statement = None

    def _new_header(self) -> HeaderBuilder:
        shared, extra = self._shared
        base = self._base._replace(
            message_id=shared.message_id,
            created_at=shared.created_at,
            page=shared.page,
            last_page=shared.last_page,
            currency=self._currency,
        )
        return HeaderBuilder(base, extra, self._names, self._entries.transactions.parties)

    def _start(self, current: _Open) -> Iterator[Event]:
        header = current.header.header()
        current.started = True
        self._entries.currency = header.currency
        self._entries.transactions.parties.own = current.header.own
        yield StatementStarted(header)

    def _end(self, current: _Open) -> Iterator[Event]:
        if not current.started:
            yield from self._start(current)
        yield from current.header.control_totals()
        yield from self._take(current.header.diagnostics)
        yield StatementEnded(current.header.header())

    @staticmethod
    def _take(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
        taken = diagnostics[:]
        diagnostics.clear()
        return taken
