"""The same reads for programs: JSON under `/api`, described by `/api/openapi.json`. Amounts are decimal text.

Nothing is changed here. Where people sign in, a program sends its token: `Authorization: Bearer TOKEN`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from matcher.ops.summary_text import as_json
from matcher.pipeline import reviewing
from matcher.pipeline.night.morning import morning
from matcher.pipeline.overview import AccountOverview, account_overviews
from matcher.proposal import ProposalFilter
from matcher.web.desk import AtDesk, RowId
from matcher.web.runs import known_run
from recon_core.domain.money import to_text
from recon_core.services import lookup

ROUTER = APIRouter(prefix="/api", tags=["reads"])
_PPM = 1_000_000
Limit = Annotated[int, Query(ge=1, le=1_000)]
Offset = Annotated[int, Query(ge=0, lt=2**62)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where an account stands. `difference` is that of its open reconciliation, else of the last closed one."""

    code: str
    name: str
    currency: str
    policy: str
    lines: int
    cleared: int
    proposed: int
    unmatched: int
    unreleased: int
    document_state: str
    document_number: str
    document_date: date | None
    difference: str | None
    needs: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An open bank line and the engine's word. `choices` are external ids of book transactions, best first."""

    id: int
    day: date
    amount: str
    currency: str
    counterparty: str
    text: str
    verdict: str
    category: str
    rule: str
    score: float
    choices: list[list[str]]
    evidence: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """A part of an account's open lines; `total` counts all."""

    total: int
    lines: list[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of the nightly work and how far it is."""

    id: int
    state: str
    inbox: str
    started_at: datetime
    started_by: str
    finished_at: datetime | None
    jobs: int
    jobs_done: int


def _account(one: AccountOverview) -> Account:
    return Account(
        code=one.code,
        name=one.name,
        currency=one.currency,
        policy=one.policy,
        lines=one.lines,
        cleared=one.cleared,
        proposed=one.proposed,
        unmatched=one.unmatched,
        unreleased=one.unreleased,
        document_state=one.document_state,
        document_number=one.number,
        document_date=one.reconciliation_date,
        difference=None if one.difference is None else to_text(one.difference, one.currency),
        needs=list(one.needs),
    )


@ROUTER.get("/accounts")
def accounts(desk: AtDesk, limit: Limit = 100, offset: Offset = 0) -> list[Account]:
    """Where accounts stand and what needs a person, by code."""
    with desk.read() as uow:
        ids = [one.id for one in lookup.accounts(uow)[offset : offset + limit]]
        return [_account(one) for one in account_overviews(uow, ids)]


@ROUTER.get("/accounts/{code}/lines")
def lines(desk: AtDesk, code: str, limit: Limit = 100, offset: Offset = 0) -> Lines:
    """The open lines of an account with what is proposed, by day."""
    with desk.read() as uow:
        account = lookup.account_by_code(uow, code)
        wanted = ProposalFilter(limit=limit, offset=offset)
        total = desk.context.opinions.count_open(uow, account_ids=[account.id], wanted=wanted)
        found = reviewing.review(desk.context, uow, accounts=[account.id], wanted=wanted)
    return Lines(
        total=total,
        lines=[
            Line(
                id=one.line_id,
                day=one.booking_date,
                amount=to_text(one.amount, one.currency),
                currency=one.currency,
                counterparty=one.counterparty,
                text=one.text,
                verdict=one.verdict.value,
                category=one.category,
                rule=one.rule,
                score=one.score_ppm / _PPM,
                choices=[[book.external_id for book in choice.transactions] for choice in one.choices],
                evidence=[reason.says for reason in one.evidence],
            )
            for one in found
        ],
    )


@ROUTER.get("/runs")
def runs(desk: AtDesk, limit: Limit = 20) -> list[Run]:
    """The newest runs."""
    store = desk.night.store
    with desk.read() as uow:
        found = store.latest_runs(uow, limit=limit)
        progress = store.progress(uow, run_ids=[run.id for run in found])
    return [
        Run(
            id=run.id,
            state=run.state,
            inbox=run.inbox,
            started_at=run.started_at,
            started_by=run.started_by,
            finished_at=run.finished_at,
            jobs=progress[run.id].jobs if run.id in progress else 0,
            jobs_done=progress[run.id].done if run.id in progress else 0,
        )
        for run in found
    ]


@ROUTER.get("/runs/{run_id}/summary")
def summary(desk: AtDesk, run_id: RowId) -> dict[str, object]:
    """The morning summary, as `recon runs show --json` prints it."""
    night = desk.night
    known_run(desk, night, run_id)
    found: dict[str, object] = json.loads(as_json(morning(night, run_id)))
    return found
