"""Instalments and returned payments on the way through engine, books and document."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from matcher.pipeline import deciding
from matcher.pipeline.context import Context
from matcher.pipeline.difference import explain_difference
from matcher.pipeline.matching import match_accounts
from matcher.pipeline.reconciling import accounts_to_reconcile, reconcile_accounts
from matcher.pipeline.returns import void_given_back
from matcher.pipeline.reviewing import review
from matcher.pipeline.why_stored import why_stored
from matcher.proposal import Category, MatchStatus
from recon_core.domain.refusals import Unknown
from recon_core.reports.open_items import open_transactions
from recon_core.services import documents, reconcile, release, voiding
from tests.pipeline.small import Booked, Line, Small, day, kr
from tests.pipeline.test_run import run_demo


def returning(reference: str) -> Any:
    return MappingProxyType({"end_to_end_id": reference, "return_reason": "AC04"})


def carrying(reference: str) -> Any:
    return MappingProxyType({"end_to_end_id": reference})


def reviewed(small: Small, line_id: int) -> Any:
    with small.context.database.read() as uow:
        lines = review(small.context, uow, accounts=[small.account])
    return {line.line_id: line for line in lines}[line_id]


def parts(small: Small) -> list[tuple[Any, ...]]:
    sql = "SELECT external_id, amount, matched_amount FROM book_transaction WHERE status <> 'rejected' ORDER BY id"
    return [tuple(row) for row in small.world.rows(sql)]


@pytest.fixture
def small(context: Context) -> Small:
    return Small(context)


@pytest.fixture
def clearing(small: Small) -> Small:
    small.policy("clear")
    return small


def test_the_next_instalment_matches_what_was_left(clearing: Small) -> None:
    small = clearing
    small.book(Booked("K1", "02", "15000", "Bergslagens Maskin AB", "301408"))
    small.bank(Line("11", "7500", "Bergslagens Maskin AB", "Delbetalning 301408"))
    small.match()
    (done,) = reconcile_accounts(small.context, [small.account], by="anna")
    assert parts(small) == [("K1", kr("7500"), kr("7500")), ("K1#2", kr("7500"), 0)]
    assert small.world.figures(done.document_id).difference == 0

    small.bank(Line("2026-04-11", "7500", "Bergslagens Maskin AB", "Delbetalning 301408"))
    found = small.match()

    assert (found.cleared, found.proposed) == (1, 0)
    assert parts(small)[1] == ("K1#2", kr("7500"), kr("7500"))


def test_a_second_run_after_a_split_has_nothing_to_do(clearing: Small) -> None:
    small = clearing
    small.book(Booked("K1", "02", "15000", "Bergslagens Maskin AB", "301408"))
    small.bank(Line("11", "7500", "Bergslagens Maskin AB", "Delbetalning 301408"))
    small.match()
    reconcile_accounts(small.context, [small.account], by="anna")

    with small.context.database.read() as uow:
        assert accounts_to_reconcile(uow) == []
    assert match_accounts(small.context, [small.account]) == []


def test_what_was_proposed_with_the_whole_is_proposed_with_the_rest(small: Small) -> None:
    small.book(Booked("K1", "02", "15000", "Bergslagens Maskin AB", "301408"))
    first, second = small.bank(
        Line("11", "7500", "Bergslagens Maskin AB", "Delbetalning 301408"),
        Line("12", "2500", "Bergslagens Maskin AB", "Delbetalning 301408"),
    )
    small.match()
    deciding.accept(small.context, line_ids=[first], partial=True)
    small.match()
    before = reviewed(small, second).choices[0]
    assert [one.external_id for one in before.transactions] == ["K1"]

    reconcile_accounts(small.context, [small.account], by="anna")

    after = reviewed(small, second)
    assert [one.external_id for one in after.choices[0].transactions] == ["K1#2"]
    assert (after.current, after.choices[0].difference) == (True, before.difference)
    deciding.accept(small.context, line_ids=[second], partial=True)
    assert parts(small)[1] == ("K1#2", kr("7500"), kr("2500"))


def test_a_decided_instalment_is_explained_as_it_was_decided(clearing: Small) -> None:
    small = clearing
    small.book(Booked("K1", "02", "15000", "Bergslagens Maskin AB", "301408"))
    (line_id,) = small.bank(Line("11", "7500", "Bergslagens Maskin AB", "Delbetalning 301408"))
    small.match()
    reconcile_accounts(small.context, [small.account], by="anna")

    with small.context.database.read() as uow:
        found = why_stored(small.context, uow, line_id=line_id)

    assert found.why.status is MatchStatus.CLEARED
    assert found.why.category == Category.PARTIAL


def test_the_rest_of_an_overpaid_line_is_proposed_again_and_closes_with_an_adjustment(small: Small) -> None:
    small.book(Booked("K1", "02", "7500", "Bergslagens Maskin AB", "301408"))
    (line_id,) = small.bank(Line("11", "10000.25", "Bergslagens Maskin AB", "301408"))
    small.match()
    assert reviewed(small, line_id).category == Category.OVERPAYMENT
    deciding.accept(small.context, line_ids=[line_id])

    small.match()

    left = reviewed(small, line_id)
    assert (left.amount, left.choices) == (kr("2500.25"), ())
    deciding.adjust(small.context, line_ids=[line_id], entry_type="UNKNOWN")
    small.release_adjustments()
    (done,) = reconcile_accounts(small.context, [small.account], by="anna")
    assert small.world.figures(done.document_id).difference == 0


def test_what_an_automatic_match_leaves_of_an_overpaid_line_has_an_opinion_at_once(clearing: Small) -> None:
    small = clearing
    small.book(Booked("K1", "02", "7500", "Bergslagens Maskin AB", "301408"))
    (line_id,) = small.bank(Line("11", "10000.25", "Bergslagens Maskin AB", "301408"))

    found = small.match()

    assert (found.cleared, found.unmatched) == (0, 1)
    assert small.transaction("K1").processed
    left = reviewed(small, line_id)
    assert (left.amount, left.choices, left.verdict) == (kr("2500.25"), (), MatchStatus.UNMATCHED)
    assert match_accounts(small.context, [small.account]) == []


def sent_and_returned(small: Small) -> list[int]:
    small.book(Booked("L5541", "10", "-3120", "Ostkustens Frakt AB", "LB-5541"))
    lines = small.bank(
        Line("11", "-3120", "Ostkustens Frakt AB", "", carrying("LB-5541")),
        Line("14", "3120", "Ostkustens Frakt AB", "", returning("LB-5541")),
    )
    small.match()
    return lines


def test_a_returned_payment_names_what_it_gives_back_and_one_step_settles_it(clearing: Small) -> None:
    small = clearing
    _, line_id = sent_and_returned(small)
    shown = reviewed(small, line_id)
    assert (shown.category, shown.gives_back.external_id) == (Category.RETURN, "L5541")
    with small.context.database.read() as uow:
        notes = why_stored(small.context, uow, line_id=line_id).notes
    assert any("matched with L5541" in note and "recon returned" in note for note in notes)
    (done,) = reconcile_accounts(small.context, [small.account], by="anna")
    with small.context.database.read() as uow:
        causes = explain_difference(small.context, uow, account_id=small.account).causes
    assert any(f"recon returned {line_id} voids L5541" in cause.fix for cause in causes)

    name, void_id = void_given_back(small.context, line_id=line_id)

    assert name == "L5541"
    assert small.line(line_id).state == "matched"
    small.world.do(reconcile.reconcile_processed, document_id=done.document_id)
    assert small.world.figures(done.document_id).difference == 0
    entry = small.world.rows("SELECT * FROM book_transaction WHERE id = :id", id=void_id)[0]
    assert (entry.amount, entry.transaction_date, entry.processed) == (kr("3120"), day("14"), True)


def test_a_voiding_entry_of_a_closed_payment_is_matched_by_its_reference(clearing: Small) -> None:
    small = clearing
    small.book(Booked("L5541", "10", "-3120", "Ostkustens Frakt AB", "LB-5541"))
    small.bank(Line("11", "-3120", "Ostkustens Frakt AB", "", carrying("LB-5541")))
    small.match()
    (done,) = reconcile_accounts(small.context, [small.account], by="anna")
    small.world.do(release.release, document_id=done.document_id)
    void_id = small.world.do(voiding.void_transaction, transaction_id=small.transaction("L5541").id, day=day("13"))
    with small.context.database.read() as uow:
        assert open_transactions(uow)["id"] == [void_id]

    small.bank(Line("14", "3120", "Ostkustens Frakt AB", "", returning("LB-5541")))
    found = small.match()

    assert (found.cleared, found.unmatched) == (1, 0)
    (following,) = reconcile_accounts(small.context, [small.account], by="anna")
    listed = [line.ids for line in small.world.read(documents.listed, following.document_id) if line.reconciled]
    assert listed == [(void_id,)]
    assert small.world.figures(following.document_id).difference == 0


def test_a_return_that_names_nothing_wants_the_transaction_named(clearing: Small) -> None:
    small = clearing
    small.book(Booked("L5541", "10", "-3120", "Ostkustens Frakt AB", "LB-5541"))
    _, line_id = small.bank(
        Line("11", "-3120", "Ostkustens Frakt AB", "", carrying("LB-5541")),
        Line("14", "3120", "Ostkustens Frakt AB", "", returning("XX99")),
    )
    small.match()
    assert reviewed(small, line_id).gives_back is None

    with pytest.raises(Unknown, match="does not tell"):
        void_given_back(small.context, line_id=line_id)
    with pytest.raises(Unknown, match="0 transactions"):
        void_given_back(small.context, line_id=line_id, transaction="L9999")
    void_given_back(small.context, line_id=line_id, transaction="L5541", reason="AC04")

    assert small.line(line_id).state == "matched"


def test_the_demo_account_differs_only_by_its_fee_once_the_return_is_settled(context: Context) -> None:
    report = run_demo(context)
    shown = {one.code: one for one in report.overview}["1940"]
    assert shown.difference == kr("3120") - kr("45"), "the return and the fee are all that is not explained"
    with context.database.read() as uow:
        lines = review(context, uow, accounts=[shown.account_id])
        document_id = documents.open_id(uow, shown.account_id)
        assert document_id is not None
    (line,) = (one for one in lines if one.gives_back is not None)

    void_given_back(context, line_id=line.line_id)

    reconcile_accounts(context, [shown.account_id], by="anna")
    with context.database.read() as uow:
        found = documents.figures(uow, documents.row(uow, document_id))
    assert found.difference == kr("-45")
    run_demo(context)
    assert not run_demo(context).changed
