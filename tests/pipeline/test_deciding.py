"""A person's word on proposals: what is accepted, remembered, refused when it is stale, and taken back."""

from __future__ import annotations

from typing import Any

import pytest

from matcher.pipeline import deciding, reviewing
from matcher.pipeline.context import Context
from matcher.pipeline.decisions import decisions
from matcher.pipeline.matching import match_accounts
from matcher.pipeline.reviewing import ReviewLine
from matcher.proposal import MatchStatus, ProposalFilter
from recon_core.domain.refusals import BadRequest, Conflict, NotBalanced, Unknown
from tests.pipeline.small import Booked, Line, Small, kr

EVERYTHING = ProposalFilter()


@pytest.fixture
def small(context: Context) -> Small:
    return Small(context)


def review(small: Small, **wanted: Any) -> list[ReviewLine]:
    with small.context.database.read() as uow:
        return reviewing.review(small.context, uow, accounts=[small.account], wanted=ProposalFilter(**wanted))


def preview(small: Small, wanted: ProposalFilter = EVERYTHING) -> deciding.Preview:
    with small.context.database.read() as uow:
        return deciding.preview(small.context, uow, accounts=[small.account], wanted=wanted)


def accept_all(small: Small, token: str, wanted: ProposalFilter = EVERYTHING) -> deciding.Decided:
    return deciding.accept_all(small.context, accounts=[small.account], wanted=wanted, token=token)


def two_invoices(small: Small) -> list[int]:
    """Two lines, each with one invoice that fits it."""
    small.book(Booked("301101", "01", "12500", "Sjöhagens Trä AB"), Booked("301143", "01", "8437.50", "Kullaberg HB"))
    lines = small.bank(
        Line("03", "12500", "SJOHAGENS TRA AB", "Faktura 301101"), Line("03", "8437.50", "KULLABERG HB", "301143")
    )
    small.match()
    return lines


def test_an_accepted_proposal_proves_its_transaction_and_leaves_the_list(small: Small) -> None:
    first, second = two_invoices(small)

    done = deciding.accept(small.context, line_ids=[first])

    assert small.line(first).state == "matched"
    assert small.transaction("301101").processed
    assert [line.line_id for line in review(small)] == [second]
    (decision,) = small.world.rows("SELECT * FROM decision WHERE id = :id", id=done.decision_ids[0])
    assert decision.decided_by == "anna"
    assert decision.reference.startswith("proposal ")


def test_a_line_can_be_accepted_once(small: Small) -> None:
    first, _ = two_invoices(small)
    deciding.accept(small.context, line_ids=[first])

    with pytest.raises(Unknown, match="is matched and nothing is proposed"):
        deciding.accept(small.context, line_ids=[first])


def test_all_named_lines_are_accepted_or_none(small: Small) -> None:
    first, second = two_invoices(small)

    with pytest.raises(BadRequest, match="has 1 choice"):
        deciding.accept(small.context, line_ids=[first, second], choice=2)

    assert {small.line(first).state, small.line(second).state} == {"proposed"}


def test_of_two_equal_invoices_a_person_takes_the_one_that_is_meant(small: Small) -> None:
    small.book(
        Booked("1001", "01", "4900", "Vårgårda Kontor AB", ""), Booked("1002", "02", "4900", "Vårgårda Kontor AB", "")
    )
    (line,) = small.bank(Line("05", "4900", "VARGARDA KONTOR AB"))
    small.match()
    (shown,) = review(small)
    assert len(shown.choices) == 2
    second = shown.choices[1].transactions[0]

    deciding.accept(small.context, line_ids=[line], choice=2)

    assert small.transaction(second.external_id).processed
    assert not small.transaction(shown.choices[0].transactions[0].external_id).processed


def test_an_undone_decision_leaves_everything_as_it_was(small: Small) -> None:
    first, _ = two_invoices(small)
    done = deciding.accept(small.context, line_ids=[first])

    undone = deciding.undo(small.context, decision_ids=done.decision_ids, reason="wrong")

    assert undone.line_ids == (first,)
    assert small.line(first).state == "open"
    assert not small.transaction("301101").cleared
    small.match(again=True)
    assert {line.line_id for line in review(small, verdicts=(MatchStatus.CLEARED, MatchStatus.PROPOSED))} >= {first}


def test_a_rejected_pair_is_not_proposed_again_until_the_rejection_is_undone(small: Small) -> None:
    first, _ = two_invoices(small)

    rejected = deciding.reject(small.context, line_ids=[first], reason="another customer")
    small.match()

    assert all(not line.choices for line in review(small, line_ids=(first,)))
    deciding.undo(small.context, decision_ids=rejected.decision_ids)
    small.match()
    (line,) = review(small, line_ids=(first,))
    assert line.choices[0].transactions[0].external_id == "301101"


def test_after_the_first_choice_is_rejected_its_rival_is_proposed(small: Small) -> None:
    small.book(
        Booked("1001", "01", "4900", "Vårgårda Kontor AB", ""), Booked("1002", "02", "4900", "Vårgårda Kontor AB", "")
    )
    (line,) = small.bank(Line("05", "4900", "VARGARDA KONTOR AB"))
    small.match()
    (before,) = review(small)

    deciding.reject(small.context, line_ids=[line])
    small.match()

    (after,) = review(small)
    assert [choice.transactions for choice in after.choices] == [before.choices[1].transactions]
    deciding.accept(small.context, line_ids=[line])
    assert small.transaction(before.choices[1].transactions[0].external_id).processed


def test_rejecting_every_choice_leaves_the_line_unmatched(small: Small) -> None:
    small.book(
        Booked("1001", "01", "4900", "Vårgårda Kontor AB", ""), Booked("1002", "02", "4900", "Vårgårda Kontor AB", "")
    )
    (line,) = small.bank(Line("05", "4900", "VARGARDA KONTOR AB"))
    small.match()

    deciding.reject(small.context, line_ids=[line], every=True)
    small.match()

    (after,) = review(small)
    assert (after.verdict, after.choices) == (MatchStatus.UNMATCHED, ())


def test_a_bulk_is_accepted_as_previewed_and_undone_as_one(small: Small) -> None:
    lines = two_invoices(small)
    shown = preview(small)
    assert [line.line_id for line in shown.lines] == lines

    done = accept_all(small, shown.token)

    assert done.line_ids == tuple(lines)
    assert done.left == ()
    assert done.batch_id is not None
    undone = deciding.undo(small.context, batch_id=done.batch_id)
    assert set(undone.line_ids) == set(lines)
    assert {small.line(one).state for one in lines} == {"open"}


def test_a_bulk_takes_only_what_its_filter_wants(small: Small) -> None:
    two_invoices(small)
    rules = {line.line_id: line.rule for line in review(small)}
    wanted = ProposalFilter(rule=next(iter(rules.values())))

    shown = preview(small, wanted)

    assert {line.line_id for line in shown.lines} == {one for one, rule in rules.items() if rule == wanted.rule}
    assert not preview(small, ProposalFilter(rule="M99")).lines


def test_of_a_preview_only_pairs_that_a_fresh_run_still_proposes_are_accepted(small: Small) -> None:
    small.book(Booked("77", "01", "4900", "Vårgårda Kontor AB", ""), Booked("301143", "01", "8437.50", "Kullaberg HB"))
    rival, sure = small.bank(Line("05", "4900", "VARGARDA KONTOR AB"), Line("05", "8437.50", "KULLABERG HB", "301143"))
    small.match()
    shown = preview(small)
    assert len(shown.lines) == 2
    small.book(Booked("78", "05", "4900", "Vårgårda Kontor AB", ""))

    done = accept_all(small, shown.token)

    assert done.line_ids == (sure,)
    assert [one.line_id for one in done.left] == [rival]
    assert small.line(rival).used_amount == 0


def test_a_bulk_is_refused_when_the_proposals_changed_since_the_preview(small: Small) -> None:
    first, second = two_invoices(small)
    token = preview(small).token
    deciding.accept(small.context, line_ids=[first])

    with pytest.raises(Conflict, match="not those of the preview"):
        accept_all(small, token)

    assert small.line(second).state == "proposed"


def test_a_line_with_a_rival_is_never_in_a_bulk(small: Small) -> None:
    small.book(
        Booked("1001", "01", "4900", "Vårgårda Kontor AB", ""), Booked("1002", "02", "4900", "Vårgårda Kontor AB", "")
    )
    small.bank(Line("05", "4900", "VARGARDA KONTOR AB"))
    small.match()

    shown = preview(small)

    assert (shown.lines, shown.rivals) == ((), 1)


def short_payment(small: Small) -> int:
    small.book(Booked("500123", "01", "1000", "Oceanic Trading Ltd"))
    (line,) = small.bank(Line("03", "940", "OCEANIC TRADING LTD", "Invoice 500123"))
    small.match()
    return line


def test_a_short_payment_is_a_part_or_paid_in_full_with_the_rest_written_off(small: Small) -> None:
    line = short_payment(small)

    in_full = deciding.accept(small.context, line_ids=[line], entry_type="WRITEOFF")
    assert small.transaction("500123").processed
    (adjustment,) = small.world.rows(
        "SELECT t.amount FROM adjustment a JOIN book_transaction t ON t.id = a.book_transaction_id"
    )
    assert adjustment.amount == kr("-60")

    deciding.undo(small.context, decision_ids=in_full.decision_ids)
    small.match(again=True)
    deciding.accept(small.context, line_ids=[line], partial=True)
    transaction = small.transaction("500123")
    assert (transaction.processed, transaction.matched_amount) == (False, kr("940"))


def test_a_rest_that_nobody_explains_is_refused_with_its_amount(small: Small) -> None:
    small.book(
        Booked("500123", "01", "1000", "Oceanic Trading Ltd"), Booked("500124", "01", "600", "Oceanic Trading Ltd")
    )
    (line,) = small.bank(Line("03", "1590", "OCEANIC TRADING LTD", "500123 500124"))
    small.match()
    (shown,) = review(small)
    with_rest = [number for number, one in enumerate(shown.choices, start=1) if one.difference]
    assert with_rest

    with pytest.raises(NotBalanced, match=r"differ by -?\d+\.\d\d SEK"):
        deciding.accept(small.context, line_ids=[line], choice=with_rest[-1])


def test_lines_that_pay_one_transaction_together_are_accepted_together(small: Small) -> None:
    small.book(Booked("700100", "01", "9000", "Bo Ek"))
    lines = small.bank(Line("05", "4000", "BO EK", "700100"), Line("06", "5000", "BO EK", "700100 rest"))
    small.match()

    done = deciding.accept(small.context, line_ids=[lines[0]])

    assert set(done.line_ids) == set(lines)
    assert len(done.decision_ids) == 1
    assert small.transaction("700100").processed


def test_a_fee_is_adjusted_under_the_proposed_entry_type_and_waits_for_its_release(small: Small) -> None:
    (line,) = small.bank(Line("05", "-50", "", "", {"code": "PMNT/MDOP/CHRG", "additional_info": "Bankavgift"}))
    small.match()
    (shown,) = review(small)
    assert shown.entry_type == "BANKFEE"

    deciding.adjust(small.context, line_ids=[line])

    assert small.line(line).state == "adjusted"
    (adjustment,) = small.world.rows("SELECT state FROM adjustment")
    assert adjustment.state == "created"


def test_a_line_that_nobody_can_name_is_not_adjusted_without_an_entry_type(small: Small) -> None:
    (line,) = small.bank(Line("05", "-950", "OKAND LEVERANTOR AB"))
    small.match()

    with pytest.raises(BadRequest, match="No entry type is proposed"):
        deciding.adjust(small.context, line_ids=[line])


def test_what_an_open_transaction_may_explain_is_not_booked_anew_by_default(small: Small) -> None:
    line = short_payment(small)

    with pytest.raises(BadRequest, match="may be 500123, which is booked already"):
        deciding.adjust(small.context, line_ids=[line])

    assert small.line(line).used_amount == 0


def test_an_ignored_line_keeps_its_reason_and_can_be_taken_back(small: Small) -> None:
    (line,) = small.bank(Line("05", "-950", "OKAND LEVERANTOR AB"))
    small.match()

    done = deciding.ignore(small.context, line_ids=[line], reason="booked in the old system")

    assert small.line(line).state_reason == "booked in the old system"
    assert review(small) == []
    deciding.undo(small.context, batch_id=done.batch_id)
    assert small.line(line).state == "open"


def test_the_list_of_decisions_names_bulk_lines_transactions_and_what_was_undone(small: Small) -> None:
    first, second = two_invoices(small)
    accepted = deciding.accept(small.context, line_ids=[first])
    rejected = deciding.reject(small.context, line_ids=[second])
    deciding.undo(small.context, decision_ids=accepted.decision_ids, reason="too early")

    with small.context.database.read() as uow:
        standing = decisions(uow, account_ids=[small.account], limit=10)
        every = decisions(uow, line_ids=[first], undone=True, limit=10)

    assert [(one.id, one.kind, one.line_ids) for one in standing] == [(rejected.decision_ids[0], "reject", (second,))]
    assert [(one.transactions, one.undone_by, one.reason) for one in every] == [(("301101",), "anna", "too early")]


def test_how_many_decisions_of_a_bulk_stand_is_counted_for_who_asks(small: Small) -> None:
    lines = two_invoices(small)
    deciding.accept(small.context, line_ids=list(lines))

    with small.context.database.read() as uow:
        asked = decisions(uow, account_ids=[small.account], bulks=True, limit=10)
        unasked = decisions(uow, account_ids=[small.account], limit=10)

    assert [one.in_bulk for one in asked] == [2, 2]
    assert [one.in_bulk for one in unasked] == [0, 0]


def test_lines_that_were_opened_again_are_counted_as_not_matched_yet(small: Small) -> None:
    first, _ = two_invoices(small)
    done = deciding.accept(small.context, line_ids=[first])
    deciding.undo(small.context, decision_ids=done.decision_ids)

    with small.context.database.read() as uow:
        assert reviewing.not_matched_yet(uow, accounts=[small.account]) == 1


def test_a_choice_whose_transaction_was_used_since_is_marked(small: Small) -> None:
    small.book(Booked("1001", "01", "4900", "Vårgårda Kontor AB", ""))
    small.bank(Line("05", "4900", "VARGARDA KONTOR AB"), Line("06", "4900", "VARGARDA KONTOR AB"))
    small.match()
    shown = review(small)
    both = [line for line in shown if line.choices]
    assert len(both) == 2
    deciding.accept(small.context, line_ids=[both[0].line_id])

    (left,) = review(small, line_ids=(both[1].line_id,))

    assert not left.current


def test_accepting_where_nothing_is_proposed_names_the_other_ways(small: Small) -> None:
    (line,) = small.bank(Line("03", "3333", "M LINDQVIST", "Swish"))
    small.match()

    with pytest.raises(BadRequest, match="Nothing is proposed") as refused:
        deciding.accept(small.context, line_ids=[line])

    assert f"recon adjust-line {line}" in refused.value.cure


def test_an_automatic_match_that_a_person_took_back_does_not_come_again_by_itself(small: Small) -> None:
    small.policy("adjust")
    first, second = two_invoices(small)
    (fee,) = small.bank(Line("04", "-50", "", "", {"code": "PMNT/MDOP/CHRG", "additional_info": "Bankavgift"}))
    small.match()
    assert {small.line(line).state for line in (first, second, fee)} == {"matched", "adjusted"}
    with small.context.database.read() as uow:
        made = decisions(uow, account_ids=[small.account], limit=10)
    taken = [one.id for one in made if {first, fee} & set(one.line_ids)]

    deciding.undo(small.context, decision_ids=taken)
    again = small.match(again=True)

    assert (again.cleared, again.adjusted, again.proposed, again.unmatched) == (0, 0, 1, 1)
    assert small.line(second).state == "matched"
    (proposal,) = [line for line in review(small) if line.line_id == first]
    assert proposal.evidence[-1].says.startswith("not cleared: a person rejected a match of this line or took one back")
    deciding.accept(small.context, line_ids=[first])
    assert small.line(first).state == "matched"


def test_what_was_accepted_and_taken_back_is_proposed_again_by_the_next_match(small: Small) -> None:
    lines = two_invoices(small)
    done = deciding.accept(small.context, line_ids=lines)
    deciding.undo(small.context, batch_id=done.batch_id)
    assert review(small) == []

    assert match_accounts(small.context, [small.account])

    assert [line.line_id for line in review(small)] == lines
    assert match_accounts(small.context, [small.account]) == []
