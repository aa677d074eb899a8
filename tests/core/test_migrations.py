"""The schema goes up and down with data in it, and is the one that the tables describe (T34)."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from recon_core.services import history
from recon_core.store.engine import Database, open_database
from recon_core.store.guards import GUARDS
from recon_core.store.migrate import current, downgrade, upgrade
from recon_core.store.migrations.versions.r0013_references import REFERENCES
from recon_core.store.schema import CORE
from recon_core.store.tables import METADATA
from tests.core.test_log import a_month
from tests.core.world import World, bank_lines


def rows(database: Database, table: str) -> list[Any]:
    with database.engine.connect() as connection:
        return sorted(map(repr, connection.execute(text(f"SELECT * FROM {table}")).fetchall()))


def test_the_migrations_make_the_schema_that_the_tables_describe(database_url: str) -> None:
    database = open_database(database_url)

    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": False})
        found = compare_metadata(context, METADATA)

    # PostgreSQL checks some references by statement.
    instead = {one.name for one in REFERENCES}
    left = [one for one in found if not (one[0] == "add_fk" and one[1].name in instead)]
    assert [one for one in left if "schema_version" not in str(one)] == []
    database.close()


@pytest.mark.parametrize("pragma", ["foreign_keys", "journal_mode", "synchronous"])
def test_sqlite_is_set_to_keep_what_it_acknowledged(sqlite_url: str, pragma: str) -> None:
    database = open_database(sqlite_url)

    with database.read() as uow:
        value = uow.value(f"PRAGMA {pragma}")

    assert value == {"foreign_keys": 1, "journal_mode": "wal", "synchronous": 2}[pragma]
    database.close()


def test_tables_on_sqlite_are_strict(sqlite_url: str) -> None:
    database = open_database(sqlite_url)

    with database.read() as uow:
        tables = uow.select("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")

    loose = [row.name for row in tables if "STRICT" not in row.sql and not row.name.startswith("schema_version")]
    assert loose == []
    database.close()


def test_data_survives_going_down_and_up_again(database_url: str) -> None:
    database = open_database(database_url)
    a_month(World(database))
    before = {table: rows(database, table) for table in METADATA.tables}

    downgrade(database.engine, CORE, to="0006")
    with database.engine.connect() as connection:
        assert current(connection, CORE) == "0006"
    upgrade(database.engine, CORE)

    assert {table: rows(database, table) for table in METADATA.tables} == before
    with database.read() as uow:
        assert history.verify_log(uow).holds
    database.close()


def test_every_revision_goes_down_to_nothing(database_url: str) -> None:
    database = open_database(database_url)
    a_month(World(database))

    for revision in ("0006", "0005", "0004", "0003", "0002", "0001", "base"):
        # What referred to a table that goes is gone before it.
        downgrade(database.engine, CORE, to=revision)

    again = open_database(database_url)
    with again.read() as uow:
        assert uow.select("SELECT * FROM log") == []
    again.close()
    database.close()


def test_opening_twice_changes_nothing(database_url: str) -> None:
    database = open_database(database_url)
    world = World(database)
    account_id = world.account()
    first = world.statement(account_id, "0", "2017-01-05 100 R1", "2017-01-05 -4.50")
    database.close()

    again = open_database(database_url)
    result = World(again).statement(account_id, "0", "2017-01-05 100 R1", "2017-01-05 -4.50")

    assert (result.outcome, len(first.new_line_ids)) == ("known", 2)
    again.close()


def test_a_key_keeps_its_value_between_releases() -> None:
    """A change here re-imports history: then the key's version goes up and old lines are found under theirs."""
    from recon_core.domain.identity import line_keys

    lines = bank_lines("2017-01-05 100 R1", "2017-01-05 -4.50")

    assert line_keys(lines, statement_format="camt.053") == KEYS["camt"]
    assert line_keys(lines, statement_format="mt940") == KEYS["mt940"]
    assert line_keys(lines, statement_format="ofx") == KEYS["ofx"]


KEYS: dict[str, list[str]] = {
    "camt": ["ff35797b3dc848bb60668034639cbcae", "5e7c412bea872fdbf02bc61390957e44"],
    "mt940": ["08b817d92f09b0cc15a534eeb6d76098", "94408ec2c90000b429f76b5212a39d79"],
    "ofx": ["3302faaab67f221485d3712b32f9d945", "f5af15b6786f913a58235ecfd310cf89"],
}


def test_every_guard_has_a_name_of_its_own() -> None:
    names = [guard.name for guard in GUARDS]

    assert len(names) == len(set(names))


def test_an_unknown_database_is_told_as_it_is(tmp_path: Any) -> None:
    with pytest.raises(Exception, match="unable to open"):
        open_database(f"sqlite:///{tmp_path}/no/such/folder/recon.db")
    engine = create_engine(f"sqlite:///{tmp_path}/other.db")
    with engine.connect() as connection:
        assert current(connection, CORE) is None
    engine.dispose()
