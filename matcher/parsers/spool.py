"""Lines of one statement that can be iterated again and again with bounded memory.

The first lines, up to `ROWS_IN_MEMORY` of the lightest, stay in memory: details count as lines, and what has long texts
or much without a field of its own counts for more. What comes after goes to a nameless temporary file in blocks.
"""

from __future__ import annotations

import marshal
import os
import tempfile
import weakref
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from itertools import chain, islice, repeat
from typing import IO, Any

from recon_core.domain.statement import LineStatus, StatementLine

# Units of about 150 bytes: 7 MB in all.
_UNITS_IN_MEMORY = 45_000
_ROW_UNITS = 4
_LETTERS_IN_UNIT = 128
_ROWS_UNWEIGHED = 1000
ROWS_IN_MEMORY = _UNITS_IN_MEMORY // _ROW_UNITS
_NEW_LINE = tuple.__new__
_BOOKED, _VALUED, _STATUS = (StatementLine._fields.index(name) for name in ("booking_date", "value_date", "status"))
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
        self._rows = 0
        self._units: int | None = None
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
        """Keep the next lines and empty `block`. Only the assembler calls this, before the statement is handed out."""
        self._count += len(block)
        if self._file is None:
            self._rows += len(block) + sum([len(line.details) for line in block])
            if self._rows <= _ROWS_UNWEIGHED or self._fits(block):
                self._memory.append(block[:])
                block.clear()
                return
            self._file = tempfile.TemporaryFile(prefix="recon-")  # noqa: SIM115 - closed with this object
            weakref.finalize(self, self._file.close)
        packed = _packed(block)
        self._file.write(packed)
        self._places.append((self._end, len(packed)))
        self._end += len(packed)

    def _fits(self, block: list[StatementLine]) -> bool:
        """Whether there is room in memory for the next lines."""
        if self._units is None:
            self._units = sum(map(_units, self._memory))
        self._units += _units(block)
        return self._units <= _UNITS_IN_MEMORY

    def blocks(self) -> Iterator[list[StatementLine]]:
        """The lines as lists, for bulk use."""
        for block in self._memory:
            yield [_inverted(line) for line in block] if self.invert_reversals else list(block)
        if self._file is None:
            return
        self._file.flush()
        for place, size in self._places:
            lines = _unpacked(os.pread(self._file.fileno(), size, place))
            yield [_inverted(line) for line in lines] if self.invert_reversals else lines


def _units(block: list[StatementLine]) -> int:
    """About how much memory lines and their details take."""
    rows = block + [detail for line in block for detail in line.details]
    return sum([_ROW_UNITS + len(row.extra) + len(row.remittance or "") // _LETTERS_IN_UNIT for row in rows])


def _packed(block: list[StatementLine]) -> bytes:
    """Lines as columns of plain values. `marshal` is several times faster than pickling, for days that are numbers.

    The details of all lines are one more block of lines, and each line tells how many are its own. `block` is emptied,
    because `marshal` looks up every text that something else holds as well.
    """
    count = len(block)
    columns: list[tuple[Any, ...]] = [*zip(*block, strict=True)]
    block.clear()
    details = [*chain.from_iterable(columns[_DETAILS])]
    columns[_DETAILS] = tuple(map(len, columns[_DETAILS]))
    # A column with one value for all lines, most often None, is stored as that value.
    for place, column in enumerate(columns):
        if column[0] == column[-1] and column.count(column[0]) == count:
            columns[place] = column[:1]
    columns[_BOOKED] = _numbers(columns[_BOOKED])
    columns[_VALUED] = _numbers(columns[_VALUED])
    columns[_STATUS] = tuple([_PLAIN.get(status, status) for status in columns[_STATUS]])
    return marshal.dumps((count, columns, _packed(details) if details else b""))


def _unpacked(packed: bytes) -> list[StatementLine]:
    count, stored, inner = marshal.loads(packed)  # noqa: S302 - our own bytes
    stored[_BOOKED] = [*map(_day, stored[_BOOKED])]
    stored[_VALUED] = [*map(_day, stored[_VALUED])]
    stored[_STATUS] = [_STATUSES.get(status, status) for status in stored[_STATUS]]
    columns = [column * count if len(column) == 1 else column for column in stored]
    if inner:
        details = iter(_unpacked(inner))
        columns[_DETAILS] = [tuple(islice(details, own)) if own else () for own in columns[_DETAILS]]
    else:
        columns[_DETAILS] = repeat((), count)
    return [*map(_NEW_LINE, repeat(StatementLine), zip(*columns, strict=True))]


def _numbers(days: tuple[date | None, ...]) -> tuple[int | None, ...]:
    return tuple([None if day is None else day.toordinal() for day in days])


@lru_cache(maxsize=8192)
def _day(number: int | None) -> date | None:
    return None if number is None else date.fromordinal(number)


def _inverted(line: StatementLine) -> StatementLine:
    if not line.reversal:
        return line
    details = tuple(detail._replace(amount=-detail.amount) for detail in line.details)
    return line._replace(amount=-line.amount, details=details)
