"""A context on an empty database of each engine, with a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matcher.bootstrap import open_books
from matcher.pipeline.context import Context
from matcher.store.opinions import SqlOpinions

FIXTURES = Path(__file__).parents[2] / "fixtures"
NOW = datetime(2026, 3, 12, 6, 0, tzinfo=UTC)


@pytest.fixture
def context(database_url: str) -> Iterator[Context]:
    database = open_books(database_url)
    yield Context(database=database, opinions=SqlOpinions(), now=lambda: NOW, user="anna")
    database.close()
