"""Joins on integer keys: the only way rows meet lines. No pass is lines times rows."""

from __future__ import annotations

import numpy as np

from matcher.rules.columns import Codes, Flags, Ints

_MIX = np.uint64(0x9E3779B97F4A7C15)


def mixed(*columns: Ints | Codes) -> Ints:
    """One 64-bit key of several integer columns. Different tuples may collide: compare the columns after a join."""
    key = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        key = (key ^ column.astype(np.int64).view(np.uint64)) * _MIX
        key ^= key >> np.uint64(29)
    return key.view(np.int64)


def equal_pairs(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Positions (i, j) with `left[i] == right[j]`, ordered by i."""
    order = np.argsort(right, kind="stable")
    keys = right[order]
    first = np.searchsorted(keys, left, side="left")
    last = np.searchsorted(keys, left, side="right")
    return spread(first, last, order)


def spread(first: Ints, last: Ints, order: Ints) -> tuple[Ints, Ints]:
    """Positions (i, order[k]) for every k in `first[i]:last[i]`."""
    counts = last - first
    left = np.repeat(np.arange(len(first)), counts)
    starts = np.repeat(first - (np.cumsum(counts) - counts), counts)
    return left, order[np.arange(len(left)) + starts]


def windowed_pairs(left: Ints, left_low: Codes, left_high: Codes, right: Ints, right_day: Codes) -> tuple[Ints, Ints]:
    """Positions (i, j) with equal keys and `left_low[i] <= right_day[j] <= left_high[i]`, without the pairs outside."""
    order = np.lexsort((right_day, right))
    keys, days = right[order], right_day[order]
    compact, ranks = np.unique(keys, return_inverse=True)
    where = np.searchsorted(compact, left)
    known = (
        (where < len(compact)) & (compact[np.minimum(where, len(compact) - 1)] == left)
        if len(compact)
        else np.zeros(len(left), np.bool_)
    )
    base = np.int64(1) << np.int64(33)
    offset = np.int64(2**32)
    scale = ranks.astype(np.int64) * base + days.astype(np.int64) + offset
    rows = np.flatnonzero(known)
    low = np.searchsorted(scale, where[rows] * base + left_low[rows].astype(np.int64) + offset, side="left")
    high = np.searchsorted(scale, where[rows] * base + left_high[rows].astype(np.int64) + offset, side="right")
    first = np.zeros(len(left), np.int64)
    last = np.zeros(len(left), np.int64)
    first[rows], last[rows] = low, np.maximum(low, high)
    return spread(first, last, order)


def counts_of(codes: Ints, size: int) -> Ints:
    """How often each of 0..size−1 occurs."""
    return np.bincount(codes, minlength=size)


def runs_of(ordered: Ints, values: Ints) -> list[tuple[int, Ints]]:
    """Each key of an ordered column with its part of `values`."""
    if not len(ordered):
        return []
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    return list(zip(ordered[starts].tolist(), np.split(values, starts[1:]), strict=True))


def is_member(values: Ints, sorted_keys: Ints) -> Flags:
    """Which values occur among sorted keys."""
    if not len(sorted_keys):
        return np.zeros(len(values), np.bool_)
    where = np.minimum(np.searchsorted(sorted_keys, values), len(sorted_keys) - 1)
    found: Flags = sorted_keys[where] == values
    return found
