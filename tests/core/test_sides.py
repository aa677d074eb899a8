"""Who holds which side of an account keeps whom out: bank lines and the book's transactions come in beside each other."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from recon_core.domain.book import BookRow
from recon_core.domain.refusals import Busy
from recon_core.ports import Side
from recon_core.services import books
from recon_core.store.engine import Database
from tests.core.conftest import emptied
from tests.core.test_races import race
from tests.core.world import ANNA, World, day

BESIDE = {(Side.BANK, Side.BOOK), (Side.BOOK, Side.BANK), (Side.BOOK, Side.BOOK)}


@pytest.fixture
def shared(migrated_postgres: Database) -> World:
    """Books with several writers: PostgreSQL."""
    return World(emptied(migrated_postgres))


def lets_in(world: World, account_id: int, *held: Side, wanted: Side) -> bool:
    """Whether somebody gets a side of an account while somebody else holds others."""
    with world.database.begin() as uow:
        for side in held:
            uow.lock_accounts([account_id], side=side)
        try:
            with world.database.begin() as other:
                other.connection.execute(text("SET LOCAL lock_timeout = '50ms'"))
                other.lock_accounts([account_id], side=wanted)
        except Busy:
            return False
    return True


@pytest.mark.parametrize("wanted", Side)
@pytest.mark.parametrize("held", Side)
def test_only_the_two_sides_go_beside_each_other(shared: World, held: Side, wanted: Side) -> None:
    assert lets_in(shared, shared.account(), held, wanted=wanted) == ((held, wanted) in BESIDE)


@pytest.mark.parametrize(
    "held", [(Side.BANK, Side.BOOK), (Side.BOOK, Side.BANK), (Side.BOOK, Side.BOTH), (Side.BOTH, Side.BOOK)]
)
def test_who_takes_the_other_side_too_holds_all(shared: World, held: tuple[Side, Side]) -> None:
    account_id = shared.account()

    assert [wanted for wanted in Side if lets_in(shared, account_id, *held, wanted=wanted)] == []


def test_a_statement_comes_in_while_the_book_does(shared: World) -> None:
    account_id = shared.account()
    rows = [BookRow(account_id, "A", day("2017-01-05"), 10000)]

    with shared.database.begin() as uow:
        books.import_transactions(uow, rows=rows, source="ledger", by=ANNA, at=shared.tick())
        came = shared.statement(account_id, "0", "2017-01-05 100 R1")
        uow.commit()

    assert (came.outcome, len(came.new_line_ids)) == ("new", 1)
    assert [row.external_id for row in shared.rows("SELECT external_id FROM book_transaction")] == ["A"]


def test_a_book_that_is_brought_in_twice_at_once_is_stored_once(world: World) -> None:
    account_id = world.account()
    for turn in range(5):
        rows = [BookRow(account_id, f"{name}{turn}", day("2017-01-05"), 10000) for name in "ABC"]

        def bring_in(rows: list[BookRow] = rows) -> tuple[int, int]:
            counts = world.do(books.import_transactions, rows=rows, source="ledger")
            return counts.new, counts.same

        assert sorted(race(world, bring_in, bring_in, bring_in)) == [(0, 3), (0, 3), (3, 0)]
