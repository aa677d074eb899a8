"""Why a line with a choice was not cleared, in words: what the settings say, what fits as well, what spoke against it."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from matcher.engine.outcome import CATEGORIES, STATUSES
from matcher.engine.phrases import say
from matcher.proposal import Category, Evidence, MatchStatus
from matcher.rules.classes import drawn_as_sent
from matcher.rules.columns import Ints
from matcher.rules.lines_kind import kind_of
from matcher.rules.names import NameLevel
from matcher.rules.order import ORDER
from matcher.rules.passes import amount_only, card_settlement
from matcher.rules.relations import Relation
from matcher.rules.view import View

if TYPE_CHECKING:
    from matcher.engine.result import MatchResult

_RIVAL_ITEMS_MAX = 3


class Doubts:
    """Doubts about the proposals of one result; `line_at` and `row_at` say where the view has its lines and items."""

    def __init__(self, view: View, result: MatchResult, line_at: Ints, row_at: Ints) -> None:
        self._view = view
        self.result = result
        self._line_at = line_at
        self._row_at = row_at

    def of(self, line: int, level: NameLevel) -> Evidence:
        """The first reason why a proposed line was not cleared; `level` is how its name agrees with a single item's."""
        result, code = self.result, ORDER[self.result.step[line]].code
        held = self._held_by_settings(line)
        if held:
            return Evidence("settings", held)
        rivals = result.alternatives.get(line, ())
        if rivals:
            rival = " + ".join(result.book.name(row) for row in rivals[0][:_RIVAL_ITEMS_MAX])
            if len(rivals[0]) > _RIVAL_ITEMS_MAX:
                rival += " ..."
            key = "rival.one" if len(rivals) == 1 else "rival.many"
            return Evidence("rival", say(key, rival=rival, count=len(rivals)))
        if line in result.gave_up:
            return Evidence(result.gave_up[line], say("gave_up"))
        rows = result.rows_of(line)
        other = self._other_line(line, rows)
        if other:
            return Evidence("rival", say("rival.line", line=other))
        if code == card_settlement.CODE:
            return Evidence("doubt", say("doubt.acquirer"))
        if len(rows) > 1 or line in result.together:
            return Evidence("doubt", say("doubt.sum"))
        return Evidence("doubt", say(self._of_kind(line, rows[0]) or self._of_pair(line, rows[0], level, code)))

    def _held_by_settings(self, line: int) -> str:
        """What the settings say, if all passes together were sure."""
        step, items = ORDER[self.result.step[line]], self._view.items
        at = self._line_at[line]
        if self._taken[line] and not step.by_reference and items.limit("reference_required")[at] > 0:
            return say("settings.reference")
        return say("settings.score") if self._taken[line] else ""

    @cached_property
    def _taken(self) -> list[bool]:
        """Which proposed lines hold items that are no longer open: they were cleared, and then held back."""
        result, is_open = self.result, self._view.items.row_open
        first = np.minimum(result.start[:-1], max(0, len(result.row) - 1))
        if not len(result.row):
            return [False] * len(first)
        held = (np.diff(result.start) > 0) & ~is_open[self._row_at[result.row[first]]]
        held &= result.status == STATUSES.index(MatchStatus.PROPOSED)
        return [bool(one) for one in held]

    def _other_line(self, line: int, rows: Collection[int]) -> str:
        """Another line that is proposed for one of the items, and does not pay it together with this one."""
        together = {line, *self.result.together.get(line, ())}
        others = {other for row in rows for other in self._lines_of.get(row, ())}
        return min((self.result.lines.ids[other] for other in others - together), default="")

    @cached_property
    def _lines_of(self) -> dict[int, list[int]]:
        """The lines that are proposed for each item, as first choice or another."""
        found: dict[int, list[int]] = {}
        for line in np.flatnonzero(self.result.status == STATUSES.index(MatchStatus.PROPOSED)).tolist():
            for row in {
                *self.result.rows_of(line),
                *(one for rows in self.result.alternatives.get(line, ()) for one in rows),
            }:
                found.setdefault(row, []).append(line)
        return found

    def _of_kind(self, line: int, row: int) -> str:
        """The key of the sentence on a line that the bank calls something for which name and amount prove nothing."""
        if ORDER[self.result.step[line]].by_reference:
            return ""
        at, to = int(self._line_at[line]), int(self._row_at[row])
        if kind_of(self._view, at) in {Category.RETURN, Category.REVERSAL}:
            return "doubt.return"
        return "doubt.drawn" if drawn_as_sent(self._view, np.array([at]), np.array([to]))[0] else ""

    def _of_pair(self, line: int, row: int, level: NameLevel, code: str) -> str:
        """The key of the sentence on one line and one item without rivals."""
        at, to = int(self._line_at[line]), int(self._row_at[row])
        relations = self._view.relations
        relation = relations.of(at, to)
        if relation is Relation.OTHER:
            return "doubt.number"
        if level is NameLevel.DIFFERENT and relation is Relation.NOTHING and self._view.items.nearly_named(at, to):
            return "doubt.name"
        if level is NameLevel.DIFFERENT:
            return "doubt.payer" if relation is Relation.SAME and relations.means(at, to) else "doubt.no_reference"
        if relation is Relation.NEAR and relations.may_be_neighbour(at, to):
            return "doubt.neighbour"
        if self._is_rest(at, to):
            return "doubt.rest"
        category = self.result.category_of(line)
        if category is Category.BANK_FEE or (category is Category.OVERPAYMENT and relation is Relation.NOTHING):
            return "doubt.charge" if category is Category.BANK_FEE else "doubt.more"
        if category is Category.ROUNDING and relations.names_more(at, to):
            return "doubt.number_more"
        if relation <= Relation.NOTHING and level <= NameLevel.UNKNOWN:
            return "doubt.amount_only" if code != amount_only.CODE else "doubt"
        if relation <= Relation.NOTHING:
            return "doubt.name" if level is NameLevel.SIMILAR else "doubt.often"
        return "doubt"

    def _is_rest(self, at: int, to: int) -> bool:
        items = self._view.items
        return (int(items.pool_r[to]), int(items.party_r[to]), int(items.lines.amount[at])) in self._rests

    @cached_property
    def _rests(self) -> set[tuple[int, int, int]]:
        """Pool, party and what is left of items that lines pay in part."""
        result, items = self.result, self._view.items
        found = set()
        for line in np.flatnonzero(result.category == CATEGORIES.index(Category.PARTIAL)).tolist():
            row = int(self._row_at[result.rows_of(line)[0]])
            found.add((int(items.pool_r[row]), int(items.party_r[row]), -int(result.difference[line])))
        return found
