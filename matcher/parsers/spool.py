"""Lines of one statement that can be iterated again and again with bounded memory.

The first `ROWS_IN_MEMORY` lines stay in memory; what comes after goes to a nameless temporary file in blocks.
"""

from __future__ import annotations

import marshal
import os
import tempfile
import weakref
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import IO, Any

from recon_core.domain.statement import LineStatus, StatementLine

ROWS_IN_MEMORY = 2048
_AFTER_STATUS = StatementLine._fields.index("status") + 1
_DETAILS = StatementLine._fields.index("details")
_STATUSES = {status.value: status for status in LineStatus}
_PLAIN: dict[str, str] = {status: status.value for status in LineStatus}


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
        packed = marshal.dumps([_packed(line) for line in block])
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
            lines = [_unpacked(row) for row in marshal.loads(os.pread(self._file.fileno(), size, place))]  # noqa: S302 - our own bytes
            yield [_inverted(line) for line in lines] if self.invert_reversals else lines


def _packed(line: StatementLine) -> tuple[object, ...]:
    """The line as values that `marshal` takes, which is several times faster than pickling: days are numbers."""
    booked, valued = line.booking_date, line.value_date
    return (
        line.line_index,
        booked.toordinal() if booked is not None else None,
        valued.toordinal() if valued is not None else None,
        line.amount,
        line.currency,
        _PLAIN.get(line.status, line.status),
        *line[_AFTER_STATUS:_DETAILS],
        tuple(map(_packed, line.details)) if line.details else (),
        *line[_DETAILS + 1 :],
    )


def _unpacked(row: tuple[Any, ...]) -> StatementLine:
    number, booked, valued, amount, currency, status = row[:_AFTER_STATUS]
    line: StatementLine = tuple.__new__(
        StatementLine,
        (
            number,
            _day(booked),
            _day(valued),
            amount,
            currency,
            _STATUSES.get(status, status),
            *row[_AFTER_STATUS:_DETAILS],
            tuple(map(_unpacked, row[_DETAILS])) if row[_DETAILS] else (),
            *row[_DETAILS + 1 :],
        ),
    )
    return line


@lru_cache(maxsize=8192)
def _day(number: int | None) -> date | None:
    return None if number is None else date.fromordinal(number)


def _inverted(line: StatementLine) -> StatementLine:
    if not line.reversal:
        return line
    details = tuple(detail._replace(amount=-detail.amount) for detail in line.details)
    return line._replace(amount=-line.amount, details=details)
