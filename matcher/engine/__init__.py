"""The matching engine: open items in, an explained decision on every bank line out. No database, no files, no clock."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain

import numpy as np

from matcher.engine.explain import Explainer
from matcher.engine.outcome import Outcome
from matcher.engine.processes import decide, processes_for
from matcher.engine.rejected import RejectedIds
from matcher.engine.result import MatchResult
from matcher.engine.run import Run, without_collection
from matcher.rules.canonical import canonical_order
from matcher.rules.columns import Book, Flags, Ints, Lines
from matcher.rules.items import Items
from matcher.rules.settings import RuleSettings
from matcher.rules.view import View

__all__ = ["MatchResult", "RejectedIds", "match"]


def match(
    lines: Lines,
    book: Book,
    *,
    rules: RuleSettings | None = None,
    rejected: Collection[RejectedIds] = (),
    processes: int | None = None,
) -> MatchResult:
    """Explain every bank line by the open book transactions of its account.

    The same items in any order give the same result. Lines without an amount or a day are left unmatched. `rejected`
    are ids of lines and of items that somebody said do not belong together: they are neither cleared nor proposed.
    `processes` is how many to use; None takes one a core where there are several accounts and enough to do.
    """
    with without_collection():
        return _matched(lines, book, rules or RuleSettings(), rejected, processes)


def _matched(
    lines: Lines, book: Book, rules: RuleSettings, rejected: Collection[RejectedIds], processes: int | None
) -> MatchResult:
    line_order = canonical_order(lines.accounts, lines.account, lines.booking_day, lines.amount, lines.ids)
    row_order = canonical_order(book.accounts, book.account, book.day, book.amount, book.ids)
    items = Items(lines.take(line_order), book.take(row_order), rules)
    view = View(items)

    def make_run(line_open: Flags, row_open: Flags) -> Run:
        return Run(view.among(line_open, row_open), rejected)

    count = processes_for(len(lines), len(items.pool_names)) if processes is None else max(1, processes)
    if count > 1:
        items.prepare()
    outcome = decide(make_run, items.pool_l, items.pool_r, min(count, max(1, len(items.pool_names))))
    items.row_open = outcome.row_open
    return _result(lines, book, outcome, view, line_order, row_order)


def _result(lines: Lines, book: Book, found: Outcome, view: View, line_order: Ints, row_order: Ints) -> MatchResult:
    """The outcome in the order of the input."""
    line_at = np.empty(len(line_order), np.int64)
    line_at[line_order] = np.arange(len(line_order))
    row_at = np.empty(len(row_order), np.int64)
    row_at[row_order] = np.arange(len(row_order))

    days, places = book.day.tolist(), row_order.tolist()

    def in_words(members: tuple[int, ...]) -> list[int]:
        """Items of a group in the order in which people read them."""
        if len(members) == 1:
            return [places[members[0]]]
        return sorted([places[one] for one in members], key=lambda place: (days[place], book.ids[place]))

    single = found.single[line_at]
    rows = {int(line_order[line]): members for line, members in found.rows.items()}
    sizes = np.where(single >= 0, 1, 0)
    for line, members in rows.items():
        sizes[line] = len(members)
    start = np.r_[0, np.cumsum(sizes)]
    row = np.empty(int(start[-1]), np.int64)
    alone = np.flatnonzero(single >= 0)
    row[start[alone]] = row_order[single[alone]]
    several = np.array(list(rows), np.int64)
    counts = sizes[several]
    inside = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    row[np.repeat(start[several], counts) + inside] = list(chain.from_iterable(map(in_words, rows.values())))
    other = found.other[line_at]
    return MatchResult(
        lines=lines,
        book=book,
        status=found.status[line_at],
        step=found.step[line_at],
        score=found.score[line_at],
        category=found.category[line_at],
        difference=found.difference[line_at],
        start=start,
        row=row,
        other=np.where(other >= 0, line_order[other], -1) if len(other) else other,
        together={
            int(line_order[line]): tuple(line_order[list(all_)].tolist()) for line, all_ in found.together.items()
        },
        alternatives={
            int(line_order[line]): tuple(tuple(in_words(members)) for members in choices)
            for line, choices in found.alternatives.items()
        },
        gave_up={int(line_order[line]): code for line, code in found.gave_up.items()},
        explainer=Explainer(view, line_at, row_at),
    )
