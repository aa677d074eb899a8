"""A night in one process: what it does with files, accounts and runs, on each database."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from matcher import bootstrap
from matcher.pipeline import setup
from matcher.pipeline.night.contract import Night
from matcher.pipeline.night.driving import nightly
from matcher.pipeline.night.morning import morning
from matcher.pipeline.opening import open_planned
from recon_core.store.driver import Driver
from tests.worker.conftest import MakeWorld, World
from tests.worker.state import assert_equal, assert_sound, state_of

STATEMENTS_AN_ACCOUNT_MAX = 18


def test_a_night_ends_the_same_on_each_database(night: Night, world: World, inbox: Path, database_url: str) -> None:
    run = nightly(night, world.plan(inbox))

    assert run.finished
    assert_equal(state_of(database_url), world.state)
    assert_sound(database_url)


def test_the_files_are_moved_with_the_reason_beside_what_failed(night: Night, world: World, inbox: Path) -> None:
    names = {path.name for path in inbox.iterdir()}

    nightly(night, world.plan(inbox))

    assert {path.name for path in (inbox / "done").iterdir()} == names - {"letter.txt"}
    assert {path.name for path in (inbox / "failed").iterdir()} == {"letter.txt", "letter.txt.reason.txt"}
    assert "no bank statement" in (inbox / "failed" / "letter.txt.reason.txt").read_text()
    assert {path.name for path in inbox.iterdir()} == {"done", "failed"}


def test_the_same_files_again_change_nothing(night: Night, world: World, inbox: Path, database_url: str) -> None:
    nightly(night, world.plan(inbox))
    before = state_of(database_url)
    shutil.rmtree(inbox)
    shutil.copytree(world.folder / "inbox", inbox)

    run = nightly(night, world.plan(inbox))

    assert_equal(state_of(database_url), before)
    summary = morning(night, run.id)
    assert summary.files == {"known": 25, "set_aside": 1}
    assert sum(account.read for account in summary.accounts) == 0


def test_an_account_more_costs_few_statements_more(
    make_world: MakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What all accounts of a job want to know is asked for together, also where their documents are released."""
    cursor = Driver.cursor
    counts = []
    for accounts in (5, 25):
        asked = []

        def counted(driver: Driver, asked: list[int] = asked) -> AbstractContextManager[Any]:
            asked.append(1)
            return cursor(driver)

        world = make_world(accounts=accounts, lines=10, files=1)
        with bootstrap.open_context(url=f"sqlite:///{tmp_path / str(accounts)}.db") as context:
            night = bootstrap.make_night(context, bootstrap.NightSettings())
            plan = world.plan(world.inbox(tmp_path))
            setup.ensure_entry_types(context)
            open_planned(context, plan.accounts)
            monkeypatch.setattr(Driver, "cursor", counted)
            run = nightly(night, plan)
            monkeypatch.undo()
        assert sum(bool(one.released) for one in morning(night, run.id).accounts) == accounts * 3 // 5
        counts.append(len(asked))

    assert counts[1] - counts[0] <= 20 * STATEMENTS_AN_ACCOUNT_MAX
