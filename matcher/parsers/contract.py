"""The contract between a statement format and everything above it.

A reader turns bytes into a stream of events. It never raises for wrong data that it can step over: that is a
`Diagnostic` in the stream. It raises one typed `InputError` when it can't go on. It holds no more than a block of the
file in memory, opens nothing, connects to nothing, and looks at no clock.

Order of events of a statement: `StatementStarted`, any number of `LinesRead`, `ControlTotals` and `Diagnostic`,
`StatementEnded`. A `Diagnostic` may also stand outside a statement; it is filed with the nearest one.
`StatementEnded.header` repeats the header with what only the end of the statement told (closing balance, counts).
Proof of balances, reversal direction and source are added by later stages, not by the reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, Protocol

from recon_core.domain.diagnostic import Diagnostic
from recon_core.domain.statement import StatementHeader, StatementLine

HEAD_BYTES = 8192


class StatementStarted(NamedTuple):
    """A statement begins."""

    header: StatementHeader


class LinesRead(NamedTuple):
    """The next lines of the open statement, in their order; a block at a time because an event a line costs time."""

    lines: list[StatementLine]


class StatementEnded(NamedTuple):
    """The statement is read to its end."""

    header: StatementHeader


class ControlTotals(NamedTuple):
    """What the bank says that the lines of the open statement add up to; None where it does not say.

    Sums are minor units of the statement's currency and positive, as printed; `net` is signed. Sources: camt
    `TxsSummry`, MT942 `:90D:` and `:90C:`, trailer records. The balance stage compares and reports.
    """

    line_count: int | None = None
    net: int | None = None
    credit_count: int | None = None
    credit_sum: int | None = None
    debit_count: int | None = None
    debit_sum: int | None = None
    where: str = ""


Event = StatementStarted | LinesRead | ControlTotals | StatementEnded | Diagnostic


class Head(NamedTuple):
    """The first `HEAD_BYTES` bytes of the decompressed file: all that detection may look at. Names are no evidence."""

    data: bytes


class ReadOptions(NamedTuple):
    """What a caller may know about the bank. `encoding` is tried after strict UTF-8; `currency` where a file has none."""

    encoding: str | None = None
    currency: str | None = None
    reversals_inverted: bool | None = None


class StatementFormat(Protocol):
    """One format. Its module's docstring is its manual page."""

    @property
    def name(self) -> str: ...

    def sniff(self, head: Head) -> int:
        """0 = certainly not mine, 100 = certainly mine. The unique best above 0 reads the file."""
        ...

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Event]:
        """Events of the whole stream."""
        ...
