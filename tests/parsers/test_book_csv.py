"""The book file: as documented, and as a Swedish Excel writes it."""

from __future__ import annotations

from datetime import date

import pytest

from matcher.book_csv import count_rows, read_book
from matcher.rules.columns import BookItem
from recon_core.domain.refused import InputError

SWEDISH = """Ver.nr;Konto;Bokföringsdatum;Belopp;Valuta;OCR-nummer;Kund;Text;Typ
A1;SE45;2026-01-05;1 234,50;SEK;4711;Åkeri Örebro;Faktura;Inbetalning
A2;1930;20260106;-10.000;SEK;;;;Utbetalning
;;;;;;;;
"""
READ = [
    BookItem("A1", "SE45", date(2026, 1, 5), 123450, "SEK", "4711", "Åkeri Örebro", "Faktura", "receipt"),
    BookItem("A2", "1930", date(2026, 1, 6), -1_000_000, "SEK", "", "", "", "payment"),
]


def amounts(text: str) -> list[int]:
    return [item.amount for item in read_book(text.encode())]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "cp850", "utf-16"])
@pytest.mark.parametrize("blank", [" ", "\u00a0"])
def test_what_a_swedish_excel_writes_is_read(encoding: str, blank: str) -> None:
    content = SWEDISH.replace("1 234", f"1{blank}234").encode(encoding)

    assert list(read_book(content)) == READ
    assert count_rows(content) == 2


def test_tabs_and_line_ends_of_windows_are_read() -> None:
    assert list(read_book(SWEDISH.replace(";", "\t").replace("\n", "\r\n").encode("utf-16"))) == READ


def test_debit_raises_and_credit_lowers_the_account() -> None:
    text = "Vernr;Konto;Datum;Debet;Kredit;Valuta\n1;a;2026-01-05;100,00;;SEK\n2;a;2026-01-05;0,00;12,5;SEK\n"

    assert amounts(text) == [10000, -1250]
    assert amounts(text.replace("12,5", "-12,5")) == [10000, 1250]


HEADER = "id;account;date;amount;currency\n"


@pytest.mark.parametrize(
    ("values", "minor"),
    [
        (["1 000", "2,50"], [100000, 250]),
        (["1.000", "2,50"], [100000, 250]),
        (["1,000", "2.50"], [100000, 250]),
        (["1,000.50"], [100050]),
        (["1.000,50", "7"], [100050, 700]),
        (["\u22125,00", "5,00-"], [-500, -500]),
        (["1000", "-7"], [100000, -700]),
        (["1000.5"], [100050]),
    ],
)
def test_all_amounts_of_a_file_tell_its_decimal_mark(values: list[str], minor: list[int]) -> None:
    rows = (f"{place};a;2026-01-05;{value};SEK\n" for place, value in enumerate(values))

    assert amounts(HEADER + "".join(rows)) == minor


REFUSED = {
    "1;a;2026-01-05;1,000;SEK\n": ("line 2", "may mean thousands or decimals"),
    "1;a;2026-01-05;1,50;SEK\n2;a;2026-01-05;1.50;SEK\n": ("book", "others a decimal point"),
    "1;a;2026-01-05;1,50;SEK\n2;a;2026-01-05;1 00,50;SEK\n": ("line 3", "is no amount with ','"),
    "1;a;05/01/2026;1,50;SEK\n": ("line 2", "is no calendar date"),
    "1;a;2026-W09-7;1,50;SEK\n": ("line 2", "is no calendar date"),
    "1;a;2026-01-05;1,505;KWD\n2;a;2026-01-05;1,505;SEK\n": ("line 2", "may mean thousands or decimals"),
    "1;a;2026-01-05;1,50;SEK\n1;a;2026-01-05;1,50;SEK\n": ("line 3", "stands on line 2 too"),
}


@pytest.mark.parametrize("rows", REFUSED)
def test_what_may_mean_two_things_is_refused_with_its_place(rows: str) -> None:
    with pytest.raises(InputError) as caught:
        amounts(HEADER + rows)

    where, message = REFUSED[rows]
    assert where in caught.value.where
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("Vernr;Konto;Datum;Bokföringsdatum;Belopp;Valuta\n", "'Datum' and 'Bokföringsdatum' may both be the date"),
        ("Vernr;Konto;Datum;Belopp\n", "no column currency"),
        ("Vernr;Konto;Datum;Debet;Valuta\n", "no column amount"),
        ("", "no column id, account, date, amount, currency"),
    ],
)
def test_a_header_that_does_not_tell_the_columns_is_refused(header: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        amounts(header)


def test_an_amount_both_in_debit_and_in_credit_is_refused() -> None:
    with pytest.raises(InputError, match="both in debit and in credit"):
        amounts("Vernr;Konto;Datum;Debet;Kredit;Valuta\n1;a;2026-01-05;1,00;2,00;SEK\n")
