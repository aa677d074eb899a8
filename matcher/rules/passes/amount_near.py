"""M60: same amount, and name or reference nearly the same.

A misspelt or cut name, a reference with one digit wrong or cut at the end of the field. Neither alone proves much, so
both sides must have no other partner that is nearly as good, a number that belongs to something else forbids it, and
the more common the amount, the better name and number have to be.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from matcher.rules.coincidence import doubtful, quotes_neighbour
from matcher.rules.columns import Flags, Ints
from matcher.rules.contract import Candidates, Pairs, no_pairs
from matcher.rules.joins import bounded_pairs
from matcher.rules.lines_kind import are_banks_own
from matcher.rules.names import NameLevel, nearly
from matcher.rules.passes.collective import are_called
from matcher.rules.relations import Relation
from matcher.rules.settings import Weights
from matcher.rules.view import Reach, View

CODE = "M60"
PAIRS_MAX_PER_LINE = 200
_CHANCE_RARE, _CHANCE_ODD = 0.0005, 0.02
_SCORE_BASE = 500
_SCORE_ALIKE = 430


def find(view: View) -> Candidates:
    """All pairs of equal amount in the window among what is open, scored by amount, name and number together."""
    line, row, gave_up = equal_amounts(view)
    if not len(line):
        return Candidates(pairs=no_pairs(), gave_up=gave_up)
    items = view.items
    level = items.name_levels(line, row)
    related = view.relations.of_pairs(line, row)
    weights = view.settings.weights
    points = _name_points(weights)[level] + _relation_points(weights)[related]
    expected = view.open_chance.expected(items.pool_l[line], items.lines.amount[line])
    odd = np.where(expected <= _CHANCE_ODD, weights.amount_odd, 0)
    points += np.where(expected <= _CHANCE_RARE, weights.amount_rare, odd)
    # One party without a number or with the item's was judged by M45 and M47, the item's own of another payer by M10.
    judged = items.agree(line, row) & ((related <= Relation.NOTHING) | (related == Relation.SAME))
    judged |= (level == NameLevel.DIFFERENT) & (related == Relation.SAME)
    supported = (level >= NameLevel.SIMILAR) | (related > Relation.NOTHING)
    clear = (points >= weights.clear_from) & supported & ~judged & (view.items_named[line] <= 1)
    clear &= ~view.names_another(line, row)
    # A number that has the item's somewhere inside may be anything, if nobody says that its party pays.
    inside = np.flatnonzero(clear & (level <= NameLevel.UNKNOWN) & (related == Relation.NEAR))
    clear[inside] = [
        not view.relations.is_buried(*pair) for pair in zip(line[inside].tolist(), row[inside].tolist(), strict=True)
    ]
    # Who is named as the books name him is nobody named alike.
    clear &= (level == NameLevel.EQUAL) | (level <= NameLevel.UNKNOWN) | ~view.named_exactly[line]
    score = np.minimum(_SCORE_BASE + points // 2 + 100, 940).astype(np.int32)
    worth = supported | (level == NameLevel.UNKNOWN)
    unsupported = np.flatnonzero(worth & ~supported)
    worth[unsupported] = ~(are_banks_own(view, line[unsupported]) | are_called(view, line[unsupported]))
    alike = np.flatnonzero((level == NameLevel.DIFFERENT) & (related == Relation.NOTHING) & ~view.named_exactly[line])
    alike = alike[_nearly_named(view, line[alike], row[alike])]
    score[alike] = _SCORE_ALIKE
    points[alike], worth[alike] = 0, True
    # A party that is only nearly named proves no more than one that is named.
    near = np.flatnonzero(clear & (related <= Relation.NOTHING))
    clear[near] = ~doubtful(view, line[near], row[near])
    near = np.flatnonzero(clear & (related == Relation.NEAR))
    clear[near] = ~quotes_neighbour(view, line[near], row[near])
    return Candidates(pairs=Pairs(line, row, score, clear).where(worth & (points > -100)), gave_up=gave_up)


def _nearly_named(view: View, line: Ints, row: Ints) -> Flags:
    """Pairs whose names are no misprint of each other for sure, and nearly one; each pair of names is compared once."""
    names, known = view.items.names, view.keep(f"{CODE} alike", dict[tuple[int, int], bool])
    pairs = list(zip(view.items.variant_l[line].tolist(), view.items.variant_r[row].tolist(), strict=True))
    known.update((pair, nearly(names[pair[0]], names[pair[1]])) for pair in set(pairs).difference(known))
    return np.array([known[pair] for pair in pairs], np.bool_)


def _name_points(weights: Weights) -> Ints:
    """Points by `NameLevel`."""
    similar, misspelt, cut = weights.name_similar, weights.name_misspelt, weights.name_cut
    return np.array([weights.name_different, 0, similar, misspelt, cut, weights.name_equal], np.int64)


def _relation_points(weights: Weights) -> Ints:
    """Points by `Relation`."""
    near, cut, same = weights.reference_near, weights.reference_cut, weights.reference_same
    return np.array([weights.reference_other, 0, near, cut, same], np.int64)


def equal_amounts(view: View) -> tuple[Ints, Ints, tuple[int, ...]]:
    """Pairs of equal amount in the window; lines with more than `PAIRS_MAX_PER_LINE` items are given up."""
    found = view.still_open("equal amounts", partial(_equal_amounts, view))
    return found.line, found.row, tuple(found.gave_up.tolist())


def _equal_amounts(view: View) -> Reach:
    items = view.items
    lines = np.flatnonzero(items.line_open)
    rows = np.flatnonzero(items.row_open)
    left = (items.pool_l[lines].astype(np.int64) << 52) + items.lines.amount[lines]
    right = (items.pool_r[rows].astype(np.int64) << 52) + items.book.amount[rows]
    low, high = view.window
    at, to, many = bounded_pairs(left, low[lines], high[lines], right, items.book.day[rows], PAIRS_MAX_PER_LINE)
    return Reach(lines[at], rows[to], lines[many])
