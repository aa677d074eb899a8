"""What has been taken by whom during a run, and what a stronger pass left undecided.

A weaker pass may narrow down what a stronger one found ambiguous, but it never pairs such a line or item with anything
that the stronger pass did not see: otherwise a weak rule would decide what a strong one could not.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from matcher.proposal import Category
from matcher.rules.columns import Ints
from matcher.rules.contract import Group, Pairs
from matcher.rules.items import Items

# Candidates below this score are hints, not ambiguities: they bind nobody.
BINDING_SCORE = 600


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
        self._bound_lines: dict[int, set[int]] = {}
        self._bound_rows: dict[int, set[int]] = {}
        self._bound_at: dict[int, int] = {}

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
        """Lines and items that stayed undecided at a step: weaker steps may only choose among them."""
        for lines, rows in candidates:
            for line in lines:
                if self._bound_at.get(line, step) == step:
                    self._bound_at[line] = step
                    self._bound_lines.setdefault(line, set()).update(rows)
            for row in rows:
                self._bound_rows.setdefault(row, set()).update(lines)

    def release(self, step: int) -> None:
        """Forget what a step left undecided, before it is run again."""
        for line in [line for line, at in self._bound_at.items() if at == step]:
            for row in self._bound_lines.pop(line):
                lines = self._bound_rows.get(row)
                if lines is not None:
                    lines.discard(line)
                    if not lines:
                        del self._bound_rows[row]
            del self._bound_at[line]

    def may(self, lines: Iterable[int], rows: Iterable[int]) -> bool:
        """Whether the bonds allow lines and items to explain each other."""
        members, others = set(lines), set(rows)
        return all(others <= self._bound_lines[line] for line in members if line in self._bound_lines) and all(
            members <= self._bound_rows[row] for row in others if row in self._bound_rows
        )

    def allowed(self, pairs: Pairs) -> Pairs:
        """The same pairs; those that the bonds forbid may not be cleared."""
        if not self._bound_lines:
            return pairs
        bound_l = np.zeros(len(self.items.line_open), np.bool_)
        bound_r = np.zeros(len(self.items.row_open), np.bool_)
        bound_l[list(self._bound_lines)] = True
        bound_r[list(self._bound_rows)] = True
        clear = pairs.clear.copy()
        for place in np.flatnonzero(clear & (bound_l[pairs.line] | bound_r[pairs.row])).tolist():
            clear[place] = self.may([int(pairs.line[place])], [int(pairs.row[place])])
        return Pairs(pairs.line, pairs.row, pairs.score, clear)
