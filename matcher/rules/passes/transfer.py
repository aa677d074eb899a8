"""M40: a transfer between our own accounts.

The bank names another account of ours, or calls the line an own transfer; the books have a transfer of the same amount.
Both sides of a transfer are lines of their own, each matched in its account.
"""

from __future__ import annotations

import numpy as np

from matcher.rules.contract import Candidates, Pairs
from matcher.rules.joins import equal_pairs, mixed
from matcher.rules.lines_kind import says_transfer
from matcher.rules.view import View

CODE = "M40"
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
    at, to = equal_pairs(
        mixed(items.pool_l[lines], items.lines.amount[lines]), mixed(items.pool_r[rows], items.book.amount[rows])
    )
    line, row = lines[at], rows[to]
    keep = (items.lines.amount[line] == items.book.amount[row]) & view.in_window(line, row)
    line, row = line[keep], row[keep]
    score = np.array([_score(view, one) for one in line.tolist()], np.int32)
    pairs = Pairs(line, row, score, np.ones(len(line), np.bool_)).where(score > 0)
    return Candidates(pairs=pairs)


def _score(view: View, line: int) -> int:
    if view.names_own_account(line):
        return _SCORE_NAMED
    lines = view.items.lines
    called = says_transfer(lines.text("additional_info").at(line), lines.text("code").at(line))
    called = called or says_transfer(lines.text("counterparty_name").at(line), "")
    return _SCORE_CALLED if called else 0
