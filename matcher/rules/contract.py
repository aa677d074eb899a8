"""What a pass is: a pure function from open items to candidates. The engine decides among them and claims.

A pass looks only at open lines and items, and gives every explanation that fits its rule, rivals included: uniqueness
is the engine's to judge. A candidate that must not be cleared even when it is alone (weak evidence, a doubt) says so
with `clear` false; it can still be proposed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matcher.proposal import Category
from matcher.rules.columns import Codes, Flags, Ints

SCORE_MAX = 1000


class Pairs(NamedTuple):
    """One line, one item each: positions, `score` in permille of certainty, and whether it may be cleared."""

    line: Ints
    row: Ints
    score: Codes
    clear: Flags

    def where(self, keep: Flags | Ints) -> Pairs:
        """The pairs that are kept."""
        return Pairs(self.line[keep], self.row[keep], self.score[keep], self.clear[keep])


class Group(NamedTuple):
    """Lines and items that explain each other together: 1:n, n:1, n:m, or 1:1 with a difference.

    `difference` is the sum of the lines minus the sum of the items in minor units; `category` says what it is.
    """

    lines: tuple[int, ...]
    rows: tuple[int, ...]
    score: int
    clear: bool
    category: Category | None = None
    difference: int = 0


class Candidates(NamedTuple):
    """What a pass found. `gave_up` are lines whose search hit a named limit: they are proposed at most."""

    pairs: Pairs | None = None
    groups: tuple[Group, ...] = ()
    gave_up: tuple[int, ...] = ()


def no_pairs() -> Pairs:
    """An empty table of pairs."""
    empty = np.empty(0, np.int64)
    return Pairs(empty, empty, np.empty(0, np.int32), np.empty(0, np.bool_))
