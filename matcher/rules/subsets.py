"""Sums of subsets, exact and bounded: which of a few amounts add up to one amount.

Up to `EXACT_ITEMS` amounts all sums are tried. Of more, only sums of up to `FEW` of the first `FEW_ITEMS_MAX` are, and the
answer says so. Nothing larger is searched: among many amounts almost every sum can be made, and a hit proves nothing.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

from matcher.rules.columns import Ints

EXACT_ITEMS = 14
FEW = 3
FEW_ITEMS_MAX = 60


class Sums(NamedTuple):
    """Sums of choices of amounts. `places[k]` are the positions of a choice's k-th member (−1: it has fewer)."""

    sums: Ints
    places: tuple[Ints, ...]
    masks: Ints | None
    gave_up: bool

    def adding_up(self, target: int) -> list[tuple[int, ...]]:
        """The choices whose sum is the target."""
        hits = np.flatnonzero(self.sums == target).tolist()
        if self.masks is not None:
            return [_places(int(self.masks[hit])) for hit in hits]
        return [tuple(int(column[hit]) for column in self.places if column[hit] >= 0) for hit in hits]


class Subsets(NamedTuple):
    """Positions of each subset that fits; `sums` of all that were tried; whether the search was cut off."""

    found: list[tuple[int, ...]]
    sums: Ints
    gave_up: bool


def adding_up(amounts: Ints, target: int, *, smallest: int = 2) -> Subsets:
    """Subsets of at least `smallest` amounts whose sum is `target`."""
    tried = sums_of(amounts, smallest=smallest)
    return Subsets(tried.adding_up(target), tried.sums, tried.gave_up)


def sums_of(amounts: Ints, *, smallest: int = 2) -> Sums:
    """The sums of all choices of at least `smallest` of a few amounts, of small choices of many."""
    count = len(amounts)
    if count <= EXACT_ITEMS:
        sums = np.zeros(1, np.int64)
        for amount in amounts.tolist():
            sums = np.concatenate([sums, sums + amount])
        masks = _masks(count, smallest)
        return Sums(sums[masks], (), masks, gave_up=False)
    return _few_sums(amounts[:FEW_ITEMS_MAX], smallest)


@lru_cache(maxsize=64)
def _masks(count: int, smallest: int) -> Ints:
    masks = np.arange(1 << count)
    return masks[np.bitwise_count(masks) >= smallest]


def _places(mask: int) -> tuple[int, ...]:
    return tuple(place for place in range(mask.bit_length()) if mask >> place & 1)


def _few_sums(amounts: Ints, smallest: int) -> Sums:
    places = _few_places(len(amounts), smallest)
    padded = np.append(amounts, 0)
    sums = padded[places[0]]
    for column in places[1:]:
        sums += padded[column]
    return Sums(sums, places, None, gave_up=True)


@lru_cache(maxsize=256)
def _few_places(count: int, smallest: int) -> tuple[Ints, ...]:
    """Columns of the places of every choice of `smallest` to `FEW` out of `count`; −1 where a choice has fewer."""
    choices = [
        choice + (-1,) * (FEW - size)
        for size in range(smallest, FEW + 1)
        for choice in combinations(range(count), size)
    ]
    places = np.array(choices, np.int64).reshape(-1, FEW)
    return tuple(np.ascontiguousarray(column) for column in places.T)
