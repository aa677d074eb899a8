"""One bank line: all its choices and why, and every deed on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import APIRouter
from starlette.responses import Response

from matcher.pipeline import deciding, reviewing
from matcher.pipeline.decisions import decisions
from matcher.pipeline.returns import void_given_back
from matcher.pipeline.why_stored import why_stored
from matcher.proposal import ProposalFilter
from matcher.web.desk import AtDesk, Desk, RowId
from matcher.web.document import day_of
from matcher.web.review import say_decided, told
from matcher.web.review_context import book_row, decision_row, fact_rows, line_row, why_view
from recon_core.domain.matching import Match, Rest
from recon_core.domain.refusals import AmountUsed, BadRequest, Unknown, WrongState
from recon_core.reports import lists
from recon_core.services import clearing, lookup

ROUTER = APIRouter(include_in_schema=False)
_CANDIDATES = 15
_DECISIONS_MAX = 20


@ROUTER.get("/lines/{line_id}")
def show(desk: AtDesk, line_id: RowId) -> Response:
    """The line, what is proposed for it, what else could explain it, and what was decided."""
    find = desk.text("find")
    with desk.read() as uow:
        row = lookup.one(uow, "statement_line", line_id)
        account = lookup.account(uow, row.cash_account_id)
        wanted = ProposalFilter(line_ids=(line_id,))
        found = reviewing.review(desk.context, uow, accounts=[account.id], wanted=wanted)
        is_open = row.state in {"open", "proposed"} and row.withdrawn_by is None
        left = row.amount - row.used_amount
        near = (
            reviewing.open_book(uow, account_id=account.id, near=left, text=find, limit=_CANDIDATES) if is_open else []
        )
        made = decisions(uow, line_ids=[line_id], undone=True, bulks=True, limit=_DECISIONS_MAX)
        kinds = lists.entry_types(uow)
    return desk.page(
        "line.html",
        code=account.code,
        account_name=account.name,
        id=line_id,
        amount=desk.words.amount(row.amount, row.currency),
        currency=row.currency,
        state=row.state,
        state_text=desk.words.code(row.state),
        open=is_open,
        facts=fact_rows(row, desk.words),
        line=line_row(found[0], desk.words) if found else None,
        near=[book_row(one, row.currency, desk.words) for one in near],
        find=find,
        decisions=[decision_row(one, desk.words) for one in made],
        entry_types=[{"code": one.code, "name": one.name} for one in kinds if one.active],
        then=f"/accounts/{account.code}/next?after={line_id}",
    )


@ROUTER.get("/lines/{line_id}/why")
def why(desk: AtDesk, line_id: RowId) -> Response:
    """What speaks for and against, asked of the engine among today's open items."""
    with desk.read() as uow:
        row = lookup.one(uow, "statement_line", line_id)
        account = lookup.account(uow, row.cash_account_id)
        found = why_stored(desk.context, uow, line_id=line_id, transaction=desk.text("with"))
    return desk.page(
        "why.html",
        id=line_id,
        code=account.code,
        amount=desk.words.amount(row.amount, row.currency),
        currency=row.currency,
        why=why_view(found, desk.words),
        asked=desk.text("with"),
    )


@contextmanager
def _first_come(desk: Desk, line_ids: list[int]) -> Iterator[None]:
    """Tell the second person what the first one did, where that is why nothing can be done."""
    if not line_ids:
        raise BadRequest("No bank line is chosen.", cure="Tick the lines first.")
    try:
        yield
    except (AmountUsed, Unknown, WrongState) as refused:
        with desk.read() as uow:
            conflict = told(uow, line_ids)
        if conflict is not None:
            raise conflict from refused
        raise


@ROUTER.post("/lines/accept")
def accept(desk: AtDesk) -> Response:
    """Accept what is proposed for these lines."""
    chosen = desk.numbers("line")
    with _first_come(desk, chosen):
        done = deciding.accept(
            desk.context,
            line_ids=chosen,
            choice=desk.number("choice", 1),
            entry_type=desk.text("entry_type"),
            partial=desk.text("partial") == "yes",
            seen=desk.numbers("seen"),
        )
    say_decided(desk, done, "{count} line(s) accepted")
    return desk.back("/")


@ROUTER.post("/lines/reject")
def reject(desk: AtDesk) -> Response:
    """Say that a choice is wrong."""
    chosen = desk.numbers("line")
    with _first_come(desk, chosen):
        done = deciding.reject(
            desk.context,
            line_ids=chosen,
            choice=desk.number("choice", 1),
            every=desk.text("every") == "yes",
            reason=desk.text("reason"),
            seen=desk.numbers("seen"),
        )
    say_decided(desk, done, "{count} line(s) rejected")
    return desk.back("/")


@ROUTER.post("/lines/ignore")
def ignore(desk: AtDesk) -> Response:
    """Set lines aside for a reason."""
    chosen = desk.numbers("line")
    with _first_come(desk, chosen):
        done = deciding.ignore(desk.context, line_ids=chosen, reason=desk.text("reason"))
    say_decided(desk, done, "{count} line(s) ignored")
    return desk.back("/")


@ROUTER.post("/lines/adjust")
def adjust(desk: AtDesk) -> Response:
    """Explain lines that only the bank has by adjustments."""
    chosen = desk.numbers("line")
    with _first_come(desk, chosen):
        done = deciding.adjust(
            desk.context,
            line_ids=chosen,
            entry_type=desk.text("entry_type"),
            description=desk.text("description"),
        )
    say_decided(desk, done, "{count} line(s) adjusted")
    return desk.back("/")


@ROUTER.post("/lines/returned")
def returned(desk: AtDesk) -> Response:
    """Void the payment that a line gives back."""
    chosen = desk.numbers("line")
    with _first_come(desk, chosen):
        name, _ = void_given_back(
            desk.context, line_id=chosen[0], transaction=desk.text("transaction"), reason=desk.text("reason")
        )
    desk.say(desk.words("{name} is voided and its voiding entry matched with the line.", name=name))
    return desk.back("/")


@ROUTER.post("/lines/pair")
def pair(desk: AtDesk) -> Response:
    """Match a line with transactions by hand; what is left over may become an adjustment."""
    line_ids, rest = desk.numbers("line"), desk.text("rest")
    match = Match(
        tuple(line_ids),
        tuple(desk.numbers("transaction")),
        rest=Rest(rest, desk.text("description")) if rest else None,
        evidence=desk.text("reason"),
    )
    with _first_come(desk, line_ids):
        by, at = desk.who
        with desk.change() as uow:
            done = clearing.apply_matches(uow, matches=[match], label="paired by hand", by=by, at=at)
            desk.context.opinions.mark_decided(uow, line_ids=line_ids)
    desk.say(desk.words("{count} line(s) paired by hand", count=len(line_ids)), undo=done.batch_id)
    return desk.back("/")


@ROUTER.post("/decisions/undo")
def undo(desk: AtDesk) -> Response:
    """Take a decision back, or the bulk that it came in."""
    batch = desk.number("batch")
    undone = deciding.undo(
        desk.context,
        decision_ids=desk.numbers("decision") if not batch else (),
        batch_id=batch or None,
        reason=desk.text("reason"),
        reverse_on=day_of(desk.text("reverse_on")),
    )
    desk.say(
        desk.words(
            "{count} decision(s) undone; {lines} line(s) are open again",
            count=len(undone.decision_ids),
            lines=len(undone.line_ids),
        )
    )
    if undone.document_ids:
        desk.say(desk.words("An open reconciliation lost its tick and is on hold now."), kind="left")
    return desk.back("/")
