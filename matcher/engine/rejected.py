"""What people said does not belong together: such candidates are taken out before anything is decided."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from matcher.rules.columns import Book, Lines
from matcher.rules.contract import Candidates

# Ids of bank lines and of book items that somebody rejected as a group.
RejectedIds = tuple[tuple[str, ...], tuple[str, ...]]


class Rejected:
    """Rejected groups by position; ids that are not among the open items are of no concern."""

    def __init__(self, lines: Lines, book: Book, groups: Collection[RejectedIds]) -> None:
        line_at = _positions(lines.ids, {one for ids, _ in groups for one in ids})
        row_at = _positions(book.ids, {one for _, ids in groups for one in ids})
        self._groups = {
            (frozenset(line_at[one] for one in line_ids), frozenset(row_at[one] for one in book_ids))
            for line_ids, book_ids in groups
            if all(one in line_at for one in line_ids) and all(one in row_at for one in book_ids)
        }
        self._rows = max(1, len(book))
        single = [(*left, *right) for left, right in self._groups if len(left) == len(right) == 1]
        self._pairs = np.array([line * self._rows + row for line, row in single], np.int64)

    def without(self, found: Candidates) -> Candidates:
        """The candidates that nobody rejected."""
        if not self._groups:
            return found
        pairs = found.pairs
        if pairs is not None and len(self._pairs):
            key = pairs.line.astype(np.int64) * self._rows + pairs.row
            pairs = pairs.where(~np.isin(key, self._pairs))
        groups = tuple(
            group for group in found.groups if (frozenset(group.lines), frozenset(group.rows)) not in self._groups
        )
        return found._replace(pairs=pairs, groups=groups)


def _positions(ids: Sequence[str], wanted: set[str]) -> dict[str, int]:
    return {one: place for place, one in enumerate(ids) if one in wanted} if wanted else {}
