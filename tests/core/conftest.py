"""Databases and a small world for the tests of recon_core."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from recon_core.store.engine import Database, open_database
from tests.core.world import World


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database, once on SQLite and once on PostgreSQL."""
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def world(database: Database) -> World:
    return World(database)
