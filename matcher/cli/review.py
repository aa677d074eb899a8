"""`recon review`, `accept`, `reject`, `ignore`, `adjust-line`, `undo`, `decisions`: a person's word on open bank lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from math import isnan
from typing import TYPE_CHECKING, Any, TypeVar

import click

from matcher.cli.main import EXIT_ATTENTION
from matcher.proposal import MatchStatus, ProposalFilter

if TYPE_CHECKING:
    from matcher.pipeline.deciding import Decided

_MILLION = 1_000_000
Command = TypeVar("Command", bound=Callable[..., Any])
_LINES = click.argument("lines", nargs=-1, required=True, type=int, metavar="LINE...")


def _ppm(score: float | None) -> int:
    if score is not None and isnan(score):
        raise click.UsageError("A score is a number from 0 to 1.")
    return round(score * _MILLION) if score is not None else 0


def _day(value: datetime | None) -> date | None:
    return value.date() if value is not None else None


def filters(command: Command) -> Command:
    """The options that choose among proposals."""
    for option in (
        click.option("--rule", default="", metavar="CODE", help="Only what this matching rule found, such as M45."),
        click.option("--min-score", type=click.FloatRange(0, 1), help="Only scores from this one on, 0 to 1."),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("accounts", nargs=-1, metavar="[ACCOUNT...]")
@filters
@click.option("--only", type=click.Choice(["proposed", "unmatched"]), help="Only lines with, or without, a proposal.")
@click.option("--limit", type=click.IntRange(1), help="At most this many lines.")
@click.option("--fresh", is_flag=True, help="Match the accounts again first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines, an object a bank line.")
def review(
    accounts: tuple[str, ...],
    rule: str,
    min_score: float | None,
    only: str | None,
    limit: int | None,
    fresh: bool,
    as_json: bool,
) -> int:
    """Open bank lines that wait for a person, with what is proposed for each.

    The first choice stands beside the line; `recon why LINE` says what speaks for and against it.
    Exit status 1: something waits.

    \b
    Examples:
      recon review                            every account
      recon review 1930 --only proposed       what can be accepted
      recon review 1930 --rule M45 --json
    """
    from matcher import bootstrap
    from matcher.cli import render_review
    from matcher.pipeline import reviewing
    from matcher.pipeline.matching import match_accounts

    verdicts = () if only is None else _verdicts(only)
    wanted = ProposalFilter(rule=rule, score_ppm_min=_ppm(min_score), verdicts=verdicts, limit=limit)
    with bootstrap.open_context() as context:
        with context.database.read() as uow:
            ids = reviewing.account_ids(uow, accounts)
        if fresh:
            match_accounts(context, ids)
        with context.database.read() as uow:
            lines = reviewing.review(context, uow, accounts=ids, wanted=wanted)
            waiting = reviewing.not_matched_yet(uow, accounts=ids)
    if as_json:
        for line in lines:
            click.echo(render_review.line_json(line))
    else:
        render_review.print_lines(lines, waiting=waiting)
    return EXIT_ATTENTION if lines or waiting else 0


def _verdicts(only: str) -> tuple[MatchStatus, ...]:
    if only == "proposed":
        return (MatchStatus.PROPOSED, MatchStatus.CLEARED)
    return (MatchStatus.UNMATCHED,)


@click.command()
@click.argument("lines", nargs=-1, type=int, metavar="[LINE...]")
@click.option("--choice", type=click.IntRange(1), default=1, show_default=True, help="Which of the proposed choices.")
@click.option("--entry-type", default="", metavar="CODE", help="Adjust the remainder under this entry type.")
@click.option("--partial", is_flag=True, help="Leave the remainder open: a part payment or an overpayment.")
@click.option("--account", "accounts", multiple=True, metavar="CODE", help="In bulk: proposals of this account.")
@click.option("--all", "every", is_flag=True, help="In bulk: proposals of every account.")
@filters
@click.option("--preview", is_flag=True, help="In bulk: only show what would be accepted.")
@click.option("--seen", default="", metavar="TOKEN", help="In bulk: accept what the preview with this token showed.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def accept(  # noqa: PLR0913, PLR0917  the options of the command
    lines: tuple[int, ...],
    choice: int,
    entry_type: str,
    partial: bool,
    accounts: tuple[str, ...],
    every: bool,
    rule: str,
    min_score: float | None,
    preview: bool,
    seen: str,
    as_json: bool,
) -> int:
    """Accept proposals: named lines, or a bulk that was previewed, of some accounts or of all.

    A bulk is shown first. It is refused if the proposals changed since, and of it only those pairs are accepted that a
    fresh run still proposes; the others are listed with the reason. Exit status 1: some were left.

    \b
    Examples:
      recon accept 17 18 21
      recon accept 17 --choice 2
      recon accept 30 --entry-type WRITEOFF                          paid in full, write off the rest
      recon accept 30 --partial                                      the rest stays open
      recon accept --account 1930 --rule M45 --min-score 0.9 --preview
      recon accept --account 1930 --rule M45 --min-score 0.9 --seen 5f0c2d9a41be
      recon accept --all --min-score 0.95 --preview
    """
    from matcher import bootstrap
    from matcher.cli import render_review
    from matcher.pipeline import deciding, reviewing

    if (bool(lines), bool(accounts), every).count(True) != 1:
        raise click.UsageError("Name bank lines, or for a bulk an account or --all.")
    with bootstrap.open_context() as context:
        if lines:
            done = deciding.accept(context, line_ids=lines, choice=choice, entry_type=entry_type, partial=partial)
            return _report(done, "accepted", as_json=as_json)
        wanted = ProposalFilter(rule=rule, score_ppm_min=_ppm(min_score))
        with context.database.read() as uow:
            ids = reviewing.account_ids(uow, accounts)
            shown = deciding.preview(context, uow, accounts=ids, wanted=wanted)
        if not seen:
            if as_json:
                click.echo(render_review.preview_json(shown))
            else:
                render_review.print_preview(shown, _bulk_command(accounts, rule, min_score))
            if preview or as_json or not shown.lines or not _agreed(len(shown.lines)):
                return 0
            seen = shown.token
        done = deciding.accept_all(context, accounts=ids, wanted=wanted, token=seen)
    return _report(done, "accepted", as_json=as_json)


def _bulk_command(accounts: Sequence[str], rule: str, min_score: float | None) -> str:
    """The command of this bulk, to be repeated with the token."""
    words = ["recon accept", *((f"--account {code}" for code in accounts) if accounts else ["--all"])]
    words += [f"--rule {rule}"] if rule else []
    words += [f"--min-score {min_score}"] if min_score is not None else []
    return " ".join(words)


def _agreed(count: int) -> bool:
    """Ask on a terminal; without one nothing is accepted but by its token."""
    return sys.stdin.isatty() and click.confirm(f"Accept these {count}?")


@click.command()
@_LINES
@click.option("--choice", type=click.IntRange(1), default=1, show_default=True, help="Which of the proposed choices.")
@click.option("--all", "every", is_flag=True, help="All of the proposed choices.")
@click.option("--reason", default="", help="Why; it is kept.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def reject(lines: tuple[int, ...], choice: int, every: bool, reason: str, as_json: bool) -> int:
    """Say that a proposal is wrong. The pair is remembered and not proposed again, until that is undone.

    \b
    Examples:
      recon reject 17
      recon reject 17 --all --reason "another customer of that name"
    """
    from matcher import bootstrap
    from matcher.pipeline import deciding

    with bootstrap.open_context() as context:
        done = deciding.reject(context, line_ids=lines, choice=choice, every=every, reason=reason)
    return _report(done, "rejected", as_json=as_json)


@click.command()
@_LINES
@click.option("--reason", required=True, help="Why; it is kept.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def ignore(lines: tuple[int, ...], reason: str, as_json: bool) -> int:
    """Set bank lines aside for a reason.

    \b
    Examples:
      recon ignore 17 --reason "booked in the old system"
    """
    from matcher import bootstrap
    from matcher.pipeline import deciding

    with bootstrap.open_context() as context:
        done = deciding.ignore(context, line_ids=lines, reason=reason)
    return _report(done, "ignored", as_json=as_json)


@click.command("adjust-line")
@_LINES
@click.option("--entry-type", default="", metavar="CODE", help="The entry type; by default the one that is proposed.")
@click.option("--text", "description", default="", help="The text of the adjustment.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def adjust_line(lines: tuple[int, ...], entry_type: str, description: str, as_json: bool) -> int:
    """Explain bank lines that the books do not have by adjustments, unreleased until somebody releases them.

    \b
    Examples:
      recon adjust-line 17                              under the entry type that is proposed
      recon adjust-line 17 18 --entry-type BANKFEE --text "Fees of March"
    """
    from matcher import bootstrap
    from matcher.pipeline import deciding

    with bootstrap.open_context() as context:
        done = deciding.adjust(context, line_ids=lines, entry_type=entry_type, description=description)
    return _report(done, "adjusted", as_json=as_json)


@click.command()
@click.argument("decisions", nargs=-1, type=int, metavar="[DECISION...]")
@click.option("--bulk", type=int, metavar="N", help="Undo everything that still stands of this bulk.")
@click.option("--reason", default="", help="Why; it is kept.")
@click.option(
    "--reverse-on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Reverse released adjustments on this date; without it they stop the undo.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def undo(decisions: tuple[int, ...], bulk: int | None, reason: str, reverse_on: datetime | None, as_json: bool) -> int:
    """Take decisions back, one by one or as the bulk they came in. Nothing that is booked is deleted.

    \b
    Examples:
      recon undo 41
      recon undo --bulk 12 --reason "wrong period"
      recon undo 41 --reverse-on 2026-03-31
    """
    from matcher import bootstrap
    from matcher.cli import render_review
    from matcher.pipeline import deciding

    if bool(decisions) == (bulk is not None):
        raise click.UsageError("Name decisions, or a bulk.")
    with bootstrap.open_context() as context:
        undone = deciding.undo(
            context, decision_ids=decisions, batch_id=bulk, reason=reason, reverse_on=_day(reverse_on)
        )
    click.echo(render_review.undone_json(undone) if as_json else render_review.undone_text(undone))
    return 0


@click.command()
@click.argument("accounts", nargs=-1, metavar="[ACCOUNT...]")
@click.option("--line", "lines", multiple=True, type=int, help="Only on this bank line.")
@click.option("--bulk", type=int, metavar="N", help="Only of this bulk.")
@click.option("--undone", is_flag=True, help="Those that were undone, too.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most this many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines, an object a decision.")
def decisions(
    accounts: tuple[str, ...], lines: Sequence[int], bulk: int | None, undone: bool, limit: int, as_json: bool
) -> int:
    """Who decided what about which bank lines, newest first.

    \b
    Examples:
      recon decisions 1930
      recon decisions --line 17 --undone
    """
    from matcher import bootstrap
    from matcher.cli import render_review
    from matcher.pipeline import decisions as pipeline
    from matcher.pipeline.reviewing import account_ids

    with bootstrap.open_context() as context, context.database.read() as uow:
        found = pipeline.decisions(
            uow,
            account_ids=account_ids(uow, accounts) if accounts else None,
            line_ids=lines,
            batch_id=bulk,
            undone=undone,
            bulks=as_json,
            limit=limit,
        )
    if as_json:
        for one in found:
            click.echo(render_review.decision_json(one))
    else:
        render_review.print_decisions(found)
    return 0


def _report(done: Decided, deed: str, *, as_json: bool) -> int:
    from matcher.cli import render_review

    click.echo(render_review.decided_json(done) if as_json else render_review.decided_text(done, deed))
    return EXIT_ATTENTION if done.left else 0
