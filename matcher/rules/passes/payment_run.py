"""M34: a run of consecutive numbers of one day, as one line.

A payment file is made in one go, so its items carry consecutive numbers of our numbering; the invoices that one Bankgiro
sum pays were numbered by us too. Where the bank gives no file id, the only thing looked for is a run: items of one day
whose numbers follow each other, none left out, none paid by another line, and whose sum is the line's amount exactly.
Two runs that fit, a run that fits by accident, or a single item of that amount leave it to a person. Free subsets are
never tried: among fifty payments a day any sum can be made.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from matcher.rules.chance import expected_hits
from matcher.rules.columns import Codes, Ints, Texts
from matcher.rules.contract import Candidates, Group
from matcher.rules.joins import mixed
from matcher.rules.passes.collective import collective_lines, single_rivals
from matcher.rules.passes.daily_sum import LAST_NUMBER
from matcher.rules.view import View

CODE = "M34"
DAYS_BACK = 12
_NUMBER = re.compile(r"([0-9]{1,15})[^0-9]*$")
_CHANCE_MAX = 0.01
_SCORE = 950
_SCORE_DOUBTFUL = 450


class _Day(NamedTuple):
    """Items of one pool, day, numbering and sign in the order of their numbers; `sums`, `taken` are running totals."""

    rows: Ints
    sums: Ints
    taken: Ints


def find(view: View) -> Candidates:
    """Every run of open items whose sum is the amount of a line that names nobody."""
    lines, _ = collective_lines(view)
    if not len(lines):
        return Candidates()
    days = _days(view)
    groups: list[Group] = []
    for line in lines.tolist():
        groups += _runs(view, line, days)
    return Candidates(groups=tuple(groups))


def _numbered(texts: Texts, *, own: bool) -> tuple[Ints, Codes]:
    """The last number of each text and what the text is without it; −1 where there is none.

    `own`: ids of ours hold more than digits (a supplier's OCR does not), and share one numbering whatever stands before.
    """
    numbers, kinds = [-1], [-1]
    seen: dict[str, int] = {}
    for value in texts.values:
        number = _NUMBER.search(value)
        usable = number is not None and (not own or not value.isdecimal())
        numbers.append(int(number[1]) if usable and number is not None else -1)
        kinds.append(0 if own else seen.setdefault(LAST_NUMBER.sub("#", value), len(seen)))
    codes = texts.codes + 1
    return np.array(numbers, np.int64)[codes], np.array(kinds, np.int32)[codes]


def _days(view: View) -> dict[tuple[int, int, bool], list[_Day]]:
    """Numbered items by pool, day and sign (true for receipts)."""
    book = view.items.book
    found: dict[tuple[int, int, bool], list[_Day]] = {}
    for name, own in (("reference", True), ("description", False)):
        number, kind = _numbered(book.text(name), own=own)
        receipts = book.amount > 0
        rows = np.flatnonzero((number >= 0) & (book.amount != 0) & (receipts != own))
        _collect(view, rows, number, kind, found)
    return found


def _collect(view: View, rows: Ints, number: Ints, kind: Codes, found: dict[tuple[int, int, bool], list[_Day]]) -> None:
    items = view.items
    key = mixed(items.pool_r[rows], items.book.day[rows], kind[rows], (items.book.amount[rows] > 0).astype(np.int64))
    order = np.lexsort((rows, number[rows], key))
    rows, key = rows[order], key[order]
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(rows) else np.empty(0, np.int64)
    for members in np.split(rows, starts[1:]) if len(rows) else []:
        if len(members) < 2:
            continue
        closed = ~items.row_open[members]
        amounts = np.abs(items.book.amount[members])
        first = members[0]
        place = (int(items.pool_r[first]), int(items.book.day[first]), bool(items.book.amount[first] > 0))
        day = _Day(members, np.r_[0, np.cumsum(amounts)], np.r_[0, np.cumsum(closed)])
        found.setdefault(place, []).append(day)


def _runs(view: View, line: int, days: dict[tuple[int, int, bool], list[_Day]]) -> list[Group]:
    items = view.items
    booked = int(items.lines.booking_day[line])
    amount = abs(int(items.lines.amount[line]))
    count = int(items.lines.batch_count[line])
    found: set[tuple[int, ...]] = set()
    chance = 0.0
    for day in range(booked - DAYS_BACK, booked + 3):
        for of_day in days.get((int(items.pool_l[line]), day, bool(items.lines.amount[line] > 0)), []):
            if view.in_window(np.array([line]), of_day.rows[:1])[0]:
                ends, starts, tried = _fitting(of_day, amount, count)
                chance += expected_hits(tried, amount)
                found |= {
                    tuple(sorted(of_day.rows[start:end].tolist())) for start, end in zip(starts, ends, strict=True)
                }
    doubtful = len(found) > 1 or chance > _CHANCE_MAX or (bool(found) and single_rivals(view, line))
    score = _SCORE_DOUBTFUL if doubtful else _SCORE
    return [Group((line,), rows, score, not doubtful) for rows in sorted(found)]


def _fitting(day: _Day, amount: int, count: int) -> tuple[list[int], list[int], Ints]:
    """Ends and starts of the runs that fit, and all sums near the amount that runs of that day have."""
    sums = day.sums
    low = np.searchsorted(sums, sums + amount * 9 // 10, side="left")
    high = np.searchsorted(sums, sums + amount * 11 // 10, side="right")
    low = np.maximum(low, np.arange(len(sums)) + 2)
    counts = np.maximum(high - low, 0)
    start = np.repeat(np.arange(len(sums)), counts)
    end = np.repeat(low - (np.cumsum(counts) - counts), counts) + np.arange(len(start))
    whole = day.taken[end] == day.taken[start]
    if count > 1:
        whole &= end - start == count
    start, end = start[whole], end[whole]
    tried = sums[end] - sums[start]
    fits = tried == amount
    return end[fits].tolist(), start[fits].tolist(), tried
