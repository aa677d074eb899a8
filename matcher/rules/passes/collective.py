"""Lines that may stand for many items: no counterparty of ours, no reference of ours."""

from __future__ import annotations

from functools import partial

import numpy as np

from matcher.rules.bank_words import folded
from matcher.rules.columns import Flags, Ints
from matcher.rules.joins import distinct
from matcher.rules.lines_kind import are_banks_own, says_batch
from matcher.rules.view import View

_UNREAD = -1


def collective_lines(view: View) -> tuple[Ints, Flags]:
    """Open lines that name no party and no reference of our books, and which of them the bank calls collective.

    A line with a counterparty that our books know pays for that counterparty; one with a payer's text is a payer's, and a
    fee, interest or cash is the bank's own.
    """
    return view.while_open("collective lines", partial(_collective_lines, view))


def _collective_lines(view: View) -> tuple[Ints, Flags]:
    items = view.items
    named = np.zeros(len(items.line_open), np.bool_)
    named[view.named.line] = True
    # The bank's own word for it ("payroll") may be one of our books' counterparties, too.
    unnamed = items.lines.text("counterparty_name").codes < 0
    lines = np.flatnonzero(items.line_open & (unnamed | ~view.known_party) & ~named)
    called = are_called(view, lines)
    known = np.flatnonzero(called & view.known_party[lines])
    called[known] = [not single_rivals(view, line) for line in lines[known].tolist()]
    silent = items.variant_l[lines] < 0
    silent[silent] = ~are_banks_own(view, lines[silent])
    keep = called | silent
    return lines[keep], called[keep]


def are_called(view: View, lines: Ints) -> Flags:
    """Which lines the bank calls collective: by code, by words, or by a number of transactions."""
    known = view.keep("collective", lambda: np.full(len(view.items.lines), _UNREAD, np.int8))
    new = distinct(lines[known[lines] == _UNREAD])
    known[new] = [_is_called(view, line) for line in new.tolist()]
    found: Flags = known[lines] > 0
    return found


def _is_called(view: View, line: int) -> bool:
    lines = view.items.lines
    if lines.batch_count[line] > 1:
        return True
    words = [view.text("additional_info")[line], view.text("counterparty_name")[line]]
    if not words[1]:
        words.append(view.text("remittance")[line])
    return says_batch(" ".join(folded(word) for word in words if word), view.text("code")[line])


def single_rivals(view: View, line: int, *, day: int | None = None) -> bool:
    """Whether one open item of the same amount in the window (of one day) explains the line as well."""
    items = view.items
    rows = view.open_rows_of(int(items.pool_l[line]), int(items.lines.amount[line]))
    if day is not None:
        rows = rows[items.book.day[rows] == day]
    return bool(len(rows)) and bool(view.in_window(line, rows).any())
