"""The Celery application: thin tasks that are told a job's number and call the pipeline.

    recon worker                      supervises these: sweeper, health, metrics, restart
    celery -A matcher.worker worker   the bare worker

A task knows nothing by itself. Told twice, late or never, by a flushed or a restarted broker: the job's row decides.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any

from celery.signals import setup_logging, worker_process_init

from matcher import bootstrap
from matcher.ops import logs
from matcher.ops.broker import JOB_TASK, NIGHTLY_TASK, SWEEP_TASK, Broker, make_app
from matcher.ops.night import drive, night_plan
from matcher.pipeline.night.contract import Night
from matcher.pipeline.night.driving import do_told_job
from matcher.pipeline.night.driving import sweep as sweep_night
from recon_core.domain.refusals import Busy

settings = bootstrap.night_settings()
# Celery's decorators have no types.
app: Any = make_app(settings)
# The only thing that a message is kept for: the database that knows what it means is away.
_AGAIN: dict[str, Any] = {
    "autoretry_for": (Busy,),
    "retry_backoff": 1,
    "retry_backoff_max": 30,
    "retry_jitter": True,
    "max_retries": None,
}
broker = Broker(app)


class _Process:
    """What this process works with, made at its first task: a connection must not be shared with a forked child."""

    def __init__(self) -> None:
        self._pid = 0
        self._night: Night | None = None
        self._open = ExitStack()

    def night(self) -> Night:
        """The night of this process."""
        if self._night is None or self._pid != os.getpid():
            context = self._open.enter_context(bootstrap.open_context(rules=settings.rules))
            self._night = bootstrap.make_night(context, settings, broker=broker, note=logs.note)
            self._pid = os.getpid()
        return self._night

    def forget(self, **_: Any) -> None:
        """In a forked child: the parent's connections stay the parent's."""
        if self._night is not None:
            self._night.context.database.engine.dispose(close=False)
        self._night, self._open = None, ExitStack()


_process = _Process()
worker_process_init.connect(_process.forget)


def _log_as_json(**_: Any) -> None:
    logs.set_up(level=settings.log_level)


setup_logging.connect(_log_as_json)


@app.task(name=JOB_TASK, **_AGAIN)  # type: ignore[untyped-decorator]
def do_job(*, job_id: int, **_later: Any) -> None:
    """Do a job, if it is there to be done. A newer sender may say more than this worker knows."""
    do_told_job(_process.night(), job_id)


@app.task(name=SWEEP_TASK)  # type: ignore[untyped-decorator]
def sweep(**_later: Any) -> None:
    """Take jobs back from dead workers, move runs on, tell the broker what it was not told."""
    sweep_night(_process.night())


@app.task(name=NIGHTLY_TASK, time_limit=24 * 3600, soft_time_limit=24 * 3600 - 60)  # type: ignore[untyped-decorator]
def nightly(**_later: Any) -> None:
    """The night's work over the configured inbox; this process does jobs too while it waits for the others."""
    if settings.inbox:
        drive(_process.night(), night_plan(settings, address=settings.inbox, helps=True), settings)
