"""Whatever is killed, doubled, lost or stopped: the books end as after an undisturbed night, line by line.

T15, T16, T18, T19 and T20 of the test catalogue. The figures here are small; with --heavy they are the catalogue's.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from matcher import bootstrap
from matcher.ops.broker import Broker, make_app
from tests import servers
from tests.worker.conftest import MakeFarm, MakeWorld, World
from tests.worker.farm import Farm, crash, plain, pool_processes, wait_until
from tests.worker.state import assert_equal, assert_sound, state_of

heavy = pytest.mark.heavy
# Many short jobs, and no job is set aside because it was unlucky.
MANY_JOBS = {"RECON_JOB_FILES": "2", "RECON_JOB_ACCOUNTS": "1", "RECON_FAILURES_MAX": "1000000"}


def start_night(farm: Farm, world: World, inbox: Path) -> subprocess.Popen[bytes]:
    return farm.nightly(inbox, "--book", world.book, "--accounts", world.accounts)


def night_began(farm: Farm) -> bool:
    """Whether the driver has made the tables and received files."""
    with suppress(psycopg.errors.UndefinedTable):
        return bool(farm.ask("SELECT id FROM night_job LIMIT 1"))
    return False


def check(farm: Farm, world: World, inbox: Path) -> None:
    assert_equal(state_of(farm.database_url), world.state)
    assert_sound(farm.database_url)
    assert {path.name for path in inbox.iterdir()} == {"done", "failed"}


@pytest.mark.parametrize("accounts", [12, pytest.param(640, marks=[heavy, pytest.mark.timeout(1800)])])
def test_a_job_told_of_up_to_five_times_has_one_effect(
    accounts: int, make_farm: MakeFarm, make_world: MakeWorld, tmp_path: Path
) -> None:
    """T15: while the job is waiting, while it runs and when it is done, by one message after the other and at once."""
    rng, told, messages = random.Random(15), 0, 0
    world = make_world(accounts=accounts, lines=40, files=2)
    farm, inbox = make_farm(**MANY_JOBS), world.inbox(tmp_path)
    farm.worker()
    broker = Broker(make_app(bootstrap.NightSettings(broker_url=farm.environment["RECON_BROKER_URL"])))

    driver = start_night(farm, world, inbox)
    while driver.poll() is None:
        time.sleep(0.05)
        with suppress(psycopg.errors.UndefinedTable):
            fresh = [row[0] for row in farm.ask("SELECT id FROM night_job WHERE id > %s ORDER BY id", told)]
            often = [job_id for job_id in fresh for _ in range(rng.randint(0, 4))]
            rng.shuffle(often)
            broker.tell(often)
            told, messages = max([told, *fresh]), messages + len(fresh) + len(often)

    assert driver.returncode == 1, farm.log("nightly.log")[-3000:]
    check(farm, world, inbox)
    jobs, attempts = farm.ask("SELECT count(*), sum(attempt) FROM night_job WHERE state = 'done'")[0]
    assert jobs == attempts, "a job was begun more than once"
    print(f"T15: {jobs} jobs told of by {messages} messages, each begun and done once")
    assert jobs >= (1000 if accounts > 12 else 20)


class Reaper:
    """Kills at random instants; knows what each kill hit and how long it took until somebody took that job on."""

    def __init__(self, farm: Farm, rng: random.Random) -> None:
        self.farm = farm
        self.rng = rng
        self.kills = 0
        self.hits: list[tuple[int, int, float]] = []

    def kill_one(self) -> None:
        """Kill a process that works on a job, if there is one."""
        with suppress(psycopg.errors.UndefinedTable):  # the driver is still making the tables
            sql = "SELECT id, attempt, worker FROM night_job WHERE state = 'running' ORDER BY random() LIMIT 1"
            for job_id, attempt, worker in self.farm.ask(sql):
                with suppress(ProcessLookupError):
                    os.kill(int(worker.split("/")[1]), signal.SIGKILL)
                    self.kills += 1
                    self.hits.append((job_id, attempt, time.time()))

    def kill_all(self, process: subprocess.Popen[bytes]) -> None:
        self.farm.kill(process)
        self.kills += 1

    def recoveries(self) -> list[float]:
        """Seconds from a kill to the next attempt of the job that it hit."""
        begun = {}
        for line in self.farm.log().splitlines():
            with suppress(ValueError):
                row = json.loads(line)
                if isinstance(row, dict) and row.get("event") == "job begun":
                    begun[row["job"], row["attempt"]] = datetime.fromisoformat(row["at"]).timestamp()
        return [
            later - at
            for job_id, attempt, at in self.hits
            for (other, number), later in begun.items()
            if other == job_id and number == attempt + 1
        ]


def disturbed_night(farm: Farm, world: World, inbox: Path, rng: random.Random) -> Reaper:
    """A night in which processes at work, whole workers and the driver are killed until it is over all the same."""
    reaper = Reaper(farm, rng)
    worker, driver = farm.worker(), start_night(farm, world, inbox)
    wait_until(lambda: pool_processes(worker.pid), what="the worker's processes")
    whole = time.monotonic() + rng.uniform(2, 8)
    while driver.poll() is None:
        time.sleep(rng.uniform(0, 1))
        if time.monotonic() < whole:
            reaper.kill_one()
            continue
        # A new one takes seconds until it does anything.
        whole = time.monotonic() + rng.uniform(8, 16)
        if rng.random() < 0.5:
            reaper.kill_all(driver)
            driver = start_night(farm, world, inbox)
        else:
            reaper.kill_all(worker)
            worker = farm.worker()
    assert driver.returncode == 1, farm.log("nightly.log")[-3000:]
    return reaper


@pytest.mark.parametrize("kills", [8, pytest.param(1000, marks=[heavy, pytest.mark.timeout(7200)])])
def test_workers_and_drivers_killed_at_random_instants_lose_and_double_nothing(
    kills: int, make_farm: MakeFarm, make_world: MakeWorld, tmp_path: Path
) -> None:
    """T16 on PostgreSQL: kill -9 of job processes, whole workers and drivers."""
    rng, done, longest, nights = random.Random(16), 0, 0.0, 0
    world = make_world(accounts=12 if kills < 1000 else 60, lines=40, files=2)
    while done < kills:
        farm, inbox = make_farm(**MANY_JOBS), world.inbox(tmp_path)
        reaper = disturbed_night(farm, world, inbox, rng)
        check(farm, world, inbox)
        done, nights = done + reaper.kills, nights + 1
        longest = max([longest, *reaper.recoveries()])
        farm.close()
    print(f"T16: {done} kills in {nights} nights, none lost, none doubled; longest recovery {longest:.1f} s")


def starts(farm: Farm) -> int:
    """How often a night has begun or gone on with a run."""
    log = farm.log("nightly.log")
    return log.count('"event": "run started"') + log.count('"event": "run joined"')


@pytest.mark.parametrize("kills", [3, pytest.param(200, marks=[heavy, pytest.mark.timeout(3600)])])
def test_a_night_alone_killed_at_random_instants_goes_on_where_it_was(
    kills: int, make_farm: MakeFarm, world: World, tmp_path: Path
) -> None:
    """T16 on SQLite: kill -9 of the one process, on the same database each time, until it comes through."""
    rng, done, nights = random.Random(61), 0, 0
    while done < kills:
        inbox, folder = world.inbox(tmp_path), tmp_path / f"alone-{nights}"
        folder.mkdir()
        url = f"sqlite:///{folder / 'recon.db'}"
        farm = Farm(database_url=url, broker_url="", folder=folder, **MANY_JOBS)
        while True:
            before = starts(farm)
            process = start_night(farm, world, inbox)
            # Until it is at work a kill hits nothing, however long the start takes on a busy machine.
            wait_until(lambda: starts(farm) > before or process.poll() is not None, what="the run")  # noqa: B023
            try:
                process.wait(rng.uniform(0, 1.2) if done < kills else None)
            except subprocess.TimeoutExpired:
                farm.kill(process)
                done += 1
                continue
            break
        assert process.returncode == 1, farm.log("nightly.log")[-3000:]
        check(farm, world, inbox)
        nights += 1
    print(f"T16: {done} kills of the embedded night in {nights} nights, none lost, none doubled")


@pytest.mark.parametrize("events", [4, pytest.param(200, marks=[heavy, pytest.mark.timeout(3600)])])
def test_a_broker_flushed_killed_and_cut_off_loses_and_doubles_nothing(
    events: int, make_farm: MakeFarm, make_world: MakeWorld, redis_server: servers.Redis, tmp_path: Path
) -> None:
    """T18: flush, restart, partition; messages come again after a second while their job still runs."""
    import redis

    rng, done, nights = random.Random(18), 0, 0
    world = make_world(accounts=12 if events < 200 else 60, lines=40, files=2)

    def flush() -> None:
        with redis.Redis(port=redis_server.port) as client, suppress(redis.RedisError):
            client.flushall()

    def restart() -> None:
        redis_server.kill()
        time.sleep(rng.uniform(0, 1))
        redis_server.start()

    def partition() -> None:
        assert redis_server.process is not None
        os.kill(redis_server.process.pid, signal.SIGSTOP)
        time.sleep(rng.uniform(0.2, 2))
        os.kill(redis_server.process.pid, signal.SIGCONT)

    troubles: list[Callable[[], None]] = [flush, restart, partition]
    while done < events:
        farm, inbox = make_farm(**MANY_JOBS, RECON_VISIBILITY_SECONDS="1"), world.inbox(tmp_path)
        worker, driver = farm.worker(), start_night(farm, world, inbox)
        wait_until(lambda: pool_processes(worker.pid), what="the worker's processes")  # noqa: B023
        wait_until(lambda: night_began(farm), what="the run")  # noqa: B023
        while driver.poll() is None and (events > 4 or done < events):
            time.sleep(rng.uniform(0.05, 0.5))
            troubles[done % len(troubles)]()
            done += 1
        assert driver.wait(120) == 1, farm.log("nightly.log")[-3000:]
        check(farm, world, inbox)
        assert "worker process ended" not in farm.log(), "the broker's trouble ended a worker"
        nights += 1
        farm.close()
    print(f"T18: {done} times of trouble with the broker in {nights} nights, none lost, none doubled")


@pytest.mark.parametrize("kills", [3, pytest.param(500, marks=[heavy, pytest.mark.timeout(7200)])])
def test_a_database_killed_during_commits_keeps_what_it_said_was_done(
    kills: int, make_farm: MakeFarm, make_world: MakeWorld, tmp_path: Path
) -> None:
    """T19 on PostgreSQL, with the settings of production for commits."""
    rng, done, nights = random.Random(19), 0, 0
    world = make_world(accounts=12 if kills < 500 else 60, lines=40, files=2)
    with servers.postgres() as postgres:
        postgres.stop()
        postgres.arguments += ["-c", "synchronous_commit=on", "-c", "fsync=on"]
        postgres.start()
        while done < kills:
            farm, inbox = make_farm(postgres=postgres, **MANY_JOBS), world.inbox(tmp_path)
            worker, driver = farm.worker(), start_night(farm, world, inbox)
            wait_until(lambda: pool_processes(worker.pid), what="the worker's processes")  # noqa: B023
            wait_until(lambda: night_began(farm), what="the run")  # noqa: B023
            while driver.poll() is None and (kills > 3 or done < kills):
                time.sleep(rng.uniform(0, 2))
                known = farm.ask("SELECT id FROM night_job WHERE state = 'done'")
                crash(postgres)
                done += 1
                assert set(known) <= set(farm.ask("SELECT id FROM night_job WHERE state = 'done'"))
            assert driver.wait(120) == 1, farm.log("nightly.log")[-3000:]
            check(farm, world, inbox)
            nights += 1
            farm.close()
    print(f"T19: {done} kills of PostgreSQL in {nights} nights; what was acknowledged was there each time")


@pytest.mark.parametrize("copies", [3, pytest.param(100, marks=[heavy, pytest.mark.timeout(3600)])])
def test_a_database_file_that_lost_its_last_writes_is_whole_and_goes_on(
    copies: int, make_farm: MakeFarm, world: World, tmp_path: Path
) -> None:
    """T19 on SQLite: the process is killed, the end of the write-ahead log is cut off anywhere, and the night goes on."""
    rng, cut_off = random.Random(91), 0
    for number in range(copies):
        inbox, folder = world.inbox(tmp_path), tmp_path / f"torn-{number}"
        folder.mkdir()
        path = folder / "recon.db"
        farm = Farm(database_url=f"sqlite:///{path}", broker_url="", folder=folder)
        log = folder / "recon.db-wal"
        process = start_night(farm, world, inbox)
        while process.poll() is None and not (log.exists() and log.stat().st_size):
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.3))
        farm.kill(process)
        if log.exists() and log.stat().st_size:
            cut_off += 1
            os.truncate(log, rng.randrange(log.stat().st_size))
        if path.exists():
            with sqlite3.connect(path) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        shutil.rmtree(inbox)
        inbox = Path(shutil.copytree(world.folder / "inbox", inbox))
        assert start_night(farm, world, inbox).wait(60) == 1, farm.log("nightly.log")[-3000:]
        check(farm, world, inbox)
    assert cut_off
    print(f"T19: {cut_off} SQLite databases with their last writes cut off went on to the same end")


@pytest.mark.parametrize("zombies", [2, pytest.param(100, marks=[heavy, pytest.mark.timeout(3600)])])
def test_a_worker_that_slept_through_its_lease_commits_nothing(
    zombies: int, make_farm: MakeFarm, make_world: MakeWorld, tmp_path: Path
) -> None:
    """T20: SIGSTOP in the middle of a job, past the lease, SIGCONT."""
    world = make_world(accounts=12 if zombies < 100 else 60, lines=40, files=2)
    refused, stopped = 0, 0
    while refused < zombies:
        farm = make_farm(**MANY_JOBS | {"RECON_LEASE_SECONDS": "1"})
        inbox = world.inbox(tmp_path)
        farm.worker()
        driver = start_night(farm, world, inbox)
        with psycopg.connect(plain(farm.database_url), autocommit=True) as connection:
            while driver.poll() is None and refused + lost_jobs(farm) < zombies:
                stopped += _stop_one(connection)
        assert driver.wait(120) == 1, farm.log("nightly.log")[-3000:]
        refused += lost_jobs(farm)
        check(farm, world, inbox)
        farm.close()
    print(f"T20: {stopped} workers stopped in a job past their lease, {refused} of their commits refused, none kept")


def lost_jobs(farm: Farm) -> int:
    """How many attempts found at their commit that somebody else has the job."""
    return farm.log().count('"event": "job lost"')


def _stop_one(connection: psycopg.Connection[tuple[int, ...]]) -> int:
    """Stop a process that works on a job until somebody else has the job; 1 if that came about."""
    sql = "SELECT id, attempt, worker FROM night_job WHERE state = 'running' ORDER BY random() LIMIT 1"
    try:
        found = connection.execute(sql).fetchone()
    except psycopg.errors.UndefinedTable:  # the driver is still making the tables
        time.sleep(0.1)
        return 0
    if found is None:
        return 0
    job_id, attempt, worker = found
    pid = int(str(worker).split("/")[1])
    try:
        os.kill(pid, signal.SIGSTOP)
    except ProcessLookupError:
        return 0
    later = "SELECT state <> 'running' OR attempt > %s FROM night_job WHERE id = %s"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        row = connection.execute(later, (attempt, job_id)).fetchone()
        if row and row[0]:
            break
        time.sleep(0.02)
    os.kill(pid, signal.SIGCONT)
    return 1
