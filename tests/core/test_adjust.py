"""Adjustments, transfers, and the control around them."""

from __future__ import annotations

import pytest

from recon_core.domain.matching import Match, Rest
from recon_core.domain.refusals import BadRequest, Blocked, Conflict, PeriodLocked, PolicyForbids, Unknown, WrongState
from recon_core.services import (
    accounts,
    adjust,
    clearing,
    documents,
    history,
    reconcile,
    release,
    settings,
    transfers,
    undo,
    voiding,
)
from tests.core.world import ANNA, BO, NIGHT, World, day, kr


@pytest.fixture
def fee(world: World) -> tuple[World, int, adjust.Made]:
    """An account with a bank line of -50 and the unreleased fee that explains it."""
    account_id = world.account(policy="release")
    world.entry_types()
    (line,) = world.statement(account_id, "0", "2017-01-31 -50 R1").new_line_ids
    made = world.do(adjust.create_from_line, line_id=line, rest=Rest("FEE"))
    return world, account_id, made


def state(world: World, made: adjust.Made) -> tuple[object, ...]:
    sql = (
        "SELECT a.state, t.status, t.cleared, t.processed, l.state AS line FROM adjustment a JOIN book_transaction t"
        " ON t.id = a.book_transaction_id LEFT JOIN statement_line l ON l.id = a.statement_line_id WHERE a.id = :id"
    )
    return tuple(world.rows(sql, id=made.id)[0])


def vouchers(world: World) -> list[tuple[object, ...]]:
    sql = (
        "SELECT v.number, r.ledger_account, r.amount, r.currency, r.code_parts FROM voucher_row r"
        " JOIN voucher v ON v.id = r.voucher_id ORDER BY v.id, r.row_index"
    )
    return [tuple(row) for row in world.rows(sql)]


def test_an_adjustment_from_a_bank_line_is_unreleased_and_proved(fee: tuple[World, int, adjust.Made]) -> None:
    world, _, made = fee

    assert state(world, made) == ("created", "balanced", True, True, "adjusted")
    assert vouchers(world) == []


def test_released_it_has_a_balanced_numbered_voucher(fee: tuple[World, int, adjust.Made]) -> None:
    world, account_id, made = fee

    world.do(adjust.release_adjustments, adjustment_ids=[made.id])

    assert vouchers(world) == [
        ("V000001", "1930", kr("-50"), "SEK", "{}"),
        ("V000001", "6570", kr("50"), "SEK", "{}"),
    ]
    document_id = world.document(account_id, "2017-01-31", "-50")
    world.do(reconcile.reconcile_processed, document_id=document_id)
    assert world.close(document_id) == "000001"


def test_edited_before_release(fee: tuple[World, int, adjust.Made]) -> None:
    world, _, made = fee
    world.do(settings.open_code_part, part="cost_centre", value="100")

    changes = {"description": "card", "offset_account": "6571", "code_parts": {"cost_centre": "100"}}
    world.do(adjust.edit_adjustment, adjustment_id=made.id, changes=changes, version=1)

    with pytest.raises(Conflict):
        world.do(adjust.edit_adjustment, adjustment_id=made.id, changes={"description": "late"}, version=1)
    with pytest.raises(BadRequest, match="bank's"):
        world.do(adjust.edit_adjustment, adjustment_id=made.id, changes={"amount": kr("-49")})
    with pytest.raises(Unknown):
        world.do(adjust.edit_adjustment, adjustment_id=made.id, changes={"code_parts": {"cost_centre": "999"}})
    world.do(adjust.release_adjustments, adjustment_ids=[made.id])
    assert vouchers(world)[1] == ("V000001", "6571", kr("50"), "SEK", '{"cost_centre": "100"}')
    with pytest.raises(WrongState):
        world.do(adjust.edit_adjustment, adjustment_id=made.id, changes={"description": "later"})


def test_rejected_its_line_is_open_and_it_is_kept(fee: tuple[World, int, adjust.Made]) -> None:
    world, account_id, made = fee

    world.do(adjust.reject_adjustment, adjustment_id=made.id, reason="not a fee")

    assert state(world, made) == ("rejected", "rejected", False, False, "open")
    document_id = world.document(account_id, "2017-01-31", "-50")
    assert world.figures(document_id).receipt_count == 0
    with pytest.raises(WrongState):
        world.do(adjust.release_adjustments, adjustment_ids=[made.id])


def test_released_it_is_reversed_never_deleted(fee: tuple[World, int, adjust.Made]) -> None:
    world, _, made = fee
    world.do(adjust.release_adjustments, adjustment_ids=[made.id])
    with pytest.raises(WrongState, match="released"):
        world.do(undo.undo_batch, batch_id=made.batch_id)

    world.do(adjust.reverse_adjustment, adjustment_id=made.id, day=day("2017-02-01"), reason="wrong")

    assert state(world, made) == ("reversed", "released", False, False, "open")
    assert [row[:3] for row in vouchers(world)[2:]] == [
        ("V000002", "1930", kr("50")),
        ("V000002", "6570", kr("-50")),
    ]
    assert world.read(history.verify_log).differences == ()


def test_a_closed_adjustment_is_reversed_into_the_next_document(fee: tuple[World, int, adjust.Made]) -> None:
    world, account_id, made = fee
    world.do(adjust.release_adjustments, adjustment_ids=[made.id])
    document_id = world.document(account_id, "2017-01-31", "-50")
    world.do(reconcile.reconcile_processed, document_id=document_id)
    world.close(document_id)

    world.do(adjust.reverse_adjustment, adjustment_id=made.id, day=day("2017-02-01"))

    assert state(world, made) == ("reversed", "released", True, True, "adjusted")
    assert world.figures(document_id).disbursements == kr("50")


def test_one_made_by_hand_and_matched_opens_its_line_when_it_is_rejected(world: World) -> None:
    account_id = world.account()
    world.entry_types()
    made = world.fee(account_id, "-50", "2017-01-31")
    (line,) = world.statement(account_id, "0", "2017-01-31 -50 R1").new_line_ids
    world.match((line, made.transaction_id))
    with pytest.raises(BadRequest, match="bank's"):
        world.do(adjust.edit_adjustment, adjustment_id=made.id, changes={"amount": kr("-60")})

    world.do(adjust.reject_adjustment, adjustment_id=made.id)

    assert state(world, made)[:4] == ("rejected", "rejected", False, False)
    assert world.rows("SELECT state, used_amount FROM statement_line")[0] == ("open", 0)


def test_one_made_by_hand_and_matched_opens_its_line_when_it_is_reversed(world: World) -> None:
    account_id = world.account()
    world.entry_types()
    made = world.fee(account_id, "-50", "2017-01-31")
    world.do(adjust.release_adjustments, adjustment_ids=[made.id])
    (line,) = world.statement(account_id, "0", "2017-01-31 -50 R1").new_line_ids
    world.match((line, made.transaction_id))

    world.do(adjust.reverse_adjustment, adjustment_id=made.id, day=day("2017-02-01"))

    assert state(world, made)[:4] == ("reversed", "released", False, False)
    assert world.rows("SELECT state, used_amount FROM statement_line")[0] == ("open", 0)


def test_one_that_is_named_twice_has_one_voucher(fee: tuple[World, int, adjust.Made]) -> None:
    world, _, made = fee

    assert world.do(adjust.release_adjustments, adjustment_ids=[made.id, made.id]) == ["V000001", "V000001"]

    assert len(vouchers(world)) == 2


def test_an_unreleased_adjustment_blocks_release(fee: tuple[World, int, adjust.Made]) -> None:
    world, account_id, made = fee
    document_id = world.document(account_id, "2017-01-31", "0")
    world.do(reconcile.remove_hold, document_id=document_id)

    with pytest.raises(Blocked) as blocked:
        world.do(release.release, document_id=document_id)

    assert {one.code for one in blocked.value.blockers} == {"unreleased-adjustments", "bank-balance"}
    assert next(one for one in blocked.value.blockers if one.ids).ids == (made.id,)


def test_an_entry_type_goes_one_way(world: World) -> None:
    account_id = world.account()
    world.entry_types()

    with pytest.raises(BadRequest, match="disbursement"):
        world.fee(account_id, "50", "2017-01-31")
    with pytest.raises(Unknown):
        world.do(adjust.create_adjustment, account_id=account_id, entry_type="NONE", amount=-1, day=day("2017-01-31"))


def test_nothing_is_adjusted_or_released_in_a_locked_period(fee: tuple[World, int, adjust.Made]) -> None:
    world, account_id, made = fee
    world.do(settings.open_period, name="2017-01", from_date=day("2017-01-01"), to_date=day("2017-01-31"))
    world.do(settings.lock_period, name="2017-01")

    with pytest.raises(PeriodLocked):
        world.fee(account_id, "-1", "2017-01-15")
    with pytest.raises(PeriodLocked):
        world.do(adjust.release_adjustments, adjustment_ids=[made.id])
    assert vouchers(world) == []
    world.do(adjust.edit_adjustment, adjustment_id=made.id, changes={"day": day("2017-02-01")})
    assert world.do(adjust.release_adjustments, adjustment_ids=[made.id]) == ["V000001"]


def test_four_eyes_whoever_makes_it_does_not_release_it_above_the_limit(world: World) -> None:
    account_id = world.account()
    world.entry_types()
    world.do(settings.change_settings, changes={"four_eyes": True})
    world.do(settings.set_limit, purpose="four_eyes", currency="SEK", minor_max=kr("100"), by="controller")
    small, large = world.fee(account_id, "-100", "2017-01-31"), world.fee(account_id, "-100.01", "2017-01-31")

    world.do(adjust.release_adjustments, adjustment_ids=[small.id], by=ANNA)
    for same in (ANNA, "controller"):
        with pytest.raises(PolicyForbids, match="four eyes"):
            world.do(adjust.release_adjustments, adjustment_ids=[large.id], by=same)
    world.do(adjust.release_adjustments, adjustment_ids=[large.id], by=BO)

    document_id = world.document(account_id, "2017-01-31", "-200.01")
    world.do(reconcile.toggle_reconciled, document_id=document_id)
    world.do(reconcile.remove_hold, document_id=document_id)
    with pytest.raises(PolicyForbids, match="four eyes"):
        world.do(release.release, document_id=document_id, by=ANNA)
    world.do(release.release, document_id=document_id, by=BO)
    world.do(release.void_document, document_id=document_id, by=BO)
    again = world.document(account_id, "2017-01-31", "-200.01")
    world.do(reconcile.toggle_reconciled, document_id=again)
    world.do(reconcile.remove_hold, document_id=again)
    with pytest.raises(PolicyForbids, match="voided"):
        world.do(release.release, document_id=again, by=BO)


def test_four_eyes_whoever_changes_it_does_not_release_it(world: World) -> None:
    account_id = world.account()
    world.entry_types()
    world.do(settings.change_settings, changes={"four_eyes": True})
    made = world.fee(account_id, "-10", "2017-01-31")
    world.do(adjust.edit_adjustment, adjustment_id=made.id, changes={"amount": kr("-10000")}, by=BO)

    with pytest.raises(PolicyForbids, match="four eyes"):
        world.do(adjust.release_adjustments, adjustment_ids=[made.id], by=BO)
    world.do(adjust.release_adjustments, adjustment_ids=[made.id], by="cecilia")

    document_id = world.document(account_id, "2017-01-31", "-10000")
    world.do(reconcile.toggle_reconciled, document_id=document_id)
    with pytest.raises(PolicyForbids, match="four eyes"):
        world.close(document_id, by=BO)


@pytest.mark.parametrize("date_again", ["2017-01-30", "2017-01-31", "2017-02-01"])
def test_four_eyes_a_voided_document_is_not_replaced_by_who_voided_it_on_any_date(
    world: World, date_again: str
) -> None:
    account_id = world.account()
    world.do(settings.change_settings, changes={"four_eyes": True})
    document_id = world.document(account_id, "2017-01-31", "0")
    world.close(document_id)
    world.do(release.void_document, document_id=document_id, by=BO)

    again = world.document(account_id, date_again, "0")
    with pytest.raises(PolicyForbids, match="voided"):
        world.close(again, by=BO)


def test_a_rest_above_the_limit_is_not_written_off_by_naming_it_otherwise_first(world: World) -> None:
    account_id = world.account()
    world.entry_types()
    world.do(settings.set_limit, purpose="write_off", currency="SEK", minor_max=kr("5"), reason="WOFF")
    (invoice,) = world.book(account_id, "2017-01-10 1000 R1")
    (line,) = world.statement(account_id, "0", "2017-01-31 990 R1").new_line_ids
    matched = {"line_ids": (line,), "transaction_ids": (invoice,)}
    with pytest.raises(PolicyForbids, match="limit"):
        world.do(clearing.apply_matches, matches=[Match(**matched, rest=Rest("WOFF"))])
    done = world.do(clearing.apply_matches, matches=[Match(**matched, rest=Rest("FEE"))])
    (made,) = world.read(adjust.of_decisions, done.decision_ids)

    with pytest.raises(PolicyForbids, match="limit"):
        world.do(adjust.edit_adjustment, adjustment_id=made, changes={"entry_type": "WOFF"})


def test_a_policy_adjusts_up_to_its_limit(world: World) -> None:
    account_id = world.account(policy="adjust")
    world.entry_types()
    world.do(settings.set_limit, purpose="automatic", currency="SEK", minor_max=kr("60"), account_code="1930")
    lines = world.statement(account_id, "0", "2017-01-31 -50 R1", "2017-01-31 -70 R2").new_line_ids

    made = world.do(adjust.create_from_line, line_id=lines[0], rest=Rest("FEE"), by=NIGHT)
    with pytest.raises(PolicyForbids, match="limit"):
        world.do(adjust.create_from_line, line_id=lines[1], rest=Rest("FEE"), by=NIGHT)

    assert world.do(adjust.release_adjustments, adjustment_ids=[made.id], by=NIGHT) == ["V000001"]


def test_part_of_a_line_is_adjusted_and_the_rest_stays_open(world: World) -> None:
    account_id = world.account()
    world.entry_types()
    (line,) = world.statement(account_id, "0", "2017-01-31 -50 R1").new_line_ids

    world.do(adjust.create_from_line, line_id=line, rest=Rest("FEE"), amount=kr("-20"))

    found = world.rows("SELECT state, used_amount FROM statement_line")[0]
    assert tuple(found) == ("open", kr("-20"))


def test_a_transfer_in_one_currency_is_one_voucher(world: World) -> None:
    source, target = world.account(), world.account("1940", iban=None)

    made = world.do(
        transfers.create_transfer, from_account_id=source, to_account_id=target, amount=kr("500"), day=day("2017-01-05")
    )
    world.do(transfers.release_transfer, transfer_id=made.id)

    assert [row[:4] for row in vouchers(world)] == [
        ("V000001", "1930", kr("-500"), "SEK"),
        ("V000001", "1940", kr("500"), "SEK"),
    ]
    with pytest.raises(WrongState, match="transfer"):
        world.do(voiding.void_transaction, transaction_id=made.to_transaction_id, day=day("2017-01-06"))
    world.do(transfers.void_transfer, transfer_id=made.id, day=day("2017-01-06"))
    assert [row[1:3] for row in vouchers(world)[2:]] == [("1930", kr("500")), ("1940", kr("-500"))]


def test_a_transfer_with_a_closed_side_is_voided_into_the_next_document(world: World) -> None:
    source, target = world.account(), world.account("1940", iban=None)
    made = world.do(
        transfers.create_transfer, from_account_id=source, to_account_id=target, amount=kr("500"), day=day("2017-01-05")
    )
    world.do(transfers.release_transfer, transfer_id=made.id)
    (line,) = world.statement(source, "0", "2017-01-05 -500 R1").new_line_ids
    world.match((line, made.from_transaction_id))
    with pytest.raises(WrongState, match="prove"):
        world.do(transfers.void_transfer, transfer_id=made.id, day=day("2017-01-06"))
    document_id = world.document(source, "2017-01-05", "-500")
    world.do(reconcile.reconcile_processed, document_id=document_id)
    world.close(document_id)

    void_id, _ = world.do(transfers.void_transfer, transfer_id=made.id, day=day("2017-01-06"))

    following = world.document(source, "2017-01-31", "0")
    assert [listed.ids for listed in world.read(documents.listed, following)] == [(void_id,)]
    assert world.figures(document_id).disbursements == kr("500")


def test_a_transfer_between_currencies_goes_over_the_in_transit_account(world: World) -> None:
    source, target = world.account(), world.account("1950", iban=None, currency="EUR")
    arguments = {"from_account_id": source, "to_account_id": target, "amount": kr("1100"), "day": day("2017-01-05")}
    with pytest.raises(BadRequest):
        world.do(transfers.create_transfer, **arguments)

    made = world.do(transfers.create_transfer, **arguments, to_amount=10000)
    assert len(world.do(transfers.release_transfer, transfer_id=made.id)) == 2

    assert [row[:4] for row in vouchers(world)] == [
        ("V000001", "1930", kr("-1100"), "SEK"),
        ("V000001", "1680", kr("1100"), "SEK"),
        ("V000002", "1950", 10000, "EUR"),
        ("V000002", "1680", -10000, "EUR"),
    ]


def test_the_in_transit_account_is_no_cash_account(world: World) -> None:
    world.account("1930")

    with pytest.raises(BadRequest, match="in-transit"):
        world.account("1680", iban=None)
    with pytest.raises(BadRequest, match="cash account"):
        world.account("1940", iban=None, in_transit_account="1930")
    with pytest.raises(BadRequest, match="cash account"):
        world.do(settings.change_settings, changes={"in_transit_account": "1930"})


def test_only_an_account_that_requires_it_is_reconciled(world: World) -> None:
    account_id = world.account(requires_reconciliation=False)

    with pytest.raises(WrongState, match="does not require"):
        world.document(account_id, "2017-01-31", "0")

    other = world.account("1940", iban=None)
    world.do(accounts.change_account, account_id=other, changes={"active": False})
    with pytest.raises(WrongState, match="not active"):
        world.document(other, "2017-01-31", "0")


def test_an_account_is_changed_by_one_person_at_a_time(world: World) -> None:
    account_id = world.account()
    world.do(accounts.change_account, account_id=account_id, changes={"name": "Main"}, version=1)

    with pytest.raises(Conflict):
        world.do(accounts.change_account, account_id=account_id, changes={"name": "Mine"}, version=1)
    with pytest.raises(BadRequest):
        world.do(accounts.change_account, account_id=account_id, changes={"currency": "EUR"})
