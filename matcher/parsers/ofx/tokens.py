"""Tags and texts of a piece of OFX, SGML or XML alike.

A leaf's value ends at the next real tag; `A < B` and `<none>` in a payer's text are no tags. End tags of leaves are
optional and are dropped here, so that both forms look the same to what comes after.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from matcher.parsers.ofx.values import clean

_TAG = re.compile(
    r"<\s*+(/?)\s*+([A-Za-z][\w.]*+)(?:\s++[\w:.\-]++\s*+=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'))*+\s*+(/?)>", re.ASCII
)
# What may be written in lower case and still be a tag: the leaves and aggregates that are read.
_TAGS = (
    "OFX SIGNONMSGSRSV1 SONRS STATUS CODE SEVERITY MESSAGE DTSERVER LANGUAGE FI ORG FID BANKMSGSRSV1 "
    "CREDITCARDMSGSRSV1 INVSTMTMSGSRSV1 STMTTRNRS CCSTMTTRNRS INVSTMTTRNRS TRNUID STMTRS CCSTMTRS INVSTMTRS CURDEF "
    "BANKACCTFROM CCACCTFROM INVACCTFROM BANKID BRANCHID ACCTID ACCTTYPE ACCTKEY BANKTRANLIST BANKTRANLISTP DTSTART "
    "DTEND STMTTRN STMTTRNP TRNTYPE DTPOSTED DTTRAN DTEXPIRE DTUSER DTAVAIL TRNAMT FITID CORRECTFITID CORRECTACTION "
    "SRVRTID CHECKNUM REFNUM SIC PAYEEID NAME EXTDNAME PAYEE ADDR1 ADDR2 ADDR3 CITY STATE POSTALCODE COUNTRY PHONE "
    "BANKACCTTO CCACCTTO MEMO CURRENCY ORIGCURRENCY CURRATE CURSYM LEDGERBAL AVAILBAL BALAMT DTASOF BALLIST BAL "
    "DESC BALTYPE VALUE"
)
_KNOWN = frozenset(_TAGS.split())
# How deep an aggregate stands. One that opens closes what is open at its depth or below, whether or not an end tag
# said so; that also bounds the depth, whatever a file does.
_DEPTHS = {
    "OFX": 0,
    "SONRS": 2,
    "STATUS": 3,
    "FI": 3,
    "BANKACCTFROM": 4,
    "CCACCTFROM": 4,
    "INVACCTFROM": 4,
    "BANKTRANLIST": 4,
    "BANKTRANLISTP": 4,
    "INVTRANLIST": 4,
    "INVPOSLIST": 4,
    "INVBAL": 4,
    "INVOOLIST": 4,
    "LEDGERBAL": 4,
    "AVAILBAL": 4,
    "BALLIST": 4,
    "BAL": 5,
    "INVBANKTRAN": 5,
}
STATEMENT_DEPTH = 3
_new = tuple.__new__
ENTRY_TAGS = frozenset({"STMTTRN", "STMTTRNP"})


class Token(NamedTuple):
    """A tag in upper case ("/NAME" for an end tag), the cleaned text after it, and where the tag begins."""

    tag: str
    text: str
    start: int


@lru_cache(maxsize=1024)
def depth(tag: str) -> int | None:
    """Depth of an aggregate around transactions, or None for every other tag."""
    if tag in _DEPTHS:
        return _DEPTHS[tag]
    if tag.endswith("MSGSRSV1"):
        return 1
    if tag.endswith("TRNRS"):
        return 2
    return STATEMENT_DEPTH if tag.endswith("STMTRS") else None


def tokens(text: str, start: int, end: int, *, any_case: bool = False) -> list[Token]:
    """The tokens of `text[start:end]`. What stands before the first tag belongs to nothing and is left out.

    An unknown name in small letters is a tag only with `any_case`, in a file that is written so.
    """
    found: list[Token] = []
    tags = [tag for tag in _TAG.finditer(text, start, end) if any_case or tag[2].isupper() or tag[2].upper() in _KNOWN]
    ends = [*(tag.start() for tag in tags[1:]), end]
    for tag, stop in zip(tags, ends, strict=False):
        closing, name, empty = tag.groups()
        name = name.upper()
        # End tags, and aggregates, have blanks behind them at most.
        value = text[tag.end() : stop].strip()
        if value:
            value = clean(value)
        if not closing:
            found.append(_new(Token, (name, "" if empty else value, tag.start())))
        elif found and found[-1].tag == name and name not in ENTRY_TAGS and depth(name) is None:
            # The end tag of a leaf; text that strays behind it still belongs to the line.
            if value:
                found[-1] = found[-1]._replace(text=f"{found[-1].text} {value}".strip())
        else:
            found.append(_new(Token, (f"/{name}", value, tag.start())))
    return found
