"""M36: a card or payment provider pays out the sales of some days, less its fee.

The items are the daily totals of one acquirer (its name is their counterparty and stands on the line). A settlement is
a run of days, none left out. If the line prints the gross amount the run must add up to it exactly; if it prints the
settlement date the run ends on that date; a date without sales may be the day of the payout, which proves nothing.
Otherwise every run that leaves a fee in the allowed band is an explanation, and only a single one is cleared. A line that
names nobody is held against the days of every acquirer: it is cleared by a gross amount that it prints, with the fee or
where the bank says that it is about cards; by the fee band it is proposed.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator
from datetime import date
from functools import partial
from typing import NamedTuple

import numpy as np

from matcher.proposal import Category
from matcher.rules.bank_words import folded
from matcher.rules.columns import EPOCH, Ints
from matcher.rules.contract import Candidates, Group
from matcher.rules.joins import distinct, runs_of
from matcher.rules.view import View

CODE = "M36"
DAYS_BACK = 12
DAYS_TOGETHER_MAX = 8
ITEMS_MAX = 60
RUNS_MAX = 64
_SCORE_GROSS = 985
_SCORE_DATED = 950
_SCORE_BAND = 900
_SCORE_DOUBTFUL = 500
_AMOUNT = re.compile(r"(?<![0-9.,])([0-9]{1,12})[.,]([0-9]{2})(?![0-9.,])")
_CENTURY = "20"
_DATE = re.compile(r"(?<![0-9])(20[0-9]{2})-?([01][0-9])-?([0-3][0-9])(?![0-9])")
_TEXTS = ("additional_info", "counterparty_name", "remittance")
_CARD_FAMILIES = ("/MCRD/", "/CCRD/")
_CARD_WORDS = re.compile(r"\b(?:KORT|CARD|CARTE|KARTE|KAART|SETTLEMENT|TILITYS|INLOSEN|POS\b)")


def find(view: View) -> Candidates:
    """Runs of an acquirer's days whose total less a fee is the amount of a line that names the acquirer."""
    items = view.items
    named = view.keep(CODE, partial(_naming_lines, view))
    open_of: dict[tuple[int, int], _Sales] = {}
    groups: list[Group] = []
    for (line, party), is_named in named.items():
        if items.line_open[line]:
            place = (int(items.pool_l[line]), party)
            if place not in open_of:
                open_of[place] = _sales(view, *place)
            groups += _settlements(view, line, open_of[place], is_named=is_named)
    return Candidates(groups=tuple(groups))


class _Sales(NamedTuple):
    """Open daily totals of one acquirer in one pool, by day."""

    rows: Ints
    days: list[int]
    amounts: list[int]


def _sales(view: View, pool: int, party: int) -> _Sales:
    items = view.items
    rows = view.keep(f"{CODE} rows", partial(_rows_of_acquirers, view)).get((pool, party), np.empty(0, np.int64))
    rows = rows[items.row_open[rows]]
    return _Sales(rows, items.book.day[rows].tolist(), items.book.amount[rows].tolist())


def _rows_of_acquirers(view: View) -> dict[tuple[int, int], Ints]:
    """Items with the date of their sales in the description, by pool and party, in the order of their days."""
    items = view.items
    rows = np.flatnonzero(items.row_open & (items.variant_r >= 0) & (items.book.amount > 0))
    texts = items.book.text("description")
    used = texts.used(rows)
    dated = np.zeros(len(texts.values) + 1, np.bool_)
    dated[used] = [
        _CENTURY in texts.values[code] and _DATE.search(texts.values[code]) is not None for code in used.tolist()
    ]
    rows = rows[dated[texts.codes[rows]]]
    party = items.party_r[rows]
    order = np.lexsort((rows, items.book.day[rows], party, items.pool_r[rows]))
    rows, party = rows[order], party[order]
    key = (items.pool_r[rows].astype(np.int64) << 32) | party
    return {(code >> 32, code & 0xFFFFFFFF): members for code, members in runs_of(key, rows)}


def _naming_lines(view: View) -> dict[tuple[int, int], bool]:
    """Open receipts and the acquirer that one of their texts names (true), or every one where they name nobody."""
    items = view.items
    phrases = {}
    for (_, party), rows in view.keep(f"{CODE} rows", partial(_rows_of_acquirers, view)).items():
        phrases[party] = f" {' '.join(items.names[int(items.variant_r[rows[0]])].words)} "
    wordy = not any(phrase.replace(" ", "").isdecimal() for phrase in phrases.values())
    lines = np.flatnonzero(items.line_open & (items.lines.amount > 0))
    found: dict[tuple[int, int], bool] = {}
    for name in _TEXTS if phrases else ():
        texts = items.lines.text(name)
        is_name = name == "counterparty_name"
        codes = items.variant_l[lines] if is_name else texts.codes[lines]
        used = distinct(codes[codes >= 0]).tolist()
        named = {
            code: _named_in(" ".join(items.names[code].words) if is_name else folded(texts.values[code]), phrases)
            for code in used
            if is_name or not (wordy and texts.values[code].isdecimal())
        }
        hits = {code: parties for code, parties in named.items() if parties}
        for line, code in zip(lines.tolist(), codes.tolist(), strict=True):
            for party in hits.get(code, ()):
                found[line, party] = True
    silent = set(lines[items.variant_l[lines] < 0].tolist()) - {line for line, _ in found}
    nameless = [line for line in sorted(silent) if _is_about_cards(view, line) or _prints_fee(view, line)]
    for pool, party in view.keep(f"{CODE} rows", partial(_rows_of_acquirers, view)) if nameless else ():
        found.update({(line, party): False for line in nameless if items.pool_l[line] == pool})
    return found


def _is_about_cards(view: View, line: int) -> bool:
    """Whether the bank's code or words say that a line is about card sales."""
    code = view.text("code")[line]
    return any(family in code for family in _CARD_FAMILIES) or bool(
        _CARD_WORDS.search(" ".join(folded(view.text(name)[line]) for name in _TEXTS))
    )


def _prints_fee(view: View, line: int) -> bool:
    """Whether a line prints two amounts that differ by its own: what was sold, and the fee."""
    printed, net = _printed(" ".join(view.text(name)[line] for name in _TEXTS)), int(view.items.lines.amount[line])
    return any(gross - net in printed for gross in printed)


def _printed(text: str) -> set[int]:
    """Amounts in a text, in minor units."""
    return {int(whole) * 100 + int(cents) for whole, cents in _AMOUNT.findall(text)}


def _named_in(text: str, phrases: dict[int, str]) -> list[int]:
    words = f" {text} "
    return [party for party, phrase in phrases.items() if phrase in words]


def _settlements(view: View, line: int, sales: _Sales, *, is_named: bool) -> list[Group]:
    items = view.items
    booked = int(items.lines.booking_day[line])
    first, last = bisect_left(sales.days, booked - DAYS_BACK), bisect_right(sales.days, booked)
    if first == last or last - first > ITEMS_MAX:
        return []
    text = " ".join(items.lines.text(name).at(line) for name in _TEXTS)
    net = int(items.lines.amount[line])
    printed = _printed(text)
    dates = {_day(*found) for found in _DATE.findall(text)} - {None}
    low = int(items.limit("card_fee_permille_min")[line])
    high = int(items.limit("card_fee_permille_max")[line])
    largest = max(printed) if printed else net * 1000 // max(1000 - high, 1) + 1
    fitting = []
    days = set(sales.days[first:last])
    is_dated = bool(dates) and not printed
    ends = dates & days if is_dated and dates & days else days
    for members, gross in _runs(sales.days[first:last], sales.amounts[first:last], largest, ends):
        if gross in printed and gross >= net if printed else low * gross <= (gross - net) * 1000 <= high * gross:
            fitting.append((tuple(sorted(int(sales.rows[first + place]) for place in members)), gross))
    certain = len(fitting) == 1 and (is_named or bool(printed)) and not (is_dated and dates.isdisjoint(days))
    score = _SCORE_GROSS if printed else _SCORE_DATED if dates else _SCORE_BAND
    return [
        Group(
            (line,),
            members,
            score if certain else _SCORE_DOUBTFUL,
            certain,
            category=Category.BANK_FEE if gross != net else None,
            difference=net - gross,
        )
        for members, gross in fitting
    ]


def _day(year: str, month: str, day: str) -> int | None:
    try:
        return date(int(year), int(month), int(day)).toordinal() - EPOCH
    except ValueError:
        return None


def _runs(
    days: list[int], amounts: list[int], largest: int, ends: Collection[int | None]
) -> Iterator[tuple[tuple[int, ...], int]]:
    """Consecutive days with all their items, and, where days have several items, with one of each such day.

    Gives the positions and the total of each run that ends on one of some days and whose total is at most `largest`
    (amounts are receipts).
    """
    of_day: dict[int, list[int]] = {}
    for place, day in enumerate(days):
        of_day.setdefault(day, []).append(place)
    for last in filter(ends.__contains__, of_day):
        partial_runs: list[tuple[tuple[int, ...], int]] = [((), 0)]
        for day in range(last, last - DAYS_TOGETHER_MAX, -1):
            places = of_day.get(day)
            if places is None or not partial_runs or len(partial_runs) > RUNS_MAX:
                break
            choices = [(tuple(places), sum(amounts[place] for place in places))]
            if len(places) > 1:
                choices += [((place,), amounts[place]) for place in places]
            partial_runs = [
                (members + choice, total + more)
                for members, total in partial_runs
                for choice, more in choices
                if total + more <= largest
            ]
            yield from partial_runs
