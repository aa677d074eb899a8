"""Sums of subsets, exact and bounded: which of a few amounts add up to one amount.

Up to `EXACT_ITEMS` amounts all sums are tried. Of more, only sums of up to `FEW` are, and the answer says so. Nothing
larger is searched: among many amounts almost every sum can be made, and a hit proves nothing.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from matcher.rules.columns import Ints

EXACT_ITEMS = 14
FEW = 3
FEW_ITEMS_MAX = 60


class Subsets(NamedTuple):
    """Positions of each subset that fits; `sums` of all that were tried; whether the search was cut off."""

    found: list[tuple[int, ...]]
    sums: Ints
    gave_up: bool


def adding_up(amounts: Ints, target: int, *, smallest: int = 2) -> Subsets:
    """Subsets of at least `smallest` amounts whose sum is `target`."""
    count = len(amounts)
    if count < smallest:
        return Subsets([], np.empty(0, np.int64), gave_up=False)
    if count <= EXACT_ITEMS:
        return _all_sums(amounts, target, smallest)
    return _few_sums(amounts[:FEW_ITEMS_MAX], target, smallest)


def _all_sums(amounts: Ints, target: int, smallest: int) -> Subsets:
    sums = np.zeros(1, np.int64)
    for amount in amounts.tolist():
        sums = np.concatenate([sums, sums + amount])
    masks = np.arange(len(sums))
    enough = np.bitwise_count(masks) >= smallest
    hits = masks[enough & (sums == target)]
    found = [tuple(place for place in range(len(amounts)) if mask >> place & 1) for mask in hits.tolist()]
    return Subsets(found, sums[enough], gave_up=False)


def _few_sums(amounts: Ints, target: int, smallest: int) -> Subsets:
    found: list[tuple[int, ...]] = []
    tried = []
    for size in range(smallest, FEW + 1):
        places = np.array(list(combinations(range(len(amounts)), size)), np.int64)
        sums = amounts[places].sum(axis=1)
        tried.append(sums)
        found += [tuple(place) for place in places[sums == target].tolist()]
    return Subsets(found, np.concatenate(tried), gave_up=True)
