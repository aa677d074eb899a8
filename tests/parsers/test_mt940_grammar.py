"""The fixed-form fields of MT940: marks and funds codes (T4), years (T5), amounts and currencies (T7), accounts, pages."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from matcher.parsers.mt940.account import account_of
from matcher.parsers.mt940.grammar import amount_of, balance_of, entry_dates, page_of, report_time
from recon_core.domain.currency import EXPONENTS, exponent
from recon_core.domain.diagnostic import Severity
from recon_core.domain.refused import BadAmount, BadDate
from recon_core.domain.statement import AMOUNT_UNKNOWN
from tests.parsers.mt940_files import IBAN, diagnostics, entry, lines, message, statements

MARKS = {
    "C": (1, False, "booked"),
    "D": (-1, False, "booked"),
    "RC": (-1, True, "booked"),
    "RD": (1, True, "booked"),
    "EC": (1, False, "pending"),
    "ED": (-1, False, "pending"),
}


@pytest.mark.parametrize("currency", ["EUR", "USD", "PLN", "HUF", "CHF", "DEM", "SEK", "INR", "CAD", "XCD", "AUD"])
@pytest.mark.parametrize("funds", [False, True], ids=["without funds code", "with funds code"])
@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_with_and_without_the_funds_code_of_the_currency(mark: str, funds: bool, currency: str) -> None:
    sign, reversal, status = MARKS[mark]
    letter = currency[2] if funds else ""

    for form in (mark + letter, (mark + letter).lower()):
        (line,) = lines(message(f":61:2601050105{form}30,00NTRFNONREF", currency=currency))
        assert (line.amount, line.reversal, line.status) == (sign * 3000, reversal, status)
        assert line.currency == currency


def test_cr_in_euro_is_a_credit_and_rc_a_reversal() -> None:
    assert entry("2601050105CR30,00NTRFNONREF").amount == 3000
    assert entry("2601050105RC30,00NTRFNONREF").amount == -3000
    assert entry("2601050105RCR30,00NTRFNONREF").amount == -3000
    assert entry("2601050105DR30,00NTRFNONREF").amount == -3000
    assert entry("2601050105RDR30,00NTRFNONREF").amount == 3000


def test_dd_in_dollars_is_a_debit() -> None:
    assert entry("2601050105DD 5,00NTRFNONREF", currency="USD").amount == -500


@pytest.mark.parametrize(
    ("letter", "severity"), [("P", Severity.ERROR), ("X", Severity.ERROR), ("R", Severity.WARNING)]
)
def test_a_funds_code_of_another_currency_is_an_error_and_the_line_is_kept(letter: str, severity: Severity) -> None:
    content = message(f":61:2601050105C{letter}30,00NTRFNONREF", currency="SEK")

    assert [line.amount for line in lines(content)] == [3000]
    assert diagnostics(content)["funds-code"].severity == severity
    assert diagnostics(content)["funds-code"].where == "line 5"


@pytest.mark.parametrize("letter", ["", "R"])
def test_a_right_or_absent_funds_code_is_not_odd(letter: str) -> None:
    assert "funds-code" not in diagnostics(message(f":61:2601050105D{letter}30,00NTRFNONREF"))


def days_around(*days: date, spread: int) -> list[date]:
    return [day + timedelta(days=shift) for day in days for shift in range(-spread, spread + 1)]


def test_the_entry_date_gets_the_year_that_puts_it_nearest_to_the_value_date() -> None:
    new_years = [date(year, 1, 1) for year in range(2016, 2032)]
    leap_days = [date(year, 2, 29) for year in (2016, 2020, 2024, 2028)]
    pairs = 0
    for value in days_around(*new_years, *leap_days, spread=6):
        for shift in range(-9, 10):
            booking = value + timedelta(days=shift)
            found = entry_dates(f"{value:%y%m%d}", f"{booking:%m%d}")
            assert (found.booking, found.value, found.bad) == (booking, value, None)
            pairs += 1

    assert pairs >= 4000


@pytest.mark.parametrize("distance", [-180, -120, -46, 46, 120, 180])
def test_entries_far_from_their_value_date_get_the_right_year(distance: int) -> None:
    for value in days_around(date(2026, 1, 1), date(2024, 2, 29), spread=20):
        booking = value + timedelta(days=distance)
        assert entry_dates(f"{value:%y%m%d}", f"{booking:%m%d}").booking == booking


@pytest.mark.parametrize(("short", "year"), [("00", 2000), ("26", 2026), ("79", 2079), ("80", 1980), ("99", 1999)])
def test_a_year_of_two_digits_lies_between_1980_and_2079(short: str, year: int) -> None:
    assert entry_dates(f"{short}0105", "0105").value == date(year, 1, 5)


@pytest.mark.parametrize("blank", ["", "    "])
def test_without_an_entry_date_the_value_date_is_the_booking_date(blank: str) -> None:
    line = entry(f"260105{blank}C1,00NTRFNONREF")

    assert (line.booking_date, line.value_date) == (date(2026, 1, 5), date(2026, 1, 5))


@pytest.mark.parametrize(
    ("dates", "booking", "value"),
    [
        ("2602300301", date(2026, 3, 1), None),
        ("2602310227", date(2026, 2, 27), None),
        ("2602280230", date(2026, 2, 28), date(2026, 2, 28)),
        ("2613010105", None, None),
        ("260230", None, None),
    ],
)
def test_a_day_that_the_calendar_has_not_becomes_no_day_never_another(
    dates: str, booking: date | None, value: date | None
) -> None:
    content = message(f":61:{dates}C1,00NTRFNONREF", ":61:2601050105C2,00NTRFNONREF")

    assert [(line.booking_date, line.value_date) for line in lines(content)] == [
        (booking, value),
        (date(2026, 1, 5), date(2026, 1, 5)),
    ]
    assert diagnostics(content)["bad-date"].severity == (Severity.WARNING if booking else Severity.ERROR)


@pytest.mark.parametrize("currency", sorted(EXPONENTS))
def test_amounts_have_the_decimals_of_their_currency(currency: str) -> None:
    places = exponent(currency)

    assert amount_of("1234,", currency).minor == 1234 * 10**places
    assert amount_of("1234,000000", currency).minor == 1234 * 10**places
    assert amount_of("0,", currency).minor == 0
    for short in range(1, places + 1):
        assert amount_of("5," + "1" * short, currency).minor == int("5" + ("1" * short).ljust(places, "0"))
    with pytest.raises(BadAmount):
        amount_of("5," + "0" * places + "1", currency)


@pytest.mark.parametrize(("text", "minor"), [("9,", 900), ("000000000025,00", 2500), (",50", 50), ("2,5", 250)])
def test_amounts_that_banks_write(text: str, minor: int) -> None:
    assert amount_of(text, "EUR") == (minor, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "1_000,00",
        "NaN",
        "1E5",
        "-1,00",
        "+1,00",
        "1.23,56",
        "1.234,567",
        "1.234",
        "1,2,3",
        "١,٠٠",
        "²,00",
        "1 0,0",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(BadAmount):
        amount_of(text, "EUR")


@pytest.mark.parametrize(
    ("text", "currency", "minor", "oddity"),
    [
        ("12.34", "EUR", 1234, "decimal-point"),
        ("12.5", "EUR", 1250, "decimal-point"),
        ("1.234,56", "EUR", 123456, "amount-grouped"),
        ("1,234.56", "EUR", 123456, "amount-grouped"),
        ("1.234.567", "EUR", 123456700, "amount-grouped"),
        ("1.234,", "EUR", 123400, "amount-grouped"),
        ("300.", "JPY", 300, "decimal-point"),
        ("1.500", "KWD", 1500, "decimal-point"),
        ("300", "EUR", 30000, "decimal-comma-missing"),
    ],
)
def test_unambiguous_oddities_are_read_and_named(text: str, currency: str, minor: int, oddity: str) -> None:
    assert amount_of(text, currency) == (minor, oddity)
    content = message(f":61:2601050105C{text}NTRFNONREF", currency=currency)
    assert [line.amount for line in lines(content)] == [minor]
    assert diagnostics(content)[oddity].severity == Severity.WARNING


def test_a_point_in_an_amount_is_never_cut_off() -> None:
    (line,) = lines(message(":61:2601050105C12.34NTRFNONREF"))

    assert line.amount == 1234


@pytest.mark.parametrize("digits", ["-10,00", "12,345", "1.234", "9999999999999999,00"])
def test_an_amount_that_can_not_be_known_is_reported_and_its_line_kept(digits: str) -> None:
    content = message(":61:2601050105C1,00NTRFA//1", f":61:2601050105C{digits}NTRFB//2", ":61:2601050105C3,00NTRFC//3")

    found = lines(content)

    assert [line.amount for line in found] == [100, 0, 300]
    assert [AMOUNT_UNKNOWN in line.extra for line in found] == [False, True, False]
    assert any(name == "61" and digits in kept for name, kept in found[1].extra)
    (odd,) = [one for one in diagnostics(content).values() if one.severity == Severity.ERROR and one.where == "line 6"]
    assert odd.code in ("bad-amount", "bad-entry")
    assert odd.cure


@pytest.mark.parametrize(
    ("text", "minor", "day"),
    [
        ("C260131EUR1234,5", 123450, date(2026, 1, 31)),
        ("D260131EUR0000000000000012,00", -1200, date(2026, 1, 31)),
        ("c260131eur1,", 100, date(2026, 1, 31)),
        ("C260231EUR1,00", 100, None),
        ("C260131105000,00", 10500000, date(2026, 1, 31)),
        ("D260131EUR0,", 0, date(2026, 1, 31)),
    ],
)
def test_a_balance(text: str, minor: int, day: date | None) -> None:
    read = balance_of(text, "EUR")

    assert (read.minor, read.date) == (minor, day)


@pytest.mark.parametrize(
    "text", ["", "Dnullnullnull", "C141387INR11 27421,94", "C260131QQQ1,00", "C260131EUR", "X260131EUR1,"]
)
def test_what_is_no_balance_is_refused(text: str) -> None:
    with pytest.raises(BadAmount):
        balance_of(text, "EUR")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("5/1", (5, 1)),
        ("00001/001", (1, 1)),
        ("0", (0, None)),
        ("000", (0, None)),
        ("1810118101", (1810118101, None)),
        ("00000/00", (0, 0)),
        ("x", None),
        ("", None),
    ],
)
def test_statement_and_page_numbers(text: str, read: tuple[int, int | None] | None) -> None:
    assert page_of(text) == read


def test_statement_number_zero_is_a_number() -> None:
    content = message().replace(":28C:1/1", ":28C:0")

    assert statements(content)[0].header.sequence == 0


def test_the_time_of_a_report_has_an_offset_in_hours_and_minutes() -> None:
    time = report_time("2601021430+0530")

    assert time.isoformat() == "2026-01-02T14:30:00+05:30"
    assert report_time("2601021430").tzinfo is None
    for wrong in ("2601022530+0100", "26010214", "2613021430+0100", "text"):
        with pytest.raises(BadDate):
            report_time(wrong)


@pytest.mark.parametrize(
    ("text", "identifier", "scheme", "bic", "currency"),
    [
        (IBAN, IBAN, "IBAN", None, None),
        ("de89 3704 0044 0532 0130 00", IBAN, "IBAN", None, None),
        ("NL91ABNA0417164300 EUR", "NL91ABNA0417164300", "IBAN", None, "EUR"),
        ("NL91ABNA0417164300EUR", "NL91ABNA0417164300", "IBAN", None, "EUR"),
        ("/PL61109010140000071219812874", "PL61109010140000071219812874", "IBAN", None, None),
        (f"COBADEFFXXX/{IBAN}", IBAN, "IBAN", "COBADEFFXXX", None),
        (f"{IBAN}\nCOBADEFFXXX", IBAN, "IBAN", "COBADEFFXXX", None),
        ("DABADKKK/1111-11-11111", "1111-11-11111", None, "DABADKKK", None),
        ("UBRTHUHB/123456789150ABCDEF002/HUF", "123456789150ABCDEF002", None, "UBRTHUHB", "HUF"),
        ("50880050/0194787400888", "50880050/0194787400888", None, None, None),
        ("50880050/0194787400", "50880050/0194787400", "BLZ", None, None),
        ("1291.99.348EUR", "1291.99.348", None, None, "EUR"),
        ("MT84MALT011000012345MTLCAST001S", "MT84MALT011000012345MTLCAST001S", "IBAN", None, None),
        ("0000000000", "0000000000", None, None, None),
    ],
)
def test_accounts_as_banks_write_them(
    text: str, identifier: str, scheme: str | None, bic: str | None, currency: str | None
) -> None:
    assert account_of(text) == (identifier, scheme, bic, currency)


def test_an_account_field_without_an_account_is_reported() -> None:
    content = message().replace(f":25:{IBAN}", ":25: ")

    assert statements(content)[0].header.account is None
    assert diagnostics(content)["bad-account"].where == "line 2"
