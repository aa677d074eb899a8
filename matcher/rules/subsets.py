"""Sums of subsets, exact and bounded: which of a few amounts add up to one amount.

Up to `EXACT_ITEMS` amounts all sums are tried. Of more, only sums of up to `FEW` of the first `FEW_ITEMS_MAX` are, and the
answer says so. Nothing larger is searched: among many amounts almost every sum can be made, and a hit proves nothing.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

from matcher.rules.columns import Flags, Ints
from matcher.rules.joins import distinct, is_member, may_be_among

EXACT_ITEMS = 14
FEW = 3
FEW_ITEMS_MAX = 60


class Sums:
    """Sums of choices of at least `smallest` of a few amounts, of small choices of many (`gave_up`)."""

    def __init__(self, amounts: Ints, smallest: int = 2) -> None:
        self.gave_up = len(amounts) > EXACT_ITEMS
        self._amounts = amounts[:FEW_ITEMS_MAX]
        self._smallest = smallest

    @cached_property
    def sums(self) -> Ints:
        """Every sum that is tried."""
        if self.gave_up:
            return _few_sums(self._amounts, self._smallest)
        return _all_sums(self._amounts.tolist())[_masks(len(self._amounts), self._smallest)]

    def reached(self, targets: Ints) -> Flags:
        """Which targets are the sum of some choice."""
        near = self.sums[may_be_among(self.sums, targets)]
        return is_member(targets, distinct(near))

    def adding_up(self, target: int) -> list[tuple[int, ...]]:
        """The choices whose sum is the target, as positions."""
        amounts = self._amounts.tolist()
        places = _useful(amounts, target)
        if len(places) < self._smallest:
            return []
        kept = [amounts[place] for place in places]
        if not sum(filter(_negative, kept)) <= target <= sum(filter(_positive, kept)):
            return []
        search = _few_adding_up if self.gave_up else _all_adding_up
        return [tuple(places[one] for one in choice) for choice in search(kept, target, self._smallest)]


def _positive(amount: int) -> bool:
    return amount > 0


def _negative(amount: int) -> bool:
    return amount < 0


def _useful(amounts: list[int], target: int) -> list[int]:
    """Positions of amounts that may be part of the target: among receipts alone (or payments) none that is larger."""
    if target > 0 and min(amounts, default=0) > 0:
        return [place for place, amount in enumerate(amounts) if amount <= target]
    if target < 0 and max(amounts, default=0) < 0:
        return [place for place, amount in enumerate(amounts) if amount >= target]
    return list(range(len(amounts)))


def _all_adding_up(amounts: list[int], target: int, smallest: int) -> list[tuple[int, ...]]:
    """Choices of any size, in the order of their masks."""
    hits = np.flatnonzero(_all_sums(amounts) == target).tolist()
    return [_places(mask) for mask in hits if mask.bit_count() >= smallest]


def _all_sums(amounts: list[int]) -> Ints:
    """The sum of every choice, at its mask."""
    sums = np.zeros(1 << len(amounts), np.int64)
    for place, amount in enumerate(amounts):
        half = 1 << place
        np.add(sums[:half], amount, out=sums[half : 2 * half])
    return sums


def _few_adding_up(amounts: list[int], target: int, smallest: int) -> list[tuple[int, ...]]:
    """Choices of up to three, the small ones first: of three, one is looked up, not tried."""
    count = len(amounts)
    padded = np.array([*amounts, 0], np.int64)
    first, second = _pairs_of(count + 1)
    pairs = padded[first] + padded[second]
    hits = may_be_among(pairs, target - padded).nonzero()[0]
    places: dict[int, list[int]] = {}
    for place, amount in enumerate(amounts):
        places.setdefault(amount, []).append(place)
    found: list[tuple[int, ...]] = []
    for one, other, total in zip(first[hits].tolist(), second[hits].tolist(), pairs[hits].tolist(), strict=True):
        others = (one, other) if other < count else (one,)
        if total == target and len(others) >= smallest:
            found.append(others)
        if len(others) == 2:
            found += [(place, *others) for place in places.get(target - total, ()) if place < one]
    return sorted(found, key=lambda choice: (len(choice), choice))


class Subsets(NamedTuple):
    """Positions of each subset that fits, and what was tried."""

    found: list[tuple[int, ...]]
    tried: Sums

    @property
    def sums(self) -> Ints:
        """Every sum that was tried."""
        return self.tried.sums

    @property
    def gave_up(self) -> bool:
        """Whether the search was cut off."""
        return self.tried.gave_up


def adding_up(amounts: Ints, target: int, *, smallest: int = 2) -> Subsets:
    """Subsets of at least `smallest` amounts whose sum is `target`."""
    tried = Sums(amounts, smallest)
    return Subsets(tried.adding_up(target), tried)


@lru_cache(maxsize=64)
def _masks(count: int, smallest: int) -> Ints:
    masks = np.arange(1 << count)
    return masks[np.bitwise_count(masks) >= smallest]


def _places(mask: int) -> tuple[int, ...]:
    return tuple(place for place in range(mask.bit_length()) if mask >> place & 1)


@lru_cache(maxsize=64)
def _pairs_of(count: int) -> tuple[Ints, Ints]:
    return np.triu_indices(count, 1)


def _few_sums(amounts: Ints, smallest: int) -> Ints:
    places = _few_places(len(amounts), smallest)
    padded = np.append(amounts, 0)
    sums: Ints = padded[places[0]]
    for column in places[1:]:
        sums += padded[column]
    return sums


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
