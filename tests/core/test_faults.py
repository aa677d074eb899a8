"""Whatever statement or commit fails, the books are as before or as after, and nothing between (T17)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any
from unittest.mock import patch

from sqlalchemy import event

from recon_core.domain.matching import Match, Rest
from recon_core.domain.statement import StatementHeader
from recon_core.services import adjust, books, clearing, history, reconcile, release, statements, undo, voiding
from recon_core.store.driver import Driver
from recon_core.store.tables import METADATA
from tests.core.world import ANNA, IBAN, World, bank_lines, day, kr


class Fault(Exception):
    """What a broken disk or a cut connection would raise."""


def dump(world: World) -> str:
    """A hash over every row of every table."""
    digest = sha256()
    with world.database.read() as uow:
        for table in METADATA.sorted_tables:
            rows = uow.connection.exec_driver_sql(f"SELECT * FROM {table.name}").fetchall()
            digest.update(f"{table.name}{sorted(map(repr, rows))}".encode())
    return digest.hexdigest()


@contextmanager
def failing(world: World, number: int) -> Iterator[list[int]]:
    """The statement or commit with this number fails; the list says how many there were."""
    seen = [0]

    def count(*_: Any) -> None:
        seen[0] += 1
        if seen[0] == number:
            raise Fault

    cursor = Driver.cursor

    def counted(driver: Driver) -> Any:
        count()
        return cursor(driver)

    engine = world.database.engine
    event.listen(engine, "commit", count)
    try:
        with patch.object(Driver, "cursor", counted):
            yield seen
    finally:
        event.remove(engine, "commit", count)


def ids(world: World, table: str) -> list[int]:
    return [row.id for row in world.rows(f"SELECT id FROM {table} ORDER BY id")]


def statement_of_january() -> dict[str, Any]:
    header = StatementHeader(
        format="camt.053",
        kind="statement",
        account=IBAN,
        currency="SEK",
        opening_balance=0,
        closing_balance=kr("20"),
        from_date=day("2017-01-01"),
        to_date=day("2017-01-31"),
    )
    return {"header": header, "lines": bank_lines("2017-01-05 100 R1", "2017-01-06 -30 R2", "2017-01-31 -50 R3")}


def three_rows(world: World) -> list[books.BookRow]:
    (account_id,) = ids(world, "cash_account")
    some = {"A": ("2017-01-05", "100"), "B": ("2017-01-06", "-30"), "C": ("2017-01-07", "5")}
    return [books.BookRow(account_id, name, day(when), kr(amount)) for name, (when, amount) in some.items()]


def matches(world: World) -> list[Match]:
    first, second, third = ids(world, "statement_line")
    receipt, payment, *_ = ids(world, "book_transaction")
    return [Match((first,), (receipt,)), Match((second,), (payment,)), Match((third,), (), rest=Rest("FEE"))]


Deed = tuple[Callable[..., Any], Callable[[World], dict[str, Any]]]
# A month's deeds; arguments are worked out when it is their turn, because a rollback may use up ids.
DEEDS: dict[str, Deed] = {
    "archive": (statements.archive_file, lambda world: {"name": "f", "content": b"f"}),
    "import": (books.import_transactions, lambda world: {"rows": three_rows(world), "source": "ledger"}),
    "register": (
        statements.register_statement,
        lambda world: statement_of_january() | {"file_id": ids(world, "source_file")[0]},
    ),
    "match": (clearing.apply_matches, lambda world: {"matches": matches(world)}),
    "undo": (undo.undo_batch, lambda world: {"batch_id": ids(world, "decision_batch")[0]}),
    "match again": (clearing.apply_matches, lambda world: {"matches": matches(world)}),
    "adjust": (adjust.release_adjustments, lambda world: {"adjustment_ids": ids(world, "adjustment")[1:]}),
    "void": (
        voiding.void_transaction,
        lambda world: {"transaction_id": ids(world, "book_transaction")[2], "day": day("2017-01-08")},
    ),
    "open": (
        reconcile.open_document,
        lambda world: {
            "account_id": ids(world, "cash_account")[0],
            "reconciliation_date": day("2017-01-31"),
            "statement_balance": kr("20"),
        },
    ),
    "tick": (reconcile.toggle_reconciled, lambda world: {"document_id": ids(world, "reconciliation")[0]}),
    "unhold": (reconcile.remove_hold, lambda world: {"document_id": ids(world, "reconciliation")[0]}),
    "release": (release.release, lambda world: {"document_id": ids(world, "reconciliation")[0]}),
    "void document": (release.void_document, lambda world: {"document_id": ids(world, "reconciliation")[0]}),
}


def test_every_deed_happens_wholly_or_not_at_all(world: World) -> None:
    world.account()
    world.entry_types()
    runs = 0
    for name, (deed, arguments_of) in DEEDS.items():
        number, done, arguments = 0, False, arguments_of(world)
        while not done:
            number += 1
            before, at = dump(world), world.clock
            with failing(world, number) as seen:
                try:
                    with world.database.begin() as uow:
                        deed(uow, **arguments, by=ANNA, at=at)
                        uow.commit()
                    done = True
                except Fault:
                    pass
            runs += 1
            if not done:
                assert dump(world) == before, f"{name}: statement {number}"
        assert seen[0] < number
        assert dump(world) != before, name
    assert runs > 150
    report = world.read(history.verify_log)
    assert report.holds
