"""Bank text that adds no money: pending lines, intraday reports, notifications, and the lines of held statements.

Pending lines are replaced by every newer picture. Reports and notifications are kept and connected to the bank line
that they describe; they enrich it and never make one (domain 2.1, 2.5).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from recon_core.domain.account import CashAccount
from recon_core.domain.identity import line_date
from recon_core.domain.statement import LineStatus, StatementHeader, StatementKind, StatementLine
from recon_core.domain.states import AdviceKind
from recon_core.ports import Action, UnitOfWork
from recon_core.services import line_rows, lookup

_REPLACED = [AdviceKind.PENDING.value, AdviceKind.FUTURE.value, AdviceKind.INFO.value]


_WAITING = (
    "SELECT DISTINCT cash_account_id FROM advice_line"
    " WHERE cash_account_id = :account AND statement_line_id IS NULL AND kind <> 'held'"
)


def foresee(uow: UnitOfWork, accounts: Sequence[int]) -> None:
    """Ask together on which accounts anything waits for bank lines."""
    lookup.foresee(uow, _WAITING, accounts)


def _kind(header: StatementHeader, line: StatementLine) -> str:
    if line.status != LineStatus.BOOKED:
        return AdviceKind(line.status).value
    return AdviceKind.NOTIFICATION.value if header.kind == StatementKind.NOTIFICATION else AdviceKind.REPORT.value


def _insert(
    act: Action, account: CashAccount, statement_id: int, lines: Sequence[StatementLine], kinds: list[str]
) -> int:
    columns = {
        "cash_account_id": account.id,
        "statement_id": statement_id,
        "line_index": [line.line_index for line in lines],
        "kind": kinds,
        "booking_date": [line_date(line) for line in lines],
        "amount": [line.amount for line in lines],
        "currency": [line.currency for line in lines],
        "bank_reference": [line.bank_reference for line in lines],
        "line_content": [line_rows.content(line) for line in lines],
    }
    act.insert("advice_line", columns, count=len(lines))
    return len(lines)


def hold_lines(act: Action, account: CashAccount, statement_id: int, lines: Sequence[StatementLine]) -> int:
    """Keep the booked lines of a held statement beside the ledger; returns how many."""
    return _insert(act, account, statement_id, lines, [AdviceKind.HELD.value] * len(lines))


def keep(
    uow: UnitOfWork,
    act: Action,
    account: CashAccount,
    header: StatementHeader,
    statement_id: int,
    lines: Sequence[StatementLine],
) -> int:
    """Keep lines that are not booked on a statement; returns how many. A newer picture replaces what was pending."""
    if header.kind == StatementKind.REPORT or any(line.status != LineStatus.BOOKED for line in lines):
        sql = "SELECT id FROM advice_line WHERE cash_account_id = :account AND kind IN :kinds"
        act.delete("advice_line", [row.id for row in uow.select(sql, {"account": account.id, "kinds": _REPLACED})])
    if not lines:
        return 0
    count = _insert(act, account, statement_id, lines, [_kind(header, line) for line in lines])
    if header.kind != StatementKind.STATEMENT:
        days = [day for day in map(line_date, lines) if day is not None]
        if days:
            _connect(uow, act, account, first=min(days), last=max(days))
    return count


def connect(uow: UnitOfWork, act: Action, account: CashAccount, booked: Sequence[StatementLine]) -> None:
    """After new bank lines: drop pending lines that they book, and connect reports and notifications to them."""
    days = [day for day in map(line_date, booked) if day is not None]
    if days:
        _connect(uow, act, account, first=min(days), last=max(days))


def _connect(uow: UnitOfWork, act: Action, account: CashAccount, *, first: Any, last: Any) -> None:
    if not uow.known(_WAITING, {"account": account.id}):
        return
    within = {"account": account.id, "first": first, "last": last}
    waiting = uow.select(
        "SELECT id, kind, booking_date, amount, bank_reference, statement_id FROM advice_line"
        " WHERE cash_account_id = :account AND statement_line_id IS NULL AND kind <> 'held'"
        " AND (booking_date BETWEEN :first AND :last OR booking_date IS NULL OR kind = 'pending') ORDER BY id",
        within,
    )
    if not waiting:
        return
    lines = uow.select(
        "SELECT id, booking_date, amount, bank_reference FROM statement_line WHERE cash_account_id = :account"
        " AND booking_date BETWEEN :first AND :last AND withdrawn_by IS NULL",
        within,
    )
    found = _pairs(waiting, lines)
    booked = [row.id for row in waiting if row.kind in _REPLACED and row.id in found]
    act.delete("advice_line", booked)
    described = [row.id for row in waiting if row.kind not in _REPLACED and row.id in found]
    act.update("advice_line", described, {"statement_line_id": [found[row_id] for row_id in described]})


def _pairs(waiting: Sequence[Any], lines: Sequence[Any]) -> dict[int, int]:
    """Advice id -> line id: by the bank's reference and amount, by day and amount where both are unique, or a whole
    notification whose sum is one line of the day.
    """
    by_reference = {(row.bank_reference, row.amount): row.id for row in lines if row.bank_reference}
    by_day = Counter((row.booking_date, row.amount) for row in lines)
    id_by_day = {(row.booking_date, row.amount): row.id for row in lines}
    asked = Counter((row.booking_date, row.amount) for row in waiting)
    found: dict[int, int] = {}
    for row in waiting:
        day = (row.booking_date, row.amount)
        if row.bank_reference and (row.bank_reference, row.amount) in by_reference:
            found[row.id] = by_reference[row.bank_reference, row.amount]
        elif by_day[day] == 1 and asked[day] == 1:
            found[row.id] = id_by_day[day]
    batches: dict[tuple[int, Any], list[Any]] = {}
    for row in waiting:
        if row.kind == AdviceKind.NOTIFICATION and row.id not in found:
            batches.setdefault((row.statement_id, row.booking_date), []).append(row)
    for (_, day), rows in batches.items():
        total = (day, sum(row.amount for row in rows))
        if len(rows) > 1 and by_day[total] == 1:
            found |= {row.id: id_by_day[total] for row in rows}
    return found
