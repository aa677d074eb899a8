"""Files that do harm, several at the same work, runs that are cancelled, and the stop of a worker."""

from __future__ import annotations

import dataclasses
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from benchmarks.night_world import write_world
from matcher.jobs import NightFile
from matcher.pipeline import ingest
from matcher.pipeline.night import planning, receiving, work
from matcher.pipeline.night.contract import Night, Sizes
from matcher.pipeline.night.driving import do_told_job, nightly, to_the_end
from matcher.pipeline.night.morning import morning
from matcher.pipeline.opening import open_planned
from recon_core.domain.refusals import WrongState
from tests.worker.conftest import MakeFarm, World
from tests.worker.farm import Farm, descendants, wait_until
from tests.worker.state import assert_equal, assert_sound, state_of

POISON = "B000003-001.sta"
# A night whose process dies whenever it reads the poison file.
DYING = (
    "import os\nfrom matcher.pipeline import ingest\nfrom matcher.cli.main import main\nparse = ingest.parse\n"
    "def deadly(content, *, name):\n"
    f"    if name == {POISON!r}:\n        os._exit(137)\n    return parse(content, name=name)\n"
    "ingest.parse = deadly\nmain()\n"
)


def test_a_file_that_ends_the_process_is_set_aside_after_three_attempts_and_the_others_go_on(
    world: World, inbox: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'recon.db'}"
    environment = os.environ | {"RECON_DATABASE_URL": url, "RECON_BROKER_URL": ""}
    command = [sys.executable, "-c", DYING, "nightly", inbox, "--settle", "0", "--book", world.book]

    def attempt() -> subprocess.CompletedProcess[str]:
        whole = [*map(str, command), "--accounts", str(world.accounts)]
        return subprocess.run(whole, env=environment, capture_output=True, text=True, check=False)

    done = [attempt() for _ in range(4)]

    assert [one.returncode for one in done] == [137, 137, 137, 1]
    assert f"{POISON}: The worker died or stood still. It was tried 3 times." in done[-1].stdout
    assert (inbox / "failed" / POISON).exists()
    found = state_of(url)
    assert_sound(url)
    gone = {row for row in world.state["files"] if row[1] == POISON}
    assert [row for row in found["files"] if row[1] != POISON] == [
        row for row in world.state["files"] if row not in gone
    ]


def test_a_file_that_meets_a_fault_of_ours_is_set_aside_without_its_text(
    night: Night, world: World, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = ingest.parse

    def faulty(content: bytes, *, name: str) -> object:
        if name == POISON:
            raise ZeroDivisionError("Anna Andersson paid 100")
        return parse(content, name=name)

    monkeypatch.setattr(ingest, "parse", faulty)
    summary = morning(night, nightly(night, world.plan(inbox)).id)

    (file,) = (one for one in summary.failed_files if one.name == POISON)
    assert file.state == "quarantined"
    assert "ZeroDivisionError" in file.reason
    assert "Anna" not in file.reason
    assert summary.files["read"] == 24

    monkeypatch.setattr(ingest, "parse", parse)
    assert planning.retry_run(night, run_id=summary.run.id) == 2
    to_the_end(night, summary.run.id, helps=True)
    assert [one.name for one in morning(night, summary.run.id).failed_files] == ["letter.txt"]


def test_two_nights_over_one_inbox_at_once_do_the_work_once(world: World, inbox: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'recon.db'}"
    farm = Farm(database_url=url, broker_url="", folder=tmp_path, RECON_JOB_FILES="2", RECON_JOB_ACCOUNTS="1")
    try:
        nights = [farm.nightly(inbox, "--book", world.book, "--accounts", world.accounts) for _ in range(3)]
        assert [one.wait(90) for one in nights] == [1, 1, 1], farm.log("nightly.log")[-3000:]
    finally:
        farm.close()

    assert_equal(state_of(url), world.state)
    assert_sound(url)
    assert len(list((inbox / "done").iterdir())) == 24


def test_a_cancelled_run_leaves_its_files_to_the_next(
    night: Night, world: World, inbox: Path, database_url: str
) -> None:
    plan = world.plan(inbox)
    with night.context.database.begin() as uow:
        run = night.store.start(
            uow, inbox=plan.inbox.address, open_policy="", rules_toml="", by="anna", at=night.context.now()
        )
        uow.commit()
    receiving.receive_inbox(night, run, plan.inbox, settle=plan.settle)

    assert planning.cancel_run(night, run_id=run.id) > 0
    with pytest.raises(WrongState):
        planning.cancel_run(night, run_id=run.id)
    assert to_the_end(night, run.id, helps=True).state == "cancelled"
    assert morning(night, run.id).attention
    nightly(night, plan)

    assert_equal(state_of(database_url), world.state)


def test_a_night_told_to_stop_gives_its_job_back_without_blame(tmp_path: Path) -> None:
    write_world(tmp_path, accounts=1, lines=8_000)
    path = tmp_path / "recon.db"
    farm = Farm(database_url=f"sqlite:///{path}", broker_url="", folder=tmp_path)
    options = ("--book", tmp_path / "book.csv", "--accounts", tmp_path / "accounts.toml")
    try:
        for begun, delay in enumerate((0, 0.2, 0.6)):
            process = farm.nightly(tmp_path / "inbox", *options)
            wait_until(lambda: farm.log("nightly.log").count('"event": "job begun"') > begun, what="a job")  # noqa: B023
            time.sleep(delay)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 143
            with sqlite3.connect(path) as connection:
                blamed = connection.execute("SELECT count(*) FROM night_job WHERE failures > 0 OR state = 'running'")
                assert blamed.fetchone() == (0,)
        assert farm.nightly(tmp_path / "inbox", *options).wait(60) in {0, 1}
    finally:
        farm.close()
    assert_sound(f"sqlite:///{path}")


def long_job(farm: Farm, tmp_path: Path) -> tuple[Path, int]:
    """A night with one job that takes seconds, begun; returns its inbox and the id of the job."""
    write_world(tmp_path / "long", accounts=1, lines=4_000)
    farm.worker(processes=1)
    farm.nightly(
        tmp_path / "long" / "inbox",
        "--book",
        tmp_path / "long" / "book.csv",
        "--accounts",
        tmp_path / "long" / "accounts.toml",
    )

    def running() -> int:
        with suppress(psycopg.errors.UndefinedTable):
            for row in farm.ask("SELECT id FROM night_job WHERE state = 'running' AND kind = 'match'"):
                return int(row[0])
        return 0

    return tmp_path / "long" / "inbox", int(wait_until(running, what="the long job"))


def runs(pid: int) -> bool:
    """Whether a process does anything: one that nobody has asked after does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_worker_told_to_stop_ends_its_job_and_begins_no_other(make_farm: MakeFarm, tmp_path: Path) -> None:
    farm = make_farm(RECON_STOP_SECONDS="60")
    _, job_id = long_job(farm, tmp_path)
    worker, driver = farm.processes

    begun = time.monotonic()
    worker.send_signal(signal.SIGTERM)

    assert worker.wait(60) == 0
    assert time.monotonic() - begun < 30, "it waited longer than for its job"
    (row,) = farm.ask("SELECT state, attempt FROM night_job WHERE id = %s", job_id)
    assert row == ("done", 1)
    assert driver.wait(60) in {0, 1}


def test_a_worker_that_may_not_take_its_time_leaves_its_job_to_another(make_farm: MakeFarm, tmp_path: Path) -> None:
    farm = make_farm(RECON_STOP_SECONDS="1")
    _, job_id = long_job(farm, tmp_path)
    worker, driver = farm.processes
    below = descendants(worker.pid)

    # It stands still, so that it can't end in time.
    job_process = farm.ask("SELECT worker FROM night_job WHERE id = %s", job_id)[0][0].split("/")[1]
    os.kill(int(job_process), signal.SIGSTOP)
    begun = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert time.monotonic() - begun < 30
    assert not [pid for pid in below if runs(pid)]
    farm.worker(processes=1)

    assert driver.wait(90) in {0, 1}, farm.log("nightly.log")[-3000:]
    (row,) = farm.ask("SELECT state, attempt FROM night_job WHERE id = %s", job_id)
    assert row == ("done", 2)
    assert_sound(farm.database_url)


def test_a_huge_file_is_a_job_of_its_own_and_the_others_are_read_meanwhile(
    night: Night, world: World, inbox: Path
) -> None:
    huge = inbox / "B000002-001.xml"
    huge.write_text(huge.read_text().replace("</Stmt>", f"<!-- {'x' * 50_000} --></Stmt>"))
    plan = world.plan(inbox)
    night = dataclasses.replace(night, sizes=Sizes(job_bytes=40_000))
    open_planned(night.context, plan.accounts)
    with night.context.database.begin() as uow:
        run = night.store.start(
            uow, inbox=plan.inbox.address, open_policy="", rules_toml="", by="anna", at=night.context.now()
        )
        uow.commit()
    receiving.receive_inbox(night, run, plan.inbox, settle=plan.settle)

    def due() -> list[int]:
        with night.context.database.read() as uow:
            return night.store.due(uow, at=night.context.now(), limit=1, run_id=run.id)

    first = work.claim_job(night, due()[0])
    assert first is not None
    assert len(first.subjects) == 1
    while jobs := due():
        do_told_job(night, jobs[0])

    waiting = [file.name for file in _files(night, run.id) if file.state == "waiting"]
    assert waiting == [huge.name]
    work.do_job(night, first)
    assert not [file for file in _files(night, run.id) if file.state == "waiting"]


def _files(night: Night, run_id: int) -> list[NightFile]:
    with night.context.database.read() as uow:
        return night.store.files(uow, run_id=run_id)
