"""`recon profile`: a profile is proposed from what a sample holds, and reads it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from matcher.cli.main import cli
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
