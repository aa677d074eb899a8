"""OFX files for tests: a writer of both forms, and short ways to read them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping

from matcher.parsers.contract import Event, LinesRead, ReadOptions, StatementEnded
from matcher.parsers.ofx import FORMAT
from recon_core.domain.diagnostic import Diagnostic
from recon_core.domain.statement import StatementHeader, StatementLine

SGML_HEADER = (
    "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252\r\n"
    "COMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n\r\n"
)
XML_HEADER = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    '<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\n'
)
TRANSACTION = {
    "TRNTYPE": "DEBIT",
    "DTPOSTED": "20260131120000[-5:EST]",
    "TRNAMT": "-12.50",
    "FITID": "F1",
    "NAME": "Nordwind",
    "MEMO": "Invoice 4711",
}

Leaves = Mapping[str, "str | Leaves"]


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def leaves(content: Leaves, *, xml: bool, raw: bool = False) -> str:
    """Leaves and aggregates in their order; `raw` writes texts as they are."""
    written = []
    for tag, value in content.items():
        if not isinstance(value, str):
            written.append(f"<{tag}>\n{leaves(value, xml=xml, raw=raw)}</{tag}>\n")
        else:
            text = value if raw else escaped(value)
            written.append(f"<{tag}>{text}</{tag}>\n" if xml else f"<{tag}>{text}\n")
    return "".join(written)


def transaction(content: Leaves, *, xml: bool = False, raw: bool = True) -> str:
    return f"<STMTTRN>\n{leaves(content, xml=xml, raw=raw)}</STMTTRN>\n"


def body(
    transactions: Iterable[str] = (),
    *,
    xml: bool = False,
    before: str | None = None,
    after: str | None = None,
    kind: str = "STMTRS",
) -> str:
    """A file's body with one statement; `before` stands for what comes before the list, `after` for what follows."""
    start = before if before is not None else leaves({"CURDEF": "USD", "BANKACCTFROM": ACCOUNT}, xml=xml)
    end = after if after is not None else leaves({"LEDGERBAL": {"BALAMT": "100.00", "DTASOF": "20260131"}}, xml=xml)
    period = leaves({"DTSTART": "20260101", "DTEND": "20260131"}, xml=xml)
    listed = f"<BANKTRANLIST>\n{period}{''.join(transactions)}</BANKTRANLIST>\n"
    sets = "CREDITCARDMSGSRSV1" if kind == "CCSTMTRS" else "BANKMSGSRSV1"
    answer = f"{kind.removesuffix('RS')}TRNRS"
    return f"<OFX>\n<{sets}><{answer}>\n<{kind}>\n{start}{listed}{end}</{kind}>\n</{answer}></{sets}>\n</OFX>\n"


ACCOUNT: dict[str, str | Leaves] = {"BANKID": "121099999", "ACCTID": "999988", "ACCTTYPE": "CHECKING"}


def sgml(*transactions: str, **parts: str) -> bytes:
    return (SGML_HEADER + body(transactions, **parts)).encode("cp1252")  # type: ignore[arg-type]


def xml(*transactions: str, **parts: str) -> bytes:
    return (XML_HEADER + body(transactions, xml=True, **parts)).encode()  # type: ignore[arg-type]


def events(data: bytes, *, encoding: str | None = None, currency: str | None = None) -> list[Event]:
    return list(FORMAT.read(io.BytesIO(data), ReadOptions(encoding=encoding, currency=currency)))


def lines_of(told: Iterable[Event]) -> list[StatementLine]:
    return [line for event in told if isinstance(event, LinesRead) for line in event.lines]


def headers_of(told: Iterable[Event]) -> list[StatementHeader]:
    return [event.header for event in told if isinstance(event, StatementEnded)]


def odd(told: Iterable[Event]) -> list[Diagnostic]:
    return [event for event in told if isinstance(event, Diagnostic)]


def codes(told: Iterable[Event]) -> list[str]:
    return [found.code for found in odd(told)]


def one_line(content: Leaves, *, xml_form: bool = False) -> StatementLine:
    """The line of a file with this one transaction."""
    make = xml if xml_form else sgml
    (line,) = lines_of(events(make(transaction(content, xml=xml_form))))
    return line
