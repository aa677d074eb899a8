"""`recon adjust`: what is booked because only the bank has it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from matcher.cli import desk

_ID = click.argument("adjustment", type=int, metavar="ADJUSTMENT")
_IDS = click.argument("adjustments", nargs=-1, required=True, type=int, metavar="ADJUSTMENT...")
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
@click.option("--date", "when", type=desk.DAY, help="The date of the voucher; by default the open reconciliation's.")
@click.option("--text", default="", help="Description; by default the entry type's name.")
@click.option("--reference", default="", help="External reference.")
@click.option("--counterparty", default="", help="The other party.")
@click.option("--offset", help="Offset account; by default the entry type's.")
@_PARTS
@click.option("--hold", is_flag=True, help="Make it on hold.")
@desk.done_json
def create(  # noqa: PLR0913, PLR0917  the fields of the dialog
    account: str,
    entry_type: str,
    amount: str,
    when: datetime | None,
    text: str,
    reference: str,
    counterparty: str,
    offset: str | None,
    parts: tuple[str, ...],
    hold: bool,
    as_json: bool,
) -> None:
    """Make an adjustment by hand (Skapa justering). It is unreleased until it is released.

    \b
    Examples:
      recon adjust create 1930 --type FEE --amount -50
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
            day=desk.as_of(made.uow, found.id, when),
            description=text,
            reference=reference,
            counterparty=counterparty,
            offset_account=offset,
            code_parts=desk.pairs(parts, what="PART") or None,
            hold=hold,
            **made.said,
        )
    desk.say(
        f"Adjustment {done.id} is made, unreleased: recon adjust release {done.id}",
        as_json=as_json,
        values={"account": account, "adjustment": done.id, "transaction": done.transaction_id, "state": "created"},
    )


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
@desk.seen_option
@desk.done_json
def edit(
    adjustment: int,
    when: datetime | None,
    amount: str | None,
    text: str | None,
    entry_type: str | None,
    offset: str | None,
    parts: tuple[str, ...],
    hold: bool | None,
    seen: int | None,
    as_json: bool,
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
        adjust.edit_adjustment(made.uow, adjustment_id=adjustment, changes=changes, version=seen, **made.said)
    values = {"adjustment": adjustment, "changed": sorted(changes), "state": "created"}
    desk.say(f"Adjustment {adjustment} is changed.", as_json=as_json, values=values)


@adjust.command()
@_IDS
@desk.done_json
def release(adjustments: tuple[int, ...], as_json: bool) -> None:
    """Release adjustments; each gets a balanced, numbered voucher. Then they can be ticked.

    \b
    Examples:
      recon adjust release 3 4
    """
    from recon_core.services import adjust, lookup

    ids = list(adjustments)
    with desk.change() as made:
        numbers = adjust.release_adjustments(made.uow, adjustment_ids=ids, **made.said)
        found = lookup.many(made.uow, "adjustment", ids, "id, book_transaction_id")
    transactions = [found[one].book_transaction_id for one in ids]
    text = f"Released with voucher {', '.join(numbers)}: transaction {', '.join(map(str, transactions))}."
    values = {"adjustments": ids, "vouchers": numbers, "transactions": transactions, "state": "released"}
    desk.say(text, as_json=as_json, values=values)


@adjust.command()
@_ID
@desk.reason_option
@desk.done_json
def reject(adjustment: int, reason: str, as_json: bool) -> None:
    """Reject an unreleased adjustment; its bank line is open again.

    \b
    Examples:
      recon adjust reject 3 --reason "not a fee"
    """
    from recon_core.services import adjust

    with desk.change() as made:
        adjust.reject_adjustment(made.uow, adjustment_id=adjustment, reason=reason, **made.said)
    values = {"adjustment": adjustment, "state": "rejected"}
    desk.say(f"Adjustment {adjustment} is rejected.", as_json=as_json, values=values)


@adjust.command()
@_ID
@click.option("--date", "when", type=desk.DAY, required=True, help="The date of the reversal.")
@desk.reason_option
@desk.done_json
def reverse(adjustment: int, when: datetime, reason: str, as_json: bool) -> None:
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
    values = {"adjustment": adjustment, "state": "reversed"}
    desk.say(f"Adjustment {adjustment} is reversed.", as_json=as_json, values=values)
