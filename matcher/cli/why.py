"""`recon why`: what speaks for and against a match, and what would have made it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from matcher.cli.options import ManyValues, rules_option
from recon_core.domain.refused import InputError

if TYPE_CHECKING:
    from matcher.pipeline.what_if import World


@click.command(cls=ManyValues)
@click.argument("line", metavar="LINE")
@click.argument("transaction", required=False, metavar="[TRANSACTION]")
@click.option("--statements", multiple=True, metavar="FILE...", help="Look into these statements, not the database.")
@click.option(
    "--book",
    multiple=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Book transactions, CSV, for --statements.",
)
@rules_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def why(
    line: str,
    transaction: str | None,
    statements: tuple[str, ...],
    book: tuple[Path, ...],
    rules: Path | None,
    as_json: bool,
) -> None:
    """Why a bank line is matched, proposed or left, and why not with TRANSACTION.

    It tells the evidence for and against with what each sign weighs, the runner-up and why it lost, what came nearest
    where nothing fits, and the smallest change that would have cleared the pair. What it says has been tried: the
    engine runs again with that detail changed.

    LINE is the number that `recon review` shows, or the bank's reference; TRANSACTION its id in the books.

    \b
    Examples:
      recon why 9
      recon why 9 K30136
      recon why B00000000009 K00000000141 --statements january.xml --book book.csv
    """
    from matcher.cli import render_why

    if bool(statements) != bool(book):
        raise click.UsageError("--statements and --book belong together.")
    if statements:
        from matcher.pipeline.why import explain

        world = _world(statements, book, rules)
        answer = explain(world, line=line, transaction=transaction)
        click.echo(render_why.as_json(answer, world) if as_json else render_why.text(answer, world))
        return
    from matcher import bootstrap
    from matcher.pipeline.why_stored import line_named, why_stored

    with bootstrap.open_context(rules=rules) as context, context.database.read() as uow:
        found = why_stored(context, uow, line_id=line_named(uow, line), transaction=transaction or "")
    render = render_why.as_json if as_json else render_why.text
    click.echo(render(found.why, found.world, decided=found.decided, notes=found.notes))


def _world(statements: tuple[str, ...], book: tuple[Path, ...], rules: Path | None) -> World:
    from matcher.cli.inputs import read_items, read_lines
    from matcher.pipeline.what_if import World
    from matcher.rules.columns import book_from_items, lines_from_statement
    from matcher.rules.settings import RuleSettings

    settings = RuleSettings.from_toml(rules)
    lines, _, _ = read_lines(statements)
    if not lines:
        raise InputError("The files hold no booked line.", where=", ".join(statements))
    return World(lines_from_statement(lines), book_from_items(read_items(book, lines=lines)), settings)
