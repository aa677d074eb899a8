"""M55: the reference names one item, the amount differs.

What the difference is decides: rounding, the exchange rate (the item carries the same amount of foreign currency), a
charge that the foreign bank kept, a part payment, or more than was asked for. Cleared only if the text names no other
open item, the payer is the item's party (or nobody is named and the reference is whole and long, or it is our own payment
id), its number has no other check digit, no second line names the item, no other open items of the party would make the
amount exact or have it, and no more than twice as much is paid as was asked for: of a list that the bank cut off, one
number is left.
"""

from __future__ import annotations

import numpy as np

from matcher.proposal import Category
from matcher.rules.columns import Ints
from matcher.rules.contract import Candidates, Group
from matcher.rules.foreign import foreign_amounts, is_foreign
from matcher.rules.joins import counts_of
from matcher.rules.names import NameLevel
from matcher.rules.reference_index import Shared
from matcher.rules.subsets import adding_up
from matcher.rules.view import View

CODE = "M55"
_SCORE = {
    Category.ROUNDING: 970,
    Category.FX: 970,
    Category.BANK_FEE: 950,
    Category.PARTIAL: 920,
    Category.OVERPAYMENT: 910,
}
_SCORE_DOUBTFUL = 500
# Named, but another item of the party has the amount: before that one, and binding nobody.
_SCORE_RIVAL = 745
_LONG_REFERENCE = 7
_OVERPAID_MAX = 2


def find(view: View) -> Candidates:
    """One group for each open line that names open items, none of which has its amount."""
    items = view.items
    named = view.named
    inside = view.in_reference_window(named.line, named.row)
    inside &= (items.lines.amount[named.line] > 0) == (items.book.amount[named.row] > 0)
    line, row, shared = named.line[inside], named.row[inside], named.shared[inside]
    level = items.name_levels(line, row)
    own_id = (items.lines.amount[line] < 0) & (shared == Shared.WHOLE)
    long = (shared >= Shared.TOKEN) & (named.digits[inside] >= _LONG_REFERENCE)
    sure = (level >= NameLevel.MISSPELT) | own_id
    sure |= (level == NameLevel.UNKNOWN) & ((shared == Shared.WHOLE) | long)
    items_named = counts_of(line[shared >= Shared.TOKEN], len(items.line_open))
    items_named_any = counts_of(line, len(items.line_open))
    lines_naming = counts_of(row, len(items.row_open))
    alone = (items_named[line] <= 1) & (items_named_any[line] == 1) & (lines_naming[row] == 1)
    # Equal amounts were judged by M10.
    differ = np.flatnonzero(items.lines.amount[line] != items.book.amount[row])
    groups = [
        _group(view, one, other, sure=bool(certain))
        for one, other, certain in zip(line[differ].tolist(), row[differ].tolist(), (sure & alone)[differ], strict=True)
    ]
    return Candidates(groups=tuple(groups))


def _group(view: View, line: int, row: int, *, sure: bool) -> Group:
    items = view.items
    difference = int(items.lines.amount[line] - items.book.amount[row])
    category = kind_of_difference(view, line, row, difference)
    if sure and category is Category.OVERPAYMENT:
        sure = abs(int(items.lines.amount[line])) <= _OVERPAID_MAX * abs(int(items.book.amount[row]))
    if sure and category in {Category.PARTIAL, Category.OVERPAYMENT}:
        sure = not view.relations.names_more(line, row) and not view.relations.misquotes(line, row)
        sure = sure and not _others_make_it_exact(view, line, row, difference)
        if sure and _another_is_exact(view, line, row):
            return Group((line,), (row,), _SCORE_RIVAL, clear=False, category=category, difference=difference)
    return Group(
        (line,), (row,), _SCORE[category] if sure else _SCORE_DOUBTFUL, sure, category=category, difference=difference
    )


def kind_of_difference(view: View, line: int, row: int, difference: int) -> Category:
    """What a difference is, by its size, its direction, and what bank and books say about currency."""
    items = view.items
    if abs(difference) <= int(view.items.limit("rounding_minor_max")[line]):
        return Category.ROUNDING
    asked = abs(int(items.book.amount[row]))
    short = difference if items.lines.amount[line] > 0 else -difference
    foreign = foreign_amounts(view, line)
    if foreign and abs(difference) * 1000 <= asked * int(view.items.limit("fx_permille_max")[line]):
        return Category.FX
    charge = int(view.items.limit("charge_minor_max")[line])
    if short < 0 and -short <= charge and is_foreign(view, line):
        return Category.BANK_FEE
    paid_less = abs(int(items.lines.amount[line])) < asked
    return Category.PARTIAL if paid_less else Category.OVERPAYMENT


def _others_make_it_exact(view: View, line: int, row: int, difference: int) -> bool:
    others = _others_of_party(view, line, row)
    return bool(adding_up(view.items.book.amount[others], difference, smallest=1).found)


def _another_is_exact(view: View, line: int, row: int) -> bool:
    """Whether the party has another open item of exactly the amount: the payer may have quoted the wrong number."""
    others = _others_of_party(view, line, row)
    return bool((view.items.book.amount[others] == view.items.lines.amount[line]).any())


def _others_of_party(view: View, line: int, row: int) -> Ints:
    items = view.items
    others = view.rows_of_party(int(items.pool_r[row]), int(items.party_r[row]))
    found: Ints = others[(others != row) & view.in_window(line, others)]
    return found
