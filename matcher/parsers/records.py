"""Fixed-width records of the formats that banks exchanged on tape: one a line, or one behind the other as on the tape."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import chain
from typing import BinaryIO, TypeVar

from matcher.parsers.codepage import likely_codepage
from matcher.parsers.contract import Event, LinesRead, ReadOptions
from matcher.parsers.notes import Notes
from matcher.parsers.text import Decoder, decoded_blocks, short_date, text_codec
from recon_core.domain.refused import BadDate, LimitExceeded
from recon_core.domain.statement import StatementLine

BLOCK_BYTES = 1 << 16
RECORD_CHARS_MAX = 4096
LINES_IN_EVENT = 500
GET_AGAIN = "Ask the bank for the file again."
Record = TypeVar("Record")
_EBCDIC = re.compile(rb"[\xf0-\xf9]{2}")
_EBCDIC_CODEC = "cp1140"
# That of mainframes (NEL, 15 in EBCDIC), perhaps behind a carriage return, and the carriage return alone.
_OTHER_LINE_ENDS = ("\x85", "\r")
_PADDING = " \x00\x1a\r"


def records(first: bytes, stream: BinaryIO, decoder: Decoder, *, width: int) -> Iterator[tuple[int, str]]:
    """Line number and text of each record that is not blank, padded to `width`; tabs are eight columns.

    `first` is what was read of the stream before. Raises `LimitExceeded` for a line of more than `RECORD_CHARS_MAX`
    characters.
    """
    held, number = "", 0
    for block in _blocks(first, stream, decoder, width):
        *whole, held = (held + block).split("\n")
        for line in whole:
            number += 1
            if line.strip(_PADDING):
                yield number, line.rstrip(_PADDING).expandtabs(8).ljust(width)
        if len(held) > RECORD_CHARS_MAX:
            raise LimitExceeded(f"a record is longer than {RECORD_CHARS_MAX} characters.", where=f"line {number + 1}")


def _blocks(first: bytes, stream: BinaryIO, decoder: Decoder, width: int) -> Iterator[str]:
    """Text with one kind of line end, closed by one. Records may stand behind each other without any."""
    text = decoder.feed(first)
    blocks: Iterator[str] = chain([text], decoded_blocks(stream, decoder, block_bytes=BLOCK_BYTES))
    if "\n" not in text:
        end = next((sign for sign in _OTHER_LINE_ENDS if sign in text), None)
        if end is not None:
            blocks = (block.replace(end, "\n") for block in blocks)
        elif 0 < width < len(text):
            blocks = _cut(blocks, width)
    for block in blocks:
        yield block.replace("\r\n", "\n")
    yield "\n"


def _cut(blocks: Iterable[str], width: int) -> Iterator[str]:
    """Text with a line end behind each record."""
    held = ""
    for block in blocks:
        held += block
        whole = len(held) - len(held) % width
        yield "".join(f"{held[at : at + width]}\n" for at in range(0, whole, width))
        held = held[whole:]
    yield held


class RecordReader(ABC):
    """The state between records: what was read and is not told yet."""

    def __init__(self) -> None:
        self._notes = Notes()
        self._out: list[Event] = []
        self._lines: list[StatementLine] = []

    @abstractmethod
    def finish(self) -> None:
        """The file is at its end. Raises `Unreadable` where that can't be all."""

    def events(self) -> list[Event]:
        """What the records since the last call gave."""
        if len(self._lines) >= LINES_IN_EVENT:
            self._tell_lines()
        told = [*self._out, *self._notes.drain()]
        self._out = []
        return told

    def _tell_lines(self) -> None:
        if self._lines:
            self._out.append(LinesRead(self._lines))
            self._lines = []

    def _day_first(self, digits: str, where: str) -> date | None:
        """The day of DDMMYY, None for zeros or blanks, and None with a note for what is no day."""
        if not digits.strip("0 "):
            return None
        try:
            return short_date(digits[4:6] + digits[2:4] + digits[:2])
        except BadDate:
            self._notes.error("bad-date", where, f"{digits!r} is no day (DDMMYY).", GET_AGAIN)
            return None


class FixedWidthReader(RecordReader):
    """A reader of records with a line each."""

    @abstractmethod
    def take(self, number: int, record: str) -> None:
        """Read one record; `number` is that of its line."""

    def read(self, stream: BinaryIO, options: ReadOptions, *, width: int) -> Iterator[Event]:
        """Events of a file with records of this width."""
        first = stream.read(BLOCK_BYTES)
        decoder = decoder_for(first, options)
        numbered = records(first, stream, decoder, width=width)
        return told(self, decoder, numbered, lambda one: self.take(*one))


def plain(data: bytes) -> bytes:
    """The beginning of a file with its letters as ASCII has them, for patterns: without byte order marks, and without
    the zeros of UTF-16 and UTF-32.
    """
    if _EBCDIC.match(data):
        return data.decode(_EBCDIC_CODEC).encode("ascii", "replace")
    return data.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")


def decoder_for(first: bytes, options: ReadOptions) -> Decoder:
    """The decoder of a file that begins with `first`.

    Where it is no UTF-8 it is in Windows-1252, the code page in which these formats are exchanged, unless its letters
    say another one; mainframes send EBCDIC, in which digits are F0 to F9, in the national variant that is configured
    (cp273) or that of the euro. Raises `BadSetting` for an encoding that is none.
    """
    decoder = Decoder(configured=options.encoding, declared=likely_codepage(first) or "cp1252")
    if not _EBCDIC.match(first):
        return decoder
    variant = text_codec(options.encoding) if options.encoding else None
    return Decoder(only=variant if variant and first[:2].decode(variant, "replace").isdecimal() else _EBCDIC_CODEC)


def told(
    reader: RecordReader, decoder: Decoder, source: Iterable[Record], take: Callable[[Record], None]
) -> Iterator[Event]:
    """Events of a reader that takes record after record. That the code page is Windows-1252 is no surprise."""
    for record in source:
        take(record)
        yield from reader.events()
    reader.finish()
    yield from (found for found in decoder.diagnostics if found.code != "encoding-fallback")
    yield from reader.events()
