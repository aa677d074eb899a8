"""Bank lines and book transactions put together, and taken apart again."""

from __future__ import annotations

import pytest

from recon_core.domain.matching import Match, Rest
from recon_core.domain.refusals import (
    AmountUsed,
    BadRequest,
    Closed,
    NotBalanced,
    PeriodLocked,
    PolicyForbids,
    Unknown,
    Unreleased,
    WrongState,
)
from recon_core.reports.open_items import advice_for, open_lines, open_transactions
from recon_core.services import accounts, adjust, books, clearing, history, lookup, reconcile, settings, undo, voiding
from tests.core.world import ANNA, NIGHT, World, day, kr


@pytest.fixture
def month(world: World) -> tuple[World, int, list[int], list[int]]:
    """An account with bank lines of 100, 60, -30 and transactions of 100, 40, 20, -30."""
    account_id = world.account(policy="release")
    world.entry_types()
    transactions = world.book(account_id, "2017-01-05 100 A", "2017-01-06 40 B", "2017-01-06 20 C", "2017-01-07 -30 D")
    lines = world.statement(account_id, "0", "2017-01-09 100 R1", "2017-01-10 60 R2", "2017-01-11 -30 R3").new_line_ids
    return world, account_id, list(lines), transactions


def transaction(world: World, transaction_id: int) -> tuple[object, ...]:
    columns = "matched_amount, cleared, clear_date, cleared_by, processed"
    return tuple(world.rows(f"SELECT {columns} FROM book_transaction WHERE id = :id", id=transaction_id)[0])


def line(world: World, line_id: int) -> tuple[object, ...]:
    return tuple(world.rows("SELECT state, used_amount FROM statement_line WHERE id = :id", id=line_id)[0])


def test_a_match_clears_with_the_banks_date_and_says_who(month: tuple[World, int, list[int], list[int]]) -> None:
    world, _, lines, transactions = month

    applied = world.match((lines[0], transactions[0]))

    assert line(world, lines[0]) == ("matched", kr("100"))
    assert transaction(world, transactions[0]) == (kr("100"), True, day("2017-01-09"), ANNA, True)
    assert len(applied.decision_ids) == 1


def test_one_line_is_matched_with_several_transactions(month: tuple[World, int, list[int], list[int]]) -> None:
    world, _, lines, transactions = month

    world.do(clearing.apply_matches, matches=[Match((lines[1],), tuple(transactions[1:3]))])

    assert line(world, lines[1]) == ("matched", kr("60"))
    assert [transaction(world, one)[4] for one in transactions[1:3]] == [True, True]


def test_partial_amounts_add_up_and_clear_only_when_all_is_there(
    month: tuple[World, int, list[int], list[int]],
) -> None:
    world, _, lines, transactions = month
    part = Match((lines[1],), (transactions[0],), transaction_amounts=(kr("60"),))
    world.do(clearing.apply_matches, matches=[part])
    assert line(world, lines[1]) == ("matched", kr("60"))
    assert transaction(world, transactions[0]) == (kr("60"), False, None, None, False)
    assert dict(zip(*open_amounts(world), strict=True))[transactions[0]] == kr("40")

    rest = Match((lines[0],), (transactions[0],), line_amounts=(kr("40"),))
    world.do(clearing.apply_matches, matches=[rest])

    assert line(world, lines[0]) == ("open", kr("40"))
    assert transaction(world, transactions[0]) == (kr("100"), True, day("2017-01-09"), ANNA, True)


def open_amounts(world: World) -> tuple[list[int], list[int]]:
    columns = world.read(open_transactions)
    return columns["id"], columns["amount"]


def test_an_amount_is_used_once_also_within_one_bulk(month: tuple[World, int, list[int], list[int]]) -> None:
    world, _, lines, transactions = month
    twice = [Match((lines[0],), (transactions[0],)), Match((lines[0],), (transactions[0],))]

    with pytest.raises(AmountUsed):
        world.do(clearing.apply_matches, matches=twice)
    applied = world.do(clearing.apply_matches, matches=twice, skip_refused=True)

    assert len(applied.decision_ids) == 1
    assert [(one.position, one.refused.code) for one in applied.skipped] == [(1, "amount-used")]
    with pytest.raises(WrongState):
        world.match((lines[0], transactions[1]))


def test_sums_that_differ_are_refused(month: tuple[World, int, list[int], list[int]]) -> None:
    world, _, lines, transactions = month

    with pytest.raises(NotBalanced):
        world.match((lines[0], transactions[1]))

    assert line(world, lines[0]) == ("open", 0)


@pytest.mark.parametrize(
    ("match", "error"),
    [
        (Match((), (1,)), BadRequest),
        (Match((1,), ()), BadRequest),
        (Match((1, 1), (1,)), BadRequest),
        (Match((1,), (1,), line_amounts=(1, 2)), BadRequest),
        (Match((1,), (1,), line_amounts=(-100,)), AmountUsed),
        (Match((1,), (1,), line_amounts=(0,), transaction_amounts=(0,)), AmountUsed),
        (Match((1,), (99,)), Unknown),
        (Match((1,), (1,), rest=Rest("WOFF")), BadRequest),
    ],
)
def test_a_match_that_makes_no_sense_is_refused(
    month: tuple[World, int, list[int], list[int]], match: Match, error: type[Exception]
) -> None:
    world = month[0]

    with pytest.raises(error):
        world.do(clearing.apply_matches, matches=[match])


def test_a_short_payment_is_paid_in_full_with_the_rest_written_off_within_limits(world: World) -> None:
    account_id = world.account(policy="adjust")
    world.entry_types()
    (invoice,) = world.book(account_id, "2017-01-05 1000 A")
    (paid,) = world.statement(account_id, "0", "2017-01-09 990 R1").new_line_ids
    match = Match((paid,), (invoice,), rest=Rest("WOFF", "intermediary's fee"))
    world.do(settings.set_limit, purpose="write_off", currency="SEK", minor_max=kr("5"))
    with pytest.raises(PolicyForbids, match=r"10\.00 SEK is above the limit of 5\.00"):
        world.do(clearing.apply_matches, matches=[match])
    world.do(settings.set_limit, purpose="write_off", currency="SEK", minor_max=kr("20"), reason="WOFF")

    world.do(clearing.apply_matches, matches=[match])

    assert line(world, paid) == ("matched", kr("990"))
    assert transaction(world, invoice)[4] is True
    rows = world.rows(
        "SELECT t.amount, t.status, t.cleared, a.state FROM adjustment a JOIN book_transaction t"
        " ON t.id = a.book_transaction_id"
    )
    assert [tuple(row) for row in rows] == [(kr("-10"), "balanced", True, "created")]
    totals = world.rows("SELECT line_total, book_total, adjustment_total FROM decision")
    assert [tuple(row) for row in totals] == [(kr("990"), kr("1000"), kr("-10"))]


def test_undoing_restores_what_was_before(month: tuple[World, int, list[int], list[int]]) -> None:
    world, _, lines, transactions = month
    world.do(books.set_cleared, ids=[transactions[0]], clear_date=day("2017-01-06"), by="bo")
    before = (transaction(world, transactions[0]), line(world, lines[0]))
    applied = world.match((lines[0], transactions[0]), (lines[2], transactions[3]))

    undone = world.do(undo.undo_batch, batch_id=applied.batch_id, reason="wrong customer")

    assert (transaction(world, transactions[0]), line(world, lines[0])) == before
    assert before[0] == (0, True, day("2017-01-06"), "bo", False)
    assert sorted(undone.line_ids) == sorted([lines[0], lines[2]])
    assert world.match((lines[0], transactions[0])).batch_id != applied.batch_id
    with pytest.raises(WrongState):
        world.do(undo.undo_decisions, decision_ids=list(applied.decision_ids))
    assert world.read(history.verify_log).differences == ()


def test_undoing_one_of_two_partial_matches_keeps_the_other(month: tuple[World, int, list[int], list[int]]) -> None:
    world, _, lines, transactions = month
    first = world.do(
        clearing.apply_matches, matches=[Match((lines[1],), (transactions[0],), transaction_amounts=(kr("60"),))]
    )
    world.do(clearing.apply_matches, matches=[Match((lines[0],), (transactions[0],), line_amounts=(kr("40"),))])

    world.do(undo.undo_decisions, decision_ids=list(first.decision_ids))

    assert transaction(world, transactions[0]) == (kr("40"), False, None, None, False)
    assert line(world, lines[1]) == ("open", 0)
    assert line(world, lines[0]) == ("open", kr("40"))


@pytest.mark.parametrize("undone", ["the first part", "the second part", "both parts"])
def test_a_transaction_that_a_person_cleared_in_between_stays_cleared(world: World, undone: str) -> None:
    account_id = world.account()
    (one,) = world.book(account_id, "2017-01-10 100 A")
    first, second = world.statement(account_id, "0", "2017-01-10 40 R1", "2017-01-12 60 R2").new_line_ids
    early = world.match_part(first, one)
    world.do(books.set_cleared, ids=[one], clear_date=day("2017-01-11"))
    late = world.match_part(second, one)

    wanted = {"the first part": [early], "the second part": [late], "both parts": [early, late]}[undone]
    world.do(undo.undo_decisions, decision_ids=wanted, join=False)

    assert transaction(world, one)[1:] == (True, day("2017-01-11"), ANNA, False)


def test_undoing_a_part_leaves_what_a_person_cleared_after_it(world: World) -> None:
    account_id = world.account()
    (one,) = world.book(account_id, "2017-01-10 100 A")
    first, _ = world.statement(account_id, "0", "2017-01-10 40 R1", "2017-01-12 60 R2").new_line_ids
    early = world.match_part(first, one)
    world.do(books.set_cleared, ids=[one], clear_date=day("2017-01-11"))

    world.do(undo.undo_decisions, decision_ids=[early])

    assert transaction(world, one) == (0, True, day("2017-01-11"), ANNA, False)


def test_what_is_named_twice_is_done_once(month: tuple[World, int, list[int], list[int]]) -> None:
    world, _, lines, transactions = month
    world.do(books.set_cleared, ids=transactions[:1] * 2, clear_date=day("2017-01-11"))
    assert len(world.do(clearing.ignore_lines, line_ids=lines[:1] * 2, reason="twice").decision_ids) == 1
    (decision,) = world.match((lines[2], transactions[3])).decision_ids

    assert world.do(undo.undo_decisions, decision_ids=[decision, decision]).decision_ids == (decision,)


def test_undoing_unticks_in_an_open_document_and_puts_it_on_hold(
    month: tuple[World, int, list[int], list[int]],
) -> None:
    world, account_id, lines, transactions = month
    applied = world.match((lines[0], transactions[0]))
    document_id = world.document(account_id, "2017-01-09", "100")
    world.do(reconcile.reconcile_processed, document_id=document_id)
    world.do(reconcile.remove_hold, document_id=document_id)

    undone = world.do(undo.undo_decisions, decision_ids=list(applied.decision_ids))

    assert undone.document_ids == (document_id,)
    assert world.rows("SELECT state FROM reconciliation")[0].state == "hold"
    assert world.figures(document_id).difference == kr("100")


def test_nothing_in_a_closed_document_is_undone_or_matched(month: tuple[World, int, list[int], list[int]]) -> None:
    world, account_id, lines, transactions = month
    applied = world.match((lines[0], transactions[0]))
    document_id = world.document(account_id, "2017-01-09", "100")
    world.do(reconcile.reconcile_processed, document_id=document_id)
    world.close(document_id)

    with pytest.raises(Closed):
        world.do(undo.undo_decisions, decision_ids=list(applied.decision_ids))
    with pytest.raises(Closed):
        world.do(books.set_cleared, ids=[transactions[0]], clear_date=None)
    assert transactions[0] not in open_amounts(world)[0]


def test_nothing_is_undone_in_a_locked_period(month: tuple[World, int, list[int], list[int]]) -> None:
    world, _, lines, transactions = month
    applied = world.match((lines[0], transactions[0]))
    world.do(settings.open_period, name="2017-01", from_date=day("2017-01-01"), to_date=day("2017-01-31"))
    world.do(settings.lock_period, name="2017-01")

    with pytest.raises(PeriodLocked):
        world.do(undo.undo_decisions, decision_ids=list(applied.decision_ids))


def test_a_rejection_is_remembered_until_it_is_taken_back(month: tuple[World, int, list[int], list[int]]) -> None:
    world, account_id, lines, transactions = month
    group = Match((lines[1],), (transactions[2], transactions[1]))
    world.do(clearing.set_proposed, line_ids=[lines[1]], proposed=True)

    rejected = world.do(clearing.reject_matches, groups=[group], reason="other customer")
    again = world.do(clearing.reject_matches, groups=[group])

    key = f"{lines[1]}|{transactions[1]},{transactions[2]}"
    assert world.read(clearing.rejected_groups, account_ids=[account_id]) == {key}
    assert again.batch_id is None
    assert line(world, lines[1]) == ("open", 0)
    world.do(undo.undo_batch, batch_id=rejected.batch_id)
    assert world.read(clearing.rejected_groups) == set()


def test_a_line_is_ignored_with_a_reason_and_comes_back(month: tuple[World, int, list[int], list[int]]) -> None:
    world, _, lines, transactions = month
    with pytest.raises(BadRequest):
        world.do(clearing.ignore_lines, line_ids=[lines[0]], reason="")

    ignored = world.do(clearing.ignore_lines, line_ids=[lines[0]], reason="the bank's own test")

    assert line(world, lines[0]) == ("ignored", 0)
    assert lines[0] not in world.read(open_lines)["id"]
    with pytest.raises(WrongState):
        world.match((lines[0], transactions[0]))
    world.do(undo.undo_batch, batch_id=ignored.batch_id)
    assert line(world, lines[0]) == ("open", 0)


def test_a_policy_does_only_what_the_account_allows(month: tuple[World, int, list[int], list[int]]) -> None:
    world, account_id, lines, transactions = month
    world.do(accounts.change_account, account_id=account_id, changes={"policy": "match"})
    with pytest.raises(PolicyForbids, match="does not clear"):
        world.match((lines[0], transactions[0]), by=NIGHT)
    world.do(accounts.change_account, account_id=account_id, changes={"policy": "clear"})
    world.match((lines[0], transactions[0]), by=NIGHT)
    with pytest.raises(PolicyForbids, match="does not adjust"):
        world.do(adjust.create_from_line, line_id=lines[2], rest=Rest("FEE"), by=NIGHT)

    world.do(accounts.change_account, account_id=account_id, changes={"automatic_stopped": True})

    with pytest.raises(PolicyForbids, match="stopped"):
        world.match((lines[2], transactions[3]), by=NIGHT)
    world.match((lines[2], transactions[3]), by=ANNA)


def test_the_kill_switch_stops_every_account(month: tuple[World, int, list[int], list[int]]) -> None:
    world, _, lines, transactions = month
    world.do(settings.change_settings, changes={"automatic_stopped": True})

    with pytest.raises(PolicyForbids, match="stopped"):
        world.match((lines[0], transactions[0]), by=NIGHT)

    assert world.read(lookup.settings).automatic_stopped is True


def test_a_policy_leaves_alone_what_the_bank_did_not_prove(world: World) -> None:
    account_id = world.account(policy="release")
    (invoice,) = world.book(account_id, "2017-01-05 100 A")
    found = world.statement(account_id, "0", "2017-01-09 100 R1", closing="99")

    assert (found.automatic, found.flags) == (False, ("unbalanced",))
    assert world.read(open_lines)["automatic"] == [False]
    with pytest.raises(WrongState, match="not proved"):
        world.match((found.new_line_ids[0], invoice), by=NIGHT)
    world.match((found.new_line_ids[0], invoice), by=ANNA)


def test_unreleased_and_voided_transactions_are_not_matched_by_a_policy(
    month: tuple[World, int, list[int], list[int]],
) -> None:
    world, account_id, lines, transactions = month
    when = day("2017-01-05")
    pending = world.do(books.create_transaction, account_id=account_id, transaction_date=when, amount=kr("100"))
    world.do(voiding.void_transaction, transaction_id=transactions[0], day=day("2017-01-08"))

    with pytest.raises(Unreleased):
        world.match((lines[0], pending), by=NIGHT)
    with pytest.raises(WrongState, match="voided"):
        world.match((lines[0], transactions[0]))
    assert transactions[0] not in open_amounts(world)[0]
    world.match((lines[0], pending), by=ANNA)


def test_matches_stay_within_one_account(month: tuple[World, int, list[int], list[int]]) -> None:
    world, _, lines, _ = month
    other = world.account("1940", iban=None)
    (elsewhere,) = world.book(other, "2017-01-05 100 A")

    with pytest.raises(BadRequest, match="one cash account"):
        world.match((lines[0], elsewhere))


def test_what_a_notification_tells_is_kept_with_the_line(month: tuple[World, int, list[int], list[int]]) -> None:
    world, account_id, lines, _ = month

    told = world.statement(
        account_id, None, "2017-01-10 40 X1", "2017-01-10 20 X2", kind="notification", format="camt.054", closing=None
    )

    assert (told.advice_count, list(told.new_line_ids)) == (2, [])
    advice = world.read(advice_for, lines)
    assert [len(advice.get(one, [])) for one in lines] == [0, 2, 0]
