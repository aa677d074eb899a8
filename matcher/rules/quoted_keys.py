"""Which keys of open items lines quote: the whole reference, the number in it, or what is left without check digits.

Nearly all keys are told apart by the values of their digits, as arrays; only those that may meet are looked at as texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import repeat
from typing import NamedTuple

import numpy as np

from matcher.rules.columns import Codes, Flags, Ints
from matcher.rules.digits import BORDER, POWERS, SoleNumbers, is_number, sole_numbers, sorted_values
from matcher.rules.joins import distinct, is_member
from matcher.rules.tokens import LENGTHS_OF_LONG_SCHEMES, core_of, parts_of, possible_parts

_LONG = sorted(LENGTHS_OF_LONG_SCHEMES)
_RF_END = ord("F")


class QuotedKeys:
    """The keys that lines quote, each as often as it is quoted, and everything that a part of them may be."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = keys
        self.texts = frozenset(keys)
        self.sole = sole_numbers(keys)

    @cached_property
    def _is_number(self) -> Flags:
        """Which keys are digits only."""
        return is_number(self.sole)

    @cached_property
    def values(self) -> Ints:
        """The values of the keys that are digits only, in order."""
        return distinct(self.sole.value[self._is_number])

    @cached_property
    def _parts(self) -> frozenset[str]:
        """The possible parts of keys that are not just digits with letters around them."""
        others = np.flatnonzero((self.sole.value < 0) | _is_long(self.sole)).tolist()
        return frozenset().union(*(possible_parts(self.keys[place]) for place in others))

    @cached_property
    def _values_wanted(self) -> Ints:
        """The values of all keys, and of all possible parts of them, in order."""
        value = self.sole.value[self.sole.value >= 0]
        lettered = SoleNumbers(*(column[(self.sole.value >= 0) & ~self._is_number] for column in self.sole))
        behind = lettered.value % POWERS[np.maximum(lettered.digits - 2, 0)]
        return distinct(np.concatenate([value, value // 10, value // 100, behind, sorted_values(self._parts)]))

    def wants(self, values: Ints) -> Flags:
        """Which values of numbers a key, or a possible part of one, has; and a few others."""
        return is_member(values, self._values_wanted)

    def wants_text(self, key: str) -> bool:
        """Whether a number that is not just digits is a key, or a possible part of one."""
        return key in self.texts or key in self._parts

    def may_name(self, own: SoleNumbers) -> tuple[Flags, Flags]:
        """For the numbers in references of items, whether a line may quote the reference or something in it, and whether
        that may be what is left of it without its last digits."""
        irregular = own.value < 0
        shorter = is_member(own.value // 10, self.values) | is_member(own.value // 100, self.values)
        # RF, two check digits, and the number.
        behind = np.flatnonzero((own.before == _RF_END) & (own.digits > 2))
        shorter[behind] |= is_member(own.value[behind], self.values)
        cut = shorter | irregular | _is_long(own)
        found: Flags = cut | self.wants(own.value)
        found[behind] |= self.wants(own.value[behind] % POWERS[own.digits[behind] - 2])
        return found, cut


def _is_long(found: SoleNumbers) -> Flags:
    """Which numbers have as many digits as only schemes with long numbers have."""
    return np.isin(np.searchsorted(POWERS, found.value, side="right"), _LONG)


class RowKeys(NamedTuple):
    """Codes of the numbers that open items have, and of those without their check digits: only a number that a line
    has whole is looked up among the latter, or two neighbours of a series would meet in what both are cut to."""

    own: dict[str, int]
    cut: dict[str, int]

    def add_own(self, key: str) -> int:
        """The code of a number; it gets one if it has none."""
        return self.own.setdefault(key, len(self.own) + len(self.cut))

    def add_cut(self, key: str) -> int:
        """The code of a number without check digits; it gets one if it has none."""
        return self.cut.setdefault(key, len(self.own) + len(self.cut))

    def lengths(self) -> Codes:
        """The letters of each key, by its code."""
        found = np.zeros(len(self.own) + len(self.cut), np.int32)
        for codes in self:
            found[list(codes.values())] = list(map(len, codes))
        return found

    def add_reference(self, key: str, quoted: frozenset[str], *, may_be_cut: bool) -> list[tuple[int, bool]]:
        """The codes of a reference and of its parts that lines quote, and whether it is the whole one."""
        found = [(self.add_own(key), True)]
        core = core_of(key)
        if core:
            found.append((self.add_own(core), False))
        if may_be_cut:
            found += [(self.add_cut(part), False) for part in parts_of(key) if part in quoted and part != core]
        return found

    def of_quoted(self, quoted: QuotedKeys) -> tuple[Ints, Ints, Flags]:
        """Places of keys that lines quote, the codes that they have among these, and whether only a part is shared.

        The numbers themselves where an item has them; else the parts of them that items have.
        """
        count = len(quoted.keys)
        own, cut = (np.fromiter(map(codes.get, quoted.keys, repeat(-1)), np.int64, count) for codes in self)
        places = [np.flatnonzero(own >= 0), np.flatnonzero(cut >= 0)]
        missing = np.flatnonzero((own < 0) & (cut < 0))
        parts = list(self._of_parts(quoted.keys, missing[self._may_have_part(quoted, missing)].tolist()))
        place, code = np.array(parts, np.int64).reshape(-1, 2).T
        places.append(place)
        codes = [own[places[0]], cut[places[1]], code]
        whole = len(places[0]) + len(places[1])
        found = np.concatenate(places)
        return found, np.concatenate(codes), np.arange(len(found)) >= whole

    def _may_have_part(self, quoted: QuotedKeys, places: Ints) -> Flags:
        """Which keys may have a part that an item has: all that do, and a few more."""
        sole = SoleNumbers(*(column[places] for column in quoted.sole))
        values = sorted_values(self.own)
        found: Flags = (sole.value < 0) | _is_long(sole)
        lettered = (sole.before != BORDER) | (sole.after != BORDER)
        behind = sole.value % POWERS[np.maximum(sole.digits - 2, 0)]
        for value, asked in (
            (sole.value // 10, True),
            (sole.value // 100, True),
            (sole.value, lettered),
            (behind, lettered),
        ):
            found |= asked & is_member(value, values)
        return found

    def _of_parts(self, keys: Sequence[str], places: Iterable[int]) -> Iterable[tuple[int, int]]:
        own = self.own
        for place in places:
            key = keys[place]
            if not own.keys().isdisjoint(possible_parts(key)):
                # A number with a label written against it is that number, not one without its check digit.
                core = core_of(key)
                for part in {core} if core in own else parts_of(key):
                    if part in own:
                        yield place, own[part]
