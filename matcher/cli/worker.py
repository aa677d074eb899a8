"""`recon worker` and `recon health`: doing the jobs of the nightly work, and asking how that goes."""

from __future__ import annotations

import json
import os
import signal

import click

from matcher.cli.main import EXIT_ATTENTION
from recon_core.domain.refused import BadSetting


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
    (RECON_BROKER_URL). SIGTERM stops one gracefully: running jobs are ended or given back. Killed, its jobs go to others
    when their lease is over.

    \b
    Examples:
      recon worker
      recon worker -c 4 --beat --http 127.0.0.1:9400
    """
    from matcher import bootstrap
    from matcher.ops import logs
    from matcher.ops.broker import broker_answers, make_app, make_tell
    from matcher.ops.serve import serve
    from matcher.ops.supervise import Supervisor, beat_command, worker_command

    settings = bootstrap.night_settings()
    if not settings.broker_url:
        raise BadSetting("A worker needs a broker.", where="RECON_BROKER_URL", cure="Set it to redis://host:port/0.")
    logs.set_up(level=settings.log_level)
    app = make_app(settings)
    commands = [worker_command(processes=processes, nights=True, level=settings.log_level)]
    if beat:
        commands.append(beat_command(level=settings.log_level))
    with bootstrap.open_context(rules=settings.rules) as context:
        night = bootstrap.make_night(context, settings, tell=make_tell(app), note=logs.note)
        supervisor = Supervisor(night, commands=commands, sweep_seconds=settings.sweep_seconds)
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, supervisor.stop)
        server = None
        if http is not None:
            server = serve(night, address=http, broker=lambda: broker_answers(app), alive=supervisor.alive)
        try:
            supervisor.run()
        finally:
            if server is not None:
                server.shutdown()
    return 0


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
    from matcher.ops.broker import broker_answers, make_app
    from matcher.ops.health import health as ask

    settings = bootstrap.night_settings()
    with bootstrap.open_context() as context:
        night = bootstrap.make_night(context, settings)
        broker = (lambda: broker_answers(make_app(settings))) if settings.broker_url else None
        found = ask(night, broker=broker)
    click.echo(json.dumps(found.checks | {"ready": found.ready, "well": found.well}, indent=2))
    return 0 if (found.ready if only_ready else found.well) else EXIT_ATTENTION
