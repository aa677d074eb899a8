"""What a late or corrected statement touches, and the steps that take it in (design 8.7). Reads only."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from recon_core.domain.identity import line_date
from recon_core.domain.refusals import WrongState
from recon_core.domain.states import StatementState
from recon_core.ports import UnitOfWork
from recon_core.services import held, ledger, lookup


class LineChange(NamedTuple):
    """A bank line that the statement adds (`line_id` None) or takes away. Amount in minor units."""

    line_id: int | None
    day: date
    amount: int
    text: str


class Step(NamedTuple):
    """One step of the draft, in order: what to do (a command of the program) and why."""

    command: str
    why: str


class Touched(NamedTuple):
    """What accepting a held statement would touch. `documents` are (id, number, date), the latest first."""

    statement_id: int
    hold_reason: str
    added: tuple[LineChange, ...]
    removed: tuple[LineChange, ...]
    decision_ids: tuple[int, ...]
    documents: tuple[tuple[int, str, date], ...]
    steps: tuple[Step, ...]


def touched(uow: UnitOfWork, *, statement_id: int) -> Touched:
    """What a held statement touches and the drafted steps to accept it. Raises `Unknown`, `WrongState`."""
    row = lookup.one(uow, "statement", statement_id)
    if row.state != StatementState.HELD:
        raise WrongState(
            f"Statement {statement_id} is {row.state}, not held.",
            cure="See those that are: recon statement list --state held",
        )
    account = lookup.account(uow, row.cash_account_id)
    incoming = held.incoming_of(uow, account, row)
    plan = ledger.plan(uow, incoming, accept=True)
    added = []
    for position in plan.new:
        line = incoming.booked[position]
        day = line_date(line)
        assert day is not None
        added.append(LineChange(None, day, line.amount, line.remittance or line.bank_reference or ""))
    removed = [
        LineChange(one.id, one.booking_date, one.amount, one.remittance or one.bank_reference or "")
        for one in lookup.many(uow, "statement_line", list(plan.withdrawn), "*").values()
    ]
    decisions = uow.select(
        "SELECT DISTINCT d.id FROM decision d JOIN decision_line l ON l.decision_id = d.id"
        " WHERE l.statement_line_id IN :ids AND d.state = 'applied' ORDER BY d.id",
        {"ids": [one.line_id for one in removed]},
    )
    first = min((one.day for one in (*added, *removed)), default=None)
    documents = [] if first is None else _closed_since(uow, account.id, first)
    ids = tuple(one.id for one in decisions)
    steps = _steps(account.code, statement_id, row.hold_reason, ids, documents)
    return Touched(statement_id, row.hold_reason, tuple(added), tuple(removed), ids, tuple(documents), tuple(steps))


def _closed_since(uow: UnitOfWork, account_id: int, day: date) -> list[tuple[int, str, date]]:
    rows = uow.select(
        "SELECT id, number, reconciliation_date FROM reconciliation WHERE cash_account_id = :account"
        " AND state = 'closed' AND reconciliation_date >= :day ORDER BY reconciliation_date DESC",
        {"account": account_id, "day": day},
    )
    return [(row.id, row.number, row.reconciliation_date) for row in rows]


def _steps(
    code: str, statement_id: int, hold_reason: str, decisions: tuple[int, ...], documents: list[tuple[int, str, date]]
) -> list[Step]:
    steps = [
        Step(f"recon reconcile void {code} --number {number}", "Documents are voided from the latest backwards.")
        for _, number, _ in documents
    ]
    steps += [Step(f"recon undo {one}", "It uses a line that the correction takes away.") for one in decisions]
    decision = "contiguous" if hold_reason == ledger.AMBIGUOUS else "accept"
    steps.append(Step(f"recon statement {decision} {statement_id}", "The statement takes part from here on."))
    if documents or decisions:
        steps.append(Step(f"recon review {code} --fresh", "Match what is new, and adjust what only the bank has."))
    steps += [
        Step(f"recon reconcile open {code} --date {day}", "Do the documents again, from the earliest on.")
        for _, _, day in reversed(documents)
    ]
    return steps
