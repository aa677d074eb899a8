"""M33: everything of one kind that our books have on one day, as two lines.

Two salary files of one day are two lines, and nothing in the books says which payment went with which. Together they
must add up to all open items of the day whose descriptions are alike but for their numbers; then each line is some of
these, and if just one choice of them adds up to it (as many as the bank counts), that choice is proven and so is the rest.
The bank must call both lines collective, and book them a few banking days after the items at most.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from matcher.rules.chance import AmountChance, grid
from matcher.rules.columns import Codes, Flags, Ints
from matcher.rules.contract import Candidates, Group
from matcher.rules.joins import equal_pairs, mixed, runs, stable_order
from matcher.rules.passes.collective import collective_lines
from matcher.rules.passes.daily_sum import USUAL_LAGS, kinds_of, replaceable
from matcher.rules.view import View

CODE = "M33"
ITEMS_MAX = 18
_DAYS_APART_MAX = 3
# A line is held together with so many that follow it.
_NEXT_MAX = 8
_CHANCE_MAX = 0.001
_SCORE = 955
_SCORE_DOUBTFUL = 450
_DIVISIONS_MAX = 5


def find(view: View) -> Candidates:
    """Two groups for each division of a day's items between two collective lines."""
    items = view.items
    lines, called = collective_lines(view)
    first, second = _pairs(view, lines[called])
    if not len(first):
        return Candidates()
    low, high = view.window
    rows = np.flatnonzero(items.row_open & (items.book.day >= low[first].min()) & (items.book.day <= high[first].max()))
    groups: dict[Group, None] = {}
    for kinds in view.keep(CODE, partial(kinds_of, view, rows)):
        groups.update(dict.fromkeys(_of_kinds(view, first, second, rows[kinds[rows] >= 0], kinds)))
    return Candidates(groups=tuple(groups))


def _pairs(view: View, lines: Ints) -> tuple[Ints, Ints]:
    """Lines of one pool and sign that are booked within `_DAYS_APART_MAX` days of each other."""
    items = view.items
    day, amount = items.lines.booking_day, items.lines.amount
    lines = lines[np.lexsort((lines, day[lines], amount[lines] > 0, items.pool_l[lines]))]
    found = []
    for step in range(1, min(_NEXT_MAX + 1, len(lines))):
        left, right = lines[:-step], lines[step:]
        near = (items.pool_l[left] == items.pool_l[right]) & ((amount[left] > 0) == (amount[right] > 0))
        near &= day[right] - day[left] <= _DAYS_APART_MAX
        found.append((left[near], right[near]))
    empty = np.empty(0, np.int64)
    return (
        np.concatenate([left for left, _ in found]) if found else empty,
        np.concatenate([right for _, right in found]) if found else empty,
    )


def _of_kinds(view: View, first: Ints, second: Ints, rows: Ints, kinds: Codes) -> list[Group]:
    items = view.items
    if not len(rows):
        return []
    sign = (items.book.amount[rows] > 0).astype(np.int64)
    key = mixed(items.pool_r[rows], items.book.day[rows], kinds[rows], sign)
    order = stable_order(key)
    rows, key = rows[order], key[order]
    starts, ends = runs(key)
    sizes = ends - starts
    sums = np.add.reduceat(items.book.amount[rows], starts)
    few = np.flatnonzero((sizes > 2) & (sizes <= ITEMS_MAX))
    head = rows[starts[few]]
    chance = AmountChance(items.pool_r[head], sums[few], grid(sums[few]))
    total = items.lines.amount[first] + items.lines.amount[second]
    at, to = equal_pairs(mixed(items.pool_l[first], total), mixed(items.pool_r[head], sums[few]))
    # Accounts have nothing to do with each other: how many lines another one has is no reason to doubt.
    pairs = np.bincount(items.pool_l[first], minlength=len(items.pool_names))
    expected = chance.expected(items.pool_l[first[at]], total[at]) * pairs[items.pool_l[first[at]]]
    groups: list[Group] = []
    for pair, place, accidents in zip(at.tolist(), to.tolist(), expected.tolist(), strict=True):
        start = starts[few[place]]
        members = np.sort(rows[start : start + sizes[few[place]]])
        one, other = int(first[pair]), int(second[pair])
        if total[pair] == sums[few[place]] and _usual(view, one, other, members[:1]):
            sure = accidents <= _CHANCE_MAX and not replaceable(view, members)
            groups += _divisions(view, one, other, members, sure=sure)
    return groups


def _usual(view: View, one: int, other: int, row: Ints) -> bool:
    lags = view.items.lag(np.array([one, other]), np.repeat(row, 2))
    return all(lag in USUAL_LAGS for lag in lags.tolist())


def _divisions(view: View, one: int, other: int, members: Ints, *, sure: bool) -> list[Group]:
    """Both sides of every choice of the items that adds up to one line, and so its rest to the other."""
    items = view.items
    sums = np.zeros(1, np.int64)
    for amount in items.book.amount[members].tolist():
        sums = np.concatenate([sums, sums + amount])
    hits = np.flatnonzero(sums == items.lines.amount[one])
    sizes = np.bitwise_count(hits).astype(np.int64)
    hits = hits[_counted(view, one, sizes) & _counted(view, other, len(members) - sizes)]
    clear = sure and len(hits) == 1
    groups = []
    for mask in hits[:_DIVISIONS_MAX].tolist():
        chosen = (mask >> np.arange(len(members)) & 1).astype(np.bool_)
        for line, rows in ((one, members[chosen]), (other, members[~chosen])):
            groups.append(Group((line,), tuple(rows.tolist()), _SCORE if clear else _SCORE_DOUBTFUL, clear))
    return groups


def _counted(view: View, line: int, sizes: Ints) -> Flags:
    """Whether a line may be so many payments: as many as the bank counts, if it does."""
    count = int(view.items.lines.batch_count[line])
    return (sizes == count) if count > 1 else sizes > 0
