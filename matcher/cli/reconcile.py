"""`recon reconcile`: the reconciliation document (kontoavstämning) from opening to release and void."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from matcher.cli import desk

if TYPE_CHECKING:
    from recon_core.domain.reconciliation import Document
    from recon_core.services.reconcile import Toggled

_IDS = click.argument("ids", nargs=-1, required=True, type=int, metavar="ID...")
_LOAD_TO = click.option("--load-to", type=desk.DAY, help="Load documents up to this date; by default the document's.")
_NUMBER = click.option("--number", help="A closed document; by default the open one.")


@click.group()
def reconcile() -> None:
    """Reconcile an account: open, tick, adjust, release; void the latest.

    ACCOUNT stands for the account's open document.

    \b
    Examples:
      recon reconcile open 1930 --date 2017-01-31 --balance -172550
      recon reconcile show 1930
      recon reconcile processed 1930                tick what the bank proved
      recon reconcile toggle 1930                   tick or untick all
      recon reconcile blockers 1930                 what stands against the release
      recon reconcile release 1930
    """


def report(document: Document, code: str, *, as_json: bool, text: str = "", more: desk.Row | None = None) -> None:
    """Say what was done to a document, with its figures: in words, or as one object with its values and `more`."""
    if as_json:
        desk.emit([_values(document, code) | dict(more or {})], as_json=True)
        return
    if text:
        click.echo(text)
    _echo_figures(document)


def _echo_figures(document: Document) -> None:
    figures, currency = document.figures, document.currency
    rows = (
        ("Ingående saldo", "beginning balance", figures.beginning_balance),
        ("Avstämda inbetalningar", f"reconciled receipts, {figures.receipt_count}", figures.receipts),
        ("Avstämda utbetalningar", f"reconciled disbursements, {figures.disbursement_count}", figures.disbursements),
        ("Avstämt saldo", "reconciled balance", figures.reconciled_balance),
        ("Saldo", "statement balance", figures.statement_balance),
        ("Differens", "difference", figures.difference),
    )
    for swedish, english, amount in rows:
        click.echo(f"  {swedish:<24} {english:<30} {desk.shown(amount, currency):>18} {currency}")


def _values(document: Document, code: str) -> dict[str, Any]:
    figures, currency = document.figures, document.currency
    names = ("beginning_balance", "receipts", "disbursements", "reconciled_balance", "statement_balance", "difference")
    return {
        "account": code,
        "number": document.number,
        "state": document.state,
        "date": document.reconciliation_date,
        "last_date": document.last_reconciliation_date,
        "currency": currency,
        **{name: desk.money(getattr(figures, name), currency) for name in names},
        "receipt_count": figures.receipt_count,
        "disbursement_count": figures.disbursement_count,
        "notes": document.notes,
        "settings_differ": list(document.settings_differ),
        "version": document.version,
    }


@reconcile.command("open")
@desk.account_argument
@click.option("--date", "when", type=desk.DAY, help="The reconciliation date (avstämningsdatum); by default today.")
@click.option("--balance", default="0", show_default=True, help="The bank's balance on that date (saldo).")
@click.option("--notes", default="", help="Notes.")
@desk.done_json
def open_(account: str, when: datetime | None, balance: str, notes: str, as_json: bool) -> None:
    """Open a reconciliation, on hold.

    \b
    Examples:
      recon reconcile open 1930 --date 2017-01-10 --balance 25000
    """
    from matcher import bootstrap
    from recon_core.services import chains, documents, reconcile

    with desk.change() as made:
        found = desk.account(made.uow, account)
        document_id = reconcile.open_document(
            made.uow,
            account_id=found.id,
            reconciliation_date=desk.day(when) or bootstrap.today(),
            statement_balance=desk.minor(balance, found.currency),
            notes=notes,
            **made.said,
        )
        document = documents.get(made.uow, document_id)
        bank = chains.bank_balance(made.uow, found.id, day=document.reconciliation_date)
    text = f"Reconciliation of {account} per {document.reconciliation_date} is open, on hold."
    says = None if bank is None else desk.money(bank, found.currency)
    if bank is not None and bank != document.figures.statement_balance:
        text += f"\nThe bank's statements say {says} then: recon reconcile change {account} --balance {says}"
    report(document, account, as_json=as_json, text=text, more={"bank_balance": says})


@reconcile.command()
@desk.account_argument
@_NUMBER
@_LOAD_TO
@click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="At most this many lines.")
@desk.json_option
def show(account: str, number: str | None, load_to: datetime | None, limit: int, as_json: bool) -> None:
    """The document with its figures and lines. With --json its first row is the document.

    \b
    Examples:
      recon reconcile show 1930
      recon reconcile show 1930 --number 000002 --json
    """
    from recon_core.services import documents

    with desk.read() as uow:
        document_id = desk.document_id(uow, desk.account(uow, account).id, number)
        document = documents.get(uow, document_id)
        lines = documents.listed(uow, document_id, load_to=desk.day(load_to), limit=limit)
    currency = document.currency
    rows = [
        {
            "id": line.ids[0],
            "reconciled": line.reconciled,
            "cleared": line.cleared,
            "clear_date": line.clear_date,
            "by_the_bank": line.processed,
            "receipt": desk.money(line.receipt, currency) if line.receipt else "",
            "disbursement": desk.money(line.disbursement, currency) if line.disbursement else "",
            "date": line.transaction_date,
            "name": line.external_id,
            "kind": line.kind,
            "status": line.status,
            "voucher": line.voucher_number,
            "counterparty": line.counterparty,
            "text": line.description or line.reference,
            "warning": line.warning,
            "_ids": list(line.ids),
            "_module": line.source,
            "_reference": line.reference,
            "_description": line.description,
            "_proved": desk.money(line.proved, currency),
        }
        for line in lines
    ]
    if as_json:
        desk.emit([_values(document, account)], as_json=True)
        desk.emit(rows, as_json=True)
        return
    name = document.number or "not numbered yet"
    click.echo(f"{account} per {document.reconciliation_date}, {name}, {document.state}")
    if load_to is not None and load_to.date() < document.reconciliation_date:
        click.echo(f"Only up to {load_to.date()}: lines after it are not shown.")
    desk.emit(rows, as_json=False, right=["id", "receipt", "disbursement"], empty="No line.")
    _echo_figures(document)


def _ticked(account: str, ids: tuple[int, ...], *, reconciled: bool, seen: int | None, as_json: bool) -> None:
    from recon_core.services import documents, reconcile

    with desk.change() as made:
        document_id = desk.document_id(made.uow, desk.account(made.uow, account).id, None)
        reconcile.tick(
            made.uow,
            document_id=document_id,
            transaction_ids=list(ids),
            reconciled=reconciled,
            version=seen,
            **made.said,
        )
        document = documents.get(made.uow, document_id)
    report(document, account, as_json=as_json, more={"changed": list(ids)})


@reconcile.command()
@desk.account_argument
@_IDS
@desk.seen_option
@desk.done_json
def tick(account: str, ids: tuple[int, ...], seen: int | None, as_json: bool) -> None:
    """Tick lines as reconciled (avstämd); they become cleared too.

    \b
    Examples:
      recon reconcile tick 1930 17 18
    """
    _ticked(account, ids, reconciled=True, seen=seen, as_json=as_json)


@reconcile.command()
@desk.account_argument
@_IDS
@desk.seen_option
@desk.done_json
def untick(account: str, ids: tuple[int, ...], seen: int | None, as_json: bool) -> None:
    """Untick lines; they stay cleared.

    \b
    Examples:
      recon reconcile untick 1930 17
    """
    _ticked(account, ids, reconciled=False, seen=seen, as_json=as_json)


@reconcile.command()
@desk.account_argument
@_IDS
@click.option("--date", "when", type=desk.DAY, help="The clear date; by default the reconciliation date.")
@click.option("--undo", is_flag=True, help="Take the mark away.")
@desk.done_json
def clear(account: str, ids: tuple[int, ...], when: datetime | None, undo: bool, as_json: bool) -> None:
    """Tick lines as cleared (kontrollerad).

    \b
    Examples:
      recon reconcile clear 1930 17 18
      recon reconcile clear 1930 17 --undo
    """
    from recon_core.services import reconcile

    with desk.change() as made:
        document_id = desk.document_id(made.uow, desk.account(made.uow, account).id, None)
        reconcile.mark_cleared(
            made.uow,
            document_id=document_id,
            transaction_ids=list(ids),
            cleared=not undo,
            clear_date=desk.day(when),
            **made.said,
        )
    values = {"account": account, "changed": list(ids), "cleared": not undo}
    desk.say(f"{len(ids)} line(s) {'uncleared' if undo else 'cleared'}.", as_json=as_json, values=values)


@reconcile.command()
@desk.account_argument
@click.argument("ids", nargs=-1, type=int, metavar="[ID...]")
@click.option("--cleared", is_flag=True, help="Toggle cleared (kontrollerade) instead of reconciled (avstämda).")
@_LOAD_TO
@desk.done_json
def toggle(account: str, ids: tuple[int, ...], cleared: bool, load_to: datetime | None, as_json: bool) -> None:
    """The buttons Markera/avmarkera: the first released line decides, and all released lines get that value.

    \b
    Examples:
      recon reconcile toggle 1930
      recon reconcile toggle 1930 --cleared
    """
    from recon_core.services import documents, reconcile

    deed = reconcile.toggle_cleared if cleared else reconcile.toggle_reconciled
    with desk.change() as made:
        document_id = desk.document_id(made.uow, desk.account(made.uow, account).id, None)
        done = deed(
            made.uow,
            document_id=document_id,
            transaction_ids=list(ids) or None,
            load_to=desk.day(load_to),
            **made.said,
        )
        document = documents.get(made.uow, document_id)
    _report_toggled(done, document, account, word="cleared" if cleared else "reconciled", as_json=as_json)


def _report_toggled(done: Toggled, document: Document, code: str, *, word: str, as_json: bool) -> None:
    values: dict[str, Any] = {"changed": list(done.changed), "value": done.value, "skipped": done.skipped}
    values |= {"last_error": done.last_error, "split_off": list(done.rests)}
    text = "No released line is listed."
    if done.value is not None:
        text = f"{len(done.changed)} line(s) are now {'' if done.value else 'not '}{word}, {done.skipped} skipped."
    if done.last_error:
        text += f"\n{done.last_error}"
    report(document, code, as_json=as_json, text=text, more=values)


@reconcile.command()
@desk.account_argument
@_LOAD_TO
@desk.done_json
def processed(account: str, load_to: datetime | None, as_json: bool) -> None:
    """The button Avstämning bearbetad: tick exactly what a bank line proved.

    \b
    Examples:
      recon reconcile processed 1930
    """
    from recon_core.services import documents, reconcile

    with desk.change() as made:
        document_id = desk.document_id(made.uow, desk.account(made.uow, account).id, None)
        done = reconcile.reconcile_processed(made.uow, document_id=document_id, load_to=desk.day(load_to), **made.said)
        document = documents.get(made.uow, document_id)
    _report_toggled(done, document, account, word="reconciled", as_json=as_json)


@reconcile.command()
@desk.account_argument
@click.option("--date", "when", type=desk.DAY, help="Another reconciliation date.")
@click.option("--balance", help="The bank's balance.")
@click.option("--notes", help="Notes.")
@desk.seen_option
@desk.done_json
def change(
    account: str, when: datetime | None, balance: str | None, notes: str | None, seen: int | None, as_json: bool
) -> None:
    """Change date, statement balance or notes of the open document.

    \b
    Examples:
      recon reconcile change 1930 --balance -172550
      recon reconcile change 1930 --notes "asked the bank" --seen 7
    """
    from recon_core.services import documents, reconcile

    with desk.change() as made:
        found = desk.account(made.uow, account)
        document_id = desk.document_id(made.uow, found.id, None)
        reconcile.change_document(
            made.uow,
            document_id=document_id,
            reconciliation_date=desk.day(when),
            statement_balance=None if balance is None else desk.minor(balance, found.currency),
            notes=notes,
            version=seen,
            **made.said,
        )
        document = documents.get(made.uow, document_id)
    report(document, account, as_json=as_json)
