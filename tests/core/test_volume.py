"""Large accounts stay usable: 100,000 open items, and a bulk of matches, within stated times (processor time)."""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import Self

import pytest

from recon_core.domain.book import BookRow
from recon_core.domain.matching import Match
from recon_core.domain.statement import StatementHeader
from recon_core.reports.open_items import open_lines, open_transactions
from recon_core.services import blockers, books, clearing, documents, reconcile, statements
from tests.core.world import ANNA, World, bank_lines

FIRST = date(2026, 1, 1)


def fill(world: World, count: int) -> int:
    account_id = world.account()
    rows = [BookRow(account_id, f"N{n}", FIRST + timedelta(days=n % 360), 100 + n, f"REF{n}") for n in range(count)]
    world.do(books.import_transactions, rows=rows, source="ledger")
    return account_id


class Watch:
    """Processor time of a block. A server's work is not in it, so there the wall clock counts."""

    def __init__(self, world: World) -> None:
        self._clock = time.process_time if world.database.engine.dialect.name == "sqlite" else time.perf_counter

    def __enter__(self) -> Self:
        self._start = self._clock()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = self._clock() - self._start


def test_a_document_of_a_hundred_thousand_open_items_is_recomputed_well_under_a_second(
    world: World, request: pytest.FixtureRequest
) -> None:
    server = world.database.engine.dialect.name != "sqlite"
    count = 20_000 if server and not request.config.getoption("--heavy") else 100_000
    account_id = fill(world, count)
    document_id = world.document(account_id, "2026-12-31", "0")
    half = [row.id for row in world.rows("SELECT id FROM book_transaction WHERE id % 2 = 0")]
    world.do(reconcile.tick, document_id=document_id, transaction_ids=half)

    with Watch(world) as figures:
        found = world.figures(document_id)
    with Watch(world) as page:
        lines = world.read(documents.listed, document_id, limit=100)
    with Watch(world) as tick:
        world.do(reconcile.tick, document_id=document_id, transaction_ids=[half[0] + 1])
    with Watch(world) as reasons:
        world.read(blockers.blockers, document_id=document_id)

    assert found.receipt_count == count // 2
    assert len(lines) == 100
    assert figures.seconds < 0.5
    assert page.seconds < 0.5
    assert tick.seconds < 0.7
    assert reasons.seconds < 0.7


def test_ten_thousand_lines_pass_through_the_books_in_about_a_second(world: World) -> None:
    count = 10_000
    account_id = fill(world, count)
    lines = bank_lines(*[f"{FIRST + timedelta(days=n % 360)} {(100 + n) / 100:.2f} R{n}" for n in range(count)])
    lines = [line._replace(creditor_reference=f"REF{n}") for n, line in enumerate(lines)]
    total = sum(line.amount for line in lines)
    header = StatementHeader(
        format="camt.053", kind="statement", currency="SEK", opening_balance=0, closing_balance=total
    )
    with Watch(world) as watch:
        with world.database.begin() as uow:
            file = statements.archive_file(uow, name="f", content=b"f", by=ANNA, at=world.tick())
            statements.register_statement(
                uow, header=header, lines=lines, file_id=file.id, account_id=account_id, by=ANNA, at=world.tick()
            )
            uow.commit()
        with world.database.begin() as uow:
            bank, book = open_lines(uow), open_transactions(uow)
            ids = dict(zip(book["reference"], book["id"], strict=True))
            pairs = zip(bank["id"], bank["creditor_reference"], strict=True)
            matches = [Match((line_id,), (ids[reference],)) for line_id, reference in pairs]
            clearing.apply_matches(uow, matches=matches, by=ANNA, at=world.tick())
            uow.commit()

    assert world.rows("SELECT count(*) AS n FROM book_transaction WHERE processed")[0].n == count
    assert watch.seconds < (1.5 if world.database.engine.dialect.name == "sqlite" else 8)
