"""OFX 1.x (SGML), OFX 2.x (XML) and QFX: bank and credit card statements.

One path for both forms: the file is cut into blocks before a transaction, a plain transaction is read in one match,
anything else tag by tag. Bodies contradict headers, so the text is decoded as strict UTF-8 first, then as the header
says. What the standard leaves open and banks do differently:

- The sign of an amount is that of `TRNAMT`; the type never changes it. A `DEBIT` above zero is noted.
- `.` and `,` are both decimal signs. `1,234` may be two amounts and is never guessed: the line is kept with an unknown
  amount and an error. Grouping that can't be mistaken (`1.234,56`) is read and noted.
- The booking day is the first eight digits of `DTPOSTED`. The time and zone behind them never move it.
- `CURRENCY` means that the amount is in that currency, `ORIGCURRENCY` that it has been converted already.
- There is no opening balance, so a statement proves nothing by itself; `LEDGERBAL` is the closing balance as of the
  moment of the download.
- A FITID that occurs again within the last 16,384 transactions is noted; both lines are kept.
- `BANKTRANLISTP` holds pending lines. `CORRECTACTION` `DELETE` gives a line for information only.
- Investment and loan statements are left out with a diagnostic; a file without any bank statement, a compressed body,
  a DOCTYPE and a file that is cut off are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from matcher.parsers.contract import Event, Head, ReadOptions
from matcher.parsers.ofx.header import sureness


class _Ofx:
    """The format in the registry."""

    name = "ofx"

    def sniff(self, head: Head) -> int:
        """Sure of an OFX header or an `<OFX>` root, less sure of a piece of a body."""
        return sureness(head.data)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Event]:
        """Events of the file. Raises `Unreadable`, `LimitExceeded` or `UnknownCurrency` (of the options)."""
        from matcher.parsers.ofx.reader import read

        return read(stream, options)


FORMAT = _Ofx()
