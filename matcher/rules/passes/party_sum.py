"""M65: several items of one party without a word about which.

The payer is known, the text names no open item, and exactly one choice of the party's open items in the window adds up to
the amount, credit notes included. With few items every choice is tried; with many, or where some choice would
fit by accident, it is proposed. Items that are all contradicted by a number on the line are not. Of too many items for a
search, those are proposed that have neighbouring numbers: invoices that came together are paid together.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from matcher.rules.chance import expected_hits
from matcher.rules.columns import Ints
from matcher.rules.contract import Candidates, Group
from matcher.rules.numbering import last_number
from matcher.rules.relations import Relation
from matcher.rules.subsets import EXACT_ITEMS, adding_up
from matcher.rules.view import View

CODE = "M65"
_SCORE = 900
_SCORE_DOUBTFUL = 450
_CHANCE_MAX = 0.001
_ITEMS_MAX = 60
# An item and the next ones by number.
_NEXT = 7
_CHOICES = 1 << _NEXT
_NEIGHBOURS_MAX = 5
# Of more choices of one sum none is likelier than the others.
_HITS_MAX = 200
_LOOKED_THROUGH_MAX = 16


def find(view: View) -> Candidates:
    """Groups of one line and several items of its party."""
    reach = view.in_reach()
    named = view.items_named
    known = view.keep(CODE, dict[int, _Tried])
    windows = view.while_open(f"{CODE} windows", dict[tuple[int, int, bool], _Windows])
    groups: list[Group] = []
    gave_up: list[int] = reach.gave_up.tolist()
    for line, rows in view.reach_of_lines().items():
        if len(rows) > 1:
            silent = not named[line]
            tried = known.get(line)
            # What is open only shrinks: as many items are the same items.
            if tried is None or (tried.rows, tried.silent) != (len(rows), silent):
                tried = known[line] = _Tried(len(rows), silent, *_of_line(view, line, rows, windows, silent=silent))
            groups += tried.groups
            gave_up += [line] if tried.cut_off else []
    return Candidates(groups=tuple(groups), gave_up=tuple(gave_up))


def _neighbours(view: View, line: int, rows: Ints, windows: dict[tuple[int, int, bool], _Windows]) -> list[Group]:
    """Items in reach with neighbouring numbers among the party's open ones that add up to the line."""
    items = view.items
    place = int(items.pool_r[rows[0]]), int(items.party_r[rows[0]]), bool(items.lines.amount[line] > 0)
    if place not in windows:
        windows[place] = _windows(view, *place)
    found = windows[place].adding_up(int(items.lines.amount[line]), rows)
    return [
        Group((line,), members, _SCORE_DOUBTFUL, clear=False)
        for members in found
        if not any(view.relations.of(line, row) is Relation.OTHER for row in members)
    ]


class _Windows:
    """A party's open items in the order of their numbers, and the sums of choices among each item and the next ones that
    begin with that item: looked through for a few targets, put in order for many."""

    def __init__(self, rows: Ints, sums: Ints) -> None:
        self.rows = rows
        self._sums = sums
        self._asked = 0

    @cached_property
    def _in_order(self) -> tuple[Ints, Ints]:
        order = np.argsort(self._sums)
        return self._sums[order], order

    def _hits(self, target: int) -> Ints:
        self._asked += 1
        if self._asked <= _LOOKED_THROUGH_MAX:
            return np.flatnonzero(self._sums == target)
        sums, order = self._in_order
        return order[np.searchsorted(sums, target) : np.searchsorted(sums, target, side="right")]

    def adding_up(self, target: int, within: Ints) -> list[tuple[int, ...]]:
        """Choices among items that may be taken, whose sum is the target."""
        hits = self._hits(target)
        if not len(hits) or len(hits) > _HITS_MAX:
            return []
        allowed = set(within.tolist())
        found = []
        for place, mask in zip(*divmod(hits, _CHOICES), strict=True):
            chosen = [place, *(place + 1 + step for step in range(_NEXT) if mask >> step & 1)]
            members = tuple(sorted(self.rows[chosen].tolist())) if chosen[-1] < len(self.rows) else ()
            if len(members) > 1 and allowed.issuperset(members):
                found.append(members)
        return sorted(found)[:_NEIGHBOURS_MAX]


def _windows(view: View, pool: int, party: int, receipt: bool) -> _Windows:
    items = view.items
    rows = view.rows_of_party(pool, party)
    if receipt:
        numbers = view.references.last_numbers_described(rows)
    else:
        texts = items.book.text("reference")
        numbers = np.array([last_number(texts.at(row)) for row in rows.tolist()], np.int64)
    rows = rows[numbers >= 0][np.argsort(numbers[numbers >= 0], kind="stable")]
    amounts = np.r_[items.book.amount[rows], np.zeros(_NEXT, np.int64)]
    sums = np.empty((len(rows), _CHOICES), np.int64)
    sums[:, 0] = amounts[: len(rows)]
    for step in range(1, _NEXT + 1):
        done = 1 << (step - 1)
        np.add(sums[:, :done], amounts[step : step + len(rows), None], out=sums[:, done : 2 * done])
    return _Windows(rows, sums.ravel())


class _Tried(NamedTuple):
    """What was found for a line when so many items were open."""

    rows: int
    silent: bool
    groups: list[Group]
    cut_off: bool


def _of_line(
    view: View, line: int, rows: Ints, windows: dict[tuple[int, int, bool], _Windows], *, silent: bool
) -> tuple[list[Group], bool]:
    items = view.items
    target = int(items.lines.amount[line])
    groups = _neighbours(view, line, rows, windows) if len(rows) > EXACT_ITEMS else []
    if len(rows) > _ITEMS_MAX:
        return groups, True
    found = adding_up(items.book.amount[rows], target)
    certain = len(found.found) == 1 and not found.gave_up and expected_hits(found.sums, target) <= _CHANCE_MAX
    for places in found.found:
        members = rows[list(places)]
        against = all(view.relations.of(line, row) is Relation.OTHER for row in members.tolist())
        if not against:
            clear = certain and silent
            groups.append(Group((line,), tuple(sorted(members.tolist())), _SCORE if clear else _SCORE_DOUBTFUL, clear))
    return groups, found.gave_up
