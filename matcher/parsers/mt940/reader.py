"""MT940 and MT942 as events: which tag means what at this place of the message.

A tag is accepted only where the message may have it. Between entries, header tags are text that a payer typed, unless
they begin a whole header; a `-` alone ends a message unless the message goes on behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum
from itertools import islice
from operator import itemgetter
from typing import BinaryIO, NamedTuple

from matcher.parsers.contract import Event, LinesRead, ReadOptions, StatementEnded, StatementStarted
from matcher.parsers.mt940.blocks import ENTRY, Block, Blocks, entries, fields
from matcher.parsers.mt940.message import Message
from matcher.parsers.mt940.notes import add_notes
from matcher.parsers.mt940.usual import Progress, Run, UsualReader, careful_line, read_usual
from recon_core.domain.currency import NO_CURRENCY, exponent
from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.refused import Unreadable

# The order of header tags: a header goes on with a later one.
_ORDER = {
    "20": 0, "21": 1, "25": 2, "25P": 2, "28": 3, "28C": 3, "34F": 4, "13": 4, "13D": 4, "60": 5, "60F": 5, "60M": 5,
}  # fmt: skip
_BEGINS = frozenset({"20", "21", "25", "25P", "28", "28C"})
_NEXT_ENTRY = frozenset({"61", "62F", "62M"})
# What stands between two messages: SWIFT trailer and header, the closing line, prologues.
_BETWEEN = re.compile(r"\n(?:-(?:\}[^\n]*|XXX)? *(?=\n|$)|-?\{[1-5]:|ABNANL2A|0000 01INGB|:?940:?(?: 00)?(?=\n|$))")
_BLOCK = re.compile(r"\{([12]):([^{}]{1,60})\}")
_BALANCE_SHAPE = re.compile(r"[CDcd][0-9]{6}")


_CLOSING = re.compile(r"\n:62[FM]:[CD][0-9]{6}", re.ASCII)


class State(IntEnum):
    """Where in a message the reader is."""

    OUTSIDE = 0
    HEADER = 1
    ENTRIES = 2
    CLOSED = 3


class _Lines(NamedTuple):
    """Lines of one statement, from the place `first` of the run up to `end`, and what was odd, with its line in the file."""

    first: int
    end: int
    odd: list[tuple[int, Diagnostic]]


class Reader:
    """Reads one stream. `events` may be called once. Raises `UnknownCurrency` for a currency that is none."""

    def __init__(self, options: ReadOptions) -> None:
        if options.currency is not None:
            exponent(options.currency)
        self._options = options
        self._state = State.OUTSIDE
        self._message: Message | None = None
        self._before: Message | None = None
        self._readers: dict[str, UsualReader] = {}
        self._entries = self._reader_of(NO_CURRENCY)
        self._started = False
        self._index = 0
        self._number = 0  # lines read up to the tag in hand
        self._out: list[Event | _Lines] = []
        self._run: Run = []
        self._told = 0  # lines of the run that `_out` has
        self._odd: list[tuple[int, Diagnostic]] = []
        self._shell: list[tuple[str, str]] = []
        self._any = False

    def events(self, stream: BinaryIO) -> Iterator[Event]:
        """All events of the stream. Raises `LimitExceeded`, or `Unreadable` where there is no message at all."""
        blocks = Blocks(stream, encoding=self._options.encoding)
        reported = 0
        for block in blocks:
            yield from blocks.decoder.diagnostics[reported:]
            reported = len(blocks.decoder.diagnostics)
            self._block(block)
            if not block.following:
                self._end()
            yield from self._events()
        if not self._any:
            raise Unreadable("there is no MT940 or MT942 message in the file.", cure="Look at what the bank sent.")

    def _reader_of(self, currency: str) -> UsualReader:
        return self._readers.setdefault(currency, UsualReader(currency, self._report))

    def _report(self, code: str, severity: Severity, number: int, message: str, cure: str) -> None:
        self._odd.append((number, Diagnostic(code, severity, f"line {number}", message, cure)))

    def _flush(self) -> None:
        """Hand out what was read: lines, then what was odd about them."""
        end = len(self._run)
        if end > self._told or self._odd:
            self._out.append(_Lines(self._told, end, self._odd))
            self._told, self._odd = end, []

    def _events(self) -> Iterator[Event]:
        """What a block gave. Only now the lines that wait are made, those of all its statements together."""
        self._flush()
        for reader in self._readers.values():
            for place, index, number, chunk in reader.fill(self._run):
                body, _, text = chunk.partition("\n:86:")
                self._run[place] = careful_line(body, text.rstrip(), number, index, reader)
                told = next(each for each in self._out if isinstance(each, _Lines) and each.end > place)
                told.odd.extend(self._odd)
                self._odd = []
        for event in self._out:
            if isinstance(event, _Lines):
                lines = [line for line in self._run[: event.end - event.first] if line is not None]
                # Who packs them away does it faster where nobody else has them.
                del self._run[: len(lines)]
                if lines:
                    yield LinesRead(lines)
                yield from (found for _, found in sorted(event.odd, key=itemgetter(0)))
            else:
                yield event
        self._out, self._run, self._told = [], [], 0

    def _block(self, block: Block) -> None:
        head, *chunks = entries(block.text)
        last = len(chunks)
        self._fields(head, "61" if chunks else block.following)
        at = 0
        while at < last:
            self._before_entries(islice(chunks, at, None))
            at = self._usual_entries(chunks, at, last if block.following == "61" else last - 1)
            if at < last:
                self._with_care(chunks, at, "61" if at + 1 < last else block.following)
                at += 1

    def _with_care(self, chunks: list[str], at: int, following: str) -> None:
        """An entry that is not usual, or the last one of a message with the trailer and header that follow it."""
        text = ENTRY + chunks[at]
        closing = _CLOSING.search(text)
        if closing is not None:
            chunks[at] = text[len(ENTRY) : closing.start()]
            if self._usual_entries(chunks, at, at + 1) > at:
                text = text[closing.start() :]
        self._fields(text, following)

    def _usual_entries(self, chunks: list[str], at: int, end: int) -> int:
        """Read the run of usual entries that begins at `chunks[at]`; returns the place of the first other one."""
        start = Progress(at, self._number, self._index)
        at, self._number, self._index = read_usual(chunks, start, end, self._entries, self._run)
        return at

    def _fields(self, text: str, following: str) -> None:
        """Tag by tag: headers, trailers, and at the beginning perhaps an entry with something unusual about it."""
        parts = fields(text)
        self._number += parts[0].count("\n")
        self._note_shell(parts[0])
        count = len(parts)
        parts += (following, "")
        at = 1
        while at < count:
            if parts[at] == "61":
                # A torn tag is found only here.
                self._before_entries([text])
                at = self._read_entry(parts, at, count)
            else:
                self._field(parts[at], parts[at + 1], parts[at + 2])
                at += 2

    def _before_entries(self, ahead: Iterable[str]) -> None:
        """Get ready for the first entry of a message, or of what looks like the rest of one.

        `ahead` is the text from there on, in which the closing balance may name the currency.
        """
        if self._state == State.ENTRIES:
            return
        if self._state == State.CLOSED:
            message = "an entry follows the closing balance; that balance is taken for text of the entry before it."
            self._report("entry-after-closing", Severity.ERROR, self._number + 1, message, "Compare with the bank.")
            assert self._message is not None
            self._message.reopen()
        if self._state == State.OUTSIDE:
            self._begin()
        assert self._message is not None
        self._message.has_entries = True
        self._start(ahead)
        if self._entries.currency == NO_CURRENCY:
            message = "the statement names no currency; amounts are read with two decimals."
            self._report("currency-missing", Severity.ERROR, self._number + 1, message, "Name the account's currency.")
        self._state = State.ENTRIES

    def _begin(self) -> None:
        self._end()
        self._message = Message(self._report, default_currency=self._options.currency)
        for name, text in self._shell:
            self._message.keep(name, text)
        self._shell = []
        self._state = State.HEADER
        self._any = True

    def _start(self, ahead: Iterable[str] = ()) -> None:
        """Tell that the statement begins, once its header is complete."""
        message = self._message
        assert message is not None
        if self._started:
            return
        currency = message.settle_currency(ahead)
        if currency != self._entries.currency:
            self._entries = self._reader_of(currency)
        if not message.continues(self._before):
            self._index = 0
        self._started = True
        self._out.append(StatementStarted(message.header()))

    def _end(self) -> None:
        """End the open message, if there is one."""
        message = self._message
        if message is None:
            return
        self._start()
        missing = message.missing()
        if missing:
            text = f"the statement has not {missing}."
            self._report("field-missing", Severity.WARNING, self._number, text, "Look whether the file was cut.")
        self._flush()
        self._out.append(StatementEnded(message.header()))
        self._before, self._message = message, None
        self._started = False
        self._state = State.OUTSIDE

    def _read_entry(self, parts: list[str], at: int, count: int) -> int:
        """Read the entry at `parts[at]`, a "61"; returns the place of the first tag that does not belong to it."""
        number = self._number + 1
        self._number = number + parts[at + 1].count("\n")
        body, text, notes, at = self._gather(parts, at + 2, count, parts[at + 1])
        line = careful_line(body, text, number, self._index + 1, self._entries)
        if line is None:
            return at
        self._index += 1
        self._run.append(add_notes(line, notes) if notes else line)
        return at

    def _gather(self, parts: list[str], at: int, count: int, body: str) -> tuple[str, str | None, list[str], int]:
        """What else belongs to an entry: more `:86:`, `:NS:`, and text that looks like a tag but is none.

        Returns `:61:` content, `:86:` text, `:NS:` contents, and where the next tag is.
        """
        texts: list[str] = []
        notes: list[str] = []
        while at < count:
            tag, content = parts[at], parts[at + 1]
            if tag == "86":
                texts.append(content)
            elif tag == "NS":
                notes.append(content)
            elif self._is_text(parts, at):
                message = f"a line begins with :{tag}: where no such field can stand; it is read as text."
                self._report("tag-as-text", Severity.WARNING, self._number + 1, message, "")
                if texts:
                    texts[-1] += f"\n:{tag}:{content}"
                else:
                    body += f"\n:{tag}:{content}"
            else:
                break
            self._number += 1 + content.count("\n")
            at += 2
        if parts[at] not in _NEXT_ENTRY:
            # The message may end here without a closing balance: what stands between messages is no text.
            if texts:
                texts[-1] = self._cut(texts[-1])
            else:
                body = self._cut(body)
        if len(texts) > 1 and texts[1].startswith(texts[0].strip()) and len(texts[0].strip()) == 3:
            del texts[0]
        return body, "\n".join(texts).rstrip() if texts else None, notes, at

    def _cut(self, content: str) -> str:
        """Content without what stands between messages; if there is such, the message is over."""
        found = _BETWEEN.search(content)
        if found is None:
            return content
        self._note_shell(content[found.start() :])
        return content[: found.start()]

    def _is_text(self, parts: list[str], at: int) -> bool:
        """Whether a tag between entries is text."""
        tag = parts[at]
        if tag in _BEGINS:
            return not self._is_header(parts, at)
        if tag[:2] == "62":
            return not _BALANCE_SHAPE.match(parts[at + 1])
        return tag in _ORDER

    def _is_header(self, parts: list[str], at: int) -> bool:
        """Whether the header of a message begins at a tag: fields of one line, in their order, up to what a payer's
        text hardly has: an opening balance, or a report's floor limit or time. The account and number are enough where
        the message before had no opening balance either.
        """
        assert self._message is not None
        enough = _ORDER["60"] if self._message.opening is not None else _ORDER["28"]
        order = _ORDER[parts[at]]
        while "\n" not in parts[at + 1].strip():
            at += 2
            following = _ORDER.get(parts[at], -1) if at + 1 < len(parts) else -1
            if following <= order:
                break
            order = following
            if order == _ORDER["60"]:
                return _BALANCE_SHAPE.match(parts[at + 1]) is not None
        return order >= min(enough, _ORDER["34F"])

    def _field(self, tag: str, content: str, following: str) -> None:
        """Take a tag that is no entry."""
        self._number += 1
        if self._begins_message(tag):
            self._begin()
        message = self._message
        assert message is not None
        over = _BETWEEN.search(content) if "\n" in content else None
        closing = tag[:2] in ("62", "64", "65", "90")
        totals = message.take(tag, content[: over.start()] if over else content, self._number)
        if closing and self._state == State.HEADER:
            self._start()
        if totals is not None:
            self._out.append(totals)
        if closing:
            self._state = State.CLOSED
        self._number += content.count("\n")
        if over is not None and self._state != State.HEADER:
            self._end()
        if over is not None or not following:
            self._note_shell(content)

    def _begins_message(self, tag: str) -> bool:
        message = self._message
        if message is None:
            return True
        if self._state == State.HEADER:
            return tag in _BEGINS and (tag == "20" or tag in message.tags)
        if self._state == State.ENTRIES:
            return tag in _BEGINS
        return tag in _ORDER

    def _note_shell(self, text: str) -> None:
        """Keep the SWIFT blocks before a message for its header."""
        if "{" in text:
            self._shell = [(f"block {block}", content) for block, content in _BLOCK.findall(text)]
