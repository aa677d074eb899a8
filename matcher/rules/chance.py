"""How easily an amount fits by accident: the estimate that every rule without a reference has to pass.

Round amounts are shared by many items, odd ones by few. The expected number of accidental hits on an amount is the
number of amounts near it that are as round, divided by the number of places on that grid where they could lie.
"""

from __future__ import annotations

import numpy as np

from matcher.rules.columns import Codes, Floats, Ints

_GRIDS = (1, 100, 1_000, 10_000, 100_000)
_NEAR_PERCENT = 10


def grid(amount: Ints) -> Ints:
    """The coarsest of 0.01, 1, 10, 100 and 1,000 units that divides each amount."""
    found = np.ones(len(amount), np.int64)
    places = np.arange(len(amount))
    for step in _GRIDS[1:]:
        places = places[amount[places] % step == 0]
        found[places] = step
    return found


class AmountChance:
    """Accidents against the amounts of many items in many pools."""

    def __init__(self, pool: Codes, amount: Ints, sizes: Ints) -> None:
        """`sizes` is the `grid` of the amounts."""
        keys = _key(pool, amount)
        self._sorted: dict[int, Ints] = {step: np.sort(keys[sizes >= step]) for step in _GRIDS}

    def expected(self, pool: Codes, amount: Ints) -> Floats:
        """Expected accidental hits of each amount by one of the pool's items."""
        found = np.zeros(len(amount))
        sizes = grid(amount)
        near = np.maximum(np.abs(amount) * _NEAR_PERCENT // 100, 1)
        for step in _GRIDS:
            rows = np.flatnonzero(sizes == step)
            keys = self._sorted[step]
            low = np.searchsorted(keys, _key(pool[rows], amount[rows] - near[rows]), side="left")
            high = np.searchsorted(keys, _key(pool[rows], amount[rows] + near[rows]), side="right")
            found[rows] = (high - low) / np.maximum(2 * near[rows] // step, 1)
        return found


def places_near(amount: int) -> int:
    """How many amounts as round as this one lie near it."""
    near = max(abs(amount) * _NEAR_PERCENT // 100, 1)
    return max(2 * near // _grid_of(amount), 1)


def _grid_of(amount: int) -> int:
    return next(step for step in reversed(_GRIDS) if amount % step == 0)


def expected_hits(sums: Ints, amount: int) -> float:
    """Expected accidental hits on one amount among sums that were tried."""
    near = max(abs(amount) * _NEAR_PERCENT // 100, 1)
    step = _grid_of(amount)
    round_sums = sums[sums % step == 0]
    others = round_sums[round_sums != amount]
    local = int(np.count_nonzero(np.abs(others - amount) <= near)) / places_near(amount)
    # Few sums say little about the places near the amount: spread all of them evenly instead, those that hit it too.
    evenly = len(round_sums) * step / max(int(np.abs(round_sums).max(initial=0)), abs(amount), 1)
    return max(local, evenly)


def _key(pool: Codes, amount: Ints) -> Ints:
    return (pool.astype(np.int64) << 52) + amount
