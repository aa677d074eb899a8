"""M34: a run of consecutive numbers of one day, as one line.

A payment file is made in one go, so its items carry consecutive numbers of our numbering; the invoices that one Bankgiro
sum pays were numbered by us too. Where the bank gives no file id, the only thing looked for is a run: items of one day
whose numbers follow each other, none left out, none paid by another line, and whose sum is the line's amount exactly.
Two runs that fit, a run that fits by accident, or (unless the bank counts the transactions) a single item of that amount
leave it to a person; where the bank calls the line collective, only one of the same day. Free subsets are never tried:
among fifty payments a day any sum can be made.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from matcher.rules.chance import places_near
from matcher.rules.columns import Codes, Ints
from matcher.rules.contract import Candidates, Group
from matcher.rules.joins import bounded_pairs, may_be_among, runs, runs_of, stable_order
from matcher.rules.lines_kind import KINDS, kinds_of
from matcher.rules.numbering import last_number
from matcher.rules.passes.collective import collective_lines, single_rivals
from matcher.rules.view import View

CODE = "M34"
_CHANCE_MAX = 0.01
_SCORE = 950
_SCORE_DOUBTFUL = 450
# Nothing but a single item of the amount speaks against it: no more does anything for that item.
_SCORE_RIVAL = 760


class _Numbered(NamedTuple):
    """Open items of one pool and sign by day and number. `sums[k]` is a running total before item k inside its stretch
    of consecutive numbers, plus a base that keeps stretches apart, so that one search finds a run in all of them;
    `last[k]` is the total at the end of its stretch, `runs[k]` how many runs of several items begin before it."""

    rows: Ints
    days: Ints
    sums: Ints
    last: Ints
    runs: Ints


# Above any sum of a stretch, so that a run never reaches into the next one.
_BASE = np.int64(10**15)
_STRETCHES_MAX = 9_000
_PLAIN_GAP_MAX = 20
_LENGTH_BITS = 8
# Of longer stretches not every run is made: each line searches its own.
_STRETCH_ITEMS_MAX = 1_000


def find(view: View) -> Candidates:
    """Every run of open items whose sum is the amount of a line that names nobody."""
    lines, called = collective_lines(view)
    silent = kinds_of(view, lines) == KINDS.index(None)
    # What is open only shrinks, and so do its runs: where none fitted, none will.
    fruitless = view.keep(f"{CODE} fruitless", lambda: np.zeros(len(view.items.lines), np.bool_))
    worth = (called | silent) & ~fruitless[lines]
    lines, called = lines[worth], called[worth]
    if not len(lines):
        return Candidates()
    numbered = _numbered_items(view, lines)
    fitting = _fitting(view, lines, numbered)
    groups: list[Group] = []
    for line, is_called in zip(lines.tolist(), called.tolist(), strict=True):
        if line in fitting:
            groups += _runs(view, line, numbered, fitting[line], called=is_called)
    fruitless[lines] = True
    fruitless[list(fitting)] = False
    return Candidates(groups=tuple(groups))


class _Totals(NamedTuple):
    """Runs of at least two items: total, day, place of the first item, how many."""

    total: Ints
    day: Ints
    start: Ints
    size: Ints


def _fitting(
    view: View, lines: Ints, numbered: dict[tuple[int, bool], list[_Numbered]]
) -> dict[int, set[tuple[int, ...]]]:
    """For each line the runs in its window (of as many items as the bank says) that add up to it."""
    items = view.items
    low, high = view.window
    amount, count = np.abs(items.lines.amount[lines]), items.lines.batch_count[lines]
    side = items.pool_l[lines].astype(np.int64) * 2 + (items.lines.amount[lines] > 0)
    found: dict[int, set[tuple[int, ...]]] = {}
    for (pool, receipt), parts in numbered.items():
        mine = np.flatnonzero(side == pool * 2 + receipt)
        window = low[lines[mine]], high[lines[mine]]
        for part in parts if len(mine) else ():
            runs = _runs_of_amounts(part, amount[mine])
            at, to, _ = bounded_pairs(amount[mine], *window, runs.total, runs.day, len(runs.total))
            counted = count[mine[at]]
            at, to = at[fits := (counted <= 1) | (counted == runs.size[to])], to[fits]
            for line, start, size in zip(
                lines[mine[at]].tolist(), runs.start[to].tolist(), runs.size[to].tolist(), strict=True
            ):
                found.setdefault(line, set()).add(tuple(sorted(part.rows[start : start + size].tolist())))
    return found


def _runs_of_amounts(part: _Numbered, amounts: Ints) -> _Totals:
    """Runs that may have one of the amounts: all that have, and a few more."""
    starts = np.flatnonzero(part.rows >= 0)
    stretch = part.sums // _BASE
    ends = np.searchsorted(stretch, stretch[starts], side="right") - 1
    longest = int((ends - starts).max(initial=0))
    if longest > _STRETCH_ITEMS_MAX:
        return _searched(part, amounts)
    empty = np.empty(0, np.int64)
    found = [_Totals(empty, empty, empty, empty)]
    for size in range(2, longest + 1):
        long = ends - starts >= size
        starts, ends = starts[long], ends[long]
        totals = part.sums[starts + size] - part.sums[starts]
        hits = np.flatnonzero(may_be_among(totals, amounts))
        places = starts[hits]
        found.append(_Totals(totals[hits], part.days[places], places, np.full(len(hits), size)))
    return _Totals(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _searched(part: _Numbered, amounts: Ints) -> _Totals:
    """The same where there are too many runs to make all of them: each amount looks for its own."""
    found: list[tuple[int, int, int, int]] = []
    for amount in np.unique(amounts).tolist():
        starts = np.flatnonzero(part.last >= part.sums + amount)
        wanted = part.sums[starts] + amount
        ends = np.searchsorted(part.sums, wanted)
        hits = np.flatnonzero((part.sums[np.minimum(ends, len(part.sums) - 1)] == wanted) & (ends - starts > 1))
        found += [
            (amount, int(part.days[start]), start, end - start)
            for start, end in zip(starts[hits].tolist(), ends[hits].tolist(), strict=True)
        ]
    return _Totals(*np.array(found, np.int64).reshape(-1, 4).T)


def _numbers(view: View, name: str, rows: Ints, *, own: bool) -> tuple[Ints, Codes]:
    """For some items the last number of a text and a code of what the text is without it; −1 where there is none.

    `own`: ids of ours share one numbering whatever stands before; those of digits alone one for each length.
    """
    texts = view.items.book.text(name)
    if not own:
        known = view.last_numbers(name)
        used = known.used(rows)
        numbers, kinds = np.full(len(known.number), -1, np.int64), known.rest
        numbers[used] = known.number[used]
        return numbers[texts.codes], kinds[texts.codes]
    used = texts.used(rows)
    numbers, kinds = np.full(len(texts.values) + 1, -1, np.int64), np.zeros(len(texts.values) + 1, np.int32)
    values = [texts.values[code] for code in used.tolist()]
    numbers[used] = list(map(last_number, values))
    kinds[used] = [len(value) if value.isdecimal() else 0 for value in values]
    return numbers[texts.codes], kinds[texts.codes]


def _numbered_items(view: View, lines: Ints) -> dict[tuple[int, bool], list[_Numbered]]:
    """Numbered items by pool and sign (true for receipts): payments by their ids, receipts by their descriptions."""
    items = view.items
    found: dict[tuple[int, bool], list[_Numbered]] = {}
    low, high = view.window
    for name, own in (("reference", True), ("description", False)):
        mine = lines[(items.lines.amount[lines] > 0) != own]
        if not len(mine):
            continue
        window = low[mine].min(), high[mine].max()
        by_pool, kind = view.keep(f"{CODE} {name}", partial(_by_number, view, name, window, own=own))
        for pool, members in by_pool:
            found.setdefault((pool, not own), []).extend(_stretches(view, members, kind))
    return found


def _by_number(view: View, name: str, window: tuple[int, int], *, own: bool) -> tuple[list[tuple[int, Ints]], Codes]:
    """Numbered payments (`own`) or receipts of some days, open or not, by pool in the order of day, kind and number; and
    the kind of each item."""
    items = view.items
    near = (items.book.day >= window[0]) & (items.book.day <= window[1])
    rows = np.flatnonzero(near & (items.book.amount != 0) & ((items.book.amount > 0) != own))
    number, kind = _numbers(view, name, rows, own=own)
    rows = rows[number[rows] >= 0]
    rows = rows[stable_order(number[rows])]
    rows = rows[stable_order(kind[rows])]
    rows = rows[stable_order((items.pool_r[rows].astype(np.int64) << 33) + items.book.day[rows])]
    if own:
        # Of digits alone are suppliers' references, too, but these are far from each other.
        far = np.diff(number[rows], prepend=0) > _PLAIN_GAP_MAX
        kind[rows] += np.where(kind[rows] > 0, np.cumsum(far, dtype=np.int32) << _LENGTH_BITS, 0)
    return runs_of(items.pool_r[rows], rows), kind


def _stretches(view: View, rows: Ints, kind: Codes) -> list[_Numbered]:
    """Running totals over stretches of open items; a closed item, another day or another kind ends a stretch."""
    items = view.items
    is_open = items.row_open[rows]
    breaks = np.ones(len(rows), np.bool_)
    breaks[1:] = (items.book.day[rows][1:] != items.book.day[rows][:-1]) | (kind[rows][1:] != kind[rows][:-1])
    breaks[1:] |= ~is_open[:-1]
    stretch: Ints = np.cumsum(breaks, dtype=np.int64)[is_open]
    rows = rows[is_open]
    found = []
    for first in range(0, int(stretch.max(initial=0)) + 1, _STRETCHES_MAX):
        part = (stretch > first) & (stretch <= first + _STRETCHES_MAX)
        members = rows[part]
        if len(members) > 1:
            found.append(_running(items.book.day[members], np.abs(items.book.amount[members]), stretch[part], members))
    return found


def _running(days: Ints, amounts: Ints, stretch: Ints, rows: Ints) -> _Numbered:
    """One entry before each item and one after the last of each stretch."""
    starts, ends_at = runs(stretch)
    sizes = ends_at - starts
    inside = np.cumsum(amounts) - amounts
    inside -= np.repeat(inside[starts], sizes)
    ends = inside[starts + sizes - 1] + amounts[starts + sizes - 1]
    place = np.repeat(np.arange(len(starts)), sizes)
    at = np.arange(len(rows)) + place
    sums = np.empty(len(rows) + len(starts), np.int64)
    sums[at] = inside + place * _BASE
    sums[starts + sizes + np.arange(len(starts))] = ends + np.arange(len(starts)) * _BASE
    spaced_rows = np.full(len(sums), -1, np.int64)
    spaced_rows[at] = rows
    spaced_days = np.repeat(days[starts], sizes + 1)
    last = np.repeat(sums[starts + sizes + np.arange(len(starts))], sizes + 1)
    begun = np.zeros(len(sums) + 1, np.int64)
    begun[at + 1] = np.repeat(sizes + starts, sizes) - np.arange(len(rows)) - 1
    return _Numbered(spaced_rows, spaced_days, sums, last, np.cumsum(begun))


def _runs(
    view: View,
    line: int,
    numbered: dict[tuple[int, bool], list[_Numbered]],
    found: set[tuple[int, ...]],
    *,
    called: bool,
) -> list[Group]:
    items = view.items
    amount, count = abs(int(items.lines.amount[line])), int(items.lines.batch_count[line])
    doubtful, rival = len(found) > 1, False
    if not doubtful:
        parts = numbered[int(items.pool_l[line]), bool(items.lines.amount[line] > 0)]
        low, high = (int(day[line]) for day in view.window)
        stretches = [(part, part.days.searchsorted([low, high + 1]).tolist()) for part in parts]
        most = _CHANCE_MAX * places_near(amount)
        # Where few runs are in the window at all, few come near.
        if sum(int(part.runs[end] - part.runs[begin]) for part, (begin, end) in stretches) > most:
            doubtful = sum(_near(part, begin, end, amount, count) for part, (begin, end) in stretches) > most
    if not doubtful and count <= 1:
        # Words make a line collective that a count proves to be.
        day = int(items.book.day[next(iter(found))[0]]) if called else None
        doubtful = single_rivals(view, line, day=day)
        rival = doubtful
    score = (_SCORE_RIVAL if rival else _SCORE_DOUBTFUL) if doubtful else _SCORE
    return [Group((line,), rows, score, not doubtful) for rows in sorted(found)]


def _near(part: _Numbered, begin: int, end: int, amount: int, count: int) -> int:
    """How many runs between two places come near the amount."""
    sums, last = part.sums[begin:end], part.last[begin:end]
    off = amount // 10
    if count > 1:
        return int(np.count_nonzero(np.abs(sums[count:] - sums[:-count] - amount) <= off))
    starts = (last - sums >= amount - off).nonzero()[0]
    wanted = sums[starts] + amount
    first = np.maximum(sums.searchsorted(wanted - off, side="left"), starts + 2)
    # Few stretches have a run that comes near.
    reached = (first < len(sums)).nonzero()[0]
    reached = reached[sums[first[reached]] <= wanted[reached] + off]
    after = sums.searchsorted(wanted[reached] + off, side="right")
    return int((after - first[reached]).sum())
