"""An order of lines and items that does not depend on how they came, so that no result does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from matcher.rules.columns import NO_DAY, Codes, Flags, Ints

# One key of account, day and amount is an int64.
_KEY_MAX = 2**63


def canonical_order(accounts: Sequence[str], account: Codes, day: Codes, amount: Ints, ids: Sequence[str]) -> Ints:
    """Positions by account, day, amount and id: an order that does not depend on how the rows came."""
    if not len(account):
        return np.empty(0, np.int64)
    rank = np.argsort(np.argsort(np.array(accounts)))[account]
    order, same = _by_day_and_amount(rank, day, amount)
    alike = np.flatnonzero(np.r_[same, False] | np.r_[False, same])
    names = [ids[place] for place in order[alike].tolist()]
    # Most lists come in the order of their ids.
    falls = np.fromiter(map(_comes_after, names, names[1:]), np.bool_, max(0, len(names) - 1))
    falls &= same[alike[:-1]]
    starts, ends = np.flatnonzero(np.r_[True, ~same]), np.flatnonzero(np.r_[~same, True]) + 1
    group = np.unique(np.searchsorted(starts, alike[:-1][falls], side="right") - 1)
    for start, end in zip(starts[group].tolist(), ends[group].tolist(), strict=True):
        order[start:end] = sorted(order[start:end].tolist(), key=lambda place: (len(ids[place]), ids[place], place))
    return order


def _by_day_and_amount(rank: Ints, day: Codes, amount: Ints) -> tuple[Ints, Flags]:
    """Positions by rank, day and amount, those of equal ones as they come; and which positions are equal to the next."""
    days, amounts = (int(column.max()) - int(column.min()) + 1 for column in (day, amount))
    if (int(rank.max()) + 1) * days * amounts < _KEY_MAX:
        key = (rank.astype(np.int64) * days + (day.astype(np.int64) - int(day.min()))) * amounts + (
            amount - int(amount.min())
        )
        order = np.argsort(key, kind="stable")
        key = key[order]
        return order, key[1:] == key[:-1]
    when = (rank.astype(np.int64) << 32) + (day.astype(np.int64) - NO_DAY)
    order = np.lexsort((amount, when))
    when, amount = when[order], amount[order]
    return order, (when[1:] == when[:-1]) & (amount[1:] == amount[:-1])


def _comes_after(one: str, other: str) -> bool:
    return (len(one), one) > (len(other), other)
