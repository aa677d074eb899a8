"""BAI2: accounts with balances and movements, fields that go on in records 88, and the totals that prove them."""

from __future__ import annotations

import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.parsers.bai2 import FORMAT
from matcher.parsers.bai2.record import RECORD_CHARS_MAX
from matcher.parsers.contract import Head, ReadOptions
from matcher.parsers.statements import Statement, parse
from recon_core.domain.refused import LimitExceeded, Unreadable
from recon_core.domain.statement import AMOUNT_UNKNOWN, StatementLine
from tests.parsers.mutants import read_mutants

FILE = "01,122099999,123456789,260116,0200,17,80,,2/"
GROUP = "02,031001234,NWBKGB2L,1,260115,2359,USD,2/"


def file(*records: str) -> bytes:
    return "".join(f"{record}\r\n" for record in records).encode()


def lines_of(*records: str, account: str = "03,4711,,/") -> tuple[Statement, list[StatementLine]]:
    (statement,) = parse(file(FILE, GROUP, account, *records))
    return statement, list(statement.lines)


def codes(statement: Statement) -> list[str]:
    return [found.code for found in statement.diagnostics]


WHOLE = file(
    FILE,
    GROUP,
    "03,4711,USD,010,100000,,,015,110000,,/",
    "88,045,109000,,,100,12345,1,,400,2345,1,V,260115,/",
    "16,165,12345,V,260116,1200,BANK1,CUST1,INVOICE 2026-0017, AND",
    "88,2026-0018, THANKS/",
    "16,475,2345,,,000123/",
    "49,348380,6/",
    "98,348380,1,8/",
    "99,348380,1,10/",
)


def test_an_account_is_a_statement_that_balances_and_sums_prove() -> None:
    (statement,) = parse(WHOLE)
    header = statement.header

    assert statement.diagnostics == ()
    assert (header.format, header.kind, header.account, header.currency) == ("bai2", "statement", "4711", "USD")
    assert (header.opening_balance, header.closing_balance, header.balanced) == (100000, 110000, True)
    assert (header.available_balance, header.bank_bic, header.statement_id) == (109000, "NWBKGB2L", "260115/17")
    assert (header.from_date, header.to_date) == (date(2026, 1, 15), date(2026, 1, 15))


def test_the_parts_of_a_movement_reach_their_own_fields() -> None:
    paid, check = next(iter(parse(WHOLE))).lines

    assert (paid.amount, paid.booking_date, paid.value_date) == (12345, date(2026, 1, 15), date(2026, 1, 16))
    assert (paid.bank_reference, paid.end_to_end_id, paid.proprietary_code) == ("BANK1", "CUST1", "165")
    assert paid.remittance == "INVOICE 2026-0017, AND\n2026-0018, THANKS"
    assert paid.where == "line 5"
    assert (check.amount, check.check_number, check.end_to_end_id, check.remittance) == (-2345, "000123", None, None)


@pytest.mark.parametrize(
    ("kind", "sign"),
    [("101", 1), ("399", 1), ("401", -1), ("699", -1), ("920", 1), ("959", 1), ("960", -1), ("999", -1)],
)
def test_the_type_tells_the_side(kind: str, sign: int) -> None:
    _, (line,) = lines_of(f"16,{kind},500,Z,,/")

    assert line.amount == sign * 500


@pytest.mark.parametrize("kind", ["010", "100x", "701", "919", ""])
def test_a_type_without_a_side_is_told(kind: str) -> None:
    statement, (line,) = lines_of(f"16,{kind},500,Z,,/")

    assert "bad-type" in codes(statement)
    assert AMOUNT_UNKNOWN in line.extra


@pytest.mark.parametrize(
    ("funds", "value_day", "extra"),
    [
        ("", None, ()),
        ("0", None, ()),
        ("Z", None, ()),
        ("V,260117,1200", date(2026, 1, 17), ()),
        ("V,,", None, ()),
        ("S,1,2,3", None, (("funds", "S,1,2,3"),)),
        ("D,2,0,1,1,2", None, (("funds", "D,2,0,1,1,2"),)),
    ],
)
def test_every_funds_type_brings_its_own_fields(
    funds: str, value_day: date | None, extra: tuple[tuple[str, str], ...]
) -> None:
    _, (line,) = lines_of(f"16,165,3,{funds},BANK,CUST,TEXT, MORE/")

    assert (line.value_date, line.extra) == (value_day, extra)
    assert (line.bank_reference, line.end_to_end_id, line.remittance) == ("BANK", "CUST", "TEXT, MORE")


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (("16,165,3,S,1,1,1/", "88,BANK,CUST,TEXT", "88,MORE"), ("BANK", "CUST", "TEXT\nMORE")),
        (("16,165,3,,,/", "88,TEXT, AND MORE/"), (None, None, "TEXT, AND MORE")),
        (("16,165,3,Z/", "88,A TEXT WITHOUT REFERENCES/"), (None, None, "A TEXT WITHOUT REFERENCES")),
        (("16,165,3,Z,BANK,,A/B 22/03/66", "bare line   /"), ("BANK", None, "A/B 22/03/66 bare line")),
        (("16,165,3,Z,,," + "X" * 69, "88,YZ/"), (None, None, "X" * 69 + "YZ")),
        (("16,165,3,Z,,,PAID/ 16,142,500,Z,,,NOT MONEY/",), (None, None, "PAID/ 16,142,500,Z,,,NOT MONEY")),
    ],
)
def test_a_movement_goes_on_where_it_stopped(records: tuple[str, ...], expected: tuple[str | None, ...]) -> None:
    _, (line,) = lines_of(*records)

    assert (line.bank_reference, line.end_to_end_id, line.remittance) == expected


def test_tagged_records_reach_their_own_fields() -> None:
    _, (paid, came) = lines_of(
        "16,447,60,,SPB1,1111,ACH Credit", "88,EREF: 1111", "88,DBNM: US INC", "88,CRNM: THEM INC", "88,CACT: 4711",
        "16,195,70,,SPB2,2222,Wire", "88,REMI: INVOICE 5", "88,DBNM: THEM INC",
    )  # fmt: skip

    assert (paid.counterparty_name, paid.counterparty_account, paid.end_to_end_id) == ("THEM INC", "4711", "1111")
    assert (paid.remittance, paid.extra) == ("ACH Credit", (("DBNM", "US INC"),))
    assert (came.counterparty_name, came.remittance) == ("THEM INC", "Wire\nINVOICE 5")


def test_several_records_stand_on_a_line_where_the_first_line_shows_it() -> None:
    data = f"{FILE}   {GROUP}\n03,4711,,/ 16,165,3,Z,,,A/  16,451,2,Z,,,B/\n49,5,4/ 98,5,1,6/ 99,5,1,8/\n"
    (statement,) = parse(data.encode())

    assert [(line.amount, line.remittance) for line in statement.lines] == [(3, "A"), (-2, "B")]
    assert statement.diagnostics == ()


@pytest.mark.parametrize(
    ("account", "group", "default", "expected"),
    [
        ("GBP", "", None, "GBP"),
        ("", "CAD", None, "CAD"),
        ("", "", "JPY", "JPY"),
        ("", "", None, "USD"),
    ],
)
def test_the_currency_is_the_accounts_the_groups_or_dollars(
    account: str, group: str, default: str | None, expected: str
) -> None:
    data = file(FILE, f"02,1,2,1,260115,,{group},2/", f"03,4711,{account},010,7,,/", "49,7,2/", "99,7,1,4/")
    (statement,) = parse(data, options=ReadOptions(currency=default))

    assert (statement.header.currency, statement.header.opening_balance) == (expected, 7)
    assert statement.diagnostics == ()


@given(st.integers(0, 10**15 - 1))
def test_amounts_are_minor_units(minor: int) -> None:
    _, (line,) = lines_of(f"16,165,{minor},Z,,/")

    assert line.amount == minor


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("16,165,12345", "16,165,123.45", "bad-amount"),
        ("16,165,12345", "16,165,1000000000000000", "bad-amount"),
        ("16,165,12345", "16,165,12346", "control-total-differs"),
        ("V,260116", "V,260231", "bad-date"),
        ("1,260115", "1,261315", "bad-date"),
        ("1,260115", "2,260115", "group-not-final"),
        ("USD,010", "XYZ,010", "bad-currency"),
        ("03,4711", "03,", "account-missing"),
        ("015,110000", "15,110000", "bad-type"),
        ("49,348380,6", "49,348381,6", "control-total-differs"),
        ("49,348380,6", "49,348380,7", "control-total-differs"),
        ("98,348380,1", "98,348380,2", "control-total-differs"),
        ("98,348380,1", "98,348381,1", "control-total-differs"),
        ("49,348380,6/\r\n", "", "end-record-missing"),
        ("99,348380,1,10/\r\n", "", "end-record-missing"),
        ("88,2026-0018, THANKS/", "88,2026-0018/\r\nSTRAY", "record-unknown"),
        ("98,348380,1,8/", "16,165,1,,,/\r\n98,348380,1,8/", "record-outside"),
    ],
)
def test_damage_is_told_and_loses_no_other_line(old: str, new: str, code: str) -> None:
    assert WHOLE.count(old.encode()) == 1
    (statement,) = parse(WHOLE.replace(old.encode(), new.encode()))

    assert code in codes(statement)
    assert len(list(statement.lines)) == 2
    assert all(found.cure for found in statement.diagnostics)


def test_an_amount_that_is_none_is_marked() -> None:
    (statement,) = parse(WHOLE.replace(b"16,165,12345", b"16,165,123.45"))

    assert AMOUNT_UNKNOWN in next(iter(statement.lines)).extra
    assert not statement.header.balanced


def test_groups_and_accounts_stay_apart() -> None:
    data = file(
        FILE,
        *(GROUP, "03,4711,,010,5,,/", "49,5,2/", "03,4711,,/", "16,165,3,Z,,/", "49,3,3/", "98,8,2,7/"),
        *(GROUP.replace("260115", "260116").replace(",2/", ",3/"), "03,4712,GBP/", "49,0,2/", "98,0,1,4/"),
        "99,8,2,13/",
    )
    first, second, third = parse(data)

    assert [one.header.account for one in (first, second, third)] == ["4711", "4711", "4712"]
    assert (first.header.sequence, second.header.sequence) == (None, 2)
    assert (first.header.kind, third.header.kind, third.header.from_date) == ("statement", "report", date(2026, 1, 16))
    assert [codes(one) for one in (first, second, third)] == [[], [], []]


def test_what_is_no_money_is_kept_beside_the_statement() -> None:
    statement, lines = lines_of("16,890,,,,,RATES CHANGE ON MONDAY/", "49,0,3/")

    assert lines == []
    assert ("message", "RATES CHANGE ON MONDAY") in statement.header.extra


def test_no_account_is_refused() -> None:
    with pytest.raises(Unreadable):
        list(FORMAT.read(io.BytesIO(file(FILE, GROUP)), ReadOptions()))


def test_a_record_without_end_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        list(parse(file(FILE, GROUP, "03,1,,/", "16,165,3,Z,,,A", *["x"] * (RECORD_CHARS_MAX + 9))))


def test_other_formats_are_not_taken() -> None:
    assert FORMAT.sniff(Head(WHOLE)) == 90
    assert FORMAT.sniff(Head(b"01,02,03\n1,2,3\n")) == 0
    assert FORMAT.sniff(Head(b"01BGMAX               0120040525173035010331P\n")) == 0


def test_mutants_raise_nothing_but_typed_errors() -> None:
    assert read_mutants(WHOLE, signs=b"/,0123456789VSDX \n\x00\xff", longest=60)
