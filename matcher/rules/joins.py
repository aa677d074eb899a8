"""Joins on integer keys: the only way rows meet lines. No pass is lines times rows."""

from __future__ import annotations

import numpy as np

from matcher.rules.columns import Codes, Flags, Ints

# Days are 32 bits; shifted to be positive they fit below a key.
_DAY_BITS = np.int64(33)
_DAY_OFFSET = np.int64(2**31)
_MIX = np.uint64(0x9E3779B97F4A7C15)
# Positions below a rank in one key.
_POSITION_BITS = 32
_SORTED_AT_ONCE_MAX = 2_000
# A table of one flag a key is this many times larger than the keys, so that few others share a flag.
_SLOTS_PER_KEY = 8


def mixed(*columns: Ints | Codes) -> Ints:
    """One 64-bit key of several integer columns. Different tuples may collide: compare the columns after a join."""
    key = columns[0].astype(np.int64).view(np.uint64)
    for place, column in enumerate(columns):
        if place:
            key ^= column.astype(np.int64).view(np.uint64)
        key *= _MIX
        key ^= key >> np.uint64(29)
    return key.view(np.int64)


def equal_pairs(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Positions (i, j) with `left[i] == right[j]`, ordered by i."""
    order = np.flatnonzero(may_be_among(right, left))
    order = order[stable_order(right[order])]
    return spread(*ranges(right[order], left), order)


def ranges(ordered: Ints, wanted: Ints) -> tuple[Ints, Ints]:
    """Where each wanted key begins among ordered keys, and where it ends."""
    starts, ends = runs(ordered)
    if not len(starts):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.int64)
    known = ordered[starts]
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    first = starts[at]
    return first, np.where(known[at] == wanted, ends[at], first)


def spread(first: Ints, last: Ints, order: Ints) -> tuple[Ints, Ints]:
    """Positions (i, order[k]) for every k in `first[i]:last[i]`."""
    counts = last - first
    left = np.repeat(np.arange(len(first)), counts)
    starts = np.repeat(first - (np.cumsum(counts) - counts), counts)
    return left, order[np.arange(len(left)) + starts]


def positions_of(values: Ints, coded: Codes, positions: Ints) -> tuple[Ints, Ints]:
    """For every position that has one of some codes, which of `values` that is, and the position."""
    codes, order = in_order(coded[positions])
    left, right = spread(*ranges(codes, values), order)
    return left, positions[right]


def bounded_pairs(left: Ints, low: Ints, high: Ints, right: Ints, day: Ints, most: int) -> tuple[Ints, Ints, Ints]:
    """Positions (i, j) with equal keys and `low[i] <= day[j] <= high[i]`, without making the pairs outside; and the
    positions i that are given up because they have more than `most` pairs."""
    first, last, order = _windows(left, low, high, right, day)
    many = last - first > most
    return *spread(first, np.where(many, first, last), order), np.flatnonzero(many)


def _windows(left: Ints, low: Ints, high: Ints, right: Ints, day: Ints) -> tuple[Ints, Ints, Ints]:
    asked = np.flatnonzero(may_be_among(right, left))
    order = asked[stable_order(right[asked])]
    keys = right[order]
    starts, ends = runs(keys)
    known_keys = keys[starts]
    rank = np.repeat(np.arange(len(starts)), ends - starts)
    place = (rank << _DAY_BITS) + (day[order].astype(np.int64) + _DAY_OFFSET)
    by_day = stable_order(place)
    order, place = order[by_day], place[by_day]
    where = np.searchsorted(known_keys, left)
    known = where < len(known_keys)
    known[known] = known_keys[where[known]] == left[known]
    base = where.astype(np.int64) << _DAY_BITS
    first = np.searchsorted(place, base + (low.astype(np.int64) + _DAY_OFFSET), side="left")
    last = np.searchsorted(place, base + (high.astype(np.int64) + _DAY_OFFSET), side="right")
    return first, np.where(known, np.maximum(first, last), first), order


def counts_of(codes: Ints, size: int) -> Ints:
    """How often each of 0..size−1 occurs."""
    return np.bincount(codes, minlength=size)


def distinct(values: Ints) -> Ints:
    """The values that occur, in order: by sorting, which for integers is faster than the hash table of `np.unique`."""
    ordered = np.sort(values)
    return ordered[runs(ordered)[0]]


def stable_order(keys: Ints) -> Ints:
    """Positions in the order of their keys, those of equal keys as they come. NumPy's unstable sort is several times
    faster than its stable one, so equal keys are put in order afterwards."""
    if len(keys) < _SORTED_AT_ONCE_MAX:
        return np.argsort(keys, kind="stable")
    order = np.argsort(keys)
    ordered = keys[order]
    rank = np.zeros(len(keys), np.int64)
    np.cumsum(ordered[1:] != ordered[:-1], out=rank[1:])
    return np.sort((rank << _POSITION_BITS) | order) & ((1 << _POSITION_BITS) - 1)


def in_order(keys: Ints) -> tuple[Ints, Ints]:
    """Keys in order, and the positions that have them, those of equal keys as they come."""
    order = stable_order(keys)
    return keys[order], order


def runs(ordered: Ints) -> tuple[Ints, Ints]:
    """Where each run of equal keys begins, and where it ends."""
    changes = (ordered[1:] != ordered[:-1]).nonzero()[0] + 1
    count = len(ordered)
    ends = np.empty(len(changes) + (count > 0), np.int64)
    ends[: len(changes)], ends[len(changes) :] = changes, count
    starts = np.zeros(len(ends), np.int64)
    starts[1:] = changes
    return starts, ends


def runs_of(ordered: Ints, values: Ints) -> list[tuple[int, Ints]]:
    """Each key of an ordered column with its part of `values`."""
    starts, ends = runs(ordered)
    parts = (values[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True))
    return list(zip(ordered[starts].tolist(), parts, strict=True))


def is_member(values: Ints, sorted_keys: Ints) -> Flags:
    """Which values occur among sorted keys."""
    if not len(sorted_keys):
        return np.zeros(len(values), np.bool_)
    found = may_be_among(values, sorted_keys)
    asked = np.flatnonzero(found)
    where = np.minimum(np.searchsorted(sorted_keys, values[asked]), len(sorted_keys) - 1)
    found[asked] = sorted_keys[where] == values[asked]
    return found


def may_be_among(values: Ints, keys: Ints) -> Flags:
    """Which values may occur among keys in any order: all that do, and a few more. Much cheaper than a search."""
    if not len(keys) or not len(values):
        return np.zeros(len(values), np.bool_)
    shift = np.uint64(64 - (_SLOTS_PER_KEY * len(keys)).bit_length())
    table = np.zeros(1 << (64 - int(shift)), np.bool_)
    table[_slots(keys, shift)] = True
    found: Flags = table[_slots(values, shift)]
    return found


def _slots(keys: Ints, shift: np.uint64) -> Ints:
    slots = keys.astype(np.int64, copy=False).view(np.uint64) * _MIX
    slots >>= shift
    return slots.view(np.int64)
