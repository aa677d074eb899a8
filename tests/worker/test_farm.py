"""Real workers on a real PostgreSQL and a real Redis."""

from __future__ import annotations

from pathlib import Path

from tests.worker.conftest import MakeFarm, World
from tests.worker.state import assert_equal, assert_sound, state_of


def test_two_processes_on_another_machine_do_the_same_night(make_farm: MakeFarm, world: World, inbox: Path) -> None:
    farm = make_farm()
    farm.worker()

    driver = farm.nightly(inbox, "--book", world.book, "--accounts", world.accounts)

    assert driver.wait(90) == 1, farm.log("nightly.log")
    assert_equal(state_of(farm.database_url), world.state)
    assert_sound(farm.database_url)
    assert {path.name for path in inbox.iterdir()} == {"done", "failed"}
    workers = farm.ask("SELECT DISTINCT worker FROM night_job")
    assert 1 <= len(workers) <= 2
