"""Reasons in words, made when somebody asks: from the columns of a result and the texts of line and items.

Each sentence belongs to a code: that of the pass, or of a signal (reference, amount, date, party, rival, class, nearest).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from matcher.engine.doubts import Doubts
from matcher.engine.phrases import say
from matcher.engine.quoted import quoted_reference
from matcher.proposal import Category, Evidence, MatchStatus
from matcher.rules.columns import EPOCH, Ints
from matcher.rules.foreign import foreign_amounts, printed_amounts
from matcher.rules.items import name_in_text
from matcher.rules.joins import runs_of
from matcher.rules.lines_kind import Source, debit_text, kind_and_source
from matcher.rules.names import NameLevel
from matcher.rules.numbering import last_number
from matcher.rules.order import ORDER
from matcher.rules.passes import (
    amount_only,
    batch_details,
    card_settlement,
    daily_sum,
    file_id,
    instalments,
    party_series,
    party_sum,
    payment_run,
    several_named,
    shared_day,
    transfer,
)
from matcher.rules.relations import Relation
from matcher.rules.view import View
from recon_core.domain.money import Money

if TYPE_CHECKING:
    from matcher.engine.result import MatchResult

_PARTY = {
    NameLevel.EQUAL: "party.equal",
    NameLevel.CUT: "party.cut",
    NameLevel.MISSPELT: "party.misspelt",
    NameLevel.SIMILAR: "party.similar",
    NameLevel.DIFFERENT: "party.different",
}
_LEVELS = {int(level): level for level in NameLevel}
# Passes whose match of one item is told as a group.
_GROUPS = frozenset({batch_details.CODE, card_settlement.CODE, instalments.CODE})
_TEXT_SIGNS_MAX = 60
_NO_ROWS = np.empty(0, np.int64)


class _Said(NamedTuple):
    """What a result says of a line: its position there, and where the view has it and its items."""

    result: MatchResult
    line: int
    at: int
    rows: tuple[int, ...]


class Explainer:
    """Renders the evidence of one line. `line_at` and `row_at` say where the view has the lines and items of a result."""

    def __init__(self, view: View, line_at: Ints, row_at: Ints) -> None:
        self._view = view
        self._items = view.items
        self._line_at = line_at
        self._row_at = row_at
        self._levels: dict[tuple[int, int], NameLevel] = {}
        self._known_doubts: Doubts | None = None

    def prepare(self, result: MatchResult) -> None:
        """Compare the names of all pairs at once: for whoever explains every line."""
        single = np.flatnonzero(np.diff(result.start) == 1)
        lines, rows = self._line_at[single], self._row_at[result.row[result.start[single]]]
        levels = [_LEVELS[level] for level in self._items.name_levels(lines, rows).tolist()]
        self._levels = dict(zip(zip(lines.tolist(), rows.tolist(), strict=True), levels, strict=True))

    def _level(self, line: int, row: int) -> NameLevel:
        level = self._levels.get((line, row))
        if level is None:
            level = NameLevel(self._items.name_levels(np.array([line]), np.array([row]))[0])
        return level

    @cached_property
    def _places(self) -> tuple[list[int], list[int]]:
        return self._line_at.tolist(), self._row_at.tolist()

    @cached_property
    def _days(self) -> tuple[list[int], list[int]]:
        return self._items.lines.booking_day.tolist(), self._items.book.day.tolist()

    def explain(self, result: MatchResult, line: int, rows: Sequence[int]) -> tuple[Evidence, ...]:
        """The reasons for and against, the strongest first; `rows` are the items of the line."""
        line_at, row_at = self._places
        said = _Said(result, line, line_at[line], tuple([row_at[row] for row in rows]))
        if not said.rows:
            return self._unmatched(said)
        code = ORDER[result.step[line]].code
        found = [Evidence(code, self._group(said, code))] if self._is_group(code, said.rows) else []
        if len(said.rows) == 1 and not found:
            found += self._pair(said.at, said.rows[0], code)
        found.append(Evidence("amount", self._amount(said)))
        if len(said.rows) == 1 and line not in result.together:
            found.append(Evidence("date", self._date(said.at, said.rows[0])))
        if result.status_of(line) is MatchStatus.PROPOSED:
            level = self._level(said.at, said.rows[0]) if len(said.rows) == 1 else NameLevel.UNKNOWN
            found.append(self._doubts(result).of(line, level))
        return tuple(found)

    def _doubts(self, result: MatchResult) -> Doubts:
        if self._known_doubts is None or self._known_doubts.result is not result:
            self._known_doubts = Doubts(self._view, result, self._line_at, self._row_at)
        return self._known_doubts

    def pair(self, line: int, row: int) -> tuple[Evidence, ...]:
        """What speaks for and against one pair, whatever the engine decided."""
        line, row = int(self._line_at[line]), int(self._row_at[row])
        difference = int(self._items.lines.amount[line] - self._items.book.amount[row])
        text = say("amount.equal") if not difference else say("amount.differs", amount=self._money(line, difference))
        return (*self._pair(line, row, "pair"), Evidence("amount", text), Evidence("date", self._date(line, row)))

    def _pair(self, line: int, row: int, code: str) -> list[Evidence]:
        found = []
        reference = quoted_reference(self._view, line, row)
        if reference:
            found.append(Evidence(code, reference))
        elif code == party_series.CODE:
            found.append(Evidence(code, say("series")))
        elif code == amount_only.CODE:
            found.append(Evidence(code, say("amount.only" if self._is_taken(row) else "amount.some")))
        elif code == transfer.CODE:
            found.append(Evidence(code, self._transfer(line)))
        level = self._level(line, row)
        if level is not NameLevel.UNKNOWN:
            found.append(Evidence("party", self._name(line, row, level)))
        return found

    def _is_taken(self, row: int) -> bool:
        return not self._items.row_open[row]

    def _transfer(self, line: int) -> str:
        account = self._view.own_account_named(line)
        return say("transfer.named", account=account) if account else say("transfer.called")

    @staticmethod
    def _is_group(code: str, rows: tuple[int, ...]) -> bool:
        return len(rows) > 1 or code in _GROUPS

    def _group(self, said: _Said, code: str) -> str:
        book = self._items.book
        rows = said.rows
        facts: dict[str, object] = {"count": len(rows), "party": book.text("counterparty").at(rows[0])}
        facts["day"] = _day(int(book.day[rows[0]]))
        if code == file_id.CODE:
            return self._file(said, facts)
        if code in {daily_sum.CODE, shared_day.CODE}:
            return self._day(said, code, facts)
        if code == payment_run.CODE:
            return say("group.run", **self._run_ends(rows), **facts)
        if code == batch_details.CODE:
            details = self._items.lines.details
            total = int(np.count_nonzero(details.parent == said.at)) if details is not None else 0
            complete = total == len(rows)
            return say("group.details", **facts) if complete else say("group.details_some", total=total, **facts)
        if code == card_settlement.CODE:
            return self._card(said)
        if code == instalments.CODE:
            count = len(said.result.together.get(said.line, (said.line,)))
            return say("group.instalments", count=count, item=self._item(rows[0]))
        if code == party_sum.CODE:
            if said.line in said.result.gave_up:
                return say("group.party_some", **facts)
            rival = any(len(rows) > 1 for rows in said.result.alternatives.get(said.line, ()))
            return say("group.party_rival" if rival else "group.party", **facts)
        if code == several_named.CODE:
            return self._named(said, facts)
        return say("group.party", **facts)

    def _day(self, said: _Said, code: str, facts: dict[str, object]) -> str:
        like = _short(self._items.book.text("description").at(said.rows[0]))
        if code == daily_sum.CODE:
            return say("group.day", like=like, **facts)
        rival = bool(said.result.alternatives.get(said.line))
        return say("group.day_some" if rival else "group.day_shared", like=like, **facts)

    def _named(self, said: _Said, facts: dict[str, object]) -> str:
        if said.result.difference[said.line]:
            return say("group.named_other", **facts)
        named = sum(self._is_named(said.at, row) for row in said.rows)
        return say("group.named" if named == len(said.rows) else "group.named_some", named=named, **facts)

    def _is_named(self, line: int, row: int) -> bool:
        other = self._view.relations.of(line, row) is Relation.OTHER
        return not other and bool(quoted_reference(self._view, line, row))

    def _run_ends(self, rows: tuple[int, ...]) -> dict[str, str]:
        book = self._items.book
        name = "reference" if book.amount[rows[0]] < 0 else "description"
        texts = sorted((book.text(name).at(row) for row in rows), key=last_number)
        return {"first": texts[0], "last": texts[-1]}

    def _file(self, said: _Said, facts: dict[str, object]) -> str:
        identity, carried = file_id.shared_id(self._view, said.at, said.rows)
        if carried > len(said.rows):
            return say("group.file_less", id=identity, total=carried, rest=carried - len(said.rows), **facts)
        return say("group.file", id=identity, **facts)

    def _card(self, said: _Said) -> str:
        book = self._items.book
        line, rows = said.at, said.rows
        days = sorted({_day(int(book.day[row])) for row in rows})
        gross = int(book.amount[list(rows)].sum())
        fee = -int(said.result.difference[said.line])
        facts = {
            "days": days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}",
            "party": book.text("counterparty").at(rows[0]),
            "gross": self._money(line, gross),
        }
        if not fee:
            return say("group.card_whole", **facts)
        return say("group.card", fee=self._money(line, fee), percent=f"{10_000 * fee // gross / 100:.2f}", **facts)

    def _amount(self, said: _Said) -> str:
        line, rows = said.at, said.rows
        difference = int(said.result.difference[said.line])
        if not difference:
            return say("amount.equal")
        category = said.result.category_of(said.line)
        facts = {"amount": self._money(line, abs(difference))}
        if category in {Category.PARTIAL, Category.OVERPAYMENT}:
            asked = abs(int(self._items.book.amount[list(rows)].sum()))
            return say(f"amount.{category}", asked=self._money(line, asked), **facts)
        if category is Category.FX:
            shared = foreign_amounts(self._view, line) & printed_amounts(
                self._items.book.text("description").at(rows[0])
            )
            if not shared:
                return say("amount.fx_unstated", **facts)
            currency, minor = min(shared)
            return say("amount.fx", original=str(Money(minor, currency)), **facts)
        return say(f"amount.{category}" if category is not None else "amount.differs", **facts)

    def _date(self, line: int, row: int) -> str:
        booked, written = self._days
        days = booked[line] - written[row]
        if not days:
            return say("date.same")
        count = f"{abs(days)} day{'s' if abs(days) > 1 else ''}"
        return say("date.later" if days > 0 else "date.earlier", days=count)

    def _unmatched(self, said: _Said) -> tuple[Evidence, ...]:
        found = [Evidence("class", self._class(said))]
        nearest = self._nearest(said.at)
        if nearest:
            found.append(Evidence("nearest", nearest))
        if said.line in said.result.gave_up:
            found.append(Evidence(said.result.gave_up[said.line], say("gave_up")))
        return tuple(found)

    def _class(self, said: _Said) -> str:
        category = said.result.category_of(said.line)
        other = int(said.result.other[said.line])
        lines = self._items.lines
        if other >= 0:
            key = {Category.DUPLICATE: "class.repeat", Category.RETURN: "class.return"}.get(
                category or Category.UNKNOWN, "class.reversed"
            )
            return say(key, line=said.result.lines.ids[other])
        kind, source = kind_and_source(self._view, said.at)
        if category is Category.UNKNOWN or kind is not category:
            return say("class.unknown")
        name = lines.text("counterparty_name").at(said.at)
        if source is Source.ACCOUNT:
            return say("class.account", account=self._view.own_account_named(said.at))
        if source is Source.PARTY:
            return say("class.party", printed=name)
        if source is Source.WORDS:
            own = name if debit_text(self._view, said.at) else lines.text("remittance").at(said.at).replace("\n", " ")
            return say("class.words", text=_short(lines.text("additional_info").at(said.at) or own or name))
        code = " ".join(filter(None, (lines.text(part).at(said.at) for part in ("code", "proprietary_code"))))
        return say("class.code", code=code or lines.text("return_reason").at(said.at) or "reversal")

    def _nearest(self, line: int) -> str:
        """What came nearest and what spoke against it: an open item of the amount, else of the party."""
        items = self._items
        rows = self._open_rows.get(int(items.pool_l[line]), _NO_ROWS)
        same = rows[items.book.amount[rows] == items.lines.amount[line]]
        if len(same):
            row = int(same[np.argmin(np.abs(items.book.day[same] - items.lines.booking_day[line]))])
            return say("near.amount", item=self._item(row), against=self._against(line, row))
        of_party = rows[items.agree(line, rows)] if items.party_l[line] >= 0 else rows[:0]
        of_party = of_party[(items.book.amount[of_party] > 0) == (items.lines.amount[line] > 0)]
        if not len(of_party):
            return ""
        gap = items.book.amount[of_party] - items.lines.amount[line]
        row = int(of_party[np.argmin(np.abs(gap))])
        away = abs(int(items.book.amount[row] - items.lines.amount[line]))
        party = items.book.text("counterparty").at(row)
        return say("near.party", item=self._item(row), party=party, amount=self._money(line, away))

    @cached_property
    def _open_rows(self) -> dict[int, Ints]:
        """The items that nothing took, by pool."""
        rows = np.flatnonzero(self._items.row_open)
        order = np.argsort(self._items.pool_r[rows], kind="stable")
        return dict(runs_of(self._items.pool_r[rows][order], rows[order]))

    def _against(self, line: int, row: int) -> str:
        level = self._level(line, row)
        if level is NameLevel.DIFFERENT:
            return self._name(line, row, level)
        if not self._view.in_window(line, np.array([row]))[0]:
            return say("near.date", date=self._date(line, row))
        return say("near.against")

    def _name(self, line: int, row: int, level: NameLevel) -> str:
        items = self._items
        printed = items.lines.text("counterparty_name").at(line)
        if not printed and items.variant_l[line] >= 0:
            printed = name_in_text(items.lines.text("remittance").at(line), {items.names[items.variant_l[line]].key})
        key = _PARTY[level]
        exactly = bool(self._view.named_exactly[line])
        if level is NameLevel.DIFFERENT and not exactly and items.nearly_named(line, row):
            key = "party.nearly"
        return say(key, printed=printed, ours=items.book.text("counterparty").at(row))

    def _item(self, row: int) -> str:
        return item_name(self._view, row)

    def _money(self, line: int, minor: int) -> str:
        return str(Money(minor, self._items.lines.currencies[self._items.lines.currency[line]]))


def item_name(view: View, row: int) -> str:
    """How an accountant calls a book item: invoice and its reference, else what it is and its name."""
    book = view.items.book
    reference = book.text("reference").at(row)
    if reference:
        return f"{'invoice' if book.amount[row] > 0 else 'payment'} {reference}"
    return f"{_short(book.text('description').at(row)) or 'item'} {book.name(row)}"


def _day(number: int) -> str:
    return date.fromordinal(number + EPOCH).isoformat()


def _short(text: str) -> str:
    return text if len(text) <= _TEXT_SIGNS_MAX else text[: _TEXT_SIGNS_MAX - 3] + "..."
