"""The broker: the Celery application's settings, and telling workers which jobs there are.

A message is only the number of a job. The database is the truth, so every setting here may lose or double a message but
never hides one: late acknowledgement, no results, no long countdowns, one message at a time for a process.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matcher.pipeline.night.contract import BrokerAway

if TYPE_CHECKING:
    from celery import Celery

    from matcher.bootstrap import NightSettings

JOB_TASK, SWEEP_TASK, NIGHTLY_TASK = "recon.job", "recon.sweep", "recon.nightly"
JOB_QUEUE, NIGHT_QUEUE = "recon-jobs", "recon-night"


def make_app(settings: NightSettings) -> Celery:
    """The Celery application on the broker of the settings. Nothing is connected to yet."""
    from celery import Celery
    from celery.utils.time import timezone

    _guard_against_lost_connections()
    app = Celery("recon", broker=settings.broker_url or "memory://")
    hard = settings.task_seconds_max
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_create_missing_queues=True,
        task_default_queue=JOB_QUEUE,
        task_routes={NIGHTLY_TASK: {"queue": NIGHT_QUEUE}},
        task_time_limit=hard,
        task_soft_time_limit=max(1, hard - 60),
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            # Longer than any task; a message that comes again meanwhile is looked at and dropped.
            "visibility_timeout": settings.visibility_seconds,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 10,
            "socket_connect_timeout": 5,
            "health_check_interval": 30,
        },
        beat_schedule=_schedule(settings),
        # Beat takes the hour of the night in this zone, whatever the clock of a schedule says.
        timezone=timezone.local,
    )
    return app


def _schedule(settings: NightSettings) -> dict[str, Any]:
    """What beat starts: the sweep, and the nightly job at its hour (local time of the machine) if there is an inbox."""
    from celery.schedules import crontab

    entries: dict[str, Any] = {
        "sweep": {
            "task": SWEEP_TASK,
            "schedule": settings.sweep_seconds,
            "options": {"expires": settings.sweep_seconds},
        }
    }
    if settings.inbox and settings.nightly_at:
        hour, _, minute = settings.nightly_at.partition(":")
        entries["nightly"] = {"task": NIGHTLY_TASK, "schedule": crontab(hour=hour, minute=minute or "0")}
    return entries


class Broker:
    """What the nightly work needs of the broker."""

    def __init__(self, app: Celery) -> None:
        from kombu.exceptions import OperationalError
        from redis.exceptions import RedisError

        self._app = app
        self._away = (OperationalError, RedisError, OSError)

    def tell(self, job_ids: Sequence[int]) -> None:
        """Tell of jobs by their numbers. Raises `BrokerAway`."""
        try:
            with self._app.producer_or_acquire() as producer:
                for job_id in job_ids:
                    arguments = {"job_id": job_id}
                    self._app.send_task(JOB_TASK, kwargs=arguments, queue=JOB_QUEUE, producer=producer, retry=False)
        except self._away as error:
            raise BrokerAway(str(error)) from error

    def queued(self) -> int | None:
        """How many messages wait, None if the broker is away."""
        try:
            with self._app.pool.acquire(block=True) as connection:
                return int(connection.default_channel.queue_declare(JOB_QUEUE).message_count)
        except self._away:
            return None

    def answers(self) -> bool:
        """Whether the broker can be reached now."""
        try:
            with self._app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=3)
        except self._away:
            return False
        return True


def _guard_against_lost_connections() -> None:
    """kombu 5.7.0: when Redis dies while a slot waits for work, a channel whose connection is gone raises an
    AttributeError that ends the whole worker. As the connection error that it is, the worker reconnects.
    """
    from kombu.transport import redis as transport
    from redis.exceptions import ConnectionError as RedisConnectionError

    channel: Any = transport.Channel
    if getattr(channel, "_recon_guarded", False):
        return
    parameters = channel._connparams

    def guarded(self: Any, *arguments: Any, **named: Any) -> Any:
        if self.connection is None or self.connection.client is None:
            raise RedisConnectionError("The connection of this channel is gone.")
        return parameters(self, *arguments, **named)

    channel._connparams = guarded
    channel._recon_guarded = True
