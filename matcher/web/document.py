"""The reconciliation as a page: its figures, lines, blockers with cures and bridge; and the history of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from matcher.pipeline.difference import explain_difference
from matcher.pipeline.opening import beginning
from matcher.pipeline.reproving import prove
from matcher.web import context
from matcher.web.desk import AtDesk, Desk, RowId
from matcher.web.document_context import (
    attached_row,
    blocker_row,
    bridge_rows,
    causes_view,
    document_view,
    history_row,
    listed_row,
)
from recon_core.domain.account import CashAccount
from recon_core.domain.reconciliation import Document, ListedLine
from recon_core.domain.refusals import BadRequest
from recon_core.ports import UnitOfWork
from recon_core.reports import lists, registers
from recon_core.reports.outstanding import bridge
from recon_core.services import attachments, chains, documents, lookup
from recon_core.services.blockers import blockers

ROUTER = APIRouter(include_in_schema=False)
LINES_A_PAGE = 100
_HISTORY_A_PAGE = 50
_FIELDS = ("show", "text", "from", "to")
_LAST_STATEMENT = (
    "SELECT closing_date, closing_balance FROM statement WHERE cash_account_id = :account AND state = 'accepted'"
    " AND kind = 'statement' AND closing_date IS NOT NULL AND closing_balance IS NOT NULL"
    " ORDER BY closing_date DESC, id DESC LIMIT 1"
)


@ROUTER.get("/accounts/{code}/document")
def current(desk: AtDesk, code: str) -> Response:
    """The account's open reconciliation; without one the last closed one and a form to open the next."""
    with desk.read() as uow:
        account = lookup.account_by_code(uow, code)
        document_id = documents.open_id(uow, account.id)
        if document_id is None:
            last = documents.last_closed(uow, account.id)
            document_id = None if last is None else int(last.id)
        if document_id is None:
            return desk.page(
                "document.html",
                account=_account(account),
                document=None,
                offered=_offered(desk, uow, account),
                beginning=_beginning(desk, uow, account),
            )
        return _page(desk, uow, account, document_id)


@ROUTER.get("/reconciliations/{document_id}")
def show(desk: AtDesk, document_id: RowId) -> Response:
    """Any reconciliation, closed and voided ones as they were."""
    with desk.read() as uow:
        account = lookup.account(uow, documents.row(uow, document_id).cash_account_id)
        return _page(desk, uow, account, document_id)


@ROUTER.get("/reconciliations/{document_id}/verify")
def verify(desk: AtDesk, document_id: RowId) -> Response:
    """The proof of a closed reconciliation, made anew: its files are read and its matches made again."""
    with desk.read() as uow:
        row = documents.row(uow, document_id)
        account = lookup.account(uow, row.cash_account_id)
        checks = prove(desk.context, uow, document_id=document_id)
    return desk.page(
        "verify.html",
        account=_account(account),
        id=document_id,
        number=row.number or "",
        holds=all(one.ok for one in checks),
        checks=[
            {"name": desk.words.code(one.name), "ok": one.ok, "detail": desk.words.say(one.detail)} for one in checks
        ],
    )


def _account(account: CashAccount) -> dict[str, str]:
    return {"code": account.code, "name": account.name, "currency": account.currency}


def _offered(desk: Desk, uow: UnitOfWork, account: CashAccount) -> dict[str, str] | None:
    """Date and balance of the last statement, for the form of a new reconciliation; None while one is open."""
    if documents.open_id(uow, account.id) is not None:
        return None
    rows = uow.select(_LAST_STATEMENT, {"account": account.id})
    if not rows:
        return {"day": "", "balance": ""}
    return {
        "day": rows[0].closing_date.isoformat(),
        "balance": desk.words.amount(rows[0].closing_balance, account.currency),
    }


def _beginning(desk: Desk, uow: UnitOfWork, account: CashAccount) -> dict[str, str] | None:
    """Where the statements let the account begin, while nobody has said it."""
    point = beginning(uow, account.id)
    if point is None:
        return None
    return {"day": point.day.isoformat(), "amount": desk.words.amount(point.balance, account.currency)}


def fitting(desk: Desk, uow: UnitOfWork, document: Document) -> list[ListedLine]:
    """The document's lines that fit the filter of the address or the form. Raises `BadAmount`."""
    show_, text = desk.text("show"), desk.text("text").casefold()
    typed = [desk.text(name) for name in ("from", "to")]
    low, high = (abs(desk.words.minor(one, document.currency)) if one else None for one in typed)

    def fits(line: ListedLine) -> bool:
        kept = {
            "uncleared": not line.cleared,
            "unreleased": bool(line.warning),
            "unticked": not line.reconciled,
            "ticked": line.reconciled,
        }.get(show_, True)
        words = f"{line.external_id} {line.reference} {line.counterparty} {line.description}".casefold()
        size = abs(line.amount)
        return kept and text in words and (low is None or size >= low) and (high is None or size <= high)

    return [line for line in documents.listed(uow, document.id) if fits(line)]


def _page(desk: Desk, uow: UnitOfWork, account: CashAccount, document_id: int) -> Response:
    document = documents.get(uow, document_id)
    lines, pages = _lines(desk, uow, document)
    is_open = document.state in documents.OPEN
    view = document_view(document, desk.words)
    return desk.page(
        "document.html",
        account=_account(account),
        document=view,
        lines=[listed_row(one, account.currency, desk.words) for one in lines],
        pages=pages,
        wanted={name: desk.text(name) for name in _FIELDS},
        blockers=[blocker_row(one, desk.words) for one in blockers(uow, document_id=document_id)] if is_open else [],
        adjustments=_unreleased(desk, uow, account) if is_open else [],
        entry_types=_entry_types(uow) if is_open else [],
        attached=[attached_row(one) for one in attachments.attached(uow, document_id)],
        bridge=_bridge(desk, uow, account, document),
        explained=_explained(desk, uow, account) if is_open and document.figures.difference else None,
        offered=_offered(desk, uow, account),
        beginning=_beginning(desk, uow, account),
    )


def _lines(desk: Desk, uow: UnitOfWork, document: Document) -> tuple[list[ListedLine], context.Paging]:
    """The lines of the page that is asked for. Without a filter only they are read."""
    asked = desk.number("page", 1)
    if not any(desk.text(name) for name in _FIELDS):
        pages = context.paging(documents.count_listed(uow, document.id), page=asked, size=LINES_A_PAGE)
        start = max(0, pages.first - 1)
        return documents.listed(uow, document.id, limit=LINES_A_PAGE, offset=start), pages
    lines = fitting(desk, uow, document)
    pages = context.paging(len(lines), page=asked, size=LINES_A_PAGE)
    return lines[max(0, pages.first - 1) : pages.last], pages


def _entry_types(uow: UnitOfWork) -> list[dict[str, str]]:
    return [{"code": one.code, "name": one.name} for one in lists.entry_types(uow) if one.active]


def _unreleased(desk: Desk, uow: UnitOfWork, account: CashAccount) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "version": one.version,
            "day": one.transaction_date.isoformat(),
            "amount": desk.words.amount(one.amount, account.currency),
            "entry_type": one.entry_type,
            "description": one.description,
            "by": one.created_by,
            "line": one.statement_line_id or 0,
        }
        for one in lists.adjustments(uow, account=account.code, state="created")
    ]


def _bridge(desk: Desk, uow: UnitOfWork, account: CashAccount, document: Document) -> list[dict[str, Any]]:
    day = document.reconciliation_date
    known = chains.bank_balance(uow, account.id, day=day)
    bank = document.figures.statement_balance if known is None else known
    return bridge_rows(bridge(uow, account_id=account.id, day=day, bank_balance=bank), desk.words)


def _explained(desk: Desk, uow: UnitOfWork, account: CashAccount) -> dict[str, Any]:
    return causes_view(explain_difference(desk.context, uow, account_id=account.id), desk.words)


@ROUTER.get("/history")
def history(desk: AtDesk) -> Response:
    """All reconciliations, the latest first."""
    wanted = {name: desk.text(name) for name in ("account", "from", "to")}
    with desk.read() as uow:
        rows: Sequence[registers.HistoryRow] = registers.history(
            uow,
            account=wanted["account"] or None,
            from_date=day_of(wanted["from"]),
            to_date=day_of(wanted["to"]),
        )
    pages = context.paging(len(rows), page=desk.number("page", 1), size=_HISTORY_A_PAGE)
    return desk.page(
        "history.html",
        rows=[history_row(row, desk.words) for row in rows[max(0, pages.first - 1) : pages.last]],
        pages=pages,
        wanted=wanted,
    )


def day_of(text: str) -> date | None:
    """A date as a form sends it, None for nothing. Raises `BadRequest`."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadRequest(f"{text!r} is no date.", cure="Write it like 2026-03-31.") from None
