"""M65: several items of one party without a word about which.

The payer is known, the text names no open item, and exactly one choice of the party's open items in the window adds up to
the amount, credit notes included. With few items every choice is tried; with many, or where some choice would
fit by accident, it is proposed. Items that are all contradicted by a number on the line are not.
"""

from __future__ import annotations

from typing import NamedTuple

from matcher.rules.chance import expected_hits
from matcher.rules.columns import Ints
from matcher.rules.contract import Candidates, Group
from matcher.rules.relations import Relation
from matcher.rules.subsets import adding_up
from matcher.rules.view import View

CODE = "M65"
_SCORE = 900
_SCORE_DOUBTFUL = 450
_CHANCE_MAX = 0.001
_ITEMS_MAX = 60


def find(view: View) -> Candidates:
    """Groups of one line and several items of its party."""
    reach = view.in_reach()
    named = view.items_named
    known = view.keep(CODE, dict[int, _Tried])
    groups: list[Group] = []
    gave_up: list[int] = reach.gave_up.tolist()
    for line, rows in view.reach_of_lines().items():
        if len(rows) > _ITEMS_MAX:
            gave_up.append(line)
        elif len(rows) > 1:
            silent = not named[line]
            tried = known.get(line)
            # What is open only shrinks: as many items are the same items.
            if tried is None or (tried.rows, tried.silent) != (len(rows), silent):
                tried = known[line] = _Tried(len(rows), silent, *_of_line(view, line, rows, silent=silent))
            groups += tried.groups
            gave_up += [line] if tried.cut_off else []
    return Candidates(groups=tuple(groups), gave_up=tuple(gave_up))


class _Tried(NamedTuple):
    """What was found for a line when so many items were open."""

    rows: int
    silent: bool
    groups: list[Group]
    cut_off: bool


def _of_line(view: View, line: int, rows: Ints, *, silent: bool) -> tuple[list[Group], bool]:
    items = view.items
    target = int(items.lines.amount[line])
    found = adding_up(items.book.amount[rows], target)
    groups = []
    certain = len(found.found) == 1 and not found.gave_up and expected_hits(found.sums, target) <= _CHANCE_MAX
    for places in found.found:
        members = rows[list(places)]
        against = all(view.relations.of(line, row) is Relation.OTHER for row in members.tolist())
        if not against:
            clear = certain and silent
            groups.append(Group((line,), tuple(sorted(members.tolist())), _SCORE if clear else _SCORE_DOUBTFUL, clear))
    return groups, found.gave_up
