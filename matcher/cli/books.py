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
    """Book transactions: import, list, enter, release, reject, clear, split, void.

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
    values = {
        "new": counts.new,
        "same": counts.same,
        "changed": counts.changed,
        "to_decide": list(counts.to_decide),
        "notes": list(counts.notes),
    }
    if waiting:
        text = f"{text}, {waiting} to decide: recon book changes"
    desk.say("\n".join((text, *counts.notes)), as_json=as_json, values=values)
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
@desk.done_json
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
    as_json: bool,
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
    status = "released" if release else "hold" if hold else "balanced"
    values = {"account": account, "transaction": row_id, "status": status}
    desk.say(f"Transaction {row_id} is entered.", as_json=as_json, values=values)


@book.command()
@_IDS
@desk.done_json
def release(ids: tuple[int, ...], as_json: bool) -> None:
    """Release transactions (Frisläpp likvidtransaktioner).

    \b
    Examples:
      recon book release 17 18 19
    """
    from recon_core.services import books

    with desk.change() as made:
        books.release_transactions(made.uow, ids=list(ids), **made.said)
    values = {"transactions": list(ids), "status": "released"}
    desk.say(f"{len(ids)} transaction(s) released.", as_json=as_json, values=values)


@book.command()
@_IDS
@click.option("--date", "when", type=desk.DAY, help="The clear date; without it they are uncleared.")
@desk.done_json
def clear(ids: tuple[int, ...], when: datetime | None, as_json: bool) -> None:
    """Mark transactions cleared (kontrollerad) by hand, or take the mark away.

    \b
    Examples:
      recon book clear 17 18 --date 2026-01-31
      recon book clear 17
    """
    from recon_core.services import books

    with desk.change() as made:
        books.set_cleared(made.uow, ids=list(ids), clear_date=desk.day(when), **made.said)
    values = {"transactions": list(ids), "cleared": when is not None, "clear_date": desk.day(when)}
    text = f"{len(ids)} transaction(s) {'cleared' if when else 'uncleared'}."
    desk.say(text, as_json=as_json, values=values)


@book.command()
@click.argument("transaction", type=int, metavar="ID")
@click.option("--remove", is_flag=True, help="Take it off hold.")
@desk.done_json
def hold(transaction: int, remove: bool, as_json: bool) -> None:
    """Put an unreleased transaction on hold, or take it off.

    \b
    Examples:
      recon book hold 17
      recon book hold 17 --remove
    """
    from recon_core.services import books

    with desk.change() as made:
        books.hold_transaction(made.uow, transaction_id=transaction, hold=not remove, **made.said)
    values = {"transaction": transaction, "status": "balanced" if remove else "hold"}
    desk.say(f"Transaction {transaction} is {'off' if remove else 'on'} hold.", as_json=as_json, values=values)


@book.command()
@click.argument("transaction", type=int, metavar="ID")
@click.option("--date", "when", type=desk.DAY, required=True, help="The date of the voiding entry.")
@click.option("--pending", is_flag=True, help="Leave the voiding entry unreleased.")
@desk.reason_option
@desk.done_json
def void(transaction: int, when: datetime, pending: bool, reason: str, as_json: bool) -> None:
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
    text = f"Transaction {transaction} is voided by entry {entry}."
    if pending:
        text = f"Transaction {transaction} is void pending by entry {entry}: recon book decide-void {entry} --release"
    values = {"transaction": transaction, "entry": entry, "state": "void pending" if pending else "voided"}
    desk.say(text, as_json=as_json, values=values)


@book.command()
@click.argument("transaction", type=int, metavar="ID")
@desk.reason_option
@desk.done_json
def reject(transaction: int, reason: str, as_json: bool) -> None:
    """Reject a transaction that was never released; it is kept, but never listed.

    \b
    Examples:
      recon book reject 17 --reason "entered twice"
    """
    from recon_core.services import voiding

    with desk.change() as made:
        voiding.reject_transaction(made.uow, transaction_id=transaction, reason=reason, **made.said)
    values = {"transaction": transaction, "status": "rejected"}
    desk.say(f"Transaction {transaction} is rejected.", as_json=as_json, values=values)


@book.command("decide-void")
@click.argument("entry", type=int, metavar="ENTRY")
@click.option("--release/--reject", "yes", required=True, help="Release the pending voiding entry, or take it back.")
@desk.done_json
def decide_void(entry: int, yes: bool, as_json: bool) -> None:
    """Release a pending voiding entry, or take it back.

    \b
    Examples:
      recon book decide-void 18 --release
    """
    from recon_core.services import voiding

    with desk.change() as made:
        deed = voiding.release_void if yes else voiding.reject_void
        deed(made.uow, transaction_id=entry, **made.said)
    word = "released" if yes else "rejected"
    desk.say(f"Voiding entry {entry} is {word}.", as_json=as_json, values={"entry": entry, "status": word})


@book.command()
@click.argument("transaction", type=int, metavar="ID")
@click.option("--keep", required=True, metavar="AMOUNT", help="What it keeps, with its sign; the rest is split off.")
@desk.done_json
def split(transaction: int, keep: str, as_json: bool) -> None:
    """Split an open transaction in two, as where the bank carries it out in instalments.

    Ticking and `recon reconcile processed` split partly proved ones by themselves.

    \b
    Examples:
      recon book split 17 --keep 250.00
    """
    from recon_core.services import lookup, splitting

    with desk.change() as made:
        currency = lookup.one(made.uow, "book_transaction", transaction).currency
        amount = desk.minor(keep, currency)
        rest = splitting.split_transaction(made.uow, transaction_id=transaction, amount=amount, **made.said)
        left = lookup.one(made.uow, "book_transaction", rest)
    kept, over = desk.money(amount, currency), desk.money(left.amount, currency)
    values = {"transaction": transaction, "amount": kept, "rest": rest, "rest_amount": over, "currency": currency}
    text = f"Transaction {transaction} keeps {kept} {currency}; the rest, {over} {currency}, is transaction {rest}."
    desk.say(text, as_json=as_json, values=values | {"rest_name": left.external_id})


@book.command()
@click.argument("transaction", type=int, metavar="ID")
@desk.done_json
def join(transaction: int, as_json: bool) -> None:
    """Put the parts of a transaction that nothing has used back into the part they came off.

    \b
    Examples:
      recon book join 17
    """
    from recon_core.services import splitting

    with desk.change() as made:
        gone = splitting.join_parts(made.uow, transaction_id=transaction, **made.said)
    text = f"Put back: transaction {', '.join(map(str, gone))}." if gone else "There is no part to put back."
    desk.say(text, as_json=as_json, values={"transaction": transaction, "put_back": gone})


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
@desk.done_json
def decide_change(change: int, yes: bool, as_json: bool) -> None:
    """Take over a changed source row, or decline it.

    \b
    Examples:
      recon book decide-change 3 --decline
    """
    from recon_core.services import books

    with desk.change() as made:
        books.decide_change(made.uow, change_id=change, accept=yes, **made.said)
    word = "accepted" if yes else "declined"
    desk.say(f"Change {change} is {word}.", as_json=as_json, values={"change": change, "state": word})
