"""Fixed-width records, one a line, of the formats that banks exchanged on tape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from matcher.parsers.text import Decoder, decoded_blocks
from recon_core.domain.refused import LimitExceeded

BLOCK_BYTES = 1 << 16
RECORD_CHARS_MAX = 4096
_PADDING = " \x00\x1a\r"


def records(stream: BinaryIO, decoder: Decoder, *, width: int) -> Iterator[tuple[int, str]]:
    """Line number and text of each record that is not blank, padded to `width`; tabs are eight columns.

    Raises `LimitExceeded` for a line of more than `RECORD_CHARS_MAX` characters.
    """
    held, number = "", 0
    for block in _blocks(stream, decoder):
        *whole, held = (held + block).split("\n")
        for line in whole:
            number += 1
            if line.strip(_PADDING):
                yield number, line.rstrip(_PADDING).expandtabs(8).ljust(width)
        if len(held) > RECORD_CHARS_MAX:
            raise LimitExceeded(f"a record is longer than {RECORD_CHARS_MAX} characters.", where=f"line {number + 1}")


def _blocks(stream: BinaryIO, decoder: Decoder) -> Iterator[str]:
    """Text with one kind of line end, closed by one."""
    for block in decoded_blocks(stream, decoder, block_bytes=BLOCK_BYTES):
        yield block.replace("\r\n", "\n")
    yield "\n"
