"""What a pass gets to see: the open items, their references, and the settings that hold for each pair."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from matcher.rules.columns import Codes, Flags, Ints
from matcher.rules.items import Items, account_of, identifier
from matcher.rules.joins import runs_of
from matcher.rules.reference_index import ReferenceIndex, ReferencePairs
from matcher.rules.relations import Relations
from matcher.rules.settings import RuleSettings


class View:
    """Open items with everything that is derived from them once and shared by the passes."""

    def __init__(self, items: Items) -> None:
        self.items = items
        self.references = ReferenceIndex(items)
        self.relations = Relations(items, self.references)

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
        pairs = self._named
        keep = self.items.line_open[pairs.line] & self.items.row_open[pairs.row]
        return ReferencePairs(*(column[keep] for column in pairs))

    @cached_property
    def known_party(self) -> Flags:
        """Lines whose counterparty is one that the books know."""
        items = self.items
        ours = np.unique(items.party(items.variant_r))
        found: Flags = np.isin(items.party(items.variant_l), ours[ours >= 0])
        return found

    def rows_of_parties(self) -> dict[tuple[int, int], Ints]:
        """Open items by (pool, party)."""
        items = self.items
        return _by_party(items.row_open, items.pool_r, items.party(items.variant_r))

    def lines_of_parties(self) -> dict[tuple[int, int], Ints]:
        """Open lines by (pool, party)."""
        items = self.items
        return _by_party(items.line_open, items.pool_l, items.party(items.variant_l))

    def names_own_account(self, line: int) -> bool:
        """Whether the line's counterparty account, or a number in its texts, is another account of ours."""
        items = self.items
        own = items.own_accounts - {items.pool_names[items.pool_l[line]][0]}
        for name in ("counterparty_account", "remittance", "additional_info"):
            for word in items.lines.text(name).at(line).split():
                if account_of(identifier(word), own) is not None:
                    return True
        return False

    def limit(self, name: str, line: Ints, row: Ints) -> Codes:
        """The integer setting `name` for each pair: the counterparty's, else the account's, else the run's."""
        return self.items.limits(name, line, row)

    def in_reference_window(self, line: Ints, row: Ints) -> Flags:
        """Whether the dates allow a match by reference (calendar days)."""
        days = self.items.lines.booking_day[line] - self.items.book.day[row]
        before = self.limit("reference_days_before", line, row)
        after = self.limit("reference_days_after", line, row)
        inside: Flags = (days >= -before) & (days <= after)
        return inside

    def in_window(self, line: Ints, row: Ints) -> Flags:
        """Whether the dates allow a match without a reference (banking days, by direction)."""
        lag = self.items.lag(line, row)
        receipt = self.items.lines.amount[line] > 0
        before = np.where(
            receipt, self.limit("receipt_days_before", line, row), self.limit("payment_days_before", line, row)
        )
        after = np.where(
            receipt, self.limit("receipt_days_after", line, row), self.limit("payment_days_after", line, row)
        )
        inside: Flags = (lag >= -before) & (lag <= after)
        return inside


def _by_party(is_open: Flags, pool: Codes, party: Codes) -> dict[tuple[int, int], Ints]:
    places = np.flatnonzero(is_open & (party >= 0))
    key = (pool[places].astype(np.int64) << 32) | party[places]
    order = np.argsort(key, kind="stable")
    return {(code >> 32, code & 0xFFFFFFFF): group for code, group in runs_of(key[order], places[order])}
