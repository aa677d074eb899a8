"""What has been taken by whom during a run, and what a stronger pass left undecided.

A weaker pass may narrow down what a stronger one found ambiguous, but it never pairs such a line or item with anything
that the stronger pass did not see: otherwise a weak rule would decide what a strong one could not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from matcher.proposal import Category
from matcher.rules.columns import Ints
from matcher.rules.contract import Group, Pairs
from matcher.rules.items import Items

# Candidates below this score are hints, not ambiguities: they bind nobody.
BINDING_SCORE = 750


class _Bonds(NamedTuple):
    """What one step left undecided: the items that each line, and the lines that each item may still get."""

    lines: dict[int, set[int]]
    rows: dict[int, set[int]]


class Claims:
    """Taken lines and items as columns, and the bonds of undecided ones."""

    def __init__(self, items: Items) -> None:
        lines, rows = len(items.lines), len(items.book)
        self.items = items
        self.step = np.full(lines, -1, np.int32)
        self.score = np.zeros(lines, np.int32)
        self.difference = np.zeros(lines, np.int64)
        self.category: dict[int, Category] = {}
        self.row = np.full(lines, -1, np.int64)
        self.group: dict[int, Group] = {}
        self.taker = np.full(rows, -1, np.int64)
        self.repeats: dict[int, int] = {}
        self._bonds: dict[int, _Bonds] = {}

    def take_pairs(self, step: int, line: Ints, row: Ints, score: Ints) -> None:
        """Clear pairs."""
        self.step[line] = step
        self.row[line] = row
        self.score[line] = score
        self.taker[row] = line
        self.items.line_open[line] = False
        self.items.row_open[row] = False

    def take_group(self, step: int, group: Group) -> None:
        """Clear a group."""
        for line in group.lines:
            self.step[line] = step
            self.score[line] = group.score
            self.difference[line] = group.difference
            self.group[line] = group
            if group.category is not None:
                self.category[line] = group.category
        for row in group.rows:
            self.taker[row] = group.lines[0]
        self.items.line_open[list(group.lines)] = False
        self.items.row_open[list(group.rows)] = False

    def repeat(self, lines: Ints, rows: Ints) -> None:
        """Lines that say the same as the line which took the item."""
        for line, row in zip(lines.tolist(), rows.tolist(), strict=True):
            self.repeats[line] = int(self.taker[row])
        self.items.line_open[lines] = False

    def bind(self, step: int, candidates: Iterable[tuple[tuple[int, ...], tuple[int, ...]]]) -> None:
        """Lines and items that a step left undecided: weaker steps may only choose among them, so not at all for a line
        that is given without items."""
        bonds = _Bonds({}, {})
        for lines, rows in candidates:
            for line in lines:
                bonds.lines.setdefault(line, set()).update(rows)
            for row in rows:
                bonds.rows.setdefault(row, set()).update(lines)
        self._bonds[step] = bonds

    def may(self, step: int, lines: Iterable[int], rows: Iterable[int], *, narrows: bool) -> bool:
        """Whether stronger steps allow lines and items to explain each other.

        A step that may not narrow a bond keeps off every line that a stronger one left undecided.
        """
        members, others = set(lines), set(rows)
        for bonds in (self._bonds[number] for number in self._bonds if number < step):
            bound = [bonds.lines[line] for line in members if line in bonds.lines]
            if (bound and not narrows) or not all(others <= choices for choices in bound):
                return False
            if not all(members <= bonds.rows[row] for row in others if row in bonds.rows):
                return False
        return True

    def allowed_groups(self, step: int, groups: Iterable[Group], *, narrows: bool) -> list[Group]:
        """The same groups; those that stronger steps forbid may not be cleared."""
        stronger = [bonds for number, bonds in self._bonds.items() if number < step]
        lines = set().union(*(bonds.lines for bonds in stronger))
        rows = set().union(*(bonds.rows for bonds in stronger))
        return [
            group
            if (lines.isdisjoint(group.lines) and rows.isdisjoint(group.rows))
            or self.may(step, group.lines, group.rows, narrows=narrows)
            else group._replace(clear=False)
            for group in groups
        ]

    def allowed(self, step: int, pairs: Pairs, *, narrows: bool) -> Pairs:
        """The same pairs; those that stronger steps forbid may not be cleared."""
        bound_l = np.zeros(len(self.items.line_open), np.bool_)
        bound_r = np.zeros(len(self.items.row_open), np.bool_)
        for bonds in (self._bonds[number] for number in self._bonds if number < step):
            bound_l[list(bonds.lines)] = True
            bound_r[list(bonds.rows)] = True
        clear = pairs.clear.copy()
        for place in np.flatnonzero(clear & (bound_l[pairs.line] | bound_r[pairs.row])).tolist():
            clear[place] = self.may(step, [int(pairs.line[place])], [int(pairs.row[place])], narrows=narrows)
        return pairs._replace(clear=clear)
