"""A closed document's automatic matches come out of the engine again, and where they do not, they are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from matcher.cli.main import cli
from recon_core.store.engine import open_database


def recon(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, words, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value or 0, result.output


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    database = tmp_path / "demo.db"
    recon("demo", "--database", str(database))
    monkeypatch.setenv("RECON_DATABASE_URL", f"sqlite:///{database}")
    return f"sqlite:///{database}"


def closed_by_policy() -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in recon("history", "--json")[1].splitlines()]
    return [row for row in rows if row["status"] == "closed" and str(row["released_by"]).startswith("policy:")]


def checks(number: str, *words: str) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    status, output = recon("verify", number, *words, "--json")
    found: dict[str, list[dict[str, Any]]] = {}
    for line in output.splitlines():
        row = json.loads(line)
        found.setdefault(row["check"], []).append(row)
    return status, found


def test_the_reasons_of_a_close_are_proved_again(demo: str) -> None:
    documents = closed_by_policy()
    assert documents

    counts = []
    for document in documents:
        status, found = checks(document["number"])
        assert status == 0, found
        again, _, of = found["reasons"][0]["detail"].split()[:3]
        assert again == of
        counts.append(int(of))
    # Three matches, and a fee that a policy booked: its reason is proved too.
    assert max(counts) == 4


def test_other_rules_than_those_of_the_close_are_named(demo: str, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("margin = 60\n")

    status, found = checks(closed_by_policy()[0]["number"], "--rules", str(rules))

    assert status == 1
    assert found["rules"][0]["ok"] == "NO"
    assert found["reasons"][0]["ok"] == "yes"


def test_a_match_whose_ground_was_changed_is_named(demo: str) -> None:
    number = closed_by_policy()[0]["number"]
    database = open_database(demo)
    with database.begin() as uow:
        for row in uow.select("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            uow.connection.exec_driver_sql(f"DROP TRIGGER {row.name}")
        uow.connection.exec_driver_sql(
            "UPDATE statement_line SET remittance = 'x', counterparty_name = 'y', more = '{}'"
        )
        uow.commit()
    database.close()

    status, found = checks(number)

    assert status == 1
    assert {row["ok"] for row in found["match"]} == {"NO"}
    assert "was M" in found["match"][0]["detail"]
