"""The matcher's part of the schema goes up and down with data in it, and is the one that its tables describe."""

from __future__ import annotations

import warnings
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from matcher.bootstrap import open_books
from matcher.pipeline.context import Context
from matcher.pipeline.learned import learn
from matcher.store.base import METADATA
from matcher.store.tables import MATCHER
from recon_core.store.migrate import current, downgrade, upgrade
from tests.pipeline.small import Booked, Line, Small


def rows(small: Small, table: str) -> list[Any]:
    return sorted(map(repr, small.world.rows(f"SELECT * FROM {table}")))


def a_week(context: Context) -> Small:
    small = Small(context)
    ids = small.book(*(Booked(str(n), "01", f"{n}000", "Sjöhagens Trä AB", "") for n in (1, 2, 3)))
    lines = small.bank(*(Line("03", f"{n}000", "SJOH TRA") for n in (1, 2, 3)))
    small.match()
    small.world.match((lines[0], ids[0]), (lines[1], ids[1]))
    assert learn(context, account_ids=[small.account])
    return small


def test_the_revisions_make_the_schema_that_the_tables_describe(database_url: str) -> None:
    database = open_books(database_url)

    with database.engine.connect() as connection, warnings.catch_warnings():
        # SQLite tells nothing about the expression in an index.
        warnings.filterwarnings("ignore", message=".*expression")
        found = compare_metadata(
            MigrationContext.configure(connection, opts={"compare_server_default": False}), METADATA
        )

    ours = [
        one for one in found if any(name in str(one) for name in METADATA.tables) and "remove_table" not in str(one)
    ]
    assert [one for one in ours if "uq_learned_rule_meaning" not in str(one)] == []
    database.close()


def test_opinions_survive_going_down_to_before_learning_and_up_again(context: Context) -> None:
    small = a_week(context)
    kept = ("match_run", "match_state")
    before = {table: rows(small, table) for table in kept}
    proposals = len(rows(small, "proposal"))

    downgrade(context.database.engine, MATCHER, to="0001")
    with context.database.engine.connect() as connection:
        assert current(connection, MATCHER) == "0001"
    upgrade(context.database.engine, MATCHER)

    assert {table: rows(small, table) for table in kept} == before
    assert len(rows(small, "proposal")) == proposals
    assert small.match(again=True).unmatched == 1


def test_the_matchers_part_goes_down_to_nothing_and_the_books_stay(context: Context) -> None:
    small = a_week(context)

    downgrade(context.database.engine, MATCHER, to="base")

    assert len(small.world.rows("SELECT id FROM decision")) == 2
    upgrade(context.database.engine, MATCHER)
    assert rows(small, "learned_rule") == []
