"""The worked example and procedures P1 to P9, to the öre."""

from __future__ import annotations

import pytest

from recon_core.domain.refusals import BadRequest, Blocked, Conflict, NotBalanced, Unreleased, WrongState
from recon_core.services import adjust, blockers, books, documents, numbering, reconcile, release, voiding
from tests.core.world import World, day, kr


@pytest.fixture
def example(world: World) -> tuple[World, int]:
    account_id = world.account()
    world.entry_types()
    return world, account_id


def test_the_worked_example_comes_out_to_the_krona(example: tuple[World, int]) -> None:
    world, account_id = example
    receipt = world.book(account_id, "2017-01-10 25000 R1")

    first = world.document(account_id, "2017-01-10", "25000")
    assert world.figures(first).beginning_balance == 0
    assert world.figures(first).difference == kr("25000")
    world.do(reconcile.tick, document_id=first, transaction_ids=receipt)
    ticked = world.read(documents.listed, first)[0]
    assert (ticked.reconciled, ticked.cleared, ticked.clear_date) == (True, True, day("2017-01-10"))
    figures = world.figures(first)
    assert (figures.reconciled_balance, figures.difference) == (kr("25000"), 0)
    assert (figures.receipts, figures.receipt_count) == (kr("25000"), 1)
    world.do(reconcile.remove_hold, document_id=first)
    assert world.read(documents.get, first).state == "balanced"
    assert world.do(release.release, document_id=first) == "000001"
    assert world.read(documents.get, first).state == "closed"

    world.book(account_id, "2017-01-15 -250000 P1", "2017-01-20 62500 R2", "2017-01-25 -10000 J1")
    second = world.document(account_id, "2017-01-31", "-172550")
    assert world.figures(second).beginning_balance == kr("25000")
    assert world.figures(second).difference == kr("-197550")
    toggled = world.do(reconcile.toggle_reconciled, document_id=second)
    assert (toggled.value, len(toggled.changed)) == (True, 3)
    figures = world.figures(second)
    assert (figures.reconciled_balance, figures.difference) == (kr("-172500"), kr("-50"))
    assert (figures.receipts, figures.disbursements) == (kr("62500"), kr("260000"))
    with pytest.raises(NotBalanced):
        world.do(reconcile.remove_hold, document_id=second)

    made = world.fee(account_id, "-50", "2017-01-31")
    line = next(one for one in world.read(documents.listed, second) if one.ids == (made.transaction_id,))
    assert "release it first" in line.warning
    with pytest.raises(Unreleased):
        world.do(reconcile.tick, document_id=second, transaction_ids=[made.transaction_id])
    with pytest.raises(Blocked) as blocked:
        world.do(release.release, document_id=second)
    assert {one.code for one in blocked.value.blockers} == {"unreleased-adjustments", "difference", "on-hold"}
    assert all(one.cure for one in blocked.value.blockers)
    assert world.do(adjust.release_adjustments, adjustment_ids=[made.id]) == ["V000001"]
    world.do(reconcile.tick, document_id=second, transaction_ids=[made.transaction_id])
    assert world.figures(second).difference == 0
    assert world.close(second) == "000002"

    third = world.document(account_id, "2017-02-28", "-172550")
    assert world.figures(third).beginning_balance == kr("-172550")
    assert world.figures(third).difference == 0
    rows = world.rows("SELECT ledger_account, amount FROM voucher_row ORDER BY row_index")
    assert [tuple(row) for row in rows] == [("1930", kr("-50")), ("6570", kr("50"))]


def test_p1_a_first_reconciliation_ticks_all_of_history(example: tuple[World, int]) -> None:
    world, account_id = example
    world.book(account_id, "2014-01-01 1000 IB", "2015-03-01 -250 A", "2016-12-20 99.50 B")

    first = world.document(account_id, "2016-12-31", "849.50")
    toggled = world.do(reconcile.toggle_reconciled, document_id=first)
    number = world.close(first)

    assert (len(toggled.changed), number) == (3, "000001")
    following = world.document(account_id, "2017-01-31", "0")
    assert world.figures(following).beginning_balance == kr("849.50")


def test_p2_without_history_the_opening_balance_is_ticked(example: tuple[World, int]) -> None:
    world, account_id = example
    opening = world.book(account_id, "2014-01-01 12345.67 IB")

    document_id = world.document(account_id, "2014-01-01", "12345.67")
    figures = world.do(reconcile.tick, document_id=document_id, transaction_ids=opening)

    assert figures.difference == 0
    assert world.close(document_id) == "000001"


def test_p6_reconcile_processed_ticks_exactly_what_the_bank_proved(example: tuple[World, int]) -> None:
    world, account_id = example
    paid, by_hand, month_end = world.book(account_id, "2017-01-05 100 A", "2017-01-06 200 B", "2017-01-31 -40 C")
    lines = world.statement(account_id, "0", "2017-01-07 100 R1", "2017-01-08 200 R2").new_line_ids
    world.match((lines[0], paid))
    document_id = world.document(account_id, "2017-01-31", "300")
    world.do(reconcile.mark_cleared, document_id=document_id, transaction_ids=[by_hand])

    done = world.do(reconcile.reconcile_processed, document_id=document_id)

    listed = {line.ids[0]: line for line in world.read(documents.listed, document_id)}
    assert done.changed == (paid,)
    assert (listed[paid].clear_date, listed[paid].processed) == (day("2017-01-07"), True)
    assert (listed[by_hand].cleared, listed[by_hand].reconciled) == (True, False)
    world.do(reconcile.toggle_cleared, document_id=document_id)
    world.do(reconcile.toggle_reconciled, document_id=document_id, transaction_ids=[by_hand, month_end])
    world.do(reconcile.tick, document_id=document_id, transaction_ids=[month_end], reconciled=False)
    assert world.figures(document_id).difference == 0
    assert world.close(document_id) == "000001"
    following = world.document(account_id, "2017-02-28", "260")
    assert [line.ids for line in world.read(documents.listed, following)] == [(month_end,)]


def test_p7_unreleased_items_are_listed_with_a_warning_and_block_until_released(example: tuple[World, int]) -> None:
    world, account_id = example
    pending = world.do(
        books.create_transaction, account_id=account_id, transaction_date=day("2017-01-05"), amount=kr("100")
    )
    document_id = world.document(account_id, "2017-01-31", "100")

    assert "release it first" in world.read(documents.listed, document_id)[0].warning
    assert world.do(reconcile.toggle_reconciled, document_id=document_id).value is None
    world.do(books.release_transactions, ids=[pending])
    assert world.do(reconcile.toggle_reconciled, document_id=document_id).changed == (pending,)
    assert world.close(document_id) == "000001"


def test_p8_a_wrong_reconciliation_is_voided_and_started_over(example: tuple[World, int]) -> None:
    world, account_id = example
    (receipt,) = world.book(account_id, "2017-01-10 25000 R1")
    wrong = world.document(account_id, "2017-01-15", "25000")
    world.do(reconcile.tick, document_id=wrong, transaction_ids=[receipt])
    world.close(wrong)

    world.do(release.void_document, document_id=wrong, reason="wrong date")

    voided = world.read(documents.get, wrong)
    assert (voided.state, voided.figures.receipts, voided.figures.receipt_count) == ("voided", kr("25000"), 1)
    assert world.read(documents.listed, wrong) == []
    again = world.document(account_id, "2017-01-10", "25000")
    assert world.figures(again).beginning_balance == 0
    line = world.read(documents.listed, again)[0]
    assert (line.reconciled, line.cleared, line.clear_date) == (False, True, day("2017-01-15"))
    world.do(reconcile.tick, document_id=again, transaction_ids=[receipt])
    assert world.close(again) == "000002"


def test_only_the_latest_document_is_voided(example: tuple[World, int]) -> None:
    world, account_id = example
    for when, name in (("2017-01-31", "A"), ("2017-02-28", "B")):
        ids = world.book(account_id, f"{when} 10 {name}")
        document_id = world.document(account_id, when, "10" if name == "A" else "20")
        world.do(reconcile.tick, document_id=document_id, transaction_ids=ids)
        world.close(document_id)
    first, last = (row.id for row in world.rows("SELECT id FROM reconciliation ORDER BY id"))

    with pytest.raises(WrongState, match="not the latest"):
        world.do(release.void_document, document_id=first)
    world.do(release.void_document, document_id=last)
    world.do(release.void_document, document_id=first)

    assert world.rows("SELECT id FROM book_transaction WHERE reconciliation_id IS NOT NULL") == []


def test_p9_a_document_keeps_its_state_between_sessions(example: tuple[World, int]) -> None:
    world, account_id = example
    ids = world.book(account_id, "2017-01-10 25000 R1")
    document_id = world.document(account_id, "2017-01-10", "25000")
    world.do(reconcile.tick, document_id=document_id, transaction_ids=ids)
    assert world.read(documents.get, document_id).state == "hold"

    world.do(reconcile.remove_hold, document_id=document_id)

    assert world.read(documents.get, document_id).state == "balanced"
    with pytest.raises(NotBalanced):
        world.do(reconcile.change_document, document_id=document_id, statement_balance=kr("1"))
    assert world.read(documents.get, document_id).figures.statement_balance == kr("25000")
    with pytest.raises(NotBalanced):
        world.do(reconcile.tick, document_id=document_id, transaction_ids=ids, reconciled=False)


def test_the_toggle_takes_its_direction_from_the_first_released_row(example: tuple[World, int]) -> None:
    world, account_id = example
    first, second, third = world.book(account_id, "2017-01-01 1 A", "2017-01-02 2 B", "2017-01-03 3 C")
    document_id = world.document(account_id, "2017-01-31", "6")
    world.do(reconcile.tick, document_id=document_id, transaction_ids=[first])

    off = world.do(reconcile.toggle_reconciled, document_id=document_id)
    on = world.do(reconcile.toggle_reconciled, document_id=document_id, transaction_ids=[second, third])

    assert (off.value, off.changed) == (False, (first,))
    assert (on.value, on.changed) == (True, (second, third))
    cleared = {line.ids[0]: line.cleared for line in world.read(documents.listed, document_id)}
    assert cleared == {first: True, second: True, third: True}


def test_unticking_a_line_leaves_it_cleared(example: tuple[World, int]) -> None:
    world, account_id = example
    ids = world.book(account_id, "2017-01-10 5 A")
    document_id = world.document(account_id, "2017-01-31", "5")
    world.do(reconcile.tick, document_id=document_id, transaction_ids=ids)

    world.do(reconcile.tick, document_id=document_id, transaction_ids=ids, reconciled=False)

    line = world.read(documents.listed, document_id)[0]
    assert (line.reconciled, line.cleared, line.clear_date) == (False, True, day("2017-01-31"))


def test_a_document_that_is_deleted_frees_its_lines(example: tuple[World, int]) -> None:
    world, account_id = example
    ids = world.book(account_id, "2017-01-10 5 A")
    document_id = world.document(account_id, "2017-01-31", "5")
    world.do(reconcile.tick, document_id=document_id, transaction_ids=ids)

    world.do(reconcile.delete_document, document_id=document_id)

    again = world.document(account_id, "2017-01-31", "5")
    assert again != document_id
    assert [line.reconciled for line in world.read(documents.listed, again)] == [False]


def test_a_date_before_a_hidden_voiding_entry_names_the_line_to_untick(example: tuple[World, int]) -> None:
    world, account_id = example
    (voided,) = world.book(account_id, "2017-01-10 5 A")
    world.do(voiding.void_transaction, transaction_id=voided, day=day("2017-01-20"))
    document_id = world.document(account_id, "2017-01-31", "0")
    world.do(reconcile.tick, document_id=document_id, transaction_ids=[voided])

    with pytest.raises(BadRequest) as refused:
        world.do(reconcile.change_document, document_id=document_id, reconciliation_date=day("2017-01-15"))

    assert refused.value.cure == f"Untick it first: recon reconcile untick ACCOUNT {voided}"


def test_a_statement_that_begins_after_the_date_stands_in_nobodys_way(example: tuple[World, int]) -> None:
    world, account_id = example
    ids = world.book(account_id, "2017-01-10 100 A")
    lines = world.statement(account_id, "0", "2017-01-10 100 R1", to_date=day("2017-01-31")).new_line_ids
    world.statement(account_id, "100", "2017-02-10 7 R2", closing="999")
    held = world.statement(account_id, "100", "2017-02-11 7 R3", format="mt940", statement_id="7")
    world.match((lines[0], ids[0]))
    document_id = world.document(account_id, "2017-01-31", "100")
    world.do(reconcile.tick, document_id=document_id, transaction_ids=ids)

    assert [one.code for one in world.read(blockers.blockers, document_id=document_id)] == ["on-hold"]
    world.close(document_id)
    following = world.document(account_id, "2017-02-28", "100")
    codes = {one.code for one in world.read(blockers.blockers, document_id=following)}
    assert {"chain-mismatch", "unbalanced"} <= codes
    assert held.outcome == "new"


def test_a_number_that_was_typed_before_is_refused_with_what_to_do(world: World) -> None:
    world.do(numbering.open_series, code="TYPED", manual=True)
    account_id = world.account(number_series="TYPED")
    for when, number in (("2017-01-31", "7"), ("2017-02-28", "8")):
        document_id = world.document(account_id, when, "0")
        world.do(reconcile.remove_hold, document_id=document_id)
        if when != "2017-01-31":
            with pytest.raises(Conflict, match="has a reconciliation 7 already"):
                world.do(release.release, document_id=document_id, number="7")
        assert world.do(release.release, document_id=document_id, number=number) == number


def test_changing_the_date_stamps_the_ticked_lines_again(example: tuple[World, int]) -> None:
    world, account_id = example
    ids = world.book(account_id, "2017-01-10 5 A")
    document_id = world.document(account_id, "2017-01-31", "5")
    world.do(reconcile.tick, document_id=document_id, transaction_ids=ids)

    world.do(reconcile.change_document, document_id=document_id, reconciliation_date=day("2017-01-15"))

    assert world.rows("SELECT reconciled_date FROM book_transaction")[0][0] == day("2017-01-15")
    assert [one.code for one in world.read(blockers.blockers, document_id=document_id)] == ["on-hold"]
