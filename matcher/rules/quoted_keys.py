"""Which keys of open items lines quote: the whole reference, the number in it, or what is left without check digits.

Nearly all keys are told apart by the values of their digits, as arrays; only those that may meet are looked at as texts.
A number meets only what lines and items of one pool have: in many accounts every short number is somebody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import repeat
from typing import NamedTuple

import numpy as np

from matcher.rules.columns import Codes, Flags, Ints
from matcher.rules.digits import BORDER, POWERS, SoleNumbers, is_number, sole_numbers, sorted_values
from matcher.rules.joins import distinct, in_order, is_member, mixed, positions_of, ranges, spread
from matcher.rules.tokens import LENGTHS_OF_LONG_SCHEMES, core_of, parts_of, possible_parts

_LONG = sorted(LENGTHS_OF_LONG_SCHEMES)
_RF_END = ord("F")


class QuotedKeys:
    """The keys that lines quote, each as often as a text holds it, and everything that a part of them may be.

    `asked` and `pool` have an entry for each key of each line: the place of the key, and the pool of the line.
    """

    def __init__(self, keys: Sequence[str], asked: Ints, pool: Codes) -> None:
        self.keys = keys
        self.asked, self.pool = asked, pool
        self.texts = frozenset(keys)
        self.sole = sole_numbers(keys)

    @cached_property
    def _is_number(self) -> Flags:
        """Which keys are digits only."""
        return is_number(self.sole)

    @cached_property
    def _numbers(self) -> Ints:
        """Pool and value, in one, of what is asked for and digits only, in order."""
        asks = np.flatnonzero(self._is_number[self.asked])
        return distinct(mixed(self.pool[asks], self.sole.value[self.asked[asks]]))

    @cached_property
    def _parts(self) -> frozenset[str]:
        """The possible parts of keys that are not just digits with letters around them."""
        others = np.flatnonzero((self.sole.value < 0) | _is_long(self.sole)).tolist()
        return frozenset().union(*(possible_parts(self.keys[place]) for place in others))

    @cached_property
    def _values_of_parts(self) -> Ints:
        return sorted_values(self._parts)

    @cached_property
    def _wanted(self) -> Ints:
        """Pool and value, in one, of all that is asked for and of what may be left of it without check digits, in order."""
        asks = np.flatnonzero(self.sole.value[self.asked] >= 0)
        pool, value = self.pool[asks], self.sole.value[self.asked[asks]]
        lettered = np.flatnonzero(~self._is_number[self.asked[asks]])
        behind = value[lettered] % POWERS[np.maximum(self.sole.digits[self.asked[asks[lettered]]] - 2, 0)]
        parts = ((pool, value), (pool, value // 10), (pool, value // 100), (pool[lettered], behind))
        return distinct(np.concatenate([mixed(*part) for part in parts]))

    def wants(self, pool: Codes, values: Ints) -> Flags:
        """Which values of numbers a key, or a possible part of one, that lines of the pool quote has; and a few others."""
        return is_member(mixed(pool, values), self._wanted) | is_member(values, self._values_of_parts)

    def wants_text(self, key: str) -> bool:
        """Whether a number that is not just digits is a key, or a possible part of one."""
        return key in self.texts or key in self._parts

    def may_name(self, pool: Codes, own: SoleNumbers) -> tuple[Flags, Flags]:
        """For the numbers in references of items, whether a line of the pool may quote the reference or something in it,
        and whether that may be what is left of it without its last digits."""
        irregular = own.value < 0
        shorter = is_member(mixed(pool, own.value // 10), self._numbers)
        shorter |= is_member(mixed(pool, own.value // 100), self._numbers)
        # RF, two check digits, and the number.
        behind = np.flatnonzero((own.before == _RF_END) & (own.digits > 2))
        shorter[behind] |= is_member(mixed(pool[behind], own.value[behind]), self._numbers)
        cut = shorter | irregular | _is_long(own)
        found: Flags = cut | self.wants(pool, own.value)
        found[behind] |= self.wants(pool[behind], own.value[behind] % POWERS[own.digits[behind] - 2])
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

    def held(self, quoted: QuotedKeys, pool: Codes, code: Ints, most: int) -> tuple[Ints, Ints, Flags]:
        """Who asks for what items hold: places in `quoted.asked`, places in `code`, and whether only a part is shared.

        `pool` and `code` have an entry for each code of each item. A number is looked for as it is where an item of the
        pool holds it; else its parts are. What more than `most` items of the pool hold names none of them.
        """
        held, order = in_order(_in_pool(pool, code))
        is_held = np.zeros(len(quoted.asked), np.bool_)
        found: list[tuple[Ints, Ints, Ints]] = []
        for codes in self:
            of_key = np.fromiter(map(codes.get, quoted.keys, repeat(-1)), np.int64, len(quoted.keys))[quoted.asked]
            asks = np.flatnonzero(of_key >= 0)
            found.append((asks, *ranges(held, _in_pool(quoted.pool[asks], of_key[asks]))))
            is_held[asks] |= found[-1][2] > found[-1][1]
        whole = sum(len(asks) for asks, _, _ in found)
        found.append(self._parts_held(quoted, np.flatnonzero(~is_held), held))
        asks, first, last = (np.concatenate(columns) for columns in zip(*found, strict=True))
        place, entry = spread(first, np.where(last - first > most, first, last), order)
        return asks[place], entry, place >= whole

    def _parts_held(self, quoted: QuotedKeys, asks: Ints, held: Ints) -> tuple[Ints, Ints, Ints]:
        """The same asks, once for each part that items have, with the range of `held` where that is. A number with a
        label written against it is that number, not one without its check digit."""
        keys = distinct(quoted.asked[asks])
        keys = keys[self._may_have_part(quoted, keys)]
        key, part, is_core = np.array(list(self._of_parts(quoted.keys, keys.tolist())), np.int64).reshape(-1, 3).T
        at, asks = positions_of(key, quoted.asked, asks)
        first, last = ranges(held, _in_pool(quoted.pool[asks], part[at]))
        by_core = np.zeros(len(quoted.asked), np.bool_)
        core = is_core[at] > 0
        by_core[asks[core & (last > first)]] = True
        return asks, first, np.where(by_core[asks] & ~core, first, last)

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

    def _of_parts(self, keys: Sequence[str], places: Iterable[int]) -> Iterable[tuple[int, int, bool]]:
        """Places of keys, the codes of their parts that items have, and whether the part is all but letters."""
        own = self.own
        for place in places:
            key = keys[place]
            if not own.keys().isdisjoint(possible_parts(key)):
                core = core_of(key)
                for part in {core, *parts_of(key)} & own.keys():
                    yield place, own[part], part == core


def _in_pool(pool: Codes, key: Ints | Codes) -> Ints:
    return (pool.astype(np.int64) << 32) | key.astype(np.int64)
