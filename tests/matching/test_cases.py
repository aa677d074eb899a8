"""Every rule has a table of cases in fixtures/matching; what it says is part of what is expected."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from matcher.rules.order import ORDER
from tests.matching.cases import run_case

FIXTURES = Path(__file__).parents[2] / "fixtures" / "matching"
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted(FIXTURES.glob("*.toml"))
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
]


@pytest.mark.parametrize("case", CASES)
def test_a_case_comes_out_as_its_table_says(case: dict[str, Any]) -> None:
    assert run_case(case) == case["expect"]


@pytest.mark.parametrize("case", CASES)
def test_a_case_comes_out_the_same_from_the_last_to_the_first(case: dict[str, Any]) -> None:
    turned = {**case, "lines": case["lines"][::-1], "book": case["book"][::-1]}

    assert run_case(turned) == case["expect"][::-1]


def test_every_pass_has_cases_and_a_manual_page() -> None:
    covered = {path.stem for path in FIXTURES.glob("*.toml")}
    used = {one["rule"] for case in CASES for one in case.values[0]["expect"] if "rule" in one}  # type: ignore[index]
    for step in ORDER:
        assert step.code in covered
        assert step.code in used, f"no case ends with {step.code}"
        module = __import__(step.find.__module__, fromlist=["CODE"])
        assert (module.__doc__ or "").startswith(f"{step.code}: ")


def test_no_adversarial_case_clears_anything() -> None:
    cases = tomllib.loads((FIXTURES / "adversarial.toml").read_text(encoding="utf-8"))["case"]

    assert not [case["name"] for case in cases for one in run_case(case) if one["status"] == "cleared"]
