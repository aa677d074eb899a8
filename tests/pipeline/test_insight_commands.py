"""The commands of review and insight as a user meets them, in this process, on the shipped demo."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from matcher.cli.main import cli
from recon_core.domain.refused import ReconError
from tests.pipeline.conftest import FIXTURES

DEMO = FIXTURES / "demo"
INBOX = FIXTURES / "statements" / "demo"

Recon = Callable[..., str]


@pytest.fixture
def recon(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Recon:
    """Runs a command on a database that holds the demo, and returns what it prints."""
    monkeypatch.setenv("RECON_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("RECON_USER", "anna")

    def run(*arguments: Any, status: int = 0) -> str:
        done = CliRunner().invoke(cli, [str(one) for one in arguments], standalone_mode=False)
        if done.exception is not None:
            raise done.exception
        assert (done.return_value or 0) == status, done.output
        return done.output

    run("run", INBOX, "--book", DEMO / "book.csv", "--accounts", DEMO / "accounts.toml", status=1)
    return run


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def waiting(recon: Recon) -> dict[str, Any]:
    """The one line of the demo that two invoices explain."""
    (line,) = [one for one in objects(recon("review", "--json", status=1)) if one["choices"]]
    return line


def test_the_review_lists_line_date_amount_choice_score_difference_alternatives_and_reasons(recon: Recon) -> None:
    line = waiting(recon)

    assert (line["account"], line["booking_date"], line["amount"]) == ("1930", "2026-03-06", "4900.00")
    assert line["counterparty"] == "Vårgårda Kontorshotell AB"
    assert [choice["transactions"][0]["external_id"] for choice in line["choices"]] == ["K30135", "K30136"]
    assert [choice["difference"] for choice in line["choices"]] == ["0.00", "0.00"]
    assert 0 < line["score"] <= 1
    assert line["evidence"][-1]["says"] == "not cleared: K30136 fits about as well"
    table = recon("review", "1930", "--only", "proposed", status=1)
    assert "K30135" in table
    assert line["evidence"][0]["says"][:20] in " ".join(table.split())


def test_accepting_a_choice_says_how_to_undo_it_and_undoing_opens_it_again(recon: Recon) -> None:
    line = waiting(recon)["line_id"]

    said = recon("accept", line, "--choice", 2)

    assert "1 line(s) accepted. Undo with: recon undo --bulk" in said
    bulk = said.split()[-1]
    assert "K30136" in recon("decisions", "--line", line)
    assert "1 decision(s) undone; 1 line(s) are open again" in recon("undo", "--bulk", bulk)
    (decision,) = objects(recon("decisions", "--line", line, "--undone", "--json"))
    assert (decision["state"], decision["undone_by"], decision["transactions"]) == ("undone", "anna", ["K30136"])


def test_a_bulk_is_only_shown_with_preview_and_accepted_only_by_its_token(recon: Recon) -> None:
    line = waiting(recon)["line_id"]
    recon("reject", line)
    recon("review", "--fresh", status=1)

    shown = json.loads(recon("accept", "--account", "1930", "--preview", "--json"))

    assert [one["line_id"] for one in shown["lines"]] == [line]
    assert f"--seen {shown['token']}" in recon("accept", "--account", "1930")
    with pytest.raises(ReconError, match="not those of the preview"):
        recon("accept", "--account", "1930", "--seen", "000000000000")
    done = json.loads(recon("accept", "--account", "1930", "--seen", shown["token"], "--json"))
    assert done["line_ids"] == [line]


def test_a_rejected_an_ignored_and_an_adjusted_line_leave_the_list(recon: Recon) -> None:
    lines = {one["line_id"]: one for one in objects(recon("review", "1940", "--json", status=1))}
    fee = next(one for one in lines.values() if one["entry_type"] == "BANKFEE")["line_id"]
    other = next(one for one in lines if one != fee)

    assert "1 line(s) adjusted." in recon("adjust-line", fee)
    assert "1 line(s) ignored." in recon("ignore", other, "--reason", "sent back by the bank")

    assert "Nothing waits for a person." in recon("review", "1940")


def test_why_answers_in_sentences_and_as_json(recon: Recon) -> None:
    line = waiting(recon)["line_id"]

    text = recon("why", line, "K30136")
    answer = json.loads(recon("why", line, "--json"))

    assert "The engine proposes a match by" in text
    assert "+ The amounts are equal, 4900.00 SEK." in text
    assert "no lead at all" in text
    assert "* no K30135 among the open transactions" in text
    assert (answer["status"], answer["margin"], answer["target"]) == ("proposed", 0.0, "K30135")
    assert {sign["kind"] for sign in answer["chosen"]["signs"]} >= {"amount", "number", "name", "date"}


def test_why_looks_into_files_without_a_database(recon: Recon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECON_DATABASE_URL", "sqlite:////nowhere/at/all.db")
    statements = INBOX / "1930-04-ambiguous.camt053.xml"
    results = recon("match", "--statements", statements, "--book", DEMO / "book.csv", "--out", "-", "--quiet")
    first = next(one for one in objects(results) if one["status"] == "proposed")

    text = recon("why", first["bank_line"], "--statements", statements, "--book", DEMO / "book.csv")

    assert first["book"][0] in text


def test_the_difference_shows_its_parts_and_a_cure_for_each_cause(recon: Recon) -> None:
    text = recon("difference", "1940", status=1)
    (answer,) = objects(recon("difference", "1940", "--json", status=1))

    assert "1940, reconciliation as of 2026-03-11: difference" in text
    assert "recon adjust-line" in text
    amounts = [Decimal(part["amount"]) for part in answer["parts"]]
    assert sum(amounts) == Decimal(answer["difference"])
    assert Decimal("3075.00") in amounts
    assert answer["unexplained"] == "0.00"
    assert "reconciliation as of 2026-03-11: difference" in recon("status", "--explain")


def test_backtest_and_calibrate_work_on_a_truth_file_and_write_rules_that_are_read_back(
    recon: Recon, tmp_path: Path
) -> None:
    statements, book, truth, rules = (
        INBOX / "1930-01-references.camt053.xml",
        DEMO / "book.csv",
        {},
        tmp_path / "r.toml",
    )
    results = recon("match", "--statements", statements, "--book", book, "--out", "-", "--quiet")
    for one in objects(results):
        truth[one["bank_line"]] = {"book": one["book"], "expect": "clear" if one["book"] else "classify"}
    path = tmp_path / "1930.truth.json"
    path.write_text(json.dumps({"lines": truth}))
    sources = ("--statements", statements, "--book", book, "--truth", path)

    kept = recon("calibrate", "--max-wrong", "1 in 2", "--confidence", 50, *sources, "--out", rules)
    strict = json.loads(recon("calibrate", "--max-wrong", "1 in 1,000", *sources, "--json", status=1))
    tried = json.loads(recon("backtest", "--rules", rules, *sources, "--json"))

    assert "at most 1 wrong in 2" in rules.read_text()
    assert "Written:" in kept
    assert (strict["promised"], strict["max_wrong_one_in"], strict["cleared_after"]) == (False, 1000, 0)
    assert tried["wrong_after"] == 0
    assert tried["right_after"] <= tried["right_before"] == len([one for one in truth.values() if one["book"]])
    assert "would be" in recon("backtest", "--rules", rules, *sources, "--lines", "--by-account")


def test_a_rate_that_is_none_is_refused(recon: Recon) -> None:
    import click

    for text in ("one in ten", "0 in 5", "5 in 5", "1 in 0"):
        with pytest.raises(click.BadParameter, match="is no rate"):
            recon("calibrate", "--max-wrong", text)


def test_rules_are_written_tried_accepted_ordered_edited_and_dropped(recon: Recon) -> None:
    assert "Nothing was learned yet" in recon("learned")
    made = recon("learned", "add", "--entry-type", "BANKFEE", "--when", "text has pris and amount < 0")
    number = made.split()[1]

    assert "1 past decision(s) agree, 0 do not." in recon("learned", "test", number)
    assert "is in use" in recon("learned", "accept", number)
    assert "has the rank 5" in recon("learned", "order", number, "5")
    edited = recon("learned", "edit", number, "--when", "text starts pris").split()[1]
    (offered,) = objects(recon("learned", "--json", status=1))
    assert (str(offered["id"]), offered["condition"], offered["rank"]) == (edited, 'text starts "pris"', 5)
    assert "is dropped" in recon("learned", "drop", edited, "--reason", "no")
    assert "Dropped:" in recon("learned", "--all")
    assert "direction" in recon("learned", "words")
