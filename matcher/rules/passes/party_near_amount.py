"""M70: the counterparty and nearly the amount, without a reference.

The difference must have a reason that the bank or the books state: the item carries the foreign amount that the bank
prints, the payment crossed a border and a charge is missing, or it is rounding, and then no item of the party would come
so near by chance, and the payer quotes no number that is not the item's. The line must fit one item of the party only,
and the item one line. A missing charge where nothing says that the payment was foreign is only proposed; so is a little
more than asked for, where the party owes nothing else that is so near.
"""

from __future__ import annotations

import numpy as np

from matcher.proposal import Category
from matcher.rules.coincidence import expected_alike
from matcher.rules.columns import Codes, Ints
from matcher.rules.contract import Candidates, Group
from matcher.rules.foreign import foreign_amounts, is_foreign, printed_amounts
from matcher.rules.joins import distinct
from matcher.rules.lines_kind import KINDS, kinds_of
from matcher.rules.relations import Relation
from matcher.rules.view import View

CODE = "M70"
_EXPECTED_MAX, _EXPECTED_MAX_MORE = 0.01, 0.3
_SCORE_DOUBTFUL = 500
# Nobody keeps more than this part of a payment: one half.
_PART_KEPT_MAX = 2
# More than asked for without a word about it is a slip only while it is less than this part: a tenth.
_PART_MORE_MAX = 10
_DOUBTFUL = {Category.OVERPAYMENT: 420}
_REASONS = (Category.FX, Category.ROUNDING, Category.BANK_FEE, Category.OVERPAYMENT)
_FX, _ROUNDING, _BANK_FEE, _OVERPAYMENT = range(len(_REASONS))
_SCORE = {Category.FX: 960, Category.ROUNDING: 920, Category.BANK_FEE: 900}


def find(view: View) -> Candidates:
    """Groups of one line and one item whose difference has a reason."""
    items = view.items
    line, row = _near_pairs(view)
    difference = items.lines.amount[line] - items.book.amount[row]
    reasons = _reasons(view, line, row, difference)
    kept = np.flatnonzero(reasons >= 0)
    kept = kept[view.relations.of_pairs(line[kept], row[kept]) != Relation.OTHER]
    line, row, difference = line[kept], row[kept], difference[kept]
    expected = expected_alike(view, line, row, np.abs(difference) + 1)
    names_another = view.names_another(line, row)
    groups = []
    for place, category in enumerate([_REASONS[one] for one in reasons[kept].tolist()]):
        if category is not Category.OVERPAYMENT or expected[place] <= _EXPECTED_MAX_MORE:
            certain = category is Category.FX or is_foreign(view, int(line[place]))
            certain = certain and category is not Category.OVERPAYMENT
            clear = certain if category is not Category.ROUNDING else bool(expected[place] <= _EXPECTED_MAX)
            clear = clear and not names_another[place]
            if clear and category is Category.ROUNDING:
                clear = not view.relations.names_more(int(line[place]), int(row[place]))
            score = _SCORE[category] if clear else _DOUBTFUL.get(category, _SCORE_DOUBTFUL)
            members = (int(line[place]),), (int(row[place]),)
            groups.append(Group(*members, score, clear, category=category, difference=int(difference[place])))
    return Candidates(groups=tuple(groups))


def _near_pairs(view: View) -> tuple[Ints, Ints]:
    """Open lines and items of one party in the window whose amounts differ by no more than any reason allows."""
    items = view.items
    line, row, _ = view.in_reach()
    amount, asked = items.lines.amount[line], items.book.amount[row]
    charge = items.limit("charge_minor_max")[line]
    by_rate = np.abs(asked) * items.limit("fx_permille_max")[line] // 1000
    off = np.abs(amount - asked)
    # Equal amounts were judged by M45 and M60.
    near = np.flatnonzero((amount != asked) & ((amount > 0) == (asked > 0)) & (off <= np.maximum(charge, by_rate)))
    foreign = {one: is_foreign(view, one) for one in distinct(line[near]).tolist()}
    kept = near[(off[near] <= charge[near]) | np.array([foreign[one] for one in line[near].tolist()], np.bool_)]
    return line[kept], row[kept]


def _reasons(view: View, line: Ints, row: Ints, difference: Ints) -> Codes:
    """Why the amounts of pairs differ, as positions in `_REASONS`; −1 where nothing says why."""
    items = view.items
    more = np.where(items.lines.amount[line] > 0, difference, -difference)
    asked = np.abs(items.book.amount[row])
    charge = items.limit("charge_minor_max")[line]
    found = np.full(len(line), -1, np.int64)
    found[(more > 0) & (more <= np.minimum(charge, asked // _PART_MORE_MAX))] = _OVERPAYMENT
    found[(more < 0) & (-more <= np.minimum(charge, asked // _PART_KEPT_MAX))] = _BANK_FEE
    # Nobody keeps a part of what is drawn.
    found[kinds_of(view, line) == KINDS.index(Category.DIRECT_DEBIT)] = -1
    found[np.abs(difference) <= items.limit("rounding_minor_max")[line]] = _ROUNDING
    texts = items.book.text("description")
    stated = {one: amounts for one in distinct(line).tolist() if (amounts := foreign_amounts(view, one))}
    for place in np.flatnonzero(np.isin(line, list(stated))).tolist():
        printed = printed_amounts(texts.at(int(row[place])))
        found[place] = -1 if printed.isdisjoint(stated[int(line[place])]) else _FX
    return found
