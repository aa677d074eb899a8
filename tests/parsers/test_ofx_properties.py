"""What holds for every OFX file: written lines come back, and the fast way reads what the general way reads."""

from __future__ import annotations

import string
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.parsers.identifiers import is_bic
from matcher.parsers.ofx import blocks, reader
from matcher.parsers.ofx.shapes import SEEN_UNTIL_LEARNED
from recon_core.domain.money import to_text
from recon_core.domain.statement import StatementLine
from tests.parsers.ofx_files import (
    ACCOUNT,
    SGML_HEADER,
    TRANSACTION,
    XML_HEADER,
    body,
    codes,
    events,
    headers_of,
    leaves,
    lines_of,
    transaction,
)

WORDS = (
    st.text(
        st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="&<>")
        | st.sampled_from(" &<>'\"åß"),
        min_size=1,
        max_size=40,
    )
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)
CODES = st.text(string.ascii_letters + string.digits + "-./", min_size=1, max_size=30)
DAYS = st.dates(date(1970, 1, 1), date(2079, 12, 31))
CURRENCIES = st.sampled_from(["USD", "EUR", "SEK", "JPY", "KWD", "CLF"])
OPTIONAL = {
    "DTAVAIL": DAYS,
    "SRVRTID": CODES,
    "CHECKNUM": CODES,
    "REFNUM": CODES,
    "NAME": WORDS,
    "MEMO": WORDS,
    "DTUSER": CODES,
}


@st.composite
def written_lines(draw: st.DrawFn, currency: str) -> tuple[dict[str, str | Mapping[str, str]], StatementLine]:
    """The leaves of a transaction in the standard's order, and the line that they mean."""
    minor = draw(st.integers(-(10**14), 10**14))
    day = draw(DAYS)
    zone = draw(st.sampled_from(["", "000000", "235959.999[-5:EST]", "120000[+5.30:IST]"]))
    kind = draw(st.sampled_from(["OTHER", "FEE", "INT", "XFER", "POS"]))
    has = {tag: draw(value) for tag, value in OPTIONAL.items() if draw(st.booleans())}
    content: dict[str, str | Mapping[str, str]] = {"TRNTYPE": kind, "DTPOSTED": f"{day:%Y%m%d}{zone}".replace(" ", "0")}
    content |= {tag: str(has[tag]) for tag in ("DTUSER",) if tag in has}
    if "DTAVAIL" in has:
        content["DTAVAIL"] = has["DTAVAIL"].strftime("%Y%m%d")
    mark = draw(st.sampled_from([".", ","]))
    printed = to_text(minor, currency)
    ambiguous = currency == "JPY" or len(printed.partition(".")[2]) == 3
    content["TRNAMT"] = printed if ambiguous else printed.replace(".", mark)
    content["FITID"] = draw(CODES)
    content |= {tag: str(has[tag]) for tag in ("SRVRTID", "CHECKNUM", "REFNUM", "NAME") if tag in has}
    to = draw(st.none() | st.fixed_dictionaries({"BANKID": CODES, "ACCTID": CODES}))
    if to is not None:
        content["BANKACCTTO"] = to
    content |= {tag: str(has[tag]) for tag in ("MEMO",) if tag in has}
    extra = [("DTUSER", str(has["DTUSER"]))] if "DTUSER" in has else []
    line = StatementLine(
        line_index=0,
        booking_date=day,
        value_date=has.get("DTAVAIL"),
        amount=minor,
        currency=currency,
        bank_reference=str(content["FITID"]),
        proprietary_code=kind,
        transaction_id=has.get("SRVRTID"),
        creditor_reference=has.get("REFNUM"),
        remittance=has.get("MEMO"),
        counterparty_name=has.get("NAME"),
        counterparty_account=to["ACCTID"] if to else None,
        counterparty_bic=to["BANKID"] if to and is_bic(to["BANKID"]) else None,
        check_number=has.get("CHECKNUM"),
        extra=tuple(extra + ([("BANKACCTTO/BANKID", to["BANKID"])] if to else [])),
    )
    return content, line


@st.composite
def statements(draw: st.DrawFn) -> tuple[str, list[tuple[dict[str, str | Mapping[str, str]], StatementLine]], int]:
    currency = draw(CURRENCIES)
    return currency, draw(st.lists(written_lines(currency), max_size=6)), draw(st.integers(-(10**14), 10**14))


def file_of(
    statement: tuple[str, list[tuple[dict[str, str | Mapping[str, str]], StatementLine]], int], *, xml: bool
) -> bytes:
    currency, written, closing = statement
    data = body(
        [transaction(content, xml=xml, raw=False) for content, _ in written],
        xml=xml,
        before=leaves({"CURDEF": currency, "BANKACCTFROM": ACCOUNT}, xml=xml),
        after=leaves({"LEDGERBAL": {"BALAMT": to_text(closing, currency), "DTASOF": "20260131"}}, xml=xml),
    )
    return ((XML_HEADER if xml else SGML_HEADER.replace("USASCII", "UTF-8")) + data).encode()


def check_round_trip(
    statement: tuple[str, list[tuple[dict[str, str | Mapping[str, str]], StatementLine]], int], xml: bool
) -> None:
    told = events(file_of(statement, xml=xml))
    currency, written, closing = statement
    read = [line._replace(where=None) for line in lines_of(told)]

    assert read == [line._replace(line_index=number) for number, (_, line) in enumerate(written, 1)]
    (header,) = headers_of(told)
    assert (header.currency, header.closing_balance, header.line_count) == (currency, closing, len(written))
    assert set(codes(told)) <= {"fitid-repeated"}


@given(statement=statements(), xml=st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_a_written_statement_comes_back_whole(statement, xml) -> None:  # type: ignore[no-untyped-def]
    check_round_trip(statement, xml)


@pytest.mark.heavy
@given(statement=statements(), xml=st.booleans())
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
def test_ten_thousand_written_statements_come_back_whole(statement, xml) -> None:  # type: ignore[no-untyped-def]
    check_round_trip(statement, xml)


@given(
    contents=st.lists(
        st.dictionaries(
            st.sampled_from(
                ["TRNTYPE", "DTPOSTED", "DTAVAIL", "TRNAMT", "FITID", "SIC", "NAME", "MEMO", "CHECKNUM", "X.Y"]
            ),
            st.sampled_from(
                ["-1.00", "20260131", "1,234", "a & b", "A &amp; B", " x ", "", "1,5", "x < y", "20261301", "DEBIT"]
            ),
        ),
        min_size=1,
        max_size=4,
    ),
    xml=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_the_fast_way_reads_what_the_general_way_reads(contents, xml) -> None:  # type: ignore[no-untyped-def]
    """Tags in lower case have the same length and never match a shape."""
    written = "".join(transaction({**TRANSACTION, **content}, xml=xml) for content in contents)
    again = written
    for tag in (*TRANSACTION, "DTAVAIL", "SIC", "CHECKNUM", "STMTTRN"):
        again = again.replace(f"<{tag}>", f"<{tag.lower()}>").replace(f"</{tag}>", f"</{tag.lower()}>")
    fast, general = (events((SGML_HEADER + body([text])).encode()) for text in (written, again))

    assert lines_of(fast) == lines_of(general)
    assert sorted(codes(fast)) == sorted(codes(general))


@pytest.mark.parametrize(
    "extra", ["", "<EXTDNAME>Other", "<BANKACCTTO><BANKID>1<ACCTID>2</BANKACCTTO>", "<SIC>6011", "<X.Y>z"]
)
@pytest.mark.parametrize(
    "order",
    [
        ["TRNTYPE", "DTPOSTED", "TRNAMT", "FITID", "NAME", "MEMO"],
        ["FITID", "MEMO", "NAME", "TRNTYPE", "TRNAMT", "DTPOSTED"],
    ],
)
def test_a_shape_that_is_learned_changes_nothing(order: list[str], extra: str) -> None:
    one = transaction({tag: TRANSACTION[tag] for tag in order}).replace("</STMTTRN>", f"{extra}\n</STMTTRN>")
    other = transaction(TRANSACTION).replace("<MEMO>", "<CHECKNUM>7\n<MEMO>")
    count = 3 * SEEN_UNTIL_LEARNED
    lines = lines_of(events((SGML_HEADER + body([one, other] * count)).encode()))

    assert {line._replace(line_index=0, where="") for line in lines[::2]} == {lines[0]._replace(line_index=0, where="")}
    assert {line._replace(line_index=0, where="") for line in lines[1::2]} == {
        lines[1]._replace(line_index=0, where="")
    }
    assert [line.line_index for line in lines] == list(range(1, 2 * count + 1))


@given(size=st.integers(60, 400), seed=st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_where_blocks_are_cut_changes_nothing(size, seed) -> None:  # type: ignore[no-untyped-def]
    texts = ["Nordwind", "Müller & Söhne", "A < B", "<![CDATA[x <y>]]>", "a <!-- <STMTTRN> --> b", "€ 5"]
    written = [
        transaction({**TRANSACTION, "FITID": f"F{number}", "NAME": texts[(number + seed) % len(texts)]})
        for number in range(12)
    ]
    late = "<BANKTRANLISTP>" + written[0].replace("STMTTRN", "STMTTRNP").replace("F0", "P0") + "</BANKTRANLISTP>"
    data = (SGML_HEADER + body(written, after=late + leaves({"LEDGERBAL": {"BALAMT": "1.00"}}, xml=False))).encode()
    whole = events(data)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reader, "BLOCK_BYTES", size)
        patched.setattr(blocks, "BLOCK_BYTES", size)
        in_pieces = events(data)

    assert lines_of(in_pieces) == lines_of(whole)
    assert headers_of(in_pieces) == headers_of(whole)
    assert codes(in_pieces) == codes(whole)
