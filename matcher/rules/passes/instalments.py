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
from matcher.rules.joins import runs
from matcher.rules.names import NameLevel
from matcher.rules.reference_index import Shared
from matcher.rules.relations import Relation
from matcher.rules.subsets import Sums
from matcher.rules.view import View

CODE = "M57"
DAYS_MAX = 120
_DAYS_BEFORE = 5
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
    starts, ends = runs(row)
    groups = []
    for begin, end in zip(starts.tolist(), ends.tolist(), strict=True):
        lines = line[begin:end]
        item = int(row[begin])
        if len(lines) > 1 and int(items.lines.amount[lines].sum()) == int(items.book.amount[item]):
            groups.append(Group(tuple(lines.tolist()), (item,), _SCORE_NAMED, clear=True))
    return groups


def _of_party(view: View, done: set[int]) -> list[Group]:
    known = view.keep(CODE, dict[tuple[int, int], tuple[int, tuple[int, ...], list[Group]]])
    groups: list[Group] = []
    parties = view.lines_of_parties()
    # Read together, which is cheaper than one by one.
    view.relations.read([line for _, _, lines in parties for line in lines.tolist()])
    for pool, party, lines in parties:
        rows = view.rows_of_party(pool, party)
        if not len(rows):
            continue
        place = pool, party
        free = tuple(line for line in lines.tolist() if line not in done)
        # What is open only shrinks: as many items are the same items.
        tried = known.get(place)
        if tried is None or tried[:2] != (len(rows), free):
            found = _sums(view, np.array(free, np.int64), rows) if len(free) > 1 else []
            tried = known[place] = len(rows), free, found
        groups += tried[2]
    return groups


def _sums(view: View, lines: Ints, rows: Ints) -> list[Group]:
    """Groups of a party's lines that add up to one of its items, dated from shortly before it on; none of them quotes
    another one."""
    items = view.items
    groups: list[Group] = []
    targets, paid = items.book.amount[rows], items.lines.amount[lines]
    small = np.abs(paid) < np.abs(targets).max()
    for receipt in (True, False):
        mine = lines[small & ((paid > 0) == receipt)]
        if len(mine) > 1 and _may_add_up(items.lines.amount[mine], targets):
            sums = Sums(items.lines.amount[mine])
            for row in rows[((targets > 0) == receipt) & sums.reached(targets)].tolist():
                groups += _of_item(view, mine, row, sums)
    return groups


def _may_add_up(amounts: Ints, targets: Ints) -> bool:
    """Whether some target lies between the least and the largest sum of several amounts of one sign."""
    ordered = np.sort(np.abs(amounts))
    asked = np.abs(targets[(targets > 0) == (amounts[0] > 0)])
    return bool(((asked >= ordered[:2].sum()) & (asked <= ordered.sum())).any())


def _of_item(view: View, lines: Ints, row: int, sums: Sums) -> list[Group]:
    target = int(view.items.book.amount[row])
    items = view.items
    days = items.lines.booking_day[lines] - items.book.day[row]
    dated = ((days >= -_DAYS_BEFORE) & (days <= DAYS_MAX)).tolist()
    positions = lines.tolist()
    found = [
        tuple(sorted(members))
        for places in sums.adding_up(target)
        if all(dated[place] for place in places)
        and _quote_no_other(view, members := [positions[place] for place in places], row)
    ]
    if not found:
        return []
    certain = len(found) == 1 and not sums.gave_up and expected_hits(sums.sums, target) <= _CHANCE_MAX
    score = _SCORE if certain else _SCORE_DOUBTFUL
    return [Group(members, (row,), score, certain) for members in found]


def _quote_no_other(view: View, lines: list[int], row: int) -> bool:
    return all(view.relations.of(line, row) is not Relation.OTHER for line in lines)
