"""A night in one process: what it does with files, accounts and runs, on each database."""

from __future__ import annotations

import shutil
from pathlib import Path

from matcher.pipeline.night.contract import Night
from matcher.pipeline.night.driving import nightly
from matcher.pipeline.night.morning import morning
from tests.worker.conftest import World
from tests.worker.state import assert_equal, assert_sound, state_of


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
