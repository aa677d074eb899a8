"""The supervisor of a worker: starts Celery in a process of its own, keeps it running, sweeps, and stops it gracefully.

The sweep runs here and not in a task, so that it needs no broker: after a flush of Redis the jobs are told of again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

from matcher.ops.broker import JOB_QUEUE, NIGHT_QUEUE
from matcher.pipeline.night.contract import Night
from matcher.pipeline.night.driving import sweep
from recon_core.domain.refusals import Busy, Conflict

# What Celery is given to leave its jobs to others, when these did not end in time, before it is killed.
_LEAVE_SECONDS = 5
_RESTART_SECONDS_MAX = 30


class Supervisor:
    """Celery processes under supervision until `stop` is called, also from a signal handler."""

    def __init__(
        self, night: Night, *, commands: Sequence[Sequence[str]], sweep_seconds: float, stop_seconds: float
    ) -> None:
        self._night = night
        self._commands = commands
        self._sweep_seconds = sweep_seconds
        self._stop_seconds = stop_seconds
        self._running: list[subprocess.Popen[bytes]] = []
        self._stopping = Event()

    def stop(self, *_: Any) -> None:
        """Let the running jobs end, start no more, and return from `run`."""
        self._stopping.set()

    def alive(self) -> bool:
        """Whether all processes run."""
        return bool(self._running) and all(process.poll() is None for process in self._running)

    def run(self) -> None:
        """Supervise until stopped."""
        self._running = [_start(command) for command in self._commands]
        failures = 0
        try:
            while not self._stopping.wait(self._sweep_seconds):
                failures = self._restart(failures)
                self._sweep()
        finally:
            _end(self._running, seconds=self._stop_seconds)

    def _restart(self, failures: int) -> int:
        dead = [place for place, process in enumerate(self._running) if process.poll() is not None]
        if not dead:
            return 0
        for place in dead:
            self._night.note("worker process ended", exit_status=self._running[place].returncode)
        self._stopping.wait(min(2**failures, _RESTART_SECONDS_MAX) - 1)
        for place in dead:
            self._running[place] = _start(self._commands[place])
        return failures + 1

    def _sweep(self) -> None:
        try:
            sweep(self._night)
        except (Busy, Conflict) as error:
            self._night.note("sweep put off", error=error.code)


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, start_new_session=True)  # noqa: S603  our own command


def _end(processes: Sequence[subprocess.Popen[bytes]], *, seconds: float) -> None:
    """Ask all to end their jobs; then, `seconds` later, to leave them to others; at last kill what still runs."""
    for sign, patience in ((signal.SIGTERM, seconds), (signal.SIGQUIT, _LEAVE_SECONDS)):
        until = time.monotonic() + patience
        for process in processes:
            if process.poll() is None:
                process.send_signal(sign)
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0, until - time.monotonic()))
    for process in processes:
        # Also what a process left behind that ended before its children.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def worker_command(*, processes: int, nights: bool, level: str) -> list[str]:
    """Celery's worker with its own processes. `nights`: it also takes the scheduled nightly job."""
    queues = f"{JOB_QUEUE},{NIGHT_QUEUE}" if nights else JOB_QUEUE
    options = ["--without-gossip", "--without-mingle", "-Q", queues, "-c", str(processes), "--loglevel", level]
    return [
        sys.executable,
        "-m",
        "celery",
        "-q",
        "-A",
        "matcher.worker",
        "worker",
        *options,
        "-n",
        f"recon-{os.getpid()}@%h",
    ]


def beat_command(*, level: str) -> list[str]:
    """Celery's beat, which starts the nightly job at its hour. One in the whole installation."""
    place = Path(tempfile.gettempdir()) / f"recon-beat-{os.getuid()}"
    options = ["--schedule", str(place), "--pidfile", "", "--loglevel", level]
    return [sys.executable, "-m", "celery", "-q", "-A", "matcher.worker", "beat", *options]
