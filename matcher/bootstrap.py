"""Chooses the parts: the only module that knows all of them, reads the environment, and looks at the clock."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from matcher.pipeline.context import Context, Watch, nobody_watches
from matcher.rules.settings import RuleSettings
from matcher.store.opinions import SqlOpinions
from matcher.store.tables import MATCHER
from recon_core.store.engine import DEFAULT_URL, Database, open_database
from recon_core.store.schema import CORE

DATABASE_VARIABLE = "RECON_DATABASE_URL"
BROKER_VARIABLE = "RECON_BROKER_URL"
USER_VARIABLE = "RECON_USER"


def database_url() -> str:
    """`RECON_DATABASE_URL`, else an SQLite file `recon.db` in the current folder."""
    return os.environ.get(DATABASE_VARIABLE) or DEFAULT_URL


def user_name() -> str:
    """`RECON_USER`, else the name that the system knows the user by."""
    named = os.environ.get(USER_VARIABLE)
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"user {os.getuid()}"


def now() -> datetime:
    """The one clock."""
    return datetime.now(UTC)


def open_books(url: str | None = None) -> Database:
    """The database with the books and the matcher's opinions, at its newest schema."""
    return open_database(url or database_url(), parts=(CORE, MATCHER))


@contextmanager
def open_context(
    *, url: str | None = None, rules: Path | None = None, watch: Watch = nobody_watches
) -> Iterator[Context]:
    """Everything the pipeline needs; the database is closed on leaving. Raises `BadSetting` for a bad rules file."""
    settings = RuleSettings.from_toml(rules) if rules is not None else RuleSettings()
    database = open_books(url)
    try:
        yield Context(database=database, opinions=SqlOpinions(), now=now, user=user_name(), rules=settings, watch=watch)
    finally:
        database.close()
