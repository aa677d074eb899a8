"""M60: same amount, and name or reference nearly the same.

A misspelt or cut name, a reference with one digit wrong or cut at the end of the field. Neither alone proves much, so
both sides must have no other partner that is nearly as good, a number that belongs to something else forbids it, and
the more common the amount, the better name and number have to be.
"""

from __future__ import annotations

import numpy as np

from matcher.rules.chance import AmountChance
from matcher.rules.coincidence import doubtful
from matcher.rules.columns import Ints
from matcher.rules.contract import Candidates, Pairs, no_pairs
from matcher.rules.joins import windowed_counts, windowed_pairs
from matcher.rules.lines_kind import BANKS_OWN, kind_of
from matcher.rules.names import NameLevel
from matcher.rules.passes.collective import is_called
from matcher.rules.relations import Relation
from matcher.rules.view import View

CODE = "M60"
PAIRS_MAX_PER_LINE = 200
_NAME = {
    NameLevel.DIFFERENT: -100,
    NameLevel.UNKNOWN: 0,
    NameLevel.SIMILAR: 200,
    NameLevel.MISSPELT: 350,
    NameLevel.CUT: 370,
    NameLevel.EQUAL: 400,
}
_RELATION = {
    Relation.OTHER: -300,
    Relation.NOTHING: 0,
    Relation.NEAR: 250,
    Relation.CUT: 300,
    Relation.SAME: 400,
}
_AMOUNT_RARE, _AMOUNT_ODD = 200, 100
_CHANCE_RARE, _CHANCE_ODD = 0.0005, 0.02
_CLEAR_FROM = 350
_SCORE_BASE = 500


def find(view: View) -> Candidates:
    """All pairs of equal amount in the window among what is open, scored by amount, name and number together."""
    line, row, gave_up = equal_amounts(view)
    if not len(line):
        return Candidates(pairs=no_pairs(), gave_up=gave_up)
    items = view.items
    level = items.name_levels(line, row)
    relation = [view.relations.of(one, other) for one, other in zip(line.tolist(), row.tolist(), strict=True)]
    points = np.array([_NAME[NameLevel(code)] for code in level.tolist()], np.int32)
    points += np.array([_RELATION[found] for found in relation], np.int32)
    open_rows = np.flatnonzero(items.row_open)
    chance = AmountChance(items.pool_r[open_rows], items.book.amount[open_rows])
    expected = chance.expected(items.pool_l[line], items.lines.amount[line])
    points += np.where(expected <= _CHANCE_RARE, _AMOUNT_RARE, np.where(expected <= _CHANCE_ODD, _AMOUNT_ODD, 0))
    supported = (level >= NameLevel.SIMILAR) | np.array([found > Relation.NOTHING for found in relation], np.bool_)
    # One party without a number was judged by M45 and M47.
    judged = items.agree(line, row) & np.array([found <= Relation.NOTHING for found in relation], np.bool_)
    clear = (points >= _CLEAR_FROM) & supported & ~judged
    score = np.minimum(_SCORE_BASE + points // 2 + 100, 940).astype(np.int32)
    worth = supported | (level == NameLevel.UNKNOWN)
    worth[worth] = [
        ok or not (kind_of(view, one) in BANKS_OWN or is_called(view, one))
        for one, ok in zip(line[worth].tolist(), supported[worth].tolist(), strict=True)
    ]
    # A party that is only nearly named proves no more than one that is named.
    near = np.flatnonzero(clear & np.array([found <= Relation.NOTHING for found in relation], np.bool_))
    clear[near] = ~doubtful(view, line[near], row[near])
    return Candidates(pairs=Pairs(line, row, score, clear).where(worth & (points > -100)), gave_up=gave_up)


def equal_amounts(view: View) -> tuple[Ints, Ints, tuple[int, ...]]:
    """Pairs of equal amount in the window; lines with more than `PAIRS_MAX_PER_LINE` items are given up."""
    items = view.items
    lines = np.flatnonzero(items.line_open)
    rows = np.flatnonzero(items.row_open)
    left = (items.pool_l[lines].astype(np.int64) << 52) + items.lines.amount[lines]
    right = (items.pool_r[rows].astype(np.int64) << 52) + items.book.amount[rows]
    low, high = view.window
    counts = windowed_counts(left, low[lines], high[lines], right, items.book.day[rows])
    many = counts > PAIRS_MAX_PER_LINE
    few = np.flatnonzero(~many)
    at, to = windowed_pairs(left[few], low[lines[few]], high[lines[few]], right, items.book.day[rows])
    return lines[few[at]], rows[to], tuple(lines[many].tolist())
