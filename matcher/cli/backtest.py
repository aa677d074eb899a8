"""`recon backtest` and `recon calibrate`: rules and thresholds on trial against what was decided before."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matcher.cli.main import EXIT_ATTENTION
from matcher.cli.options import ManyValues

if TYPE_CHECKING:
    from matcher.pipeline.truth import Case

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_RATE = re.compile(r"\s*([0-9 _,]+?)\s*(?:in|of|/)\s*([0-9 _,]+?)\s*")
_SOURCES = (
    click.option("--account", "accounts", multiple=True, metavar="CODE", help="Only this account's history."),
    click.option("--statements", multiple=True, metavar="FILE...", help="Statements, with --book and --truth."),
    click.option("--book", multiple=True, metavar="FILE...", type=_FILE, help="Book transactions, CSV."),
    click.option("--truth", multiple=True, metavar="FILE...", type=_FILE, help="What is right, *.truth.json."),
)


def _sources(command: Any) -> Any:
    for option in reversed(_SOURCES):
        command = option(command)
    return command


@click.command(cls=ManyValues)
@click.option("--rules", required=True, type=_FILE, help="The rules to try, TOML.")
@click.option("--against", type=_FILE, help="The rules to compare with; by default the shipped ones.")
@_sources
@click.option("--people-only", is_flag=True, help="Only lines that a person decided, not those a policy did.")
@click.option("--by-account", is_flag=True, help="A row an account and rule.")
@click.option("--lines", "show_lines", is_flag=True, help="List the lines that change.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with every line that changes.")
def backtest(
    rules: Path,
    against: Path | None,
    accounts: tuple[str, ...],
    statements: tuple[str, ...],
    book: tuple[Path, ...],
    truth: tuple[Path, ...],
    people_only: bool,
    by_account: bool,
    show_lines: bool,
    as_json: bool,
) -> int:
    """Try rules on closed reconciliations, or on a truth file, before they go live. Nothing is changed.

    Gained: cleared rightly and not so before. Lost: cleared rightly before only. Contradicted: cleared with something
    else than what was decided. Exit status 1: something is contradicted that was not before.

    \b
    Examples:
      recon backtest --rules new.toml
      recon backtest --rules new.toml --against rules.toml --account 1930 --lines
      recon backtest --rules new.toml --statements *.xml --book book.csv --truth *.truth.json
    """
    from matcher.cli import render_backtest
    from matcher.pipeline.backtest import backtest as run
    from matcher.rules.settings import RuleSettings

    before = RuleSettings.from_toml(against)
    cases, note = _cases(accounts, statements, book, truth, trust_policies=not people_only)
    report = run(cases, before=before, after=RuleSettings.from_toml(rules))
    if as_json:
        click.echo(render_backtest.backtest_json(report))
    else:
        render_backtest.print_backtest(report, note=note, by_account=by_account, lines=show_lines)
    return EXIT_ATTENTION if any(row.new.lines for row in report.rows) else 0


@click.command(cls=ManyValues)
@click.option("--max-wrong", required=True, metavar='"1 in N"', help='The rate to promise, such as "1 in 1000".')
@click.option(
    "--confidence", type=click.IntRange(50, 99), default=95, show_default=True, help="Per cent, of the promise."
)
@click.option("--together", is_flag=True, help="Promise it for all automatic matches as one, not for each rule.")
@click.option("--rules", type=_FILE, help="Rules to start from; by default the shipped ones.")
@_sources
@click.option("--trust-closed", is_flag=True, help="Count what policies cleared as right; it proves little.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the rules there, for --rules.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def calibrate(  # noqa: PLR0913, PLR0917  an option each
    max_wrong: str,
    confidence: int,
    together: bool,
    rules: Path | None,
    accounts: tuple[str, ...],
    statements: tuple[str, ...],
    book: tuple[Path, ...],
    truth: tuple[Path, ...],
    trust_closed: bool,
    out: Path | None,
    as_json: bool,
) -> int:
    """Set the thresholds for a stated error rate, from confirmed matches, and abstain where they can't carry it.

    A rule may clear only if its own confirmed matches prove the rate, by an exact binomial bound: at 95 per cent,
    1 in 1000 takes 2,995 of them without a wrong one. Other rules propose only. What counts as confirmed is what a
    person decided in closed reconciliations: the engine's own word proves nothing about its errors.

    Exit status 1: no rule can carry the promise, so nothing would be cleared automatically.

    \b
    Examples:
      recon calibrate --max-wrong "1 in 200" --account 1930 --out rules.toml
      recon calibrate --max-wrong "1 in 1000" --together --statements *.xml --book book.csv --truth *.truth.json
    """
    from matcher.cli import render_backtest
    from matcher.pipeline.calibrate import Promise
    from matcher.pipeline.calibrate import calibrate as run
    from matcher.rules.settings import RuleSettings

    promise = Promise(_one_in(max_wrong), Fraction(100 - confidence, 100))
    start = RuleSettings.from_toml(rules)
    cases, note = _cases(accounts, statements, book, truth, trust_policies=trust_closed)
    made = run(cases, promise=promise, rules=start, together=together)
    if out is not None:
        out.write_text(render_backtest.calibrated_rules(made, note), encoding="utf-8")
    if as_json:
        click.echo(render_backtest.calibration_json(made))
    else:
        render_backtest.print_calibration(made, note=note)
        if out is not None:
            click.echo(f"Written: {out}. Try it with: recon backtest --rules {out}")
    return 0 if made.promised else EXIT_ATTENTION


def _one_in(text: str) -> int:
    """ "1 in 1,000" and "2 in 5000" as N of "1 in N", rounded to the stricter side."""
    found = _RATE.fullmatch(text)
    numbers = [int(re.sub("[ _,]", "", part) or 0) for part in found.groups()] if found else [0, 0]
    if not 1 <= numbers[0] < numbers[1]:
        raise click.BadParameter(f'{text!r} is no rate. Write it like "1 in 1000".', param_hint="--max-wrong")
    return -(-numbers[1] // numbers[0])


def _cases(
    accounts: tuple[str, ...],
    statements: tuple[str, ...],
    book: tuple[Path, ...],
    truth: tuple[Path, ...],
    *,
    trust_policies: bool,
) -> tuple[list[Case], str]:
    """The cases, from files if there are any, else from the database; and a sentence about where they are from."""
    if statements or book or truth:
        if not (statements and book and truth) or accounts:
            raise click.UsageError("--statements, --book and --truth belong together, without --account.")
        case = _case_of_files(statements, book, truth)
        return [case], f"{len(case.truth)} known lines from {len(truth)} truth file(s)."
    from matcher import bootstrap
    from matcher.pipeline.past import closed_cases
    from recon_core.services import lookup

    with bootstrap.open_context() as context, context.database.read() as uow:
        chosen = [lookup.account_by_code(uow, code) for code in accounts] or lookup.accounts(uow)
        past = closed_cases(uow, chosen, trust_policies=trust_policies)
    counted = "counted" if trust_policies else "not counted"
    note = (
        f"{past.by_people} line(s) of closed reconciliations were decided by people,"
        f" {past.by_policies} by policies ({counted})."
    )
    return list(past.cases), note


def _case_of_files(statements: tuple[str, ...], book: tuple[Path, ...], truth: tuple[Path, ...]) -> Case:
    from matcher.cli.inputs import read_items, read_lines
    from matcher.pipeline.truth import Case, read_truth
    from matcher.rules.columns import book_from_items, lines_from_statement

    lines, _, _ = read_lines(statements)
    return Case(lines_from_statement(lines), book_from_items(read_items(book, lines=lines)), read_truth(truth), {})
