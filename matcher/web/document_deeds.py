"""Deeds on a reconciliation. Each form carries the version of the document that its reader saw; another is a conflict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from matcher.pipeline.opening import begin
from matcher.web.context import moment
from matcher.web.desk import AtDesk, Desk, RowId
from matcher.web.document import day_of, fitting
from recon_core.domain.refusals import BadRequest, Conflict
from recon_core.services import adjust, documents, lookup, reconcile, release
from recon_core.store.unit_of_work import SqlUnitOfWork

ROUTER = APIRouter(include_in_schema=False)


class Deed(NamedTuple):
    """The document under its account's lock, as its reader saw it."""

    uow: SqlUnitOfWork
    row: Any
    said: dict[str, Any]


@contextmanager
def _on(desk: Desk, document_id: int) -> Iterator[Deed]:
    """Begin a deed. Raises `Conflict` where somebody changed the document since it was shown."""
    with desk.change() as uow:
        row = documents.locked(uow, document_id)
        if row.version != desk.number("version"):
            raise Conflict(
                f"{row.changed_by} changed this reconciliation at {moment(row.changed_at)}, after you opened the page.",
                cure="Nothing of yours was done. Look again and repeat what is still right.",
            )
        yield Deed(uow, row, desk.who._asdict())


def _back(desk: Desk, row: Any) -> Response:
    return desk.back(f"/reconciliations/{row.id}")


@ROUTER.post("/accounts/{code}/document")
def open_(desk: AtDesk, code: str) -> Response:
    """Open a reconciliation, on hold."""
    day = day_of(desk.text("day"))
    if day is None:
        raise BadRequest("A reconciliation has a date.")
    with desk.change() as uow:
        account = lookup.account_by_code(uow, code)
        reconcile.open_document(
            uow,
            account_id=account.id,
            reconciliation_date=day,
            statement_balance=desk.words.minor(desk.text("balance") or "0", account.currency),
            **desk.who._asdict(),
        )
    desk.say(desk.words("The reconciliation is open, on hold."))
    return desk.back(f"/accounts/{code}/document")


@ROUTER.post("/accounts/{code}/begin")
def begin_(desk: AtDesk, code: str) -> Response:
    """Let the account begin with what its statements say; a reconciliation that was opened before is deleted."""
    with desk.change() as uow:
        account = lookup.account_by_code(uow, code)
        point = begin(uow, account_id=account.id, **desk.who._asdict())
    amount = desk.words.amount(point.balance, account.currency)
    desk.say(desk.words("The account begins with {amount} at the end of {day}.", amount=amount, day=point.day))
    return desk.back(f"/accounts/{code}/document")


@ROUTER.post("/reconciliations/{document_id}/change")
def change(desk: AtDesk, document_id: RowId) -> Response:
    """Change date, statement balance or notes."""
    with _on(desk, document_id) as deed:
        currency = lookup.account(deed.uow, deed.row.cash_account_id).currency
        reconcile.change_document(
            deed.uow,
            document_id=document_id,
            reconciliation_date=day_of(desk.text("day")),
            statement_balance=desk.words.minor(desk.text("balance"), currency) if desk.text("balance") else None,
            notes=desk.text("notes"),
            **deed.said,
        )
    return _back(desk, deed.row)


@ROUTER.post("/reconciliations/{document_id}/tick")
def tick(desk: AtDesk, document_id: RowId) -> Response:
    """Tick or untick chosen lines as reconciled, or mark them cleared or not."""
    ids, what = desk.numbers("transaction"), desk.text("what")
    if not ids:
        raise BadRequest("No line is chosen.", cure="Tick the lines first.")
    with _on(desk, document_id) as deed:
        if what in {"clear", "unclear"}:
            reconcile.mark_cleared(
                deed.uow, document_id=document_id, transaction_ids=ids, cleared=what == "clear", **deed.said
            )
        else:
            reconcile.tick(
                deed.uow, document_id=document_id, transaction_ids=ids, reconciled=what != "untick", **deed.said
            )
    return _back(desk, deed.row)


@ROUTER.post("/reconciliations/{document_id}/toggle")
def toggle(desk: AtDesk, document_id: RowId) -> Response:
    """The three bulk buttons, on the lines that fit the filter."""
    what = desk.text("what")
    with _on(desk, document_id) as deed:
        shown = fitting(desk, deed.uow, documents.get(deed.uow, document_id))
        ids = [one for line in shown for one in line.ids]
        buttons = {"cleared": reconcile.toggle_cleared, "processed": reconcile.reconcile_processed}
        use_case = buttons.get(what, reconcile.toggle_reconciled)
        done = use_case(deed.uow, document_id=document_id, transaction_ids=ids, **deed.said)
    desk.say(desk.words("{count} line(s) changed, {skipped} skipped", count=len(done.changed), skipped=done.skipped))
    if done.last_error:
        desk.say(desk.words.say(done.last_error), kind="left")
    return _back(desk, deed.row)


@ROUTER.post("/reconciliations/{document_id}/hold")
def hold(desk: AtDesk, document_id: RowId) -> Response:
    """Put it on hold, or take the hold off."""
    with _on(desk, document_id) as deed:
        use_case = reconcile.hold if deed.row.state == "balanced" else reconcile.remove_hold
        use_case(deed.uow, document_id=document_id, **deed.said)
    return _back(desk, deed.row)


@ROUTER.post("/reconciliations/{document_id}/release")
def close(desk: AtDesk, document_id: RowId) -> Response:
    """Release it: a hold is taken off if the difference is zero, and it is numbered, closed and frozen."""
    with _on(desk, document_id) as deed:
        if deed.row.state == "hold" and not documents.figures(deed.uow, deed.row).difference:
            reconcile.remove_hold(deed.uow, document_id=document_id, **deed.said)
        number = release.release(deed.uow, document_id=document_id, number=desk.text("number") or None, **deed.said)
    desk.say(desk.words("Reconciliation {number} is closed.", number=number))
    return _back(desk, deed.row)


@ROUTER.post("/reconciliations/{document_id}/void")
def void(desk: AtDesk, document_id: RowId) -> Response:
    """Void the latest closed one: its lines are free again."""
    with _on(desk, document_id) as deed:
        release.void_document(deed.uow, document_id=document_id, reason=desk.text("reason"), **deed.said)
    desk.say(desk.words("Reconciliation {number} is voided.", number=deed.row.number))
    return _back(desk, deed.row)


@ROUTER.post("/reconciliations/{document_id}/delete")
def delete(desk: AtDesk, document_id: RowId) -> Response:
    """Delete an open one; its lines are unticked."""
    with _on(desk, document_id) as deed:
        reconcile.delete_document(deed.uow, document_id=document_id, **deed.said)
    desk.say(desk.words("The open reconciliation is deleted."))
    return desk.back("/history")


@ROUTER.post("/reconciliations/{document_id}/adjustment")
def create_adjustment(desk: AtDesk, document_id: RowId) -> Response:
    """Make an unreleased adjustment by hand; a fee is below zero."""
    day = day_of(desk.text("day"))
    with _on(desk, document_id) as deed:
        account = lookup.account(deed.uow, deed.row.cash_account_id)
        adjust.create_adjustment(
            deed.uow,
            account_id=account.id,
            entry_type=desk.text("entry_type"),
            amount=desk.words.minor(desk.text("amount"), account.currency),
            day=day or deed.row.reconciliation_date,
            description=desk.text("description"),
            **deed.said,
        )
    desk.say(desk.words("The adjustment is made; release it, then tick it."))
    return _back(desk, deed.row)


@ROUTER.post("/adjustments")
def release_or_reject(desk: AtDesk) -> Response:
    """Release adjustments, or reject them, as their reader saw them."""
    ids = desk.numbers("adjustment")
    if not ids:
        raise BadRequest("No adjustment is chosen.", cure="Tick the adjustments first.")
    said = desk.who._asdict()
    with desk.change() as uow:
        adjust.check_unchanged(uow, {one: desk.number(f"version-{one}") for one in ids})
        if desk.text("what") == "reject":
            for one in ids:
                adjust.reject_adjustment(uow, adjustment_id=one, reason=desk.text("reason"), **said)
        else:
            adjust.release_adjustments(uow, adjustment_ids=ids, **said)
    rejected = desk.text("what") == "reject"
    desk.say(
        desk.words("{count} adjustment(s) rejected" if rejected else "{count} adjustment(s) released", count=len(ids))
    )
    return desk.back("/")
