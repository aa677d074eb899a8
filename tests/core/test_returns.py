"""A payment that comes back: it is voided, its voiding entry is on the statement too, and both lines are explained."""

from __future__ import annotations

from typing import Any

import pytest

from recon_core.domain.matching import Rest
from recon_core.domain.refusals import NotBalanced, PeriodLocked, WrongState
from recon_core.reports import outstanding
from recon_core.reports.open_items import open_transactions
from recon_core.services import adjust, documents, history, reconcile, settings, undo, voiding
from tests.core.world import World, day, kr


@pytest.fixture
def sent(world: World) -> tuple[World, int, int, list[int]]:
    """A payment of 3120 on 20 January, which the bank carried out on the 21st and gave back on 3 February."""
    account_id = world.account()
    world.entry_types()
    (payment,) = world.book(account_id, "2017-01-20 -3120 LB5541")
    lines = list(world.statement(account_id, "0", "2017-01-21 -3120 R1", "2017-02-03 3120 R2").new_line_ids)
    world.match((lines[0], payment))
    return world, account_id, payment, lines


def returned(world: World, payment: int, line_id: int) -> int:
    return int(world.do(voiding.void_returned, transaction_id=payment, line_id=line_id, reason="AC04"))


def entry(world: World, row_id: int) -> Any:
    return world.rows("SELECT * FROM book_transaction WHERE id = :id", id=row_id)[0]


def states(world: World) -> list[str]:
    return [row.state for row in world.rows("SELECT state FROM statement_line ORDER BY id")]


def test_a_returned_payment_is_voided_and_its_entry_matched_in_one_step(
    sent: tuple[World, int, int, list[int]],
) -> None:
    world, _, payment, lines = sent

    void = returned(world, payment, lines[1])

    made = entry(world, void)
    assert (made.amount, made.transaction_date, made.voids_id) == (kr("3120"), day("2017-02-03"), payment)
    assert (made.processed, made.clear_date, made.reference) == (True, day("2017-02-03"), "LB5541")
    assert entry(world, payment).processed, "the bank did carry it out"
    assert states(world) == ["matched", "matched"]
    assert world.read(open_transactions)["id"] == []
    assert world.read(history.verify_log).holds


def test_each_side_is_in_the_document_of_its_month(sent: tuple[World, int, int, list[int]]) -> None:
    world, account_id, payment, lines = sent
    void = returned(world, payment, lines[1])
    january = world.document(account_id, "2017-01-31", "-3120")

    assert world.do(reconcile.reconcile_processed, document_id=january).changed == (payment,)
    world.close(january)
    february = world.document(account_id, "2017-02-28", "0")

    assert world.do(reconcile.reconcile_processed, document_id=february).changed == (void,)
    assert world.figures(february).difference == 0
    world.close(february)


def test_both_sides_in_one_document_are_one_line_of_nothing(sent: tuple[World, int, int, list[int]]) -> None:
    world, account_id, payment, lines = sent
    void = returned(world, payment, lines[1])
    document_id = world.document(account_id, "2017-02-28", "0")

    assert world.do(reconcile.reconcile_processed, document_id=document_id).changed == (payment,)

    assert entry(world, void).reconciliation_id == document_id
    (listed,) = world.read(documents.listed, document_id)
    assert (listed.ids, listed.amount, listed.status) == ((payment, void), 0, "voided")
    assert world.figures(document_id).difference == 0
    world.close(document_id)


def test_a_void_of_this_month_that_the_bank_gives_back_next_month_waits(
    sent: tuple[World, int, int, list[int]],
) -> None:
    """The payee says in January that it will come back; the books are corrected at once, the bank follows."""
    world, account_id, payment, lines = sent
    void = returned(world, payment, lines[1])
    world.do(undo.undo_decisions, decision_ids=[world.rows("SELECT max(id) AS id FROM decision")[0].id])
    assert world.read(open_transactions)["id"] == [void], "the money has to come back"
    january = world.document(account_id, "2017-01-31", "-3120")

    figures = world.do(reconcile.tick, document_id=january, transaction_ids=[payment])

    assert figures.difference == 0
    assert entry(world, void).reconciliation_id is None
    world.match((lines[1], void))


def test_a_void_of_a_closed_payment_is_an_open_item_of_the_next_period(
    sent: tuple[World, int, int, list[int]],
) -> None:
    world, account_id, payment, lines = sent
    january = world.document(account_id, "2017-01-31", "-3120")
    world.do(reconcile.reconcile_processed, document_id=january)
    world.close(january)

    void = world.do(voiding.void_transaction, transaction_id=payment, day=day("2017-02-02"))

    columns = world.read(open_transactions)
    assert (columns["id"], columns["amount"], columns["reference"]) == ([void], [kr("3120")], ["LB5541"])
    world.match((lines[1], void))
    assert states(world) == ["matched", "matched"]


def test_a_voided_pair_that_the_bank_never_saw_is_no_open_item(world: World) -> None:
    account_id = world.account()
    (payment,) = world.book(account_id, "2017-01-20 -3120 LB5541")

    world.do(voiding.void_transaction, transaction_id=payment, day=day("2017-01-22"))

    assert world.read(open_transactions)["id"] == []
    assert world.read(outstanding.outstanding, account_id=account_id, day=day("2017-01-31")) == []


def test_a_pending_void_is_no_open_item(sent: tuple[World, int, int, list[int]]) -> None:
    world, account_id, payment, _ = sent
    january = world.document(account_id, "2017-01-31", "-3120")
    world.do(reconcile.reconcile_processed, document_id=january)
    world.close(january)

    world.do(voiding.void_transaction, transaction_id=payment, day=day("2017-02-02"), release=False)

    assert world.read(open_transactions)["id"] == []


@pytest.mark.parametrize("when", ["2017-01-20", "2017-01-22", "2017-02-02", "2017-02-03", "2017-02-28"])
def test_the_bridge_holds_on_every_day(sent: tuple[World, int, int, list[int]], when: str) -> None:
    world, account_id, payment, lines = sent
    returned(world, payment, lines[1])
    bank = kr("-3120") if day("2017-01-21") <= day(when) < day("2017-02-03") else 0

    bridge = world.read(outstanding.bridge, account_id=account_id, day=day(when), bank_balance=bank)

    assert bridge.residual == 0


def test_the_bridge_shows_money_that_has_to_come_back(sent: tuple[World, int, int, list[int]]) -> None:
    world, account_id, payment, lines = sent
    returned(world, payment, lines[1])
    world.do(undo.undo_decisions, decision_ids=[world.rows("SELECT max(id) AS id FROM decision")[0].id])

    bridge = world.read(outstanding.bridge, account_id=account_id, day=day("2017-02-28"), bank_balance=0)

    assert (bridge.receipts, bridge.open_lines, bridge.residual) == (kr("3120"), kr("3120"), 0)


def test_a_part_that_comes_back_is_voided_by_itself(world: World) -> None:
    account_id = world.account()
    (invoice,) = world.book(account_id, "2017-01-10 15000 A")
    lines = world.statement(account_id, "0", "2017-01-31 7500 R1", "2017-02-03 -7500 R2").new_line_ids
    world.match_part(lines[0], invoice)
    document_id = world.document(account_id, "2017-01-31", "7500")
    world.do(reconcile.reconcile_processed, document_id=document_id)
    world.close(document_id)

    void = returned(world, invoice, lines[1])

    assert entry(world, void).amount == kr("-7500")
    columns = world.read(open_transactions)
    assert list(zip(columns["external_id"], columns["amount"], strict=True)) == [("A#2", kr("7500"))]


def test_a_fee_that_the_bank_gives_back_is_voided_with_its_voucher(world: World) -> None:
    account_id = world.account()
    world.entry_types()
    lines = world.statement(account_id, "0", "2017-01-31 -50 R1", "2017-02-03 50 R2").new_line_ids
    made = world.do(adjust.create_from_line, line_id=lines[0], rest=Rest("FEE"))
    world.do(adjust.release_adjustments, adjustment_ids=[made.id])

    void = returned(world, made.transaction_id, lines[1])

    assert entry(world, void).voucher_id is not None
    assert world.rows("SELECT sum(amount) AS total FROM voucher_row WHERE ledger_account = '6570'")[0].total == 0
    assert states(world) == ["adjusted", "matched"]


def test_what_was_not_carried_out_or_comes_back_otherwise_is_refused(sent: tuple[World, int, int, list[int]]) -> None:
    world, account_id, payment, lines = sent
    (other,) = world.book(account_id, "2017-01-25 -3120 LB5542")
    (fewer,) = world.statement(account_id, "0", "2017-02-05 3000 R3", sequence=2).new_line_ids

    with pytest.raises(WrongState, match="No bank line has proved"):
        returned(world, other, lines[1])
    with pytest.raises(NotBalanced):
        returned(world, payment, fewer)
    with pytest.raises(NotBalanced):
        returned(world, payment, lines[0])
    returned(world, payment, lines[1])
    with pytest.raises(WrongState, match="voided already"):
        returned(world, payment, lines[1])


def test_nothing_is_voided_in_a_locked_period(sent: tuple[World, int, int, list[int]]) -> None:
    world, _, payment, lines = sent
    world.do(settings.open_period, name="2017-02", from_date=day("2017-02-01"), to_date=day("2017-02-28"))
    world.do(settings.lock_period, name="2017-02")

    with pytest.raises(PeriodLocked):
        returned(world, payment, lines[1])
