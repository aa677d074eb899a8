"""MT940 statements, MT941 balance reports, MT942 interim reports (SWIFT category 9), in the dialects that banks write.

A file holds messages, a message is one page of one statement. Fields begin at the start of a line with `:tag:`; a line
without a tag continues the field before it. `:20:` reference, `:21:` related reference, `:25:`/`:25P:` account,
`:28C:` statement/page, `:13D:` time of report, `:34F:` floor limit, `:60F:`/`:60M:` opening balance (M: carried from
the page before), `:61:` entry, `:86:` what the entry is about, `:90D:`/`:90C:` count and sum of a report, `:62F:`/
`:62M:` closing balance (M: more pages follow), `:64:` and `:65:` available balances, `:86:` after these about the
statement. `:NS:` holds the bank's own fields.

A tag counts only where the message may have it, because payers type text that looks like tags into `:86:`. Shells of
SWIFT blocks `{1:…}{4:`, prologues such as `ABNANL2A` or `:940:`, missing `:20:`, a closing line `-` or none at all are
accepted, as are BOM, CR, CRLF, `@@` (FinTS), NUL and the old code pages. What can't be read is a `Diagnostic` at its
line; the rest is read. Each page is a statement of its own with `page` and `last_page`; lines are counted through the pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from matcher.parsers.contract import Event, Head, ReadOptions

# Tags as they stand at the start of a line; UTF-16 is recognised with its zero bytes taken out.
_OPENING = re.compile(
    rb"^:(?:20|25P?|28C?):[^\r\n]*[\r\n]+(?:[^:\r\n][^\r\n]*[\r\n]+)*:(?:\d\d[A-Z]?|NS):", re.MULTILINE
)
_BALANCE = re.compile(rb"^:6[02][FM]?:[CDcd]\d{6}", re.MULTILINE)
_ENTRY = re.compile(rb"^:61:\d{6}", re.MULTILINE)
_ANY = re.compile(rb"^:(?:20|25P?|28C?|86|NS|13D|34F|6[45]|90[CD]):", re.MULTILINE)


class Mt940Format:
    """MT940 and MT942: recognised by their tags, read by `reader.Reader`."""

    name = "mt940"

    def sniff(self, head: Head) -> int:
        """100 for a header with its next field, 90 for a balance or an entry, 40 for a single other tag."""
        data = head.data.replace(b"\x00", b"")
        data = b"\n" + data.lstrip(b"\xef\xbb\xbf\xff\xfe").translate(None, b"\x01\x03\x1a").replace(b"\r", b"\n")
        data = data.replace(b"@@:", b"\n:")
        if data.lstrip()[:1] == b"<":
            return 0
        if _OPENING.search(data):
            return 100
        if _BALANCE.search(data) or _ENTRY.search(data):
            return 90
        return 40 if _ANY.search(data) else 0

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Event]:
        """Events of all messages of the stream. Raises `LimitExceeded` where one field is larger than 8 MiB."""
        from matcher.parsers.mt940.reader import Reader

        return Reader(options).events(stream)


FORMAT = Mt940Format()
