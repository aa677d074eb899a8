"""`recon history`, `recon register`, `recon outstanding`, `recon bridge`, `recon print`: the inquiry and the reports."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from matcher.cli import desk
from matcher.cli.main import EXIT_ATTENTION

if TYPE_CHECKING:
    from recon_core.reports.outstanding import Item
    from recon_core.reports.registers import DetailRow, HistoryRow

_FROM = click.option("--from", "first", type=desk.DAY, help="From this reconciliation date on.")
_AS_OF = click.option(
    "--date",
    "when",
    type=desk.DAY,
    help="At the end of this day; by default the open reconciliation's, else the last that the statements reach.",
)
_TO = click.option("--to", "last", type=desk.DAY, help="Up to this reconciliation date.")


def _history_row(row: HistoryRow) -> dict[str, Any]:
    currency = row.currency
    return {
        "status": row.state,
        "account": row.account,
        "description": row.account_name,
        "currency": currency,
        "number": row.number,
        "date": row.reconciliation_date,
        "last_date": row.last_reconciliation_date,
        "beginning": desk.money(row.beginning_balance, currency),
        "receipts": desk.money(row.receipts, currency),
        "disbursements": desk.money(row.disbursements, currency),
        "balance": desk.money(row.statement_balance, currency),
        "difference": desk.money(row.difference, currency),
        "released_by": row.released_by,
        "_receipt_count": row.receipt_count,
        "_disbursement_count": row.disbursement_count,
        "_created_by": row.created_by,
        "_voided_by": row.voided_by,
        "_id": row.id,
    }


_MONEY = ("beginning", "receipts", "disbursements", "balance", "difference")


@click.command()
@click.argument("account", required=False)
@_FROM
@_TO
@desk.json_option
def history(account: str | None, first: datetime | None, last: datetime | None, as_json: bool) -> None:
    """All reconciliations of an account, or of all (Historik avstämningsrapport), the latest first.

    \b
    Examples:
      recon history
      recon history 1930 --from 2017-01-01 --to 2017-12-31 --json
    """
    from recon_core.reports import registers

    with desk.read() as uow:
        rows = registers.history(uow, account=account, from_date=desk.day(first), to_date=desk.day(last))
    desk.emit([_history_row(row) for row in rows], as_json=as_json, right=_MONEY, empty="No reconciliation.")


def _detail(row: DetailRow, currency: str) -> dict[str, Any]:
    return {
        "transaction": row.transaction_id,
        "date": row.transaction_date,
        "name": row.external_id,
        "kind": row.kind,
        "amount": desk.money(row.amount, currency),
        "cleared": row.clear_date,
        "by_the_bank": row.processed,
        "voucher": row.voucher_number,
        "counterparty": row.counterparty,
        "text": row.description or row.reference,
    }


@click.command()
@click.argument("account", required=False)
@_FROM
@_TO
@click.option("--number", help="Only this document.")
@click.option("--details", is_flag=True, help="With their transactions (Avstämning detalj).")
@desk.json_option
def register(
    account: str | None,
    first: datetime | None,
    last: datetime | None,
    number: str | None,
    details: bool,
    as_json: bool,
) -> None:
    """Closed reconciliations with their totals (Avstämning), and with --details their transactions.

    \b
    Examples:
      recon register 1930
      recon register 1930 --number 000002 --details
    """
    from recon_core.reports import registers

    with desk.read() as uow:
        found = registers.register(
            uow,
            account=account,
            from_date=desk.day(first),
            to_date=desk.day(last),
            number=number,
            details=details,
        )
    if as_json:
        rows = [
            _history_row(one.row) | {"transactions": [_detail(row, one.row.currency) for row in one.details]}
            for one in found
        ]
        desk.emit(rows, as_json=True)
        return
    desk.emit([_history_row(one.row) for one in found], as_json=False, right=_MONEY, empty="No closed reconciliation.")
    for one in found if details else ():
        click.echo(f"\n{one.row.account} {one.row.number} per {one.row.reconciliation_date}")
        rows = [_detail(row, one.row.currency) for row in one.details]
        desk.emit(rows, as_json=False, right=["transaction", "amount"], empty="No transaction.")


@click.command()
@desk.account_argument
@_AS_OF
@desk.json_option
def outstanding(account: str, when: datetime | None, as_json: bool) -> None:
    """What one side has and the other has not, with its age; and what the bank has announced and not booked yet.

    \b
    Examples:
      recon outstanding 1930
      recon outstanding 1930 --date 2017-01-31
    """
    from recon_core.reports import outstanding as report

    with desk.read() as uow:
        found = desk.account(uow, account)
        day = desk.as_of(uow, found.id, when)
        items = report.outstanding(uow, account_id=found.id, day=day)
        pending = report.pending(uow, account_id=found.id)
    if as_json:
        desk.emit([_item(item, found.currency) for item in (*items, *pending)], as_json=True)
        return
    click.echo(f"{account} at the end of {day}")
    rows = [_item(item, found.currency) for item in items]
    desk.emit(rows, as_json=False, right=["id", "days", "amount"], empty="Nothing is open on either side.")
    if items:
        ages = [
            {"side": side, "days": name, "items": count, "amount": desk.money(total, found.currency)}
            for side, buckets in report.ages(items).items()
            for name, (count, total) in buckets.items()
            if count
        ]
        desk.emit(ages, as_json=False, right=["items", "amount"])
    if pending:
        click.echo("Announced by the bank, not booked yet; counted nowhere:")
        rows = [_item(item, found.currency) for item in pending]
        desk.emit([{**row, "days": ""} for row in rows], as_json=False, right=["id", "amount"])


def _item(item: Item, currency: str) -> dict[str, Any]:
    return {
        "side": item.side,
        "id": item.id,
        "date": item.day,
        "days": item.age_days,
        "amount": desk.money(item.amount, currency),
        "state": item.state,
        "reference": item.reference,
        "counterparty": item.counterparty,
        "text": item.text,
    }


@click.command()
@desk.account_argument
@_AS_OF
@click.option("--balance", help="The bank's balance on that day; by default what the statements say.")
@desk.json_option
def bridge(account: str, when: datetime | None, balance: str | None, as_json: bool) -> int:
    """From the bank's balance to the balance in the books, step by step. Exit status 1: something is left over.

    \b
    Examples:
      recon bridge 1930
      recon bridge 1930 --date 2017-01-31
      recon bridge 1930 --date 2017-01-31 --balance -172550
    """
    from recon_core.domain.refusals import Unknown
    from recon_core.reports import outstanding as report
    from recon_core.services import chains

    with desk.read() as uow:
        found = desk.account(uow, account)
        day = desk.as_of(uow, found.id, when)
        if balance is None:
            known = chains.bank_balance(uow, found.id, day=day)
            if known is None:
                raise Unknown(f"The statements do not reach {day}.", cure="Give the bank's balance with --balance.")
        else:
            known = desk.minor(balance, found.currency)
        made = report.bridge(uow, account_id=found.id, day=day, bank_balance=known)
    steps = (
        ("bank balance", made.bank_balance),
        ("outstanding receipts", made.receipts),
        ("outstanding disbursements", -made.disbursements),
        ("bank lines not booked", -made.open_lines),
        ("bank lines set aside", -made.ignored_lines),
        ("adjustments not released", -made.unreleased),
        ("bank balance before its first line", -made.not_reconciled_opening),
        ("residual", made.residual),
        ("book balance", made.book_balance),
    )
    rows = [{"step": name, "amount": desk.money(amount, made.currency)} for name, amount in steps]
    if as_json:
        click.echo(json.dumps({"account": account, "date": str(day), "currency": made.currency, "steps": rows}))
    else:
        click.echo(f"{account} at the end of {day}, {made.currency}")
        desk.emit(rows, as_json=False, right=["amount"])
        click.echo("The bank's balance and the rows below it add up to the book balance.")
    return EXIT_ATTENTION if made.residual else 0


@click.command("print")
@desk.account_argument
@click.option("--number", help="A closed document; by default the open one, else the latest.")
@click.option("--reconciled", is_flag=True, help="Show the reconciled transactions too.")
@desk.json_option
def print_(account: str, number: str | None, reconciled: bool, as_json: bool) -> None:
    """The reconciliation statement: from the last balance to the statement's, and on to the balance in the books.

    \b
    Examples:
      recon print 1930 --number 000002
      recon print 1930 --reconciled
    """
    from recon_core.reports import registers
    from recon_core.services import documents

    with desk.read() as uow:
        account_id = desk.account(uow, account).id
        last = documents.last_closed(uow, account_id)
        if number is None and last is not None and documents.open_id(uow, account_id) is None:
            number = last.number
        document_id = desk.document_id(uow, account_id, number)
        found = registers.statement_report(uow, document_id=document_id, show_reconciled=reconciled)
    row, currency = found.row, found.row.currency
    ticked = [_detail(one, currency) for one in found.reconciled]
    left = [_detail(one, currency) for one in found.unreconciled]
    if as_json:
        values = _history_row(row) | {"reconciled": ticked, "unreconciled": left}
        values |= {
            "book_balance": desk.money(found.book_balance, currency),
            "residual": desk.money(found.residual, currency),
        }
        desk.emit([values], as_json=True)
        return
    click.echo(f"{account} {row.account_name}, reconciliation {row.number or '(open)'} per {row.reconciliation_date}")
    lines = (
        (f"Last reconciliation {row.last_reconciliation_date or 'none'}: beginning balance", row.beginning_balance),
        (f"Reconciled disbursements ({row.disbursement_count} items)", -row.disbursements),
        (f"Reconciled receipts ({row.receipt_count} items)", row.receipts),
        ("Difference", row.difference),
        ("Statement balance", row.statement_balance),
        (f"Unreconciled ({len(left)} items)", found.unreconciled_total),
        ("Residual", found.residual),
        (f"Cash account balance on {row.reconciliation_date}", found.book_balance),
    )
    for text, amount in lines:
        click.echo(f"  {text:<52} {desk.shown(amount, currency):>18} {currency}")
    for title, rows in (("Reconciled", ticked), ("Unreconciled", left)):
        if rows:
            click.echo(f"\n{title}")
            desk.emit(rows, as_json=False, right=["transaction", "amount"])
