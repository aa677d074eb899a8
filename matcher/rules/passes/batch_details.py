"""M20: the single transactions inside a batch line, each by its own reference and amount.

The bank lists the payments of a batch (camt `TxDtls`). Each one is looked up like a line: its reference and amount
must name exactly one open item. The batch is cleared only if every transaction is found, no item twice, and the sum is
the line's amount; with some missing it is proposed with what was found.
"""

from __future__ import annotations

import numpy as np

from matcher.rules.columns import Ints, Lines
from matcher.rules.contract import Candidates, Group
from matcher.rules.items import Items
from matcher.rules.joins import counts_of, runs_of
from matcher.rules.passes import amount_party, reference, reference_whole
from matcher.rules.view import View

CODE = "M20"
_CLEAR_SCORE = 990
_PROPOSE_SCORE = 500


def find(view: View) -> Candidates:
    """One group a batch line with details."""
    items = view.items
    details = items.lines.details
    if details is None or not len(details):
        return Candidates()
    child, row = _found_children(view, details)
    parent = details.parent
    sizes = counts_of(parent, len(items.line_open))
    order = np.argsort(parent[child], kind="stable")
    groups = [
        _group(items, line, np.sort(rows), int(sizes[line]))
        for line, rows in runs_of(parent[child][order], row[order])
        if items.line_open[line]
    ]
    return Candidates(groups=tuple(groups))


def _group(items: Items, line: int, rows: Ints, size: int) -> Group:
    difference = int(items.lines.amount[line] - items.book.amount[rows].sum())
    clear = len(rows) == size and difference == 0
    score = _CLEAR_SCORE if clear else _PROPOSE_SCORE
    return Group((line,), tuple(rows.tolist()), score, clear, difference=difference)


def _found_children(view: View, details: Lines) -> tuple[Ints, Ints]:
    """The details that name exactly one open item of their amount: by reference, else by name."""
    child_view = view.of_others(details)
    child_items = child_view.items
    found: list[tuple[Ints, Ints]] = []
    for source in (reference_whole.find, reference.find, amount_party.find):
        if not child_items.line_open.any():
            break
        pairs = source(child_view).pairs
        assert pairs is not None
        lines_per = counts_of(pairs.line, len(details))
        rows_per = counts_of(pairs.row, len(child_items.book))
        single = pairs.clear & (lines_per[pairs.line] == 1) & (rows_per[pairs.row] == 1)
        child, row = pairs.line[single], pairs.row[single]
        child_items.line_open[child] = False
        child_items.row_open = child_items.row_open.copy()
        child_items.row_open[row] = False
        found.append((child, row))
    return np.concatenate([part[0] for part in found]), np.concatenate([part[1] for part in found])
