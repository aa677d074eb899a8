"""M40: a transfer between our own accounts.

The bank names another account of ours, or calls the line an own transfer; the books have a transfer of the same amount.
Both sides of a transfer are lines of their own, each matched in its account.
"""

from __future__ import annotations

import numpy as np

from matcher.rules.contract import Candidates, Pairs
from matcher.rules.joins import bounded_pairs, mixed
from matcher.rules.lines_kind import says_transfer
from matcher.rules.view import View

CODE = "M40"
ITEMS_MAX = 100
_SCORE_NAMED = 960
_SCORE_CALLED = 930
_KIND = "transfer"


def find(view: View) -> Candidates:
    """Lines that are own transfers with items of kind transfer and the same amount in the window."""
    items = view.items
    kinds = items.book.text("kind")
    is_transfer = np.array([value.casefold() == _KIND for value in kinds.values] or [False], np.bool_)
    rows = np.flatnonzero(items.row_open & (kinds.codes >= 0) & is_transfer[kinds.codes])
    lines = np.flatnonzero(items.line_open)
    left = mixed(items.pool_l[lines], items.lines.amount[lines])
    right = mixed(items.pool_r[rows], items.book.amount[rows])
    low, high = view.window
    at, to, many = bounded_pairs(left, low[lines], high[lines], right, items.book.day[rows], ITEMS_MAX)
    line, row = lines[at], rows[to]
    keep = items.lines.amount[line] == items.book.amount[row]
    line, row = line[keep], row[keep]
    score = np.array([_score(view, one) for one in line.tolist()], np.int32)
    pairs = Pairs(line, row, score, np.ones(len(line), np.bool_)).where(score > 0)
    return Candidates(pairs=pairs, gave_up=tuple(one for one in lines[many].tolist() if _score(view, one)))


def _score(view: View, line: int) -> int:
    if view.names_own_account(line):
        return _SCORE_NAMED
    lines = view.items.lines
    called = says_transfer(lines.text("additional_info").at(line), lines.text("code").at(line))
    called = called or says_transfer(lines.text("counterparty_name").at(line), "")
    return _SCORE_CALLED if called else 0
