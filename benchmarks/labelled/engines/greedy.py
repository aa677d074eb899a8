"""Greedy: the first script that anybody writes. Each line in turn takes the open item with its amount, nearest in days.

Account and amount equal, at most `WINDOW_DAYS` apart; what is taken is gone. It knows no references, names or ties.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.labelled.read import Item, read_items, read_lines

WINDOW_DAYS = 10


def run(folder: Path) -> Iterator[dict[str, Any]]:
    """Results, all of them cleared or unmatched."""
    open_items: dict[tuple[str, int], list[Item]] = defaultdict(list)
    for item in read_items(folder):
        open_items[item.account, item.amount].append(item)
    for line in read_lines(folder):
        near = [
            (abs((item.day - line.day).days), item.id, item)
            for item in open_items[line.account, line.amount]
            if abs((item.day - line.day).days) <= WINDOW_DAYS
        ]
        if near:
            taken = min(near)[2]
            open_items[line.account, line.amount].remove(taken)
            yield {"bank_line": line.id, "status": "cleared", "book": [taken.id]}
        else:
            yield {"bank_line": line.id, "status": "unmatched", "book": [], "category": "unknown"}
