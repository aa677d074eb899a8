"""M57: several lines that pay one item together.

Instalments: lines of one payer, or lines that name the item, whose amounts add up to it exactly. All lines that name
the item belong together; where nothing is named, the lines must be open ones of the same party, just one choice of
them may add up to just one item, and no accident may explain it.
"""

from __future__ import annotations

import numpy as np

from matcher.rules.chance import expected_hits
from matcher.rules.columns import Ints
from matcher.rules.contract import Candidates, Group
from matcher.rules.names import NameLevel
from matcher.rules.reference_index import Shared
from matcher.rules.relations import Relation
from matcher.rules.subsets import EXACT_ITEMS, adding_up
from matcher.rules.view import View

CODE = "M57"
DAYS_MAX = 120
_SCORE_NAMED = 975
_SCORE = 900
_SCORE_DOUBTFUL = 450
_CHANCE_MAX = 0.001


def find(view: View) -> Candidates:
    """Groups of lines for one item."""
    named = _all_named(view)
    return Candidates(groups=(*named, *_of_party(view, {line for group in named for line in group.lines})))


def _all_named(view: View) -> list[Group]:
    items = view.items
    named = view.named
    level = items.name_levels(named.line, named.row)
    strong = (named.shared >= Shared.TOKEN) | (level >= NameLevel.MISSPELT)
    strong &= view.in_reference_window(named.line, named.row)
    line, row = named.line[strong], named.row[strong]
    order = np.lexsort((line, row))
    line, row = line[order], row[order]
    starts = np.flatnonzero(np.r_[True, row[1:] != row[:-1]]) if len(row) else np.empty(0, np.int64)
    groups = []
    for begin, end in zip(starts.tolist(), np.r_[starts[1:], len(row)].tolist(), strict=False):
        lines = line[begin:end]
        item = int(row[begin])
        if len(lines) > 1 and int(items.lines.amount[lines].sum()) == int(items.book.amount[item]):
            groups.append(Group(tuple(lines.tolist()), (item,), _SCORE_NAMED, clear=True))
    return groups


def _of_party(view: View, done: set[int]) -> list[Group]:
    rows_of = view.rows_of_parties()
    groups: list[Group] = []
    for place, lines in view.lines_of_parties().items():
        rows = rows_of.get(place)
        free = np.array([line for line in lines.tolist() if line not in done], np.int64)
        if rows is None or len(free) < 2:
            continue
        for row in rows.tolist():
            groups += _of_item(view, free, row)
    return groups


def _of_item(view: View, lines: Ints, row: int) -> list[Group]:
    items = view.items
    target = int(items.book.amount[row])
    days = items.lines.booking_day[lines] - items.book.day[row]
    amount = items.lines.amount[lines]
    near = (days >= -5) & (days <= DAYS_MAX) & ((amount > 0) == (target > 0)) & (np.abs(amount) < abs(target))
    lines = lines[near]
    if len(lines) < 2 or abs(int(items.lines.amount[lines].sum())) < abs(target):
        return []
    fits = [view.relations.of(line, row) is not Relation.OTHER for line in lines.tolist()]
    lines = lines[np.array(fits, np.bool_)]
    found = adding_up(items.lines.amount[lines], target)
    chance = expected_hits(found.sums, target)
    certain = len(found.found) == 1 and chance <= _CHANCE_MAX and len(lines) <= EXACT_ITEMS
    score = _SCORE if certain else _SCORE_DOUBTFUL
    return [Group(tuple(sorted(lines[list(places)].tolist())), (row,), score, certain) for places in found.found]
