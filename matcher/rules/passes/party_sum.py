"""M65: several items of one party without a word about which.

The payer is known, the text names no open item, and exactly one choice of the party's open items in the window adds up to
the amount, credit notes included. With few items every choice is tried; with many, or where some choice would
fit by accident, it is proposed.
"""

from __future__ import annotations

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
    rows_of = view.rows_of_parties()
    named = view.items_named
    groups: list[Group] = []
    gave_up: list[int] = []
    for place, lines in view.lines_of_parties().items():
        rows = rows_of.get(place)
        if rows is not None and len(rows) > 1:
            for line in lines.tolist():
                found, cut_off = _of_line(view, line, rows, silent=not named[line])
                groups += found
                gave_up += [line] if cut_off else []
    return Candidates(groups=tuple(groups), gave_up=tuple(gave_up))


def _of_line(view: View, line: int, rows: Ints, *, silent: bool) -> tuple[list[Group], bool]:
    items = view.items
    rows = rows[view.in_window(line, rows)]
    rows = rows[items.agree(line, rows)]
    if len(rows) < 2 or len(rows) > _ITEMS_MAX:
        return [], len(rows) > _ITEMS_MAX
    target = int(items.lines.amount[line])
    found = adding_up(items.book.amount[rows], target)
    groups = []
    certain = len(found.found) == 1 and not found.gave_up and expected_hits(found.sums, target) <= _CHANCE_MAX
    for places in found.found:
        members = rows[list(places)]
        against = all(view.relations.of(line, row) is Relation.OTHER for row in members.tolist())
        clear = certain and silent and not against
        groups.append(Group((line,), tuple(sorted(members.tolist())), _SCORE if clear else _SCORE_DOUBTFUL, clear))
    return groups, found.gave_up
