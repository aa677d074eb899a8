"""CSV exports: values as the profile says, rows that are damaged, and the balance column as a proof."""

from __future__ import annotations

import io
import random
import time
import tracemalloc
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.parsers.contract import LinesRead, ReadOptions
from matcher.parsers.csv import FORMAT, reader
from matcher.parsers.csv.reader import read_with
from matcher.parsers.csv.values import AmountStyle, calendar_day
from recon_core.domain.diagnostic import Severity
from recon_core.domain.money import to_text
from recon_core.domain.refused import BadAmount, BadDate, InputError, LimitExceeded, Unreadable
from recon_core.domain.statement import AMOUNT_UNKNOWN
from tests.parsers.csv_files import PROFILE, headers_of, lines_of, odd, profile, read_bytes, read_known, read_text

HEADER = "Date;Text;Amount;Balance;Currency\n"
COMMA = AmountStyle(",", (" ", "\u00a0", "\u202f", "."), ("kr", "SEK", "€"))
POINT = AmountStyle(".", (",", "'"))

# ------------------------------------------------------------------------------------------------ values


@pytest.mark.parametrize(
    ("text", "style", "currency", "minor"),
    [
        ("-1 234,56", COMMA, "SEK", -123456),
        ("1.234.567,8", COMMA, "SEK", 123456780),
        ("1\u00a0234,00 kr", COMMA, "SEK", 123400),
        ("kr -5,00", COMMA, "SEK", -500),
        ("-€5,00", COMMA, "EUR", -500),
        ("\u2212192,75", COMMA, "SEK", -19275),
        ("192,75-", COMMA, "SEK", -19275),
        ("+5", COMMA, "SEK", 500),
        (",5", COMMA, "SEK", 50),
        ("15 400", COMMA, "SEK", 1540000),
        ("-30.000", POINT, "SEK", -3000),
        ("2814.160", POINT, "SEK", 281416),
        ("1,234.50", POINT, "USD", 123450),
        ("1'234.50", POINT, "CHF", 123450),
        ("1.234", POINT, "KWD", 1234),
        ("1234", POINT, "JPY", 1234),
    ],
)
def test_an_amount_is_read_in_the_style_of_the_profile(
    text: str, style: AmountStyle, currency: str, minor: int
) -> None:
    assert style.minor(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "kr",
        "-",
        ",",
        "1,2,3",
        "12.34,5",
        "1 23,00",
        "1.23,00",
        "1234.567,00",
        "1.000",
        "-30.000",
        "1e5",
        "1_0",
        "٣,00",
        "²",
        "0x1",
        "NaN",
        "5,005",
        "9" * 30,
    ],
)
def test_an_amount_in_another_style_is_an_error(text: str) -> None:
    with pytest.raises(BadAmount):
        COMMA.minor(text, "SEK")


@pytest.mark.parametrize(
    ("text", "form", "day"),
    [
        ("2026-01-31", "YYYY-MM-DD", date(2026, 1, 31)),
        ("2026-01-31 23:59:59", "YYYY-MM-DD", date(2026, 1, 31)),
        ("2026-01-31T23:59:59.000Z", "YYYY-MM-DD", date(2026, 1, 31)),
        ("31.1.2026", "DD.MM.YYYY", date(2026, 1, 31)),
        ("01/31/2026", "MM/DD/YYYY", date(2026, 1, 31)),
        ("20260131", "YYYYMMDD", date(2026, 1, 31)),
        ("31.01.26", "DD.MM.YY", date(2026, 1, 31)),
    ],
)
def test_a_date_is_read_in_the_form_of_the_profile(text: str, form: str, day: date) -> None:
    assert calendar_day(text, (form,)) == day


@pytest.mark.parametrize("text", ["2026-02-30", "31.01.2026", "2026-1", "x", "", "２０２６-01-31", "2026-01-31x"])
def test_a_date_in_another_form_is_an_error(text: str) -> None:
    with pytest.raises(BadDate):
        calendar_day(text, ("YYYY-MM-DD",))


@given(
    minor=st.integers(-(10**14), 10**14), currency=st.sampled_from(["SEK", "JPY", "KWD", "CLF"]), grouped=st.booleans()
)
def test_a_written_amount_comes_back(minor: int, currency: str, grouped: bool) -> None:
    whole, point, decimals = to_text(minor, currency).partition(".")
    digits = f"{int(whole):,}".replace(",", " ") if grouped else whole
    sign = "-" if minor < 0 and not digits.startswith("-") else ""

    assert COMMA.minor(f"{sign}{digits}{',' if point else ''}{decimals}", currency) == minor


# ------------------------------------------------------------------------------------------------ rows


def test_quotes_delimiters_and_line_ends_inside_a_cell_are_text() -> None:
    told = read_text('Date;Text;Amount\r\n2026-01-31;"a;b ""c""\r\nd";"-1,00"\r\n')

    assert lines_of(told)[0].remittance == 'a;b "c"\nd'
    assert lines_of(told)[0].where == "line 2"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_line_ends_and_encodings_do_not_matter(end: str, codec: str) -> None:
    text = "Date;Text;Amount\n2026-01-31;Åsa Öberg;-1,00\n2026-02-01;b;2,00".replace("\n", end)
    told = read_bytes(text.encode(codec))

    assert [(line.remittance, line.amount) for line in lines_of(told)] == [("Åsa Öberg", -100), ("b", 200)]


def test_the_encoding_that_the_profile_names_is_no_surprise() -> None:
    using = PROFILE.replace("[columns]", 'encoding = "cp1252"\n\n[columns]')
    data = "Date;Text;Amount\n2026-01-31;Åsa;-1,00\n".encode("cp1252")

    assert [found.code for found in odd(read_bytes(data))] == ["encoding-fallback"]
    assert odd(read_bytes(data, using=using)) == []


def test_cells_that_a_spreadsheet_is_kept_from_changing_are_read() -> None:
    assert lines_of(read_text('Date;Text;Amount\n2026-01-31;="00123";-1,00\n'))[0].remittance == "00123"


def test_a_row_with_too_many_cells_is_never_read_from_the_wrong_columns() -> None:
    told = read_text("Date;Text;Amount\n2026-01-31;a;b;-1,00\n2026-01-31;c;-2,00\n")
    first, second = lines_of(told)

    assert AMOUNT_UNKNOWN in first.extra
    assert ("row", "2026-01-31 a b -1,00") in first.extra
    assert second.amount == -200
    assert [(found.code, found.severity, found.where) for found in odd(told)] == [
        ("row-damaged", Severity.ERROR, "line 2")
    ]


@pytest.mark.parametrize("row", ['2026-01-31;"a;-1,00', '2026-01-31;"a"b;-1,00', '2026-01-31;"a ""b;-1,00'])
def test_broken_quotes_cost_no_other_row(row: str) -> None:
    told = read_text(f'Date;Text;Amount\n2026-01-30;x;1,00\n{row}\n2026-02-01;"c";-2,00\n2026-02-02;d;-3,00\n')
    amounts = [line.amount for line in lines_of(told) if AMOUNT_UNKNOWN not in line.extra]

    assert amounts[0] == 100
    assert amounts[-1] == -300
    assert "row-damaged" in [found.code for found in odd(told)]


@pytest.mark.parametrize("printed", ["x", "1.00", "", "1,005"])
def test_an_amount_that_can_not_be_read_keeps_its_line_and_the_others(printed: str) -> None:
    told = read_text(f"Date;Text;Amount\n2026-01-31;a;{printed}\n2026-02-01;b;-2,00\n")
    first, second = lines_of(told)

    assert AMOUNT_UNKNOWN in first.extra
    assert ("Amount", printed) in first.extra
    assert second.amount == -200
    assert [found.where for found in odd(told)] == ["line 2, Amount"]


def test_a_mark_groups_thousands_where_another_row_shows_the_decimal_mark() -> None:
    proved = read_text("Date;Text;Amount\n2026-01-31;a;1.000\n2026-02-01;b;-2,50\n")
    doubtful = read_text("Date;Text;Amount\n2026-01-31;a;1.000\n2026-02-01;b;-2\n")

    assert [line.amount for line in lines_of(proved)] == [100000, -250]
    assert [found.code for found in odd(doubtful)] == ["bad-amount"]


def test_a_date_that_can_not_be_read_keeps_its_line() -> None:
    told = read_text("Date;Text;Amount\n31/01/2026;a;-1,00\n")

    assert (lines_of(told)[0].booking_date, lines_of(told)[0].amount) == (None, -100)
    assert [(found.code, found.where) for found in odd(told)] == [("bad-date", "line 2, Date")]


def test_totals_and_blank_rows_are_no_lines() -> None:
    told = read_text("Date;Text;Amount\n2026-01-31;a;-1,00\n;;\n\n;Summa;-1,00\n")

    assert len(lines_of(told)) == 1
    assert [(found.code, found.where) for found in odd(told)] == [("row-ignored", "line 5")]


def test_a_header_without_rows_is_an_empty_statement() -> None:
    told = read_text(HEADER)

    assert headers_of(told)[0].line_count == 0
    assert headers_of(told)[0].closing_balance is None


def test_a_column_that_the_profile_needs_and_the_file_lacks_is_refused() -> None:
    using = PROFILE.replace('header = ["Date", "Text", "Amount"]', 'header = ["Date", "Text"]')
    with pytest.raises(Unreadable, match="no column for amount"):
        read_text("Date;Text;Sum\n2026-01-31;a;-1,00\n", using=using)


def test_the_header_may_stand_below_other_text_but_not_anywhere() -> None:
    above = "".join(f"About {number}\n" for number in range(20))
    assert len(lines_of(read_text(above + "Date;Text;Amount\n2026-01-31;a;-1,00\n"))) == 1
    with pytest.raises(Unreadable, match="header"):
        read_text("x\n" * 100 + "Date;Text;Amount\n2026-01-31;a;-1,00\n")


# ------------------------------------------------------------------------------------------------ columns


def test_debit_and_credit_columns_give_the_sign() -> None:
    using = PROFILE.replace('amount = "Amount"', 'debit = "Out"\ncredit = "In"').replace('"Amount"]', '"Out"]')
    told = read_text(
        "Date;Text;Out;In\n2026-01-31;a;1,00;\n2026-01-31;b;;2,00\n2026-01-31;c;-3,00;\n2026-01-31;d;1,00;1,00\n2026-01-31;e;;\n",
        using=using,
    )

    assert [line.amount for line in lines_of(told)] == [-100, 200, -300, 0, 0]
    assert [found.code for found in odd(told)] == ["bad-amount", "bad-amount"]


def test_a_column_of_words_gives_the_sign_and_an_unknown_word_is_an_error() -> None:
    using = PROFILE.replace("[account]", '[sign]\ncolumn = "Side"\ndebit = ["D", "Af"]\ncredit = ["C"]\n[account]')
    told = read_text(
        "Date;Text;Amount;Side\n2026-01-31;a;1,00;af\n2026-01-31;b;2,00;C\n2026-01-31;c;3,00;?\n", using=using
    )

    assert [line.amount for line in lines_of(told)] == [-100, 200, 0]
    assert [found.code for found in odd(told)] == ["bad-amount"]


def test_inverted_amounts_are_turned_round() -> None:
    using = PROFILE.replace("[account]", "[sign]\ninvert = true\n[account]")

    assert lines_of(read_text("Date;Text;Amount\n2026-01-31;a;1,00\n", using=using))[0].amount == -100


def test_the_currency_is_the_rows_then_the_profiles_then_the_callers_then_none() -> None:
    row = "2026-01-31;a;-7,00;;"
    without = PROFILE.replace('[account]\ncurrency = "EUR"\n', "")

    assert lines_of(read_text(f"{HEADER}{row}kwd\n"))[0].currency == "KWD"
    assert lines_of(read_text(f"{HEADER}{row}\n"))[0].currency == "EUR"
    assert lines_of(read_text(f"{HEADER}{row}\n", using=without, currency="NOK"))[0].currency == "NOK"
    told = read_text(f"{HEADER}{row}\n", using=without)
    assert (lines_of(told)[0].currency, lines_of(told)[0].amount) == ("XXX", -700)
    assert [found.code for found in odd(told)] == ["currency-missing"]


def test_a_currency_that_is_none_makes_the_amount_unknown() -> None:
    told = read_text(f"{HEADER}2026-01-31;a;-7,00;;KRONOR\n")

    assert AMOUNT_UNKNOWN in lines_of(told)[0].extra
    assert lines_of(told)[0].currency == "XXX"


def test_accounts_of_a_file_become_statements_of_their_own() -> None:
    using = PROFILE.replace("[account]", '[account]\ncolumns = ["Clearing", "Account"]')
    rows = "".join(f"2026-01-{day:02};t;-1,00;{'A' if day % 2 else 'B'};12 3-{day % 2}\n" for day in range(1, 11))
    told = read_text("Date;Text;Amount;Clearing;Account\n" + rows, using=using)

    assert [(header.account, header.line_count) for header in headers_of(told)] == [("A1231", 5), ("B1230", 5)]
    assert [line.line_index for line in lines_of(told)] == [1, 2, 3, 4, 5] * 2


def test_a_broken_row_is_filed_with_the_first_statement_wherever_it_stands() -> None:
    using = PROFILE.replace("[account]", '[account]\ncolumns = ["Account"]')
    rows = ["2026-01-31;a;b;-1,00;SEK;9", "2026-01-31;c;-2,00;SEK;7", "2026-01-31;d;e;-3,00;EUR;8"]
    told = read_text("Date;Text;Amount;Currency;Account\n" + "\n".join(rows) + "\n", using=using)

    assert [(header.account, header.currency, header.line_count) for header in headers_of(told)] == [("7", "SEK", 3)]
    assert [line.currency for line in lines_of(told)] == ["SEK"] * 3
    assert [line.line_index for line in lines_of(told)] == [1, 2, 3]


# ------------------------------------------------------------------------------------------------ the balance column


def chain(amounts: list[int], opening: int) -> list[tuple[int, int]]:
    """Amount and balance of each row, oldest first."""
    rows, balance = [], opening
    for amount in amounts:
        balance += amount
        rows.append((amount, balance))
    return rows


def csv_of(rows: list[tuple[int, int]]) -> str:
    def printed(minor: int) -> str:
        return to_text(minor, "EUR").replace(".", ",")

    return HEADER + "".join(f"2026-01-31;t;{printed(amount)};{printed(balance)};EUR\n" for amount, balance in rows)


CHAINS = st.lists(st.integers(-50_000, 50_000).filter(bool), min_size=3, max_size=12)


@given(amounts=CHAINS, opening=st.integers(-100_000, 100_000), newest_first=st.booleans())
@settings(max_examples=80, deadline=None)
def test_balances_give_opening_and_closing_whichever_way_the_export_runs(
    amounts: list[int], opening: int, newest_first: bool
) -> None:
    rows = chain(amounts, opening)
    told = read_text(csv_of(rows[::-1] if newest_first else rows))
    (header,) = headers_of(told)

    assert odd(told) == []
    # A chain such as +5, -5, +5 reads either way; then only the proof holds.
    mirrored = all(after == before - amount for (amount, before), (_, after) in pairwise(rows))
    if mirrored:
        assert header.closing_balance == (header.opening_balance or 0) + sum(amounts)
    else:
        assert (header.opening_balance, header.closing_balance) == (opening, opening + sum(amounts))


@given(
    amounts=st.lists(st.integers(100, 50_000), min_size=4, max_size=12),
    newest_first=st.booleans(),
    damage=st.sampled_from(["dropped", "doubled", "changed", "sign"]),
    data=st.data(),
)
@settings(max_examples=120, deadline=None)
def test_a_row_that_is_missing_doubled_or_changed_breaks_the_chain(
    amounts: list[int], newest_first: bool, damage: str, data: st.DataObject
) -> None:
    rows = chain(amounts, 1000)
    rows = rows[::-1] if newest_first else rows
    at = data.draw(st.integers(1, len(rows) - 2))
    amount, balance = rows[at]
    if damage == "dropped":
        del rows[at]
    elif damage == "doubled":
        rows.insert(at, rows[at])
    else:
        rows[at] = (amount + 1, balance) if damage == "changed" else (-amount, balance)
    told = read_text(csv_of(rows))

    assert "running-balance" in [found.code for found in odd(told)]


def test_pending_rows_are_not_in_the_chain() -> None:
    using = PROFILE.replace("[account]", '[status]\npending_dates = ["Reserved"]\n[account]')
    told = read_text(
        f"{HEADER}Reserved;p;-9,00;;EUR\n2026-01-31;a;-1,00;9,00;EUR\n2026-01-30;b;10,00;10,00;EUR\n", using=using
    )

    assert [line.status for line in lines_of(told)] == ["pending", "booked", "booked"]
    assert (headers_of(told)[0].opening_balance, headers_of(told)[0].closing_balance) == (0, 900)
    assert odd(told) == []


# ------------------------------------------------------------------------------------------------ size and hostility


class Rows(io.RawIOBase):
    """A stream of `count` rows that is made while it is read."""

    def __init__(self, first: str, row: str, count: int) -> None:
        self._first, self._row, self._left = first.encode(), row.encode(), count

    def read(self, size: int = -1) -> bytes:
        if self._first:
            got, self._first = self._first, b""
            return got
        count = min(self._left, max(size // len(self._row), 1))
        self._left -= count
        return self._row * count


def test_memory_does_not_grow_with_the_number_of_rows() -> None:
    peaks = []
    for count in (5_000, 20_000):
        stream = Rows("", "2026-01-31;some text;-1,00;;EUR\n", count)
        tracemalloc.start()
        told = read_with(profile(), HEADER.encode(), stream, ReadOptions())  # type: ignore[arg-type]
        lines = sum(len(event.lines) for event in told if isinstance(event, LinesRead))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert lines == count

    assert peaks[1] < 1.2 * peaks[0]


def test_rows_of_other_accounts_are_held_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "WAITING_MAX", 10)
    rows = "2026-01-31;t;-1,00;;EUR\n" + "2026-01-31;t;-1,00;;SEK\n" * 11

    with pytest.raises(LimitExceeded, match="other accounts or currencies"):
        read_text(HEADER + rows)


HOSTILE = {
    "a line without end": HEADER.encode() + b"x" * 2_000_000,
    "a cell without end": HEADER.encode() + b'2026-01-31;"' + b"x\n" * 100_000,
    "many delimiters": HEADER.encode() + b";" * 300_000 + b"\n",
    "quotes only": HEADER.encode() + b'"' * 200_000 + b"\n",
    "zeros": HEADER.encode() + b"\x00" * 100_000,
    "carriage returns": HEADER.encode() + b"\r" * 200_000,
    "invalid bytes": HEADER.encode() + b"\xff\xfe\xfd;" * 30_000,
    "long numbers": HEADER.encode() + b"2026-01-31;t;" + b"1" * 100_000 + b";;EUR\n",
    "long groups": HEADER.encode() + b"2026-01-31;t;1" + b".000" * 30_000 + b",00;;EUR\n",
    "many bad rows": HEADER.encode() + b"x;y;z;a;b\n" * 30_000,
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_tables_end_soon_and_in_a_typed_way(data: bytes) -> None:
    started = time.process_time()
    try:
        told = read_bytes(data)
        assert len(odd(told)) < 500
    except InputError as error:
        assert error.code  # noqa: PT017 - either a typed error or diagnostics

    assert time.process_time() - started < 3


def test_mutants_give_only_typed_errors() -> None:
    from tests.parsers.test_csv_profiles import EXPECTED, FIXTURES

    random_ = random.Random(7)
    files = [(FIXTURES / f"{name}.csv").read_bytes() for name in EXPECTED]
    for number in range(1500):
        changed = bytearray(files[number % len(files)])
        for _ in range(random_.randint(1, 4)):
            at = random_.randrange(len(changed))
            match random_.randrange(4):
                case 0:
                    changed[at] ^= 1 << random_.randrange(8)
                case 1:
                    del changed[at : at + random_.randint(1, 30)]
                case 2:
                    changed[at:at] = random_.choice([b'"', b";", b",", b"\n", b"\r", b"\x00", b"-", b"1"])
                case _:
                    changed[at:at] = changed[: random_.randint(1, 60)]
        try:
            told = read_known(bytes(changed))
        except InputError:
            continue
        assert all(isinstance(line.amount, int) for line in lines_of(told))


def test_the_format_is_named() -> None:
    assert FORMAT.name == "csv"


@pytest.mark.parametrize(
    ("amounts", "minor", "told"),
    [
        (["-1,234.50", "7.5"], [-123450, 750], ["decimal-mark-differs"]),
        (["1 000.00", "-2.50", "3"], [100000, -250, 300], ["decimal-mark-differs"]),
        (["1.000,00", "-2,50"], [100000, -250], []),
        (["1000.000", "7"], [0, 700], ["bad-amount"]),
    ],
)
def test_the_other_decimal_mark_is_taken_where_the_rows_leave_no_doubt(
    amounts: list[str], minor: list[int], told: list[str]
) -> None:
    found = read_text("Date;Text;Amount\n" + "".join(f"2026-01-05;x;{amount}\n" for amount in amounts))

    assert [line.amount for line in lines_of(found)] == minor
    assert [one.code for one in odd(found)] == told


def test_a_mark_that_may_group_thousands_is_never_taken_for_the_decimal_mark() -> None:
    told = read_text("Date;Text;Amount\n2026-01-05;x;1.000,5\n2026-01-05;x;1,000.5\n")

    assert [line.amount for line in lines_of(told)] == [100050, 0]
    assert [found.code for found in odd(told)] == ["bad-amount"]
