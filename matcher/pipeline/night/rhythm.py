"""Which statement should have come and did not, read from each account's own rhythm.

The rhythm is how many banking days lie between the last days of an account's statements, and how many pass until a
statement arrives. A statement is missing on the day after both have passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from matcher.rules.bankdays import ordinals
from matcher.rules.columns import day_number
from recon_core.domain.account import CashAccount
from recon_core.ports import UnitOfWork

# How many statements say what is usual, how few say nothing yet, and how many arrivals count.
_LATEST, _FEWEST, _LAGS = 12, 4, 6
# From this many days between statements on the calendar counts; a weekend may lie in between.
_LONG_DAYS, _SLACK_DAYS = 10, 2
_HORIZON_DAYS = 400
_SPAN_DAYS_MAX = 20 * 366


class Missing(NamedTuple):
    """The statement after `last_day` was expected on `expected`."""

    account_id: int
    last_day: date
    expected: date


class _Delivery(NamedTuple):
    last_day: date
    arrived: date


_STATEMENTS = (
    "SELECT cash_account_id, last_day, arrived FROM (SELECT s.cash_account_id,"
    " coalesce(s.to_date, s.closing_date) AS last_day, min(f.received_at) AS arrived,"
    " row_number() OVER (PARTITION BY s.cash_account_id ORDER BY coalesce(s.to_date, s.closing_date) DESC) AS place"
    " FROM statement s JOIN source_file f ON f.id = s.source_file_id WHERE s.cash_account_id IN :ids"
    " AND s.state = 'accepted' AND s.kind = 'statement' AND coalesce(s.to_date, s.closing_date) IS NOT NULL"
    " GROUP BY s.cash_account_id, coalesce(s.to_date, s.closing_date)) latest WHERE place <= :latest"
)


def missing_statements(uow: UnitOfWork, accounts: Sequence[CashAccount], *, today: date) -> list[Missing]:
    """The accounts whose next statement is overdue on `today`, by account id."""
    found = []
    deliveries = _deliveries(uow, [account.id for account in accounts if account.active])
    countries = _countries(uow, list(deliveries))
    for account_id, mine in sorted(deliveries.items()):
        due = expected(mine, country=countries.get(account_id, ""), today=today)
        if due is not None and due < today:
            found.append(Missing(account_id, mine[-1].last_day, due))
    return found


def _deliveries(uow: UnitOfWork, ids: Sequence[int]) -> dict[int, list[_Delivery]]:
    found: dict[int, list[_Delivery]] = {}
    for row in uow.select(_STATEMENTS, {"ids": list(ids), "latest": _LATEST}):
        found.setdefault(row.cash_account_id, []).append(_Delivery(_day(row.last_day), _day(row.arrived)))
    return {account_id: sorted(mine) for account_id, mine in found.items()}


def _day(value: Any) -> date:
    """A day or a point in time as the database hands out an expression over it: SQLite gives text."""
    if isinstance(value, str):
        return date.fromisoformat(value[:10])
    return date(value.year, value.month, value.day)


def _countries(uow: UnitOfWork, ids: Sequence[int]) -> dict[int, str]:
    sql = (
        "SELECT cash_account_id, min(identifier) AS identifier FROM account_identifier"
        " WHERE active AND scheme = 'IBAN' AND cash_account_id IN :ids GROUP BY cash_account_id"
    )
    return {row.cash_account_id: row.identifier[:2] for row in uow.select(sql, {"ids": list(ids)})}


def expected(deliveries: Sequence[tuple[date, date]], *, country: str, today: date) -> date | None:
    """When the next statement should have arrived, or None without a rhythm.

    `deliveries` are (last day, day of arrival) by last day. Where they lie close, days are counted as the country's
    banking days; months are counted in calendar days. The longest gap is taken for an exception, and half of the
    arrivals: files that were brought in later say nothing of how long a statement takes.
    """
    if len(deliveries) < _FEWEST:
        return None
    days = [day for day, _ in deliveries]
    apart = sorted((other - one).days for one, other in pairwise(days))
    usual = apart[len(apart) // 2]
    if usual >= _LONG_DAYS:
        lags = sorted((arrived - day).days for day, arrived in deliveries[-_LAGS:])
        longest = max(gap for gap in apart if gap <= usual * 3 // 2)
        return days[-1] + timedelta(days=longest + max(0, lags[len(lags) // 2]) + _SLACK_DAYS)
    return _by_banking_days(deliveries, country=country, today=today)


def _by_banking_days(deliveries: Sequence[tuple[date, date]], *, country: str, today: date) -> date | None:
    first, last = deliveries[0][0], deliveries[-1][0]
    reach = max(today, last, *(arrived for _, arrived in deliveries)) + timedelta(days=_HORIZON_DAYS)
    if (reach - first).days > _SPAN_DAYS_MAX:
        return None
    start = day_number(first)
    numbers = ordinals(country, start, day_number(reach))

    def between(one: date, other: date) -> int:
        return int(numbers[max(0, day_number(other) - start)] - numbers[max(0, day_number(one) - start)])

    gaps = sorted(between(one, other) for one, other in pairwise(day for day, _ in deliveries))
    lags = sorted(between(day, arrived) for day, arrived in deliveries[-_LAGS:])
    wait = max(1, gaps[-2]) + max(0, lags[len(lags) // 2])
    wanted = int(numbers[day_number(last) - start]) + wait
    place = int(np.searchsorted(numbers, wanted))
    return first + timedelta(days=place) if place < len(numbers) else None
