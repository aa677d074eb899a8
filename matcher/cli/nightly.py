"""`recon nightly`: the unattended job over an inbox, and the morning summary at its end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from matcher.cli.main import EXIT_ATTENTION
from matcher.cli.options import rules_option
from matcher.cli.run import progress
from recon_core.domain.refused import BadSetting
from recon_core.domain.states import MatchingPolicy

if TYPE_CHECKING:
    from matcher.bootstrap import NightSettings
    from matcher.ops.night import Driven
    from matcher.pipeline.context import Watch
    from matcher.pipeline.night.contract import Night
    from matcher.pipeline.night.morning import Morning


@click.command()
@click.argument("inbox", required=False)
@click.option(
    "--book",
    "books",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="Book transactions, CSV; may be repeated.",
)
@click.option("--accounts", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Cash accounts, TOML.")
@rules_option
@click.option(
    "--open",
    "open_policy",
    type=click.Choice([policy.value for policy in MatchingPolicy]),
    help="Open accounts that nobody knows with this policy; else their files are set aside.",
)
@click.option(
    "--distributed/--alone",
    default=None,
    help="Let workers do the jobs, or do them here. Distributed is the default where RECON_BROKER_URL is set.",
)
@click.option(
    "--settle",
    type=click.IntRange(0, 3600),
    default=2,
    show_default=True,
    help="Seconds that a file must be unchanged before it is read.",
)
@click.option("--mail", "mail_to", multiple=True, metavar="ADDRESS", help="Mail the summary; may be repeated.")
@click.option("--watch", is_flag=True, help="Begin nothing: watch the run that is under way until it is over.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def nightly(
    inbox: str | None,
    books: tuple[Path, ...],
    accounts: Path | None,
    rules: Path | None,
    open_policy: str | None,
    distributed: bool | None,
    settle: int,
    mail_to: tuple[str, ...],
    watch: bool,
    as_json: bool,
) -> int:
    """Take in the files of an inbox, match and reconcile every account as far as its policy goes, and sum it up.

    INBOX is a folder or an address that fsspec knows (sftp://, s3://); by default RECON_INBOX. Each file is claimed
    once, kept byte for byte, and moved to done/ or, with its reason beside it, to failed/. Killed at any moment and
    started again it ends in the same state. Without INBOX --watch watches whatever run is under way.

    Exit status 1: something needs attention; the summary says what.

    \b
    Examples:
      recon nightly inbox/ --book book.csv
      recon nightly sftp://bank/out --book book.csv --distributed --mail treasury@example.com
      recon nightly --watch
    """
    from matcher import bootstrap
    from matcher.ops.night import Driven, drive, night_plan

    settings = bootstrap.night_settings()
    _unattended(settings)
    if distributed and not settings.broker_url:
        raise BadSetting("The distributed way needs a broker.", where="RECON_BROKER_URL", cure="Set it to redis://...")
    spread = bool(settings.broker_url) if distributed is None else distributed
    with _night(settings, rules=rules or settings.rules, distributed=spread) as night:
        if watch:
            watched = _watch(night, inbox)
            if watched is None:
                click.echo("No run is under way.")
                return 0
            driven = Driven(watched)
        else:
            address = inbox or settings.inbox
            if not address:
                raise BadSetting("There is no inbox.", where="RECON_INBOX", cure="Name the folder or set it.")
            plan = night_plan(
                settings,
                address=address,
                books=books,
                accounts=accounts,
                rules=rules,
                open_policy=open_policy,
                settle=settle,
                helps=not spread,
            )
            driven = drive(night, plan, settings, mail_to=mail_to)
    return _told(driven, as_json=as_json)


def _unattended(settings: NightSettings) -> None:
    """Log where nobody looks on, and end cleanly when told to: a job that is under way is given back at once and does not
    count as failed; the next start goes on there.
    """
    from matcher.ops import logs

    if not sys.stderr.isatty():
        logs.set_up(level=settings.log_level)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def _told(driven: Driven, *, as_json: bool) -> int:
    from matcher.ops import summary_text

    click.echo(summary_text.as_json(driven.summary) if as_json else summary_text.as_text(driven.summary))
    if driven.mail_failed:
        click.echo(f"The summary was not mailed. {driven.mail_failed}", err=True)
    return EXIT_ATTENTION if driven.attention else 0


@contextmanager
def _night(settings: NightSettings, *, rules: Path | None, distributed: bool) -> Iterator[Night]:
    from matcher import bootstrap
    from matcher.ops import logs

    broker = None
    if distributed:
        from matcher.ops.broker import Broker, make_app

        broker = Broker(make_app(settings))
    with progress() as bars, bootstrap.open_context(rules=rules, watch=_watcher(bars)) as context:
        yield bootstrap.make_night(context, settings, broker=broker, note=logs.note)


def _watcher(bars: Watch) -> Watch:
    """Bars on a terminal; elsewhere a line in the log at each new stage and whole percent."""
    from matcher.ops import logs

    if sys.stderr.isatty():
        return bars
    shown: dict[str, int] = {}

    def watch(stage: str, done: int, total: int) -> None:
        percent = 100 * done // total if total else 0
        if shown.get(stage) != percent:
            shown[stage] = percent
            logs.note("progress", stage=stage, done=done, total=total)

    return watch


def _watch(night: Night, inbox: str | None) -> Morning | None:
    """Look on until the run that is under way is over."""
    from matcher.pipeline.night.driving import look_on
    from matcher.pipeline.night.inbox import open_inbox
    from matcher.pipeline.night.morning import morning

    address = open_inbox(inbox).address if inbox else None
    with night.context.database.read() as uow:
        runs = night.store.unfinished_runs(uow, inbox=address)
    if not runs:
        return None
    return morning(night, look_on(night, runs[-1].id).id)
