"""Decided lines for learning: what people and policies decided, as columns and outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from matcher import engine
from matcher.pipeline.context import Context
from matcher.pipeline.entry_types import EntryTypes
from matcher.pipeline.learning import Decided, Outcome, known_parties, reference_keys
from matcher.pipeline.open_items import line_columns
from matcher.rules.columns import Lines, book_from_items
from recon_core.domain.states import is_policy
from recon_core.ports import UnitOfWork
from recon_core.reports.open_items import lines_by_id
from recon_core.services import lookup

# The newest decisions teach; older habits need not hold any more.
LINES_MAX = 50_000

_DECISIONS = (
    "SELECT dl.statement_line_id, d.id, d.kind, d.decided_by FROM decision d"
    " JOIN decision_line dl ON dl.decision_id = d.id"
    " WHERE d.state = 'applied' AND d.kind <> 'reject' AND d.cash_account_id IN :ids"
    " ORDER BY d.id DESC LIMIT :limit"
)
_TRANSACTIONS = (
    "SELECT dt.decision_id, t.counterparty, t.reference, t.description FROM decision_transaction dt"
    " JOIN book_transaction t ON t.id = dt.book_transaction_id WHERE dt.decision_id IN :ids AND NOT dt.adjusts"
)
_ENTRY_TYPES = (
    "SELECT a.decision_id, e.code FROM adjustment a JOIN entry_type e ON e.id = a.entry_type_id"
    " JOIN decision d ON d.id = a.decision_id WHERE a.decision_id IN :ids AND d.kind = 'adjust'"
)
_PARTIES = "SELECT DISTINCT counterparty FROM book_transaction WHERE counterparty <> ''"


def decided_lines(context: Context, uow: UnitOfWork, *, account_ids: Sequence[int]) -> Decided:
    """The lines of the newest standing decisions on these accounts."""
    rows = uow.select(_DECISIONS, {"ids": list(account_ids), "limit": LINES_MAX})
    by_line = {row.statement_line_id: row for row in reversed(rows)}
    decisions = {"ids": sorted({row.id for row in by_line.values()})}
    used: dict[int, list[Any]] = {}
    for row in uow.select(_TRANSACTIONS, decisions):
        used.setdefault(row.decision_id, []).append(row)
    codes = {row.decision_id: row.code for row in uow.select(_ENTRY_TYPES, decisions)}
    lines = line_columns(uow, lookup.accounts(uow), lines_by_id(uow, sorted(by_line)))
    expected = _expected(context, uow, lines)
    outcomes = []
    for place, line_id in enumerate(map(int, lines.ids)):
        row = by_line[line_id]
        outcomes.append(_outcome(row, used.get(row.id, []), codes.get(row.id, ""), expected[place]))
    parties = known_parties([row.counterparty for row in uow.select(_PARTIES)])
    return Decided(lines, tuple(outcomes), parties)


def _outcome(row: Any, used: Sequence[Any], entry_type: str, expected: str) -> Outcome:
    parties = {one.counterparty for one in used}
    keys = frozenset[str]().union(*(reference_keys(one.reference, one.description) for one in used))
    return Outcome(
        decision=row.id,
        counterparty=parties.pop() if len(parties) == 1 else "",
        keys=keys,
        entry_type=entry_type,
        by_person=not is_policy(row.decided_by),
        expected=expected,
        matched=bool(used),
    )


def _expected(context: Context, uow: UnitOfWork, lines: Lines) -> list[str]:
    """The entry type that is proposed for each line anyway: what the engine calls it if the books have nothing."""
    result = engine.match(lines, book_from_items([]), rules=context.rules)
    kinds = EntryTypes(uow)
    amounts = lines.amount.tolist()
    return [kinds.code(result.category_of(place), amounts[place]) or "" for place in np.arange(len(lines)).tolist()]
