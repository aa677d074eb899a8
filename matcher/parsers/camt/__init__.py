"""ISO 20022 camt: account report (camt.052), statement (camt.053) and notification (camt.054), versions .01 to .14.

One reader for all of them, because the entry is the same type family in every message and version. Elements are known
by their local names, in any namespace, with any prefix, inside any envelope; for each field the old path and the new
one are both read, since banks mix them.

Modules: `prolog` (encoding, refusal of document types), `reader` (blocks in, events out), `header` (statement and
balances), `entry` (`Ntry`), `transaction` (`TxDtls`), `parties` (who), `tags` (names and what has no field).

What is read, in the standard's words (E = `Ntry`, T = `NtryDtls/TxDtls`):
- The line is E, its amount is E's. One T lends the line its references and texts; two or more are `details`.
- Details carry `T/Amt`, else `AmtDtls/TxAmt`, in the account's currency. If they do not add up to E, with or without
  included charges, that is a diagnostic, and nothing is spread or guessed.
- The sign is `CdtDbtInd` as printed; which way a reversal goes is proved by the balances in a later stage.
- Counterparty: `Dbtr` of a credit, `Cdtr` of a debit; the other one where `RtrInf` says that our payment came back.
- Everything else stays in `extra` under its path, for example `RltdPties/CdtrAcct/Id/Othr/Id`.

Hardening: a document type is refused in every encoding, no entity but the five built-in ones exists, nothing is opened
or fetched; depth, size of one element and number of different names are bounded; a truncated file raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from matcher.parsers.contract import HEAD_BYTES, Event, Head, ReadOptions

_MESSAGE = re.compile(r"[<:]BkToCstmr(?:AcctRpt|Stmt|DbtCdtNtfctn)(?:V[0-9]+)?[\s/>]|camt\.05[234]\.[0-9]{3}\.[0-9]{2}")


class CamtFormat:
    """camt.052, camt.053 and camt.054."""

    name = "camt"

    def sniff(self, head: Head) -> int:
        """100 if a message element or namespace stands in the head, 1 for other XML: an envelope may be long."""
        text = _as_text(head.data)
        if not text.lstrip("\ufeff \t\r\n").startswith("<"):
            return 0
        if _MESSAGE.search(text):
            return 100
        return 1 if len(head.data) >= HEAD_BYTES or text.lstrip("\ufeff \t\r\n").startswith("<?xml") else 0

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Event]:
        """Events of the whole stream. Raises `Unreadable`, `LimitExceeded` or `UnknownFormat`."""
        from matcher.parsers.camt.reader import read

        return read(stream, options)


def _as_text(data: bytes) -> str:
    """The head as text for detection: UTF-16 by its mark or by its zero bytes, else one letter a byte."""
    if data[:2] in (b"\xff\xfe", b"<\x00"):
        return data.decode("utf-16-le", "replace")
    if data[:2] in (b"\xfe\xff", b"\x00<"):
        return data.decode("utf-16-be", "replace")
    return data.removeprefix(b"\xef\xbb\xbf").decode("latin-1")


FORMAT = CamtFormat()
