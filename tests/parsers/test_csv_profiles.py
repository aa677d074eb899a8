"""Bank profiles: each shipped one reads its bank's layout, and a wrong one is refused by file, key and cure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from matcher.parsers.contract import Head
from matcher.parsers.csv import FORMAT
from matcher.parsers.csv.known import FOLDERS_VARIABLE, profiles, shipped, text_of
from matcher.parsers.csv.profile import parse_profile
from matcher.parsers.statements import Statement, parse
from recon_core.domain.refused import AmbiguousFormat, BadSetting, UnknownFormat
from tests.parsers.csv_files import PROFILE, headers_of, lines_of, odd, profile, read_known, read_text

FIXTURES = Path(__file__).parents[2] / "fixtures" / "statements" / "csv"

# Profile -> account, currency, opening, closing, and for each line: day, amount, name, text, status.
EXPECTED: dict[
    str, tuple[str | None, str, int | None, int | None, list[tuple[str | None, int, str | None, str | None, str]]]
] = {
    "swedbank-se": (
        "83279904123456",
        "SEK",
        954550,
        875000,
        [
            ("2026-01-30", -125000, None, "Pumpservice, Åsa AB\nBg 5402-9681", "booked"),
            ("2026-01-29", 50000, None, 'Kund "Öst" 4711\nSwish', "booked"),
            ("2026-01-29", -4550, None, "Avgift", "booked"),
        ],
    ),
    "seb-se": (
        None,
        "SEK",
        29402,
        1284050,
        [
            ("2026-01-30", -20000, None, "46700000001", "booked"),
            ("2026-01-29", 1300000, None, "LÖN JANUARI", "booked"),
            ("2026-01-28", -25352, None, "KORTKÖP/26-01-26", "booked"),
        ],
    ),
    "seb-se-comma": (
        "50001234567",
        "SEK",
        4050,
        34050,
        [("2026-01-30", -1250000, None, "Hyra", "booked"), ("2026-01-29", 1280000, None, "Lön", "booked")],
    ),
    "handelsbanken-se": (
        "6000123456789",
        "SEK",
        -2156150,
        1234050,
        [
            ("2026-01-30", -45900, None, "ICA KVANTUM", "booked"),
            ("2026-01-29", 3450000, None, "LÖN ACME AB", "booked"),
            ("2026-01-28", -13900, None, "HYRA", "booked"),
        ],
    ),
    "nordea-se": (
        None,
        "SEK",
        107008,
        991133,
        [
            (None, -8900, "Espresso House", "Kortköp", "pending"),
            ("2026-01-30", -115875, "LOOPIA AB", "LOOPIA AB\n62500016901740\nWebhotell Q1", "booked"),
            ("2026-01-19", 1000000, "Insättning", "Insättning\nFRÅN SPAR", "booked"),
        ],
    ),
    "danske-bank-dk": (
        None,
        "DKK",
        1030000,
        3500050,
        [
            ("2026-01-02", -30000, None, "MobilePay Søren", "booked"),
            ("2026-01-03", 2500050, None, "Løn", "booked"),
            ("2026-01-04", -13900, None, "Kort", "pending"),
        ],
    ),
    "danske-bank-se": (
        None,
        "SEK",
        1030000,
        3500050,
        [("2026-01-03", 2500050, None, "Lön", "booked"), ("2026-01-02", -30000, None, "Kortköp Åre", "booked")],
    ),
    "lansforsakringar-se": (
        "90248745117",
        "SEK",
        None,
        None,
        [
            ("2026-01-08", -38727, None, "APL*APPLE SEARCH ADS,800-275-2273,US", "booked"),
            ("2026-01-08", -4413400, None, "SKATTEVERKET", "booked"),
        ],
    ),
    "ica-banken-se": (
        "92741234567",
        "SEK",
        -1975842,
        -1996117,
        [("2026-01-03", -19275, None, "Maxi Ica Stormarkn", "booked"), ("2026-01-02", -1000, None, "Hyra", "booked")],
    ),
    "wise": (
        None,
        "AUD",
        0,
        48750,
        [
            ("2026-01-30", -1250, "Corner Cafe", "Card transaction of 35.00 MYR, Corner Cafe", "booked"),
            ("2026-01-15", 50000, "Payer Ltd", "Received money", "booked"),
        ],
    ),
    "n26": (
        None,
        "EUR",
        None,
        None,
        [
            ("2026-01-17", 80, "Main Account", "Round-up", "booked"),
            ("2026-01-21", -2345, "LIDL DANKT", "Groceries", "booked"),
        ],
    ),
    "ing-nl": (
        "NL20INGB0001234567",
        "EUR",
        0,
        125500,
        [
            ("2026-01-07", -4500, "Shell", "Pas 001", "booked"),
            ("2026-01-06", 130000, "Klant BV", None, "booked"),
        ],
    ),
    "ing-nl-comma": (
        "NL20INGB0001234567",
        "EUR",
        None,
        None,
        [("2026-01-07", -4500, "Shell", "Pas 001", "booked")],
    ),
}


def statement_of(name: str) -> Statement:
    (statement,) = parse(FIXTURES / f"{name}.csv")
    return statement


@pytest.mark.parametrize("name", EXPECTED)
def test_a_shipped_profile_reads_its_banks_export(name: str) -> None:
    account, currency, opening, closing, lines = EXPECTED[name]
    statement = statement_of(name)
    header = statement.header

    assert (header.format, header.version) == ("csv", name)
    assert (header.account, header.currency) == (account, currency)
    assert (header.opening_balance, header.closing_balance) == (opening, closing)
    assert header.balanced is (None if opening is None else True)
    assert [
        (
            str(line.booking_date) if line.booking_date else None,
            line.amount,
            line.counterparty_name,
            line.remittance,
            line.status,
        )
        for line in statement.lines
    ] == lines
    assert {found.code for found in statement.diagnostics} <= {"account-missing"}


def test_every_shipped_profile_has_a_fixture_and_says_what_is_verified() -> None:
    names = {found.name for found in shipped()}

    assert names == {*EXPECTED, "revolut"}
    assert names == {path.stem for path in FIXTURES.glob("*.csv")}
    assert all(len(found.verified) > 40 for found in shipped())
    assert all(parse_profile(text_of(found), source=found.source) == found for found in shipped())


def test_two_currencies_of_a_file_become_two_statements_and_a_fee_is_part_of_the_line() -> None:
    zloty, euro = parse(FIXTURES / "revolut.csv")

    assert (zloty.header.currency, zloty.header.balanced, zloty.header.closing_balance) == ("PLN", True, 39850)
    assert [(line.amount, line.charges, line.status) for line in zloty.lines] == [
        (-2399, None, "booked"),
        (-10150, 150, "booked"),
        (-999, None, "pending"),
        (-500, None, "info"),
    ]
    assert [str(line.booking_date) for line in zloty.lines] == ["2026-01-06", "2026-01-06", "2026-01-07", "2026-01-07"]
    assert (euro.header.currency, euro.header.balanced, len(euro.lines)) == ("EUR", True, 1)


def test_other_fields_of_the_shipped_profiles() -> None:
    nordea = list(statement_of("nordea-se").lines)
    assert [line.counterparty_account for line in nordea] == [None, "5343-2795", "3259 23 17244"]
    ing = list(statement_of("ing-nl").lines)
    assert (ing[1].counterparty_account, ing[0].proprietary_code) == ("NL91ABNA0417164300", "BA")
    assert ("Mutatiesoort", "Online") in ing[1].extra
    wise = list(statement_of("wise").lines)
    assert (wise[0].bank_reference, wise[1].creditor_reference, wise[0].exchange_rate) == (
        "CARD-1",
        "INV 4711",
        "2.8000",
    )
    n26 = list(statement_of("n26").lines)
    assert (n26[1].original_amount, n26[1].original_currency, n26[1].exchange_rate) == (-2500, "USD", "1.0661")
    assert n26[0].value_date is not None
    assert str(n26[0].value_date) == "2026-01-18"
    swedbank = list(statement_of("swedbank-se").lines)
    assert ("Transaktionsdag", "2026-01-28") in swedbank[1].extra
    assert swedbank[0].where == "line 3"


# ------------------------------------------------------------------------------------------------ settings


@pytest.mark.parametrize(
    ("change", "key", "cure"),
    [
        (('name = "test-bank"', 'name = "Test Bank"'), "name", "small letters"),
        (('name = "test-bank"\n', ""), "name", "Write name"),
        (('title = "Test Bank"\n', ""), "title", "Write title"),
        (('verified = "All of it: it was made for a test."\n', ""), "verified", "Write verified"),
        (("verified =", "verifed ="), "verified", "Write verified"),
        (("[columns]", "[colums]"), "columns", "recon profile show"),
        (('remittance = "Text"', 'remitance = "Text"'), "columns.remitance", "Did you mean 'remittance'"),
        (('remittance = "Text"', "remittance = 3"), "columns.remittance", "Write remittance"),
        (('remittance = "Text"', 'remittance = { any = ["a"] }'), "columns.remittance", "Write { first"),
        (('amount = "Amount"', 'amount = { join = ["a"] }'), "columns.amount", "Write { first"),
        (('booking_date = "Date"\n', ""), "columns.booking_date", "Write booking_date"),
        (('amount = "Amount"\n', ""), "columns.amount", "debit"),
        (('amount = "Amount"\n', 'amount = "Amount"\ndebit = "D"\ncredit = "C"\n'), "columns.amount", "debit"),
        (('delimiter = ";"', 'delimiter = ";;"'), "file.delimiter", "one character"),
        (('delimiter = ";"', 'delimiter = "a"'), "file.delimiter", "one character"),
        (('decimal = ","', 'decimal = "x"'), "file.decimal", "point or a comma"),
        (('decimal = ","', 'decimal = "."'), "file.grouping", "Write grouping"),
        (('grouping = [" ", "."]', 'grouping = ["1"]'), "file.grouping", "Write grouping"),
        (('dates = ["YYYY-MM-DD"]', 'dates = ["%Y-%m-%d"]'), "file.dates", "YYYY-MM-DD"),
        (('dates = ["YYYY-MM-DD"]', "dates = []"), "file.dates", "Write dates"),
        (('dates = ["YYYY-MM-DD"]', 'dates = ["YYYY-MM-DD"]\nencoding = "klingon"'), "file.encoding", "cp1252"),
        (('dates = ["YYYY-MM-DD"]', 'dates = ["YYYY-MM-DD"]\nskip = 3'), "file.skip", "Known here"),
        (('header = ["Date", "Text", "Amount"]', 'header = ["Date"]'), "file.header", "at least two"),
        (('header = ["Date", "Text", "Amount"]', "header = [1, 2]"), "file.header", "at least two"),
        (('currency = "EUR"', 'currency = "EURO"'), "account.currency", "SEK"),
        (('currency = "EUR"', 'pattern = "("'), "account.pattern", "Quote it"),
        (('currency = "EUR"', 'pattern = "abc"'), "account.pattern", "round the account"),
        (("[account]", '[sign]\ncolumn = "S"\n[account]'), "sign.debit", "Write debit"),
        (("[account]", '[sign]\ninvert = "yes"\n[account]'), "sign.invert", "invert = true"),
        (("[account]", "[other]\nx = 1\n[account]"), "other", "Known here"),
    ],
)
def test_a_wrong_setting_is_refused_with_file_key_and_cure(change: tuple[str, str], key: str, cure: str) -> None:
    assert change[0] in PROFILE
    with pytest.raises(BadSetting) as caught:
        profile(PROFILE.replace(*change))

    assert caught.value.where == f"test.toml: {key}"
    assert cure in caught.value.cure


def test_a_file_that_is_no_toml_is_refused_by_name() -> None:
    with pytest.raises(BadSetting, match="no TOML") as caught:
        profile("name = ")

    assert caught.value.where == "test.toml"


# ------------------------------------------------------------------------------------------------ known ones


def test_a_profile_of_the_user_is_found_and_replaces_a_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"Date;Text;Amount\n2026-01-31;x;1 000,50\n"
    with pytest.raises(UnknownFormat, match="no profile knows") as caught:
        read_known(data)
    assert "recon profile new" in caught.value.cure

    (tmp_path / "a.toml").write_text(PROFILE)
    (tmp_path / "b.toml").write_text(PROFILE.replace("test-bank", "seb-se"))
    monkeypatch.setenv(FOLDERS_VARIABLE, os.pathsep.join([str(tmp_path)]))

    assert [found.source for found in profiles() if found.name == "seb-se"] == [str(tmp_path / "b.toml")]
    (tmp_path / "b.toml").unlink()
    assert [line.amount for line in lines_of(read_known(data))] == [100050]


def test_two_profiles_that_fit_equally_well_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.toml").write_text(PROFILE)
    (tmp_path / "b.toml").write_text(PROFILE.replace("test-bank", "other-bank"))
    monkeypatch.setenv(FOLDERS_VARIABLE, str(tmp_path))

    with pytest.raises(AmbiguousFormat, match="other-bank"):
        read_known(b"Date;Text;Amount\n2026-01-31;x;1,00\n")


def test_a_name_that_is_there_twice_and_a_folder_that_is_not_there_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(PROFILE)
    (tmp_path / "b.toml").write_text(PROFILE)

    with pytest.raises(BadSetting, match="twice"):
        profiles((str(tmp_path),))
    with pytest.raises(BadSetting, match="no such folder"):
        profiles((str(tmp_path / "missing"),))


@pytest.mark.parametrize(
    ("head", "least", "most"),
    [
        (b"Date;Text;Amount\n2026-01-31;x;1,00\n", 1, 10),
        (b"hello, world, again\n", 0, 0),
        (b"a,b\n1,2\n", 0, 0),
        (b"<OFX><STMTTRN>", 0, 0),
        (b":20:STARTUMS\n:61:2601310131D1,00NTRF\n", 0, 0),
        (b"", 0, 0),
        (b"\x00\x01\x02;;;", 0, 0),
    ],
)
def test_only_tables_are_claimed(head: bytes, least: int, most: int) -> None:
    assert least <= FORMAT.sniff(Head(head)) <= most


@pytest.mark.parametrize("name", EXPECTED)
def test_a_known_layout_is_recognised_by_content(name: str) -> None:
    assert FORMAT.sniff(Head((FIXTURES / f"{name}.csv").read_bytes()[:8192])) > 80


def test_columns_in_another_order_and_new_ones_are_found_by_name() -> None:
    told = read_text("Amount;New;TEXT ;Date\n-1,00;n;x;2026-01-31\n")
    (line,) = lines_of(told)

    assert (line.amount, line.remittance, line.extra) == (-100, "x", (("New", "n"),))
    assert headers_of(told)[0].currency == "EUR"
    assert odd(told) == []
