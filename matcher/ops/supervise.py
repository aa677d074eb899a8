"""The supervisor of a worker: starts Celery in a process of its own, keeps it running, sweeps, and stops it gracefully.

The sweep runs here and not in a task, so that it needs no broker: after a flush of Redis the jobs are told of again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

from matcher.ops.broker import JOB_QUEUE, NIGHT_QUEUE
from matcher.pipeline.night.contract import Night
from matcher.pipeline.night.driving import sweep
from recon_core.domain.refusals import Busy, Conflict

# How long Celery may take to finish what it does, before it is killed; then its jobs go to others.
_STOP_SECONDS = 60
_RESTART_SECONDS_MAX = 30


class Supervisor:
    """Celery processes under supervision until `stop` is called, also from a signal handler."""

    def __init__(self, night: Night, *, commands: Sequence[Sequence[str]], sweep_seconds: float) -> None:
        self._night = night
        self._commands = commands
        self._sweep_seconds = sweep_seconds
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
            for process in self._running:
                _end(process)

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
    # With this, Celery takes SIGTERM for its soft shutdown: wait for running jobs a while, give the others back.
    environment = os.environ | {"REMAP_SIGTERM": "SIGQUIT"}
    return subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603  our own command


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
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
