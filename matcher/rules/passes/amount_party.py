"""M45: same amount, same counterparty, in the window.

For payers who quote nothing. The folded names must be equal (case, accents, legal form written out or left off, word
order); a number in a reference's place that belongs to something else forbids it, and one that names another open item
of the party leaves it to a person. Two open items of the same party and amount and one payment are a person's to decide,
and so is an amount that the party owes so often that some item would have it by chance,
and a common amount with a number near the item's that may be that of an invoice paid before.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from matcher.rules.coincidence import doubtful, quotes_neighbour
from matcher.rules.contract import Candidates, Pairs
from matcher.rules.joins import bounded_pairs, mixed
from matcher.rules.passes.reference import party_owes_twice
from matcher.rules.relations import Relation
from matcher.rules.view import Reach, View

CODE = "M45"
ITEMS_MAX = 100
# By `Relation`; another number than the item's is no pair at all.
_SCORE = np.array([0, 900, 960, 970, 985], np.int32)


def find(view: View) -> Candidates:
    """Pairs of one party and amount inside the window, scored by what the numbers say.

    Of more than `ITEMS_MAX` items of one party and amount none is told from the others.
    """
    return view.while_open(CODE, partial(_find, view))


def _find(view: View) -> Candidates:
    line, row, many = view.still_open(f"{CODE} pairs", partial(_of_one_party, view))
    relation = view.relations.of_pairs(line, row)
    kept = relation != Relation.OTHER
    pairs = Pairs(line, row, _SCORE[relation], kept).where(kept)
    unproven = np.flatnonzero(relation[kept] == Relation.NOTHING)
    clear = pairs.clear & (view.items_named[pairs.line] <= 1) & ~view.names_another(pairs.line, pairs.row)
    clear[unproven] &= ~doubtful(view, pairs.line[unproven], pairs.row[unproven])
    # A number that is no reference (a date, a customer) tells none of several items from the others.
    told = np.flatnonzero(clear & (relation[kept] == Relation.SAME))
    told = told[party_owes_twice(view, pairs.row[told])]
    clear[told] = [
        view.relations.means(line, row)
        for line, row in zip(pairs.line[told].tolist(), pairs.row[told].tolist(), strict=True)
    ]
    near = np.flatnonzero(clear & (relation[kept] == Relation.NEAR))
    clear[near] = ~quotes_neighbour(view, pairs.line[near], pairs.row[near])
    return Candidates(pairs=pairs._replace(clear=clear), gave_up=tuple(many.tolist()))


def _of_one_party(view: View) -> Reach:
    items = view.items
    lines = np.flatnonzero(items.line_open & (items.variant_l >= 0))
    rows = np.flatnonzero(items.row_open & (items.variant_r >= 0))
    left = mixed(items.pool_l[lines], items.lines.amount[lines], items.party_l[lines])
    right = mixed(items.pool_r[rows], items.book.amount[rows], items.party_r[rows])
    low, high = view.window
    at, to, many = bounded_pairs(left, low[lines], high[lines], right, items.book.day[rows], ITEMS_MAX)
    line, row = lines[at], rows[to]
    keep = (items.lines.amount[line] == items.book.amount[row]) & (items.pool_l[line] == items.pool_r[row])
    keep &= items.agree(line, row)
    return Reach(line[keep], row[keep], lines[many])
