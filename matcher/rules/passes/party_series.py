"""M47: recurring items of one party and amount, paired by date.

Rents and subscriptions repeat the amount. Lines and items that can meet in the window form a chain; if there are as many
of each and exactly one way to pair them all, that is the explanation: every other pairing leaves a line and an item
unexplained. If there are more ways, they are paired in the order of their dates, provided that exchanging any two would
put payments many banking days away from their items. With one more line than items, a person decides.
"""

from __future__ import annotations

import numpy as np

from matcher.rules.columns import Ints
from matcher.rules.contract import Candidates, Pairs
from matcher.rules.passes import amount_party
from matcher.rules.view import View

CODE = "M47"
CHAIN_MAX = 400
_SCORE = 930
_SCORE_OTHER = 500
_USUAL_LAG = 1
_LEAD_MIN = 8


def find(view: View) -> Candidates:
    """All pairs of one party and amount in the window; only those of a chain's best pairing may be cleared."""
    pairs = amount_party.find(view).pairs
    assert pairs is not None
    clear = np.zeros(len(pairs.line), np.bool_)
    place_of = {pair: at for at, pair in enumerate(zip(pairs.line.tolist(), pairs.row.tolist(), strict=True))}
    for members in _chains(pairs.line, pairs.row):
        if len(members) <= CHAIN_MAX:
            lines, rows = pairs.line[members], pairs.row[members]
            for pair in only_matching(lines, rows) or _in_order(view, lines, rows):
                place = place_of.get(pair)
                if place is not None:
                    clear[place] = pairs.clear[place]
    score = np.where(clear, _SCORE, _SCORE_OTHER).astype(np.int32)
    return Candidates(pairs=Pairs(pairs.line, pairs.row, score, clear))


def _in_order(view: View, lines: Ints, rows: Ints) -> list[tuple[int, int]]:
    """The pairing of equal numbers in the order of their days, if exchanging any two neighbours is clearly worse.

    Worse by banking days away from the usual lag; for costs of that kind the second best pairing is such an exchange.
    """
    items = view.items
    of_line, of_row = set(lines.tolist()), set(rows.tolist())
    if len(of_line) != len(of_row) or len(of_line) < 2:
        return []
    mine, yours = np.array(sorted(of_line), np.int64), np.array(sorted(of_row), np.int64)
    mine = mine[np.argsort(items.lines.booking_day[mine], kind="stable")]
    yours = yours[np.argsort(items.book.day[yours], kind="stable")]
    straight = np.abs(items.lag(mine, yours) - _USUAL_LAG)
    crossed = np.abs(items.lag(mine[:-1], yours[1:]) - _USUAL_LAG) + np.abs(
        items.lag(mine[1:], yours[:-1]) - _USUAL_LAG
    )
    lead = crossed - (straight[:-1] + straight[1:])
    return list(zip(mine.tolist(), yours.tolist(), strict=True)) if (lead >= _LEAD_MIN).all() else []


def _chains(line: Ints, row: Ints) -> list[Ints]:
    """Positions of the pairs of each connected chain."""
    parent: dict[tuple[bool, int], tuple[bool, int]] = {}

    def root(node: tuple[bool, int]) -> tuple[bool, int]:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for one, other in zip(line.tolist(), row.tolist(), strict=True):
        parent[root((True, one))] = root((False, other))
    chains: dict[tuple[bool, int], list[int]] = {}
    for place, one in enumerate(line.tolist()):
        chains.setdefault(root((True, one)), []).append(place)
    return [np.array(places, np.int64) for places in chains.values()]


def only_matching(lines: Ints, rows: Ints) -> list[tuple[int, int]]:
    """The pairs of the one perfect matching of a bipartite graph given by its edges, [] if there is not exactly one.

    Such a graph always has a vertex with a single edge; taking those edges away one by one uses up the graph if and
    only if the matching is unique.
    """
    of_line: dict[int, set[int]] = {}
    of_row: dict[int, set[int]] = {}
    for line, row in zip(lines.tolist(), rows.tolist(), strict=True):
        of_line.setdefault(line, set()).add(row)
        of_row.setdefault(row, set()).add(line)
    if len(of_line) != len(of_row):
        return []
    taken: list[tuple[int, int]] = []
    while of_line:
        single = next(((line, next(iter(found))) for line, found in of_line.items() if len(found) == 1), None)
        if single is None:
            single = next(((next(iter(found)), row) for row, found in of_row.items() if len(found) == 1), None)
        if single is None:
            return []
        line, row = single
        taken.append(single)
        for other in of_line.pop(line) - {row}:
            of_row[other].discard(line)
        for other in of_row.pop(row) - {line}:
            of_line[other].discard(row)
        if not all(of_line.values()) or not all(of_row.values()):
            return []
    return taken
