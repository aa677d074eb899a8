"""A rejected pair takes part in nothing, and what a pass is not trusted to clear is proposed."""

from __future__ import annotations

from dataclasses import replace

from matcher import engine
from matcher.engine import MatchResult
from matcher.pipeline import deciding
from matcher.pipeline.context import Context
from matcher.proposal import MatchStatus
from matcher.rules.settings import NEVER, RuleSettings
from tests.pipeline.columns import book_of, lines_of
from tests.pipeline.small import Booked, Line, Small

LINES = lines_of(
    Line("05", "12500", "Sjöhagens Trä AB", "301101"), Line("06", "12500", "Sjöhagens Trä AB", "betalning")
)
BOOK = book_of(Booked("301101", "01", "12500", "Sjöhagens Trä AB"))


def outcome(result: MatchResult) -> dict[str, tuple[MatchStatus, tuple[str, ...]]]:
    return {row.line_id: (row.status, row.book) for row in result.rows()}


def test_an_item_that_one_line_may_not_have_goes_to_the_other() -> None:
    plain = outcome(engine.match(LINES, BOOK))
    rejected = outcome(engine.match(LINES, BOOK, rejected=[(("L1",), ("301101",))]))

    assert plain["L1"] == (MatchStatus.CLEARED, ("301101",))
    assert rejected["L1"][1] == ()
    assert rejected["L2"][1] == ("301101",)


def test_a_rejected_group_is_not_proposed_and_its_parts_still_may_be() -> None:
    lines = lines_of(Line("05", "4000", "Bo Ek", "700100"), Line("06", "5000", "Bo Ek", "700100"))
    book = book_of(Booked("700100", "01", "9000", "Bo Ek"))
    assert outcome(engine.match(lines, book))["L1"] == (MatchStatus.CLEARED, ("700100",))

    result = engine.match(lines, book, rejected=[(("L2", "L1"), ("700100",))])

    assert all(not row.together for row in result.rows())


def test_rejections_of_items_that_are_not_open_change_nothing() -> None:
    assert outcome(engine.match(LINES, BOOK, rejected=[(("L9",), ("301101",))])) == outcome(engine.match(LINES, BOOK))


def test_a_pass_clears_only_from_its_score_on() -> None:
    rules = RuleSettings()
    plain = engine.match(LINES, BOOK, rules=rules)
    code, score = next((row.rule, round(row.score * 1000)) for row in plain.rows() if row.line_id == "L1")

    at = engine.match(LINES, BOOK, rules=replace(rules, clear_from=((code, score),)))
    above = engine.match(LINES, BOOK, rules=replace(rules, clear_from=((code, NEVER),)))

    assert outcome(at)["L1"] == (MatchStatus.CLEARED, ("301101",))
    assert outcome(above)["L1"] == (MatchStatus.PROPOSED, ("301101",))


def test_what_is_left_after_a_rejection_is_for_a_person_however_certain(context: Context) -> None:
    small = Small(context, policy="clear")
    small.book(Booked("1001", "01", "4900", "Vårgårda AB", ""), Booked("1002", "02", "4900", "Vårgårda AB", ""))
    (line,) = small.bank(Line("05", "4900", "VARGARDA AB"))
    small.match()

    deciding.reject(context, line_ids=[line])
    small.match()

    assert small.line(line).state == "proposed"
