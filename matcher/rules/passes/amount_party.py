"""M45: same amount, same counterparty, in the window.

For payers who quote nothing. The folded names must be equal (case, accents, legal form written out or left off, word
order); a number in a reference's place that belongs to something else forbids it, and one that names another open item
of the party leaves it to a person. Two open items of the same party and amount and one payment are a person's to decide,
and so is an amount that the party owes so often that some item would have it by chance.
"""

from __future__ import annotations

import numpy as np

from matcher.rules.coincidence import doubtful
from matcher.rules.contract import Candidates, Pairs
from matcher.rules.joins import mixed, windowed_pairs
from matcher.rules.relations import Relation
from matcher.rules.view import View

CODE = "M45"
_SCORE = {Relation.NOTHING: 900, Relation.NEAR: 960, Relation.CUT: 970, Relation.SAME: 985}


def find(view: View) -> Candidates:
    """Pairs of one party and amount inside the window, scored by what the numbers say."""
    items = view.items
    lines = np.flatnonzero(items.line_open & (items.variant_l >= 0))
    rows = np.flatnonzero(items.row_open & (items.variant_r >= 0))
    left = mixed(items.pool_l[lines], items.lines.amount[lines], items.party_l[lines])
    right = mixed(items.pool_r[rows], items.book.amount[rows], items.party_r[rows])
    low, high = view.window
    at, to = windowed_pairs(left, low[lines], high[lines], right, items.book.day[rows])
    line, row = lines[at], rows[to]
    keep = (items.lines.amount[line] == items.book.amount[row]) & (items.pool_l[line] == items.pool_r[row])
    keep &= items.agree(line, row)
    line, row = line[keep], row[keep]
    relation = [view.relations.of(one, other) for one, other in zip(line.tolist(), row.tolist(), strict=True)]
    kept = np.array([found is not Relation.OTHER for found in relation], np.bool_)
    score = np.array([_SCORE.get(found, 0) for found in relation], np.int32)
    pairs = Pairs(line, row, score, kept).where(kept)
    unproven = np.flatnonzero(pairs.score == _SCORE[Relation.NOTHING])
    clear = pairs.clear & (view.items_named[pairs.line] <= 1) & ~view.names_another(pairs.line, pairs.row)
    clear[unproven] &= ~doubtful(view, pairs.line[unproven], pairs.row[unproven])
    return Candidates(pairs=pairs._replace(clear=clear))
