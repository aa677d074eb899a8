"""M70: the counterparty and nearly the amount, without a reference.

The difference must have a reason that the bank or the books state: the item carries the foreign amount that the bank
prints, the payment crossed a border and a charge is missing, or it is rounding. The line must fit one item of the party
only, and the item one line.
"""

from __future__ import annotations

import numpy as np

from matcher.proposal import Category
from matcher.rules.coincidence import expected_alike
from matcher.rules.columns import Ints
from matcher.rules.contract import Candidates, Group
from matcher.rules.foreign import foreign_amounts, is_foreign, printed_amounts
from matcher.rules.relations import Relation
from matcher.rules.view import View

CODE = "M70"
_EXPECTED_MAX = 0.01
_SCORE_DOUBTFUL = 500
_SCORE = {Category.FX: 960, Category.ROUNDING: 920, Category.BANK_FEE: 900}


def find(view: View) -> Candidates:
    """Groups of one line and one item whose difference has a reason."""
    rows_of = view.rows_of_parties()
    groups: list[Group] = []
    for place, lines in view.lines_of_parties().items():
        rows = rows_of.get(place)
        if rows is not None:
            for line in lines.tolist():
                groups += _of_line(view, line, rows)
    return Candidates(groups=tuple(groups))


def _of_line(view: View, line: int, rows: Ints) -> list[Group]:
    items = view.items
    rows = rows[view.in_window(np.full(len(rows), line), rows)]
    rows = rows[items.same_party(items.variant_l[np.full(len(rows), line)], items.variant_r[rows])]
    amount = int(items.lines.amount[line])
    rows = rows[(items.book.amount[rows] > 0) == (amount > 0)]
    foreign = is_foreign(view, line)
    rows = rows[np.abs(items.book.amount[rows] - amount) <= _reach(view, line, rows, foreign=foreign)]
    groups = []
    for row in rows.tolist():
        difference = amount - int(items.book.amount[row])
        category = _reason(view, line, row, difference)
        if category is not None and view.relations.of(line, row) is not Relation.OTHER:
            clear = category is not Category.ROUNDING or _is_rare(view, line, row, difference)
            score = _SCORE[category] if clear else _SCORE_DOUBTFUL
            groups.append(Group((line,), (row,), score, clear, category=category, difference=difference))
    return groups


def _reach(view: View, line: int, rows: Ints, *, foreign: bool) -> Ints:
    """The largest difference that any reason allows, for each item."""
    lines = np.full(len(rows), line)
    reach = view.limit("rounding_minor_max", lines, rows)
    if foreign:
        fx = np.abs(view.items.book.amount[rows]) * view.limit("fx_permille_max", lines, rows) // 1000
        reach = np.maximum(reach, np.maximum(fx, view.limit("charge_minor_max", lines, rows)))
    return reach


def _is_rare(view: View, line: int, row: int, difference: int) -> bool:
    """Whether no item of the party would come so near to the amount by chance."""
    expected = expected_alike(view, np.array([line]), np.array([row]), abs(difference) + 1)
    return bool(expected[0] <= _EXPECTED_MAX)


def _reason(view: View, line: int, row: int, difference: int) -> Category | None:
    items = view.items
    place = np.array([line]), np.array([row])
    foreign = foreign_amounts(view, line)
    if foreign:
        same = foreign & printed_amounts(items.book.text("description").at(row))
        within = abs(difference) * 1000 <= abs(int(items.book.amount[row])) * int(
            view.limit("fx_permille_max", *place)[0]
        )
        return Category.FX if same and within else None
    if abs(difference) <= int(view.limit("rounding_minor_max", *place)[0]):
        return Category.ROUNDING
    short = difference if items.lines.amount[line] > 0 else -difference
    if 0 < -short <= int(view.limit("charge_minor_max", *place)[0]) and is_foreign(view, line):
        return Category.BANK_FEE
    return None
