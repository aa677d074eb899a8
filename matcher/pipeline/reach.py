"""The open items that one line can meet: a small world in which the engine can be asked again and again.

What a line or an item is told apart by is its amount, its party and its numbers, so what shares none of them with the
pair, nor with what the pair meets, does not count. That is a guess about the engine; whoever asks in the small world
compares its first word with the one in the whole world, and confirms there what was found here.
"""

from __future__ import annotations

import numpy as np

from matcher.engine import MatchResult
from matcher.pipeline.what_if import Place, World
from matcher.rules.columns import Flags, Ints
from matcher.rules.view import View

# Amounts this near to the pair's are met as well: fees, roundings and parts are looked for around an amount.
NEAR_PERMILLE = 50
# A world that is not much smaller is not worth a second reading.
REACHED_MAX = 1_200


def reached(world: World, view: View, result: MatchResult, place: Place) -> tuple[World, Place] | None:
    """The part of a world that shares amount, party or a number with a pair, and what those are matched with.

    None where that is more than `REACHED_MAX` lines and items, or everything. `result` is the engine's word on `world`.
    """
    lines, rows = _met(view, result, place)
    size = len(lines) + len(rows)
    if size > REACHED_MAX or size == len(world.lines) + len(world.book):
        return None
    smaller = world._replace(lines=world.lines.take(lines), book=world.book.take(rows))
    line = int(np.searchsorted(lines, place.line))
    return smaller, Place(line, tuple(np.searchsorted(rows, place.rows).tolist()))


def _met(view: View, result: MatchResult, place: Place) -> tuple[Ints, Ints]:
    """Lines and items, by position: first what the pair shares something with, then what wants that in turn."""
    items, named = view.items, view.references.all_open()
    line, row = np.zeros(len(items.pool_l), np.bool_), np.zeros(len(items.pool_r), np.bool_)
    line[[place.line, *result.together.get(place.line, ())]] = True
    row[[*place.rows, *_held(result, place.line)]] = True
    parties = np.union1d(items.party_l[line], items.party_r[row])
    parties = parties[parties >= 0]
    amounts = np.concatenate([items.lines.amount[line], items.book.amount[row]])
    quoted = line[named.line] | row[named.row]
    line |= _near(items.lines.amount, amounts) | np.isin(items.party_l, parties)
    row |= _near(items.book.amount, amounts) | np.isin(items.party_r, parties)
    line[named.line[quoted]] = row[named.row[quoted]] = True
    line[named.line[row[named.row]]] = True
    line |= np.isin(items.lines.amount, items.book.amount[row])
    row |= np.isin(items.book.amount, items.lines.amount[line])
    row[named.row[line[named.line]]] = True
    line &= items.pool_l == items.pool_l[place.line]
    row &= items.pool_r == items.pool_l[place.line]
    for one in np.flatnonzero(line).tolist():
        row[_held(result, one)] = True
        line[list(result.together.get(one, ()))] = True
    return np.flatnonzero(line), np.flatnonzero(row)


def _held(result: MatchResult, line: int) -> list[int]:
    return [*result.rows_of(line), *(row for rows in result.alternatives.get(line, ()) for row in rows)]


def _near(amounts: Ints, wanted: Ints) -> Flags:
    """Which amounts have a wanted one near them."""
    if not len(wanted):
        return np.zeros(len(amounts), np.bool_)
    ordered = np.sort(wanted)
    at = np.searchsorted(ordered, amounts)
    below, above = ordered[np.maximum(at - 1, 0)], ordered[np.minimum(at, len(ordered) - 1)]
    apart = np.minimum(np.abs(amounts - below), np.abs(above - amounts))
    near: Flags = apart * 1000 <= np.abs(amounts) * NEAR_PERMILLE
    return near
