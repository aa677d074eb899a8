"""OFX as banks write it: envelope, values and mapping, row by row of what is known to go wrong elsewhere."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from matcher.parsers.contract import Head, LinesRead, StatementEnded, StatementStarted
from matcher.parsers.ofx import FORMAT
from recon_core.domain.currency import EXPONENTS
from recon_core.domain.diagnostic import Severity
from recon_core.domain.refused import Unreadable
from recon_core.domain.statement import AMOUNT_UNKNOWN
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
    odd,
    one_line,
    sgml,
    transaction,
    xml,
)

ONE = transaction(TRANSACTION)

# ---------------------------------------------------------------------------------------------------- the mapping


@pytest.mark.parametrize("xml_form", [False, True], ids=["sgml", "xml"])
def test_every_leaf_of_a_transaction_reaches_its_own_field(xml_form: bool) -> None:
    line = one_line(
        {
            "TRNTYPE": "PAYMENT",
            "DTPOSTED": "20260131",
            "DTUSER": "20260129",
            "DTAVAIL": "20260202",
            "TRNAMT": "-1200.00",
            "FITID": "F-1",
            "CORRECTFITID": "F-0",
            "CORRECTACTION": "REPLACE",
            "SRVRTID": "S-1",
            "CHECKNUM": "1044",
            "REFNUM": "R-1",
            "SIC": "6011",
            "PAYEEID": "P-1",
            "PAYEE": {"NAME": "Nordwind GmbH", "ADDR1": "Gasse 1", "CITY": "Köln", "POSTALCODE": "50667"},
            "BANKACCTTO": {"BANKID": "COBADEFFXXX", "ACCTID": "DE89370400440532013000", "ACCTTYPE": "CHECKING"},
            "MEMO": "Invoice 4711",
            "ORIGCURRENCY": {"CURRATE": "1.0850", "CURSYM": "EUR"},
            "INV401KSOURCE": "MATCH",
        },
        xml_form=xml_form,
    )

    assert line.line_index == 1
    assert (line.booking_date, line.value_date) == (date(2026, 1, 31), date(2026, 2, 2))
    assert (line.amount, line.currency, line.status, line.reversal) == (-120000, "USD", "booked", False)
    assert (line.bank_reference, line.transaction_id, line.check_number) == ("F-1", "S-1", "1044")
    assert (line.creditor_reference, line.proprietary_code, line.remittance) == ("R-1", "PAYMENT", "Invoice 4711")
    assert (line.counterparty_name, line.counterparty_account) == ("Nordwind GmbH", "DE89370400440532013000")
    assert line.counterparty_bic == "COBADEFFXXX"
    assert (line.original_amount, line.original_currency, line.exchange_rate) == (None, "EUR", "1.0850")
    assert line.code is None
    assert line.details == ()
    assert dict(line.extra) == {
        "DTUSER": "20260129",
        "CORRECTFITID": "F-0",
        "CORRECTACTION": "REPLACE",
        "SIC": "6011",
        "PAYEEID": "P-1",
        "PAYEE/ADDR1": "Gasse 1",
        "PAYEE/CITY": "Köln",
        "PAYEE/POSTALCODE": "50667",
        "BANKACCTTO/BANKID": "COBADEFFXXX",
        "BANKACCTTO/ACCTTYPE": "CHECKING",
        "INV401KSOURCE": "MATCH",
    }


def test_every_leaf_of_a_statement_reaches_its_own_field() -> None:
    sign_on = leaves({"SONRS": {"DTSERVER": "20260201083000[-5:EST]", "FI": {"ORG": "NCH", "FID": "1001"}}}, xml=False)
    after = leaves(
        {
            "LEDGERBAL": {"BALAMT": "200.29", "DTASOF": "20260131235959"},
            "AVAILBAL": {"BALAMT": "150.29", "DTASOF": "20260201"},
            "BALLIST": {"BAL": {"NAME": "Hold", "VALUE": "50.00"}},
            "MKTGINFO": "Hello",
        },
        xml=False,
    )
    told = events((SGML_HEADER + sign_on + body([ONE], after=after)).encode())
    (header,) = headers_of(told)

    assert (header.format, header.kind, header.version) == ("ofx", "statement", "102")
    assert (header.account, header.account_scheme, header.currency) == ("999988", None, "USD")
    assert (header.from_date, header.to_date) == (date(2026, 1, 1), date(2026, 1, 31))
    assert header.created_at == datetime(2026, 2, 1, 8, 30)  # noqa: DTZ001
    assert (header.opening_balance, header.closing_balance, header.available_balance) == (None, 20029, 15029)
    assert header.closing_date == date(2026, 1, 31)
    assert header.line_count == 1
    assert dict(header.extra) == {
        "BANKID": "121099999",
        "ACCTTYPE": "CHECKING",
        "FI/ORG": "NCH",
        "FI/FID": "1001",
        "AVAILBAL/DTASOF": "20260201",
        "BAL/NAME": "Hold",
        "BAL/VALUE": "50.00",
        "MKTGINFO": "Hello",
    }


def test_an_account_that_is_an_iban_is_named_as_one() -> None:
    before = leaves(
        {"CURDEF": "EUR", "BANKACCTFROM": {"BANKID": "DEUTDEFF", "ACCTID": "de89 3704 0044 0532 0130 00"}}, xml=False
    )
    (header,) = headers_of(events(sgml(ONE, before=before)))

    assert (header.account, header.account_scheme) == ("DE89370400440532013000", "IBAN")
    assert header.bank_bic == "DEUTDEFF"


def test_a_credit_card_statement_is_read_like_a_bank_statement() -> None:
    before = leaves({"CURDEF": "USD", "CCACCTFROM": {"ACCTID": "4111-XXXX"}}, xml=True)
    told = events(xml(transaction(TRANSACTION, xml=True), before=before, kind="CCSTMTRS"))

    assert headers_of(told)[0].account == "4111-XXXX"
    assert lines_of(told)[0].amount == -1250


def test_events_come_in_the_order_of_the_contract_and_lines_are_numbered_from_one() -> None:
    told = events(sgml(ONE, ONE.replace("F1", "F2")))
    kinds = [type(event) for event in told]

    assert kinds[0] is StatementStarted
    assert kinds[-1] is StatementEnded
    assert LinesRead in kinds
    assert [line.line_index for line in lines_of(told)] == [1, 2]


def test_where_is_the_span_of_the_transaction_in_bytes() -> None:
    second = transaction({**TRANSACTION, "FITID": "F2", "NAME": "Müller"})
    for data in (sgml(ONE, second, ONE), xml(ONE, second, ONE)):
        for line in lines_of(events(data)):
            start, end = (int(part) for part in (line.where or "").removeprefix("bytes ").split("-"))
            assert data[start:end].startswith(b"<STMTTRN>")
            assert data[start:end].rstrip().endswith(b"</STMTTRN>")


def test_name_is_taken_whole_where_the_extended_name_continues_it() -> None:
    cut = one_line(
        {
            **TRANSACTION,
            "NAME": "The Very Long Company Of The North",
            "EXTDNAME": "The Very Long Company Of The North and South",
        }
    )
    other = one_line({**TRANSACTION, "NAME": "Nordwind", "EXTDNAME": "Branch 12"})

    assert cut.counterparty_name == "The Very Long Company Of The North and South"
    assert other.counterparty_name == "Nordwind"
    assert ("EXTDNAME", "Branch 12") in other.extra


def test_payee_may_be_an_aggregate_or_a_plain_text() -> None:
    without = {tag: text for tag, text in TRANSACTION.items() if tag != "NAME"}

    assert one_line({**without, "PAYEE": {"NAME": "Aggregate"}}).counterparty_name == "Aggregate"
    assert one_line({**without, "PAYEE": "Plain text"}, xml_form=True).counterparty_name == "Plain text"


# ---------------------------------------------------------------------------------------------------- the envelope

HEADERS = {
    "usual": SGML_HEADER,
    "blank lines before it": "\r\n\r\n" + SGML_HEADER,
    "on one line with blanks": " ".join(SGML_HEADER.split()) + " ",
    "on one line without blanks": "".join(SGML_HEADER.split()),
    "blanks after the colons": SGML_HEADER.replace(":", ": "),
    "carriage returns only": SGML_HEADER.replace("\r\n", "\r"),
    "no blank line after it": SGML_HEADER.rstrip() + "\r\n",
    "keys missing": "OFXHEADER:100\nVERSION:102\nCHARSET:1252\n",
    "charset none": SGML_HEADER.replace("CHARSET:1252", "CHARSET:NONE"),
    "charset of another name": SGML_HEADER.replace("CHARSET:1252", "CHARSET:ISO-8859-1"),
    "as tags": "<START><OFXHEADER>100</OFXHEADER><VERSION>102</VERSION></START>\n",
    "none": "",
    "of XML": XML_HEADER,
    "of XML in single quotes": XML_HEADER.replace('"', "'"),
    "byte order mark": "\ufeff" + XML_HEADER,
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("form", ["sgml", "xml"])
def test_a_header_in_any_shape_leads_to_the_same_lines(header: str, form: str) -> None:
    data = (header + body([transaction(TRANSACTION, xml=form == "xml")], xml=form == "xml")).encode()
    told = events(data)

    assert FORMAT.sniff(Head(data[:8192])) >= 90
    assert [(line.amount, line.counterparty_name) for line in lines_of(told)] == [(-1250, "Nordwind")]
    assert headers_of(told)[0].closing_balance == 10000
    assert codes(told) == []


@pytest.mark.parametrize(
    ("header", "codec"),
    [
        (SGML_HEADER, "cp1252"),
        (SGML_HEADER, "utf-8"),
        (SGML_HEADER.replace("USASCII", "UTF-8").replace("1252", "NONE"), "utf-8"),
        (SGML_HEADER.replace("USASCII", "UTF-8").replace("1252", "NONE"), "cp1252"),
        (SGML_HEADER.replace("1252", "NONE"), "cp1252"),
        (SGML_HEADER.replace("1252", "8859-1"), "latin-1"),
        (SGML_HEADER.replace("1252", "KLINGON"), "cp1252"),
        (XML_HEADER, "utf-8"),
        (XML_HEADER, "cp1252"),
        (XML_HEADER.replace("UTF-8", "ISO-8859-1"), "latin-1"),
        (XML_HEADER.replace("UTF-8", "ASCII"), "utf-8"),
        (XML_HEADER.replace("UTF-8", "USASCII"), "cp1252"),
        ("", "utf-8"),
        ("", "cp1252"),
    ],
)
def test_letters_are_read_right_even_if_the_header_says_otherwise(header: str, codec: str) -> None:
    data = (header + body([transaction({**TRANSACTION, "NAME": "Müller Straße Ångström"})])).encode(codec)
    told = events(data)

    assert lines_of(told)[0].counterparty_name == "Müller Straße Ångström"
    fallback = any(code in ("encoding-fallback", "encoding-unknown") for code in codes(told))
    assert fallback or codec == "utf-8"


@pytest.mark.parametrize(("page", "codec"), [("1250", "cp1250"), ("8859-2", "iso8859-2"), ("CP850", "cp850")])
def test_a_declared_code_page_is_used_where_the_text_is_no_utf_8(page: str, codec: str) -> None:
    text = "Łódź Dvořák" if codec != "cp850" else "Müller Ærø"
    header = SGML_HEADER.replace("CHARSET:1252", f"CHARSET:{page}")
    data = (header + body([transaction({**TRANSACTION, "NAME": text})])).encode(codec)

    assert lines_of(events(data))[0].counterparty_name == text


def test_the_callers_encoding_goes_before_the_headers() -> None:
    data = (SGML_HEADER + body([transaction({**TRANSACTION, "NAME": "Łódź"})])).encode("cp1250")

    assert lines_of(events(data, encoding="cp1250"))[0].counterparty_name == "Łódź"


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_with_a_byte_order_mark_is_read_and_its_bytes_are_counted_right(codec: str) -> None:
    data = ("\ufeff" + XML_HEADER + body([transaction({**TRANSACTION, "NAME": "Zoë"}, xml=True)], xml=True)).encode(
        codec
    )
    (line,) = lines_of(events(data))
    start, _ = (line.where or "").removeprefix("bytes ").split("-")

    assert FORMAT.sniff(Head(data[:8192])) >= 90
    assert line.counterparty_name == "Zoë"
    assert data[int(start) :].decode(codec).startswith("<STMTTRN>")


def test_a_compressed_body_is_refused_with_a_cure() -> None:
    with pytest.raises(Unreadable, match="compressed") as caught:
        events(SGML_HEADER.replace("COMPRESSION:NONE", "COMPRESSION:TYPE1").encode() + body([ONE]).encode())

    assert "COMPRESSION" in caught.value.where
    assert caught.value.cure


def test_tags_in_lower_case_are_tags() -> None:
    data = sgml(ONE, transaction({**TRANSACTION, "FITID": "F2", "PAYEE": {"NAME": "X", "CITY": "Y"}}))
    lower = data
    for tag in sorted({part.split(b">")[0].lstrip(b"/") for part in data.split(b"<")[1:]}, key=len, reverse=True):
        lower = lower.replace(b"<" + tag + b">", b"<" + tag.lower() + b">").replace(
            b"</" + tag + b">", b"</" + tag.lower() + b">"
        )

    assert b"<STMTTRN>" not in lower
    assert lines_of(events(lower)) == lines_of(events(data))
    assert headers_of(events(lower)) == headers_of(events(data))


def test_a_card_that_is_closed_as_a_bank_statement_is_read_whole() -> None:
    before = leaves({"CURDEF": "AUD", "CCACCTFROM": {"ACCTID": "4111"}}, xml=False)
    right = sgml(transaction(TRANSACTION), before=before, kind="CCSTMTRS")
    wrong = right.replace(b"</CCSTMTRS>", b"</STMTRS>")

    assert wrong != right
    assert lines_of(events(wrong)) == lines_of(events(right))
    assert headers_of(events(wrong)) == headers_of(events(right))


def test_several_statements_and_accounts_of_a_file_stay_apart() -> None:
    second = body(
        [ONE.replace("-12.50", "7.00")], before=leaves({"CURDEF": "EUR", "BANKACCTFROM": {"ACCTID": "2"}}, xml=False)
    )
    card = body(
        [ONE.replace("-12.50", "-3.00")],
        before=leaves({"CURDEF": "SEK", "CCACCTFROM": {"ACCTID": "3"}}, xml=False),
        kind="CCSTMTRS",
    )
    inner = "".join(text.removeprefix("<OFX>\n").removesuffix("</OFX>\n") for text in (body([ONE]), second, card))
    told = events((SGML_HEADER + f"<OFX>{inner}</OFX>").encode())

    assert [(header.account, header.currency) for header in headers_of(told)] == [
        ("999988", "USD"),
        ("2", "EUR"),
        ("3", "SEK"),
    ]
    assert [(line.line_index, line.amount, line.currency) for line in lines_of(told)] == [
        (1, -1250, "USD"),
        (1, 700, "EUR"),
        (1, -300, "SEK"),
    ]
    assert "fitid-repeated" not in codes(told)


def test_two_lists_in_one_statement_are_one_statement() -> None:
    data = sgml(ONE, "</BANKTRANLIST><BANKTRANLIST><DTSTART>20260101", ONE.replace("F1", "F2"))

    assert len(headers_of(events(data))) == 1
    assert [line.bank_reference for line in lines_of(events(data))] == ["F1", "F2"]


def test_a_statement_without_transactions_is_a_statement() -> None:
    (header,) = headers_of(events(sgml()))

    assert (header.line_count, header.closing_balance) == (0, 10000)


def test_a_bare_list_is_read_and_the_missing_account_and_currency_are_reported() -> None:
    told = events(f"<BANKTRANLIST>{ONE}</BANKTRANLIST>".encode())

    assert lines_of(told)[0].amount == -1250
    assert lines_of(told)[0].currency == "XXX"
    assert {"account-missing", "currency-missing"} <= set(codes(told))


def test_an_error_response_is_an_error_and_no_empty_statement() -> None:
    answer = "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>15500<SEVERITY>ERROR<MESSAGE>Signon invalid</STATUS></SONRS></SIGNONMSGSRSV1></OFX>"
    with pytest.raises(Unreadable, match="15500 Signon invalid"):
        events(answer.encode())


def test_one_statement_that_is_refused_does_not_hide_the_other() -> None:
    refused = "<STMTTRNRS><STATUS><CODE>2003<SEVERITY>ERROR<MESSAGE>Account not found</STATUS></STMTTRNRS>"
    data = (
        sgml(ONE)
        .replace(b"<STMTTRNRS>", f"{refused}<STMTTRNRS>".encode(), 1)
        .replace(b"<STMTRS>", b"<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS>")
    )
    told = events(data)

    assert len(lines_of(told)) == 1
    (answer,) = odd(told)
    assert (answer.code, answer.severity) == ("bank-answer", Severity.ERROR)
    assert "Account not found" in answer.message


def test_a_file_without_a_statement_says_so() -> None:
    with pytest.raises(Unreadable, match="holds no statement"):
        events(b"<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</STATUS></SONRS></SIGNONMSGSRSV1></OFX>")


def test_an_investment_statement_is_left_out_with_a_diagnostic() -> None:
    fund = (
        "<INVSTMTTRNRS><INVSTMTRS><CURDEF>USD<INVACCTFROM><ACCTID>7</INVACCTFROM><INVTRANLIST><INVBANKTRAN>"
        + ONE
        + "</INVBANKTRAN></INVTRANLIST></INVSTMTRS></INVSTMTTRNRS>"
    )
    data = sgml(ONE).replace(b"</OFX>", b"<INVSTMTMSGSRSV1>" + fund.encode() + b"</INVSTMTMSGSRSV1></OFX>")
    told = events(data)

    assert len(lines_of(told)) == 1
    assert len(headers_of(told)) == 1
    assert codes(told) == ["statement-skipped"]
    with pytest.raises(Unreadable, match="investments"):
        events(f"<OFX><INVSTMTMSGSRSV1>{fund}</INVSTMTMSGSRSV1></OFX>".encode())


# ---------------------------------------------------------------------------------------------------- markup


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        ("A &amp; B", "A & B"),
        ("A & B", "A & B"),
        ("R&D; Labs", "R&D; Labs"),
        ("AT&T", "AT&T"),
        ("A&copy", "A&copy"),
        ("&lt;b&gt;", "<b>"),
        ("A&nbsp;B", "A B"),
        ("A &#38; B &#x26; C", "A & B & C"),
        ("&amp;lt;", "&lt;"),
        ("a&#13;&#10;b", "a  b"),
        ("A < B and C > D", "A < B and C > D"),
        ("a <none> b", "a <none> b"),
        ("a <me@example.com> b", "a <me@example.com> b"),
        ("1 <2", "1 <2"),
        ("<![CDATA[A & B <C> &amp;]]>", "A & B <C> &amp;"),
        ("x<![CDATA[ y ]]>z", "x y z"),
        ("10<!-- comment -->0", "100"),
        ("A<!-- <STMTTRN> -->B", "AB"),
        ("  padded\t", "padded"),
        ("two\r\n lines", "two\nlines"),
        ("C> D", "C> D"),
    ],
)
@pytest.mark.parametrize("xml_form", [False, True], ids=["sgml", "xml"])
def test_a_text_is_read_as_the_payer_meant_it(printed: str, meant: str, xml_form: bool) -> None:
    line = one_line({**TRANSACTION, "NAME": printed, "MEMO": printed}, xml_form=xml_form)

    assert (line.counterparty_name, line.remittance) == (meant, meant)


@pytest.mark.parametrize("tag", ["TRNAMT", "DTPOSTED", "FITID"])
def test_a_comment_or_cdata_never_cuts_a_value(tag: str) -> None:
    whole = TRANSACTION[tag]
    for split in (f"{whole[:3]}<!-- x -->{whole[3:]}", f"<![CDATA[{whole}]]>", f"{whole[:2]}<![CDATA[{whole[2:]}]]>"):
        line = one_line({**TRANSACTION, tag: split})
        assert (line.amount, line.booking_date, line.bank_reference) == (-1250, date(2026, 1, 31), "F1")


def test_transactions_in_a_comment_are_none() -> None:
    data = sgml(ONE, "<!-- ", ONE.replace("F1", "F2"), " -->", ONE.replace("F1", "F3"))

    assert [line.bank_reference for line in lines_of(events(data))] == ["F1", "F3"]


@pytest.mark.parametrize(
    "empty", ["<CHECKNUM>\n", "<CHECKNUM></CHECKNUM>\n", "<CHECKNUM/>\n", "<CHECKNUM />", "<CHECKNUM> </CHECKNUM>"]
)
def test_an_empty_tag_is_no_value(empty: str) -> None:
    line = lines_of(events(sgml(ONE.replace("<NAME>", f"{empty}<NAME>"))))[0]

    assert line.check_number is None
    assert line.counterparty_name == "Nordwind"


def test_self_closed_statement_parts_are_empty() -> None:
    told = events(sgml(ONE, after="<LEDGERBAL/><AVAILBAL/>"))

    assert headers_of(told)[0].closing_balance is None
    assert codes(told) == ["balance-missing"]


def test_tags_with_attributes_or_blanks_are_tags() -> None:
    line = lines_of(events(sgml(ONE.replace("<NAME>", '<NAME lang="en">').replace("<MEMO>", "<MEMO >"))))[0]

    assert (line.counterparty_name, line.remittance) == ("Nordwind", "Invoice 4711")


def test_a_missing_end_tag_of_a_transaction_loses_nothing() -> None:
    unclosed = ONE.replace("</STMTTRN>\n", "")
    told = events(sgml(unclosed, unclosed.replace("F1", "F2"), unclosed.replace("F1", "F3")))

    assert [line.bank_reference for line in lines_of(told)] == ["F1", "F2", "F3"]
    assert headers_of(told)[0].closing_balance == 10000
    assert codes(told) == ["end-tag-missing"] * 3


@pytest.mark.parametrize("tag", ["BANKTRANLIST", "BANKACCTFROM", "LEDGERBAL", "STMTRS", "STMTTRNRS", "BANKMSGSRSV1"])
def test_a_missing_end_tag_of_an_aggregate_is_understood_from_what_follows(tag: str) -> None:
    data = sgml(ONE).replace(f"</{tag}>".encode(), b"")
    told = events(data)

    assert lines_of(told)[0].amount == -1250
    assert (headers_of(told)[0].account, headers_of(told)[0].closing_balance) == ("999988", 10000)


@pytest.mark.parametrize("order", ["reversed", "name first"])
def test_the_order_of_tags_does_not_matter(order: str) -> None:
    tags = (
        list(reversed(TRANSACTION))
        if order == "reversed"
        else ["NAME", "MEMO", "FITID", "TRNAMT", "DTPOSTED", "TRNTYPE"]
    )
    shuffled = one_line({tag: TRANSACTION[tag] for tag in tags})

    assert shuffled._replace(where=None) == one_line(TRANSACTION)._replace(where=None)


def test_currency_and_account_may_stand_after_the_list() -> None:
    late = leaves({"CURDEF": "JPY", "BANKACCTFROM": ACCOUNT}, xml=False)
    told = events(sgml(ONE.replace("-12.50", "-1250"), before="", after=late))

    assert (lines_of(told)[0].amount, lines_of(told)[0].currency) == (-1250, "JPY")
    assert headers_of(told)[0].account == "999988"


def test_unknown_types_and_unknown_tags_are_kept() -> None:
    line = one_line({**TRANSACTION, "TRNTYPE": "OUT", "INTU.MEMO": "x", "X.Y": "z"})

    assert line.proprietary_code == "OUT"
    assert line.extra == (("INTU.MEMO", "x"), ("X.Y", "z"))


def test_repeated_tags_lose_nothing() -> None:
    text = ONE.replace("<MEMO>", "<MEMO>first\n<REFNUM>R1\n<REFNUM>R2\n<MEMO>")
    (line,) = lines_of(events(sgml(text)))

    assert line.remittance == "first\nInvoice 4711"
    assert line.creditor_reference == "R1"
    assert ("REFNUM", "R2") in line.extra


# ---------------------------------------------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("printed", "day"),
    [
        ("20240131", date(2024, 1, 31)),
        ("20240131230000[-5:EST]", date(2024, 1, 31)),
        ("20230101000000[+1:CET]", date(2023, 1, 1)),
        ("20240131[-3.5:NST]", date(2024, 1, 31)),
        ("20240131235959.999[-3.5:NST]", date(2024, 1, 31)),
        ("20240131235959.999 [+13:NZDT]", date(2024, 1, 31)),
        ("20240131120000[-3", date(2024, 1, 31)),
        ("2024013112000000[0:GMT]", date(2024, 1, 31)),
        ("20240229", date(2024, 2, 29)),
        ("2024-01-31", date(2024, 1, 31)),
        ("2024-01-31T12:00:00Z", date(2024, 1, 31)),
    ],
)
def test_the_booking_day_is_the_printed_one(printed: str, day: date) -> None:
    assert one_line({**TRANSACTION, "DTPOSTED": printed}).booking_date == day


@pytest.mark.parametrize(
    "printed", ["20240230", "20230229", "31/01/2024", "2024013", "yesterday", "00000000", "", "２０２４０１３１"]
)
def test_a_day_that_does_not_exist_is_reported_and_the_line_kept(printed: str) -> None:
    undated = transaction({**TRANSACTION, "DTPOSTED": printed})
    told = events((SGML_HEADER + body([undated, ONE.replace("F1", "F2")])).encode())
    first, second = lines_of(told)
    (found,) = odd(told)

    assert (first.booking_date, first.amount, second.booking_date) == (None, -1250, date(2026, 1, 31))
    assert (found.code, found.severity) == ("bad-date", Severity.ERROR)
    assert found.where.endswith(", DTPOSTED")
    assert found.cure or "calendar" in found.message


def test_a_zero_value_date_is_none_without_noise() -> None:
    told = events(sgml(transaction({**TRANSACTION, "DTAVAIL": "00000000", "DTUSER": "00000000"})))

    assert lines_of(told)[0].value_date is None
    assert codes(told) == []


# ---------------------------------------------------------------------------------------------------- amounts


@pytest.mark.parametrize(
    ("printed", "currency", "minor"),
    [
        ("-80.00", "USD", -8000),
        ("-80", "USD", -8000),
        ("+80.5", "USD", 8050),
        ("80,50", "EUR", 8050),
        ("-0,05", "EUR", -5),
        (".5", "USD", 50),
        (",05", "USD", 5),
        ("5.", "USD", 500),
        ("-.50", "USD", -50),
        ("-0.00", "USD", 0),
        ("007.10", "USD", 710),
        ("1234.5600", "USD", 123456),
        ("1234.560", "USD", 123456),
        ("0.340", "USD", 34),
        ("-80.0000", "USD", -8000),
        ("1000", "JPY", 1000),
        ("1000.00", "JPY", 1000),
        ("1,234", "KWD", 1234),
        ("1.234", "KWD", 1234),
        ("1.2345", "CLF", 12345),
        ("9999999999999.99", "USD", 999999999999999),
    ],
)
def test_an_amount_is_read_in_the_decimals_of_its_currency(printed: str, currency: str, minor: int) -> None:
    before = leaves({"CURDEF": currency, "BANKACCTFROM": ACCOUNT}, xml=False)
    told = events(sgml(transaction({**TRANSACTION, "TRNTYPE": "OTHER", "TRNAMT": printed}), before=before))

    assert lines_of(told)[0].amount == minor
    assert AMOUNT_UNKNOWN not in lines_of(told)[0].extra
    assert codes(told) == []


@pytest.mark.parametrize(
    ("printed", "minor"),
    [
        ("1.234,56", 123456),
        ("1,234.56", 123456),
        ("-1.234.567,8", -123456780),
        ("1,234,567", 123456700),
        ("1 234,50", 123450),
    ],
)
def test_grouping_that_can_not_be_mistaken_is_read_and_noted(printed: str, minor: int) -> None:
    told = events(sgml(transaction({**TRANSACTION, "TRNTYPE": "OTHER", "TRNAMT": printed})))
    (found,) = odd(told)

    assert lines_of(told)[0].amount == minor
    assert (found.code, found.severity) == ("amount-grouped", Severity.WARNING)


@pytest.mark.parametrize(
    ("printed", "minor"), [("15,00-", -1500), ("- 10.00", -1000), ("+ 5", 500), ("1.234,56 -", -123456), ("7.5+", 750)]
)
def test_a_sign_that_stands_apart_is_read_and_noted(printed: str, minor: int) -> None:
    told = events(sgml(transaction({**TRANSACTION, "TRNTYPE": "OTHER", "TRNAMT": printed})))
    (found,) = odd(told)

    assert lines_of(told)[0].amount == minor
    assert (found.code, found.severity) == ("amount-sign", Severity.WARNING)


@pytest.mark.parametrize(
    ("printed", "currency"),
    [
        ("1,234", "USD"),
        ("1.234", "EUR"),
        ("-12,000", "USD"),
        ("999.999", "SEK"),
        ("1,234", "JPY"),
        ("1.234,567,8", "USD"),
        ("12,34.56", "USD"),
        ("1.00.00", "USD"),
        ("10.005", "USD"),
        ("1000.50", "JPY"),
        ("$120", "USD"),
        ("12 USD", "USD"),
        ("1_000", "USD"),
        ("NaN", "USD"),
        ("Infinity", "USD"),
        ("1E5", "USD"),
        ("--5", "USD"),
        ("-5-", "USD"),
        ("- -5", "USD"),
        ("1,234-", "USD"),
        (".", "USD"),
        ("-", "USD"),
        ("²", "USD"),
        ("٣", "USD"),
        ("１２", "USD"),
        ("0x10", "USD"),
        ("9" * 16, "USD"),
        ("9" * 400, "USD"),
    ],
)
def test_an_amount_that_is_none_or_two_is_an_error_and_the_other_lines_are_read(printed: str, currency: str) -> None:
    before = leaves({"CURDEF": currency, "BANKACCTFROM": ACCOUNT}, xml=False)
    bad = transaction({**TRANSACTION, "TRNTYPE": "OTHER", "TRNAMT": printed})
    good = transaction({**TRANSACTION, "FITID": "F2", "TRNAMT": "-7"})
    told = events((SGML_HEADER + body([bad, good], before=before)).encode())
    first, second = lines_of(told)
    (found,) = odd(told)

    assert (first.amount, first.bank_reference) == (0, "F1")
    assert AMOUNT_UNKNOWN in first.extra
    assert ("TRNAMT", printed) in first.extra
    assert second.amount == (-7 if currency == "JPY" else -700)
    assert (found.code, found.severity) == ("bad-amount", Severity.ERROR)
    assert found.where.endswith(", TRNAMT")
    assert found.where.startswith(first.where or "?")


@pytest.mark.parametrize("currency", sorted(EXPONENTS))
def test_every_currency_keeps_its_own_number_of_decimals(currency: str) -> None:
    before = leaves({"CURDEF": currency, "BANKACCTFROM": ACCOUNT}, xml=False)
    places = EXPONENTS[currency]
    printed = "-7" + ("." + "123456"[:places] if places else "")
    (line,) = lines_of(events(sgml(transaction({**TRANSACTION, "TRNAMT": printed}), before=before)))

    assert (line.amount, line.currency) == (-int("7" + "123456"[:places]), currency)


def test_the_sign_is_as_printed_and_a_type_that_contradicts_is_noted() -> None:
    told = events(
        sgml(
            transaction({**TRANSACTION, "TRNAMT": "12.50"}),
            transaction({**TRANSACTION, "FITID": "F2", "TRNTYPE": "CREDIT"}),
        )
    )

    assert [line.amount for line in lines_of(told)] == [1250, -1250]
    assert codes(told) == ["sign-contradicts-type"] * 2


@pytest.mark.parametrize("balance", ["", " ", "n/a", "1,234"])
def test_a_balance_that_can_not_be_read_is_missing(balance: str) -> None:
    after = f"<LEDGERBAL><BALAMT>{balance}<DTASOF>20260131</LEDGERBAL><AVAILBAL><BALAMT>{balance}</AVAILBAL>"
    told = events(sgml(ONE, after=after))
    (header,) = headers_of(told)

    assert (header.closing_balance, header.available_balance) == (None, None)
    assert set(codes(told)) == ({"bad-amount"} if balance.strip() else {"balance-missing"})
    assert len(lines_of(told)) == 1


# ---------------------------------------------------------------------------------------------------- currencies


def test_currency_means_that_the_amount_is_in_it() -> None:
    line = one_line({**TRANSACTION, "TRNAMT": "-1000", "CURRENCY": {"CURRATE": "0.0071", "CURSYM": "JPY"}})

    assert (line.amount, line.currency, line.exchange_rate) == (-1000, "JPY", "0.0071")
    assert (line.original_currency, line.original_amount) == (None, None)


def test_origcurrency_means_that_the_amount_is_converted_already() -> None:
    line = one_line({**TRANSACTION, "ORIGCURRENCY": {"CURRATE": "0.0071", "CURSYM": "JPY"}})

    assert (line.amount, line.currency) == (-1250, "USD")
    assert (line.original_currency, line.exchange_rate) == ("JPY", "0.0071")


def test_a_line_in_no_known_currency_has_an_unknown_amount() -> None:
    told = events(sgml(transaction({**TRANSACTION, "CURRENCY": {"CURSYM": "QQQ"}}), ONE.replace("F1", "F2")))
    first, second = lines_of(told)

    assert AMOUNT_UNKNOWN in first.extra
    assert second.amount == -1250
    assert codes(told) == ["unknown-currency"]


def test_without_curdef_the_callers_currency_is_used_and_without_that_none() -> None:
    data = sgml(ONE, before="<BANKACCTFROM><ACCTID>1</BANKACCTFROM>")

    assert lines_of(events(data, currency="KWD"))[0].amount == -12500
    told = events(data)
    assert (lines_of(told)[0].amount, lines_of(told)[0].currency) == (-1250, "XXX")
    assert [(found.code, found.severity) for found in odd(told)] == [("currency-missing", Severity.ERROR)]


def test_a_curdef_that_is_no_currency_is_reported() -> None:
    told = events(sgml(ONE, before="<CURDEF>DOLLARS<BANKACCTFROM><ACCTID>1</BANKACCTFROM>"), currency="USD")

    assert lines_of(told)[0].currency == "USD"
    assert codes(told) == ["unknown-currency"]


# ---------------------------------------------------------------------------------------------------- identity


def test_a_fitid_that_returns_is_reported_and_both_lines_are_kept() -> None:
    told = events(sgml(ONE, ONE.replace("-12.50", "-0.38"), ONE.replace("F1", "F2")))

    assert [line.amount for line in lines_of(told)] == [-1250, -38, -1250]
    (found,) = odd(told)
    assert found.code == "fitid-repeated"
    assert "'F1'" in found.message
    assert found.where.startswith(lines_of(told)[1].where or "?")


def test_a_missing_fitid_is_reported() -> None:
    told = events(sgml(ONE.replace("<FITID>F1\n", "")))

    assert lines_of(told)[0].bank_reference is None
    assert codes(told) == ["fitid-missing"]


def test_a_correction_points_to_the_line_it_corrects_and_a_deletion_is_no_money() -> None:
    replaced = transaction({**TRANSACTION, "CORRECTFITID": "F0", "CORRECTACTION": "REPLACE"})
    deleted = transaction({**TRANSACTION, "FITID": "F2", "CORRECTFITID": "F9", "CORRECTACTION": "DELETE"})
    told = events(sgml(replaced, deleted))

    assert [line.status for line in lines_of(told)] == ["booked", "info"]
    assert ("CORRECTFITID", "F0") in lines_of(told)[0].extra
    assert codes(told) == ["correction", "correction"]
    assert "F0" in odd(told)[0].message


def test_the_pending_list_gives_pending_lines() -> None:
    pending = (
        "<BANKTRANLISTP><DTASOF>20260131<STMTTRNP><TRNTYPE>POS<DTTRAN>20260130<DTEXPIRE>20260205<TRNAMT>-5.00<NAME>Shop</STMTTRNP>"
        + ONE.replace("F1", "F3")
        + "</BANKTRANLISTP>"
    )
    told = events(sgml(ONE, after=pending + "<LEDGERBAL><BALAMT>1.00<DTASOF>20260131</LEDGERBAL>"))

    assert [(line.status, line.amount, line.booking_date) for line in lines_of(told)] == [
        ("booked", -1250, date(2026, 1, 31)),
        ("pending", -500, date(2026, 1, 30)),
        ("pending", -1250, date(2026, 1, 31)),
    ]
    assert ("DTEXPIRE", "20260205") in lines_of(told)[1].extra
    assert headers_of(told)[0].closing_balance == 100


# ---------------------------------------------------------------------------------------------------- damage


def test_one_damaged_transaction_never_loses_the_others() -> None:
    damaged = [
        "<STMTTRN></STMTTRN>",
        "<STMTTRN>\n",
        "<STMTTRN><TRNAMT>x<TRNAMT>y</STMTTRN>",
        "<STMTTRN><<>&;<TRNAMT></STMTTRN>",
    ]
    for text in damaged:
        told = events(sgml(ONE, text, ONE.replace("F1", "F2")))
        assert [line.bank_reference for line in lines_of(told) if line.bank_reference] == ["F1", "F2"], text
        assert codes(told), text


def test_two_amounts_in_one_transaction_are_never_chosen_from() -> None:
    merged = ONE.replace("</STMTTRN>\n", "") + ONE.replace("<STMTTRN>\n", "")
    told = events(sgml(merged))

    assert AMOUNT_UNKNOWN in lines_of(told)[0].extra
    assert "two amounts" in odd(told)[0].message


def test_an_amount_outside_a_transaction_is_an_error() -> None:
    told = events(sgml(ONE, ONE.replace("<STMTTRN>\n", "").replace("F1", "F2")))

    assert len(lines_of(told)) == 1
    assert [(found.code, found.severity) for found in odd(told)] == [("amount-outside", Severity.ERROR)]


@pytest.mark.parametrize("form", ["sgml", "xml"])
def test_a_file_that_is_cut_off_anywhere_is_refused_or_says_so(form: str) -> None:
    make, is_xml = (xml, True) if form == "xml" else (sgml, False)
    data = make(transaction(TRANSACTION, xml=is_xml), transaction({**TRANSACTION, "FITID": "F2"}, xml=is_xml))
    whole = events(data)
    for end in range(data.index(b"<BANKMSGSRSV1>") + 16, data.index(b"</OFX>")):
        try:
            told = events(data[:end])
        except Unreadable:
            continue
        assert lines_of(told) == lines_of(whole)
        assert headers_of(told) == headers_of(whole)
        assert any(found.severity == Severity.ERROR for found in odd(told))


def test_a_fault_on_every_line_is_told_a_hundred_times_and_then_counted() -> None:
    told = events(sgml(*[ONE.replace("F1", "")] * 250))
    found = [each for each in odd(told) if each.code == "fitid-missing"]

    assert len(found) == 101
    assert found[-1].message == "150 more of the same kind."


@pytest.mark.parametrize(
    ("head", "least", "most"),
    [
        (b"OFXHEADER:100\r\n", 95, 100),
        (b"\r\n\r\nOFXHEADER:100DATA:OFXSGML", 90, 100),
        (b'<?xml version="1.0"?><?OFX OFXHEADER="200"?>', 90, 100),
        (b"<ofx>\n<signonmsgsrsv1>", 90, 100),
        (b"<BANKTRANLIST><STMTTRN>", 60, 80),
        (b"\xff\xfe" + "<?OFX ?><OFX>".encode("utf-16-le"), 90, 100),
        (b":20:STARTUMS\r\n:25:12345\r\n:86:<OFX>\r\n", 0, 30),
        (b'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">', 0, 0),
        (b"date;text;amount\n2026-01-01;x;1,00\n", 0, 0),
        (b"!Type:Bank\nD01/01/2026\nT-5.00\n^\n", 0, 0),
        (b"", 0, 0),
        (b"\x00" * 64, 0, 0),
    ],
)
def test_a_file_is_recognised_by_its_content(head: bytes, least: int, most: int) -> None:
    assert least <= FORMAT.sniff(Head(head)) <= most


def test_a_large_section_behind_the_last_transaction_is_no_part_of_it() -> None:
    fund = (
        "<INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><INVTRANLIST>"
        + "<BUYMF><UNITS>1<TOTAL>2</BUYMF>" * 20_000
        + "</INVTRANLIST></INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1></OFX>"
    )
    told = events(sgml(ONE).replace(b"</OFX>", fund.encode()))

    assert len(lines_of(told)) == 1
    assert codes(told) == ["statement-skipped"]
