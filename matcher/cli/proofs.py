"""`recon log`, `recon verify`, `recon trail`: that the books are as they were made, and from where everything comes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from matcher.cli import desk
from matcher.cli.main import EXIT_ATTENTION
from matcher.cli.options import rules_option

if TYPE_CHECKING:
    from recon_core.reports.trail import Trail


@click.group()
def log() -> None:
    """The append-only, hash-chained log.

    \b
    Examples:
      recon log verify
      recon log list 1930
      recon log head                    number and hash of the last entry, to be kept outside
    """


@log.command("verify")
@desk.json_option
def verify_log(as_json: bool) -> int:
    """Recompute the chain, replay it, and compare the result with every row of the books. Exit status 1: it breaks.

    \b
    Examples:
      recon log verify
    """
    from recon_core.services import history

    with desk.read() as uow:
        report = history.verify_log(uow)
    rows = [{"where": f"entry {one.seq}", "what": one.message} for one in report.broken]
    rows += [{"where": one.table, "what": str(one)} for one in report.differences]
    if as_json:
        values = {"holds": report.holds, "entries": report.entries, "head": report.head, "found": rows}
        click.echo(json.dumps(values, ensure_ascii=False))
    elif report.holds:
        click.echo(f"{report.entries} entries hold, and replayed they give the books as they are. Head {report.head}")
    else:
        desk.emit(rows, as_json=False)
    return 0 if report.holds else EXIT_ATTENTION


@log.command()
def head() -> None:
    """Number and hash of the last entry: kept elsewhere, they prove that nothing was cut off the end.

    \b
    Examples:
      recon log head
    """
    from recon_core.services import history

    with desk.read() as uow:
        number, value = history.head(uow)
    click.echo(f"{number} {value}")


@log.command("list")
@click.argument("account", required=False)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most this many, newest first.")
@desk.json_option
def list_(account: str | None, limit: int, as_json: bool) -> None:
    """The latest entries.

    \b
    Examples:
      recon log list
      recon log list 1930 --limit 20 --json
    """
    from recon_core.reports import lists

    with desk.read() as uow:
        found = lists.log_entries(uow, account=account, limit=limit)
    rows = [
        {
            "entry": one.seq,
            "at": one.happened_at.isoformat(timespec="seconds"),
            "by": one.happened_by,
            "deed": one.action,
            "on": f"{one.subject_kind} {one.subject_id}",
            "account": one.account,
            "reason": one.reason,
        }
        for one in found
    ]
    desk.emit(rows, as_json=as_json, right=["entry"], empty="The log is empty.")


@click.command()
@click.argument("number", metavar="NUMBER")
@click.option("--account", help="The account, where more than one has a document of this number.")
@rules_option
@desk.json_option
def verify(number: str, account: str | None, rules: Path | None, as_json: bool) -> int:
    """Verify a closed reconciliation: files, settings, lines, figures and log; its files read again; its matches made again.

    A later edit is named. Exit status 1: something is not as it was.

    \b
    Examples:
      recon verify 000002
      recon verify 000002 --account 1930 --rules rules.toml --json
    """
    from matcher import bootstrap
    from matcher.pipeline.reproving import prove
    from recon_core.services import documents

    with bootstrap.open_context(rules=rules) as context, context.database.read() as uow:
        account_id = None if account is None else desk.account(uow, account).id
        document_id = documents.find_number(uow, number=number, account_id=account_id)
        checks = prove(context, uow, document_id=document_id)
    rows = [{"check": one.name, "ok": "yes" if one.ok else "NO", "detail": one.detail} for one in checks]
    desk.emit(rows, as_json=as_json)
    return 0 if all(one.ok for one in checks) else EXIT_ATTENTION


@click.command()
@click.argument("item", nargs=-1, required=True, metavar="[KIND] ID")
@desk.json_option
def trail(item: tuple[str, ...], as_json: bool) -> int:
    """From any item back to file and byte, and on to document and number.

    ID is a number after its KIND (file, statement, line, decision, transaction, adjustment, voucher, document), or a
    name of the bank's or of ours: a bank reference, a transaction's or voucher's name, a document's number.

    \b
    Examples:
      recon trail line 17
      recon trail V000001
      recon trail NB260302003 --json
    """
    from recon_core.reports import trail as walking

    if len(item) > 2:
        raise click.UsageError("Give KIND and ID, or a name.")
    with desk.read() as uow:
        if len(item) == 2:
            kind, number = item
            if not number.isdecimal():
                raise click.UsageError(f"{number!r} is no number.")
            found = walking.trail(uow, kind=kind, item_id=int(number))
        else:
            named = walking.named(uow, item[0])
            if len(named) > 1:
                for kind, row_id in named:
                    click.echo(f"recon trail {kind} {row_id}")
                return EXIT_ATTENTION
            found = walking.trail(uow, kind=named[0][0], item_id=named[0][1])
    _print_trail(found, as_json=as_json)
    return 0


def _print_trail(found: Trail, *, as_json: bool) -> None:
    rows = [
        {
            "step": step.kind,
            "id": step.id,
            "what": step.text,
            "by": step.by,
            "at": step.at.isoformat(timespec="seconds") if step.at else "",
        }
        for step in (*found.steps, *found.log)
    ]
    if as_json:
        desk.emit(rows, as_json=True)
        return
    for row in rows:
        who = f"  ({row['by']}, {row['at']})" if row["by"] else ""
        click.echo(f"{row['step']:<12} {row['id']:>6}  {row['what']}{who}")
