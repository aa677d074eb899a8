"""`recon rules`: the matching rules that are in force, and a rules file to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from matcher.cli import desk
from matcher.cli.options import rules_option

if TYPE_CHECKING:
    from matcher.rules.settings import RuleSettings

_Row = dict[str, object]
_ALL = "all"


@click.group()
def rules() -> None:
    """The rules of matching: windows, tolerances, thresholds, and the passes that apply them.

    The shipped rules hold without a file. A rules file changes some of them, for all accounts or for an account, a group
    or a counterparty; --rules names it, else the environment variable RECON_RULES.

    \b
    Examples:
      recon rules new > rules.toml                   every setting, explained, to change
      recon rules check rules.toml                   whether it can be used, and what it changes
      recon backtest --rules rules.toml              what it would have done on closed reconciliations
      recon rules show --rules rules.toml            the values in force
    """


@rules.command("new")
def new() -> None:
    """Print a rules file with every setting, its meaning and its shipped value.

    \b
    Examples:
      recon rules new > rules.toml
    """
    from matcher.rules.rules_file import TEMPLATE

    click.echo(TEMPLATE.read_text(encoding="utf-8"), nl=False)


@rules.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@desk.json_option
def check(file: Path, as_json: bool) -> None:
    """Check a rules file, and list what it changes.

    \b
    Exit status: 0 it can be used, 2 it can't; the message names the key and what is allowed.

    \b
    Examples:
      recon rules check rules.toml
    """
    from matcher.rules.settings import RuleSettings

    rows = [row for row in _rows(RuleSettings.from_toml(file)) if row["value"] != row["shipped"]]
    if not as_json:
        click.echo(f"{file} can be used.")
    _emit(rows, as_json=as_json, empty="It changes nothing: the shipped rules hold.")


@rules.command("show")
@rules_option
@click.option("--account", help="The values for this account (IBAN or BBAN), with those of its group.")
@desk.json_option
def show(rules: Path | None, account: str | None, as_json: bool) -> None:
    """The values in force, beside the shipped ones.

    \b
    Examples:
      recon rules show
      recon rules show --rules rules.toml --account SE4550000000058398257466
    """
    from matcher.rules.settings import RuleSettings
    from recon_core.domain.account import normal_identifier

    settings = RuleSettings.from_toml(rules)
    if account is None:
        rows = _rows(settings)
    else:
        rows = [row for row in _rows(settings.for_account(normal_identifier(account))) if row["for"] == _ALL]
    _emit(rows, as_json=as_json)


@rules.command("passes")
@desk.json_option
def passes(as_json: bool) -> None:
    """The passes in the order in which they run, and what each looks for.

    \b
    Examples:
      recon rules passes
    """
    from matcher.pipeline.why import rule_says
    from matcher.rules.order import ORDER

    rows: list[_Row] = [
        {"pass": step.code, "looks for": rule_says(step.code), "rests on a reference": step.by_reference}
        for step in ORDER
    ]
    desk.emit(rows, as_json=as_json)


def _rows(settings: RuleSettings) -> list[_Row]:
    """A row a setting: those of all accounts, then what holds for some only."""
    from matcher.pipeline.rules_text import own_values
    from matcher.rules.settings import RuleSettings

    shipped = own_values(RuleSettings())
    rows = [_row(_ALL, name, value, shipped.get(name)) for name, value in own_values(settings).items()]
    for kind, tables in (("account", settings.accounts), ("counterparty", settings.counterparties)):
        for key, overrides in tables:
            rows += [_row(f"{kind} {key}", name, value, shipped[name]) for name, value in overrides]
    return rows


def _row(whom: str, setting: str, value: object, shipped: object) -> _Row:
    return {"for": whom, "setting": setting, "value": value, "shipped": shipped}


def _emit(rows: list[_Row], *, as_json: bool, empty: str = "") -> None:
    from matcher.pipeline.rules_text import value_text

    if not as_json:
        rows = [{**row, "value": value_text(row["value"]), "shipped": value_text(row["shipped"])} for row in rows]
    desk.emit(rows, as_json=as_json, empty=empty)
