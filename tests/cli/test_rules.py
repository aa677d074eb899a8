"""`recon rules`: the file to begin with is complete and true, a check tells what changes, RECON_RULES holds everywhere."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from matcher.cli.main import cli
from matcher.rules.order import ORDER
from matcher.rules.settings import RuleSettings, Weights
from recon_core.domain.refused import BadSetting

GUIDE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
ACCOUNT = "SE45 5000 0000 0583 9825 7466"


def recon(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)), standalone_mode=False)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_new_file_changes_nothing_and_each_of_its_settings_has_the_shipped_value(tmp_path: Path) -> None:
    text = recon("rules", "new").output
    start = text.index("# [group")
    above, some_only = text[:start], text[start:]
    uncommented = re.sub(r"(?m)^# (?=\[weights\]|\w+ = )", "", re.sub(r"(?m)^# (M60|\[clear_from\]).*\n", "", above))

    assert RuleSettings.from_toml(written(tmp_path, text)) == RuleSettings()
    assert RuleSettings.from_toml(written(tmp_path, uncommented)) == RuleSettings()
    own = {field.name for field in fields(RuleSettings)} - {"clear_from", "weights", "accounts", "counterparties"}
    for name in own | {field.name for field in fields(Weights)}:
        assert re.search(rf"(?m)^{name} = ", uncommented), name
    narrow = RuleSettings.from_toml(written(tmp_path, re.sub(r"(?m)^# (?=\[|\w+ = )", "", some_only)))
    assert len(narrow.accounts) == 2
    assert len(narrow.counterparties) == 1


def test_a_check_lists_what_a_file_changes_and_for_whom(tmp_path: Path) -> None:
    text = f'margin = 80\nrounding_minor_max = 50\n[account."{ACCOUNT}"]\nreference_required = true\n'

    done = recon("rules", "check", written(tmp_path, text), "--json")

    assert [json.loads(line) for line in done.output.splitlines()] == [
        {"for": "all", "setting": "margin", "value": 80, "shipped": 50},
        {"for": "account SE4550000000058398257466", "setting": "reference_required", "value": True, "shipped": False},
    ]
    assert "can be used" in recon("rules", "check", written(tmp_path, "")).output


def test_a_check_refuses_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    done = recon("rules", "check", written(tmp_path, "receipt_days_aftr = 9"))

    assert isinstance(done.exception, BadSetting)
    assert "receipt_days_aftr" in str(done.exception)


def test_the_values_of_an_account_are_shown_from_the_file_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, f'[account."{ACCOUNT}"]\nreceipt_days_after = 21\n')
    monkeypatch.setenv("RECON_RULES", str(path))

    rows = [json.loads(line) for line in recon("rules", "show", "--account", ACCOUNT, "--json").output.splitlines()]

    assert {row["setting"]: row["value"] for row in rows}["receipt_days_after"] == 21


def test_commands_without_the_option_use_the_rules_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matcher.bootstrap import open_context

    monkeypatch.setenv("RECON_RULES", str(written(tmp_path, "receipt_days_after = 21")))

    with open_context(url=f"sqlite:///{tmp_path}/recon.db") as context:
        assert context.rules.receipt_days_after == 21


def test_every_pass_is_listed_with_what_it_looks_for() -> None:
    rows = [json.loads(line) for line in recon("rules", "passes", "--json").output.splitlines()]

    assert [row["pass"] for row in rows] == [step.code for step in ORDER]
    assert all(row["looks for"] for row in rows)


def test_the_guide_shows_files_that_can_be_used_and_settings_that_exist(tmp_path: Path) -> None:
    shown = re.findall(r"```toml\n(.*?)```", GUIDE, flags=re.DOTALL)
    known = {field.name for field in fields(RuleSettings)}

    assert shown
    for text in shown:
        assert RuleSettings.from_toml(written(tmp_path, text)) != RuleSettings()
    for wish in re.findall(r"(?m)^\|[^|]*\|(.*)\|$", GUIDE):
        for name in re.findall(r"`(\w+_\w+)", wish):
            assert name in known, name
