"""The engine's word on every line, as columns, and one object a line for the edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from matcher.engine.explain import Explainer
from matcher.engine.outcome import CATEGORIES, STATUSES
from matcher.proposal import Category, LineResult, MatchStatus
from matcher.rules.columns import Book, Codes, Ints, Lines
from matcher.rules.order import ORDER

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchResult:
    """Columns by line, in the order of the input.

    `status` indexes `STATUSES`, `category` indexes `CATEGORIES` (−1 for none), `score` is in permille, `difference` in
    minor units, `step` indexes the passes (−1: none found it). The items of line i are
    `row[start[i]:start[i + 1]]`, positions in `book`. `other` is the line that line i repeats, reverses or is returned
    by, −1 for none. `alternatives` are positions of items, for the lines that have any.
    """

    lines: Lines
    book: Book
    status: Codes
    step: Codes
    score: Codes
    category: Codes
    difference: Ints
    start: Ints
    row: Ints
    other: Ints
    together: dict[int, tuple[int, ...]]
    alternatives: dict[int, tuple[tuple[int, ...], ...]]
    gave_up: dict[int, str]
    explainer: Explainer

    def rows_of(self, line: int) -> tuple[int, ...]:
        """Positions of the items of one line."""
        return tuple(self.row[self.start[line] : self.start[line + 1]].tolist())

    def status_of(self, line: int) -> MatchStatus:
        """The status of one line."""
        return STATUSES[self.status[line]]

    def category_of(self, line: int) -> Category | None:
        """The category of one line."""
        code = int(self.category[line])
        return CATEGORIES[code] if code >= 0 else None

    def rows(self) -> Iterator[LineResult]:
        """One object a line, evidence rendered; for the edges, not for the hot path."""
        self.explainer.prepare(self)
        rows, ends = self.row.tolist(), self.start.tolist()
        columns = (self.lines.account, self.status, self.category, self.score, self.difference, self.step)
        for line, facts in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
            yield self._result(line, rows[ends[line] : ends[line + 1]], *facts)

    def at(self, line: int) -> LineResult:
        """The result of one line, by its position in the input."""
        columns = (self.lines.account, self.status, self.category, self.score, self.difference, self.step)
        return self._result(line, self.rows_of(line), *(int(column[line]) for column in columns))

    def _result(
        self,
        line: int,
        rows: Sequence[int],
        account: int,
        status: int,
        category: int,
        score: int,
        difference: int,
        step: int,
    ) -> LineResult:
        ids = self.lines.ids
        return LineResult(
            ids[line],
            self.lines.accounts[account],
            STATUSES[status],
            self._ids(rows),
            tuple([self._ids(others) for others in self.alternatives.get(line, ())]),
            CATEGORIES[category] if category >= 0 else None,
            score / 1000,
            difference,
            self.explainer.explain(self, line, rows),
            ORDER[step].code if step >= 0 else "",
            tuple([ids[other] for other in self.together.get(line, ())]),
        )

    def _ids(self, rows: Sequence[int]) -> tuple[str, ...]:
        ids = self.book.ids
        return tuple([ids[row] for row in rows])

    def frame(self) -> pd.DataFrame:
        """A pandas frame, one row a line: id, account, status, book (list of ids), category, score, difference."""
        import pandas as pd

        count = len(self.status)
        categories = np.array([*CATEGORIES, None], dtype=object)
        return pd.DataFrame(
            {
                "id": list(self.lines.ids),
                "account": [self.lines.accounts[code] for code in self.lines.account.tolist()],
                "status": np.array(STATUSES, dtype=object)[self.status],
                "book": [list(self._ids(self.rows_of(line))) for line in range(count)],
                "category": categories[self.category],
                "score_permille": self.score,
                "difference": self.difference,
            }
        )
