"""Workers and drivers as processes of their own, to be killed, stopped and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from matcher import bootstrap
from tests.servers import Server

RECON = [sys.executable, "-c", "from matcher.cli.main import main; main()"]
START_SECONDS = 60


class Farm:
    """A database, a broker and whatever works on them. `environment` is what every process of it is given."""

    def __init__(self, *, database_url: str, broker_url: str, folder: Path, **environment: str) -> None:
        self.database_url = database_url
        self.folder = folder
        quick = {"RECON_LEASE_SECONDS": "2", "RECON_SWEEP_SECONDS": "1", "RECON_USER": bootstrap.user_name()}
        addresses = {"RECON_DATABASE_URL": database_url, "RECON_BROKER_URL": broker_url}
        self.environment = os.environ | quick | addresses | environment
        # Without compiled modules every start of a process would take seconds.
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str | Path, log: str) -> subprocess.Popen[bytes]:
        """`recon ARGUMENTS` in a process group of its own, what it prints in a file."""
        with (self.folder / log).open("ab") as output:
            process = subprocess.Popen(
                [*RECON, *map(str, arguments)],
                env=self.environment,
                cwd=self.folder,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def worker(self, *options: str, processes: int = 2) -> subprocess.Popen[bytes]:
        """A worker."""
        return self.start("worker", "-c", str(processes), *options, log="worker.log")

    def nightly(self, inbox: Path, *options: str | Path) -> subprocess.Popen[bytes]:
        """The driver over an inbox."""
        return self.start("nightly", inbox, "--settle", "0", "--json", *options, log="nightly.log")

    def log(self, name: str = "worker.log") -> str:
        path = self.folder / name
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL to a process and everything below it."""
        for pid in [*descendants(process.pid), process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process.wait()

    def close(self) -> None:
        for process in self.processes:
            self.kill(process)

    def ask(self, sql: str, *values: Any) -> list[Any]:
        """Rows of the farm's PostgreSQL."""
        with psycopg.connect(plain(self.database_url), autocommit=True) as connection:
            return connection.execute(sql, values).fetchall()


def plain(url: str) -> str:
    """An SQLAlchemy address as psycopg reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://")


def descendants(pid: int) -> list[int]:
    """All processes below one, the lowest first."""
    below: dict[int, list[int]] = {}
    for path in Path("/proc").iterdir():
        if not path.name.isdigit():
            continue
        try:
            fields = (path / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        below.setdefault(int(fields[1]), []).append(int(path.name))
    found: list[int] = []
    todo = [pid]
    while todo:
        children = below.get(todo.pop(), [])
        found += children
        todo += children
    return found[::-1]


def children(pid: int) -> list[int]:
    """The processes directly below one."""
    return [one for one in descendants(pid) if _parent(one) == pid]


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def pool_processes(pid: int) -> list[int]:
    """The processes of a worker that do the jobs: those below Celery's own, which is below the supervisor."""
    return [one for celery in children(pid) for one in children(celery)]


def crash(server: Server) -> None:
    """SIGKILL to a server and all its processes at once, then start it again on the same data."""
    assert server.process is not None
    for pid in [server.process.pid, *descendants(server.process.pid)]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.process.wait()
    server.start()


def wait_until(condition: Callable[[], Any], *, seconds: float = START_SECONDS, what: str = "") -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what or condition} did not come true in {seconds} s")


@contextmanager
def farm(**options: Any) -> Iterator[Farm]:
    made = Farm(**options)
    try:
        yield made
    finally:
        made.close()
