"""`recon runs`: the runs of the nightly work."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from matcher.cli.main import EXIT_ATTENTION

if TYPE_CHECKING:
    from matcher.pipeline.night.contract import Night


@contextmanager
def _night() -> Iterator[Night]:
    from matcher import bootstrap

    settings = bootstrap.night_settings()
    broker = None
    if settings.broker_url:
        from matcher.ops.broker import Broker, make_app

        broker = Broker(make_app(settings))
    with bootstrap.open_context(rules=settings.rules) as context:
        yield bootstrap.make_night(context, settings, broker=broker)


def _chosen(night: Night, run_id: int | None) -> int:
    """The run asked for, by default the newest. Raises `Unknown`."""
    from recon_core.domain.refusals import Unknown

    with night.context.database.read() as uow:
        if run_id is None:
            latest = night.store.latest_runs(uow, limit=1)
            if not latest:
                raise Unknown("There is no run yet.", cure="Begin one with `recon nightly INBOX`.")
            return latest[0].id
        try:
            return night.store.run(uow, run_id=run_id).id
        except KeyError:
            raise Unknown(f"There is no run {run_id}.", cure="List them with `recon runs`.") from None


@click.group(invoke_without_command=True)
@click.pass_context
def runs(context: click.Context) -> int | None:
    """Runs of the nightly work; without a command, the newest ones.

    \b
    Examples:
      recon runs
      recon runs show 12
      recon runs retry 12
      recon runs cancel 12
    """
    return context.invoke(list_runs) if context.invoked_subcommand is None else None


@runs.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, an object a run.")
def list_runs(limit: int = 20, as_json: bool = False) -> int:
    """The newest runs: when, over which inbox, how far.

    \b
    Examples:
      recon runs list --limit 5
    """
    with _night() as night, night.context.database.read() as uow:
        found = night.store.latest_runs(uow, limit=limit)
        progress = night.store.progress(uow, run_ids=[run.id for run in found])
    for run in found:
        jobs, done, _ = progress.get(run.id, (0, 0, 0))
        if as_json:
            row = {"id": run.id, "state": run.state, "inbox": run.inbox, "jobs": jobs, "jobs_done": done}
            times = {"started_at": run.started_at.isoformat(), "started_by": run.started_by}
            click.echo(json.dumps(row | times, ensure_ascii=False))
        else:
            began = f"{run.started_at:%Y-%m-%d %H:%M:%S}"
            click.echo(f"{run.id:>5}  {began}  {run.state:<10}  {done}/{jobs} jobs  {run.inbox}")
    if not found and not as_json:
        click.echo("There are no runs yet. Begin with: recon nightly INBOX --book BOOK.csv")
    return 0


@runs.command()
@click.argument("run_id", type=int, required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(run_id: int | None, as_json: bool) -> int:
    """The summary of a run, by default the newest, as things stand now.

    Exit status 1: something needs attention.

    \b
    Examples:
      recon runs show
      recon runs show 12 --json
    """
    from matcher.ops import summary_text
    from matcher.pipeline.night.morning import morning

    with _night() as night:
        summary = morning(night, _chosen(night, run_id))
    click.echo(summary_text.as_json(summary) if as_json else summary_text.as_text(summary))
    return EXIT_ATTENTION if summary.attention else 0


@runs.command()
@click.argument("run_id", type=int, required=False)
def retry(run_id: int | None) -> int:
    """Try again what failed or was set aside in a run, by default the newest.

    With a broker the workers do it; without one it is done here. Files that were moved to failed/ stay there.

    Exit status 1: something still needs attention.

    \b
    Examples:
      recon runs retry 12
    """
    from matcher.ops import summary_text
    from matcher.pipeline.night.driving import to_the_end
    from matcher.pipeline.night.morning import morning
    from matcher.pipeline.night.planning import retry_run

    with _night() as night:
        chosen = _chosen(night, run_id)
        count = retry_run(night, run_id=chosen)
        click.echo(f"Run {chosen}: {count} file(s) are tried again.", file=sys.stderr)
        if night.distributed:
            return 0
        to_the_end(night, chosen, helps=True)
        summary = morning(night, chosen)
    click.echo(summary_text.as_text(summary))
    return EXIT_ATTENTION if summary.attention else 0


@runs.command()
@click.argument("run_id", type=int, required=False)
def cancel(run_id: int | None) -> int:
    """Stop a run, by default the newest: what waits is cancelled, what runs ends, unread files stay in the inbox.

    \b
    Examples:
      recon runs cancel 12
    """
    from matcher.pipeline.night.planning import cancel_run

    with _night() as night:
        chosen = _chosen(night, run_id)
        count = cancel_run(night, run_id=chosen)
    click.echo(f"Run {chosen} is cancelled; {count} job(s) will not be done.")
    return 0
