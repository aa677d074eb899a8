"""The rules file: what it changes, for whom, and what it says when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher.proposal import MatchStatus
from matcher.rules.settings import NEVER, RuleSettings
from recon_core.domain.refused import BadSetting
from tests.matching.books import ACCOUNT, item, line, matched

EK = [item("K1", "03", "1000.00", "Ek AB", "81023")]


def rules(tmp_path: Path, text: str) -> RuleSettings:
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return RuleSettings.from_toml(path)


def test_an_empty_file_is_the_shipped_settings(tmp_path: Path) -> None:
    assert rules(tmp_path, "") == RuleSettings()


def test_a_window_can_be_wider(tmp_path: Path) -> None:
    late = [line("L", "27", "1000.00", "EK AB")]

    assert matched(late, EK)["L"].status is MatchStatus.UNMATCHED
    assert matched(late, EK, rules(tmp_path, "receipt_days_after = 20"))["L"].status is MatchStatus.CLEARED


def test_where_a_reference_is_required_a_name_only_proposes(tmp_path: Path) -> None:
    strict = rules(tmp_path, "reference_required = true")

    by_name = matched([line("L", "04", "1000.00", "EK AB")], EK, strict)["L"]
    by_number = matched([line("L", "04", "1000.00", "EK AB", "81023")], EK, strict)["L"]

    assert (by_name.status, by_number.status) == (MatchStatus.PROPOSED, MatchStatus.CLEARED)


def test_the_narrowest_setting_holds(tmp_path: Path) -> None:
    text = f"""
        rounding_minor_max = 0
        [group.sweden]
        accounts = ["{ACCOUNT}"]
        rounding_minor_max = 40
        reference_required = true
        [account."{ACCOUNT[:4]} {ACCOUNT[4:]}"]
        reference_required = false
        [counterparty."EK Aktiebolag"]
        rounding_minor_max = 90
    """
    settings = rules(tmp_path, text)

    assert settings.for_account(ACCOUNT).rounding_minor_max == 40
    assert not settings.for_account(ACCOUNT).reference_required
    assert settings.for_account("SE99").rounding_minor_max == 0
    rounded = matched([line("L", "04", "1000.80", "EK AB", "81023")], EK, settings)["L"]
    assert rounded.category == "rounding"


def test_a_pass_can_be_off_or_trusted_less(tmp_path: Path) -> None:
    named = [line("L", "04", "1000.00", "EK AB")]

    assert matched(named, EK)["L"].rule == "M45"
    assert matched(named, EK, rules(tmp_path, "[clear_from]\nM45 = 950"))["L"].status is MatchStatus.PROPOSED
    assert matched(named, EK, RuleSettings(clear_from=(("M45", NEVER),)))["L"].status is MatchStatus.PROPOSED
    off = matched(named, EK, rules(tmp_path, 'off = ["M45", "M47"]'))["L"]
    assert off.rule not in {"M45", "M47"}


def test_weights_decide_what_a_near_match_takes(tmp_path: Path) -> None:
    near = [line("L", "04", "1453.45", "LUNDS DATA")]
    book = [item("K1", "03", "1453.45", "Svenska Lunds Data HB", "81376"), item("K2", "03", "77.10", "Alm AB", "81400")]

    assert matched(near, book)["L"].status is MatchStatus.CLEARED
    assert matched(near, book, rules(tmp_path, "[weights]\nname_similar = 50"))["L"].status is MatchStatus.PROPOSED


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("recipt_days_after = 3", "recipt_days_after"),
        ("receipt_days_after = -1", "receipt_days_after"),
        ('receipt_days_after = "3"', "receipt_days_after"),
        ("receipt_days_after = true", "receipt_days_after"),
        ("fx_permille_max = 1001", "fx_permille_max"),
        ("reference_required = 1", "reference_required"),
        ('country = "Sweden"', "country"),
        ('off = ["M99"]', "off"),
        ('order = "M10"', "order"),
        ("[clear_from]\nM99 = 1", "clear_from"),
        ("[clear_from]\nM45 = 2000", "clear_from.M45"),
        ("[weights]\nname = 1", "weights.name"),
        ("[group.a]\nrounding_minor_max = 1", "group.a.accounts"),
        ("[account.SE1]\nrounding_minor_max = 5\ncolour = 1", "account.SE1.colour"),
        ('[counterparty."Ek AB"]\ncountry = "SE"', "counterparty.Ek AB.country"),
        ("account = 3", "account"),
        ("receipt_days_after =", ""),
    ],
)
def test_a_wrong_setting_is_named_with_file_key_and_cure(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(BadSetting) as caught:
        rules(tmp_path, text)

    assert "rules.toml" in caught.value.where
    assert key in caught.value.where
    assert caught.value.cure


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(BadSetting):
        RuleSettings.from_toml(path)
