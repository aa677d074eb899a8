"""Lines of one statement that can be iterated again and again with bounded memory.

The first `ROWS_IN_MEMORY` lines stay in memory; what comes after goes to a nameless temporary file in blocks.
"""

from __future__ import annotations

import os
import pickle
import tempfile
import weakref
from collections.abc import Iterator
from typing import IO

from recon_core.domain.statement import StatementLine

ROWS_IN_MEMORY = 4096
_DETAILS = StatementLine._fields.index("details")


class Lines:
    """The lines of a statement, in order. `len(lines)` and iteration, which may be repeated and nested.

    With `invert_reversals` set, the amounts of reversal lines and of their details are handed out with their sign
    turned round: only the end of the statement proves the direction (domain rule 2.4).
    """

    def __init__(self) -> None:
        self.invert_reversals = False
        self._memory: list[list[StatementLine]] = []
        self._in_memory = 0
        self._file: IO[bytes] | None = None
        self._places: list[tuple[int, int]] = []
        self._end = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[StatementLine]:
        for block in self.blocks():
            yield from block

    def append(self, block: list[StatementLine]) -> None:
        """Keep the next lines. Only the assembler calls this, before the statement is handed out."""
        self._count += len(block)
        if self._in_memory + len(block) <= ROWS_IN_MEMORY and self._file is None:
            self._memory.append(block)
            self._in_memory += len(block)
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="recon-")  # noqa: SIM115 - closed with this object
            weakref.finalize(self, self._file.close)
        packed = pickle.dumps([_packed(line) for line in block], pickle.HIGHEST_PROTOCOL)
        self._file.write(packed)
        self._places.append((self._end, len(packed)))
        self._end += len(packed)

    def blocks(self) -> Iterator[list[StatementLine]]:
        """The lines as lists, for bulk use."""
        for block in self._memory:
            yield [_inverted(line) for line in block] if self.invert_reversals else list(block)
        if self._file is None:
            return
        self._file.flush()
        for place, size in self._places:
            lines = [_unpacked(row) for row in pickle.loads(os.pread(self._file.fileno(), size, place))]  # noqa: S301 - our own bytes
            yield [_inverted(line) for line in lines] if self.invert_reversals else lines


def _packed(line: StatementLine) -> tuple[object, ...]:
    """The line as plain tuples: they are pickled by value, without a look-up of the class for each row."""
    if not line.details:
        return tuple(line)
    return (*line[:_DETAILS], tuple(map(tuple, line.details)), *line[_DETAILS + 1 :])


def _unpacked(row: tuple[object, ...]) -> StatementLine:
    line: StatementLine = tuple.__new__(StatementLine, row)
    if line.details:
        return line._replace(details=tuple(tuple.__new__(StatementLine, detail) for detail in line.details))
    return line


def _inverted(line: StatementLine) -> StatementLine:
    if not line.reversal:
        return line
    details = tuple(detail._replace(amount=-detail.amount) for detail in line.details)
    return line._replace(amount=-line.amount, details=details)
