"""M50: several items named in one text, credit notes included.

"81023/8102675/8102774" names three invoices; their amounts, credit notes negative, must add up to the line exactly.
If the text holds numbers that name nothing open, the rest may be other open items of the same party, if just one choice of
them adds up and no accident explains it. Where nothing adds up, all that is named is proposed, if it comes nearer than each
of it alone: less a discount or a fee, or with an invoice that is not in the books.
"""

from __future__ import annotations

import numpy as np

from matcher.proposal import Category
from matcher.rules.chance import expected_hits
from matcher.rules.columns import Flags, Ints
from matcher.rules.contract import Candidates, Group
from matcher.rules.joins import distinct, runs
from matcher.rules.names import NameLevel
from matcher.rules.reference_index import Shared
from matcher.rules.subsets import Subsets, adding_up
from matcher.rules.view import View

CODE = "M50"
NAMED_MAX = 40
_SCORE = 970
_SCORE_SUBSET = 930
_SCORE_DOUBTFUL = 450
# Named items, or named and unnamed ones, add up: before one named item with another amount.
_SCORE_LIKELY = 550
# All that is named, with another sum: before one named item with another amount.
_SCORE_ALL = 520
_CHANCE_MAX = 0.001
_LIKELY_MAX = 3


def find(view: View) -> Candidates:
    """One group for each way in which named items of a line add up to it."""
    items = view.items
    named = view.named
    inside = view.in_reference_window(named.line, named.row)
    line, row, shared = named.line[inside], named.row[inside], named.shared[inside]
    of_party = items.name_levels(line, row) >= NameLevel.MISSPELT
    strong = of_party | (shared >= Shared.TOKEN)
    line, row, shared, of_party = line[strong], row[strong], shared[strong], of_party[strong]
    view.relations.read(distinct(line).tolist())
    reach = view.reach_of_lines()
    groups: list[Group] = []
    starts, ends = runs(line)
    for begin, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if end - begin <= NAMED_MAX:
            part = slice(begin, end)
            found = _of_line(view, int(line[begin]), row[part], of_party[part], reach)
            groups += found or _all_named(view, int(line[begin]), row[part][shared[part] >= Shared.TOKEN])
    return Candidates(groups=tuple(groups))


def _of_line(view: View, line: int, rows: Ints, of_party: Flags, reach: dict[int, Ints]) -> list[Group]:
    items = view.items
    if len(rows) > 1:
        amount = int(items.lines.amount[line])
        if int(items.book.amount[rows].sum()) == amount:
            return [_group(line, rows, _SCORE)]
        found = adding_up(items.book.amount[rows], amount)
        if found.found:
            return _judged(line, rows, found, amount, _SCORE_SUBSET)
    return _with_unnamed(view, line, rows[of_party], reach.get(line))


def _with_unnamed(view: View, line: int, rows: Ints, others: Ints | None) -> list[Group]:
    """Named items and some unnamed open ones of the same party, dated in the window of this line."""
    items = view.items
    if not len(rows) or others is None:
        return []
    for row in rows.tolist():
        others = others[others != row]
    rest = int(items.lines.amount[line] - items.book.amount[rows].sum())
    if rest == 0 or not len(others):
        return []
    found = adding_up(items.book.amount[others], rest, smallest=1)
    judged = _judged(line, others, found, rest, _SCORE_SUBSET)
    if judged and not any(view.relations.names_more(line, row) for row in rows.tolist()):
        judged = [group._replace(score=min(group.score, _SCORE_LIKELY), clear=False) for group in judged]
    return [_group(line, np.r_[rows, group.rows], group.score, clear=group.clear) for group in judged]


def _all_named(view: View, line: int, rows: Ints) -> list[Group]:
    """Items that are named and do not add up, all of one direction, if each of them alone is farther from the amount."""
    if len(rows) < 2:
        return []
    items = view.items
    amount, asked = int(items.lines.amount[line]), items.book.amount[rows]
    difference = amount - int(asked.sum())
    if ((asked > 0) != (amount > 0)).any() or (np.abs(amount - asked) <= abs(difference)).any():
        return []
    category = Category.PARTIAL if abs(amount) < abs(int(asked.sum())) else Category.OVERPAYMENT
    return [_group(line, rows, _SCORE_ALL, clear=False)._replace(category=category, difference=difference)]


def _judged(line: int, rows: Ints, found: Subsets, amount: int, score: int) -> list[Group]:
    certain = len(found.found) == 1 and not found.gave_up and expected_hits(found.sums, amount) <= _CHANCE_MAX
    doubtful = _SCORE_LIKELY if len(found.found) <= _LIKELY_MAX else _SCORE_DOUBTFUL
    return [_group(line, rows[list(places)], score if certain else doubtful, clear=certain) for places in found.found]


def _group(line: int, rows: Ints, score: int, *, clear: bool = True) -> Group:
    return Group((line,), tuple(sorted(rows.tolist())), score, clear)
