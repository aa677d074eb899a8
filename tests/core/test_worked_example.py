"""The worked example and procedures P1 to P9, to the öre."""

from __future__ import annotations

import pytest

from recon_core.domain.refusals import Blocked, NotBalanced, Unreleased, WrongState
from recon_core.services import adjust, blockers, books, documents, reconcile, release
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
