"""CFONB 120: accounts by their RIB, movements with their qualified texts, and amounts that carry their sign."""

from __future__ import annotations

import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.parsers.cfonb120 import FORMAT
from matcher.parsers.contract import Head, ReadOptions
from matcher.parsers.identifiers import is_iban
from matcher.parsers.statements import Statement, parse
from recon_core.domain.refused import Unreadable
from recon_core.domain.statement import AMOUNT_UNKNOWN, StatementLine
from tests.parsers.mutants import read_mutants

NUMBER = "0500013M026"
PLUS, MINUS = "{ABCDEFGHI", "}JKLMNOPQR"


def signed(minor: int) -> str:
    digits = f"{abs(minor):014}"
    return digits[:-1] + (MINUS if minor < 0 else PLUS)[int(digits[-1])]


def balance(kind: str, minor: int, *, day: str, number: str = NUMBER, currency: str = "EUR2") -> str:
    return f"{kind}20041{'':4}01005{currency:4} {number:11}  {day}{'':50}{signed(minor)}{'':16}"


def movement(
    minor: int, *, code: str = "05", label: str = "VIR SEPA", reference: str = "", entry: str = "", reason: str = ""
) -> str:
    return (
        f"0420041B10501005EUR2 {NUMBER:11}{code}150126{reason:2}160126{label:31}{'':2}{entry:0>7}0 "
        f"{signed(minor)}{reference:16}"
    )


def more(qualifier: str, text: str) -> str:
    return f"0520041B10501005EUR2 {NUMBER:11}05150126{'':5}{qualifier:3}{text:70}"


def file(*records: str, codec: str = "cp1252") -> bytes:
    assert all(len(record) <= 120 for record in records)
    return "".join(f"{record:120}\r\n" for record in records).encode(codec)


def lines_of(*records: str) -> tuple[Statement, list[StatementLine]]:
    data = file(balance("01", 0, day="140126"), *records, balance("07", 0, day="150126"))
    (statement,) = parse(data)
    return statement, list(statement.lines)


WHOLE = file(
    balance("01", 100000, day="140126"),
    movement(12345, reference="REF0001"),
    more("NPY", "SOCIÉTÉ DUPONT"),
    more("LCC", f"{'FACTURE 2026-0017':66}ET 2"),
    more("LC2", "026-0018"),
    more("LCS", "RF18539007547034"),
    more("RCN", f"{'E2E-1':35}SUPP"),
    movement(-2345, code="01", label="CHEQUE", entry="4711"),
    balance("07", 110000, day="150126"),
)


def test_an_account_is_a_statement_that_its_balances_prove() -> None:
    (statement,) = parse(WHOLE)
    header = statement.header

    assert statement.diagnostics == ()
    assert (header.format, header.account, header.account_scheme) == ("cfonb120", "FR1420041010050500013M02606", "IBAN")
    assert is_iban(header.account or "")
    assert (header.opening_balance, header.closing_balance, header.balanced) == (100000, 110000, True)
    assert (header.opening_date, header.closing_date, header.currency) == (
        date(2026, 1, 14),
        date(2026, 1, 15),
        "EUR",
    )


def test_the_qualified_texts_reach_their_own_fields() -> None:
    paid, cheque = next(iter(parse(WHOLE))).lines

    assert (paid.amount, paid.counterparty_name, paid.remittance) == (
        12345,
        "SOCIÉTÉ DUPONT",
        "FACTURE 2026-0017 ET 2026-0018",
    )
    assert (paid.creditor_reference, paid.end_to_end_id, paid.bank_reference) == (
        "RF18539007547034",
        "E2E-1",
        "REF0001",
    )
    assert (paid.booking_date, paid.value_date) == (date(2026, 1, 15), date(2026, 1, 16))
    assert (paid.additional_info, paid.proprietary_code, paid.where) == ("VIR SEPA", "05/B105", "line 2")
    assert (cheque.amount, cheque.check_number, cheque.remittance, cheque.line_index) == (-2345, "4711", "CHEQUE", 2)


@given(st.integers(-99_999_999_999_999, 99_999_999_999_999))
def test_every_amount_carries_its_sign_in_its_last_digit(minor: int) -> None:
    _, (line,) = lines_of(movement(minor))

    assert line.amount == minor


def test_amounts_in_another_currency_and_charges_have_their_fields() -> None:
    _, (line,) = lines_of(
        movement(-9250), more("MMO", "USD200000000010000300000001077"), more("FEE", "EUR200000000000150")
    )

    assert (line.original_amount, line.original_currency, line.charges) == (-10000, "USD", 150)
    assert line.exchange_rate == "1.077"


def test_a_currency_that_only_the_movements_name_is_the_accounts() -> None:
    data = file(
        balance("01", 0, day="140126", currency=""),
        movement(100),
        balance("07", 100, day="150126", currency=""),
    )
    (statement,) = parse(data)

    assert (statement.header.currency, statement.header.balanced, statement.diagnostics) == ("EUR", True, ())


def test_an_account_without_a_currency_takes_the_one_given() -> None:
    data = file(balance("01", 5, day="140126", currency=""), balance("07", 5, day="150126", currency=""))
    (unknown,) = parse(data)
    (known,) = parse(data, options=ReadOptions(currency="EUR"))

    assert [found.code for found in unknown.diagnostics] == ["currency-missing"]
    assert (known.header.currency, known.diagnostics) == ("EUR", ())


def test_a_returned_payment_names_its_reason_and_its_mandate() -> None:
    _, (line,) = lines_of(movement(-100, reason="41"), more("RUM", f"{'MANDAT-1':35}RCUR"), more("XYZ", "AUTRE"))

    assert (line.return_reason, line.mandate_id, line.extra) == (
        "41",
        "MANDAT-1",
        (("RUM 36", "RCUR"), ("XYZ", "AUTRE")),
    )


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("0000000001234E", "000000000X234E", "bad-amount"),
        ("0000000001234E", "00000000012345", "bad-amount"),
        ("05150126  160126", "05310226  160126", "bad-date"),
        ("05150126  160126VIR", "05150126  310226VIR", "bad-date"),
        ("0520041B1", "0620041B1", "record-unknown"),
        ("0720041    01005EUR2 0500013M026", "0720041    01005EUR2 0500013M027", "account-differs"),
        ("B10501005EUR2", "B10501005USD2", "line-currency-differs"),
    ],
)
def test_damage_is_told_and_loses_no_other_line(old: str, new: str, code: str) -> None:
    assert WHOLE.count(old.encode()) >= 1
    (statement,) = parse(WHOLE.replace(old.encode(), new.encode(), 1))

    assert code in [found.code for found in statement.diagnostics]
    assert len(list(statement.lines)) == 2


def test_an_amount_that_is_none_is_marked() -> None:
    (statement,) = parse(WHOLE.replace(b"0000000001234E", b"00000000012345", 1))

    assert AMOUNT_UNKNOWN in next(iter(statement.lines)).extra
    assert not statement.header.balanced


def test_a_missing_end_record_loses_no_line() -> None:
    records = WHOLE.splitlines(keepends=True)
    first, second = parse(b"".join([*records[:-1], *records]))

    assert [found.code for found in first.diagnostics] == ["end-record-missing"]
    assert (len(list(first.lines)), first.header.balanced) == (2, None)
    assert second.header.balanced


def test_records_outside_an_account_are_told() -> None:
    records = WHOLE.splitlines(keepends=True)
    (statement,) = parse(b"".join([*records, records[1]]))

    assert [(found.code, found.where) for found in statement.diagnostics] == [("record-outside", "line 10")]


def test_no_account_is_refused() -> None:
    with pytest.raises(Unreadable):
        list(FORMAT.read(io.BytesIO(file(movement(1))), ReadOptions()))


def test_other_formats_are_not_taken() -> None:
    assert FORMAT.sniff(Head(WHOLE)) >= 90
    assert FORMAT.sniff(Head(b"01,CITIDIRECT,8888888,150716,0713,00131100,,,2/\n")) == 0
    assert FORMAT.sniff(Head(b"01BGMAX               0120040525173035010331P\n")) == 0


def test_mutants_raise_nothing_but_typed_errors() -> None:
    assert read_mutants(WHOLE, signs=bytes(range(256)), longest=130)
