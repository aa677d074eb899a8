"""`recon adjust` and `recon transfer`: what is booked because only the bank has it, and money between own accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from matcher.cli import desk

_ID = click.argument("adjustment", type=int, metavar="ADJUSTMENT")
_IDS = click.argument("adjustments", nargs=-1, required=True, type=int, metavar="ADJUSTMENT...")
_TRANSFER = click.argument("transfer_id", type=int, metavar="TRANSFER")
_PARTS = click.option("--part", "parts", multiple=True, metavar="PART=VALUE", help="A code part (kod-del), repeatable.")


@click.group()
def adjust() -> None:
    """Adjustments (justeringar): create, list, edit, release, reject, reverse.

    `recon adjust-line` makes one from a bank line.

    \b
    Examples:
      recon adjust create 1930 --type FEE --amount -50 --date 2017-01-31
      recon adjust list --state created
      recon adjust release 3
    """


@adjust.command()
@desk.account_argument
@click.option("--type", "entry_type", required=True, help="Entry type (betalningstyp): recon settings entry-types.")
@click.option("--amount", required=True, help="Signed: a fee is below zero.")
@click.option("--date", "when", type=desk.DAY, required=True, help="The date of the voucher.")
@click.option("--text", default="", help="Description; by default the entry type's name.")
@click.option("--reference", default="", help="External reference.")
@click.option("--counterparty", default="", help="The other party.")
@click.option("--offset", help="Offset account; by default the entry type's.")
@_PARTS
@click.option("--hold", is_flag=True, help="Make it on hold.")
def create(
    account: str,
    entry_type: str,
    amount: str,
    when: datetime,
    text: str,
    reference: str,
    counterparty: str,
    offset: str | None,
    parts: tuple[str, ...],
    hold: bool,
) -> None:
    """Make an adjustment by hand (Skapa justering). It is unreleased until it is released.

    \b
    Examples:
      recon adjust create 1930 --type FEE --amount -50 --date 2017-01-31
      recon adjust create 1930 --type FEE --amount -50 --date 2017-01-31 --part cost_centre=100
    """
    from recon_core.services import adjust

    with desk.change() as made:
        found = desk.account(made.uow, account)
        done = adjust.create_adjustment(
            made.uow,
            account_id=found.id,
            entry_type=entry_type,
            amount=desk.minor(amount, found.currency),
            day=desk.required_day(when),
            description=text,
            reference=reference,
            counterparty=counterparty,
            offset_account=offset,
            code_parts=desk.pairs(parts, what="PART") or None,
            hold=hold,
            **made.said,
        )
    click.echo(f"Adjustment {done.id} is made, unreleased: recon adjust release {done.id}")


@adjust.command("list")
@click.argument("account", required=False)
@click.option("--state", type=click.Choice(["created", "released", "rejected", "reversed"]), help="Only these.")
@desk.json_option
def list_(account: str | None, state: str | None, as_json: bool) -> None:
    """Adjustments.

    \b
    Examples:
      recon adjust list
      recon adjust list 1930 --state created
    """
    from recon_core.reports import lists

    with desk.read() as uow:
        found = lists.adjustments(uow, account=account, state=state)
    rows = [
        {
            "id": one.id,
            "account": one.account,
            "date": one.transaction_date,
            "amount": desk.money(one.amount, one.currency),
            "type": one.entry_type,
            "offset": one.offset_account,
            "text": one.description,
            "state": "on hold" if one.status == "hold" and one.state == "created" else one.state,
            "voucher": one.voucher_number,
            "line": one.statement_line_id,
            "made_by": one.created_by,
            "released_by": one.approved_by,
            "_transaction": one.transaction_id,
            "_code_parts": one.code_parts,
            "_version": one.version,
        }
        for one in found
    ]
    desk.emit(rows, as_json=as_json, right=["id", "amount", "line"], empty="No adjustment.")


@adjust.command()
@_ID
@click.option("--date", "when", type=desk.DAY, help="Another date.")
@click.option("--amount", help="Another amount; that of a bank line is the bank's.")
@click.option("--text", help="Another description.")
@click.option("--type", "entry_type", help="Another entry type.")
@click.option("--offset", help="Another offset account.")
@_PARTS
@click.option("--hold/--no-hold", default=None, help="Put it on hold, or take it off.")
def edit(
    adjustment: int,
    when: datetime | None,
    amount: str | None,
    text: str | None,
    entry_type: str | None,
    offset: str | None,
    parts: tuple[str, ...],
    hold: bool | None,
) -> None:
    """Change an unreleased adjustment.

    \b
    Examples:
      recon adjust edit 3 --offset 6571 --text "card fee"
    """
    from recon_core.services import adjust, lookup

    with desk.change() as made:
        row = lookup.one(made.uow, "adjustment", adjustment)
        currency = lookup.one(made.uow, "book_transaction", row.book_transaction_id).currency
        given: dict[str, Any] = {
            "day": desk.day(when),
            "amount": None if amount is None else desk.minor(amount, currency),
            "description": text,
            "entry_type": entry_type,
            "offset_account": offset,
            "code_parts": desk.pairs(parts, what="PART") or None,
            "hold": hold,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        if not changes:
            raise click.UsageError("Say what to change.")
        adjust.edit_adjustment(made.uow, adjustment_id=adjustment, changes=changes, version=row.version, **made.said)
    click.echo(f"Adjustment {adjustment} is changed.")


@adjust.command()
@_IDS
def release(adjustments: tuple[int, ...]) -> None:
    """Release adjustments; each gets a balanced, numbered voucher.

    \b
    Examples:
      recon adjust release 3 4
    """
    from recon_core.services import adjust

    with desk.change() as made:
        numbers = adjust.release_adjustments(made.uow, adjustment_ids=list(adjustments), **made.said)
    click.echo(f"Released with voucher {', '.join(numbers)}.")


@adjust.command()
@_ID
@desk.reason_option
def reject(adjustment: int, reason: str) -> None:
    """Reject an unreleased adjustment; its bank line is open again.

    \b
    Examples:
      recon adjust reject 3 --reason "not a fee"
    """
    from recon_core.services import adjust

    with desk.change() as made:
        adjust.reject_adjustment(made.uow, adjustment_id=adjustment, reason=reason, **made.said)
    click.echo(f"Adjustment {adjustment} is rejected.")


@adjust.command()
@_ID
@click.option("--date", "when", type=desk.DAY, required=True, help="The date of the reversal.")
@desk.reason_option
def reverse(adjustment: int, when: datetime, reason: str) -> None:
    """Reverse a released adjustment with a voiding entry and a reversing voucher.

    \b
    Examples:
      recon adjust reverse 3 --date 2017-02-01 --reason "wrong account"
    """
    from recon_core.services import adjust

    with desk.change() as made:
        adjust.reverse_adjustment(
            made.uow, adjustment_id=adjustment, day=desk.required_day(when), reason=reason, **made.said
        )
    click.echo(f"Adjustment {adjustment} is reversed.")


@click.group()
def transfer() -> None:
    """Transfers between own accounts (likvidöverföring), an entry on each side.

    \b
    Examples:
      recon transfer create 1930 1940 --amount 500 --date 2017-01-05
      recon transfer create 1930 1950 --amount 1100 --arrives 100 --date 2017-01-05
      recon transfer release 1
    """


@transfer.command("create")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--amount", required=True, help="What leaves, above zero, in the currency of FROM.")
@click.option("--arrives", help="What arrives, in the currency of TO, where that is another.")
@click.option("--date", "when", type=desk.DAY, required=True, help="The date of both entries.")
@click.option("--text", default="", help="Description.")
def create_transfer(source: str, target: str, amount: str, arrives: str | None, when: datetime, text: str) -> None:
    """Make an unreleased transfer.

    \b
    Examples:
      recon transfer create 1930 1950 --amount 1100 --arrives 100 --date 2017-01-05
    """
    from recon_core.services import transfers

    with desk.change() as made:
        leaving, arriving = desk.account(made.uow, source), desk.account(made.uow, target)
        done = transfers.create_transfer(
            made.uow,
            from_account_id=leaving.id,
            to_account_id=arriving.id,
            amount=desk.minor(amount, leaving.currency),
            to_amount=None if arrives is None else desk.minor(arrives, arriving.currency),
            day=desk.required_day(when),
            description=text,
            **made.said,
        )
    click.echo(f"Transfer {done.id} is made, unreleased: recon transfer release {done.id}")


@transfer.command("list")
@desk.json_option
def list_transfers(as_json: bool) -> None:
    """Transfers, both sides in a row.

    \b
    Examples:
      recon transfer list
    """
    from recon_core.reports import lists

    with desk.read() as uow:
        found = lists.transfers(uow)
    rows = [
        {
            "id": one.id,
            "date": one.transaction_date,
            "from": one.from_account,
            "leaves": desk.money(one.from_amount, one.from_currency),
            "to": one.to_account,
            "arrives": desk.money(one.to_amount, one.to_currency),
            "over": one.in_transit_account,
            "status": one.status,
        }
        for one in found
    ]
    desk.emit(rows, as_json=as_json, right=["id", "leaves", "arrives"], empty="No transfer.")


@transfer.command("release")
@_TRANSFER
def release_transfer(transfer_id: int) -> None:
    """Release a transfer with its voucher, or its two over the in-transit account.

    \b
    Examples:
      recon transfer release 1
    """
    from recon_core.services import transfers

    with desk.change() as made:
        ids = transfers.release_transfer(made.uow, transfer_id=transfer_id, **made.said)
    click.echo(f"Transfer {transfer_id} is released with {len(ids)} voucher(s).")


@transfer.command("reject")
@_TRANSFER
def reject_transfer(transfer_id: int) -> None:
    """Reject an unreleased transfer.

    \b
    Examples:
      recon transfer reject 1
    """
    from recon_core.services import transfers

    with desk.change() as made:
        transfers.reject_transfer(made.uow, transfer_id=transfer_id, **made.said)
    click.echo(f"Transfer {transfer_id} is rejected.")


@transfer.command("void")
@_TRANSFER
@click.option("--date", "when", type=desk.DAY, required=True, help="The date of the voiding entries.")
@desk.reason_option
def void_transfer(transfer_id: int, when: datetime, reason: str) -> None:
    """Void both sides of a released transfer.

    \b
    Examples:
      recon transfer void 1 --date 2017-02-01
    """
    from recon_core.services import transfers

    with desk.change() as made:
        transfers.void_transfer(
            made.uow, transfer_id=transfer_id, day=desk.required_day(when), reason=reason, **made.said
        )
    click.echo(f"Transfer {transfer_id} is voided.")
