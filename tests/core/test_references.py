"""No row that refers to nothing is ever committed, by a foreign key or by what stands in for one on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from recon_core.domain.refusals import Conflict
from recon_core.services import reconcile
from recon_core.store.engine import Database
from recon_core.store.migrations.versions.r0013_references import REFERENCES
from recon_core.store.tables import METADATA
from recon_core.store.unit_of_work import SqlUnitOfWork
from tests.core.conftest import emptied
from tests.core.world import World

NOWHERE = 999_999
# Each copies a row of its table, with these values instead: nothing is wrong with it but what it refers to.
ORPHANS: dict[str, tuple[str, dict[str, Any]]] = {
    "a line of no account": ("statement_line", {"id": 77, "cash_account_id": NOWHERE}),
    "a line in another currency": ("statement_line", {"id": 77, "currency": "EUR", "occurrence": 9}),
    "a line of no statement": ("statement_line", {"id": 77, "statement_id": NOWHERE, "occurrence": 9}),
    "a known line of no statement": ("known_line", {"statement_id": NOWHERE}),
    "a known line that is none": ("known_line", {"line_index": 9, "statement_line_id": NOWHERE}),
    "a transaction of no account": ("book_transaction", {"id": 77, "cash_account_id": NOWHERE}),
    "a transaction in another currency": ("book_transaction", {"id": 77, "currency": "EUR", "external_id": "Z"}),
    "a transaction of no import": ("book_transaction", {"id": 77, "book_import_id": NOWHERE, "external_id": "Z"}),
    "a decision of no bulk": ("decision", {"id": 77, "decision_batch_id": NOWHERE}),
    "a decision of no account": ("decision", {"id": 77, "cash_account_id": NOWHERE}),
    "a use of no line": ("decision_line", {"decision_id": 78, "statement_line_id": NOWHERE}),
    "a use of no transaction": ("decision_transaction", {"decision_id": 78, "book_transaction_id": NOWHERE}),
    "a frozen line of no transaction": (
        "reconciliation_line",
        {"reconciliation_id": 2, "book_transaction_id": NOWHERE},
    ),
    "a frozen line of no document": ("reconciliation_line", {"reconciliation_id": NOWHERE}),
}
PARENTS = (
    "cash_account",
    "statement",
    "statement_line",
    "book_import",
    "book_transaction",
    "decision_batch",
    "decision",
)
REFERS_TO_NOTHING = r"(?i)foreign key|refers to a \w+ that is not there|takes no more lines"


@pytest.fixture
def books(world: World) -> World:
    return with_rows(world)


def with_rows(world: World) -> World:
    """A closed document 1, an open document 2, and at least one row in every table that refers to others."""
    account_id = world.account()
    (booked,) = world.book(account_id, "2017-01-05 100 A")
    (line,) = world.statement(account_id, "0", "2017-01-05 100 R1").new_line_ids
    world.match((line, booked))
    closed = world.document(account_id, "2017-01-31", "100")
    world.do(reconcile.tick, document_id=closed, transaction_ids=[booked])
    world.close(closed)
    assert (account_id, booked, line, closed, world.document(account_id, "2017-02-28", "100")) == (1, 1, 1, 1, 2)
    with world.database.begin() as uow:
        values = "(statement_id, line_index, statement_line_id) VALUES (1, 1, 1)"
        uow.connection.execute(text(f"INSERT INTO known_line {values}"))
        uow.commit()
    with world.database.begin() as uow:
        # A decision that only ignores has no items that must add up.
        copied(uow, "decision", {"id": 76, "kind": "ignore", "line_total": 0, "book_total": 0})
        uow.commit()
    return world


def copied(uow: SqlUnitOfWork, table: str, values: dict[str, Any]) -> None:
    """Insert a row like the last one of the table, with other values."""
    names = [column.name for column in uow.schema.tables[table].columns]
    listed = ", ".join(f":{name}" if name in values else name for name in names)
    if table == "book_transaction":  # as it came: not cleared, in no document
        bare = {"cleared": "false", "processed": "false", "matched_amount": "0"}
        bare |= dict.fromkeys(
            ("clear_date", "cleared_by", "cleared_at", "reconciliation_id", "reconciled_date"), "NULL"
        )
        listed = ", ".join(f":{name}" if name in values else bare.get(name, name) for name in names)
    sql = f"INSERT INTO {table} ({', '.join(names)}) SELECT {listed} FROM {table} ORDER BY {table}.{names[0]} DESC LIMIT 1"
    uow.connection.execute(text(sql), values)


def committed(world: World, statement: str) -> None:
    """What somebody does with the database's own tools."""
    with world.database.begin() as uow:
        uow.connection.execute(text(statement))
        uow.commit()


@pytest.mark.parametrize("orphan", ORPHANS)
def test_a_row_that_refers_to_nothing_is_refused(books: World, orphan: str) -> None:
    with books.database.begin() as uow, pytest.raises(IntegrityError, match=REFERS_TO_NOTHING):
        copied(uow, *ORPHANS[orphan])


@pytest.mark.parametrize("table", dict.fromkeys(table for table, _ in ORPHANS.values()))
def test_but_the_same_row_with_its_parents_is_not(books: World, table: str) -> None:
    fits = {
        "statement_line": {"id": 77, "occurrence": 9},
        "known_line": {"line_index": 9},
        "book_transaction": {"id": 77, "external_id": "Z"},
        "decision": {"id": 77},
        "decision_line": {"decision_id": 78},
        "decision_transaction": {"decision_id": 78},
        "reconciliation_line": {"reconciliation_id": 2},
    }[table]

    with books.database.begin() as uow:
        copied(uow, table, fits)


def test_one_orphan_among_many_rows_is_enough(books: World) -> None:
    rows = "(78, 1, 1), (79, 1, 1), (80, 99, 1)"

    with pytest.raises(Conflict, match=REFERS_TO_NOTHING):
        committed(books, f"INSERT INTO decision_line (decision_id, statement_line_id, amount) VALUES {rows}")


@pytest.mark.parametrize("table", PARENTS)
def test_what_is_referred_to_is_not_deleted(books: World, table: str) -> None:
    with pytest.raises(Conflict):
        committed(books, f"DELETE FROM {table} WHERE id = 1")


@pytest.mark.parametrize("table", PARENTS)
def test_nor_given_another_id(books: World, table: str) -> None:
    with pytest.raises(Conflict):
        committed(books, f"UPDATE {table} SET id = 5000 WHERE id = 1")


@pytest.mark.parametrize(
    "change",
    [
        "statement_line SET statement_id = 99",
        "statement_line SET cash_account_id = 99",
        "statement_line SET currency = 'EUR'",
        "known_line SET statement_line_id = 99",
        "book_transaction SET cash_account_id = 99",
        "book_transaction SET currency = 'EUR'",
        "book_transaction SET book_import_id = 99",
        "decision SET decision_batch_id = 99",
        "decision SET cash_account_id = 99",
        "decision_line SET statement_line_id = 99",
        "decision_transaction SET book_transaction_id = 99",
        "reconciliation_line SET book_transaction_id = 99",
    ],
)
def test_what_refers_to_it_is_not_led_astray(books: World, change: str) -> None:
    books.book(1, "2017-02-05 30 B")  # a transaction that no closed document protects
    with pytest.raises(Conflict):
        committed(books, f"UPDATE {change}")


@pytest.fixture
def on_postgres(migrated_postgres: Database) -> World:
    """The same books where there are several writers, and more than foreign keys."""
    return with_rows(World(emptied(migrated_postgres)))


def test_what_another_session_just_began_to_refer_to_is_not_deleted(on_postgres: World) -> None:
    with on_postgres.database.begin() as inserting:
        copied(inserting, "statement_line", {"id": 77, "occurrence": 9})
        copied(inserting, "decision", {"id": 77})
        for table in PARENTS:
            with pytest.raises(Conflict, match=r"never|undone|word"):
                committed(on_postgres, f"DELETE FROM {table}")
        inserting.commit()

    assert on_postgres.rows("SELECT id FROM cash_account") == [(1,)]


@pytest.mark.parametrize("table", sorted({one.parent for one in REFERENCES}))
def test_nor_emptied(on_postgres: World, table: str) -> None:
    with pytest.raises(Conflict, match="never emptied"):
        committed(on_postgres, f"TRUNCATE {table} CASCADE")


def test_every_reference_is_a_foreign_key_or_checked_by_statement(on_postgres: World) -> None:
    said = {(table.name, key.name) for table in METADATA.tables.values() for key in table.foreign_key_constraints}
    names = {name[0] for name in on_postgres.rows("SELECT tgname AS name FROM pg_trigger WHERE NOT tgisinternal")}
    sql = "SELECT conrelid::regclass::text AS named, conname AS name FROM pg_constraint WHERE contype = 'f'"
    keys = {tuple(row) for row in on_postgres.rows(sql)}
    checked = {(one.table, one.name) for one in REFERENCES if f"references_{one.table}" in names}

    assert keys & said == said - checked
    assert checked <= said
    assert len(checked) == len(REFERENCES)


def test_the_refusal_names_the_reference(on_postgres: World) -> None:
    with on_postgres.database.begin() as uow, pytest.raises(IntegrityError) as refused:
        copied(uow, *ORPHANS["a use of no line"])

    told = refused.value.orig.diag  # type: ignore[union-attr]
    assert (told.sqlstate, told.table_name) == ("23503", "decision_line")
    assert told.constraint_name == "fk_decision_line_statement_line_id"
