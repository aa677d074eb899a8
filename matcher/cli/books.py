"""`recon book`: the book transactions, and what a person does with them outside a reconciliation."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from matcher.cli import desk
from matcher.cli.main import EXIT_ATTENTION

_IDS = click.argument("ids", nargs=-1, required=True, type=int, metavar="ID...")


@click.group()
def book() -> None:
    """Book transactions: import, list, enter, release, clear, void.

    \b
    Examples:
      recon book import book.csv
      recon book list 1930 --open
      recon book void 17 --date 2026-02-01 --reason "paid twice"
      recon book changes
    """


@book.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@desk.json_option
def import_(file: Path, as_json: bool) -> int:
    """Import a book CSV; as often as wanted.

    A changed row of a cleared or reconciled transaction waits for a decision and changes nothing by itself.
    Exit status 1: some do.

    \b
    Examples:
      recon book import book.csv
    """
    from matcher import bootstrap
    from matcher.pipeline.ingest import import_book

    with bootstrap.open_context() as context:
        counts = import_book(context, file)
    waiting = len(counts.to_decide)
    text = f"{counts.new} new, {counts.same} as before, {counts.changed} changed"
    values = {"new": counts.new, "same": counts.same, "changed": counts.changed, "to_decide": list(counts.to_decide)}
    desk.say(f"{text}, {waiting} to decide: recon book changes" if waiting else text, as_json=as_json, values=values)
    return EXIT_ATTENTION if waiting else 0


@book.command("list")
@desk.account_argument
@click.option("--open", "only_open", is_flag=True, help="Only what is in no reconciliation.")
@click.option("--uncleared", is_flag=True, help="Only what is not cleared.")
@click.option("--unreleased", is_flag=True, help="Only what is not released.")
@click.option("--from", "first", type=desk.DAY, help="From this date on.")
@click.option("--to", "last", type=desk.DAY, help="Up to this date.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most this many.")
@desk.json_option
def list_(
    account: str,
    only_open: bool,
    uncleared: bool,
    unreleased: bool,
    first: datetime | None,
    last: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """Book transactions of an account, by date.

    \b
    Examples:
      recon book list 1930 --open --to 2026-01-31
      recon book list 1930 --unreleased --json
    """
    from recon_core.reports import lists

    wanted = lists.TransactionFilter(only_open, uncleared, unreleased, desk.day(first), desk.day(last), limit)
    with desk.read() as uow:
        found = lists.transactions(uow, account_id=desk.account(uow, account).id, wanted=wanted)
    desk.emit([_row(one) for one in found], as_json=as_json, right=["id", "amount"])


def _row(one: Any) -> dict[str, Any]:
    return {
        "id": one.id,
        "date": one.transaction_date,
        "amount": desk.money(one.amount, one.currency),
        "name": one.external_id,
        "kind": one.kind,
        "status": one.status,
        "cleared": one.clear_date,
        "by_the_bank": one.processed,
        "document": one.document_number or ("open" if one.reconciliation_id else ""),
        "reference": one.reference,
        "counterparty": one.counterparty,
        "text": one.description,
        "_currency": one.currency,
        "_matched": desk.money(one.matched_amount, one.currency),
        "_cleared_by": one.cleared_by,
    }


@book.command()
@desk.account_argument
@click.option("--date", "when", type=desk.DAY, required=True, help="The document date.")
@click.option("--amount", required=True, help="Signed: receipts above zero.")
@click.option(
    "--kind",
    type=click.Choice(["receipt", "payment", "journal"]),
    default="journal",
    show_default=True,
    help="What it is.",
)
@click.option("--reference", default="", help="External reference.")
@click.option("--counterparty", default="", help="The other party.")
@click.option("--text", default="", help="Description.")
@click.option("--hold", is_flag=True, help="Enter it on hold.")
@click.option("--release", is_flag=True, help="Release it at once.")
def create(
    account: str,
    when: datetime,
    amount: str,
    kind: str,
    reference: str,
    counterparty: str,
    text: str,
    hold: bool,
    release: bool,
) -> None:
    """Enter a book transaction by hand, unreleased unless said.

    \b
    Examples:
      recon book create 1930 --date 2026-01-05 --amount -250 --text "cash purchase" --release
    """
    from recon_core.services import books

    with desk.change() as made:
        found = desk.account(made.uow, account)
        row_id = books.create_transaction(
            made.uow,
            account_id=found.id,
            transaction_date=desk.required_day(when),
            amount=desk.minor(amount, found.currency),
            kind=kind,
            reference=reference,
            counterparty=counterparty,
            description=text,
            hold=hold,
            released=release,
            **made.said,
        )
    click.echo(f"Transaction {row_id} is entered.")


@book.command()
@_IDS
def release(ids: tuple[int, ...]) -> None:
    """Release transactions (Frisläpp likvidtransaktioner).

    \b
    Examples:
      recon book release 17 18 19
    """
    from recon_core.services import books

    with desk.change() as made:
        books.release_transactions(made.uow, ids=list(ids), **made.said)
    click.echo(f"{len(ids)} transaction(s) released.")


@book.command()
@_IDS
@click.option("--date", "when", type=desk.DAY, help="The clear date; without it they are uncleared.")
def clear(ids: tuple[int, ...], when: datetime | None) -> None:
    """Mark transactions cleared (kontrollerad) by hand, or take the mark away.

    \b
    Examples:
      recon book clear 17 18 --date 2026-01-31
      recon book clear 17
    """
    from recon_core.services import books

    with desk.change() as made:
        books.set_cleared(made.uow, ids=list(ids), clear_date=desk.day(when), **made.said)
    click.echo(f"{len(ids)} transaction(s) {'cleared' if when else 'uncleared'}.")


@book.command()
@click.argument("transaction", type=int, metavar="ID")
@click.option("--remove", is_flag=True, help="Take it off hold.")
def hold(transaction: int, remove: bool) -> None:
    """Put an unreleased transaction on hold, or take it off.

    \b
    Examples:
      recon book hold 17
      recon book hold 17 --remove
    """
    from recon_core.services import books

    with desk.change() as made:
        books.hold_transaction(made.uow, transaction_id=transaction, hold=not remove, **made.said)
    click.echo(f"Transaction {transaction} is {'off' if remove else 'on'} hold.")


@book.command()
@click.argument("transaction", type=int, metavar="ID")
@click.option("--date", "when", type=desk.DAY, required=True, help="The date of the voiding entry.")
@click.option("--pending", is_flag=True, help="Leave the voiding entry unreleased.")
@desk.reason_option
def void(transaction: int, when: datetime, pending: bool, reason: str) -> None:
    """Void a released transaction with an opposite entry; nothing is deleted.

    \b
    Examples:
      recon book void 17 --date 2026-02-01 --reason "paid twice"
    """
    from recon_core.services import voiding

    with desk.change() as made:
        entry = voiding.void_transaction(
            made.uow,
            transaction_id=transaction,
            day=desk.required_day(when),
            reason=reason,
            release=not pending,
            **made.said,
        )
    click.echo(f"Transaction {transaction} is {'void pending' if pending else 'voided'} by entry {entry}.")


@book.command("decide-void")
@click.argument("entry", type=int, metavar="ENTRY")
@click.option("--release/--reject", "yes", required=True, help="Release the pending voiding entry, or take it back.")
def decide_void(entry: int, yes: bool) -> None:
    """Release a pending voiding entry, or take it back.

    \b
    Examples:
      recon book decide-void 18 --release
    """
    from recon_core.services import voiding

    with desk.change() as made:
        deed = voiding.release_void if yes else voiding.reject_void
        deed(made.uow, transaction_id=entry, **made.said)
    click.echo(f"Voiding entry {entry} is {'released' if yes else 'rejected'}.")


@book.command()
@desk.json_option
def changes(as_json: bool) -> None:
    """Changed source rows that wait for a decision, because their transaction was cleared or reconciled.

    \b
    Examples:
      recon book changes
    """
    from recon_core.reports import lists

    with desk.read() as uow:
        found = lists.waiting_changes(uow)
    rows = [
        {
            "change": one.id,
            "account": one.code,
            "transaction": one.transaction_id,
            "name": one.external_id,
            "date": one.transaction_date,
            "amount": desk.money(one.amount, one.currency),
            "the_source_says_now": one.proposed,
        }
        for one in found
    ]
    desk.emit(rows, as_json=as_json, right=["change", "transaction", "amount"], empty="No change waits.")


@book.command("decide-change")
@click.argument("change", type=int, metavar="CHANGE")
@click.option("--accept/--decline", "yes", required=True, help="Take the source's new row over, or never ask again.")
def decide_change(change: int, yes: bool) -> None:
    """Take over a changed source row, or decline it.

    \b
    Examples:
      recon book decide-change 3 --decline
    """
    from recon_core.services import books

    with desk.change() as made:
        books.decide_change(made.uow, change_id=change, accept=yes, **made.said)
    click.echo(f"Change {change} is {'accepted' if yes else 'declined'}.")
