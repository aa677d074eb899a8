"""Closed reconciliations as cases: the open items as they stood in each period, and what was decided about its lines.

The period of a document runs from the day after its predecessor's date to its own. Its book transactions are those that
no earlier document had closed, dated up to its end, and those that its lines were matched with; what adjustments made
did not exist yet. Documents of different accounts with the same place in their chains are put together in one case, so
that many accounts cost few engine runs. Learned rules are left out: they were learned from this very past.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from matcher.pipeline.open_items import assemble, engine_names, whole
from matcher.pipeline.truth import Case, Truth
from recon_core.domain.account import CashAccount
from recon_core.domain.states import DecisionKind, is_policy
from recon_core.ports import UnitOfWork
from recon_core.reports.open_items import Columns, lines_by_id, transactions_by_id

_DOCUMENTS = (
    "SELECT r.id, r.cash_account_id, r.reconciliation_date, r.released_by, p.reconciliation_date AS opening_date"
    " FROM reconciliation r LEFT JOIN reconciliation p ON p.id = r.predecessor_id"
    " WHERE r.cash_account_id IN :ids AND r.state = 'closed' ORDER BY r.cash_account_id, r.reconciliation_date"
)
_LINES = (
    "SELECT id FROM statement_line WHERE cash_account_id = :account AND withdrawn_by IS NULL"
    " AND booking_date > :after AND booking_date <= :through ORDER BY id"
)
_DECIDED = (
    "SELECT dl.statement_line_id, d.id, d.kind, d.decided_by FROM decision d JOIN decision_line dl ON dl.decision_id = d.id"
    " WHERE d.state = 'applied' AND d.kind <> 'reject' AND dl.statement_line_id IN :ids ORDER BY d.id"
)
_USED = "SELECT decision_id, book_transaction_id, amount FROM decision_transaction WHERE decision_id IN :ids AND NOT adjusts"
_STOOD_OPEN = (
    "SELECT t.id FROM book_transaction t LEFT JOIN reconciliation r ON r.id = t.reconciliation_id AND r.state = 'closed'"
    " WHERE t.cash_account_id = :account AND t.transaction_date <= :through AND t.status = 'released'"
    " AND t.kind NOT IN ('adjustment', 'void') AND (r.id IS NULL OR r.reconciliation_date > :after)"
    " AND NOT EXISTS (SELECT 1 FROM book_transaction v WHERE v.voids_id = t.id"
    # Said twice so that the index of standing voids can serve.
    " AND v.status <> 'rejected' AND v.status = 'released')"
)


class Past(NamedTuple):
    """Cases, and how many known lines a person decided, and how many a policy."""

    cases: tuple[Case, ...]
    by_people: int
    by_policies: int


class _Period(NamedTuple):
    account: CashAccount
    after: date
    through: date


def closed_cases(uow: UnitOfWork, accounts: Sequence[CashAccount], *, trust_policies: bool) -> Past:
    """The closed documents of these accounts as cases, oldest first.

    A line is known where its decision stands: a match by its transactions, an adjusted or ignored one by having none.
    Lines that a policy matched are known only with `trust_policies`: the engine agrees with itself, so they prove
    nothing about its errors, but they show what other rules would change.
    """
    people = policies = 0
    cases = []
    for periods in _rounds(uow, accounts):
        case, of_people, of_policies = _case(uow, periods, trust_policies=trust_policies)
        people, policies = people + of_people, policies + of_policies
        if case.truth:
            cases.append(case)
    return Past(tuple(cases), people, policies)


def _rounds(uow: UnitOfWork, accounts: Sequence[CashAccount]) -> Iterator[list[_Period]]:
    """The n-th documents of all accounts together, for each n."""
    by_id = {account.id: account for account in accounts}
    chains: dict[int, list[_Period]] = {}
    for row in uow.select(_DOCUMENTS, {"ids": list(by_id)}):
        after = row.opening_date or date.min
        chains.setdefault(row.cash_account_id, []).append(
            _Period(by_id[row.cash_account_id], after, row.reconciliation_date)
        )
    for place in range(max(map(len, chains.values()), default=0)):
        yield [chain[place] for chain in chains.values() if place < len(chain)]


def _case(uow: UnitOfWork, periods: Sequence[_Period], *, trust_policies: bool) -> tuple[Case, int, int]:
    lines: list[Columns] = []
    transactions: list[Columns] = []
    truth: dict[str, Truth] = {}
    people = policies = 0
    for period in periods:
        scope = {"account": period.account.id, "after": period.after, "through": period.through}
        line_ids = [row.id for row in uow.select(_LINES, scope)]
        decided = {row.statement_line_id: row for row in uow.select(_DECIDED, {"ids": line_ids})}
        used: dict[int, list[int]] = {}
        for row in uow.select(_USED, {"ids": sorted({one.id for one in decided.values()})}):
            used.setdefault(row.decision_id, []).append(row.book_transaction_id)
        ids = {row.id for row in uow.select(_STOOD_OPEN, scope)} | {one for found in used.values() for one in found}
        stored, heads = whole(uow, transactions_by_id(uow, sorted(ids)))
        for line_id, decision in decided.items():
            automatic = is_policy(decision.decided_by)
            people, policies = people + (not automatic), policies + automatic
            if trust_policies or not automatic:
                truth[str(line_id)] = _truth(decision, {heads[one] for one in used.get(decision.id, [])})
        lines.append(lines_by_id(uow, line_ids))
        transactions.append(stored)
    accounts = [period.account for period in periods]
    items = assemble(uow, accounts, _stacked(lines), _stacked(transactions))
    named = engine_names(uow, accounts)
    names = {named[account.id]: account.code for account in accounts}
    return Case(items.lines, items.book, truth, names), people, policies


def _truth(decision: Any, used: set[int]) -> Truth:
    if decision.kind == DecisionKind.MATCH:
        return Truth((frozenset(map(str, used)),))
    return Truth(())


def _stacked(parts: Sequence[Columns]) -> Columns:
    return {name: [value for part in parts for value in part[name]] for name in parts[0]}
