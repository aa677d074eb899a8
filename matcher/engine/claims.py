"""What has been taken by whom during a run, and what a stronger pass left undecided.

A weaker pass may narrow down what a stronger one found ambiguous, but it never pairs such a line or item with anything
that the stronger pass did not see: otherwise a weak rule would decide what a strong one could not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from matcher.proposal import Category
from matcher.rules.columns import Ints
from matcher.rules.contract import SCORE_MAX, Group, Pairs
from matcher.rules.items import Items
from matcher.rules.order import Step

# Candidates below this score are hints, not ambiguities: they bind nobody.
BINDING_SCORE = 750


# The score of what binds every weaker step: it rests on a reference, or a search was cut off.
FIRM = 2 * SCORE_MAX
# Undecided lines and items with the score of what was undecided.
Undecided = tuple[tuple[int, ...], tuple[int, ...], int]


class _Bonds(NamedTuple):
    """What one step left undecided: the items that each line, and the lines that each item may still get, and the best
    score of these."""

    lines: dict[int, set[int]]
    rows: dict[int, set[int]]
    line_score: dict[int, int]
    row_score: dict[int, int]


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
        # The steps that left a line, and an item, undecided.
        self._bound_lines: dict[int, set[int]] = {}
        self._bound_rows: dict[int, set[int]] = {}

    def take_pairs(self, step: int, line: Ints, row: Ints, score: Ints) -> None:
        """Clear pairs."""
        self.step[line] = step
        self.row[line] = row
        self.score[line] = score
        self.taker[row] = line
        self.items.line_open[line] = False
        self.items.row_open[row] = False

    def take_groups(self, step: int, groups: Sequence[Group]) -> None:
        """Clear groups that share nothing."""
        members = [(line, group) for group in groups for line in group.lines]
        lines = [line for line, _ in members]
        self.step[lines] = step
        self.score[lines] = [group.score for _, group in members]
        self.difference[lines] = [group.difference for _, group in members]
        self.group.update(members)
        self.category.update((line, group.category) for line, group in members if group.category is not None)
        rows = [row for group in groups for row in group.rows]
        self.taker[rows] = [group.lines[0] for group in groups for _ in group.rows]
        self.items.line_open[lines] = False
        self.items.row_open[rows] = False

    def repeat(self, lines: Ints, rows: Ints) -> None:
        """Lines that say the same as the line which took the item."""
        for line, row in zip(lines.tolist(), rows.tolist(), strict=True):
            self.repeats[line] = int(self.taker[row])
        self.items.line_open[lines] = False

    def bind(self, step: int, candidates: Iterable[Undecided]) -> None:
        """Lines and items that a step left undecided: weaker steps may only choose among them, so not at all for a line
        that is given without items."""
        before = self._bonds.get(step)
        for bound, freed in ((self._bound_lines, before.lines), (self._bound_rows, before.rows)) if before else ():
            for one in freed:
                bound[one].discard(step)
        bonds = self._bonds[step] = _Bonds({}, {}, {}, {})
        for lines, rows, score in candidates:
            for line in lines:
                bonds.lines.setdefault(line, set()).update(rows)
                bonds.line_score[line] = max(score, bonds.line_score.get(line, 0))
            for row in rows:
                bonds.rows.setdefault(row, set()).update(lines)
                bonds.row_score[row] = max(score, bonds.row_score.get(row, 0))
        for bound, ones in ((self._bound_lines, bonds.lines), (self._bound_rows, bonds.rows)):
            for one in ones:
                bound.setdefault(one, set()).add(step)

    def may(self, number: int, step: Step, lines: Iterable[int], rows: Iterable[int], score: int) -> bool:
        """Whether stronger steps allow lines and items to explain each other with a score.

        A step that may not narrow a bond keeps off every line that a stronger one left undecided. What rests on a reference
        and leads by the margin all that others left undecided without one is no weaker than that.
        """
        members, others = set(lines), set(rows)
        least = score - self.items.settings.margin if step.by_reference else -1
        for line in members:
            for one in self._bound_lines.get(line, ()):
                bonds = self._bonds[one]
                binds = one < number and bonds.line_score[line] > least
                if binds and not (step.narrows and others <= bonds.lines[line]):
                    return False
        return all(
            members <= self._bonds[one].rows[row]
            for row in others
            for one in self._bound_rows.get(row, ())
            if one < number and self._bonds[one].row_score[row] > least
        )

    def allowed_groups(self, number: int, groups: Iterable[Group], step: Step) -> list[Group]:
        """The same groups; those that stronger steps forbid may not be cleared."""
        return [
            group._replace(clear=False)
            if group.clear and not self.may(number, step, group.lines, group.rows, group.score)
            else group
            for group in groups
        ]

    def allowed(self, number: int, pairs: Pairs, step: Step) -> Pairs:
        """The same pairs; those that stronger steps forbid may not be cleared."""
        bound_l = np.zeros(len(self.items.line_open), np.bool_)
        bound_r = np.zeros(len(self.items.row_open), np.bool_)
        bound_l[list(self._bound_lines)] = True
        bound_r[list(self._bound_rows)] = True
        clear = pairs.clear.copy()
        for place in np.flatnonzero(clear & (bound_l[pairs.line] | bound_r[pairs.row])).tolist():
            line, row = [int(pairs.line[place])], [int(pairs.row[place])]
            clear[place] = self.may(number, step, line, row, int(pairs.score[place]))
        return pairs._replace(clear=clear)
