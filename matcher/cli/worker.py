"""`recon worker` and `recon health`: doing the jobs of the nightly work, and asking how that goes."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import click

from matcher.cli.main import EXIT_ATTENTION
from recon_core.domain.refusals import Busy
from recon_core.domain.refused import BadSetting

if TYPE_CHECKING:
    from matcher.bootstrap import NightSettings
    from matcher.pipeline.context import Context


@click.command()
@click.option(
    "-c",
    "--processes",
    type=click.IntRange(1, 256),
    default=lambda: os.cpu_count() or 1,
    show_default="one a processor",
    help="How many jobs at a time.",
)
@click.option("--beat", is_flag=True, help="Also start the nightly job at RECON_NIGHTLY_AT; one worker of all does.")
@click.option("--http", metavar="HOST:PORT", help="Serve /healthz, /readyz and /metrics there.")
def worker(processes: int, beat: bool, http: str | None) -> int:
    """Do the jobs of the nightly work until told to stop.

    Start as many workers on as many machines as wanted, on one PostgreSQL (RECON_DATABASE_URL) and one Redis
    (RECON_BROKER_URL). SIGTERM stops one gracefully: running jobs have RECON_STOP_SECONDS to end, then they go to
    others. So they do when their lease is over if it is killed.

    \b
    Examples:
      recon worker
      recon worker -c 4 --beat --http 127.0.0.1:9400
    """
    from matcher import bootstrap
    from matcher.ops import logs
    from matcher.ops.broker import Broker, make_app
    from matcher.ops.serve import serve
    from matcher.ops.supervise import Supervisor, beat_command, worker_command

    settings = bootstrap.night_settings()
    if not settings.broker_url:
        raise BadSetting("A worker needs a broker.", where="RECON_BROKER_URL", cure="Set it to redis://host:port/0.")
    logs.set_up(level=settings.log_level)
    broker = Broker(make_app(settings))
    commands = [worker_command(processes=processes, nights=bool(settings.inbox), level=settings.log_level)]
    if beat:
        commands.append(beat_command(level=settings.log_level))
    with _patiently(settings) as context:
        night = bootstrap.make_night(context, settings, broker=broker, note=logs.note)
        supervisor = Supervisor(
            night, commands=commands, sweep_seconds=settings.sweep_seconds, stop_seconds=settings.stop_seconds
        )
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, supervisor.stop)
        server = None
        if http is not None:
            server = serve(night, address=http, broker=broker.answers, alive=supervisor.alive)
        try:
            supervisor.run()
        finally:
            if server is not None:
                server.shutdown()
    return 0


@contextmanager
def _patiently(settings: NightSettings) -> Iterator[Context]:
    """The context, once the database answers: after a power cut machines start in any order."""
    from matcher import bootstrap
    from matcher.ops import logs

    with ExitStack() as stack:
        while True:
            try:
                context = stack.enter_context(bootstrap.open_context(rules=settings.rules))
            except Busy as busy:
                logs.note("database away", error=busy.code)
                time.sleep(settings.sweep_seconds)
            else:
                break
        yield context


@click.command()
@click.option("--ready", "only_ready", is_flag=True, help="Ask only whether database and broker answer.")
def health(only_ready: bool) -> int:
    """Whether database and broker answer and the jobs are getting done, as JSON.

    Exit status 1: no, or with --ready, database or broker is away.

    \b
    Examples:
      recon health
      recon health --ready
    """
    from matcher import bootstrap
    from matcher.ops.broker import Broker, make_app
    from matcher.ops.health import health as ask

    settings = bootstrap.night_settings()
    with bootstrap.open_context() as context:
        night = bootstrap.make_night(context, settings)
        broker = Broker(make_app(settings)).answers if settings.broker_url else None
        found = ask(night, broker=broker)
    click.echo(json.dumps(found.checks | {"ready": found.ready, "well": found.well}, indent=2))
    return 0 if (found.ready if only_ready else found.well) else EXIT_ATTENTION
