"""What the bank carries out in parts becomes a transaction for each part, and together they stay what was booked."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from recon_core.domain.book import BookRow
from recon_core.domain.matching import Match, Rest
from recon_core.domain.refusals import BadRequest, Closed, WrongState
from recon_core.domain.refused import Refused
from recon_core.reports import outstanding
from recon_core.reports.open_items import open_transactions
from recon_core.reports.trail import trail
from recon_core.services import (
    adjust,
    blockers,
    books,
    clearing,
    documents,
    history,
    reconcile,
    release,
    splitting,
    undo,
    verify,
    voiding,
)
from recon_core.store.engine import Database, open_database
from tests.core.conftest import emptied
from tests.core.world import ANNA, World, day, kr


@pytest.fixture
def paid(world: World) -> tuple[World, int, int, Sequence[int]]:
    """An invoice of 15000 from January; the bank has 7500 on 31 January, 4000 on 15 February, 3500 on 10 March."""
    account_id = world.account()
    world.entry_types()
    (invoice,) = world.book(account_id, "2017-01-10 15000 A")
    lines = world.statement(
        account_id, "0", "2017-01-31 7500 R1", "2017-02-15 4000 R2", "2017-03-10 3500 R3"
    ).new_line_ids
    return world, account_id, invoice, lines


def family(world: World) -> list[tuple[Any, ...]]:
    """Name, amount, proved amount and clear date of every transaction that stands."""
    return [
        tuple(row)
        for row in world.rows(
            "SELECT external_id, amount, matched_amount, clear_date FROM book_transaction WHERE status <> 'rejected'"
            " ORDER BY id"
        )
    ]


def ids(world: World) -> dict[str, int]:
    rows = world.rows("SELECT id, external_id FROM book_transaction WHERE status <> 'rejected'")
    return {row.external_id: row.id for row in rows}


def test_the_part_that_the_bank_proved_is_ticked_and_the_rest_stays_open(
    paid: tuple[World, int, int, Sequence[int]],
) -> None:
    world, account_id, invoice, lines = paid
    world.match_part(lines[0], invoice)
    document_id = world.document(account_id, "2017-01-31", "7500")
    assert world.figures(document_id).difference == kr("7500")

    done = world.do(reconcile.reconcile_processed, document_id=document_id)

    assert family(world) == [
        ("A", kr("7500"), kr("7500"), day("2017-01-31")),
        ("A#2", kr("7500"), 0, None),
    ]
    assert (done.changed, done.rests, done.skipped) == ((invoice,), (ids(world)["A#2"],), 0)
    assert world.figures(document_id).difference == 0
    assert world.close(document_id) == "000001"
    rest = world.rows("SELECT * FROM book_transaction WHERE id = :id", id=ids(world)["A#2"])[0]
    assert (rest.split_of_id, rest.transaction_date, rest.reference) == (invoice, day("2017-01-10"), "A")
    assert (rest.status, rest.cleared, rest.processed, rest.reconciliation_id) == ("released", False, False, None)
    columns = world.read(open_transactions)
    assert list(zip(columns["id"], columns["amount"], strict=True)) == [(rest.id, kr("7500"))]
    assert world.read(history.verify_log).holds


def test_instalments_over_three_months_close_each_month_to_the_ore(
    paid: tuple[World, int, int, Sequence[int]],
) -> None:
    world, account_id, invoice, lines = paid
    numbers = []
    for number, (line_id, when, balance) in enumerate(
        zip(lines, ("2017-01-31", "2017-02-28", "2017-03-31"), ("7500", "11500", "15000"), strict=True)
    ):
        name = "A" if number == 0 else f"A#{number + 1}"
        world.match_part(line_id, ids(world)[name]) if number < 2 else world.match((line_id, ids(world)[name]))
        document_id = world.document(account_id, when, balance)
        world.do(reconcile.reconcile_processed, document_id=document_id)
        assert world.figures(document_id).difference == 0
        numbers.append(world.close(document_id))
        checks = world.read(verify.verify_document, document_id=document_id)
        assert [check for check in checks if not check.ok] == []

    assert numbers == ["000001", "000002", "000003"]
    assert [row[:2] for row in family(world)] == [("A", kr("7500")), ("A#2", kr("4000")), ("A#3", kr("3500"))]
    assert {row.split_of_id for row in world.rows("SELECT split_of_id FROM book_transaction")} == {None, invoice}
    decision = world.rows("SELECT min(id) AS id FROM decision")[0].id
    with pytest.raises(Closed):
        world.do(undo.undo_decisions, decision_ids=[decision])


def test_what_a_later_bank_line_proved_goes_with_the_rest(paid: tuple[World, int, int, Sequence[int]]) -> None:
    """January is reconciled in March, when all of the invoice is paid and matched already."""
    world, account_id, invoice, lines = paid
    world.do(clearing.apply_matches, matches=[Match(tuple(lines), (invoice,))])
    assert family(world) == [("A", kr("15000"), kr("15000"), day("2017-03-10"))]
    january = world.document(account_id, "2017-01-31", "7500")

    world.do(reconcile.reconcile_processed, document_id=january)

    assert family(world) == [
        ("A", kr("7500"), kr("7500"), day("2017-01-31")),
        ("A#2", kr("7500"), kr("7500"), day("2017-03-10")),
    ]
    world.close(january)
    february = world.document(account_id, "2017-02-28", "11500")
    world.do(reconcile.reconcile_processed, document_id=february)
    world.close(february)
    march = world.document(account_id, "2017-03-31", "15000")
    world.do(reconcile.reconcile_processed, document_id=march)
    world.close(march)
    assert [row[:2] for row in family(world)] == [("A", kr("7500")), ("A#2", kr("4000")), ("A#3", kr("3500"))]
    assert world.rows("SELECT state, used_amount - amount AS more FROM statement_line") == [("matched", 0)] * 3
    standing = world.rows(
        "SELECT l.statement_line_id, t.book_transaction_id FROM decision d JOIN decision_line l ON l.decision_id = d.id"
        " JOIN decision_transaction t ON t.decision_id = d.id WHERE d.state = 'applied' ORDER BY 1"
    )
    named = ids(world)
    assert [tuple(row) for row in standing] == list(zip(lines, (named["A"], named["A#2"], named["A#3"]), strict=True))
    assert world.read(history.verify_log).holds


def test_a_processed_line_of_next_month_is_not_ticked_in_this_one(paid: tuple[World, int, int, Sequence[int]]) -> None:
    world, account_id, _, lines = paid
    (other,) = world.book(account_id, "2017-01-30 4000 B")
    world.match((lines[1], other))
    document_id = world.document(account_id, "2017-01-31", "0")

    done = world.do(reconcile.reconcile_processed, document_id=document_id)

    assert (done.changed, done.skipped) == ((), 0)
    figures = world.do(reconcile.tick, document_id=document_id, transaction_ids=[other])
    assert figures.receipts == kr("4000"), "a person may still say that it is on the statement"


def test_a_match_that_can_not_be_taken_apart_is_told(paid: tuple[World, int, int, Sequence[int]]) -> None:
    world, account_id, invoice, lines = paid
    (other,) = world.book(account_id, "2017-01-12 -4000 B")
    group = Match(tuple(lines[:2]), (invoice, other), transaction_amounts=(kr("15000"), kr("-3500")))
    world.do(clearing.apply_matches, matches=[group])
    document_id = world.document(account_id, "2017-01-31", "7500")

    done = world.do(reconcile.reconcile_processed, document_id=document_id)

    assert (done.changed, done.skipped) == ((), 2)
    assert "before and after the reconciliation date" in done.last_error
    with pytest.raises(WrongState, match="only a part of transaction B"):
        world.do(reconcile.tick, document_id=document_id, transaction_ids=[other])


def test_ticking_by_hand_splits_too(paid: tuple[World, int, int, Sequence[int]]) -> None:
    world, account_id, invoice, lines = paid
    world.match_part(lines[0], invoice)
    document_id = world.document(account_id, "2017-01-31", "7500")
    (listed,) = world.read(documents.listed, document_id)
    assert (listed.amount, listed.proved, listed.warning) == (kr("15000"), kr("7500"), "")

    figures = world.do(reconcile.tick, document_id=document_id, transaction_ids=[invoice])

    assert (figures.receipts, figures.receipt_count, figures.difference) == (kr("7500"), 1, 0)


def test_the_bulk_button_splits_too(paid: tuple[World, int, int, Sequence[int]]) -> None:
    world, account_id, invoice, lines = paid
    world.match_part(lines[0], invoice)
    document_id = world.document(account_id, "2017-01-31", "7500")

    done = world.do(reconcile.toggle_reconciled, document_id=document_id)

    assert (done.value, done.changed, done.rests) == (True, (invoice,), (ids(world)["A#2"],))


def test_a_part_that_only_a_later_bank_line_proved_can_not_be_ticked(
    paid: tuple[World, int, int, Sequence[int]],
) -> None:
    world, account_id, invoice, lines = paid
    world.match_part(lines[1], invoice)
    document_id = world.document(account_id, "2017-01-31", "0")

    with pytest.raises(WrongState, match="only a part"):
        world.do(reconcile.tick, document_id=document_id, transaction_ids=[invoice])
    assert world.do(reconcile.reconcile_processed, document_id=document_id).changed == ()
    assert [row[0] for row in family(world)] == ["A"]


def test_the_blockers_name_what_is_proved_in_part_and_its_cure(paid: tuple[World, int, int, Sequence[int]]) -> None:
    world, account_id, invoice, lines = paid
    world.match_part(lines[0], invoice)
    document_id = world.document(account_id, "2017-01-31", "7500")

    (blocker,) = (one for one in world.read(blockers.blockers, document_id=document_id) if one.code == "partly-proved")

    assert "A (15000.00 SEK)" in blocker.message
    assert "reconcile processed" in blocker.cure
    assert (blocker.ids, blocker.advisory) == ((invoice,), True)
    world.do(reconcile.reconcile_processed, document_id=document_id)
    assert "partly-proved" not in {one.code for one in world.read(blockers.blockers, document_id=document_id)}


def test_undoing_the_match_puts_the_rest_back(paid: tuple[World, int, int, Sequence[int]]) -> None:
    world, account_id, invoice, lines = paid
    decision = world.match_part(lines[0], invoice)
    document_id = world.document(account_id, "2017-01-31", "7500")
    world.do(reconcile.reconcile_processed, document_id=document_id)

    undone = world.do(undo.undo_decisions, decision_ids=[decision])

    assert undone.document_ids == (document_id,)
    assert family(world) == [("A", kr("15000"), 0, None)]
    world.match_part(lines[0], invoice)
    world.do(reconcile.reconcile_processed, document_id=document_id)
    assert [row[:2] for row in family(world)] == [("A", kr("7500")), ("A#3", kr("7500"))]
    assert world.figures(document_id).difference == 0
    assert world.read(history.verify_log).holds


def test_undoing_one_of_two_instalments_makes_the_rest_whole_again(paid: tuple[World, int, int, Sequence[int]]) -> None:
    world, account_id, invoice, lines = paid
    world.match_part(lines[0], invoice)
    second = world.match_part(lines[1], invoice)
    document_id = world.document(account_id, "2017-02-28", "11500")
    world.do(reconcile.reconcile_processed, document_id=document_id)
    assert [row[:2] for row in family(world)] == [("A", kr("11500")), ("A#2", kr("3500"))]

    world.do(undo.undo_decisions, decision_ids=[second])

    assert family(world) == [("A", kr("15000"), kr("7500"), None)]


def test_parts_that_are_used_or_closed_stay_apart(paid: tuple[World, int, int, Sequence[int]]) -> None:
    world, account_id, invoice, lines = paid
    first = world.match_part(lines[0], invoice)
    document_id = world.document(account_id, "2017-01-31", "7500")
    world.do(reconcile.reconcile_processed, document_id=document_id)
    second = world.match_part(lines[1], ids(world)["A#2"])

    world.do(undo.undo_decisions, decision_ids=[first])
    assert family(world) == [("A", kr("7500"), 0, None), ("A#2", kr("7500"), kr("4000"), None)]

    world.match((lines[0], invoice))
    world.do(reconcile.reconcile_processed, document_id=document_id)
    world.close(document_id)
    world.do(undo.undo_decisions, decision_ids=[second])
    assert [row[:3] for row in family(world)] == [("A", kr("7500"), kr("7500")), ("A#2", kr("7500"), 0)]
    assert world.do(splitting.join_parts, transaction_id=invoice) == []


def test_later_parts_go_back_into_the_part_they_came_off(paid: tuple[World, int, int, Sequence[int]]) -> None:
    world, account_id, invoice, lines = paid
    world.match_part(lines[0], invoice)
    january = world.document(account_id, "2017-01-31", "7500")
    world.do(reconcile.reconcile_processed, document_id=january)
    world.close(january)
    second = world.match_part(lines[1], ids(world)["A#2"])
    february = world.document(account_id, "2017-02-28", "11500")
    world.do(reconcile.reconcile_processed, document_id=february)
    assert [row[:2] for row in family(world)] == [("A", kr("7500")), ("A#2", kr("4000")), ("A#3", kr("3500"))]

    world.do(undo.undo_decisions, decision_ids=[second])

    assert [row[:3] for row in family(world)] == [("A", kr("7500"), kr("7500")), ("A#2", kr("7500"), 0)]


def test_voiding_the_document_leaves_the_parts(paid: tuple[World, int, int, Sequence[int]]) -> None:
    world, account_id, invoice, lines = paid
    world.match_part(lines[0], invoice)
    document_id = world.document(account_id, "2017-01-31", "7500")
    world.do(reconcile.reconcile_processed, document_id=document_id)
    world.close(document_id)

    world.do(release.void_document, document_id=document_id)

    again = world.document(account_id, "2017-01-31", "7500")
    world.do(reconcile.reconcile_processed, document_id=again)
    assert world.figures(again).difference == 0
    assert [row[:2] for row in family(world)] == [("A", kr("7500")), ("A#2", kr("7500"))]


def rows(account_id: int, amount: str, reference: str = "A") -> list[BookRow]:
    return [BookRow(account_id, "A", day("2017-01-10"), kr(amount), reference=reference)]


def imported(world: World, some: list[BookRow]) -> books.ImportCounts:
    counts: books.ImportCounts = world.do(books.import_transactions, rows=some, source="ledger")
    return counts


@pytest.fixture
def half_closed(paid: tuple[World, int, int, Sequence[int]]) -> tuple[World, int, int, Sequence[int]]:
    """The same, with the first instalment closed in January's document."""
    world, account_id, invoice, lines = paid
    world.match_part(lines[0], invoice)
    document_id = world.document(account_id, "2017-01-31", "7500")
    world.do(reconcile.reconcile_processed, document_id=document_id)
    world.close(document_id)
    return paid


def test_importing_the_source_row_again_changes_nothing(half_closed: tuple[World, int, int, Sequence[int]]) -> None:
    world, account_id, _, _ = half_closed
    before = world.read(history.head)

    again = imported(world, rows(account_id, "15000"))

    assert (again.new, again.same, again.changed) == (0, 1, 0)
    assert world.read(history.head) == before


def test_a_changed_source_row_is_shown_and_changes_only_the_open_rest(
    half_closed: tuple[World, int, int, Sequence[int]],
) -> None:
    world, account_id, _, _ = half_closed

    changed = imported(world, rows(account_id, "14000", "A-corrected"))

    assert [row[:2] for row in family(world)] == [("A", kr("7500")), ("A#2", kr("7500"))]
    assert imported(world, rows(account_id, "14000", "A-corrected")).to_decide == ()
    world.do(books.decide_change, change_id=changed.to_decide[0], accept=True)
    assert [row[:2] for row in family(world)] == [("A", kr("7500")), ("A#2", kr("6500"))]
    texts = world.rows("SELECT reference FROM book_transaction ORDER BY id")
    assert [row.reference for row in texts] == ["A", "A-corrected"]
    assert imported(world, rows(account_id, "14000", "A-corrected")).same == 1


def test_a_source_row_that_shrinks_to_what_was_paid_leaves_no_rest(
    half_closed: tuple[World, int, int, Sequence[int]],
) -> None:
    world, account_id, _, _ = half_closed
    changed = imported(world, rows(account_id, "7500"))

    world.do(books.decide_change, change_id=changed.to_decide[0], accept=True)

    assert [row[:2] for row in family(world)] == [("A", kr("7500"))]
    assert imported(world, rows(account_id, "7500")).same == 1


@pytest.mark.parametrize("amount", ["7000", "-15000"])
def test_a_change_that_the_closed_part_contradicts_is_refused(
    half_closed: tuple[World, int, int, Sequence[int]], amount: str
) -> None:
    world, account_id, _, _ = half_closed
    changed = imported(world, rows(account_id, amount))

    with pytest.raises(WrongState, match="more than its new amount"):
        world.do(books.decide_change, change_id=changed.to_decide[0], accept=True)


def test_a_change_is_refused_while_every_part_is_used(half_closed: tuple[World, int, int, Sequence[int]]) -> None:
    world, account_id, _, lines = half_closed
    world.match_part(lines[1], ids(world)["A#2"])
    changed = imported(world, rows(account_id, "14000"))

    with pytest.raises(WrongState, match="cleared, matched or reconciled"):
        world.do(books.decide_change, change_id=changed.to_decide[0], accept=True)


def test_a_source_may_use_the_name_of_a_part(half_closed: tuple[World, int, int, Sequence[int]]) -> None:
    world, account_id, _, _ = half_closed

    counts = imported(world, [BookRow(account_id, "A#2", day("2017-02-01"), kr("99"))])

    assert counts.new == 1
    assert imported(world, [BookRow(account_id, "A#2", day("2017-02-01"), kr("99"))]).same == 1


def test_each_part_is_voided_by_itself(half_closed: tuple[World, int, int, Sequence[int]]) -> None:
    world, account_id, _, _ = half_closed
    rest = ids(world)["A#2"]

    world.do(voiding.void_transaction, transaction_id=rest, day=day("2017-02-01"))

    assert world.read(open_transactions)["id"] == []
    with pytest.raises(WrongState, match="voided"):
        world.do(splitting.split_transaction, transaction_id=rest, amount=kr("1"))
    items = world.read(outstanding.outstanding, account_id=account_id, day=day("2017-02-01"))
    assert [item for item in items if item.side == "book"] == []


def test_voiding_a_proved_part_leaves_the_rest_as_it_is(paid: tuple[World, int, int, Sequence[int]]) -> None:
    world, account_id, invoice, lines = paid
    world.match_part(lines[0], invoice)
    document_id = world.document(account_id, "2017-01-31", "7500")
    world.do(reconcile.reconcile_processed, document_id=document_id)

    entry = world.do(voiding.void_transaction, transaction_id=invoice, day=day("2017-02-01"))

    assert world.rows("SELECT amount FROM book_transaction WHERE id = :id", id=entry)[0].amount == kr("-7500")
    columns = world.read(open_transactions)
    assert list(zip(columns["id"], columns["amount"], strict=True)) == [(ids(world)["A#2"], kr("7500"))]


def test_a_rejected_pair_stays_rejected_for_the_rest(paid: tuple[World, int, int, Sequence[int]]) -> None:
    world, account_id, invoice, lines = paid
    world.do(clearing.reject_matches, groups=[Match((lines[2],), (invoice,))])
    world.match_part(lines[0], invoice)

    document_id = world.document(account_id, "2017-01-31", "7500")
    world.do(reconcile.reconcile_processed, document_id=document_id)

    rest = ids(world)["A#2"]
    assert world.read(clearing.rejected_groups) == {f"{lines[2]}|{invoice}", f"{lines[2]}|{rest}"}


def test_the_trail_of_a_part_leads_to_its_original(half_closed: tuple[World, int, int, Sequence[int]]) -> None:
    world, _, _, _ = half_closed

    found = world.read(trail, kind="transaction", item_id=ids(world)["A#2"])

    assert any("A#2, split off A" in step.text for step in found.steps)
    assert "book.split" in {step.text for step in found.log}


def test_a_person_splits_by_hand_and_puts_together_again(paid: tuple[World, int, int, Sequence[int]]) -> None:
    world, _, invoice, lines = paid

    rest = world.do(splitting.split_transaction, transaction_id=invoice, amount=kr("7500.01"))

    assert [row[:2] for row in family(world)] == [("A", kr("7500.01")), ("A#2", kr("7499.99"))]
    assert world.do(splitting.join_parts, transaction_id=rest) == [rest]
    world.match_part(lines[0], invoice)
    world.do(splitting.split_transaction, transaction_id=invoice, amount=kr("7500"))
    row = world.rows("SELECT processed, clear_date, cleared_by FROM book_transaction WHERE id = :id", id=invoice)[0]
    assert tuple(row) == (True, day("2017-01-31"), ANNA)


@pytest.mark.parametrize("amount", ["0", "15000", "-1", "7499.99", "15001"])
def test_an_amount_that_is_no_part_is_refused(paid: tuple[World, int, int, Sequence[int]], amount: str) -> None:
    world, _, invoice, lines = paid
    world.match_part(lines[0], invoice)

    with pytest.raises(BadRequest):
        world.do(splitting.split_transaction, transaction_id=invoice, amount=kr(amount))


def test_what_is_ticked_or_has_a_voucher_is_not_split(paid: tuple[World, int, int, Sequence[int]]) -> None:
    world, account_id, invoice, lines = paid
    made = world.do(
        adjust.create_adjustment, account_id=account_id, entry_type="INT", amount=kr("9000"), day=day("2017-01-20")
    )
    world.do(adjust.release_adjustments, adjustment_ids=[made.id])
    world.match_part(lines[0], made.transaction_id)
    document_id = world.document(account_id, "2017-01-31", "0")
    world.do(reconcile.tick, document_id=document_id, transaction_ids=[invoice])

    with pytest.raises(WrongState, match="ticked"):
        world.do(splitting.split_transaction, transaction_id=invoice, amount=kr("1"))
    with pytest.raises(WrongState, match="voucher"):
        world.do(splitting.split_transaction, transaction_id=made.transaction_id, amount=kr("7500"))
    done = world.do(reconcile.reconcile_processed, document_id=document_id)
    assert (done.changed, done.skipped) == ((), 1)
    assert "voucher" in done.last_error


def test_a_payment_of_a_batch_leaves_its_rest_outside_the_batch(world: World) -> None:
    account_id = world.account(match_batches=True)
    some = [BookRow(account_id, name, day("2017-01-05"), kr("-100"), batch="PAY1") for name in "AB"]
    imported(world, some)
    lines = world.statement(account_id, "0", "2017-01-06 -100 R1", "2017-01-06 -60 R2").new_line_ids
    world.match((lines[0], 1))
    world.match_part(lines[1], 2)
    document_id = world.document(account_id, "2017-01-31", "-160")

    figures = world.do(reconcile.tick, document_id=document_id, transaction_ids=[1])

    assert (figures.disbursement_count, figures.difference) == (2, 0)
    assert imported(world, some).same == 2


def test_the_rest_of_an_overpaid_line_stays_open_and_is_adjusted(world: World) -> None:
    account_id = world.account()
    world.entry_types()
    (invoice,) = world.book(account_id, "2017-01-05 7500 A")
    (line_id,) = world.statement(account_id, "0", "2017-01-06 10000.25 R1").new_line_ids
    world.do(clearing.apply_matches, matches=[Match((line_id,), (invoice,), line_amounts=(kr("7500"),))])
    document_id = world.document(account_id, "2017-01-31", "10000.25")
    world.do(reconcile.reconcile_processed, document_id=document_id)
    assert world.figures(document_id).difference == kr("2500.25")
    assert [row[0] for row in family(world)] == ["A"], "the transaction is proved in full: nothing is split"

    made = world.do(adjust.create_from_line, line_id=line_id, rest=Rest("UNK"))

    world.do(adjust.release_adjustments, adjustment_ids=[made.id])
    world.do(reconcile.reconcile_processed, document_id=document_id)
    assert world.figures(document_id).difference == 0
    world.close(document_id)


Fresh = Callable[[], Any]


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Fresh:
    """A maker of empty databases, for many examples in one test."""
    if request.param == "postgresql":
        shared: Database = request.getfixturevalue("migrated_postgres")

        @contextmanager
        def make() -> Iterator[Database]:
            yield emptied(shared)

        return make
    template = request.getfixturevalue("migrated_file")

    @contextmanager
    def copy() -> Iterator[Database]:
        path = tmp_path / "example.db"
        shutil.copy(template, path)
        opened = open_database(f"sqlite:///{path}")
        yield opened
        opened.close()
        path.unlink()

    return copy


NUMBER = st.integers(0, 10_000)
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), st.integers(1, 1_500_000), st.integers(0, 20)),
        st.tuples(st.just("reconcile"), NUMBER, st.integers(0, 15)),
        st.tuples(st.sampled_from(["undo", "match", "close", "reopen", "by hand", "join"]), NUMBER, NUMBER),
    ),
    min_size=4,
    max_size=25,
)


class Invoice:
    """One invoice of 15,000.00 and whatever happens to it; a deed that is refused changes nothing."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.account_id = world.account()
        self.balance, self.day = 0, day("2017-01-10")
        world.book(self.account_id, "2017-01-10 15000 A")

    def of(self, sql: str, number: int) -> Any:
        rows = self.world.rows(sql)
        return rows[number % len(rows)] if rows else None

    def part(self, number: int) -> Any:
        return self.of("SELECT * FROM book_transaction WHERE status = 'released' ORDER BY id", number)

    def pay(self, amount: int, later: int) -> None:
        self.day += timedelta(days=later)
        text = [f"{value // 100}.{value % 100:02d}" for value in (self.balance, amount)]
        self.world.statement(self.account_id, text[0], f"{self.day} {text[1]}", sequence=self.balance)
        self.balance += amount
        self.match(-1, 0)

    def match(self, number: int, other: int) -> None:
        line = self.of("SELECT * FROM statement_line WHERE state = 'open' ORDER BY id", number)
        row = self.of("SELECT * FROM book_transaction WHERE matched_amount <> amount ORDER BY id", other)
        if line is not None and row is not None:
            part = min(line.amount - line.used_amount, row.amount - row.matched_amount)
            match = Match((line.id,), (row.id,), (part,), (part,))
            self.world.do(clearing.apply_matches, matches=[match])

    def reconcile(self, _: int, back: int) -> None:
        found = self.world.read(documents.open_id, self.account_id)
        if found is None:
            when = max(self.day - timedelta(days=back), day("2017-01-10"))
            found = self.world.document(self.account_id, str(when), "0")
        self.world.do(reconcile.reconcile_processed, document_id=found)

    def close(self, *_: int) -> None:
        found = self.world.read(documents.open_id, self.account_id)
        if found is not None:
            row = self.world.read(documents.row, found)
            moved = sum(
                one.amount
                for one in self.world.rows("SELECT * FROM statement_line")
                if one.booking_date <= row.reconciliation_date
            )
            self.world.do(reconcile.change_document, document_id=found, statement_balance=moved)
            self.world.close(found)

    def reopen(self, *_: int) -> None:
        last = self.world.read(documents.last_closed, self.account_id)
        if last is not None:
            self.world.do(release.void_document, document_id=last.id)

    def undo(self, number: int, _: int) -> None:
        row = self.of("SELECT * FROM decision WHERE state = 'applied' ORDER BY id", number)
        if row is not None:
            self.world.do(undo.undo_decisions, decision_ids=[row.id])

    def by_hand(self, number: int, amount: int) -> None:
        self.world.do(splitting.split_transaction, transaction_id=self.part(number).id, amount=amount)

    def join(self, number: int, _: int) -> None:
        self.world.do(splitting.join_parts, transaction_id=self.part(number).id)

    def do(self, deed: str, first: int, second: int) -> None:
        try:
            getattr(self, deed.replace(" ", "_"))(first, second)
        except Refused:
            return

    def check(self) -> None:
        """The family is what was booked, each part has what its standing matches use, and the source has no news."""
        found = self.world.rows(
            "SELECT t.amount, t.matched_amount, t.cleared, t.processed, (SELECT coalesce(sum(d.amount), 0)"
            " FROM decision_transaction d JOIN decision x ON x.id = d.decision_id AND x.state = 'applied'"
            " WHERE d.book_transaction_id = t.id) AS used FROM book_transaction t WHERE t.status <> 'rejected'"
        )
        assert sum(row.amount for row in found) == kr("15000")
        assert all(0 <= row.matched_amount == row.used <= row.amount and row.amount for row in found)
        assert all(row.processed == (row.matched_amount == row.amount) for row in found)
        used = self.world.rows("SELECT sum(used_amount) AS n FROM statement_line")[0].n or 0
        assert used == sum(row.used for row in found)
        before = self.world.read(history.head)
        assert imported(self.world, rows(self.account_id, "15000")).same == 1
        assert self.world.read(history.head) == before


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(deeds=DEEDS)
def test_whatever_happens_the_parts_stay_what_was_booked(fresh: Fresh, deeds: list[tuple[str, int, int]]) -> None:
    with fresh() as database:
        invoice = Invoice(World(database))
        for deed in deeds:
            invoice.do(*deed)
            invoice.check()

        report = invoice.world.read(history.verify_log)
        assert report.holds, [str(one) for one in report.differences][:3]


REFUSED: dict[str, str] = {
    "a proved transaction shrinks only by a part that nothing has used": "UPDATE book_transaction SET amount = amount - 1 WHERE id = 1",
    "nor does it grow by less than that part": "UPDATE book_transaction SET amount = amount + 1 WHERE id = 1",
    "a part stays a part of its original": "UPDATE book_transaction SET split_of_id = NULL WHERE id = 2",
    "a part has the sign of its original": (
        "INSERT INTO book_transaction (id, cash_account_id, source, external_id, transaction_date, amount, currency,"
        " kind, split_of_id) VALUES (77, 1, '', 'X', '2017-01-10', -1, 'SEK', 'journal', 1)"
    ),
    "a part is no original": (
        "INSERT INTO book_transaction (id, cash_account_id, source, external_id, transaction_date, amount, currency,"
        " kind, split_of_id) VALUES (77, 1, '', 'X', '2017-01-10', 1, 'SEK', 'journal', 2)"
    ),
}


@pytest.mark.parametrize("rule", REFUSED)
def test_the_database_refuses(paid: tuple[World, int, int, Sequence[int]], rule: str) -> None:
    world, account_id, invoice, lines = paid
    world.match_part(lines[0], invoice)
    document_id = world.document(account_id, "2017-01-31", "7500")
    world.do(reconcile.reconcile_processed, document_id=document_id)
    world.do(reconcile.tick, document_id=document_id, transaction_ids=[invoice], reconciled=False)

    with world.database.begin() as uow, pytest.raises(IntegrityError):
        uow.connection.execute(text(REFUSED[rule]))
