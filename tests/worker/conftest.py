"""Nights of work, what they come to undisturbed, and farms to disturb."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks.night_world import write_world
from matcher import bootstrap
from matcher.pipeline.night.contract import Night
from matcher.pipeline.night.driving import NightPlan, nightly
from matcher.pipeline.night.inbox import FolderInbox
from matcher.pipeline.setup import read_accounts
from tests import servers
from tests.worker.farm import Farm, farm
from tests.worker.state import State, state_of


class World(NamedTuple):
    """A night of work in a folder, and the books after it in one process on SQLite without any trouble."""

    folder: Path
    state: State

    @property
    def book(self) -> Path:
        return self.folder / "book.csv"

    @property
    def accounts(self) -> Path:
        return self.folder / "accounts.toml"

    def inbox(self, at: Path) -> Path:
        """A copy of the inbox, to be emptied."""
        return Path(shutil.copytree(self.folder / "inbox", at / f"inbox-{uuid.uuid4().hex[:6]}"))

    def plan(self, box: Path, **changes: object) -> NightPlan:
        values = {"inbox": FolderInbox(box), "books": [self.book], "accounts": read_accounts(self.accounts)}
        return NightPlan(**(values | {"settle": timedelta(0)} | changes))  # type: ignore[arg-type]


MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def make_world(tmp_path_factory: pytest.TempPathFactory) -> MakeWorld:
    """A world of so many accounts with one file more that is no statement; the same question, the same world."""

    @cache
    def make(*, accounts: int = 12, lines: int = 40, files: int = 2) -> World:
        folder = tmp_path_factory.mktemp("world")
        write_world(folder, accounts=accounts, lines=lines, files=files)
        (folder / "inbox" / "letter.txt").write_text("Dear customer", encoding="utf-8")
        world = World(folder, {})
        url = f"sqlite:///{folder / 'undisturbed.db'}"
        with bootstrap.open_context(url=url) as context:
            nightly(bootstrap.make_night(context, bootstrap.NightSettings()), world.plan(world.inbox(folder)))
        return World(folder, state_of(url))

    return make


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world()


@pytest.fixture
def inbox(world: World, tmp_path: Path) -> Path:
    return world.inbox(tmp_path)


@pytest.fixture
def night(database_url: str) -> Iterator[Night]:
    """The nightly work in this process, on each database."""
    with bootstrap.open_context(url=database_url) as context:
        yield bootstrap.make_night(context, bootstrap.NightSettings())


MakeFarm = Callable[..., Farm]


@pytest.fixture
def make_farm(postgres_server: servers.Postgres, redis_server: servers.Redis, tmp_path: Path) -> Iterator[MakeFarm]:
    """Farms, each on an empty PostgreSQL database, and on a Redis that nobody has used."""
    import redis

    with redis.Redis(port=redis_server.port) as client:
        client.flushall()
    with ExitStack() as stack:

        def make(*, postgres: servers.Postgres = postgres_server, **environment: str) -> Farm:
            name = f"farm_{uuid.uuid4().hex}"
            url = postgres.create(name)
            if postgres is postgres_server:  # a server of the test's own goes with all that is in it
                stack.callback(postgres.drop, name)
            folder = tmp_path / name
            folder.mkdir()
            options = {"database_url": url, "broker_url": redis_server.url, "folder": folder}
            return stack.enter_context(farm(**options, **environment))

        yield make
