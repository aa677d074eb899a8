"""What a pass gets to see: the open items, their references, and the settings that hold for each pair."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

from matcher.rules.chance import AmountChance
from matcher.rules.columns import Codes, Flags, Ints, Lines
from matcher.rules.items import IBAN_HEAD, Items, account_of
from matcher.rules.joins import bounded_pairs, distinct, in_order, is_member, mixed, runs, runs_of
from matcher.rules.numbering import LastNumbers
from matcher.rules.reference_index import ReferenceIndex, ReferencePairs, Shared
from matcher.rules.relations import Relations
from matcher.rules.settings import RuleSettings
from recon_core.domain.account import normal_identifier

Kept = TypeVar("Kept")
# Amounts and days below the pool in one key.
_VALUE_BITS = 52
# Of more items of one party no single one, and no few of them, can be told by amount and day.
REACH_MAX = 1_000


class Reach(NamedTuple):
    """Pairs of line and item in the order of the lines, and lines that have too many."""

    line: Ints
    row: Ints
    gave_up: Ints


class View:
    """Open items with everything that is derived from them once and shared by the passes."""

    def __init__(self, items: Items) -> None:
        self.items = items
        self.references = ReferenceIndex(items)
        self.relations = Relations(items, self.references)
        self._kept: dict[str, Any] = {}
        self._of_open: dict[str, tuple[int, int, object]] = {}
        self._texts: dict[str, list[str]] = {}

    def among(self, line_open: Flags, row_open: Flags) -> View:
        """A view of some of the open items, which shares what was read from their texts."""
        items = self.items.among(line_open, row_open)
        part = View.__new__(View)
        part.items = items
        part.references = self.references.over(items)
        part.relations = Relations(items, part.references)
        part._kept, part._of_open, part._texts = {}, {}, {}
        return part

    def of_others(self, lines: Lines) -> View:
        """A view of other lines and the same open items, which shares what was read from the book."""
        items = self.items.of_others(lines)
        part = View.__new__(View)
        part.items = items
        part.references = self.references.of_others(items)
        part.relations = Relations(items, part.references)
        part._kept, part._of_open, part._texts = {}, {}, {}
        return part

    def keep(self, name: str, make: Callable[[], Kept]) -> Kept:
        """What a pass derives from texts alone, made once for all rounds of a run."""
        kept: dict[str, Kept] = self._kept
        try:
            return kept[name]
        except KeyError:
            found = kept[name] = make()
            return found

    def text(self, name: str) -> list[str]:
        """A text of every line, "" where it is missing: what is read line by line."""
        found = self._texts.get(name)
        if found is None:
            column = self.items.lines.text(name)
            values = np.array([*column.values, ""], object)
            found = self._texts[name] = values[column.codes].tolist()
        return found

    def last_numbers(self, name: str) -> LastNumbers:
        """The last numbers in a text of the book."""
        return self.keep(f"last numbers of {name}", lambda: LastNumbers(self.items.book.text(name)))

    def while_open(self, name: str, make: Callable[[], Kept]) -> Kept:
        """What depends on what is open, made again only when something was taken since (what is open only shrinks)."""
        lines, rows = int(np.count_nonzero(self.items.line_open)), int(np.count_nonzero(self.items.row_open))
        known = self._of_open.get(name)
        if known is None or known[:2] != (lines, rows):
            known = self._of_open[name] = lines, rows, make()
        return cast("Kept", known[2])

    def still_open(self, name: str, make: Callable[[], Reach]) -> Reach:
        """Pairs of which only those that are still open are left: a join is made once, since what is open only shrinks.

        It is made again while lines are given up, which may have fewer items now.
        """
        known = cast("Reach | None", self._kept.get(name))
        if known is None or len(known.gave_up):
            known = make()
        else:
            keep = self.items.line_open[known.line] & self.items.row_open[known.row]
            known = Reach(known.line[keep], known.row[keep], known.gave_up)
        self._kept[name] = known
        return known

    @property
    def settings(self) -> RuleSettings:
        """Settings of the run, before what is set for an account or a counterparty."""
        return self.items.settings

    @cached_property
    def _named(self) -> ReferencePairs:
        return self.references.all_open()

    @property
    def named(self) -> ReferencePairs:
        """Open lines and open items that share a reference or a part of one."""
        return self.while_open("named", self._still_named)

    def _still_named(self) -> ReferencePairs:
        pairs = self._named
        keep = self.items.line_open[pairs.line] & self.items.row_open[pairs.row]
        return ReferencePairs(*(column[keep] for column in pairs))

    @property
    def items_named(self) -> Ints:
        """How many open items the text of each line names. More than one is no proof for any one of them."""
        return self.while_open("items named", self._items_named)

    def _items_named(self) -> Ints:
        named = self.named
        strong = named.line[named.shared >= Shared.TOKEN]
        return np.bincount(strong, minlength=len(self.items.line_open))

    def names_another(self, line: Ints, row: Ints) -> Flags:
        """Pairs whose line names another open item of the party and not this one: that one in part, or this one misquoted?"""
        named, width = self.named, len(self.items.row_open)
        told = named.shared >= Shared.TOKEN
        lines, rows = named.line[told], named.row[told]
        party = self.items.party_key
        others = is_member((line << 31) + party(row), np.sort((lines << 31) + party(rows)))
        found: Flags = others & ~is_member(line * width + row, np.sort(lines * width + rows))
        return found

    def may_be_rest(self, line: Ints, row: Ints) -> Flags:
        """Pairs whose amount is also what is left of another item of the party after a part payment by another line.

        What a line that names the item leaves of it stays known when that line is cleared.
        """
        items, known = self.items, self.keep("rests", list[Ints])

        def of_open() -> Ints:
            named = self.named
            rest = items.book.amount[named.row] - items.lines.amount[named.line]
            amount = items.lines.amount[named.line]
            part = (rest != 0) & ((rest > 0) == (amount > 0)) & items.agree(named.line, named.row)
            left = named.row[part]
            known[:] = [distinct(np.concatenate([*known, mixed(items.pool_r[left], rest[part], items.party_r[left])]))]
            return known[0]

        rests = self.while_open("rests", of_open)
        return is_member(mixed(items.pool_r[row], items.lines.amount[line], items.party_r[row]), rests)

    @cached_property
    def known_party(self) -> Flags:
        """Lines whose counterparty is one that the books know."""
        items = self.items
        ours = distinct(items.party_r)
        found: Flags = np.isin(items.party_l, ours[ours >= 0])
        return found

    @cached_property
    def named_exactly(self) -> Flags:
        """Lines whose counterparty the books know by just this name."""
        items = self.items
        found: Flags = np.isin(items.party(items.variant_l), np.unique(items.party_r[items.party_r >= 0]))
        return found

    def rows_of_party(self, pool: int, party: int) -> Ints:
        """Open items of one pool and party, in the order of their positions; none where the books name nobody."""
        items = self.items
        if party < 0:
            return np.empty(0, np.int64)
        of_party = self.keep("rows by party", lambda: dict(runs_of(*_sorted(items.pool_r, items.party_r))))
        rows = of_party.get((pool << _VALUE_BITS) + party)
        return rows[items.row_open[rows]] if rows is not None else np.empty(0, np.int64)

    def lines_of_parties(self) -> list[tuple[int, int, Ints]]:
        """Pool, party and open lines of every party that has more than one open line."""
        return self.while_open("lines of parties", self._lines_of_parties)

    def _lines_of_parties(self) -> list[tuple[int, int, Ints]]:
        items = self.items
        lines = np.flatnonzero(items.line_open & (items.party_l >= 0))
        keys, order = _sorted(items.pool_l[lines], items.party_l[lines])
        lines = lines[order]
        starts, ends = runs(keys)
        several = ends - starts > 1
        return [
            (int(items.pool_l[lines[start]]), int(items.party_l[lines[start]]), lines[start:end])
            for start, end in zip(starts[several].tolist(), ends[several].tolist(), strict=True)
        ]

    def in_reach(self) -> Reach:
        """Open lines and open items of one party in the window; lines with more than `REACH_MAX` items are given up."""
        return self.still_open("reach", self._in_reach)

    def reach_of_lines(self) -> dict[int, Ints]:
        """The items in reach by line."""

        def by_line() -> dict[int, Ints]:
            reach = self.in_reach()
            return dict(runs_of(reach.line, reach.row))

        return self.while_open("reach of lines", by_line)

    def _in_reach(self) -> Reach:
        items = self.items
        lines = np.flatnonzero(items.line_open & (items.variant_l >= 0))
        rows = np.flatnonzero(items.row_open & (items.variant_r >= 0))
        low, high = self.window
        left = (items.pool_l[lines].astype(np.int64) << 32) | items.party_l[lines]
        right = (items.pool_r[rows].astype(np.int64) << 32) | items.party_r[rows]
        at, to, many = bounded_pairs(left, low[lines], high[lines], right, items.book.day[rows], REACH_MAX)
        line, row = lines[at], rows[to]
        agree = items.agree(line, row)
        return Reach(line[agree], row[agree], lines[many])

    @property
    def open_chance(self) -> AmountChance:
        """Accidents against the amounts of the open items."""
        items = self.items

        def of_open() -> AmountChance:
            rows = np.flatnonzero(items.row_open)
            return AmountChance(items.pool_r[rows], items.book.amount[rows], items.grid_r[rows])

        return self.while_open("open chance", of_open)

    def open_rows_of(self, pool: int, amount: int) -> Ints:
        """Open items of one pool and amount, in the order of their positions."""
        items = self.items
        keys, order = self.keep("rows by amount", lambda: _sorted(items.pool_r, items.book.amount))
        return self._open_among(keys, order, (pool << _VALUE_BITS) + amount)

    def open_rows_on(self, pool: int, day: int) -> Ints:
        """Open items of one pool and day, in the order of their positions."""
        items = self.items
        keys, order = self.keep("rows by day", lambda: _sorted(items.pool_r, items.book.day))
        return self._open_among(keys, order, (pool << _VALUE_BITS) + day)

    def _open_among(self, keys: Ints, order: Ints, key: int) -> Ints:
        rows = order[np.searchsorted(keys, key, side="left") : np.searchsorted(keys, key, side="right")]
        return rows[self.items.row_open[rows]]

    def names_own_account(self, line: int) -> bool:
        """Whether the line's counterparty account, or a number in its texts, is another account of ours."""
        return bool(self.own_account_named(line))

    def own_account_named(self, line: int) -> str:
        """The other account of ours that a line names, "" for none."""
        items = self.items
        own, shortest = self._others_of_ours[int(items.pool_l[line])]
        for name in ("counterparty_account", "remittance", "additional_info"):
            for word in self.text(name)[line].split():
                found = account_of(normal_identifier(word), own) if len(word) >= shortest else None
                if found is not None:
                    return found
        return ""

    @cached_property
    def _others_of_ours(self) -> list[tuple[frozenset[str], int]]:
        """For each pool our other accounts, and the least number of signs that may mean one of them."""
        own = self.items.own_accounts
        others = [own - {account} for account, _ in self.items.pool_names]
        return [(names, min((len(name) for name in names), default=0) - IBAN_HEAD) for names in others]

    @cached_property
    def window(self) -> tuple[Codes, Codes]:
        """First and last day of an item that may match each line without a reference (banking days, by direction)."""
        receipt = self.items.lines.amount > 0
        limit = self.items.limit
        before = np.where(receipt, limit("receipt_days_before"), limit("payment_days_before"))
        after = np.where(receipt, limit("receipt_days_after"), limit("payment_days_after"))
        return self.items.days_within(before, after)

    def in_window(self, line: Ints | int, row: Ints) -> Flags:
        """Whether the dates allow a match without a reference."""
        low, high = self.window
        day = self.items.book.day[row]
        inside: Flags = (day >= low[line]) & (day <= high[line])
        return inside

    def in_reference_window(self, line: Ints | int, row: Ints) -> Flags:
        """Whether the dates allow a match by reference (calendar days)."""
        days = self.items.lines.booking_day[line] - self.items.book.day[row]
        limit = self.items.limit
        inside: Flags = (days >= -limit("reference_days_before")[line]) & (days <= limit("reference_days_after")[line])
        return inside


def _sorted(pool: Codes, value: Ints) -> tuple[Ints, Ints]:
    """Keys of pool and value in order, and the positions that have them."""
    return in_order((pool.astype(np.int64) << _VALUE_BITS) + value)
