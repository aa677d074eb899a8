"""What came nearest to a bank line: open items that share its amount, a number or its party, best first."""

from __future__ import annotations

import numpy as np

from matcher.pipeline.signs import Sign, SignKind, pair_signs
from matcher.rules.columns import Ints
from matcher.rules.view import View

NEAREST_MAX = 3
# Looked at closely, by kind of likeness: more would be no help to a reader.
CANDIDATES_MAX = 40
_DAYS = 400
_NEAR_PERCENT = 5
_WEIGHT = {SignKind.AMOUNT: 4, SignKind.NUMBER: 4, SignKind.NAME: 3, SignKind.DATE: 1}
_LIKE_FROM = 3


def nearest(view: View, line: int) -> list[tuple[int, list[Sign]]]:
    """At most `NEAREST_MAX` items with the signs of each pair. An item that shares nothing but a day is not near."""
    found = []
    for row in _candidates(view, line).tolist():
        signs = pair_signs(view, line, row)
        points = sum(_WEIGHT.get(sign.kind, 0) * sign.favour for sign in signs)
        if _alike(view, line, row, signs) and points >= 0:
            found.append((-points, _apart(view, line, row), view.items.book.ids[row], row, signs))
    found.sort(key=lambda one: one[:3])
    return [(row, signs) for *_, row, signs in found[:NEAREST_MAX]]


def _alike(view: View, line: int, row: int, signs: list[Sign]) -> bool:
    """Whether anything but the day speaks for the pair, or the amount is nearly the same."""
    strong = sum(_WEIGHT[sign.kind] for sign in signs if sign.favour > 0 and sign.kind is not SignKind.DATE)
    asked = abs(int(view.items.book.amount[row]))
    off = abs(int(view.items.lines.amount[line]) - int(view.items.book.amount[row]))
    return strong >= _LIKE_FROM or off * 100 <= asked * _NEAR_PERCENT


def _apart(view: View, line: int, row: int) -> int:
    return abs(int(view.items.lines.booking_day[line]) - int(view.items.book.day[row]))


def _candidates(view: View, line: int) -> Ints:
    items = view.items
    rows = np.flatnonzero((items.pool_r == items.pool_l[line]) & items.row_open)
    amount, booked = int(items.lines.amount[line]), items.book.amount[rows]
    days = np.abs(items.book.day[rows] - items.lines.booking_day[line])
    rows, booked, days = rows[days <= _DAYS], booked[days <= _DAYS], days[days <= _DAYS]
    named = view.named.row[view.named.line == line]
    party = items.party(items.variant_l[[line]])[0]
    of_party = rows[(items.party(items.variant_r[rows]) == party) & (party >= 0)]
    same_sign = np.flatnonzero((booked > 0) == (amount > 0))
    by_amount = same_sign[np.lexsort((days[same_sign], np.abs(booked[same_sign] - amount)))]
    by_party = of_party[np.argsort(np.abs(items.book.amount[of_party] - amount), kind="stable")]
    parts = [rows[by_amount[:CANDIDATES_MAX]], named[:CANDIDATES_MAX], by_party[:CANDIDATES_MAX]]
    return np.unique(np.concatenate(parts))
