"""Bytes in, events out: known entries are cut out of the file, all the rest goes through the tokenizer.

The tokenizer (expat, building a tree in C) reads the file up to the first entry of a statement. There the place in the
file is known to lie directly in the statement, between its children. As long as plain `<Ntry>...</Ntry>` follow each
other they are taken out and read by their shape (see `entry`), which is several times faster than a tree; the tokenizer
never sees them, and a document without some complete elements is still a document. Whatever is not plain ends that: it
goes through the tokenizer, and after the next entry the place is known again.

The tree is cut down while it grows: `TreeBuilder.start` hands out a root that stays ours, and all but the last child
on each level is finished. Memory is one block and one entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from matcher.parsers.camt.blocks import Blocks
from matcher.parsers.camt.entry import EntryReader
from matcher.parsers.camt.header import HeaderBuilder, MessageHeader
from matcher.parsers.camt.markup import NotPlain
from matcher.parsers.camt.scan import (
    MARKUP_BYTES_MAX,
    aside_end,
    closed_before,
    entry_end,
    entry_start,
    whole_letters,
)
from matcher.parsers.camt.shape import DEPTH_MAX, local_name
from matcher.parsers.contract import Event, LinesRead, ReadOptions, StatementEnded, StatementStarted
from recon_core.domain.refused import InputError, LimitExceeded, UnknownFormat, Unreadable
from recon_core.domain.statement import StatementHeader

# An entry that is cut out may be a batch of many thousand transactions; a tree takes seven times its bytes.
ENTRY_BYTES_MAX = 48 << 20
TREE_BYTES_MAX = 16 << 20
# Lines are made for so many bytes at once: many of one shape cost less each, as long as the cache holds them.
FLUSHED_BYTES = 1 << 18

_MESSAGE = re.compile(r"BkToCstmr(AcctRpt|Stmt|DbtCdtNtfctn)(?:V([0-9]{2}))?", re.ASCII)
_STATEMENTS = frozenset({"Rpt", "Stmt", "Ntfctn"})


def read(stream: BinaryIO, options: ReadOptions) -> Iterator[Event]:
    """Events of one file. Raises `Unreadable`, `LimitExceeded`, or `UnknownFormat` for XML without a statement."""
    return Reading(stream, options).events()


class _Lines(NamedTuple):
    """Stands for lines of one statement that are not made yet, from the place `first` up to `end`."""

    first: int
    end: int


class _Open:
    """The statement that is being read."""

    __slots__ = ("count", "header", "started")

    def __init__(self, header: HeaderBuilder) -> None:
        self.header = header
        self.started = False
        self.count = 0


class Reading:
    """The state of reading one file. With `only_tree`, the tokenizer reads everything: slower, the same result."""

    def __init__(self, stream: BinaryIO, options: ReadOptions, *, only_tree: bool = False) -> None:
        self._blocks = Blocks(stream, options.encoding)
        self._entries = EntryReader()
        self._out: list[Event | _Lines] = []
        self._told = 0
        self._currency = options.currency
        self._cutting = not only_tree
        builder = TreeBuilder()
        self._root = builder.start("", {})
        self._parser = XMLParser(target=builder, encoding="utf-8")  # noqa: S314 - the guard refused document types
        # Newer tokenizers hold back what they may have to read again; they have a method to stop that.
        self._flush = getattr(self._parser, "flush", lambda: None)
        self._message: Element | None = None
        self._shared: MessageHeader | None = None
        self._statement: _Open | None = None
        self._statements = 0
        self._before: StatementHeader | None = None
        self._counted = 0
        self._buffer = b""
        self._offset = 0
        self._between = False
        self._open_tag = self._close_tag = b""
        self._pending = 0
        self._not_plain = -1

    def events(self) -> Iterator[Event]:
        """Read block after block; where that ends in an error, what was read comes first."""
        try:
            for _ in self._read():
                yield from self._events()
        except InputError:
            yield from self._events()
            raise
        yield from self._events()

    def _events(self) -> Iterator[Event]:
        """What was read since the last call. Only now the lines are made, those of all statements together."""
        self._end_lines()
        lines, told = self._entries.taken()
        for event in self._out:
            if isinstance(event, _Lines):
                own = lines[: event.end - event.first]
                # Who packs them away does it faster where nobody else has them.
                del lines[: len(own)]
                if own:
                    yield LinesRead(own)
                while told and told[0][0] < event.end:
                    yield from told.popleft()[1]
            else:
                yield event
        self._out, self._told = [], 0

    def _end_lines(self) -> None:
        """The lines of one statement end here, or those that are made together."""
        self._out.append(_Lines(self._told, self._entries.count))
        self._told = self._entries.count

    def _read(self) -> Iterator[None]:
        """Read the file, and say whenever so much was read that the lines should be made."""
        waiting: list[bytes] = []
        more = flushed = 0
        for block in self._blocks:
            if not self._buffer and not waiting:
                self._offset = self._blocks.offset
            waiting.append(block)
            more += len(block)
            # An entry that is longer than the buffer is looked for again only when twice as much of it is there.
            if more < len(self._buffer):
                continue
            self._buffer = b"".join((self._buffer, *waiting))
            waiting, more = [], 0
            self._advance(final=False)
            if self._blocks.offset - flushed >= FLUSHED_BYTES:
                flushed = self._blocks.offset
                yield
            if len(self._buffer) > ENTRY_BYTES_MAX or self._pending > TREE_BYTES_MAX:
                raise LimitExceeded("one element is larger than any that is read.", where=self._blocks.where)
        self._buffer = b"".join((self._buffer, *waiting))
        self._advance(final=True)
        try:
            self._parser.close()
        except ParseError as error:
            raise self._broken(error) from error
        self._below(self._root, finished=True, depth=0)
        self._out += self._blocks.diagnostics
        if not self._statements:
            inside = local_name(self._root[0].tag) if len(self._root) else "nothing"
            raise UnknownFormat(
                f"the XML file ({inside}) has no account report, statement or notification (camt.052, .053, .054).",
                cure="Ask the bank for camt.053.",
            )

    def _broken(self, error: ParseError) -> Unreadable:
        """A typed error that says whether the file was cut off."""
        cure, where = "Fetch the file again.", f"before {self._blocks.where}"
        if "no element found" in str(error) or "unclosed token" in str(error):
            return Unreadable(
                "the file ends before its last element is closed: it was cut off.", cure=cure, where=where
            )
        return Unreadable(f"the file is no well-formed XML: {str(error).split(':')[0]}.", cure=cure, where=where)

    def _advance(self, *, final: bool) -> None:
        """Read as much of the buffer as can be read; the rest stays in it."""
        at = 0
        while True:
            if self._between:
                at = self._cut_entries(at)
                if self._between:
                    break
            found = entry_start(self._buffer, at, final=final)
            self._cutting = self._cutting and not found.lost
            start = found.place if self._cutting else None
            if start is None:
                searched = found.searched if self._cutting else self._readable(final=final)
                self._feed(at, searched)
                at = searched
                break
            self._feed(at, start)
            at = start
            self._set_tags(found.prefix)
            if self._offset + start != self._not_plain and self._is_in_statement(start):
                self._enter()
                continue
            end, lost = entry_end(self._buffer, start)
            self._cutting = self._cutting and not lost
            if end is None:
                break
            self._feed(at, end)
            self._after_entry(start)
            at = end
        if final and at < len(self._buffer):
            self._feed(at, len(self._buffer))
            at = len(self._buffer)
        self._buffer = self._buffer[at:]
        self._offset += at

    def _readable(self, *, final: bool) -> int:
        """How much of the buffer the tokenizer may have: all but a letter that is cut at its end."""
        return len(self._buffer) if final else whole_letters(self._buffer)

    def _cut_entries(self, at: int) -> int:
        """Read plain entries from here on. Where `_between` is still set afterwards, the buffer is at its end."""
        data, open_tag, close_tag = self._buffer, self._open_tag, self._close_tag
        current, entries, exact = self._statement, self._entries, self._blocks.exact
        assert current is not None
        while True:
            start = data.find(b"<", at)
            if start < 0 or len(data) - start < len(open_tag):
                return at
            if start > at and not data[at:start].isspace():
                break
            if not data.startswith(open_tag, start):
                aside = aside_end(data, start)
                if aside == 0 and len(data) - start < MARKUP_BYTES_MAX:
                    return start
                if not aside:
                    break
                self._tokenize(start, aside)
                at = aside
                continue
            end = data.find(close_tag, start)
            if end < 0:
                return start
            number = current.count + 1
            where = f"entry {number} at byte {self._offset + start}" if exact else f"entry {number}"
            try:
                inside = data[start + len(open_tag) : end].decode()
                entries.take_markup(inside, number, where)
            except (NotPlain, UnicodeDecodeError):
                self._not_plain = self._offset + start
                break
            current.count = number
            at = end + len(close_tag)
        self._between = False
        return at

    def _set_tags(self, prefix: bytes) -> None:
        self._open_tag, self._close_tag = b"<" + prefix + b"Ntry>", b"</" + prefix + b"Ntry>"
        self._entries.use_prefix(prefix.decode("ascii", "replace"))

    def _is_in_statement(self, place: int) -> bool:
        """Whether the place, up to which the tokenizer has read, lies directly in the open statement.

        It does if the tag before it closes the last child of the statement; and it does close that one if nothing
        inside has the same name.
        """
        message = self._message
        statement = message[-1] if message is not None and len(message) else None
        if self._statement is None or statement is None or not len(statement):
            return False
        last = statement[-1]
        name = closed_before(self._buffer, place)
        if name is None or local_name(statement.tag) not in _STATEMENTS or local_name(last.tag) != name:
            return False
        return not any(local_name(inner.tag) == name for inner in last.iter() if inner is not last)

    def _enter(self) -> None:
        """Read what there is of the header, and begin to cut."""
        assert self._statement is not None
        assert self._message is not None
        statement = self._message[-1]
        for child in list(statement):
            self._read_child(self._statement, child, "")
        self._take_out(statement, len(statement))
        if not self._statement.started:
            self._start(self._statement)
        self._between = True

    def _after_entry(self, start: int) -> None:
        """The tokenizer has read up to the end tag of an entry: read the element, and know the place in the file."""
        message = self._message
        statement = message[-1] if message is not None and len(message) else None
        if self._statement is None or statement is None or not len(statement):
            return
        if local_name(statement.tag) not in _STATEMENTS or local_name(statement[-1].tag) != "Ntry":
            return
        place = f" at byte {self._offset + start}" if self._blocks.exact else ""
        self._read_child(self._statement, statement[-1], place)
        del statement[-1]
        self._pending = 0
        self._between = True

    def _feed(self, start: int, end: int) -> None:
        """Hand a piece of the buffer to the tokenizer, and read what it finished."""
        if start >= end:
            return
        if end - start > TREE_BYTES_MAX:
            raise LimitExceeded("one element is larger than any that is read.", where=self._blocks.where)
        self._tokenize(start, end)
        self._below(self._root, finished=False, depth=0)

    def _tokenize(self, start: int, end: int) -> None:
        try:
            self._parser.feed(self._blocks.utf8(self._buffer[start:end]))
            self._flush()
        except ParseError as error:
            raise self._broken(error) from error
        self._pending += end - start

    def _below(self, element: Element, *, finished: bool, depth: int) -> None:
        """Everything finished below an element of the envelope; what is finished is taken out of the tree."""
        if depth > DEPTH_MAX:
            raise LimitExceeded(f"elements are nested more than {DEPTH_MAX} deep.", where=self._blocks.where)
        last = len(element) - 1
        for number, child in enumerate(list(element)):
            found = _MESSAGE.fullmatch(local_name(child.tag))
            if found is not None:
                self._in_message(child, found, finished=finished or number < last)
            else:
                self._below(child, finished=finished or number < last, depth=depth + 1)
        self._take_out(element, last)

    def _take_out(self, element: Element, count: int) -> None:
        if count > 0:
            del element[:count]
            self._pending = 0

    def _in_message(self, message: Element, found: re.Match[str], *, finished: bool) -> None:
        """Header and statements of one message."""
        if message is not self._message or self._shared is None:
            self._message = message
            self._shared = MessageHeader(message.tag, found[1], found[2], self._currency)
            self._out += self._shared.diagnostics
        last = len(message) - 1
        for number, child in enumerate(list(message)):
            complete = finished or number < last
            if local_name(child.tag) in _STATEMENTS:
                self._in_statement(child, self._shared, finished=complete)
            elif complete:
                self._out += self._shared.add(child)
        self._take_out(message, last + 1 if finished else last)

    def _in_statement(self, statement: Element, shared: MessageHeader, *, finished: bool) -> None:
        """Entries and other parts of one statement."""
        if self._statement is None:
            self._statement = _Open(HeaderBuilder(shared))
            self._statements += 1
        count = len(statement) if finished else len(statement) - 1
        for child in statement[: max(count, 0)]:
            self._read_child(self._statement, child, "")
        self._take_out(statement, count)
        if finished:
            self._end_lines()
            self._end(self._statement)
            self._statement = None
            self._between = False

    def _read_child(self, current: _Open, child: Element, place: str) -> None:
        """One part of a statement: an entry, or something of the header."""
        if local_name(child.tag) != "Ntry":
            current.header.add(child)
            return
        if not current.started:
            self._start(current)
        current.count += 1
        self._entries.take_element(child, current.count, f"entry {current.count}{place}")

    def _start(self, current: _Open) -> None:
        header = current.header.header()
        current.started = True
        if _is_next_page(self._before, header):
            current.count = self._counted
        assert self._shared is not None
        self._entries.begin(current.header.own, header.currency, self._shared.status_unless_said)
        self._out.append(StatementStarted(header))

    def _end(self, current: _Open) -> None:
        if not current.started:
            self._start(current)
        self._out += current.header.control_totals()
        self._out += current.header.diagnostics
        header = current.header.header()
        self._before, self._counted = header, current.count
        self._out.append(StatementEnded(header))


def _is_next_page(before: StatementHeader | None, header: StatementHeader) -> bool:
    """Whether a statement is the page after `before`, so that its entries are counted on."""
    if before is None or before.page is None or before.last_page or header.page != before.page + 1:
        return False
    one, other = (
        (each.account, each.currency, each.statement_id if each.sequence is None else each.sequence)
        for each in (before, header)
    )
    return one == other
