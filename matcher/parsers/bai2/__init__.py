"""BAI2, the cash management report of North American and some British banks (X9/BAI version 2, and 3, BTRS).

Records of fields between commas, ended by `/`; a record 88 goes on where the one before it stopped:

    01      file: sender, receiver, day, time, file id, sizes, version 2 or 3
    02      group: receiver, bank, status (1 new, 2 deletion, 3 correction, 4 test), as-of day and time, currency,
            modifier (1 and 2 the day before, 3 and 4 the same day)
    03      account and currency, then type, amount, number of items, funds type for each balance and sum
    16      a movement: type, amount, funds type, bank's reference, customer's reference, text
    49      end of the account: sum of all amounts as printed, number of records
    98, 99  end of the group and of the file: sums and counts

Amounts have no decimal point; the currency says how many digits are decimals, dollars where none is named. The type gives
the side: 101 to 399 and 920 to 959 are credits, 401 to 699 and 960 to 999 debits; it is the line's proprietary code.
Types 010 and 015 are the old and the new balance, 045 the available one, 100 and 400 the sums of credits and debits. A
funds type S, V or D brings fields of its own: amounts by day, a value day, a list of days and amounts.

The day of a movement is the as-of day of its group. Text is all that follows the customer's reference, commas included;
a physical line without a record code belongs to the text before it. Records 88 that begin with a tag, as in
`88,EREF: 123`, are read as `tagged` has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from matcher.parsers.bai2.reader import Reader
from matcher.parsers.bai2.record import logical
from matcher.parsers.contract import Event, Head, ReadOptions
from matcher.parsers.records import BLOCK_BYTES, decoder_for, records, told

_START = re.compile(
    rb"(?:\xef\xbb\xbf)?[\s\x00]*01,[^,\n]{0,40},[^,\n]{0,40},[0-9]{6},[0-9:]{0,8},[^\n]{0,60}[23] *[/\r\n]"
)


class _Bai2:
    """The format in the registry."""

    name = "bai2"

    def sniff(self, head: Head) -> int:
        """Sure of a file header with its day and version 2 or 3."""
        return 90 if _START.match(head.data) else 0

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Event]:
        """Events of the file. Raises `Unreadable` for a file without an account."""
        first = stream.read(BLOCK_BYTES)
        decoder, reader = decoder_for(first, options), Reader(options.currency)
        return told(reader, decoder, logical(records(first, stream, decoder, width=0)), reader.take)


FORMAT = _Bai2()
