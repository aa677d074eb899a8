"""Which decisions stand and which were undone, with their lines and transactions: what there is to undo."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from recon_core.domain.states import DecisionState
from recon_core.ports import UnitOfWork


class DecisionView(NamedTuple):
    """A decision: its bulk, what it says, who made it, and the bank lines and book transactions that it is about.

    Amounts are in minor units: of the lines, of the transactions, and what was adjusted. `undone_by` is "" while it
    stands. `reason` is why it was undone, or why a line was ignored. `in_bulk` is how many decisions of its bulk stand,
    0 where nobody asked.
    """

    id: int
    batch_id: int
    account: str
    currency: str
    kind: str
    state: str
    decided_by: str
    decided_at: datetime
    label: str
    line_ids: tuple[int, ...]
    transactions: tuple[str, ...]
    line_total: int
    book_total: int
    adjustment_total: int
    undone_by: str
    reason: str
    in_bulk: int


_DECISIONS = (
    "SELECT d.id, d.decision_batch_id, a.code, a.currency, d.kind, d.state, d.decided_by, b.decided_at, b.label,"
    " d.line_total, d.book_total, d.adjustment_total, d.undone_by, d.undo_reason, d.evidence, j.group_key"
    " FROM decision d JOIN decision_batch b ON b.id = d.decision_batch_id"
    " JOIN cash_account a ON a.id = d.cash_account_id LEFT JOIN rejection j ON j.decision_id = d.id"
)
_STANDING = (
    "SELECT decision_batch_id, count(*) AS n FROM decision WHERE decision_batch_id IN :ids AND state = 'applied'"
    " GROUP BY decision_batch_id"
)


def decisions(
    uow: UnitOfWork,
    *,
    account_ids: Sequence[int] | None = None,
    line_ids: Sequence[int] = (),
    batch_id: int | None = None,
    undone: bool = False,
    bulks: bool = False,
    limit: int,
) -> list[DecisionView]:
    """The newest decisions first, of these accounts, on one of these lines, of this bulk; `undone` ones if wanted, and
    with `bulks` how many stand of the bulk of each.
    """
    where, values = ["d.state IN :states"], {"states": _states(undone=undone), "limit": limit}
    if account_ids is not None:
        where.append("d.cash_account_id IN :accounts")
        values["accounts"] = list(account_ids)
    if line_ids:
        where.append("d.id IN (SELECT decision_id FROM decision_line WHERE statement_line_id IN :lines)")
        values["lines"] = list(line_ids)
    if batch_id is not None:
        where.append("d.decision_batch_id = :batch")
        values["batch"] = batch_id
    rows = uow.select(f"{_DECISIONS} WHERE {' AND '.join(where)} ORDER BY d.id DESC LIMIT :limit", values)
    ids = {"ids": [row.id for row in rows]}
    lines = _grouped(
        uow.select("SELECT decision_id, statement_line_id FROM decision_line WHERE decision_id IN :ids", ids)
    )
    named = uow.select(
        "SELECT d.decision_id, t.external_id FROM decision_transaction d"
        " JOIN book_transaction t ON t.id = d.book_transaction_id WHERE d.decision_id IN :ids ORDER BY t.id",
        ids,
    )
    transactions = _grouped(named)
    counted = uow.select(_STANDING, {"ids": list({row.decision_batch_id for row in rows})}) if bulks else []
    standing = {row.decision_batch_id: row.n for row in counted}
    return [
        _view(row, lines.get(row.id, []), transactions.get(row.id, []), standing.get(row.decision_batch_id, 0))
        for row in rows
    ]


def _states(*, undone: bool) -> list[str]:
    return [state.value for state in (DecisionState.APPLIED, *((DecisionState.UNDONE,) if undone else ()))]


def _grouped(rows: Sequence[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for decision_id, value in rows:
        found.setdefault(decision_id, []).append(value)
    return found


def _view(row: Any, lines: list[int], transactions: list[str], in_bulk: int) -> DecisionView:
    rejected = row.group_key or ""
    if rejected and not lines:
        lines = [int(one) for one in rejected.split("|")[0].split(",")]
    return DecisionView(
        row.id,
        row.decision_batch_id,
        row.code,
        row.currency,
        row.kind,
        row.state,
        row.decided_by,
        row.decided_at,
        row.label,
        tuple(lines),
        tuple(transactions),
        row.line_total,
        row.book_total,
        row.adjustment_total,
        row.undone_by or "",
        row.undo_reason or (row.evidence if row.kind == "ignore" else ""),
        in_bulk,
    )
