"""How fast the nightly work is: lines a second, the database's share, and the ratios that must hold.

    python -m benchmarks.nightly [--lines 100000] [--workers 2] [--quick]

Every measurement is a process of its own on a fresh database. Ratios compare measurements of one run of this script, so
they hold on any machine; the seconds are this machine's. The worker is measured with real Redis and PostgreSQL servers.

| what | measured | should be |
|---|---|---|
| in-process on SQLite | lines a second, files to reconciliations | at least 10,000 |
| the database's share | time inside the unit of work, of all | at most half |
| small accounts | cost a line of 1,000 accounts, to that of 10 | at most 1.5 |
| growth | cost a line with ten times the lines | about the same |
| again | the same files and book once more, to the first time | at most 1/20 |
| worker | two processes on PostgreSQL, to in-process on SQLite | at most 1 |
| worker alone | two processes, to one, both on PostgreSQL | about 1/2 with two cores of their own |
| sizing | lines a second, peak MiB a process, database bytes a line, time an account with nothing new | - |
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.night_world import write_world

QUICK = 20


def measured(world: Path, url: str, *, again: bool = False) -> dict[str, Any]:
    """One night in a process of its own; `again` after it the same files and book once more."""
    command = [sys.executable, "-m", "benchmarks.nightly", "--measure", str(world), url]
    done = subprocess.run(
        command + ["--again"] * again, check=True, capture_output=True, text=True, env=compiling_environment()
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def compiling_environment() -> dict[str, str]:
    """The environment in which Python keeps its compiled modules, as where it is installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def measure(world: Path, url: str, *, again: bool) -> dict[str, Any]:
    """In this process: accounts first, which a night finds there, then the night, measured."""
    from matcher import bootstrap

    set_up(world, url)
    with bootstrap.open_context(url=url) as context:
        night = bootstrap.make_night(context, bootstrap.NightSettings())
        first = _night(night, world)
        first["bytes"] = database_bytes(context.database)
        first["mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if again:
            first["again"] = _night(night, world)
    return first


def database_bytes(database: Any) -> int:
    """What the database takes, its indexes and the archived files among it."""
    sqlite = database.engine.dialect.name == "sqlite"
    pages = "SELECT page_count * page_size AS n FROM pragma_page_count, pragma_page_size"
    with database.read() as uow:
        return int(uow.value(pages if sqlite else "SELECT pg_database_size(current_database()) AS n"))


def _night(night: Any, world: Path) -> dict[str, Any]:
    from datetime import timedelta

    from matcher.pipeline.night.driving import NightPlan, nightly
    from matcher.pipeline.night.inbox import FolderInbox
    from matcher.pipeline.night.morning import morning

    with tempfile.TemporaryDirectory() as folder, database_time() as spent:
        inbox = Path(shutil.copytree(world / "inbox", Path(folder) / "inbox"))
        plan = NightPlan(inbox=FolderInbox(inbox), books=[world / "book.csv"], settle=timedelta(0))
        wall, processor = time.perf_counter(), time.process_time()
        run = nightly(night, plan)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
    summary = morning(night, run.id)
    counts = [sum(getattr(one, name) for one in summary.accounts) for name in ("read", "cleared", "adjusted")]
    released = sum(1 for one in summary.accounts if one.released)
    names = ("lines", "cleared", "adjusted", "released", "seconds", "processor", "database", "accounts")
    return dict(zip(names, (*counts, released, wall, processor, spent[0], len(summary.accounts)), strict=True))


@contextmanager
def database_time() -> Iterator[list[float]]:
    """Seconds inside the unit of work: SQL, conversions, and the log."""
    from recon_core.store.unit_of_work import SqlUnitOfWork

    spent, depth = [0.0], [0]
    names = ("select", "columns", "value", "insert_rows", "update_rows", "commit", "reserve_ids", "columns_by_id")
    kept = {name: getattr(SqlUnitOfWork, name) for name in names}

    def timed(name: str) -> Any:
        inner = kept[name]

        def call(*arguments: Any, **named: Any) -> Any:
            depth[0] += 1
            began = time.perf_counter()
            try:
                return inner(*arguments, **named)
            finally:
                depth[0] -= 1
                if not depth[0]:
                    spent[0] += time.perf_counter() - began

        return call

    for name in names:
        setattr(SqlUnitOfWork, name, timed(name))
    try:
        yield spent
    finally:
        for name, inner in kept.items():
            setattr(SqlUnitOfWork, name, inner)


def distributed(world: Path, folder: Path, *, processes: int) -> dict[str, Any]:
    """The night in one process on PostgreSQL (`alone`), and the seconds of the same done by a worker that is up and
    waiting, with the peak memory of each of its processes in MiB.
    """
    from tests import servers

    with servers.postgres() as postgres, servers.redis() as redis:
        alone = measured(world, postgres.create("alone"), again=True)
        url = postgres.create("night")
        environment = compiling_environment() | {"RECON_DATABASE_URL": url, "RECON_BROKER_URL": redis.url}
        recon = [sys.executable, "-c", "from matcher.cli.main import main; main()"]
        subprocess.run(
            [sys.executable, "-m", "benchmarks.nightly", "--set-up", str(world), url], check=True, env=environment
        )
        log = (folder / "worker.log").open("wb")
        worker = subprocess.Popen([*recon, "worker", "-c", str(processes)], env=environment, stderr=log, stdout=log)
        try:
            _warm(recon, environment, folder)
            inbox = Path(shutil.copytree(world / "inbox", folder / "inbox"))
            command = [*recon, "nightly", inbox, "--book", world / "book.csv", "--settle", "0", "--json"]
            began = time.perf_counter()
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            seconds = time.perf_counter() - began
            assert done.returncode in {0, 1}, done.stderr
            memory = [_peak_mib(pid) for pid in _children(worker.pid)]
        finally:
            worker.terminate()
            worker.wait()
            log.close()
    return {"alone": alone, "seconds": seconds, "mib": memory}


def _children(parent: int) -> list[int]:
    """The processes below a process, itself the first."""
    below = [int(one) for one in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    return [parent, *(pid for child in below for pid in _children(child))]


def _peak_mib(pid: int) -> float:
    """The most memory that a process has held at a time."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def _warm(recon: list[str], environment: dict[str, str], folder: Path) -> None:
    """A night of small files: every process has its modules and its connection then."""
    write_world(folder / "warm", accounts=60, lines=5, first=900_001)
    options = ["--accounts", folder / "warm" / "accounts.toml", "--book", folder / "warm" / "book.csv"]
    command = [*recon, "nightly", folder / "warm" / "inbox", *options, "--settle", "0"]
    quick = environment | {"RECON_JOB_FILES": "2", "RECON_JOB_ACCOUNTS": "2"}
    subprocess.run(command, env=quick, capture_output=True, check=False)


def shown(name: str, value: str, wanted: str) -> None:
    print(f"{name:<44}{value:>16}   {wanted}", flush=True)


def compare(lines: int, *, processes: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        worlds = {"large": (10, lines // 10), "small": (1000, lines // 1000), "tenth": (10, lines // 100)}
        for world, (accounts, each) in worlds.items():
            write_world(folder / world, accounts=accounts, lines=each)
        found = {
            world: measured(folder / world, f"sqlite:///{folder / world}.db", again=world != "tenth")
            for world in worlds
        }
        large, small = found["large"], found["small"]
        shown(
            "10 accounts, bank lines",
            f"{large['lines']:,}",
            f"{large['cleared']:,} cleared, {large['adjusted']:,} adjusted",
        )
        shown("  lines a second", f"{large['lines'] / large['seconds']:,.0f}", ">= 10,000")
        shown("  lines a second of processor", f"{large['lines'] / large['processor']:,.0f}", "")
        shown("  the database's share", f"{100 * large['database'] / large['seconds']:.0f} %", "<= 50 %")
        shown(
            "1,000 accounts, lines a second",
            f"{small['lines'] / small['seconds']:,.0f}",
            f"{small['released']} released",
        )
        cost = {world: one["processor"] / one["lines"] for world, one in found.items()}
        shown("  cost a line, to that of 10 accounts", f"{cost['small'] / cost['large']:.2f}", "<= 1.5")
        shown("cost a line with ten times the lines", f"{cost['large'] / cost['tenth']:.2f}", "about 1")
        shown("first time / again, 10 accounts", f"{large['seconds'] / large['again']['seconds']:.0f}", ">= 20")
        shown("first time / again, 1,000 accounts", f"{small['seconds'] / small['again']['seconds']:.0f}", ">= 20")
        worked = distributed(folder / "small", folder, processes=processes)
        text = f"worker, {processes} processes, to in-process (1,000)"
        shown(text, f"{worked['seconds'] / small['seconds']:.2f}", "<= 1")
        shown("  to in-process on PostgreSQL", f"{worked['seconds'] / worked['alone']['seconds']:.2f}", "")
        for name, one in (("SQLite, 10", large), ("SQLite, 1,000", small), ("PostgreSQL, 1,000", worked["alone"])):
            sized(f"{name} accounts in-process", one)
        shown(
            f"worker, {processes} processes, 1,000 accounts",
            f"{small['lines'] / worked['seconds']:,.0f} lines/s",
            f"{', '.join(f'{one:.0f}' for one in worked['mib'])} MiB",
        )


def sized(name: str, one: dict[str, Any]) -> None:
    """A row of the sizing table."""
    nothing_new = f"{1000 * one['again']['seconds'] / one['accounts']:.2f} ms an account with nothing new"
    size = f"{one['bytes'] / one['lines']:,.0f} bytes a line"
    shown(name, f"{one['lines'] / one['seconds']:,.0f} lines/s", f"{one['mib']:.0f} MiB, {size}, {nothing_new}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2, help="processes of the worker")
    parser.add_argument("--quick", action="store_true", help=f"a {QUICK}th of the lines")
    parser.add_argument("--measure", nargs=2, metavar=("WORLD", "URL"), help=argparse.SUPPRESS)
    parser.add_argument("--set-up", nargs=2, metavar=("WORLD", "URL"), help=argparse.SUPPRESS)
    parser.add_argument("--again", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(Path(given.measure[0]), given.measure[1], again=given.again)))
    elif given.set_up:
        set_up(Path(given.set_up[0]), given.set_up[1])
    else:
        compare(given.lines // QUICK if given.quick else given.lines, processes=given.workers)


def set_up(world: Path, url: str) -> None:
    """Accounts of a world in a database."""
    from matcher import bootstrap
    from matcher.pipeline import setup
    from matcher.pipeline.opening import open_planned
    from matcher.pipeline.setup import read_accounts

    with bootstrap.open_context(url=url) as context:
        setup.ensure_entry_types(context)
        open_planned(context, read_accounts(world / "accounts.toml"))


if __name__ == "__main__":
    main()
