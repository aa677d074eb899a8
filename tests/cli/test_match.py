"""`recon match` at its edges: what it says and how it ends when the input is not what it should be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from matcher.cli.main import main

FIXTURES = Path(__file__).parents[2] / "fixtures"
STATEMENTS = FIXTURES / "statements" / "demo"
ONE = STATEMENTS / "1930-01-references.camt053.xml"
BOOK = FIXTURES / "demo" / "book.csv"
HEADER = "id,account,date,amount,currency,reference,counterparty,description,kind"
IBAN = "SE4450000000054391024039"


class Done(NamedTuple):
    """What a command printed."""

    stdout: str
    stderr: str


Match = Callable[..., Done]


@pytest.fixture
def match(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Match:
    """Runs the command in an empty folder; options are given as they are on the command line."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path, status: int = 0) -> Done:
        monkeypatch.setattr("sys.argv", ["recon", "match", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        done = Done(*capfd.readouterr())
        assert ended.value.code == status, done
        return done

    return run


def rows(done: Done) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
    return path


def test_every_line_is_an_object_with_every_field(match: Match) -> None:
    found = rows(match("--statements", ONE, "--book", BOOK, "--out", "-", "--quiet"))

    assert len(found) == 4
    for row in found:
        assert list(row) == [
            "bank_line", "account", "status", "book", "alternatives", "category", "score", "difference", "rule", "evidence",
        ]  # fmt: skip
        assert 0 <= row["score"] <= 1
        assert row["evidence"]


def test_results_go_to_a_file_and_the_summary_to_standard_error(match: Match, tmp_path: Path) -> None:
    done = match("--statements", ONE, "--book", BOOK, "--out", "result.jsonl")

    assert done.stdout == ""
    assert "4 cleared (100.0 %), 0 proposed, 0 unmatched" in done.stderr
    assert len((tmp_path / "result.jsonl").read_text(encoding="utf-8").splitlines()) == 4


def test_without_open_transactions_every_line_is_unmatched(match: Match, tmp_path: Path) -> None:
    found = rows(match("--statements", ONE, "--book", written(tmp_path / "book.csv"), "--out", "-", "--quiet"))

    assert {row["status"] for row in found} == {"unmatched"}


def test_a_book_without_currencies_takes_those_of_the_statements_and_says_so(match: Match, tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    path.write_text(f"id;konto;datum;debet;kredit;ocr\nK1;{IBAN};2026-02-27;12500,00;;301101\n", encoding="utf-8")

    done = match("--statements", ONE, "--book", path, "--out", "-")

    assert [row["book"] for row in rows(done) if row["book"]] == [["K1"]]
    assert "no column currency: taken from the accounts of the statements" in done.stderr


def test_accounts_of_several_currencies_meet_their_own_book_only(match: Match) -> None:
    statements = sorted(path for path in STATEMENTS.iterdir() if path.name.startswith(("1930-01", "1950")))

    found = rows(match("--statements", *statements, "--book", BOOK, "--out", "-", "--quiet"))

    owners = {line.split(",")[0]: line.split(",")[1] for line in BOOK.read_text(encoding="utf-8").splitlines()}
    assert len({row["account"] for row in found}) == 2
    assert all(owners[item] == row["account"] for row in found for item in row["book"])
    assert {row["status"] for row in found} >= {"cleared"}


def test_a_book_that_knows_the_account_by_another_name_is_pointed_out(match: Match, tmp_path: Path) -> None:
    book = written(tmp_path / "book.csv", "K1,1930,2026-02-27,12500.00,SEK,301101,Ek AB,,receipt")

    done = match("--statements", ONE, "--book", book, "--out", "-")

    assert f"nothing in the book is on account {IBAN}" in done.stderr
    assert "nothing in the book" not in match("--statements", ONE, "--book", BOOK, "--out", "-").stderr


@pytest.mark.parametrize("printed", ["SE44 5000 0000 0543 9102 4039", IBAN.lower(), IBAN[4:]])
def test_an_account_is_known_in_print_in_lower_case_and_as_bban(match: Match, tmp_path: Path, printed: str) -> None:
    book = written(tmp_path / "book.csv", f"K30110,{printed},2026-02-27,12500.00,SEK,301101,Sjöhagens Trä AB,,receipt")

    first = rows(match("--statements", ONE, "--book", book, "--out", "-", "--quiet"))[0]

    assert (first["status"], first["book"]) == ("cleared", ["K30110"])


def test_a_statement_that_is_given_twice_counts_once(match: Match) -> None:
    once = match("--statements", ONE, "--book", BOOK, "--out", "-")

    twice = match("--statements", ONE, ONE, "--book", BOOK, "--out", "-")

    assert twice.stdout == once.stdout
    assert "4 lines left out" in twice.stderr


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["K1,1930,2026-13-01,10.00,SEK"], "book.csv, line 2: Column date: '2026-13-01' is no calendar date."),
        (["K1,1930,01/02/2026,10.00,SEK"], "book.csv, line 2: Column date: '01/02/2026' is no calendar date."),
        (
            ['K1,1930,2026-01-01,"1,000",SEK'],
            "book.csv, line 2: Column amount: the commas may mean thousands or decimals.",
        ),
        (['K1,1930,2026-01-01,"1,00.50",SEK'], "book.csv, line 2: Column amount or currency: '1,00.50'"),
        (["K1,1930,2026-01-01,10.123,SEK"], "'10.123' has more decimals than SEK has (2)."),
        (["K1,1930,2026-01-01,10.5,JPY"], "'10.5' has more decimals than JPY has (0)."),
        (["K1,1930,2026-01-01,10.00,ABC"], "'ABC' is no ISO 4217 currency code."),
        (["K1,1930,2026-01-01,10.00,SEK", "K1,1930,2026-01-01,11.00,SEK"], "line 3: Column id: 'K1' stands on line 2"),
        (["K1,1930,2026-01-01,10.00"], "book.csv, line 2: Column currency is empty."),
        ([",1930,2026-01-01,10.00,SEK"], "book.csv, line 2: Column id is empty."),
    ],
)
def test_a_wrong_value_in_the_book_is_named_with_line_and_column(
    match: Match, tmp_path: Path, lines: list[str], message: str
) -> None:
    written(tmp_path / "book.csv", *lines)

    assert message in match("--statements", ONE, "--book", "book.csv", "--out", "-", status=2).stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "book.csv, line 1: The header has no column id, account, date, amount, currency."),
        (b"id,account,date,currency\n", "The header has no column amount."),
        (b"\xff\xfei\x00d\x00", "book.csv, line 1: The header has no column account, date, amount, currency."),
        (HEADER.encode() + b"\nK1,\xff\x00", "is no UTF-8. Save the file as UTF-8"),
    ],
)
def test_a_file_that_is_no_book_is_refused_with_its_name(
    match: Match, tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "book.csv").write_bytes(content)

    assert message in match("--statements", ONE, "--book", "book.csv", "--out", "-", status=2).stderr


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_other_columns_separators_and_a_byte_order_mark_do_no_harm(
    match: Match, tmp_path: Path, separator: str
) -> None:
    head = separator.join(("colour", *HEADER.split(",")[:6]))
    row = separator.join(("red", "K30110", IBAN, "2026-02-27", "12500.00", "SEK", "301101"))
    (tmp_path / "book.csv").write_text(f"{head}\r\n{row}\r\n\r\n", encoding="utf-8-sig")

    first = rows(match("--statements", ONE, "--book", "book.csv", "--out", "-", "--quiet"))[0]

    assert first["book"] == ["K30110"]


def test_an_id_that_stands_in_two_books_is_refused_and_not_its_own_rival(match: Match) -> None:
    done = match("--statements", ONE, "--book", BOOK, BOOK, "--out", "-", status=2)

    assert f"{BOOK}: Column id: 'K30110' stands in {BOOK} too." in done.stderr


def test_a_statement_that_cannot_be_read_is_named(match: Match, tmp_path: Path) -> None:
    (tmp_path / "empty.xml").write_bytes(b"")
    (tmp_path / "torn.xml").write_bytes(ONE.read_bytes()[:900])

    for name in ("empty.xml", "torn.xml", "nowhere.xml"):
        done = match("--statements", ONE, name, "--book", BOOK, "--out", "-", status=2)
        assert done.stderr.splitlines()[-1].startswith(f"recon: {name}")
        assert done.stdout == ""


@pytest.mark.parametrize("out", ["no/such/folder/result.jsonl", "."])
def test_a_result_that_cannot_be_written_is_one_line(match: Match, out: str) -> None:
    done = match("--statements", ONE, "--book", BOOK, "--out", out, "--quiet", status=2)

    assert out in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'receipt_days_after = "x"',
            "rules.toml, key receipt_days_after: receipt_days_after is 'x'. Write a whole number",
        ),
        ("a = = 3", "rules.toml: This is no TOML: Invalid value (at line 1, column 5). Correct the line named."),
        ("colour = 3", "rules.toml, key colour:"),
    ],
)
def test_a_wrong_rule_is_named_with_file_key_and_cure(match: Match, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "rules.toml").write_text(text, encoding="utf-8")

    done = match("--statements", ONE, "--book", BOOK, "--out", "-", "--rules", "rules.toml", status=2)

    assert message in done.stderr


def test_rules_change_what_is_cleared(match: Match, tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text('off = ["M05", "M10", "M45"]\n[clear_from]\nM60 = 1000\n', encoding="utf-8")

    found = rows(match("--statements", ONE, "--book", BOOK, "--out", "-", "--quiet", "--rules", "rules.toml"))

    assert "M05" not in {row["rule"] for row in found}


@pytest.mark.parametrize("missing", ["--statements", "--book", "--out"])
def test_a_missing_option_is_named(match: Match, missing: str) -> None:
    options = {"--statements": ONE, "--book": BOOK, "--out": "-"}
    del options[missing]

    done = match(*(word for option in options.items() for word in option), status=2)

    assert f"Missing option '{missing}'" in done.stderr
