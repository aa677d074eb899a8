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
from matcher.rules.joins import is_member, may_be_among

EXACT_ITEMS = 14
FEW = 3
FEW_ITEMS_MAX = 60
# A prime: sums are told apart by their remainders first.
_REMAINDERS = 2039


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
        sums = np.zeros(1 << len(self._amounts), np.int64)
        for place, amount in enumerate(self._amounts.tolist()):
            half = 1 << place
            np.add(sums[:half], amount, out=sums[half : 2 * half])
        return sums[_masks(len(self._amounts), self._smallest)]

    def reached(self, targets: Ints) -> Flags:
        """Which targets are the sum of some choice."""
        near = self.sums[may_be_among(self.sums, targets)]
        return is_member(targets, np.unique(near))

    def adding_up(self, target: int) -> list[tuple[int, ...]]:
        """The choices whose sum is the target, as positions."""
        if self.gave_up:
            return self._few_adding_up(target)
        masks = _masks(len(self._amounts), self._smallest)
        return [_places(int(masks[hit])) for hit in np.flatnonzero(self.sums == target).tolist()]

    def _few_adding_up(self, target: int) -> list[tuple[int, ...]]:
        """The same for choices of up to three: one of them is looked up, not tried."""
        amounts = np.append(self._amounts, 0)
        first, second = _pairs_of(len(amounts))
        pairs = amounts[first] + amounts[second]
        rests = np.zeros(_REMAINDERS, np.bool_)
        rests[(target - amounts) % _REMAINDERS] = True
        places: dict[int, list[int]] = {}
        for place, amount in enumerate(self._amounts.tolist()):
            places.setdefault(amount, []).append(place)
        found = []
        for hit in np.flatnonzero(rests[pairs % _REMAINDERS]).tolist():
            rest = target - int(pairs[hit])
            others = [place for place in (int(first[hit]), int(second[hit])) if place < len(self._amounts)]
            if rest == 0 and len(others) >= self._smallest:
                found.append(tuple(others))
            if len(others) == 2:
                found += [(place, *others) for place in places.get(rest, ()) if place < others[0]]
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
