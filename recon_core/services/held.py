"""Statements that a person must look at: kept beside the ledger, decided later, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from recon_core.domain.account import CashAccount
from recon_core.domain.delivery import Relation
from recon_core.domain.identity import line_keys
from recon_core.domain.refusals import BadRequest, Closed, WrongState
from recon_core.domain.statement import StatementHeader
from recon_core.domain.states import StatementState
from recon_core.ports import Action, UnitOfWork
from recon_core.services import advice, ledger, line_rows, lookup

_AMBIGUOUS = (
    "SELECT * FROM statement WHERE cash_account_id = :account AND state = 'held' AND hold_reason = :reason"
    " ORDER BY content_sha256"
)
_REASON = {"reason": ledger.AMBIGUOUS}
_HEADER = {"version": "format_version", "statement_id": "bank_statement_id"}


def foresee(uow: UnitOfWork, accounts: Sequence[int]) -> None:
    """Ask together for the statements that `retry` looks at again."""
    lookup.foresee(uow, _AMBIGUOUS, accounts, _REASON)


def waits(uow: UnitOfWork, account_id: int) -> bool:
    """Whether a statement of the account waits for a newer one to tell its place."""
    return bool(uow.known(_AMBIGUOUS, {"account": account_id, **_REASON}))


def incoming_of(uow: UnitOfWork, account: CashAccount, row: Any) -> ledger.Incoming:
    """A held statement as it came in."""
    content = uow.select(
        "SELECT line_content FROM advice_line WHERE statement_id = :id AND kind = 'held' ORDER BY line_index",
        {"id": row.id},
    )
    booked = [line_rows.from_content(one.line_content) for one in content]
    names = [name for name in StatementHeader._fields if hasattr(row, _HEADER.get(name, name))]
    values = {name: getattr(row, _HEADER.get(name, name)) for name in names}
    values |= {"statement_id": row.bank_statement_id or None, "balanced": None}
    keys = line_keys(booked, statement_format=row.format)
    header = StatementHeader(**values)
    return ledger.Incoming(header, account, row.source_file_id, booked, keys, row.statement_key, row.content_sha256)


def _accept(uow: UnitOfWork, act: Action, incoming: ledger.Incoming, made: ledger.Plan, row: Any) -> None:
    ledger.store(act, incoming, made, row.id)
    _drop(uow, act, row.id)
    values = {
        "state": StatementState.ACCEPTED.value,
        "hold_reason": "",
        "automatic": ledger.may_be_automatic(row.balanced, json.loads(row.flags)),
        "new_count": len(made.new),
        "new_total": sum(incoming.booked[position].amount for position in made.new),
        "supersedes_id": made.supersedes,
        "revision": made.revision,
    }
    act.update("statement", [row.id], values)
    advice.connect(uow, act, incoming.account, incoming.booked)


def _drop(uow: UnitOfWork, act: Action, statement_id: int) -> None:
    sql = "SELECT id FROM advice_line WHERE statement_id = :id AND kind = 'held'"
    act.delete("advice_line", [one.id for one in uow.select(sql, {"id": statement_id})])


def retry(uow: UnitOfWork, account: CashAccount, *, by: str, at: datetime) -> None:
    """Look again at statements whose place among the deliveries could not be told; a newer one may tell it."""
    again = True
    while again:
        again = False
        for row in uow.known(_AMBIGUOUS, {"account": account.id, **_REASON}):
            incoming = incoming_of(uow, account, row)
            made = ledger.plan(uow, incoming)
            if made.hold_reason:
                continue
            subject = ("statement", row.id)
            with uow.action("statement.placed", subject=subject, account_id=account.id, by=by, at=at) as act:
                _accept(uow, act, incoming, made, row)
            again = True


def decide_held(uow: UnitOfWork, *, statement_id: int, decision: str, reason: str = "", by: str, at: datetime) -> None:
    """A person's word on a held statement.

    "accept": it counts as it is, also as a correction or late arrival; "cumulative" or "contiguous": how it lies to
    the deliveries with equal lines; "refuse": it does not count. Raises `WrongState`, `Closed` where a corrected
    statement takes away a line that is used.
    """
    row = lookup.one(uow, "statement", statement_id)
    account = lookup.locked_account(uow, row.cash_account_id)
    row = lookup.one(uow, "statement", statement_id)
    if row.state != StatementState.HELD:
        raise WrongState(
            f"Statement {statement_id} is {row.state}, not held.",
            cure="See those that are: recon statement list --state held",
        )
    takes = {"accept": None, "cumulative": Relation.OVER, "contiguous": Relation.APART}
    subject = ("statement", statement_id)
    if decision == "refuse":
        with uow.action("statement.refuse", subject=subject, account_id=account.id, by=by, at=at, reason=reason) as act:
            act.update("statement", [statement_id], {"state": StatementState.REFUSED.value})
        return
    if decision not in takes:
        raise BadRequest(f"{decision!r} is no decision.", cure="Use accept, cumulative, contiguous or refuse.")
    incoming = incoming_of(uow, account, row)
    made = ledger.plan(uow, incoming, take=takes[decision], accept=True)
    if made.hold_reason:
        raise WrongState(
            f"Statement {statement_id} can't be accepted: {made.hold_reason}.",
            cure=f"Say how it lies to the others: recon statement cumulative {statement_id}, or contiguous {statement_id}",
        )
    _check_unused(uow, made.withdrawn)
    with uow.action("statement.accept", subject=subject, account_id=account.id, by=by, at=at, reason=reason) as act:
        _accept(uow, act, incoming, made, row)
    retry(uow, account, by=by, at=at)


def _check_unused(uow: UnitOfWork, line_ids: tuple[int, ...]) -> None:
    """A line that a correction takes away must not be used by a standing decision."""
    used = uow.select(
        "SELECT l.id, d.id AS decision_id, r.number FROM statement_line l"
        " JOIN decision_line dl ON dl.statement_line_id = l.id JOIN decision d ON d.id = dl.decision_id"
        " LEFT JOIN decision_transaction dt ON dt.decision_id = d.id"
        " LEFT JOIN book_transaction t ON t.id = dt.book_transaction_id"
        " LEFT JOIN reconciliation r ON r.id = t.reconciliation_id AND r.state = 'closed'"
        " WHERE l.id IN :ids AND d.state = 'applied' ORDER BY r.number DESC",
        {"ids": list(line_ids)},
    )
    for row in used:
        if row.number is not None:
            raise Closed(
                f"Bank line {row.id}, which the correction takes away, is in the closed reconciliation {row.number}.",
                cure="Void the reconciliations from the latest back to that one, undo the match, then accept: recon statement touches"
                " STATEMENT lists the steps.",
            )
    if used:
        raise WrongState(
            f"Bank line {used[0].id}, which the correction takes away, is used by decision {used[0].decision_id}.",
            cure=f"Undo that decision, then accept: recon undo {used[0].decision_id}",
        )
