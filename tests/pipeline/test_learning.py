"""What decisions teach, that it reads, and that nothing is used before a person accepts it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from matcher.pipeline import deciding, reviewing
from matcher.pipeline.context import Context
from matcher.pipeline.learned import (
    accept_rule,
    drop_rule,
    edit_rule,
    learn,
    past_of,
    place_rule,
    write_rule,
)
from matcher.pipeline.learning import Decided, Outcome, derive, known_parties, reference_keys, try_out, words
from matcher.pipeline.why_stored import why_stored
from matcher.proposal import Lesson, MatchStatus, ProposalFilter, RuleKind, RuleState
from recon_core.domain.refusals import BadRequest, Conflict, Unknown
from recon_core.services import history, settings
from tests.pipeline.columns import lines_of
from tests.pipeline.small import Booked, Line, Small


def past(*rows: tuple[Line, Outcome], parties: tuple[str, ...] = ()) -> Decided:
    lines = lines_of(*(line for line, _ in rows))
    numbered = replace(lines, ids=[str(number) for number in range(1, len(rows) + 1)])
    return Decided(numbered, tuple(outcome for _, outcome in rows), known_parties(parties))


def matched(decision: int, party: str, reference: str = "") -> Outcome:
    return Outcome(decision, party, reference_keys(reference, ""), matched=True)


def adjusted(decision: int, code: str, **more: Any) -> Outcome:
    return Outcome(decision, entry_type=code, **more)


def says(lessons: list[Lesson]) -> set[str]:
    return {words(lesson) for lesson in lessons}


def test_a_printed_name_that_always_meant_one_customer_is_taught() -> None:
    taught = derive(
        past(
            (Line("01", "100", "SJOH TRA", "a"), matched(1, "Sjöhagens Trä AB")),
            (Line("02", "200", "SJOH TRA", "b"), matched(2, "Sjöhagens Trä AB")),
            (Line("03", "300", "ASA LIND"), matched(3, "Åsa Lind")),
        )
    )

    assert says(taught) == {'Where counterparty is "SJOH TRA", the counterparty is Sjöhagens Trä AB.'}
    assert (taught[0].support, taught[0].against, taught[0].examples) == (2, 0, (1, 2))


@pytest.mark.parametrize(
    "rows",
    [
        [(Line("01", "100", "SJOH TRA"), matched(1, "Sjöhagens Trä AB"))],
        [
            (Line("01", "100", "KLARNA"), matched(1, "Bo Ek")),
            (Line("02", "200", "KLARNA"), matched(2, "Åsa Lind")),
            (Line("03", "200", "KLARNA"), matched(3, "Bo Ek")),
        ],
        [
            (Line("01", "100", "SJÖHAGENS TRÄ"), matched(1, "Sjöhagens Trä AB")),
            (Line("02", "200", "SJOHAGENS TRA"), matched(2, "Sjöhagens Trä AB")),
        ],
        [
            (Line("01", "100", "SJOH TRA"), matched(1, "Sjöhagens Trä AB")),
            (Line("02", "200", "SJOH TRA"), matched(1, "Sjöhagens Trä AB")),
        ],
    ],
    ids=["once", "several customers", "the same name", "one decision of two lines"],
)
def test_too_little_or_contradicting_decisions_teach_nothing(rows: list[tuple[Line, Outcome]]) -> None:
    assert derive(past(*rows)) == []


def test_a_name_that_the_books_use_for_somebody_is_never_taught_to_be_somebody_else() -> None:
    rows = [(Line(f"0{n}", "100", "Bo Ek"), matched(n, "Åsa Lind")) for n in (1, 2, 3)]

    assert says(derive(past(*rows))) == {'Where counterparty is "Bo Ek", the counterparty is Åsa Lind.'}
    assert derive(past(*rows, parties=("BO EK",))) == []


def test_an_account_without_a_name_and_a_customer_number_are_taught() -> None:
    account = {"counterparty_account": "5123-4567"}
    taught = derive(
        past(
            (Line("01", "100", "", "hyra", account), matched(1, "Bo Ek")),
            (Line("02", "100", "", "hyra", account), matched(2, "Bo Ek")),
            *(
                (Line(f"0{n}", "700", "NORDNET", f"kund 778812 {n}"), matched(n, "Åsa Lind", f"40000{n}"))
                for n in (3, 4, 5)
            ),
            (Line("06", "700", "NORDNET"), matched(6, "Karl Berg")),
        )
    )

    assert says(taught) == {
        'Where account is "5123-4567", the counterparty is Bo Ek.',
        'Where number is "778812", the counterparty is Åsa Lind.',
    }


def test_an_account_of_ours_in_the_text_says_nothing_about_who_is_at_the_other_end() -> None:
    own = "SE4550000000058398257466"
    rows = [(Line(f"0{n}", "100", "EGEN", f"till {own}"), matched(n, "Överföring")) for n in (1, 2, 3)]

    assert says(derive(past(*rows))) == {'Where counterparty is "EGEN", the counterparty is Överföring.'}


def test_who_always_quotes_a_reference_is_taught_and_who_once_did_not_is_not() -> None:
    always = [
        (Line(f"{n:02}", "100", "Bo Ek", f"faktura 4000{n:02}"), matched(n, "Bo Ek", f"4000{n:02}"))
        for n in range(1, 16)
    ]
    once = (Line("17", "100", "Bo Ek", "tack"), matched(17, "Bo Ek", "400099"))

    assert says(derive(past(*always))) == {
        "Bo Ek always quotes a reference: what comes without one is proposed, never cleared."
    }
    assert derive(past(*always, once)) == []


def test_what_a_person_booked_by_a_text_is_taught_with_what_stays_the_same_in_it() -> None:
    taught = derive(
        past(
            (Line("01", "-8500", "", "LOKALHYRA APRIL 2026"), adjusted(1, "RENT")),
            (Line("02", "-8500", "", "LOKALHYRA MAJ 2026"), adjusted(2, "RENT")),
            (Line("03", "-100", "", "LOKALTIDNING"), adjusted(3, "OTHER")),
            (Line("04", "-50", "", "Avgift"), adjusted(4, "BANKFEE", expected="BANKFEE")),
            (Line("05", "-51", "", "Avgift"), adjusted(5, "BANKFEE", expected="BANKFEE")),
        )
    )

    assert says(taught) == {
        'Where text starts "LOKALHYRA" and direction is payment and no transaction explains the line, the entry type is RENT.'
    }


def test_a_policy_teaches_no_entry_type_and_a_text_that_was_matched_too_teaches_none() -> None:
    rent = [(Line(f"0{n}", "-8500", "", "HYRA"), adjusted(n, "RENT")) for n in (1, 2)]
    by_policy = [(line, outcome._replace(by_person=False)) for line, outcome in rent]

    assert derive(past(*by_policy)) == []
    assert derive(past(*rent, (Line("03", "-8500", "", "HYRA"), matched(3, "Vasakronan AB")))) == []


def test_a_trial_counts_decisions_for_and_against_and_names_lines() -> None:
    rows = past(
        (Line("01", "-8500", "", "HYRA"), adjusted(1, "RENT")),
        (Line("02", "-8500", "", "HYRA"), adjusted(2, "OTHER")),
        (Line("03", "-8500", "", "HYRA"), matched(3, "Vasakronan AB")),
        (Line("04", "-1", "", "EL"), adjusted(4, "RENT")),
    )

    trial = try_out(rows, Lesson(RuleKind.ENTRY_TYPE, 'text starts "hyra"', "RENT"))

    assert (trial.support, trial.against, trial.examples, trial.against_lines) == (1, 2, (1,), (2, 3))


@pytest.fixture
def small(context: Context) -> Small:
    return Small(context, policy="clear")


def taught_alias(small: Small) -> int:
    """Two payments printed SJOH TRA were matched by hand with the invoices of Sjöhagens Trä AB."""
    first, second = small.book(
        Booked("1", "01", "1111", "Sjöhagens Trä AB", ""), Booked("2", "02", "2222", "Sjöhagens Trä AB", "")
    )
    lines = small.bank(Line("03", "1111", "SJOH TRA", "mars"), Line("04", "2222", "SJOH TRA", "mars"))
    small.world.match((lines[0], first), (lines[1], second))
    (rule,) = learn(small.context, account_ids=[small.account])
    return rule


def pay_third(small: Small) -> int:
    """A third payment, with two open invoices of its amount that only the name tells apart."""
    small.book(Booked("3", "10", "5000", "Sjöhagens Trä AB", ""), Booked("4", "10", "5000", "Karl Berg", ""))
    (line,) = small.bank(Line("12", "5000", "SJOH TRA", "april"))
    return line


def test_an_offered_alias_changes_nothing_and_an_accepted_one_lets_the_line_find_its_invoice(small: Small) -> None:
    rule = taught_alias(small)
    line = pay_third(small)
    small.match()
    assert small.line(line).state in {"open", "proposed"}

    accept_rule(small.context, rule_id=rule)
    small.match()

    assert small.line(line).state == "matched"
    assert small.transaction("3").processed
    (decision,) = small.world.rows("SELECT evidence FROM decision ORDER BY id DESC LIMIT 1")
    assert f"By learned rule {rule} the bank's 'SJOH TRA' is Sjöhagens Trä AB." in decision.evidence
    with small.context.database.read() as uow:
        notes = why_stored(small.context, uow, line_id=line).notes
    assert any(f"learned rule {rule}" in note for note in notes)


def test_a_dropped_rule_is_not_used_and_not_offered_again(small: Small) -> None:
    rule = taught_alias(small)

    drop_rule(small.context, rule_id=rule, reason="two firms")

    assert learn(small.context, account_ids=[small.account]) == []
    line = pay_third(small)
    small.match()
    assert small.line(line).state != "matched"


def test_every_change_of_a_rule_is_in_the_log_and_the_log_still_proves_the_books(small: Small) -> None:
    rule = taught_alias(small)
    accept_rule(small.context, rule_id=rule)

    rows = small.world.rows("SELECT action, happened_by FROM log WHERE action LIKE 'rule.%' ORDER BY seq")

    assert [(row.action, row.happened_by) for row in rows] == [("rule.offer", "anna"), ("rule.accepted", "anna")]
    with small.context.database.read() as uow:
        report = history.verify_log(uow)
    assert report.holds, report


def test_a_rule_that_the_past_contradicts_is_refused_unless_a_person_insists(small: Small) -> None:
    taught_alias(small)
    rule = write_rule(
        small.context, kind=RuleKind.COUNTERPARTY, condition='counterparty is "SJOH TRA"', outcome="Karl Berg"
    )

    with pytest.raises(BadRequest, match=r"2 decision\(s\) contradict rule"):
        accept_rule(small.context, rule_id=rule)

    assert accept_rule(small.context, rule_id=rule, anyway=True).against == 2


def test_an_edited_rule_takes_the_place_of_the_old_one_and_waits(small: Small) -> None:
    rule = taught_alias(small)
    accept_rule(small.context, rule_id=rule)

    made = edit_rule(small.context, rule_id=rule, condition='counterparty has "sjoh"')

    with small.context.database.read() as uow:
        old = small.context.opinions.learned_rule(uow, rule_id=rule)
        new = small.context.opinions.learned_rule(uow, rule_id=made)
    assert (old.state, new.state, new.lesson.condition) == ("dropped", "offered", 'counterparty has "sjoh"')
    assert new.lesson.support == 2
    with pytest.raises(Conflict, match="says the same"):
        write_rule(
            small.context, kind=RuleKind.COUNTERPARTY, condition='counterparty has "sjoh"', outcome="Sjöhagens Trä AB"
        )


def rent_twice(small: Small) -> int:
    """Two rents that only the bank has were booked by hand as other entry type."""
    small.world.do(
        settings.open_entry_type,
        code="RENT",
        name="Lokalhyra",
        kind="other",
        direction="disbursement",
        offset_account="5010",
    )
    lines = small.bank(Line("03", "-8500", "", "LOKALHYRA MARS"), Line("04", "-8500", "", "LOKALHYRA APRIL"))
    small.match()
    deciding.adjust(small.context, line_ids=[lines[0]], entry_type="RENT")
    deciding.adjust(small.context, line_ids=[lines[1]], entry_type="RENT")
    (rule,) = learn(small.context, account_ids=[small.account])
    return rule


def test_an_accepted_entry_type_is_proposed_and_where_the_policy_adjusts_it_is_booked(small: Small) -> None:
    rule = rent_twice(small)
    (line,) = small.bank(Line("20", "-8600", "", "LOKALHYRA MAJ"))
    small.match()
    assert shown(small, line).entry_type != "RENT"

    accept_rule(small.context, rule_id=rule)
    small.match()
    assert shown(small, line).entry_type == "RENT"
    assert small.line(line).state == "open"

    small.policy("adjust")
    small.match(again=True)
    assert small.line(line).state == "adjusted"
    (made,) = small.world.rows(
        "SELECT e.code, a.created_by FROM adjustment a JOIN entry_type e ON e.id = a.entry_type_id"
        " WHERE a.statement_line_id = :line",
        line=line,
    )
    assert (made.code, made.created_by) == ("RENT", "policy:adjust")


def test_what_an_open_transaction_explains_is_never_booked_anew_by_a_rule(small: Small) -> None:
    rule = rent_twice(small)
    accept_rule(small.context, rule_id=rule)
    small.policy("adjust")
    small.book(Booked("4000777", "18", "-8700"))
    (line,) = small.bank(Line("20", "-8700", "", "LOKALHYRA 4000777"))

    small.match()

    assert small.line(line).state == "matched"


def shown(small: Small, line: int) -> reviewing.ReviewLine:
    with small.context.database.read() as uow:
        (found,) = reviewing.review(
            small.context, uow, accounts=[small.account], wanted=ProposalFilter(line_ids=(line,))
        )
    return found


def test_of_two_rules_that_fit_the_one_with_the_lower_rank_is_used(small: Small) -> None:
    rent_twice(small)
    condition = 'text starts "HYRA" and direction is payment'
    first = write_rule(small.context, kind=RuleKind.ENTRY_TYPE, condition=condition, outcome="RENT")
    second = write_rule(small.context, kind=RuleKind.ENTRY_TYPE, condition=condition, outcome="BANKFEE")
    for rule in (first, second):
        accept_rule(small.context, rule_id=rule)
    (line,) = small.bank(Line("20", "-70", "", "HYRA AV SLÄP"))
    small.match()
    assert shown(small, line).entry_type == "RENT"

    place_rule(small.context, rule_id=second, rank=-1)

    assert shown(small, line).entry_type == "BANKFEE"


def test_a_habit_of_quoting_keeps_a_payment_without_a_reference_from_being_cleared(small: Small) -> None:
    ids = small.book(*(Booked(f"4000{n:02}", "01", f"{100 + n}", "Bo Ek") for n in range(1, 16)))
    lines = small.bank(*(Line("03", f"{100 + n}", "BO EK", f"faktura 4000{n:02}") for n in range(1, 16)))
    small.world.match(*zip(lines, ids, strict=True))
    (rule,) = learn(small.context, account_ids=[small.account])
    small.book(Booked("400099", "10", "777.77", "Bo Ek"))
    (silent,) = small.bank(Line("12", "777.77", "BO EK", "tack"))
    accept_rule(small.context, rule_id=rule)

    small.match()

    assert small.line(silent).state == "proposed"
    assert shown(small, silent).verdict is MatchStatus.PROPOSED


def test_a_rule_of_one_account_is_used_there_only(small: Small) -> None:
    other = Small(small.context, policy="match", code="1940", iban="SE4660000000000612345678")
    rule = write_rule(
        small.context,
        kind=RuleKind.ENTRY_TYPE,
        condition='text has "hyra"',
        outcome="BANKFEE",
        account_id=other.account,
    )
    accept_rule(small.context, rule_id=rule)
    (here,) = small.bank(Line("20", "-70", "", "HYRA"))
    (there,) = other.bank(Line("20", "-70", "", "HYRA"))
    small.match()
    other.match()

    assert shown(small, here).entry_type == ""
    assert shown(other, there).entry_type == "BANKFEE"


def test_a_rule_about_an_unknown_entry_type_is_refused(small: Small) -> None:
    with pytest.raises(Unknown, match="no active entry type 'NOPE'"):
        write_rule(small.context, kind=RuleKind.ENTRY_TYPE, condition='text has "x"', outcome="NOPE")


def test_an_undone_decision_teaches_nothing(small: Small) -> None:
    taught_alias(small)
    with small.context.database.read() as uow:
        before = past_of(small.context, uow)
    for row in small.world.rows("SELECT id FROM decision"):
        deciding.undo(small.context, decision_ids=[row.id])

    with small.context.database.read() as uow:
        after = past_of(small.context, uow)

    assert (len(before.outcomes), len(after.outcomes)) == (2, 0)
    assert RuleState.OFFERED in {row.state for row in small.world.rows("SELECT state FROM learned_rule")}
