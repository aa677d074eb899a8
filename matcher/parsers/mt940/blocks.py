"""Bytes to text blocks that end where an entry begins, and a text block to tags and contents.

Memory is one block and the longest field, which is limited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import IncrementalNewlineDecoder
from itertools import chain
from typing import BinaryIO, NamedTuple

from matcher.parsers.codepage import likely_codepage
from matcher.parsers.text import Decoder
from recon_core.domain.refused import LimitExceeded

# The lines of a block are made together. The garbage collector would look at those of a larger one again and again.
BLOCK_BYTES = 80 << 10
# So much of a file is looked at to tell its code page.
_EVIDENCE_BYTES = 1 << 18
FIELD_CHARS_MAX = 8 << 20

ENTRY = "\n:61:"

# Control characters that transports leave in the text: NUL, SOH, ETX and the end-of-file mark of DOS.
_TRANSPORT = "\x00\x01\x03\x1a"
_DROP = dict.fromkeys(map(ord, _TRANSPORT))
# Some banks end the header with a dash and forget the line end behind it; others forget the one before the first tag.
_DASHED = re.compile(r"\n-(?=:(?:61|86|6[02][FM]?|20|25P?|28C?):)")
_OPENED = re.compile(r"\{4:[ \t]*(?=:20:)")
_WRAPPED = re.compile(r"\n:\n(?=(?:[0-9]{2}[A-Z]?|NS[A-Z]?):)")
_TAG = re.compile(r"\n:(61|86|6[02][FM]?|64|65|20|21|25P?|28C?|13D?|34F|90[CD]|NS):")
_MESSAGE = re.compile(r"\n:20:[^\n]*\n\s*:(?:21|25P?|28C?):")


class Block(NamedTuple):
    """Text that begins with a line feed; `following` is the tag that the next block begins with, "" at the end."""

    text: str
    following: str


class Blocks:
    """The blocks of a stream, line ends as line feeds. What the decoding found odd is in `decoder.diagnostics`.

    `encoding` is what the caller knows of the bank. Iteration raises `LimitExceeded`.
    """

    def __init__(self, stream: BinaryIO, *, encoding: str | None, block_bytes: int = BLOCK_BYTES) -> None:
        self._stream = stream
        self._block_bytes = block_bytes
        self._first = stream.read(_EVIDENCE_BYTES)
        self._marked = b"@@:" in self._first and not (b"\n:" in self._first or b"\r:" in self._first)
        self._half_mark = ""
        self.decoder = Decoder(configured=encoding, declared=likely_codepage(self._first))

    def __iter__(self) -> Iterator[Block]:
        pending = "\n"
        for text in self._texts():
            pending += text
            # From the end, and for one letter, the search is several times as fast.
            if pending.rfind("\n-:") >= 0:
                pending = _DASHED.sub("\n", pending)
            if "{" in pending and "{4:" in pending:
                pending = _OPENED.sub("{4:\n", pending)
            cut, following = pending.rfind(ENTRY, 1), "61"
            if cut < 0 and len(pending) > self._block_bytes:
                cut = max((found.start() for found in _MESSAGE.finditer(pending, 1)), default=-1)
                following = "20"
            if cut > 0:
                yield Block(pending[:cut], following)
                pending = pending[cut:]
            if len(pending) > FIELD_CHARS_MAX:
                raise LimitExceeded(
                    f"a field or a run of statements without entries is larger than {FIELD_CHARS_MAX} characters.",
                    cure="Split the file, or look for damage at this place.",
                )
        yield Block(pending, "")

    def _texts(self) -> Iterator[str]:
        """Decoded text with line feeds only and without transport characters."""
        size = self._block_bytes
        first = (self._first[at : at + size] for at in range(0, len(self._first), size))
        line_feeds = IncrementalNewlineDecoder(None, True)
        for data in chain(first, iter(lambda: self._stream.read(size), b"")):
            yield _plain(line_feeds.decode(self._decoded(data)))
        yield _plain(line_feeds.decode(self._decoded(b"", final=True), True))

    def _decoded(self, data: bytes, *, final: bool = False) -> str:
        """Text of the next bytes. FinTS allows `@@` for the end of a line; where it is used no line ends otherwise."""
        text = self.decoder.feed(data, final=final)
        if not self._marked:
            return text
        text = self._half_mark + text
        is_half = (len(text) - len(text.rstrip("@"))) % 2 and not final
        self._half_mark = "@" if is_half else ""
        return text.removesuffix(self._half_mark).replace("@@", "\n")


def _plain(text: str) -> str:
    """The text without transport characters."""
    if any(character in text for character in _TRANSPORT):
        text = text.translate(_DROP)
    return text


def entries(text: str) -> list[str]:
    """[text before the first entry, content of `:61:` and all that follows it up to the next one, …]."""
    # From the end the search is twice as fast.
    return text.rsplit(ENTRY)


def fields(text: str) -> list[str]:
    """[text before the first tag, tag, content, tag, content, …]; line feeds before tags belong to no content.

    A tag may be torn behind its first colon.
    """
    if "\n:\n" in text:
        # The line feed moves before the colon, so that counting lines stays right.
        text = _WRAPPED.sub("\n\n:", text)
    return _TAG.split(text)
