"""Rules on trial: what the past says of them, and which promise it carries."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.pipeline import deciding
from matcher.pipeline.backtest import Tally, backtest, verdicts
from matcher.pipeline.calibrate import Calibration, Promise, calibrate
from matcher.pipeline.context import Context
from matcher.pipeline.past import Past, closed_cases
from matcher.pipeline.reconciling import reconcile_accounts
from matcher.pipeline.rules_text import rules_text
from matcher.pipeline.truth import Case, Truth, read_truth
from matcher.rules.settings import NEVER, RuleSettings, Weights
from recon_core.domain.refused import Unreadable
from recon_core.services import lookup
from tests.pipeline.columns import ACCOUNT, book_of, lines_of
from tests.pipeline.small import Booked, Line, Small, kr

SHIPPED = RuleSettings()
DOUBT = Fraction(1, 20)


def case(lines: list[Line], book: list[Booked], truth: dict[str, list[list[str]]], **more: Truth) -> Case:
    known = {line: Truth(tuple(frozenset(ids) for ids in sets)) for line, sets in truth.items()}
    return Case(lines_of(*lines), book_of(*book), {**known, **more}, {ACCOUNT: "1930"})


def by_reference(count: int, *, wrong: int = 0) -> Case:
    """`count` lines that quote their invoice; of `wrong` of them the truth is another one."""
    lines = [Line("05", str(100 + n), "", f"{4000000 + 7 * n}") for n in range(count)]
    book = [Booked(f"{4000000 + 7 * n}", "02", str(100 + n)) for n in range(count)]
    truth = {f"L{n + 1}": [[f"{4000000 + 7 * n}" if n >= wrong else "another"]] for n in range(count)}
    return case(lines, book, truth)


def rule_of(one: Case) -> str:
    return next(verdict.rule for verdict in verdicts(one, SHIPPED) if verdict.right is not None)


def test_a_rule_that_is_switched_off_loses_what_it_cleared_with_the_amount() -> None:
    past = by_reference(3)
    rule = rule_of(past)

    report = backtest([past], before=SHIPPED, after=replace(SHIPPED, clear_from=((rule, NEVER),)))

    (row,) = report.rows
    assert (row.account, row.rule, row.lost) == ("1930", rule, Tally(3, kr("303")))
    assert (report.right_before, report.right_after, report.known) == (3, 0, 3)
    assert {one.kind for one in report.changed} == {"lost"}


def test_what_is_cleared_against_the_truth_is_contradicted_and_named_with_both_sets() -> None:
    past = by_reference(2, wrong=1)
    rule = rule_of(past)

    report = backtest([past], before=replace(SHIPPED, clear_from=((rule, NEVER),)), after=SHIPPED)

    (wrong,) = [one for one in report.changed if one.kind == "contradicted"]
    assert (wrong.line, wrong.book_after, wrong.true) == ("L1", ("4000000",), (("another",),))
    (row,) = report.rows
    assert (row.gained.lines, row.contradicted.lines, row.new.lines) == (1, 1, 1)
    assert report.wrong_after == 1


def test_the_same_rules_change_nothing_but_still_show_what_is_contradicted() -> None:
    report = backtest([by_reference(2, wrong=1)], before=SHIPPED, after=SHIPPED)

    assert [one.kind for one in report.changed] == ["contradicted"]
    assert report.rows[0].new == Tally()


def test_clearing_what_nobody_could_decide_is_wrong_and_of_a_duplicate_pair_one_may_be_cleared() -> None:
    item = Booked("4000007", "02", "100")
    undecided = case(
        [Line("05", "100", "", "4000007")], [item], {}, L1=Truth((frozenset({"4000007"}),), clearable=False)
    )
    pair = Truth((frozenset({"4000007"}),), only_one="pair")
    twice = case([Line("05", "100", "", "4000007"), Line("05", "100", "", "4000007")], [item], {}, L1=pair, L2=pair)

    assert [verdict.right for verdict in verdicts(undecided, SHIPPED)] == [False]
    assert sorted(str(verdict.right) for verdict in verdicts(twice, SHIPPED)) == ["None", "True"]


def test_a_rule_whose_own_matches_prove_the_rate_may_clear_and_others_may_not() -> None:
    past = by_reference(60)

    made = calibrate([past], promise=Promise(20, DOUBT), rules=SHIPPED)

    rows = {row.rule: row for row in made.rows}
    assert rows[rule_of(past)].clear_from == 0
    assert rows[rule_of(past)].proves_one_in >= 20
    assert all(row.clear_from == NEVER for row in made.rows if not row.matches)
    assert made.promised
    assert dict(made.settings.clear_from)["M75"] == NEVER


def test_it_abstains_where_the_data_cannot_carry_the_promise_and_says_what_is_lacking() -> None:
    made = calibrate([by_reference(50)], promise=Promise(1000, DOUBT), rules=SHIPPED)

    assert not made.promised
    row = next(row for row in made.rows if row.matches)
    assert row.clear_from == NEVER
    assert row.lacking == 2995 - 50
    assert calibrate([], promise=Promise(2, DOUBT), rules=SHIPPED).promised is False


def test_wrong_matches_count_against_the_rule() -> None:
    promise = Promise(20, DOUBT)

    assert calibrate([by_reference(80)], promise=promise, rules=SHIPPED).promised
    assert not calibrate([by_reference(80, wrong=2)], promise=promise, rules=SHIPPED).promised


def test_a_match_of_several_lines_counts_once() -> None:
    past = case(
        [Line("05", "40", "Bo Ek", "700100"), Line("06", "50", "Bo Ek", "700100")],
        [Booked("700100", "01", "90", "Bo Ek")],
        {"L1": [["700100"]], "L2": [["700100"]]},
    )

    made = calibrate([past], promise=Promise(2, DOUBT), rules=SHIPPED)

    assert made.cleared_before == 1


def test_together_a_small_rule_may_ride_with_a_large_one_but_never_on_nothing() -> None:
    named = case(
        [Line("05", "777", "SJOHAGENS TRA AB")], [Booked("1", "02", "777", "Sjöhagens Trä AB", "")], {"L1": [["1"]]}
    )
    past = [by_reference(120), named]

    alone = calibrate(past, promise=Promise(20, DOUBT), rules=SHIPPED)
    together = calibrate(past, promise=Promise(20, DOUBT), rules=SHIPPED, together=True)

    assert alone.cleared_after == 120
    assert together.cleared_after == 121
    assert all(row.clear_from == NEVER for row in together.rows if not row.matches)


@given(count=st.integers(0, 90), wrong=st.integers(0, 3), one_in=st.sampled_from([2, 5, 20, 50]))
def test_no_promise_is_made_that_the_kept_matches_do_not_prove(count: int, wrong: int, one_in: int) -> None:
    made = calibrate_numbers(count, min(wrong, count), one_in)

    for row in made.rows:
        if row.clear_from != NEVER:
            assert row.proves_one_in >= one_in
            assert row.kept > 0
    assert made.cleared_after == sum(row.kept for row in made.rows)


_CASES: dict[tuple[int, int], Case] = {}


def calibrate_numbers(count: int, wrong: int, one_in: int) -> Calibration:
    past = _CASES.setdefault((count, wrong), by_reference(count, wrong=wrong))
    return calibrate([past] if count else [], promise=Promise(one_in, DOUBT), rules=SHIPPED)


def test_calibrated_rules_are_a_file_that_reads_back_the_same(tmp_path: Path) -> None:
    settings = RuleSettings(
        reference_required=True,
        margin=70,
        off=frozenset({"M75", "M70"}),
        order=("M45",),
        clear_from=(("M10", 930), ("M60", NEVER)),
        weights=Weights(name_equal=390),
        accounts=(("SE4550000000058398257466", (("country", "SE"), ("receipt_days_after", 10))),),
        counterparties=(('Bo "Ek" & Söner\\AB', (("reference_required", True),)),),
    )
    path = tmp_path / "rules.toml"

    path.write_text(rules_text(settings, comment=["first", "", "third"]), encoding="utf-8")

    assert RuleSettings.from_toml(path) == settings
    assert rules_text(SHIPPED) == "\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", 'no object "lines"'),
        ("{", "no JSON"),
        (json.dumps({"lines": {"B1": {"book": ["K1"]}}}), 'bank line B1.*"expect"'),
        (json.dumps({"lines": {"B1": {"book": "K1", "expect": "clear"}}}), 'bank line B1.*"book"'),
        (json.dumps({"lines": {"B1": {"book": [], "expect": "clear", "accept": [1]}}}), '"accept"'),
    ],
)
def test_a_truth_file_that_is_none_is_refused_with_its_place(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "1930.truth.json"
    path.write_text(content)

    with pytest.raises(Unreadable, match=message):
        read_truth([path])


def test_a_truth_file_tells_accepted_sets_ambiguous_lines_and_duplicate_pairs(tmp_path: Path) -> None:
    path = tmp_path / "1930.truth.json"
    lines = {
        "B1": {"book": ["K1"], "expect": "clear"},
        "B2": {"book": ["K2"], "expect": "propose", "accept": [["K2"], ["K3"]]},
        "B3": {"book": ["K4"], "expect": "clear", "category": "duplicate", "group": 3},
        "B4": {"book": [], "expect": "classify", "category": "duplicate", "group": 3, "accept": [["K4"]]},
    }
    path.write_text(json.dumps({"lines": lines}))

    truth = read_truth([path])

    assert truth["B1"] == Truth((frozenset({"K1"}),))
    assert (truth["B2"].clearable, len(truth["B2"].accepted)) == (False, 2)
    assert truth["B3"].only_one == truth["B4"].only_one != ""


@pytest.fixture
def small(context: Context) -> Small:
    return Small(context)


def past_of(small: Small, *, trust: bool = True) -> Past:
    with small.context.database.read() as uow:
        return closed_cases(uow, [lookup.account(uow, small.account)], trust_policies=trust)


def two_months(small: Small) -> dict[str, Any]:
    """January is matched by a person and closed, February by policy; an invoice of January is paid in February."""
    small.book(
        Booked("301101", "2026-01-05", "12500", "Sjöhagens Trä AB"),
        Booked("301143", "2026-01-20", "700", "Åsa Lind"),
    )
    first, fee = small.bank(
        Line("2026-01-10", "12500", "SJOHAGENS TRA AB", "301101"),
        Line("2026-01-15", "-50", "", "", {"code": "PMNT/MDOP/CHRG", "additional_info": "Bankavgift"}),
        to="2026-01-31",
    )
    small.match()
    deciding.accept(small.context, line_ids=[first])
    deciding.adjust(small.context, line_ids=[fee])
    small.release_adjustments()
    close(small)
    small.policy("release")
    (second,) = small.bank(Line("2026-02-05", "700", "ASA LIND", "301143"), to="2026-02-28")
    small.match()
    close(small)
    return {"first": first, "fee": fee, "second": second}


def close(small: Small) -> None:
    small.policy("release")
    (done,) = reconcile_accounts(small.context, [small.account], by="anna")
    assert done.number, done.blockers
    small.policy("match")


def test_closed_documents_become_cases_with_the_open_items_as_they_stood(small: Small) -> None:
    ids = two_months(small)

    january, february = past_of(small).cases

    assert january.truth[str(ids["first"])].accepted == (frozenset({str(small.transaction("301101").id)}),)
    assert january.truth[str(ids["fee"])].accepted == ()
    assert set(january.book.ids) == {str(small.transaction(name).id) for name in ("301101", "301143")}
    assert set(february.book.ids) == {str(small.transaction("301143").id)}
    assert list(february.lines.ids) == [str(ids["second"])]


def test_what_only_a_policy_decided_is_known_only_if_policies_are_trusted(small: Small) -> None:
    ids = two_months(small)

    strict = past_of(small, trust=False)

    assert {line for one in strict.cases for line in one.truth} == {str(ids["first"]), str(ids["fee"])}
    assert (strict.by_people, strict.by_policies) == (2, 1)


def test_the_shipped_rules_agree_with_what_was_closed(small: Small) -> None:
    two_months(small)

    report = backtest(past_of(small).cases, before=SHIPPED, after=SHIPPED)

    assert (report.known, report.right_after, report.wrong_after) == (3, 2, 0)


def test_a_transaction_that_was_paid_in_parts_stands_whole_in_the_past(small: Small) -> None:
    small.book(Booked("500123", "2026-01-02", "1000", "Oceanic Trading Ltd"))
    (first,) = small.bank(Line("2026-01-10", "400", "OCEANIC TRADING LTD", "500123"), to="2026-01-31")
    small.match()
    deciding.accept(small.context, line_ids=[first], partial=True)
    close(small)
    (second,) = small.bank(Line("2026-02-10", "600", "OCEANIC TRADING LTD", "500123"), to="2026-02-28")
    small.match()
    deciding.accept(small.context, line_ids=[second])
    close(small)

    january, february = past_of(small).cases

    assert january.book.amount.tolist() == [kr("1000")]
    assert february.book.amount.tolist() == [kr("600")]
    for past, line in ((january, first), (february, second)):
        assert past.truth == {str(line): Truth((frozenset(past.book.ids),))}
