"""The first page: where every account stands and what needs a person."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from matcher.pipeline.overview import account_overviews
from matcher.web import context
from matcher.web.desk import AtDesk
from recon_core.ports import UnitOfWork

ROUTER = APIRouter(include_in_schema=False)
_ROWS_A_PAGE = 50
# The accounts that something may have to be done on, without the figures of their documents.
_WAITING = (
    "SELECT cash_account_id AS id, sum(CASE WHEN state = 'proposed' THEN 1 ELSE 0 END) AS proposed,"
    " sum(CASE WHEN state = 'open' THEN 1 ELSE 0 END) AS unmatched FROM statement_line"
    " WHERE state IN ('open', 'proposed') AND withdrawn_by IS NULL GROUP BY cash_account_id"
)
_UNRELEASED = (
    "SELECT t.cash_account_id AS id, count(*) AS n FROM adjustment a JOIN book_transaction t"
    " ON t.id = a.book_transaction_id WHERE a.state = 'created' GROUP BY t.cash_account_id"
)
_ACCOUNTS = "SELECT id, code, name FROM cash_account WHERE active ORDER BY code"
_DOCUMENTS = "SELECT cash_account_id AS id FROM reconciliation WHERE state IN ('hold', 'balanced')"


@ROUTER.get("/")
def overview(desk: AtDesk) -> Response:
    """A page of accounts, with the figures of all of them above."""
    wanted = {"show": desk.text("show"), "text": desk.text("text")}
    with desk.read() as uow:
        rows = uow.select(_ACCOUNTS)
        waiting = {row.id: row for row in uow.select(_WAITING)}
        unreleased = {row.id: row.n for row in uow.select(_UNRELEASED)}
        busy = set(waiting) | set(unreleased) | {row.id for row in uow.select(_DOCUMENTS)}
        fitting = [row for row in rows if _fits(row, wanted["text"]) and (wanted["show"] == "all" or row.id in busy)]
        pages = context.paging(len(fitting), page=desk.number("page", 1), size=_ROWS_A_PAGE)
        ids = [row.id for row in fitting[max(0, pages.first - 1) : pages.last]]
        shown = account_overviews(uow, ids) if ids else []
        newest = _newest_run(uow)
    return desk.page(
        "accounts.html",
        accounts=[context.account_row(one, desk.words) for one in shown],
        pages=pages,
        wanted=wanted,
        totals={
            "accounts": desk.words.number(len(rows)),
            "busy": desk.words.number(sum(1 for row in rows if row.id in busy)),
            "proposed": desk.words.number(sum(int(row.proposed) for row in waiting.values())),
            "unmatched": desk.words.number(sum(int(row.unmatched) for row in waiting.values())),
            "unreleased": desk.words.number(sum(unreleased.values())),
        },
        newest=newest,
    )


def _fits(row: tuple[int, str, str], text: str) -> bool:
    return text.casefold() in f"{row[1]} {row[2]}".casefold()


def _newest_run(uow: UnitOfWork) -> dict[str, str]:
    rows = uow.select("SELECT id, state, started_at, finished_at FROM night_run ORDER BY id DESC LIMIT 1")
    if not rows:
        return {}
    row = rows[0]
    return {"id": str(row.id), "state": row.state, "at": context.moment(row.finished_at or row.started_at)}
