"""The matching engine: open items in, an explained decision on every bank line out. No database, no files, no clock."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from matcher.engine.explain import Explainer
from matcher.engine.rejected import RejectedIds
from matcher.engine.result import CATEGORIES, STATUSES, MatchResult
from matcher.engine.run import PROPOSALS_MAX, Run
from matcher.proposal import MatchStatus
from matcher.rules.classes import classify
from matcher.rules.columns import Book, Lines
from matcher.rules.order import ORDER
from matcher.rules.settings import RuleSettings

__all__ = ["MatchResult", "RejectedIds", "match"]

_CLEARED = STATUSES.index(MatchStatus.CLEARED)
_PROPOSED = STATUSES.index(MatchStatus.PROPOSED)


def match(
    lines: Lines, book: Book, *, rules: RuleSettings | None = None, rejected: Collection[RejectedIds] = ()
) -> MatchResult:
    """Explain every bank line by the open book transactions of its account.

    The same items in any order give the same result. Lines without an amount or a day are left unmatched. `rejected`
    are ids of lines and of items that somebody said do not belong together: they are neither cleared nor proposed.
    """
    settings = rules or RuleSettings()
    run = Run(lines, book, settings, rejected)
    run.decide()
    result = _result(run)
    _hold_back(result, run)
    return result


def _hold_back(result: MatchResult, run: Run) -> None:
    """What a pass is not trusted to clear, by the settings, is proposed instead."""
    codes = [step.code for step in ORDER]
    by_reference = np.array([step.by_reference for step in ORDER])
    without = (result.status == _CLEARED) & ~by_reference[result.step]
    result.status[without & (run.items.limit("reference_required") > 0)] = _PROPOSED
    for code, least in run.settings.clear_from:
        doubted = (result.status == _CLEARED) & (result.step == codes.index(code)) & (result.score < least)
        result.status[doubted] = _PROPOSED


def _result(run: Run) -> MatchResult:
    claims, items = run.claims, run.items
    count = len(items.lines)
    status = np.where(claims.step >= 0, _CLEARED, 0).astype(np.int32)
    score, step, difference = claims.score.copy(), claims.step.copy(), claims.difference.copy()
    category = np.full(count, -1, np.int32)
    for line, kind in claims.category.items():
        category[line] = CATEGORIES.index(kind)
    rows: dict[int, tuple[int, ...]] = {line: group.rows for line, group in claims.group.items()}
    together = {line: group.lines for line, group in claims.group.items() if len(group.lines) > 1}
    alternatives = {}
    for line, found in run.proposals.items():
        number, best = found[0]
        status[line], step[line], score[line] = _PROPOSED, number, best.score
        difference[line] = best.difference
        category[line] = CATEGORIES.index(best.category) if best.category is not None else -1
        rows[line] = best.rows
        if len(best.lines) > 1:
            together[line] = best.lines
        others = dict.fromkeys(group.rows for _, group in found if group.rows != best.rows)
        alternatives[line] = tuple(others)[: PROPOSALS_MAX - 1]
    unmatched = np.flatnonzero(status == 0)
    other = np.full(count, -1, np.int64)
    classified = classify(run.view, unmatched, claims.taker, claims.repeats)
    category[unmatched] = [CATEGORIES.index(kind) for kind in classified.category]
    score[unmatched] = classified.score
    other[unmatched] = classified.other
    sizes = np.where(claims.row >= 0, 1, 0)
    for line, members in rows.items():
        sizes[line] = len(members)
    start = np.r_[0, np.cumsum(sizes)]
    row = np.empty(int(start[-1]), np.int64)
    single = np.flatnonzero(claims.row >= 0)
    row[start[single]] = claims.row[single]
    for line, members in rows.items():
        row[start[line] : start[line + 1]] = members
    return MatchResult(
        lines=items.lines,
        book=items.book,
        status=status,
        step=step,
        score=score,
        category=category,
        difference=difference,
        start=start,
        row=row,
        other=other,
        together=together,
        alternatives=alternatives,
        gave_up=run.gave_up,
        explainer=Explainer(run.view),
    )
