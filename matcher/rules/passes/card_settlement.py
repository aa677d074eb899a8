"""M36: a card or payment provider pays out the sales of some days, less its fee.

The items are the daily totals of one acquirer (its name is their counterparty and stands on the line). A settlement is
a run of days, none left out. If the line prints the gross amount the run must add up to it exactly; if it prints the
settlement date the run ends on that date. Otherwise every run that leaves a fee in the allowed band is an explanation,
and only a single one is cleared.
"""

from __future__ import annotations

import re
from datetime import date

import numpy as np

from matcher.proposal import Category
from matcher.rules.columns import EPOCH, Ints
from matcher.rules.contract import Candidates, Group
from matcher.rules.names import fold
from matcher.rules.view import View

CODE = "M36"
DAYS_BACK = 12
DAYS_TOGETHER_MAX = 8
ITEMS_MAX = 40
_SCORE_GROSS = 985
_SCORE_DATED = 950
_SCORE_BAND = 900
_SCORE_DOUBTFUL = 500
_AMOUNT = re.compile(r"(?<![0-9.,])([0-9]{1,12})[.,]([0-9]{2})(?![0-9.,])")
_DATE = re.compile(r"(?<![0-9])(20[0-9]{2})-?([01][0-9])-?([0-3][0-9])(?![0-9])")
_TEXTS = ("additional_info", "counterparty_name", "remittance")


def find(view: View) -> Candidates:
    """Runs of an acquirer's days whose total less a fee is the amount of a line that names the acquirer."""
    items = view.items
    names = _acquirers(view)
    if not names:
        return Candidates()
    rows_of = view.rows_of_parties()
    groups: list[Group] = []
    for line in np.flatnonzero(items.line_open & (items.lines.amount > 0)).tolist():
        text = " ".join(items.lines.text(name).at(line) for name in _TEXTS)
        words = f" {' '.join(fold(text).words)} "
        for party, phrase in names.items():
            if phrase in words:
                rows = rows_of.get((int(items.pool_l[line]), party))
                if rows is not None:
                    groups += _settlements(view, line, rows, text)
    return Candidates(groups=tuple(groups))


def _acquirers(view: View) -> dict[int, str]:
    """Parties with daily totals: items that are no invoices (their references name a day's report, one a day)."""
    items = view.items
    rows = np.flatnonzero(items.row_open & (items.variant_r >= 0) & (items.book.amount > 0))
    texts = items.book.text("description")
    dated = np.array([_DATE.search(value) is not None for value in texts.values] or [False], np.bool_)
    rows = rows[(texts.codes[rows] >= 0) & dated[texts.codes[rows]]]
    party = items.party(items.variant_r[rows])
    found = {}
    for code, place in zip(*np.unique(party, return_index=True), strict=True):
        name = items.names[int(items.variant_r[rows[place]])]
        found[int(code)] = f" {' '.join(name.words)} "
    return found


def _settlements(view: View, line: int, rows: Ints, text: str) -> list[Group]:
    items = view.items
    booked = int(items.lines.booking_day[line])
    rows = rows[(items.book.day[rows] <= booked) & (items.book.day[rows] >= booked - DAYS_BACK)]
    rows = rows[items.book.amount[rows] > 0]
    if not len(rows) or len(rows) > ITEMS_MAX:
        return []
    net = int(items.lines.amount[line])
    printed = {int(whole) * 100 + int(cents) for whole, cents in _AMOUNT.findall(text)}
    dates = {_day(*found) for found in _DATE.findall(text)} - {None}
    low = int(view.limit("card_fee_permille_min", np.array([line]), rows[:1])[0])
    high = int(view.limit("card_fee_permille_max", np.array([line]), rows[:1])[0])
    fitting = []
    for members, last in _runs(items.book.day, rows):
        gross = int(items.book.amount[members].sum())
        if printed:
            if gross in printed and gross >= net:
                fitting.append((members, gross))
        elif low * gross <= (gross - net) * 1000 <= high * gross and (not dates or last in dates):
            fitting.append((members, gross))
    certain = len(fitting) == 1
    score = _SCORE_GROSS if printed else _SCORE_DATED if dates else _SCORE_BAND
    return [
        Group(
            (line,),
            tuple(sorted(members.tolist())),
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


def _runs(day_of: Ints, rows: Ints) -> list[tuple[Ints, int]]:
    """Consecutive days with all their items, and, where days have several items, with one of each such day."""
    days = np.unique(day_of[rows]).tolist()
    of_day = [rows[day_of[rows] == day] for day in days]
    found: list[tuple[Ints, int]] = []
    for last in range(len(days)):
        partial: list[Ints] = [np.empty(0, np.int64)]
        for first in range(last, -1, -1):
            if first < last and days[first + 1] - days[first] > 1:
                break
            if days[last] - days[first] >= DAYS_TOGETHER_MAX or len(partial) > 64:
                break
            choices = [of_day[first], *(of_day[first][place : place + 1] for place in range(len(of_day[first])))]
            if len(of_day[first]) == 1:
                choices = choices[:1]
            partial = [np.r_[choice, rest] for rest in partial for choice in choices]
            found += [(members, days[last]) for members in partial]
    return found
