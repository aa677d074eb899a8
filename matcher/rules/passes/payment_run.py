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
from matcher.rules.columns import Codes, Flags, Ints, Texts
from matcher.rules.contract import Candidates, Group
from matcher.rules.joins import have_pairs, may_be_among, runs_of
from matcher.rules.lines_kind import kind_of
from matcher.rules.numbering import last_number, without_last_number
from matcher.rules.passes.collective import collective_lines, single_rivals
from matcher.rules.view import View

CODE = "M34"
_CHANCE_MAX = 0.01
_SCORE = 950
_SCORE_DOUBTFUL = 450


class _Numbered(NamedTuple):
    """Open items of one pool and sign by day and number. `sums[k]` is a running total before item k inside its stretch
    of consecutive numbers, plus a base that keeps stretches apart, so that one search finds a run in all of them."""

    rows: Ints
    days: Ints
    sums: Ints
    last: Ints


# Above any sum of a stretch, so that a run never reaches into the next one.
_BASE = np.int64(10**15)
_STRETCHES_MAX = 9_000
# Of longer stretches not every run is made: each line searches its own.
_STRETCH_ITEMS_MAX = 1_000


def find(view: View) -> Candidates:
    """Every run of open items whose sum is the amount of a line that names nobody."""
    lines, called = collective_lines(view)
    silent = np.array([kind_of(view, line) is None for line in lines.tolist()], np.bool_)
    # What is open only shrinks, and so do its runs: where none fitted, none will.
    fruitless = view.keep(f"{CODE} fruitless", lambda: np.zeros(len(view.items.lines), np.bool_))
    worth = (called | silent) & ~fruitless[lines]
    lines, called = lines[worth], called[worth]
    if not len(lines):
        return Candidates()
    numbered = _numbered_items(view, lines)
    possible = _reached(view, lines, numbered)
    groups: list[Group] = []
    for line, is_called in zip(lines[possible].tolist(), called[possible].tolist(), strict=True):
        groups += _runs(view, line, numbered, called=is_called)
    fruitless[lines] = True
    fruitless[[group.lines[0] for group in groups]] = False
    return Candidates(groups=tuple(groups))


def _reached(view: View, lines: Ints, numbered: dict[tuple[int, bool], list[_Numbered]]) -> Flags:
    """Lines whose amount is the total of a run of a day in their window; where runs are very long every line may be."""
    items = view.items
    low, high = view.window
    amount = np.abs(items.lines.amount[lines])
    side = items.pool_l[lines].astype(np.int64) * 2 + (items.lines.amount[lines] > 0)
    found = np.zeros(len(lines), np.bool_)
    for (pool, receipt), parts in numbered.items():
        mine = np.flatnonzero(side == pool * 2 + receipt)
        for part in parts if len(mine) else ():
            totals = _totals_among(part, amount[mine])
            if totals is None:
                found[mine] = True
                break
            found[mine] |= have_pairs(amount[mine], low[lines[mine]], high[lines[mine]], *totals)
    return found


def _totals_among(part: _Numbered, amounts: Ints) -> tuple[Ints, Ints] | None:
    """Totals and days of runs of at least two items that may have one of the amounts, None if a stretch is too long."""
    starts = np.flatnonzero(part.rows >= 0)
    stretch = part.sums // _BASE
    ends = np.searchsorted(stretch, stretch[starts], side="right") - 1
    longest = int((ends - starts).max(initial=0))
    if longest > _STRETCH_ITEMS_MAX:
        return None
    found: list[tuple[Ints, Ints]] = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    for size in range(2, longest + 1):
        long = ends - starts >= size
        starts, ends = starts[long], ends[long]
        totals = part.sums[starts + size] - part.sums[starts]
        hits = np.flatnonzero(may_be_among(totals, amounts))
        found.append((totals[hits], part.days[starts[hits]]))
    return np.concatenate([total for total, _ in found]), np.concatenate([day for _, day in found])


def _numbers(texts: Texts, rows: Ints, *, own: bool) -> tuple[Ints, Codes]:
    """For some items the last number of a text and a code of what the text is without it; −1 where there is none.

    `own`: ids of ours hold more than digits (a supplier's OCR does not), and share one numbering whatever stands before.
    """
    used = np.unique(texts.codes[rows])
    used = used[used >= 0]
    numbers = np.full(len(texts.values) + 1, -1, np.int64)
    kinds = np.full(len(texts.values) + 1, -1, np.int32)
    values = [texts.values[code] for code in used.tolist()]
    numbers[used] = [-1 if own and value.isdecimal() else last_number(value) for value in values]
    seen: dict[str, int] = {}
    kinds[used] = 0 if own else [seen.setdefault(without_last_number(value), len(seen)) for value in values]
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
        near = (items.book.day >= low[mine].min()) & (items.book.day <= high[mine].max())
        rows = np.flatnonzero(near & (items.book.amount != 0) & ((items.book.amount > 0) != own))
        number, kind = view.keep(f"{CODE} {name}", partial(_numbers, items.book.text(name), rows, own=own))
        rows = rows[number[rows] >= 0]
        when = (items.pool_r[rows].astype(np.int64) << 33) + items.book.day[rows]
        rows = rows[np.lexsort((number[rows], kind[rows], when))]
        for pool, members in runs_of(items.pool_r[rows], rows):
            found.setdefault((pool, not own), []).extend(_stretches(view, members, kind))
    return found


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
    starts = np.flatnonzero(np.r_[True, stretch[1:] != stretch[:-1]])
    sizes = np.diff(np.r_[starts, len(rows)])
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
    return _Numbered(spaced_rows, spaced_days, sums, last)


def _runs(view: View, line: int, numbered: dict[tuple[int, bool], list[_Numbered]], *, called: bool) -> list[Group]:
    items = view.items
    low, high = view.window
    amount = abs(int(items.lines.amount[line]))
    count = int(items.lines.batch_count[line])
    found: set[tuple[int, ...]] = set()
    parts: list[tuple[Ints, Ints]] = []
    for part in numbered.get((int(items.pool_l[line]), bool(items.lines.amount[line] > 0)), []):
        first = int(np.searchsorted(part.days, low[line], side="left"))
        last = int(np.searchsorted(part.days, high[line], side="right"))
        sums = part.sums[first:last]
        parts.append((sums, part.last[first:last]))
        found |= {
            tuple(sorted(part.rows[first + start : first + end].tolist()))
            for start, end in _fitting(sums, part.last[first:last], amount, count)
        }
    if not found:
        return []
    doubtful = len(found) > 1
    doubtful = doubtful or sum(_near(*part, amount, count) for part in parts) / places_near(amount) > _CHANCE_MAX
    if not doubtful and count <= 1:
        # Words make a line collective that a count proves to be.
        day = int(items.book.day[next(iter(found))[0]]) if called else None
        doubtful = single_rivals(view, line, day=day)
    score = _SCORE_DOUBTFUL if doubtful else _SCORE
    return [Group((line,), rows, score, not doubtful) for rows in sorted(found)]


def _fitting(sums: Ints, last: Ints, amount: int, count: int) -> list[tuple[int, int]]:
    """Starts and ends of the runs of at least two items (of `count`, where the bank says it) that add up.

    `last` is the running total at the end of the stretch of each place.
    """
    if count > 1:
        starts = np.flatnonzero(sums[count:] - sums[:-count] == amount)
        return [(start, start + count) for start in starts.tolist()]
    starts = np.flatnonzero(last >= sums + amount)
    wanted = sums[starts] + amount
    ends = np.searchsorted(sums, wanted)
    hits = np.flatnonzero(ends < len(sums))
    hits = hits[(sums[ends[hits]] == wanted[hits]) & (ends[hits] - starts[hits] > 1)]
    return list(zip(starts[hits].tolist(), ends[hits].tolist(), strict=True))


def _near(sums: Ints, last: Ints, amount: int, count: int) -> int:
    """How many runs come near the amount."""
    off = amount // 10
    if count > 1:
        return int(np.count_nonzero(np.abs(sums[count:] - sums[:-count] - amount) <= off))
    starts = np.flatnonzero(last >= sums + amount - off)
    low = np.searchsorted(sums, sums[starts] + amount - off, side="left")
    high = np.searchsorted(sums, sums[starts] + amount + off, side="right")
    return int(np.maximum(high - np.maximum(low, starts + 2), 0).sum())
