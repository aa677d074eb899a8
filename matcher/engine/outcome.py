"""What a run decided, as columns: put together from claims, proposals and classes, merged over processes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matcher.engine.ranking import PROPOSALS_MAX
from matcher.engine.run import Run
from matcher.proposal import Category, MatchStatus
from matcher.rules.classes import classify
from matcher.rules.columns import Codes, Flags, Ints
from matcher.rules.lines_kind import says_return
from matcher.rules.order import ORDER

STATUSES = (MatchStatus.UNMATCHED, MatchStatus.PROPOSED, MatchStatus.CLEARED)
CATEGORIES = tuple(Category)
_CLEARED = STATUSES.index(MatchStatus.CLEARED)
_PROPOSED = STATUSES.index(MatchStatus.PROPOSED)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """Columns by line (see `MatchResult`); `single` is the item of a 1:1 match, −1 where `rows` has the items."""

    status: Codes
    step: Codes
    score: Codes
    category: Codes
    difference: Ints
    other: Ints
    single: Ints
    rows: dict[int, tuple[int, ...]]
    together: dict[int, tuple[int, ...]]
    alternatives: dict[int, tuple[tuple[int, ...], ...]]
    gave_up: dict[int, str]
    row_open: Flags


def outcome_of(run: Run, mine: Flags) -> Outcome:
    """The outcome of a run for the lines that are its own; the other lines are left blank."""
    claims = run.claims
    count = len(mine)
    found = Outcome(
        status=np.where(claims.step >= 0, _CLEARED, 0).astype(np.int32),
        step=claims.step,
        score=claims.score,
        category=np.full(count, -1, np.int32),
        difference=claims.difference,
        other=np.full(count, -1, np.int64),
        single=claims.row,
        rows={line: group.rows for line, group in claims.group.items()},
        together={line: group.lines for line, group in claims.group.items() if len(group.lines) > 1},
        alternatives={},
        gave_up=run.gave_up,
        row_open=run.items.row_open,
    )
    for line, kind in claims.category.items():
        found.category[line] = CATEGORIES.index(kind)
    _add_proposals(found, run)
    _withdraw_returned(found, run, mine)
    unmatched = np.flatnonzero((found.status == 0) & mine)
    classified = classify(run.view, unmatched, claims.taker, claims.repeats)
    found.category[unmatched] = [CATEGORIES.index(kind) for kind in classified.category]
    found.score[unmatched] = classified.score
    found.other[unmatched] = classified.other
    _hold_back(found, run)
    return found


def _add_proposals(found: Outcome, run: Run) -> None:
    for line, proposals in run.proposals.items():
        number, best = proposals[0]
        found.status[line], found.step[line], found.score[line] = _PROPOSED, number, best.score
        found.difference[line] = best.difference
        found.category[line] = CATEGORIES.index(best.category) if best.category is not None else -1
        found.rows[line] = best.rows
        if len(best.lines) > 1:
            found.together[line] = best.lines
        others = dict.fromkeys(group.rows for _, group in proposals if group.rows != best.rows)
        found.alternatives[line] = tuple(others)[: PROPOSALS_MAX - 1]


def _withdraw_returned(found: Outcome, run: Run, mine: Flags) -> None:
    """A payment that came back, by the bank's word or by the id of the line that it undoes, has no weaker explanation:
    that the party happens to owe something near the amount says nothing, unless the books call it a return as well."""
    proposed = np.flatnonzero((found.status == _PROPOSED) & mine)
    classified = classify(run.view, proposed, run.claims.taker, run.claims.repeats)
    texts = run.items.book.text("description")
    for line, kind, score in zip(proposed.tolist(), classified.category, classified.score.tolist(), strict=True):
        if kind not in {Category.RETURN, Category.REVERSAL}:
            continue
        weak = not ORDER[found.step[line]].by_reference and not any(
            says_return(texts.at(row)) for row in found.rows[line]
        )
        if weak or score > found.score[line]:
            found.status[line], found.step[line], found.difference[line] = 0, -1, 0
            for kept in (found.rows, found.together, found.alternatives):
                kept.pop(line, None)


def _hold_back(found: Outcome, run: Run) -> None:
    """What a pass is not trusted to clear, by the settings, is proposed instead."""
    codes = [step.code for step in ORDER]
    by_reference = np.array([step.by_reference for step in ORDER])
    without = (found.status == _CLEARED) & ~by_reference[found.step]
    found.status[without & (run.items.limit("reference_required") > 0)] = _PROPOSED
    for code, least in run.settings.clear_from:
        doubted = (found.status == _CLEARED) & (found.step == codes.index(code)) & (found.score < least)
        found.status[doubted] = _PROPOSED


def merged(into: Outcome, part: Outcome, mine: Flags, rows: Flags) -> None:
    """Take the lines `mine` and the items `rows` of another process's outcome over."""
    for name in ("status", "step", "score", "category", "difference", "other", "single"):
        getattr(into, name)[mine] = getattr(part, name)[mine]
    into.row_open[rows] = part.row_open[rows]
    for name in ("rows", "together", "alternatives", "gave_up"):
        getattr(into, name).update(getattr(part, name))
