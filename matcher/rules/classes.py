"""What a line without a match is: the class that an accountant would book it under.

Order: a repeat of a payment that is already matched, a payment that came back, then what the bank's codes and words say,
else unknown. A class is an opinion about the line alone; it never clears anything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from matcher.proposal import Category
from matcher.rules.columns import Codes, Flags, Ints
from matcher.rules.joins import distinct, in_order, is_member, mixed, ranges, spread
from matcher.rules.lines_kind import KINDS, kind_and_source, kind_of, kinds_of, says_direct_debit
from matcher.rules.names import NameLevel
from matcher.rules.numbering import without_numbers
from matcher.rules.returns import may_be_return
from matcher.rules.tokens import all_field_keys
from matcher.rules.view import View

RETURN_DAYS_MAX = 60
_SCORE_OPPOSITE = 900
_SCORE_REPEAT = 900
_ID_LETTERS_MIN = 4
# Formats with one field for all have the id there, as its only word.
_TEXT, _WORD_LETTERS_MIN = "remittance", 6
# What more lines of one amount carry is not the id of one payment.
_LINES_PER_ID_MAX = 50
_UNKNOWN, _STAYED, _CAME_BACK = -1, 0, 1


class Classified(NamedTuple):
    """The class of each line asked for, how sure it is in permille, and the line that it repeats, reverses or is
    returned by (−1 for none)."""

    category: list[Category]
    score: Codes
    other: Ints


def classify(view: View, lines: Ints, taker: Codes, repeats: Mapping[int, int]) -> Classified:
    """Classes of lines that no item explains.

    `taker[row]` is the line that took an item, −1 for an open one; `repeats` are lines that say the same as another.
    """
    repeated = {**_repeats(view, lines, taker), **repeats}
    opposite = _opposites(view, lines)
    categories = []
    scores = np.zeros(len(lines), np.int32)
    others = np.full(len(lines), -1, np.int64)
    for place, line in enumerate(lines.tolist()):
        kind, source = kind_and_source(view, line)
        if line in opposite:
            others[place], scores[place] = opposite[line], _SCORE_OPPOSITE
            categories.append(_of_opposites(view, line, opposite[line], kind))
        elif line in repeated and kind is not Category.RETURN:
            others[place], scores[place] = repeated[line], _SCORE_REPEAT
            categories.append(Category.DUPLICATE)
        else:
            scores[place] = source
            categories.append(kind or Category.UNKNOWN)
    return Classified(categories, scores, others)


def came_back(view: View, lines: Ints) -> Flags:
    """Which lines give an earlier payment back: the bank says so, or the payment carries the same id."""
    state = view.keep("came back", lambda: np.full(len(view.items.lines), _UNKNOWN, np.int8))
    new = lines[state[lines] == _UNKNOWN]
    if len(new):
        state[new] = _STAYED
        opposite = _opposites(view, new)
        for line, other in opposite.items():
            state[line] = _of_opposites(view, line, other, kind_of(view, line)) is Category.RETURN
        for line in new[may_be_return(view, new)].tolist():
            if line not in opposite:
                state[line] = kind_of(view, line) in {Category.RETURN, Category.REVERSAL}
    found: Flags = state[lines] == _CAME_BACK
    return found


def drawn_as_sent(view: View, line: Ints, row: Ints) -> Flags:
    """Pairs of a direct debit and an item that is none, in an account whose books call direct debits so."""
    items = view.items
    found = np.zeros(len(line), np.bool_)
    debits = np.flatnonzero(items.lines.amount[line] < 0)
    debits = debits[kinds_of(view, line[debits]) == KINDS.index(Category.DIRECT_DEBIT)]
    if len(debits):
        drawn = view.keep("drawn items", lambda: _drawn(view))
        accounts = np.unique(items.pool_r[drawn])
        found[debits] = ~drawn[row[debits]] & np.isin(items.pool_r[row[debits]], accounts)
    return found


def _drawn(view: View) -> Flags:
    """Payments of the books whose description speaks of a direct debit."""
    items = view.items
    found = items.book.amount < 0
    texts = items.book.text("description")
    rows = np.flatnonzero(found)
    codes = texts.codes[rows].tolist()
    plain = {code: without_numbers(texts.values[code]) if code >= 0 else "" for code in set(codes)}
    says = {text: says_direct_debit(text) for text in set(plain.values())}
    found[rows] = [says[plain[code]] for code in codes]
    return found


def _of_opposites(view: View, line: int, other: int, kind: Category | None) -> Category:
    """Of two lines that cancel out, the later one is the return and the earlier one was reversed by it."""
    if kind is Category.REVERSAL:
        return kind
    if kind is Category.RETURN or kind_of(view, other) is Category.RETURN:
        return Category.RETURN if kind is Category.RETURN else Category.REVERSAL
    days = view.items.lines.booking_day
    is_credit = bool(view.items.lines.amount[line] > 0)
    # On one day the money that came in is what came back.
    later = bool(days[line] > days[other]) or (days[line] == days[other] and is_credit)
    return Category.RETURN if later else Category.REVERSAL


def _repeats(view: View, lines: Ints, taker: Codes) -> dict[int, int]:
    """Lines that quote the reference and amount of an item which another line has taken."""
    items, references = view.items, view.references
    rows = np.flatnonzero((taker >= 0) & (references.row_key >= 0))
    view.relations.read(lines.tolist())
    numbers = {line: view.relations.keys_of(line) for line in lines.tolist()}
    known = [references.keys[number] for found in numbers.values() for number in found if number in references.keys]
    rows = rows[is_member(references.row_key[rows], distinct(np.array(known, np.int64)))]
    pools, amounts = items.pool_r[rows].tolist(), items.book.amount[rows].tolist()
    keys = references.row_key[rows].tolist()
    rows_of = dict(zip(zip(pools, keys, amounts, strict=True), rows.tolist(), strict=True))
    pairs = [
        (line, row)
        for line, carried in numbers.items()
        for number in carried
        if (code := references.keys.get(number, -1)) >= 0
        and (row := rows_of.get((int(items.pool_l[line]), code, int(items.lines.amount[line])), -1)) >= 0
    ]
    repeating, taken = np.array(pairs, np.int64).reshape(-1, 2).T
    agree = items.name_levels(repeating, taken) > NameLevel.DIFFERENT
    return dict(zip(repeating[agree].tolist(), taker[taken[agree]].tolist(), strict=True))


def _opposites(view: View, lines: Ints) -> dict[int, int]:
    """Lines and the line of the opposite amount that carries the same id, or names the same party on a return."""
    if not len(lines):
        return {}
    items = view.items
    amount = items.lines.amount
    places, order = view.keep("lines by amount", lambda: in_order(mixed(items.pool_l, amount)))
    asked, back = np.unique(mixed(items.pool_l[lines], -amount[lines]), return_inverse=True)
    first, last = ranges(places, asked)
    keys_of = _ids_of(view, lines[(last > first)[back]])
    others = spread(first, last, order)[1]
    wanted = {key for keys in keys_of.values() for key in keys}
    by_id: dict[tuple[int, int, str], list[int]] = {}
    for line, keys in _ids_of(view, others, wanted).items():
        for key in keys:
            by_id.setdefault((int(items.pool_l[line]), int(amount[line]), key), []).append(line)
    found = {}
    for line, keys in keys_of.items():
        place = (int(items.pool_l[line]), -int(amount[line]))
        near = [
            other
            for key in keys
            if len(carrying := by_id.get((*place, key), [])) <= _LINES_PER_ID_MAX
            for other in carrying
            if other != line and _days_apart(view, line, other) <= RETURN_DAYS_MAX
        ]
        if near:
            found[line] = min(near, key=lambda other: (_days_apart(view, line, other), other))
    return found


def _ids_of(view: View, lines: Ints, wanted: Collection[str] | None = None) -> dict[int, list[str]]:
    """The ids that lines carry in their fields, or those of them that are wanted."""
    found: dict[int, list[str]] = {}
    for name in ("end_to_end_id", "transaction_id", "creditor_reference", _TEXT):
        texts = view.items.lines.text(name)
        coded = lines[texts.codes[lines] >= 0]
        codes = texts.codes[coded].tolist()
        keys = view.keep(f"keys of {name}", dict[int, str])
        new = [code for code in dict.fromkeys(codes) if code not in keys]
        values = [texts.values[code] for code in new]
        if name == _TEXT:
            values = [value if len(value) >= _WORD_LETTERS_MIN and " " not in value else "" for value in values]
        keys.update(zip(new, all_field_keys(values), strict=True))
        for line, code in zip(coded.tolist(), codes, strict=True):
            key = keys[code]
            if len(key) >= _ID_LETTERS_MIN and (wanted is None or key in wanted):
                found.setdefault(line, []).append(key)
    return found


def _days_apart(view: View, left: int, right: int) -> int:
    days = view.items.lines.booking_day
    return abs(int(days[left]) - int(days[right]))
