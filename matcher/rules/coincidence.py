"""Whether a party and an amount prove anything together: a large customer on a price list pays the same amount often."""

from __future__ import annotations

import numpy as np

from matcher.rules.chance import grid
from matcher.rules.columns import Flags, Floats, Ints
from matcher.rules.foreign import crossed_border, foreign_amounts, printed_amounts
from matcher.rules.subsets import adding_up
from matcher.rules.view import View

# Expected number of the party's open items that have the amount by chance: above the first a match proves nothing,
# above the second it does not if other items of the party add up to the amount as well.
_EXPECTED_MAX = 1.0
_EXPECTED_MAX_WITH_RIVAL = 0.03
# Above it others have the amount as well.
_EXPECTED_COMMON = 0.02
# Fewer items than this tell nothing about how common an amount is.
_SAMPLE_MIN = 100
_DAYS_BEFORE, _DAYS_AFTER = 20, 12


def expected_alike(view: View, line: Ints, row: Ints, tolerance: Ints | int = 0) -> Floats:
    """Expected number of items of the row's party near the line's day with its amount (± `tolerance`) by chance."""
    items = view.items
    if not len(line):
        return np.empty(0)
    booked = items.lines.booking_day[line].astype(np.int64)
    sorted_days = items.sorted_party_days
    wanted = items.party_key(row) << 32
    near = np.searchsorted(sorted_days, wanted + booked + _DAYS_AFTER, side="right")
    near = near - np.searchsorted(sorted_days, wanted + booked - _DAYS_BEFORE, side="left")
    alike = _alike(view, line, row, tolerance)
    # The item itself is no evidence that its amount is common; amounts nearby that are as round are.
    places = 2 * np.asarray(tolerance) / grid(items.lines.amount[line]) + 1
    nearby = items.amount_chance.expected(items.pool_r[row], items.lines.amount[line]) * places
    pool_size = np.bincount(items.pool_r, minlength=len(items.pool_names))
    expected: Floats = near * np.maximum(alike - 1, nearby) / np.maximum(pool_size[items.pool_r[row]], _SAMPLE_MIN)
    return expected


def doubtful(view: View, line: Ints, row: Ints) -> Flags:
    """Pairs of one party and amount that prove too little without a reference: the party owes the amount often, or
    it owes as much of another item that it has paid in part, another item is in the foreign amount that was paid, or a
    foreign bank may have kept a charge of another item."""
    expected = expected_alike(view, line, row)
    doubt = (expected > _EXPECTED_MAX) | view.may_be_rest(line, row)
    for place in np.flatnonzero(view.items.lines.original_amount[line] != 0).tolist():
        doubt[place] |= _pays_foreign_item(view, int(line[place]), int(row[place]))
    for place in np.flatnonzero(~doubt & (view.items.lines.amount[line] > 0) & crossed_border(view, line)).tolist():
        doubt[place] = _is_short_of_another(view, int(line[place]), int(row[place]))
    weak = np.flatnonzero(~doubt & (expected > _EXPECTED_MAX_WITH_RIVAL))
    for place in weak.tolist():
        doubt[place] = _has_rival_sum(view, int(line[place]), int(row[place]))
    return doubt


def quotes_neighbour(view: View, line: Ints, row: Ints) -> Flags:
    """Pairs whose number is nearly the item's and whose amount is common: perhaps that of another invoice of the series,
    paid before, and no slip."""
    items = view.items
    common = items.amount_chance.expected(items.pool_r[row], items.lines.amount[line]) > _EXPECTED_COMMON
    common |= _alike(view, line, row) > 1
    found = np.zeros(len(line), np.bool_)
    for place in np.flatnonzero(common).tolist():
        found[place] = view.relations.may_be_neighbour(int(line[place]), int(row[place]))
    return found


def _alike(view: View, line: Ints, row: Ints, tolerance: Ints | int = 0) -> Ints:
    """How many items of the account have the line's amount (± `tolerance`)."""
    items = view.items
    base = (items.pool_r[row].astype(np.int64) << 52) + items.lines.amount[line]
    amounts = items.sorted_amounts
    found: Ints = np.searchsorted(amounts, base + tolerance, side="right") - np.searchsorted(
        amounts, base - tolerance, side="left"
    )
    return found


def _pays_foreign_item(view: View, line: int, row: int) -> bool:
    """Whether the bank states a foreign amount that another open item of the party is in, and this one is not."""
    items = view.items
    stated = foreign_amounts(view, line)
    texts = items.book.text("description")
    if not stated or not stated.isdisjoint(printed_amounts(texts.at(row))):
        return False
    others = view.rows_of_party(int(items.pool_r[row]), int(items.party_r[row])).tolist()
    return any(not stated.isdisjoint(printed_amounts(texts.at(other))) for other in others)


def _is_short_of_another(view: View, line: int, row: int) -> bool:
    """Whether another open item of the party in the window is more than the line by no more than a charge."""
    items = view.items
    others = view.rows_of_party(int(items.pool_r[row]), int(items.party_r[row]))
    others = others[(others != row) & view.in_window(line, others)]
    short = items.book.amount[others] - items.lines.amount[line]
    return bool(((short > 0) & (short <= int(items.limit("charge_minor_max")[line]))).any())


def _has_rival_sum(view: View, line: int, row: int) -> bool:
    """Whether several other open items of the party in the window add up to the line."""
    items = view.items
    others = view.rows_of_party(int(items.pool_r[row]), int(items.party_r[row]))
    known = view.keep("rival sums", dict[tuple[int, int], tuple[int, bool]])
    count, has = known.get((line, row), (0, False))
    # What is open only shrinks: as many items are the same items.
    if len(others) > 2 and count != len(others):
        near = others[(others != row) & view.in_window(line, others)]
        has = bool(adding_up(items.book.amount[near], int(items.lines.amount[line])).found)
        known[line, row] = len(others), has
    return has and len(others) > 2
