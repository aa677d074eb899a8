"""`recon run`, `recon demo`, `recon status`: the main job and where it stands."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matcher.cli.main import EXIT_ATTENTION
from matcher.cli.options import rules_option
from recon_core.domain.states import MatchingPolicy

if TYPE_CHECKING:
    from matcher.pipeline.context import Watch

DEMO_DATABASE = "recon-demo.db"


@contextmanager
def progress() -> Iterator[Watch]:
    """A bar a stage on standard error, only on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        stages: dict[str, Any] = {}

        def watch(stage: str, done: int, total: int) -> None:
            if stage not in stages:
                stages[stage] = bars.add_task(stage, total=total or None)
            bars.update(stages[stage], completed=done, total=total or None)

        yield watch


@click.command()
@click.argument("inbox", type=click.Path(path_type=Path))
@click.option("--book", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Book transactions, CSV.")
@click.option("--accounts", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Cash accounts, TOML.")
@rules_option
@click.option(
    "--policy",
    type=click.Choice([policy.value for policy in MatchingPolicy]),
    default=MatchingPolicy.CLEAR.value,
    show_default=True,
    help="How far the engine may go alone on accounts that the run opens itself.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def run(inbox: Path, book: Path | None, accounts: Path | None, rules: Path | None, policy: str, as_json: bool) -> int:
    """Import a folder of statement files, match them with the book and reconcile every account.

    Safe to repeat: what is known is skipped. A file that can't be read is set aside with its reason and the others go
    on. The book's column account has the accounts' codes or bank numbers; without --accounts an account is opened under
    its bank number (`recon account draft` writes the file). The database is RECON_DATABASE_URL, by default the SQLite file recon.db in the current folder.

    Exit status 1: a file was set aside.

    \b
    Examples:
      recon run inbox/ --book book.csv
      recon account draft inbox/ > accounts.toml      then put your own account codes there
      recon run inbox/ --book book.csv --accounts accounts.toml
      RECON_DATABASE_URL=postgresql://recon@db/recon recon run inbox/ --json
    """
    return _run(inbox, book, accounts, rules, policy=policy, as_json=as_json)


def _run(
    inbox: Path,
    book: Path | None,
    accounts: Path | None,
    rules: Path | None,
    *,
    policy: str = MatchingPolicy.CLEAR.value,
    as_json: bool = False,
    url: str | None = None,
) -> int:
    from matcher import bootstrap
    from matcher.cli import render
    from matcher.pipeline import run as pipeline
    from matcher.pipeline.setup import read_accounts

    plans = read_accounts(accounts) if accounts is not None else []
    with progress() as watch, bootstrap.open_context(url=url, rules=rules, watch=watch) as context:
        report = pipeline.run(context, inbox=inbox, book=book, plans=plans, policy=MatchingPolicy(policy))
    if as_json:
        click.echo(render.run_json(report))
    else:
        render.print_run(report)
    return EXIT_ATTENTION if report.set_aside else 0


_NEXT = (
    ("review", "the lines that wait for a person, with reasons"),
    ("why 9", "why bank line 9 is proposed and not cleared"),
    ("difference 1930", "what the difference is made of, and the next step"),
    ("reconcile show 1930", "the document with its lines"),
    ("history", "all reconciliations"),
    ("web", "all of it in a browser"),
    ("demo", "run it again: nothing changes"),
)


def _own_name() -> str:
    """The command as the user can type it here: its name, or its path where that is not on the PATH."""
    path = Path(sys.argv[0])
    found = shutil.which("recon")
    if path.name != "recon" or (found is not None and Path(found).resolve() == path.resolve()):
        return "recon"
    return os.path.relpath(path)


@click.command()
@click.option(
    "--database",
    default=DEMO_DATABASE,
    show_default=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The SQLite file to keep the demo in.",
)
def demo(database: Path) -> int:
    """Run the main job on the shipped statements: three accounts, three formats, every outcome once.

    One file is cut off on purpose and lines are left to a person, so `recon run` on the same files ends with status 1;
    the demo has then shown what it has to show and ends with 0.

    \b
    Examples:
      recon demo
      recon demo --database /tmp/demo.db
    """
    from matcher.shipped import shipped_folder

    fixtures = shipped_folder()
    url = f"sqlite:///{database}"
    demo_folder = fixtures / "demo"
    _run(fixtures / "statements" / "demo", demo_folder / "book.csv", demo_folder / "accounts.toml", rules=None, url=url)
    name = _own_name()
    click.echo("\nWhat to look at next:")
    click.echo(f"  export RECON_DATABASE_URL={url}")
    for arguments, why in _NEXT:
        click.echo(f"  {name} {arguments:<22} {why}")
    return 0


@click.command()
@click.option("--explain", is_flag=True, help="What each difference is made of, as recon difference says it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, an object an account.")
def status(explain: bool, as_json: bool) -> int:
    """Where every account stands and what needs a person.

    \b
    Examples:
      recon status
      recon status --explain
      recon status --json
    """
    from matcher import bootstrap
    from matcher.cli import render, render_difference
    from matcher.pipeline.difference import explain_difference
    from matcher.pipeline.overview import account_overviews

    with bootstrap.open_context() as context, context.database.read() as uow:
        overview = account_overviews(uow)
        wanted = [one.account_id for one in overview if explain and one.difference]
        explained = [explain_difference(context, uow, account_id=one) for one in wanted]
    if as_json:
        for one in overview:
            click.echo(render.account_json(one))
        for difference in explained:
            click.echo(render_difference.as_json(difference))
    else:
        render.print_accounts(overview)
        for difference in explained:
            render_difference.print_explained(difference)
    return 0
