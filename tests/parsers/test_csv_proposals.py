"""`recon profile`: a profile is proposed from what a sample holds, and reads it."""

from __future__ import annotations

import contextlib
import random
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from matcher.cli.main import cli
from matcher.parsers.contract import Event
from matcher.parsers.csv.profile import parse_profile
from matcher.parsers.csv.propose import propose
from recon_core.domain.refused import BadSetting, UnknownFormat
from tests.parsers.csv_files import PROFILE, headers_of, lines_of, odd, read_bytes, read_known
from tests.parsers.test_csv_profiles import EXPECTED, FIXTURES


def proposed(text: str) -> dict[str, object]:
    return tomllib.loads(propose(text.encode(), name="my-bank"))


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_proposed_for_a_banks_export_reads_the_amounts_that_its_profile_reads(name: str) -> None:
    data = (FIXTURES / f"{name}.csv").read_bytes()
    text = propose(data, name="my-bank")
    told, known = read_bytes(data, using=text), read_known(data)

    assert [line.amount for line in lines_of(told)] == [line.amount for line in lines_of(known)]
    assert [line.booking_date for line in lines_of(told)] == [line.booking_date for line in lines_of(known)]
    assert headers_of(told)[0].closing_balance == headers_of(known)[0].closing_balance
    assert headers_of(told)[0].account in (headers_of(known)[0].account, None)
    assert {found.code for found in odd(told)} <= {"currency-missing"}


def test_the_amount_is_the_column_that_the_balances_follow_from_whatever_it_is_called() -> None:
    found = proposed(
        "Day|Foo|Bar|Belopp|Baz\n2026-01-03|x|-1.00|9.00|4.00\n2026-01-02|y|2.00|8.00|5.00\n2026-01-01|z|3.00|7.00|3.00\n"
    )

    assert found["columns"] == {"booking_date": "Day", "amount": "Bar", "balance": "Baz", "remittance": "Foo"}
    assert found["file"]["delimiter"] == "|"  # type: ignore[index]


def test_a_fee_that_moves_the_balance_is_found() -> None:
    found = proposed(
        "Date,Text,Amount,Fee,Balance\n2026-01-01,a,-10.00,0.50,89.50\n2026-01-02,b,-20.00,0.00,69.50\n2026-01-03,c,-1.00,1.00,67.50\n"
    )

    assert found["columns"]["fee"] == "Fee"  # type: ignore[index]


def test_the_opposite_sign_is_found_by_the_balances() -> None:
    found = proposed(
        "Date,Text,Amount,Balance\n2026-01-01,a,10.00,90.00\n2026-01-02,b,20.00,70.00\n2026-01-03,c,-5.00,75.00\n"
    )

    assert found["sign"] == {"invert": True}


def test_debit_and_credit_columns_are_found() -> None:
    found = proposed(
        "Buchung;Text;Belastung;Gutschrift;Saldo\n31.01.2026;a;1'000.50;;9.00\n01.02.2026;b;;20.00;29.00\n"
    )

    assert found["columns"]["debit"] == "Belastung"  # type: ignore[index]
    assert found["columns"]["credit"] == "Gutschrift"  # type: ignore[index]
    assert found["file"]["grouping"] == ["'"]  # type: ignore[index]
    assert found["file"]["dates"] == ["DD.MM.YYYY"]  # type: ignore[index]


def test_what_can_not_be_told_apart_is_marked() -> None:
    doubtful = propose(b"Date;Text;Amount\n01/02/2026;a;-30.000\n03/02/2026;b;-40.000\n", name="x")
    unsigned = propose(b"Date;Text;Amount\n2026-02-13;a;30,00\n", name="x")

    assert "# CHECK: every amount has three digits" in doubtful
    assert "# CHECK: 'Date': day or month first?" in doubtful
    assert "# CHECK: no amount is negative" in unsigned
    assert "# CHECK: no column names the currency" in unsigned


@pytest.mark.parametrize("text", ["", "hello\n", "a;b;c\n1;2;3\n", "2026-01-31;x;1,00\n2026-02-01;y;2,00\n"])
def test_a_file_without_a_table_and_a_header_is_refused(text: str) -> None:
    with pytest.raises(UnknownFormat) as caught:
        propose(text.encode(), name="x")

    assert caught.value.cure


def test_names_of_columns_are_quoted() -> None:
    text = propose(b'Date;"Te""xt\\";Amount\n2026-01-31;abc;-1,00\n', name="x")

    assert parse_profile(text, source="x").columns["remittance"].names == ('te"xt\\',)


# ---------------------------------------------------------------------------------------- tables of many banks


def read_as_proposed(text: str, *, encoding: str = "utf-8") -> list[Event]:
    data = text.encode(encoding)
    return read_bytes(data, using=propose(data, name="my-bank"))


@pytest.mark.parametrize(
    ("printed", "form"),
    [
        (("30 Jan 2026", "02 Feb 2026"), "DD MMM YYYY"),
        (("30 Mrt 26", "02 Okt 26"), "DD MMM YY"),
        (("30-JUIL-2026", "31-DÉC-2026"), "DD-MMM-YYYY"),
        (("Jan 30, 2026", "Sept 2, 2026"), "MMM DD, YYYY"),
        (("2026.01.30.", "2026.02.02."), "YYYY.MM.DD."),
    ],
)
def test_dates_with_names_of_months_and_points_behind_are_found(printed: tuple[str, str], form: str) -> None:
    text = f'Date;Text;Amount\n"{printed[0]}";a;-1,00\n"{printed[1]}";b;2,00\n'
    days = [line.booking_date for line in lines_of(read_as_proposed(text))]

    assert proposed(text)["file"]["dates"] == [form]  # type: ignore[index]
    assert all(day is not None and day.year == 2026 for day in days)


@pytest.mark.parametrize(
    "header", ["Date;Text;Credit;Debit;Balance", "Data;Testo;Avere;Dare;Saldo", "Day;Text;Foo;Bar;Rest"]
)
def test_balances_never_prove_one_of_two_columns_alone(header: str) -> None:
    text = f"{header}\n31/01/2026;a;2500,00;;3500,00\n30/01/2026;b;;45,50;1000,00\n30/01/2026;c;;200,00;1045,50\n"
    told = read_as_proposed(text)

    assert [line.amount for line in lines_of(told)] == [250000, -4550, -20000]
    assert headers_of(told)[0].closing_balance == 350000
    assert "running-balance" not in [found.code for found in odd(told)]


def test_a_zero_in_the_other_of_two_columns_is_nothing() -> None:
    text = "Date,Text,Withdrawal,Deposit,Balance\n30/01/26,a,455.50,0.00,1000.00\n31/01/26,b,0.00,50.00,1050.00\n"

    assert [line.amount for line in lines_of(read_as_proposed(text))] == [-45550, 5000]


def test_the_column_with_a_minus_is_money_out_and_one_may_be_empty() -> None:
    minus = "Date;Text;Foo;Bar\n30/01/2026;a;;-4,50\n31/01/2026;b;50,00;\n"
    empty = "Date;Text;Money in;Money out\n30/01/2026;a;;4,50\n31/01/2026;b;;50,00\n"

    assert [line.amount for line in lines_of(read_as_proposed(minus))] == [-450, 5000]
    assert [line.amount for line in lines_of(read_as_proposed(empty))] == [-450, -5000]


def test_a_rate_is_no_half_of_an_amount() -> None:
    text = "Date;Text;Amount;Rate\n30/01/2026;a;0,80;\n31/01/2026;b;-23,45;1,0661\n"

    assert proposed(text)["columns"]["amount"] == "Amount"  # type: ignore[index]


def test_the_table_is_found_between_other_rows_with_dates_and_numbers() -> None:
    text = (
        "Konto:;DE89 3704 0044 0532 0130 00 / Giro;\nVon:;01.01.2026;\nStand vom 31.01.2026:;1.234,56 EUR;\n\n"
        "Buchungstag;Text;Betrag;Saldo\n30.01.2026;a;-85,00;915,00\n31.01.2026;b;1.000;1.915,00\n"
        "Anfangssaldo;;;1.000,00\n31.01.2026;Endsaldo;;1.915,00\nDer Inhalt ist gefiltert.\n"
    )
    told = read_as_proposed(text)

    assert [line.amount for line in lines_of(told)] == [-8500, 100000]
    assert (headers_of(told)[0].account, headers_of(told)[0].currency) == ("DE89370400440532013000", "EUR")
    assert [found.code for found in odd(told)] == ["row-ignored"] * 3


@pytest.mark.parametrize(
    ("header", "currency"),
    [
        ("Datum;Text;Belastung CHF", "CHF"),
        ("Date;Text;CAD$", "CAD"),
        ("Datum;Text;Umsatz in EUR", "EUR"),
        ("Date;Libellé;Montant euros", "EUR"),
        ("Datum;Text;Betrag (€)", "EUR"),
        ("Datum;Text;Betrag", ""),
    ],
)
def test_the_name_of_an_amount_may_tell_the_currency(header: str, currency: str) -> None:
    found = proposed(f"{header}\n30.01.2026;a;-85,00\n31.01.2026;b;1,00\n")

    assert found.get("account", {}).get("currency", "") == currency  # type: ignore[attr-defined]


def test_code_pages_of_other_alphabets_are_told_and_found_again(tmp_path: Path) -> None:
    text = "Data operacji;Tytuł;Kwota;Waluta\n30.01.2026;Zażółć gęślą jaźń;-1,00;PLN\n31.01.2026;Żółw;2,00;PLN\n"
    profiled = propose(text.encode("cp1250"), name="my-bank")
    (tmp_path / "mine.toml").write_text(profiled, encoding="utf-8")
    (tmp_path / "export.csv").write_bytes(text.encode("cp1250"))
    printed = CliRunner().invoke(
        cli, ["parse", "--quiet", "--profiles", str(tmp_path), str(tmp_path / "export.csv")], standalone_mode=False
    )

    assert tomllib.loads(profiled)["file"]["encoding"] == "cp1250"
    assert "Zażółć gęślą jaźń" in printed.output


@pytest.mark.parametrize(
    ("header", "cells", "field", "value"),
    [
        ("Buchungstext;Verwendungszweck", "LASTSCHRIFT;RE 5", "remittance", "RE 5"),
        ("Omschrijving-1;Omschrijving-2", "deel een;deel twee", "remittance", "deel een\ndeel twee"),
        ("Bankname;Name Zahlungsbeteiligter", "VR Bank;Kunde AG", "counterparty_name", "Kunde AG"),
        ("Counterparty;Name", "NL91ABNA0417164300;Jansen BV", "counterparty_name", "Jansen BV"),
        ("Counterparty;Name", "NL91ABNA0417164300;Jansen BV", "counterparty_account", "NL91ABNA0417164300"),
        ("Saaja/Maksaja;Viesti", "YRITYS OY;PALKKA", "counterparty_name", "YRITYS OY"),
        ("Název účtu;Název protiúčtu", "Novák;Firma s.r.o.", "counterparty_name", "Firma s.r.o."),
        ("Mededeling;Omschrijving", ";BETALING", "remittance", "BETALING"),
        ("BIC;BIC tegenpartij", "RABONL2U;ABNANL2A", "counterparty_bic", "ABNANL2A"),
        ("Payer;Payee", "We;They Ltd", "counterparty_name", "They Ltd"),
    ],
)
def test_text_columns_are_told_by_their_names_and_what_they_hold(
    header: str, cells: str, field: str, value: str
) -> None:
    text = f"Datum;{header};Amount\n30.01.2026;{cells};-85,00\n31.01.2026;{cells};-1,00\n"

    assert getattr(lines_of(read_as_proposed(text))[0], field) == value


def test_of_whatever_table_a_profile_is_proposed_or_a_reason_given() -> None:
    random_ = random.Random(1)
    whole = "Konto;1234567\nDatum;Tytuł;Kwota;Saldo;\n30 Jan 2026;a;-1,00;9,00;\n31 Jan 2026;b;2,00;11,00;\n".encode(
        "cp1250"
    )
    for _ in range(300):
        sample = bytearray(whole)
        for _ in range(random_.randint(1, 5)):
            at = random_.randrange(len(sample))
            sample[at : at + random_.choice([0, 1, 20])] = random_.choice(
                [b"", b";", b"\n", b'"', b"\x7f", b"1", b"Datum;"]
            )
        with contextlib.suppress(UnknownFormat):
            parse_profile(propose(bytes(sample), name="x"), source="x")


# ------------------------------------------------------------------------------------------------ the command


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["profile", *arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value or 0, result.output


def test_the_command_lists_and_shows_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(PROFILE)
    _, listed = run("list", "--folder", str(tmp_path))

    assert all(name in listed for name in (*EXPECTED, "test-bank"))
    assert str(tmp_path / "mine.toml") in listed
    assert run("show", "test-bank", "--folder", str(tmp_path))[1] == PROFILE
    assert "Swedbank" in run("show", "swedbank-se")[1]


def test_the_command_proposes_a_profile_that_it_finds_valid_itself(tmp_path: Path) -> None:
    sample = FIXTURES / "seb-se.csv"
    _, text = run("new", str(sample), "--name", "other-bank")
    (tmp_path / "other.toml").write_text(text)
    status, checked = run("check", str(tmp_path / "other.toml"), str(sample))

    assert text.startswith(
        "# Read: 3 lines in 1 statement(s) of an unnamed account in XXX; the balances prove every row"
    )
    assert 'name = "other-bank"' in text
    assert status == 0
    assert "the profile is valid" in checked
    assert "the balances prove every row" in checked


def test_the_check_says_what_could_not_be_read_or_proved(tmp_path: Path) -> None:
    sample = tmp_path / "bad.csv"
    sample.write_text((FIXTURES / "seb-se.csv").read_text().replace("13000.000;", "13000.00x;"))
    status, checked = run("check", "seb-se", str(sample))

    assert status == 1
    assert "line 3, Belopp" in checked
    assert "do NOT prove" in checked


def test_the_check_refuses_a_wrong_profile(tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text(PROFILE.replace("decimal", "decimals"))

    with pytest.raises(BadSetting, match="decimal"):
        run("check", str(tmp_path / "wrong.toml"))


def test_parse_uses_the_profiles_of_a_folder_for_one_call(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(PROFILE)
    sample = tmp_path / "export.csv"
    sample.write_text("Date;Text;Amount\n2026-01-31;x;-1 000,50\n")
    runner = CliRunner()

    with_folder = runner.invoke(cli, ["parse", "--quiet", "--profiles", str(tmp_path), str(sample)])
    without = runner.invoke(cli, ["parse", "--quiet", str(sample)])

    assert '"amount": "-1000.50"' in with_folder.output
    assert '"code": "unknown-format"' in without.output
    assert "recon profile new" in without.output
