"""The run: every pass in its order, again while something moves, then proposals and classes for what is left."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import numpy as np

from matcher.engine.claims import BINDING_SCORE, FIRM, Claims, Undecided
from matcher.engine.ranking import Likelihood, Proposal, best, rank
from matcher.engine.rejected import Rejected, RejectedIds
from matcher.engine.settle import row_classes, settle_groups, settle_pairs
from matcher.rules.classes import came_back, drawn_as_sent
from matcher.rules.contract import Candidates, Group, Pairs
from matcher.rules.joins import is_member
from matcher.rules.order import Step, ordered
from matcher.rules.view import View

ROUNDS_MAX = 3
PROPOSED_FROM = 400


class Run:
    """One run over open items. After `decide`, `claims` holds what is cleared, `proposals` what is proposed."""

    def __init__(self, view: View, rejected: Collection[RejectedIds] = ()) -> None:
        self.view = view
        self.items = view.items
        self.rejected = Rejected(self.items.lines, self.items.book, rejected)
        self.claims = Claims(self.items)
        self.settings = self.items.settings
        self.gave_up: dict[int, str] = {}
        self.proposals: dict[int, list[Proposal]] = {}
        self._found: dict[int, tuple[int, Candidates]] = {}

    def decide(self) -> None:
        """Run the passes until nothing moves."""
        left: dict[int, Candidates] = {}
        for round_number in range(ROUNDS_MAX):
            before = np.count_nonzero(self.items.line_open)
            for number, step in ordered(self.settings):
                if not (round_number and step.once):
                    left[number] = self._run_step(number, step)
            if np.count_nonzero(self.items.line_open) == before or not before:
                break
        self._propose(left)

    def _run_step(self, number: int, step: Step) -> Candidates:
        """Run one pass, clear what is decided, and give back what is not."""
        found = self._candidates(number, step)
        pairs = self._settle_pairs(number, step, found.pairs)
        groups = self._settle_groups(number, step, found.groups)
        undecided = [(group.lines, group.rows, group.score) for group in groups if group.score >= BINDING_SCORE]
        undecided += _binding_pairs(pairs) if pairs is not None else []
        if step.by_reference:
            undecided = [(lines, rows, FIRM) for lines, rows, _ in undecided]
        # A search that was cut off has not seen every rival: no weaker step may clear its line.
        self.claims.bind(number, [*undecided, *(((line,), (), FIRM) for line in found.gave_up)])
        for line in found.gave_up:
            self.gave_up.setdefault(line, step.code)
        return Candidates(pairs=pairs, groups=groups)

    def _candidates(self, number: int, step: Step) -> Candidates:
        """What a pass finds; it is asked again only if something was taken since (then lines are fewer)."""
        lines_open = int(np.count_nonzero(self.items.line_open))
        before, found = self._found.get(number, (-1, Candidates()))
        if before != lines_open:
            found = self.rejected.without(step.find(self.view))
            found = found if step.by_reference else self._without_other_kinds(found)
            self._found[number] = lines_open, found
        return found

    def _without_other_kinds(self, found: Candidates) -> Candidates:
        """What gives a payment back pays no invoice, and what a creditor drew is no payment that we sent: name and amount
        alone prove nothing for it."""
        asked = {line for group in found.groups if group.clear for line in group.lines}
        pairs = found.pairs
        if pairs is not None:
            sent = np.flatnonzero(pairs.clear)
            sent = sent[drawn_as_sent(self.view, pairs.line[sent], pairs.row[sent])]
            if len(sent):
                clear = pairs.clear.copy()
                clear[sent] = False
                pairs = pairs._replace(clear=clear)
                found = found._replace(pairs=pairs)
            asked.update(pairs.line[pairs.clear].tolist())
        lines = np.array(sorted(asked), np.int64)
        returned = lines[came_back(self.view, lines)]
        if not len(returned):
            return found
        back = set(returned.tolist())
        if pairs is not None:
            pairs = pairs.where(~is_member(pairs.line, returned))
        groups = tuple(group for group in found.groups if back.isdisjoint(group.lines))
        return found._replace(pairs=pairs, groups=groups)

    def _settle_pairs(self, number: int, step: Step, pairs: Pairs | None) -> Pairs | None:
        if pairs is None or not len(pairs.line):
            return None
        pairs = self.claims.allowed(number, pairs, step)
        row_class = self.view.keep("row classes", lambda: row_classes(self.items, self.view.references.row_key))
        settled = settle_pairs(self.items, pairs, row_class, margin=self.settings.margin, repeats=step.repeats)
        self.claims.take_pairs(number, settled.line, settled.row, settled.score)
        self.claims.repeat(settled.repeats, settled.repeated)
        return settled.left

    def _settle_groups(self, number: int, step: Step, groups: tuple[Group, ...]) -> tuple[Group, ...]:
        if not groups:
            return ()
        decided = settle_groups(self.claims.allowed_groups(number, groups, step), margin=self.settings.margin)
        self.claims.take_groups(number, decided.taken)
        return tuple(decided.left)

    def _propose(self, left: dict[int, Candidates]) -> None:
        """Collect for each open line its best explanations that are still possible, best first."""
        items = self.items
        likelihood = Likelihood(self.view, self.claims.row)
        found: dict[int, list[Proposal]] = {}
        for number, candidates in left.items():
            groups = list(candidates.groups)
            if candidates.pairs is not None:
                groups += _as_groups(best(likelihood, self._possible(candidates.pairs)))
            for group in groups:
                is_open = all(items.line_open[line] for line in group.lines)
                if is_open and group.score >= PROPOSED_FROM and all(items.row_open[row] for row in group.rows):
                    for line in group.lines:
                        found.setdefault(line, []).append((number, group))
        self.proposals = rank(self.view, likelihood, found)

    def _possible(self, pairs: Pairs) -> Pairs:
        """The pairs that may be proposed."""
        items = self.items
        return pairs.where((pairs.score >= PROPOSED_FROM) & items.line_open[pairs.line] & items.row_open[pairs.row])


def _binding_pairs(pairs: Pairs) -> list[Undecided]:
    strong = pairs.where(pairs.score >= BINDING_SCORE)
    return [
        ((line,), (row,), score)
        for line, row, score in zip(strong.line.tolist(), strong.row.tolist(), strong.score.tolist(), strict=True)
    ]


def _as_groups(pairs: Pairs) -> list[Group]:
    return [
        Group((line,), (row,), score, clear=False)
        for line, row, score in zip(pairs.line.tolist(), pairs.row.tolist(), pairs.score.tolist(), strict=True)
    ]


@contextmanager
def without_collection() -> Iterator[None]:
    """Switch the cyclic garbage collector off: bulk work makes many objects and no cycles (a third of the time)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not gc.get_freeze_count():
                # What a run made is no garbage: without this all of it would be looked at at once.
                gc.freeze()
                gc.unfreeze()
            gc.enable()
