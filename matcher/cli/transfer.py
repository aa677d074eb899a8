"""`recon transfer`: money between own accounts."""

from __future__ import annotations

from datetime import datetime

import click

from matcher.cli import desk

_TRANSFER = click.argument("transfer_id", type=int, metavar="TRANSFER")


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
@desk.done_json
def create_transfer(
    source: str, target: str, amount: str, arrives: str | None, when: datetime, text: str, as_json: bool
) -> None:
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
    desk.say(
        f"Transfer {done.id} is made, unreleased: recon transfer release {done.id}",
        as_json=as_json,
        values={
            "transfer": done.id,
            "from_transaction": done.from_transaction_id,
            "to_transaction": done.to_transaction_id,
            "state": "created",
        },
    )


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
            "from_currency": one.from_currency,
            "to": one.to_account,
            "arrives": desk.money(one.to_amount, one.to_currency),
            "to_currency": one.to_currency,
            "over": one.in_transit_account,
            "status": one.status,
        }
        for one in found
    ]
    desk.emit(rows, as_json=as_json, right=["id", "leaves", "arrives"], empty="No transfer.")


@transfer.command("release")
@_TRANSFER
@desk.done_json
def release_transfer(transfer_id: int, as_json: bool) -> None:
    """Release a transfer with its voucher, or its two over the in-transit account.

    \b
    Examples:
      recon transfer release 1
    """
    from recon_core.services import lookup, transfers

    with desk.change() as made:
        ids = transfers.release_transfer(made.uow, transfer_id=transfer_id, **made.said)
        numbers = [one.number for one in lookup.many(made.uow, "voucher", ids, "id, number").values()]
    values = {"transfer": transfer_id, "vouchers": numbers, "state": "released"}
    desk.say(f"Transfer {transfer_id} is released with voucher {', '.join(numbers)}.", as_json=as_json, values=values)


@transfer.command("reject")
@_TRANSFER
@desk.done_json
def reject_transfer(transfer_id: int, as_json: bool) -> None:
    """Reject an unreleased transfer.

    \b
    Examples:
      recon transfer reject 1
    """
    from recon_core.services import transfers

    with desk.change() as made:
        transfers.reject_transfer(made.uow, transfer_id=transfer_id, **made.said)
    values = {"transfer": transfer_id, "state": "rejected"}
    desk.say(f"Transfer {transfer_id} is rejected.", as_json=as_json, values=values)


@transfer.command("void")
@_TRANSFER
@click.option("--date", "when", type=desk.DAY, required=True, help="The date of the voiding entries.")
@desk.reason_option
@desk.done_json
def void_transfer(transfer_id: int, when: datetime, reason: str, as_json: bool) -> None:
    """Void both sides of a released transfer.

    \b
    Examples:
      recon transfer void 1 --date 2017-02-01
    """
    from recon_core.services import transfers

    with desk.change() as made:
        entries = transfers.void_transfer(
            made.uow, transfer_id=transfer_id, day=desk.required_day(when), reason=reason, **made.said
        )
    values = {"transfer": transfer_id, "entries": list(entries), "state": "voided"}
    desk.say(f"Transfer {transfer_id} is voided.", as_json=as_json, values=values)
