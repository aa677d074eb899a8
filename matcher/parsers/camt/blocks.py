"""The bytes of an XML file in blocks that the tokenizer can be fed with.

Between file and tokenizer stand: the guard of the prolog, the repair of bytes that are no UTF-8 in a file that claims
to be, the removal of indentation (which costs more than the text that it separates), and the place of each entry.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from matcher.parsers.camt.prolog import PrologGuard, declared_utf8
from matcher.parsers.text import Decoder
from recon_core.domain.diagnostic import Diagnostic

BLOCK_BYTES = 1 << 16
_INDENT = re.compile(rb">[ \t\r\n]+<")
_INDENTS_MIN = 4
_ENTRY = re.compile(rb"<(?:[A-Za-z_][\w.-]{0,60}:)?Ntry(?=[\s/>])", re.ASCII)
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_AFTER_NAME = b" \t\r\n/>"
_OVERLAP = 96
_TRAILING = b"\x00\x1a \t\r\n"


class Blocks:
    """Iterable once. `where` is the place of the last block, `squeezed` whether indentation was taken out."""

    def __init__(self, stream: BinaryIO, encoding: str | None) -> None:
        self.squeezed = False
        self._stream = stream
        self._configured = encoding
        self._decoder: Decoder | None = None
        self._held = b""
        self._multibyte = False
        self._start = self._end = 0
        self._utf8 = False
        self._places = EntryPlaces()

    @property
    def where(self) -> str:
        """The bytes of the block that was read last."""
        return f"bytes {self._start} to {self._end}"

    def entry_place(self, number: int) -> str:
        """Where the next entry begins; to be asked once for each, in their order."""
        place = self._places.next()
        return f"entry {number}" if place is None else f"entry {number} at byte {place}"

    def take_diagnostics(self) -> list[Diagnostic]:
        """What was odd in the bytes since the last call."""
        if self._decoder is None or not self._decoder.diagnostics:
            return []
        taken = self._decoder.diagnostics[:]
        self._decoder.diagnostics.clear()
        return taken

    def __iter__(self) -> Iterator[bytes]:
        """Blocks for the tokenizer. Raises `Unreadable` for a document type."""
        guard = PrologGuard()
        block = self._stream.read(BLOCK_BYTES)
        bytewise = b"\x00" not in block[:4] and block[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        self._end = len(block)
        if bytewise:
            block = block.removeprefix(codecs.BOM_UTF8).lstrip()
            self._start = self._end - len(block)
        first = True
        while block:
            following = self._stream.read(BLOCK_BYTES)
            if bytewise and not following:
                block = block.rstrip(_TRAILING)
            guard.feed(block, final=not following)
            if first:
                first = False
                self._utf8 = bytewise and declared_utf8(block, guard.encoding)
                self.squeezed = (
                    bytewise and sum(1 for _ in islice(_INDENT.finditer(block), _INDENTS_MIN)) >= _INDENTS_MIN
                )
            if bytewise:
                self._places.look(block, self._start)
            data = self._as_utf8(block, final=not following) if self._utf8 else block
            if self.squeezed:
                if b"CDATA[" in block or self._places.split_cdata:
                    self.squeezed = False
                else:
                    data = _INDENT.sub(b"><", data)
            yield data
            block = following
            self._start, self._end = self._end, self._end + len(following)

    def _as_utf8(self, block: bytes, *, final: bool) -> bytes:
        """The block as UTF-8. Bytes that are none are read as the caller's code page or as Windows-1252."""
        if self._decoder is None:
            data = self._held + block
            if data.isascii():
                self._held = b""
                return data
            try:
                used = codecs.utf_8_decode(data, "strict", final)[1]
            except UnicodeDecodeError:
                before = self._start - len(self._held)
                self._decoder = Decoder(configured=self._configured, after_utf8=self._multibyte, offset=before)
                return self._decoder.feed(data, final=final).encode()
            self._multibyte = True
            self._held = data[used:]
            return data[:used]
        return self._decoder.feed(block, final=final).encode()


class EntryPlaces:
    """Byte offsets of the `Ntry` start tags, found beside the tokenizer, which does not tell them.

    A comment that holds such a tag, or tags that the count does not agree with, end the telling of places: none is
    better than a wrong one.
    """

    def __init__(self) -> None:
        self.split_cdata = False
        self._tag = b""
        self._tail = b""
        self._found: deque[int] = deque()
        self._told = True

    def next(self) -> int | None:
        """Offset of the next entry."""
        if not self._told:
            return None
        if not self._found:
            self._told = False
            return None
        return self._found.popleft()

    def look(self, block: bytes, offset: int) -> None:
        """Search the next block, which begins at `offset`."""
        data = self._tail + block
        start = len(self._tail)
        self._tail = data[-_OVERLAP:]
        self.split_cdata = b"CDATA[" in data[start - 8 : start + 8] if start else False
        if not self._told or self._is_doubtful(data):
            self._told = False
            return
        if not self._tag:
            first = _ENTRY.search(data)
            if first is None:
                return
            self._tag = first[0]
        base, at, size = offset - start, data.find(self._tag), len(self._tag)
        while at >= 0:
            after = at + size
            if start <= after < len(data) and data[after] in _AFTER_NAME:
                self._found.append(base + at)
            at = data.find(self._tag, after)

    @staticmethod
    def _is_doubtful(data: bytes) -> bool:
        """Whether something that is no markup may look like an entry."""
        if b"CDATA[" in data:
            return True
        comments = data.count(b"<!--")
        if not comments:
            return False
        closed = _COMMENT.findall(data)
        return len(closed) != comments or any(b"Ntry" in comment for comment in closed)
