"""The open benchmark: its sets are true to themselves, its scorer counts right, its baselines do what is published."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from benchmarks.labelled import __main__ as command
from benchmarks.labelled.cases import CASES
from benchmarks.labelled.engines import ENGINES, exact, greedy, relevance
from benchmarks.labelled.generate import make, write_set
from benchmarks.labelled.read import BankLine, Item, read_items, read_lines
from benchmarks.labelled.score import cells, read_truth, score, total
from benchmarks.labelled.world import PROFILES, World

LINES = 600


@pytest.fixture(scope="module", params=sorted(PROFILES))
def labelled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small set of a profile."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    write_set(folder, lines=LINES, seed=3, profile=request.param, accounts=2)
    return folder


@pytest.fixture(scope="module")
def normal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("normal")
    write_set(folder, lines=LINES, seed=4, profile="normal", accounts=2)
    return folder


def test_the_same_arguments_give_the_same_bytes(normal: Path, tmp_path: Path) -> None:
    write_set(tmp_path, lines=LINES, seed=4, profile="normal", accounts=2)

    files = sorted(path.relative_to(normal) for path in normal.rglob("*") if path.is_file())
    assert [(tmp_path / file).read_bytes() for file in files] == [(normal / file).read_bytes() for file in files]


def test_a_set_is_true_to_itself(labelled: Path) -> None:
    truth, items = read_truth(labelled), {item.id: item for item in read_items(labelled)}
    lines = {line.id: line for line in read_lines(labelled)}

    assert truth.keys() == lines.keys()
    for key, line in truth.items():
        assert line["amount"] == lines[key].amount
        for answer in line.get("accept", [line["book"]]):
            assert all(items[item].account == lines[key].account for item in answer)
            equal = sum(items[item].amount for item in answer) == line["amount"]
            if answer and line["category"] not in {"instalment", "trap_near"}:
                assert equal == ("remainder" not in line), line
        assert (line["expect"] == "classify") == ("class" in line)
        assert line["expect"] == "classify" or line["book"]


def test_the_statements_and_the_flat_lines_say_the_same(labelled: Path) -> None:
    import matcher

    read = [
        line
        for path in sorted((labelled / "statements").iterdir())
        for one in matcher.parse(path)
        for line in one.lines
    ]
    flat = {line.id: line for line in read_lines(labelled)}

    assert {line.bank_reference for line in read} == flat.keys()
    for line in read:
        mine = flat[line.bank_reference or ""]
        assert (line.booking_date, line.amount, line.counterparty_name or "") == (mine.day, mine.amount, mine.name)


def test_every_case_adds_lines_and_no_line_without_a_truth() -> None:
    for case, _ in CASES:
        (world,) = make(1, 1, PROFILES["normal"], 1)
        before = len(world.lines)
        case(world)
        assert len(world.lines) > before, case.__name__
        assert all(isinstance(line.category, str) and line.expect for line in world.lines)


def test_lines_fall_on_banking_days() -> None:
    (world,) = make(1, 2_000, PROFILES["normal"], 1)
    days = {line.day for line in world.lines}

    assert not [day for day in days if day.weekday() > 4]
    assert date(2026, 4, 3) not in days  # Good Friday
    assert isinstance(world, World)


def test_our_engine_clears_nothing_wrong_and_nothing_in_silence(labelled: Path) -> None:
    results = {row["bank_line"]: dict(row) for row in ENGINES["recon"](labelled)}

    counts = total(score(read_truth(labelled), results))

    assert counts["wrong"] == counts["silent"] == 0
    assert counts["right"] > 0.9 * counts["to_clear"]


def test_baselines_answer_every_line_once_and_use_no_item_twice(labelled: Path) -> None:
    for run in (greedy.run, exact.run, relevance.run):
        rows = list(run(labelled))
        taken = [item for row in rows if row["status"] == "cleared" for item in row["book"]]

        assert sorted(row["bank_line"] for row in rows) == sorted(line.id for line in read_lines(labelled))
        assert len(taken) == len(set(taken))


def _truth(**lines: dict[str, Any]) -> dict[str, dict[str, Any]]:
    usual = {"category": "case", "expect": "clear", "account": "A", "group": 1, "book": []}
    return {key: usual | line for key, line in lines.items()}


def _result(status: str = "cleared", *book: str, **more: Any) -> dict[str, Any]:
    return {"status": status, "book": list(book)} | more


@pytest.mark.parametrize(
    ("truth", "results", "counts"),
    [
        pytest.param(_truth(a={"book": ["x"]}), {"a": _result("cleared", "x")}, {"right": 1}, id="right"),
        pytest.param(_truth(a={"book": ["x"]}), {"a": _result("cleared", "y")}, {"wrong": 1}, id="another item"),
        pytest.param(_truth(a={"book": ["x", "y"]}), {"a": _result("cleared", "x")}, {"wrong": 1}, id="half a group"),
        pytest.param(_truth(a={"book": ["x", "y"]}), {"a": _result("cleared", "y", "x")}, {"right": 1}, id="any order"),
        pytest.param(_truth(a={"expect": "classify", "class": "tax"}), {"a": _result("cleared", "y")}, {"wrong": 1, "classes": 1}, id="nothing to find"),
        pytest.param(_truth(a={"book": ["x"]}), {}, {"left": 1}, id="not named"),
        pytest.param(_truth(a={"book": ["x"]}), {"a": _result("proposed", "x")}, {"left": 1, "first": 1, "three": 1}, id="proposed"),
        pytest.param(_truth(a={"book": ["x"]}), {"a": _result("proposed", "y", alternatives=[["z"], ["x"]])}, {"left": 1, "three": 1}, id="third choice"),
        pytest.param(_truth(a={"book": ["x"]}), {"a": _result("proposed", "y", alternatives=[["z"], ["w"], ["x"]])}, {"left": 1}, id="fourth choice"),
        pytest.param(_truth(a={"book": ["x"], "expect": "propose", "accept": [["x"], ["y"]]}), {"a": _result("cleared", "y")}, {"silent": 1}, id="silent"),
        pytest.param(_truth(a={"book": ["x"]}, b={"book": ["x"]}), {"a": _result("cleared", "x"), "b": _result("cleared", "x")}, {"right": 1, "wrong": 1}, id="used twice"),
        pytest.param(_truth(a={"book": ["x"], "category": "instalment"}, b={"book": ["x"], "category": "instalment"}), {"a": _result("cleared", "x"), "b": _result("cleared", "x")}, {"right": 2}, id="instalments share"),
        pytest.param(_truth(a={"book": ["x"], "remainder": "fx"}), {"a": _result("cleared", "x", category="fx")}, {"right": 1, "rest": 1, "rests": 1}, id="rest named"),
        pytest.param(_truth(a={"book": ["x"], "category": "duplicate"}, b={"category": "duplicate", "accept": [["x"]]}), {"b": _result("cleared", "x"), "a": _result("unmatched", category="duplicate")}, {"right": 1, "class": 1, "classes": 1}, id="either of a pair"),
        pytest.param(_truth(a={"book": ["x"], "category": "duplicate"}, b={"category": "duplicate", "accept": [["x"]]}), {"a": _result("cleared", "x"), "b": _result("cleared", "x")}, {"right": 1, "wrong": 1, "classes": 1}, id="both of a pair"),
    ],
)  # fmt: skip
def test_the_scorer_counts(truth: dict[str, Any], results: dict[str, Any], counts: dict[str, int]) -> None:
    found = total(score(truth, results))

    assert {name: count for name, count in found.items() if count and name not in {"lines", "to_clear"}} == counts


def test_shares_of_nothing_are_not_shown() -> None:
    assert cells(total({})) == ["0", "-", "0", "0", "-", "-", "-", "-"]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("12345", "12345", 1.0),
        ("012345", "12345", 1.0),
        ("12345", "12346", 0.0),
        ("INV-1", "INV-1", 1.0),
        ("INV-1", "INV-2", 0.5),
        ("INV-12", "INV-21", 0.25),
        ("INV-123", "INV-456", 0.05),
        ("INV-1234", "INV-5678", 0.0),
        ("INV-1", "INV-12345", 0.0),
        ("INV-1", "", 0.0),
        ("", "", 1.0),
    ],
)
def test_references_score_as_published(left: str, right: str, expected: float) -> None:
    assert relevance.reference_score(left, right) == expected


def test_dates_and_payees_score_as_published() -> None:
    assert relevance.date_score(10) == 1.0
    assert relevance.date_score(5) == pytest.approx(0.6065, abs=1e-4)
    assert relevance.date_score(0) == pytest.approx(0.1353, abs=1e-4)
    assert relevance.payee_score("ANNA LIND", "Anna Lind") == 1.0
    assert relevance.payee_score("Anna Lind", "Hanna Lind") < 0.5


def test_a_payment_is_seventy_reference_twenty_date_ten_payee() -> None:
    line = BankLine("B1", "A", date(2026, 3, 12), -100, "", "P0001", "Anna Lind")
    item = Item("K1", "A", date(2026, 3, 2), -100, "P0001", "Somebody", "Payment", "payment")
    payee = relevance.payee_score("Anna Lind", "Somebody")

    assert relevance.relevance(line, item) == pytest.approx((70 + 20 + 10 * payee) / 100)


def test_an_invoice_compares_its_own_number_too() -> None:
    line = BankLine("B1", "A", date(2026, 3, 12), 100, "", "4711", "Anna Lind")
    item = Item("K1", "A", date(2026, 3, 2), 100, "471105", "Anna Lind", "Invoice 4711", "receipt")

    assert relevance.relevance(line, item) == 1.0


@pytest.mark.parametrize(
    ("relevances", "accepted"),
    [([0.2], True), ([0.19], False), ([0.6, 0.39], True), ([0.6, 0.41], False), ([0.9, 0.89], True)],
)
def test_the_best_is_accepted_as_published(relevances: list[float], accepted: bool) -> None:
    assert relevance.accepts([relevance.Candidate(one, "K") for one in relevances]) is accepted


def test_the_command_makes_runs_and_scores_a_set(tmp_path: Path) -> None:
    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", command.__spec__.name, *arguments]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    folder, result = str(tmp_path / "set"), str(tmp_path / "result.jsonl")

    assert call("generate", folder, "--lines", "200", "--accounts", "1").returncode == 0
    assert call("run", "greedy", folder, result).returncode == 0
    scored = call("score", folder, result)

    assert scored.returncode == 1  # greedy clears wrongly
    assert scored.stdout.splitlines()[-1].startswith("all ")
    assert call("score", str(tmp_path), result).returncode == 2
    assert len(json.loads(Path(result).read_text(encoding="utf-8").splitlines()[0])) >= 3
