"""Databases and a small world for the tests of recon_core. Migrating takes longer than a test, so it is done once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from recon_core.store.engine import Database, open_database
from recon_core.store.tables import METADATA
from tests import servers
from tests.core.world import World


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "recon.db"
    open_database(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: servers.Postgres) -> Iterator[Database]:
    opened = open_database(postgres_server.create("core_tests"))
    yield opened
    opened.close()


def emptied(database: Database) -> Database:
    """The database without any rows, counting from one again."""
    names = ", ".join(table.name for table in METADATA.sorted_tables)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
    return database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "postgresql":
        yield emptied(request.getfixturevalue("migrated_postgres"))
        return
    path = tmp_path / "recon.db"
    shutil.copy(request.getfixturevalue("migrated_file"), path)
    opened = open_database(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.fixture
def world(database: Database) -> World:
    return World(database)
