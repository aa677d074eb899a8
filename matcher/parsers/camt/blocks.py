"""The bytes of an XML file as UTF-8 in blocks, whatever its encoding is.

The encoding is that of the byte order mark, of the pattern of zero bytes, or of the declaration. Control characters,
which XML does not have, become spaces. The guard of the prolog looks at the same bytes that the tokenizer gets.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from matcher.parsers.camt.prolog import PrologGuard
from matcher.parsers.text import Decoder, text_codec
from recon_core.domain.diagnostic import Diagnostic, Severity

BLOCK_BYTES = 1 << 16
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']", re.ASCII)
# Byte patterns at the beginning of a file that is not one byte a letter: marks first, then "<" as it is written.
_WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_AS_IT_IS = ("utf-8", "ascii")
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")
_SPACED = bytes(32 if code in _CONTROLS else code for code in range(256))
_TRAILING = b"\x00\x1a \t\r\n"


class Blocks:
    """Iterable once. `offset` is the place in the file of the first byte of the block, where `exact` is set."""

    def __init__(self, stream: BinaryIO, configured: str | None) -> None:
        self.offset = 0
        self.exact = True
        self.diagnostics: list[Diagnostic] = []
        self._stream = stream
        self._configured = configured
        self._read = 0

    @property
    def where(self) -> str:
        """How far the file was read."""
        return f"byte {self._read}"

    def __iter__(self) -> Iterator[bytes]:
        """Blocks for the tokenizer. Raises `Unreadable` for a document type."""
        guard = PrologGuard()
        block = self._next()
        decoder = self._decoder(block)
        if decoder is None:
            stripped = block.removeprefix(codecs.BOM_UTF8).lstrip()
            self.offset = len(block) - len(stripped)
            block = stripped
        self.exact = decoder is None
        while block:
            following = self._next()
            size = len(block)
            if decoder is not None:
                block = decoder.feed(block, final=not following).encode("utf-8", "backslashreplace")
                self.diagnostics += decoder.diagnostics
                decoder.diagnostics.clear()
            if not following:
                block = block.rstrip(_TRAILING)
            # One search for each, as that is half the work of a translation.
            if any(code in block for code in _CONTROLS):
                block = block.translate(_SPACED)
                self.report("control-characters", "control characters, which XML does not allow, are read as spaces")
            guard.feed(block, final=not following)
            yield block
            self.offset += size
            block = following

    def _next(self) -> bytes:
        block = self._stream.read(BLOCK_BYTES)
        self._read += len(block)
        return block

    def _decoder(self, block: bytes) -> Decoder | None:
        """What turns the file into text, or None where its bytes are UTF-8 already."""
        for pattern, codec in _WIDE:
            if block.startswith(pattern):
                return Decoder(only=codec)
        declared = _DECLARED.match(block.removeprefix(codecs.BOM_UTF8).lstrip())
        if declared is None:
            return None
        named = declared[1].decode("ascii")
        found = text_codec(named)
        if found is None:
            self.report("encoding-unknown", f"the declared encoding {named!r} is not known; read as UTF-8")
            return None
        # A file whose declaration can be read as ASCII is not UTF-16 or UTF-32, whatever it declares.
        return None if found in _AS_IT_IS or found.startswith(("utf-16", "utf-32")) else Decoder(only=found)

    def utf8(self, piece: bytes) -> bytes:
        """The piece, where it is UTF-8; else repaired by the caller's code page or Windows-1252, with a diagnostic."""
        if piece.isascii():
            return piece
        try:
            piece.decode()
        except UnicodeDecodeError:
            decoder = Decoder(configured=self._configured)
            piece = decoder.feed(piece, final=True).encode()
            for found in decoder.diagnostics:
                self.report(found.code, found.message.rstrip("."))
        return piece

    def report(self, code: str, message: str) -> None:
        """Note an oddity of the bytes, each kind once."""
        if all(known.code != code for known in self.diagnostics):
            cure = "Ask the bank for a file that is what it says it is."
            self.diagnostics.append(Diagnostic(code, Severity.WARNING, self.where, f"{message}.", cure))
