"""The numbers of a book item, and which items a number may mean: the same, cut off, with a slip, or inside a longer one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from matcher.rules.references import PAYLOAD_DIGITS_MIN
from matcher.rules.tokens import core_of, parts_of, possible_parts

# Shorter numbers are near too many others.
NEAR_LETTERS_MIN = 5
_AROUND_SIGNS_MAX = 8
_CHECK_DIGITS_MAX = 2
_SLIP_SIGNS = 2

# One number of a line is compared with many items.
_possible_parts = lru_cache(maxsize=1 << 16)(possible_parts)


def contains(number: str, keys: Iterable[str]) -> bool:
    """Whether a number is one of ours with a customer number or check digits around it."""
    return any(
        len(key) >= NEAR_LETTERS_MIN and len(number) <= len(key) + _AROUND_SIGNS_MAX and key in number for key in keys
    )


def fixed_keys(whole: str, described: Iterable[str]) -> list[str]:
    """A reference, and the numbers of a description that are long enough."""
    found = [key for key in described if len(key) >= NEAR_LETTERS_MIN and key != whole]
    return [whole, *found] if whole else found


class RowNumbers:
    """The numbers of an item: its reference, the numbers in its description (`fixed`), and the parts of its reference.

    Parts are worked out only where a part that it might have would matter: `loose` holds those too.
    """

    def __init__(self, whole: str, described: Iterable[str]) -> None:
        self.whole = whole
        self.fixed = set(fixed_keys(whole, described))
        self.loose = self.fixed.union(filter(None, possible_parts(whole)))

    @cached_property
    def _keys(self) -> set[str]:
        return self.fixed | parts_of(self.whole)

    @cached_property
    def _plain(self) -> set[str]:
        """The keys with their check digits: two numbers that agree only without theirs are two numbers."""
        return self.fixed | {core_of(self.whole)}

    def has(self, key: str) -> bool:
        """Whether a number, or what it is without its check digits, is one of these."""
        possible = key in self.loose or not self.loose.isdisjoint(_possible_parts(key))
        return possible and (key in self._keys or not parts_of(key).isdisjoint(self._plain))

    def inside(self, number: str) -> bool:
        """Whether a number has one of these inside. Only a longer number than the reference has a part of it inside: one
        of its length, or the item's own number with other check digits, is its neighbour in the series."""
        if self.whole.isdecimal():
            number = core_of(number) or number
        if len(number) <= len(self.whole):
            return contains(number, [key for key in self.fixed if len(number) - len(key) > _CHECK_DIGITS_MAX])
        return contains(number, self.loose) and contains(number, self._keys)

    def ends(self, number: str) -> bool:
        """Whether a number ends in one of these, but for a check digit, or is hardly longer."""
        return any(
            number.endswith(key)
            or number[:-1].endswith(key)
            or (key in number and len(number) <= len(key) + _SLIP_SIGNS)
            for key in self.loose
            if len(key) >= NEAR_LETTERS_MIN
        )

    def near(self, number: str) -> list[str]:
        """What a number is one sign off: the reference, or a number of the description of its length."""
        if len(number) < NEAR_LETTERS_MIN:
            return []
        return [
            key
            for key in self.fixed
            if (key == self.whole or len(key) == len(number))
            and len(key) >= NEAR_LETTERS_MIN
            and OSA.distance(number, key, score_cutoff=1) == 1
        ]

    def is_misquoted(self, number: str) -> bool:
        """Whether a number is the reference but for its check digits: that of a neighbour in the series, or a slip."""
        alike = len(number) == len(self.whole) and number[:-_CHECK_DIGITS_MAX] == self.whole[:-_CHECK_DIGITS_MAX]
        return alike and number != self.whole

    def begins_with(self, number: str) -> bool:
        """Whether the reference, or a number of the description, begins with a number that may be cut."""
        return any(key != number and key.startswith(number) for key in self.fixed)

    def overlaps(self, number: str) -> bool:
        """Whether a number has one of these inside, or is inside one."""
        return any(number in key or key in number for key in self.loose) and any(
            number in key or key in number for key in self._keys
        )


class NumberSearch:
    """Items by their numbers: which of them a number may name."""

    def __init__(self, rows: Sequence[int], numbers: Iterable[tuple[str, Iterable[str]]]) -> None:
        """`numbers` are the reference of each item and the numbers in its description."""
        self._keys: list[str] = []
        self._rows: list[int] = []
        self._with: dict[str, list[int]] = {}
        for row, (whole, described) in zip(rows, numbers, strict=True):
            fixed = fixed_keys(whole, described)
            self._keys += fixed
            self._rows += [row] * len(fixed)
            for key in (*fixed, *possible_parts(whole)):
                self._with.setdefault(key, []).append(row)

    def may_mean(self, number: str, *, is_cut: bool) -> set[int]:
        """Items to which the number is near, or more: all of them, and a few others."""
        signs = len(number)
        inside = {number[first:last] for first in range(signs) for last in range(first + PAYLOAD_DIGITS_MIN, signs + 1)}
        found = {row for key in (number, *inside) for row in self._with.get(key, ())}
        if self._keys:
            slips = cdist([number], self._keys, scorer=OSA.distance, score_cutoff=1)[0] <= 1
            found.update(self._rows[place] for place in np.flatnonzero(slips).tolist())
        if is_cut:
            found.update(row for key, row in zip(self._keys, self._rows, strict=True) if key.startswith(number))
        return found
