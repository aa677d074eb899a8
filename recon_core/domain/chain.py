"""The chain of an account's statements: each begins where the one before ended, or the break is named (domain 7.4).

The result does not depend on the order in which statements arrived. It is the alarm behind the identity of lines: a
line that was lost or doubled shows here whatever its key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import NamedTuple

from recon_core.domain.money import Money


class Link(NamedTuple):
    """A statement in the chain. Balances in minor units; dates are those it covers."""

    id: int
    from_date: date
    to_date: date
    sequence: int | None
    page: int | None
    opening: int | None
    closing: int | None


class Break(NamedTuple):
    """Where the chain does not hold. `amount` is what the balances jump by between the days `since` and `day`, in minor
    units; it is None for a number that is missing while the balances fit ("sequence-skipped", a note).
    """

    code: str
    statement_id: int
    before_id: int | None
    day: date
    amount: int | None
    message: str
    since: date | None = None


class Chain(NamedTuple):
    """The walked chain: breaks in order, the proved end (None without any balance), and P2.

    `mismatch` is what the ledger's lines differ from the balances after all breaks are accounted for, in minor units:
    anything but 0 means that a line was lost or doubled.
    """

    breaks: tuple[Break, ...]
    closing: int | None
    last_day: date | None
    mismatch: int = 0


def _order(link: Link) -> tuple[date, int, int, date, int, int]:
    return (
        link.from_date,
        -1 if link.sequence is None else link.sequence,
        -1 if link.page is None else link.page,
        link.to_date,
        link.opening or 0,
        link.closing or 0,
    )


class _Walk:
    """State of the walk: where the furthest statement ended, and every balance seen at an end."""

    def __init__(self, moved: Callable[[date, date], int], currency: str) -> None:
        self.moved = moved
        self.currency = currency
        self.last: Link | None = None
        self.balance: int | None = None
        self.seen: set[int] = set()
        self.breaks: list[Break] = []
        self.start: tuple[date, int] | None = None

    def take(self, link: Link) -> None:
        if self.last is not None and self.balance is not None:
            self._compare(link, self.last, self.balance)
        if link.closing is None:
            return
        if self.start is None:
            before = link.from_date - timedelta(days=1)
            self.start = (link.to_date, link.closing) if link.opening is None else (before, link.opening)
        if self.last is None or link.to_date >= self.last.to_date:
            self.last, self.balance = link, link.closing
        self.seen |= {value for value in (link.opening, link.closing) if value is not None}

    def _compare(self, link: Link, last: Link, balance: int) -> None:
        if link.opening is None:
            self._compare_closing(link, last, balance)
            return
        if link.opening == balance:
            if None not in (link.sequence, last.sequence) and (link.sequence or 0) > (last.sequence or 0) + 1:
                message = f"Statement number {(last.sequence or 0) + 1} is missing; the balances fit."
                self.breaks.append(Break("sequence-skipped", link.id, last.id, link.from_date, None, message))
            return
        inside = last.from_date < link.from_date <= last.to_date and link.from_date != last.to_date
        if inside or (link.from_date <= last.to_date and link.opening in self.seen):
            return
        self._break("gap", link, last, link.opening - balance)

    def _compare_closing(self, link: Link, last: Link, balance: int) -> None:
        """Without an opening balance the ledger's own lines must lead from the last end to this one."""
        if link.closing is not None and link.to_date > last.to_date:
            jump = link.closing - balance - self.moved(last.to_date, link.to_date)
            if jump:
                self._break("gap", link, last, jump)

    def _break(self, code: str, link: Link, last: Link, jump: int) -> None:
        message = f"The balance jumps by {Money(jump, self.currency)} between {last.to_date} and {link.from_date}."
        self.breaks.append(Break(code, link.id, last.id, link.from_date, jump, message, last.to_date))


def walk(links: Iterable[Link], *, moved: Callable[[date, date], int], currency: str) -> Chain:
    """Walk the statements of one account, whose currency is given.

    `moved(after, through)` is the sum of the ledger's lines dated after the first and up to the second day.
    """
    state = _Walk(moved, currency)
    waiting = sorted(links, key=_order)
    while waiting:
        link = waiting.pop(_next(waiting, state.balance))
        if link.opening is None:
            link = _last_of_day(link, waiting, state)
        state.take(link)
    if state.start is None or state.last is None or state.balance is None:
        return Chain(tuple(state.breaks), None, None)
    first_day, opening = state.start
    jumps = sum(one.amount or 0 for one in state.breaks)
    lines = moved(first_day, state.last.to_date)
    return Chain(tuple(state.breaks), state.balance, state.last.to_date, lines - (state.balance - opening - jumps))


def _next(waiting: list[Link], balance: int | None) -> int:
    """Among statements that begin on the same day, the one that begins where the chain has come to."""
    day = waiting[0].from_date
    for position, link in enumerate(waiting):
        if link.from_date != day:
            break
        if link.opening is not None and link.opening == balance:
            return position
    return 0


def _last_of_day(link: Link, waiting: list[Link], state: _Walk) -> Link:
    """Of several files without opening balance that end on one day, the one whose balance is the day's last.

    The ledger tells which; the others were taken earlier in the day and are taken out of the walk.
    """
    same = [link, *(one for one in waiting if one.opening is None and one.to_date == link.to_date)]
    for one in same[1:]:
        waiting.remove(one)
    if len(same) == 1 or state.last is None or state.balance is None:
        return same[-1]
    expected = state.balance + state.moved(state.last.to_date, link.to_date)
    return next((one for one in same if one.closing == expected), same[-1])
