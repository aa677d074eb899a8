"""Which of a line's explanations is named first: where scores are equal, what the account's own habits make likely.

Four things tell explanations of equal score apart. How many banking days the account's payments are usually booked
after their items, as the lines that were cleared show. Which item is older by its number: it is paid first. Whether the
item has a number at all: a payer who quotes nothing more likely pays what has nothing to quote. And how near to each
other the numbers of a group's items are: who pays several invoices at once pays those that he got together. Two lines
that fit the same items best are given different ones first. Nothing here clears anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from matcher.rules.columns import Codes, Floats, Ints
from matcher.rules.contract import Group, Pairs
from matcher.rules.joins import distinct, runs
from matcher.rules.numbering import last_number
from matcher.rules.view import View

PROPOSALS_MAX = 5
# Lags beyond it count as one.
_LAG_MAX = 40
# What is known before any line is cleared: as if so many lines had been, more of them soon after the item than before it.
_PRIOR_SOON, _PRIOR_BEFORE, _PRIOR_LEAST = 8.0, 2.0, 0.5
# Costs are thousandths of a natural logarithm: 4 times less likely for each older item beside it, 10 times for a number that
# was not quoted, 1.2 times for each item of a group.
_UNIT = 1000
_YOUNGER, _UNQUOTED, _MEMBER = 1386, 2303, 182

# The number of the step that found it, and what it is.
Proposal = tuple[int, Group]
# What it costs, the line, and its place among the line's proposals.
_Choice = tuple[int, int, int]


class Likelihood:
    """How unlikely an explanation is among those of equal score: the negative logarithm of a frequency."""

    def __init__(self, view: View, single: Ints) -> None:
        """`single[line]` is the item that alone explains a cleared line, −1 for none."""
        self._view = view
        self._numbers: dict[int, int] = {}
        cleared = np.flatnonzero(single >= 0)
        seen = np.zeros((len(view.items.pool_names), 2, 2 * _LAG_MAX + 1))
        np.add.at(seen, self._place(cleared, single[cleared]), 1.0)
        lags = np.arange(-_LAG_MAX, _LAG_MAX + 1)
        prior = np.where(lags >= 0, _PRIOR_SOON - lags, _PRIOR_BEFORE + lags / 2)
        self._cost = _cost_of(1 / (seen + np.maximum(prior, _PRIOR_LEAST)))

    def _place(self, line: Ints, row: Ints) -> tuple[Codes, Codes, Codes]:
        items = self._view.items
        lag = np.clip(items.lag(line, row), -_LAG_MAX, _LAG_MAX) + _LAG_MAX
        return items.pool_l[line], (items.lines.amount[line] > 0).astype(np.int32), lag

    def of_pairs(self, line: Ints, row: Ints, score: Codes) -> Ints:
        """The cost of single items, each among those that have the same line and score."""
        cost: Ints = self._dates(line, row)
        number = np.array([self._number(one) for one in row.tolist()], np.int64)
        silent = {one: not self._view.relations.keys_of(one) for one in distinct(line).tolist()}
        cost[np.array([silent[one] for one in line.tolist()], np.bool_) & (number >= 0)] += _UNQUOTED
        numbered = np.flatnonzero(number >= 0)
        numbered = numbered[np.lexsort((number[numbered], score[numbered], line[numbered]))]
        apart = np.diff(line[numbered], prepend=-1) != 0
        apart |= np.diff(score[numbered], prepend=-1) != 0
        # Items of one number are of one age.
        age = np.cumsum(apart | (np.diff(number[numbered], prepend=-1) != 0))
        cost[numbered] += _YOUNGER * (age - np.repeat(age[apart], np.diff(np.r_[np.flatnonzero(apart), len(age)])))
        return cost

    def of_groups(self, groups: Sequence[Group]) -> list[int]:
        """The costs of several items each: of their dates, and of how far apart their numbers are."""
        if not groups:
            return []
        sizes = [len(group.rows) for group in groups]
        lines = np.repeat(np.array([group.lines[0] for group in groups], np.int64), sizes)
        dates = self._dates(lines, np.array([row for group in groups for row in group.rows], np.int64))
        gaps = []
        for group in groups:
            numbers = [self._number(row) for row in group.rows]
            gaps.append(max(numbers) - min(numbers) - len(numbers) + 1 if min(numbers) >= 0 else 0)
        starts = np.cumsum([0, *sizes[:-1]])
        cost = np.maximum.reduceat(dates, starts) + _MEMBER * np.array(sizes)
        found: list[int] = (cost + _cost_of(1.0 + np.maximum(0, gaps))).tolist()
        return found

    def _dates(self, line: Ints, row: Ints) -> Ints:
        cost: Ints = self._cost[self._place(line, row)]
        return cost

    def _number(self, row: int) -> int:
        """The number that we gave an item, −1 for none."""
        known = self._numbers.get(row)
        if known is None:
            book = self._view.items.book
            text = book.text("reference" if book.amount[row] < 0 else "description").at(row)
            known = self._numbers[row] = last_number(text)
        return known


def _cost_of(times: Floats) -> Ints:
    """The cost of being so many times less likely."""
    cost: Ints = np.rint(_UNIT * np.log(times)).astype(np.int64)
    return cost


def best(likelihood: Likelihood, pairs: Pairs) -> Pairs:
    """Of each line's pairs the `PROPOSALS_MAX` best."""
    cost = likelihood.of_pairs(pairs.line, pairs.row, pairs.score)
    order = np.lexsort((pairs.row, cost, -pairs.score, pairs.line))
    starts, ends = runs(pairs.line[order])
    return pairs.where(order[np.arange(len(order)) - np.repeat(starts, ends - starts) < PROPOSALS_MAX])


def rank(view: View, likelihood: Likelihood, proposals: Mapping[int, list[Proposal]]) -> dict[int, list[Proposal]]:
    """The proposals of each line, best first: score, likelihood, then ids, so that the order of the input does not matter."""
    items = view.items
    pairs = [(line, group) for line, found in proposals.items() for _, group in found]
    single = [pair for pair in pairs if _is_single(pair[1])]
    lines = np.array([line for line, _ in single], np.int64)
    rows = np.array([group.rows[0] for _, group in single], np.int64)
    scores = np.array([group.score for _, group in single], np.int32)
    costs = dict(zip(single, likelihood.of_pairs(lines, rows, scores).tolist(), strict=True))
    several = [pair for pair in pairs if not _is_single(pair[1])]
    costs.update(zip(several, likelihood.of_groups([group for _, group in several]), strict=True))
    ranked: dict[int, list[Proposal]] = {}
    choices: list[_Choice] = []
    for line, found in proposals.items():
        keyed = [(-group.score, costs[line, group], [items.book.ids[row] for row in group.rows]) for _, group in found]
        order = sorted(range(len(found)), key=keyed.__getitem__)
        ranked[line] = [found[place] for place in order]
        for place, one in enumerate(order):
            if keyed[one][0] == keyed[order[0]][0] and _is_single(found[one][1]):
                choices.append((keyed[one][1], line, place))
    _share(view, ranked, choices)
    return ranked


def _is_single(group: Group) -> bool:
    return len(group.rows) == len(group.lines) == 1


def _share(view: View, ranked: dict[int, list[Proposal]], choices: list[_Choice]) -> None:
    """Give lines that have the same first item different ones among those of equal score, the likeliest pair first."""
    ids = view.items.lines.ids
    given: set[int] = set()
    first: dict[int, int] = {}
    for _, line, place in sorted(choices, key=lambda choice: (choice[0], ids[choice[1]], choice[2])):
        row = ranked[line][place][1].rows[0]
        if line not in first and row not in given:
            first[line] = place
            given.add(row)
    for line, place in first.items():
        ranked[line].insert(0, ranked[line].pop(place))
