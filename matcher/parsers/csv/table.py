"""Rows of delimited text, as a stream: bytes to lines, lines to cells."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO, Literal, NamedTuple

from matcher.parsers.text import Decoder
from recon_core.domain.refused import LimitExceeded

BLOCK_BYTES = 1 << 16
LINE_CHARS_MAX = 1 << 20
DELIMITERS = (";", ",", "\t", "|")


class Row(NamedTuple):
    """The cells of one row, the number of its first line, and whether its quotes were broken."""

    line: int
    cells: list[str]
    damaged: bool = False


def lines(stream: BinaryIO, first: bytes, decoder: Decoder) -> Iterator[str]:
    """Lines of text, each with its end as one newline. Raises `LimitExceeded`."""
    held, data = "", first
    while True:
        text = held + decoder.feed(data, final=not data)
        # A carriage return at the end of a block may be half of a line end.
        rest = "\r" if data and text.endswith("\r") else ""
        text = text.removesuffix(rest).replace("\r\n", "\n").replace("\r", "\n")
        *whole, held = text.split("\n")
        for line in whole:
            yield f"{line}\n"
        held += rest
        if not data:
            break
        if len(held) > LINE_CHARS_MAX:
            raise LimitExceeded(f"a line is longer than {LINE_CHARS_MAX} characters.")
        data = stream.read(BLOCK_BYTES)
    if held:
        yield held


def rows(source: Iterator[str], *, delimiter: str, quote: str) -> Iterator[Row]:
    """Rows of the lines. One with broken quotes is read as far as it can be, and says so."""
    taken: list[str] = []

    def remembered() -> Iterator[str]:
        for line in source:
            taken.append(line)
            yield line

    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    strict = csv.reader(remembered(), delimiter=delimiter, quotechar=quote or None, quoting=quoting, strict=True)
    while True:
        start = strict.line_num + 1
        taken.clear()
        try:
            cells = next(strict)
        except StopIteration:
            return
        except csv.Error:
            loose = csv.reader(taken[:1], delimiter=delimiter, quotechar=quote or None, quoting=quoting)
            whole = len(taken) == 1 and len(taken[0]) < csv.field_size_limit()
            yield Row(start, next(loose, []) if whole else ["".join(taken)[:2000]], damaged=True)
            continue
        yield Row(start, [cleaned(cell) for cell in cells])


def cleaned(cell: str) -> str:
    """A cell without blanks at its ends and without the `="..."` that keeps spreadsheets from changing it."""
    cell = cell.strip()
    if cell.startswith('="') and cell.endswith('"'):
        return cell[2:-1]
    return cell


def head_rows(
    head: bytes, delimiter: str, *, quote: str = '"', most: int = 60, codec: str = "cp1252"
) -> list[list[str]]:
    """The first rows of a file's first bytes, for detection; the last line may be cut and is left out."""
    text = head_text(head, codec=codec)
    cut = text.rfind("\n")
    kept = text[: cut + 1] if cut >= 0 and len(head) >= 8192 else text
    found: list[list[str]] = []
    for row in rows((f"{line}\n" for line in kept.split("\n")), delimiter=delimiter, quote=quote):
        found.append(row.cells)
        if len(found) >= most:
            break
    return found


def head_text(head: bytes, *, codec: str = "cp1252") -> str:
    """First bytes as text, strict UTF-8 or else `codec`, with one kind of line end."""
    for bom, marked in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8")):
        if head.startswith(bom):
            text = head[len(bom) :].decode(marked, "ignore")
            break
    else:
        try:
            # The last bytes may be part of a letter.
            text = head.decode("utf-8") if len(head) < 8192 else Decoder(declared=codec).feed(head)
        except UnicodeDecodeError:
            text = head.decode(codec, "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")
