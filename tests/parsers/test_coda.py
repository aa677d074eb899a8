"""CODA: movements over several records, details of a batch, structured communications, and the sums that prove them."""

from __future__ import annotations

from datetime import date

import pytest

from matcher.parsers.coda import FORMAT
from matcher.parsers.contract import Head, ReadOptions
from matcher.parsers.statements import Statement, parse
from recon_core.domain.refused import Unreadable
from recon_core.domain.statement import AMOUNT_UNKNOWN, StatementLine
from tests.parsers.mutants import read_mutants

IBAN = "BE71096123456769"
DAY = "150126"


def signed(thousandths: int) -> str:
    return f"{int(thousandths < 0)}{abs(thousandths):015}"


def start(*, day: str = DAY, duplicate: str = " ") -> str:
    return f"00000{day}00105{duplicate}{'':7}{'FILE0001':10}{'MUSTER HANDEL':26}{'KREDBEBB':11}{'':56}2"


def account(opening: int, *, field: str = f"{IBAN:34}EUR", kind: str = "2", sequence: str = "014") -> str:
    return f"1{kind}{sequence}{field:37}{signed(opening)}140126{'MUSTER HANDEL':26}{'Zichtrekening':35}{sequence}"


def movement(
    minor: int, number: int = 1, detail: int = 0, *, text: str = "", structured: bool = False, code: str = "00150000"
) -> str:
    return (
        f"21{number:04}{detail:04}{'REF00000000000000001':21}{signed(minor * 10)}150126{code}{int(structured)}"
        f"{text:53}150126{'014'}0 0"
    )


def second(number: int = 1, detail: int = 0, *, text: str = "", reference: str = "", reason: str = "") -> str:
    return f"22{number:04}{detail:04}{text:53}{reference:35}{'BBRUBEBB':11}{'':4}{reason:4}{'':4}SUPP1 0"


def third(number: int = 1, detail: int = 0, *, text: str = "", name: str = "JANSSENS BV") -> str:
    return f"23{number:04}{detail:04}{'BE68539007547034':34}EUR{name:35}{text:43}0 0"


def closing(balance: int, *, field: str = f"{IBAN:34}EUR") -> str:
    return f"8014{field:37}{signed(balance)}150126{'':64}0"


def end(records: int, debits: int = 0, credits_: int = 0) -> str:
    return f"9{'':15}{records:06}{debits * 10:015}{credits_ * 10:015}{'':75}2"


def file(*records: str) -> bytes:
    assert all(len(record) <= 128 for record in records)
    return "".join(f"{record:128}\r\n" for record in records).encode("cp1252")


def lines_of(*records: str) -> tuple[Statement, list[StatementLine]]:
    (statement,) = parse(file(start(), account(1000000), *records, closing(1000000)))
    return statement, list(statement.lines)


WHOLE = file(
    start(),
    account(1000000),
    movement(12345, text="101010806817183", structured=True),
    second(reference="E2E-1"),
    third(),
    f"3100010001{'REF00000000000000001':21}001500001001JANSSENS BV",
    movement(-2345, 2, text="FACTUUR 2026-0017 EN"),
    second(2, text=" 2026-0018", reason="AC04"),
    third(2, text="DANK U"),
    closing(1100000),
    f"4 00010000{'':22}VRIJE MEDEDELING",
    end(10, 2345, 12345),
)


def test_a_file_is_a_statement_that_balances_and_sums_prove() -> None:
    (statement,) = parse(WHOLE)
    header = statement.header

    assert statement.diagnostics == ()
    assert (header.format, header.account, header.account_scheme, header.currency) == ("coda", IBAN, "IBAN", "EUR")
    assert (header.opening_balance, header.closing_balance, header.balanced) == (100000, 110000, True)
    assert (header.opening_date, header.closing_date) == (date(2026, 1, 14), date(2026, 1, 15))
    assert (header.sequence, header.bank_bic, header.version) == (14, "KREDBEBB", "2")
    assert ("message", "VRIJE MEDEDELING") in header.extra


def test_the_parts_of_a_movement_reach_their_own_fields() -> None:
    paid, spent = next(iter(parse(WHOLE))).lines

    assert (paid.amount, paid.creditor_reference, paid.end_to_end_id) == (12345, "010806817183", "E2E-1")
    assert (paid.counterparty_name, paid.counterparty_account, paid.counterparty_bic) == (
        "JANSSENS BV",
        "BE68539007547034",
        "BBRUBEBB",
    )
    assert (paid.booking_date, paid.value_date) == (date(2026, 1, 15), date(2026, 1, 15))
    assert (paid.proprietary_code, paid.bank_reference, paid.where) == ("00150000", "REF00000000000000001", "line 3")
    assert paid.additional_info == "JANSSENS BV"
    assert (spent.amount, spent.return_reason) == (-2345, "AC04")
    assert spent.remittance == "FACTUUR 2026-0017 EN 2026-0018 DANK U"


def test_the_details_of_a_batch_stay_below_it_and_add_no_money() -> None:
    statement, (batch,) = lines_of(movement(3000), movement(1000, 1, 1, text="A"), movement(2000, 1, 2, text="B"))

    assert (batch.amount, batch.batch_count) == (3000, 2)
    assert [(line.line_index, line.amount, line.remittance) for line in batch.details] == [
        (1, 1000, "A"),
        (2, 2000, "B"),
    ]
    assert [found.code for found in statement.diagnostics] == ["end-record-missing", "balance-mismatch"]


def test_the_only_detail_of_a_movement_enriches_it() -> None:
    _, (line,) = lines_of(movement(3000), movement(3000, 1, 1, text="A"), third(1, 1))

    assert (line.line_index, line.remittance, line.counterparty_name, line.details) == (1, "A", "JANSSENS BV", ())


def test_details_that_differ_are_told() -> None:
    statement, _ = lines_of(movement(3000), movement(1000, 1, 1), movement(1000, 1, 2))

    assert "details-differ" in [found.code for found in statement.diagnostics]


def test_a_direct_debit_names_its_mandate() -> None:
    text = f"127150126130{'BE98ZZZ0123456789':35}{'MANDATE-77':35}ABONNEMENT"
    _, (line,) = lines_of(movement(-5000, text=text[:53], structured=True), second(text=text[53:]))

    assert (line.mandate_id, line.remittance) == ("MANDATE-77", "ABONNEMENT")
    assert ("creditor", "BE98ZZZ0123456789") in line.extra


@pytest.mark.parametrize(
    ("field", "kind", "expected"),
    [
        (f"{IBAN:34}EUR", "2", (IBAN, "IBAN", "EUR")),
        ("096123456769 EUR0BE", "0", (IBAN, "IBAN", "EUR")),
        ("096123456768 EUR0BE", "0", ("096123456768", None, "EUR")),
        (f"{'NL91ABNA0417164300':34}EUR", "3", ("NL91ABNA0417164300", "IBAN", "EUR")),
        (f"{'12-345 67':34}USD", "1", ("12-34567", None, "USD")),
    ],
)
def test_every_kind_of_account_is_known(field: str, kind: str, expected: tuple[str, ...]) -> None:
    (statement,) = parse(file(start(), account(0, field=field, kind=kind), closing(0, field=field), end(2)))

    assert (statement.header.account, statement.header.account_scheme, statement.header.currency) == expected
    assert statement.diagnostics == ()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("0000000000123450", "0000000000123455", "bad-amount"),
        ("0000000000123450", "2000000000123450", "bad-amount"),
        ("0000000000123450", "000000000012345X", "bad-amount"),
        ("15012600150000", "31022600150000", "bad-date"),
        ("2200010000", "2200070000", "movement-missing"),
        ("2300010000", "2700010000", "record-unknown"),
        ("4 00010000", "7 00010000", "record-unknown"),
        ("000010000000000023450", "000011000000000023450", "control-total-differs"),
        ("000000000023450000000000123450", "000000000023440000000000123450", "control-total-differs"),
        (f"8014{IBAN}", "8014BE68539007547034", "account-differs"),
        ("EUR0000000001000000", "XYZ0000000001000000", "currency-missing"),
    ],
)
def test_damage_is_told_and_loses_no_other_line(old: str, new: str, code: str) -> None:
    assert WHOLE.count(old.encode()) >= 1
    (statement,) = parse(WHOLE.replace(old.encode(), new.encode(), 1))

    assert code in [found.code for found in statement.diagnostics]
    assert len(list(statement.lines)) == 2
    assert all(found.cure or found.code == "balance-mismatch" for found in statement.diagnostics)


def test_an_amount_that_is_none_is_marked() -> None:
    (statement,) = parse(WHOLE.replace(b"0000000000123450", b"0000000000123455", 1))

    assert AMOUNT_UNKNOWN in next(iter(statement.lines)).extra
    assert not statement.header.balanced


def test_several_accounts_and_empty_statements_stay_apart() -> None:
    data = file(start(), account(5000), closing(5000), end(2), start(duplicate="D"), account(7000, sequence="015"))
    first, second_ = parse(data)

    assert (first.header.closing_balance, first.header.balanced, first.header.duplicate) == (500, True, None)
    assert (second_.header.duplicate, second_.header.sequence) == ("DUPL", 15)
    assert [found.code for found in second_.diagnostics] == ["end-record-missing"]


def test_no_account_is_refused() -> None:
    with pytest.raises(Unreadable):
        list(parse(file(start(), end(0))))


def test_other_formats_are_not_taken() -> None:
    assert FORMAT.sniff(Head(WHOLE)) > 90
    assert FORMAT.sniff(Head(b"0000010110177250\n")) == 0
    assert FORMAT.sniff(Head(b":20:X\r\n")) == 0


def test_mutants_raise_nothing_but_typed_errors() -> None:
    assert read_mutants(WHOLE, signs=bytes(range(256)), longest=140)


def only(data: bytes) -> Statement:
    (statement,) = parse(data)
    return statement


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "cp1252", "cp850", "iso8859-15", "utf-16", "utf-32", "cp1140", "cp037"]
)
@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r", ""])
def test_letters_and_line_ends_of_any_transport_give_the_same_line(codec: str, ending: str) -> None:
    text = "Théâtre d'Hélène à Dümùß"
    records = (
        start(),
        account(1000000),
        movement(2550, text=text),
        second(),
        third(),
        closing(1025500),
        end(5, 0, 2550),
    )

    (line,) = only("".join(f"{record:128}{ending}" for record in records).encode(codec)).lines

    assert (line.amount, line.remittance, line.counterparty_name) == (2550, text, "JANSSENS BV")


@pytest.mark.parametrize("ending", ["\x85", "\r\x85"])
def test_lines_of_a_mainframe_end_in_its_own_sign_and_may_be_shorter(ending: str) -> None:
    records = (start(), account(1000000), movement(2550, text="Hélène"), closing(1025500), end(3, 0, 2550))

    found = only("".join(record.rstrip() + ending for record in records).encode("cp1140"))

    assert [(line.amount, line.remittance) for line in found.lines] == [(2550, "Hélène")]
    assert found.header.balanced is True


@pytest.mark.parametrize(("configured", "codec"), [("cp273", "cp273"), ("cp1252", "cp1140"), (None, "cp1140")])
def test_a_mainframe_writes_in_the_variant_that_is_configured(configured: str | None, codec: str) -> None:
    records = (start(), account(1000000), movement(2550, text="Dümùß"), closing(1025500), end(3, 0, 2550))

    (found,) = parse(
        "".join(f"{record:128}" for record in records).encode(codec), options=ReadOptions(encoding=configured)
    )

    assert [line.remittance for line in found.lines] == ["Dümùß"]


def test_a_detail_without_its_movement_is_kept_as_a_line_and_told() -> None:
    found = only(
        file(start(), account(1000000), movement(-2550, 2, 1), movement(-50, 3), closing(974000), end(4, 2600))
    )

    assert [(line.line_index, line.amount) for line in found.lines] == [(1, -2550), (2, -50)]
    assert [one.code for one in found.diagnostics] == ["detail-outside"]
    assert found.header.balanced is True


def test_a_payment_by_card_names_the_shop() -> None:
    record = movement(-620, text="1135127880000006588101902254978525032512037TOYOTA EVE", structured=True)
    more = second(text="RE    EVERE     0000000000000000")

    (line,) = only(file(start(), account(1000000), record, more, closing(993800), end(4, 620))).lines

    assert (line.counterparty_name, line.remittance) == ("TOYOTA EVERE", "TOYOTA EVERE EVERE")
