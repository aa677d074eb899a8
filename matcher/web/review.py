"""An account's open bank lines with the proposals: the list with its filters, and the bulk."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from matcher.pipeline import deciding, reviewing
from matcher.pipeline.decisions import decisions
from matcher.pipeline.matching import match_accounts
from matcher.pipeline.overview import account_overviews
from matcher.proposal import MatchStatus, ProposalFilter, ProposalOrder
from matcher.web import context
from matcher.web.desk import AtDesk, Desk, whole
from matcher.web.review_context import decision_row, line_row, pending_row
from recon_core.domain.account import CashAccount
from recon_core.domain.refusals import Conflict
from recon_core.ports import UnitOfWork
from recon_core.reports.outstanding import pending
from recon_core.services import lookup

ROUTER = APIRouter(include_in_schema=False)
LINES_A_PAGE = 50
_DECISIONS_SHOWN = 100
_DECISIONS_MAX = 3_200
_PERCENT_PPM = 10_000
_FIELDS = ("only", "rule", "score", "text", "from", "to", "order")
_VERDICTS: dict[str, tuple[MatchStatus, ...]] = {
    "proposed": (MatchStatus.PROPOSED, MatchStatus.CLEARED),
    "unmatched": (MatchStatus.UNMATCHED,),
}


def filter_of(desk: Desk, currency: str) -> tuple[ProposalFilter, dict[str, str]]:
    """The filter of the address or the form, and its fields as they were typed. Raises `BadAmount`."""
    typed = {name: desk.text(name) for name in _FIELDS}
    bounds = [abs(desk.words.minor(typed[name], currency)) if typed[name] else None for name in ("from", "to")]
    order = typed["order"] if typed["order"] in set(ProposalOrder) else ProposalOrder.DAY
    wanted = ProposalFilter(
        rule=typed["rule"],
        score_ppm_min=min(whole(typed["score"]), 100) * _PERCENT_PPM,
        verdicts=_VERDICTS.get(typed["only"], ()),
        text=typed["text"],
        amount_min=bounds[0],
        amount_max=bounds[1],
        order=ProposalOrder(order),
    )
    return wanted, typed


@ROUTER.get("/accounts/{code}")
def lines(desk: AtDesk, code: str) -> Response:
    """A page of the open lines that fit the filter."""
    with desk.read() as uow:
        account = lookup.account_by_code(uow, code)
        wanted, typed = filter_of(desk, account.currency)
        total = desk.context.opinions.count_open(uow, account_ids=[account.id], wanted=wanted)
        pages = context.paging(total, page=desk.number("page", 1), size=LINES_A_PAGE)
        part = wanted._replace(limit=LINES_A_PAGE, offset=(pages.page - 1) * LINES_A_PAGE)
        shown = reviewing.review(desk.context, uow, accounts=[account.id], wanted=part)
        values: dict[str, Any] = {
            "account": context.account_row(account_overviews(uow, [account.id])[0], desk.words),
            "waiting": reviewing.not_matched_yet(uow, accounts=[account.id]),
            "rules": _rules(uow, account),
            "pending": [pending_row(one, account.currency, desk.words) for one in pending(uow, account_id=account.id)],
        }
    return desk.page(
        "review.html",
        lines=[line_row(one, desk.words) for one in shown],
        pages=pages,
        wanted=typed,
        filtered=any(typed[name] for name in _FIELDS if name not in {"order", "only"}),
        **values,
    )


def _rules(uow: UnitOfWork, account: CashAccount) -> list[str]:
    sql = "SELECT DISTINCT rule FROM proposal WHERE cash_account_id = :id AND proposal_state = 'open' AND rule <> ''"
    return [row.rule for row in uow.select(f"{sql} ORDER BY rule", {"id": account.id})]


@ROUTER.get("/accounts/{code}/next")
def following(desk: AtDesk, code: str) -> Response:
    """The open line after one, by day; the list where there is none."""
    with desk.read() as uow:
        account = lookup.account_by_code(uow, code)
        before = lookup.one(uow, "statement_line", desk.number("after"))
        wanted = ProposalFilter(after=(before.booking_date, before.id), limit=1)
        found = desk.context.opinions.open_proposals(uow, account_ids=[account.id], wanted=wanted)
    address = f"/lines/{found[0].line_id}" if found else f"/accounts/{code}"
    return RedirectResponse(address, status_code=303)


@ROUTER.post("/accounts/{code}/match")
def match_again(desk: AtDesk, code: str) -> Response:
    """Match the account anew: lines that came or were opened again get the engine's word."""
    with desk.read() as uow:
        account = lookup.account_by_code(uow, code)
    match_accounts(desk.context, [account.id])
    desk.say(desk.words("Account {code} was matched again.", code=code))
    return desk.back(f"/accounts/{code}")


@ROUTER.get("/accounts/{code}/bulk")
def preview(desk: AtDesk, code: str) -> Response:
    """What a bulk would accept: all proposals that fit the filter and have no rival."""
    with desk.read() as uow:
        account = lookup.account_by_code(uow, code)
        wanted, typed = filter_of(desk, account.currency)
        bulk = deciding.preview(desk.context, uow, accounts=[account.id], wanted=wanted)
    pages = context.paging(len(bulk.lines), page=desk.number("page", 1), size=LINES_A_PAGE)
    shown = bulk.lines[max(0, pages.first - 1) : pages.last]
    total = sum(abs(one.amount) for one in bulk.lines)
    return desk.page(
        "bulk.html",
        code=code,
        lines=[line_row(one, desk.words) for one in shown],
        pages=pages,
        wanted=typed,
        token=bulk.token,
        rivals=bulk.rivals,
        total=desk.words.amount(total, account.currency),
        currency=account.currency,
    )


@ROUTER.post("/accounts/{code}/bulk")
def accept_bulk(desk: AtDesk, code: str) -> Response:
    """Accept what the preview with this token showed."""
    with desk.read() as uow:
        account = lookup.account_by_code(uow, code)
        wanted, _ = filter_of(desk, account.currency)
    done = deciding.accept_all(desk.context, accounts=[account.id], wanted=wanted, token=desk.text("token"))
    say_decided(desk, done, "{count} line(s) accepted")
    return desk.back(f"/accounts/{code}")


def say_decided(desk: Desk, done: deciding.Decided, english: str) -> None:
    """Say what was decided, with the way back, and what was left and why."""
    desk.say(desk.words(english, count=len(done.line_ids)), undo=done.batch_id)
    for one in done.left[:5]:
        reason = desk.words.say(one.reason)
        desk.say(desk.words("Line {line} was left: {reason}", line=one.line_id, reason=reason), kind="left")
    if len(done.left) > 5:
        desk.say(desk.words("{count} more were left.", count=len(done.left) - 5), kind="left")


@ROUTER.get("/accounts/{code}/decisions")
def decided(desk: AtDesk, code: str) -> Response:
    """Who decided what, the newest first; `limit` of them."""
    undone, limit = desk.text("undone") == "yes", min(desk.number("limit", _DECISIONS_SHOWN), _DECISIONS_MAX)
    with desk.read() as uow:
        account = lookup.account_by_code(uow, code)
        found = decisions(uow, account_ids=[account.id], undone=undone, bulks=True, limit=limit)
    return desk.page(
        "decisions.html",
        code=code,
        decisions=[decision_row(one, desk.words) for one in found],
        undone=undone,
        more={"undone": "yes" if undone else "", "limit": limit * 2} if len(found) == limit < _DECISIONS_MAX else None,
    )


def told(uow: UnitOfWork, line_ids: list[int]) -> Conflict | None:
    """Who decided on one of these lines, where somebody did: what the second person has to know."""
    for line_id in line_ids:
        found: list[Any] = decisions(uow, line_ids=[line_id], limit=1)
        if found and found[0].kind != "reject":
            one = found[0]
            with_what = f" with {', '.join(one.transactions)}" if one.transactions else ""
            return Conflict(
                f"{one.decided_by} has decided on bank line {line_id} already, at {context.moment(one.decided_at)}:"
                f" {one.kind}{with_what}.",
                cure="Nothing of yours was done. Look again, and undo that decision if it is wrong.",
            )
    return None
