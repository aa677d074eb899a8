"""The items that the difference of an open reconciliation is made of, read from the books.

With b the beginning balance, S the typed balance, B the bank's own, L the bank lines of the period and K what is ticked:
S - b - sum(K) = (S - B) + (B - b - sum(L)) + sum(L) - sum(K), and line by line, decision by decision, sum(L) - sum(K) is
what is open or ignored of lines, plus what they proved that is not ticked, minus what is ticked and they did not prove.
"""

# ruff: noqa: S608  every part of this SQL is a constant of this module
from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from matcher.pipeline.difference_causes import CUT_OFF_DAYS, Fact, Kind
from recon_core.domain.account import CashAccount
from recon_core.ports import UnitOfWork
from recon_core.services import chains, documents

_ELSEWHERE_MAX = 50

_LINES = (
    "SELECT id, booking_date, amount - used_amount AS amount, state, state_reason, counterparty_name, remittance,"
    " creditor_reference, more FROM statement_line WHERE cash_account_id = :account AND withdrawn_by IS NULL"
    " AND booking_date > :after AND booking_date <= :through AND amount <> used_amount ORDER BY booking_date, id"
)
_MOVED = (
    "SELECT coalesce(sum(amount), 0) AS amount FROM statement_line WHERE cash_account_id = :account"
    " AND withdrawn_by IS NULL AND booking_date > :after AND booking_date <= :through"
)
_BOOK = "t.id, t.external_id, t.transaction_date, t.counterparty, t.reference, t.description, t.status"
# Not EXISTS: asked for each decision by itself, SQLite reads all lines of the period each time.
_IN_PERIOD = (
    "d.id IN (SELECT dl.decision_id FROM statement_line l JOIN decision_line dl ON dl.statement_line_id = l.id"
    " WHERE l.cash_account_id = :account AND l.booking_date > :after AND l.booking_date <= :through)"
)
_PROVED_NOT_TICKED = (
    f"SELECT {_BOOK}, r.number, a.id AS adjustment_id, sum(dt.amount) AS amount, t.amount AS whole_amount"
    " FROM decision_transaction dt"
    " JOIN decision d ON d.id = dt.decision_id AND d.state = 'applied'"
    " JOIN book_transaction t ON t.id = dt.book_transaction_id"
    " LEFT JOIN reconciliation r ON r.id = t.reconciliation_id LEFT JOIN adjustment a ON a.book_transaction_id = t.id"
    f" WHERE d.cash_account_id = :account AND {_IN_PERIOD}"
    " AND (t.reconciliation_id IS NULL OR t.reconciliation_id <> :document)"
    f" GROUP BY {_BOOK}, r.number, a.id, t.amount ORDER BY t.transaction_date, t.id"
)
_TICKED_NOT_PROVED = (
    f"SELECT {_BOOK}, t.amount - t.matched_amount AS amount, t.voids_id FROM book_transaction t"
    " WHERE t.reconciliation_id = :document AND t.amount <> t.matched_amount ORDER BY t.transaction_date, t.id"
)
_PROVED_OUTSIDE = (
    f"SELECT {_BOOK}, sum(dt.amount) AS amount FROM decision_transaction dt"
    " JOIN decision d ON d.id = dt.decision_id AND d.state = 'applied'"
    " JOIN book_transaction t ON t.id = dt.book_transaction_id"
    f" WHERE t.reconciliation_id = :document AND NOT {_IN_PERIOD} GROUP BY {_BOOK} ORDER BY t.transaction_date, t.id"
)
_STRADDLING = (
    "SELECT l.id, l.booking_date, dl.amount FROM decision_line dl JOIN decision d ON d.id = dl.decision_id"
    " JOIN statement_line l ON l.id = dl.statement_line_id WHERE d.state = 'applied' AND d.cash_account_id = :account"
    f" AND NOT (l.booking_date > :after AND l.booking_date <= :through) AND {_IN_PERIOD} ORDER BY l.id"
)
_TICKED = f"SELECT {_BOOK}, t.amount FROM book_transaction t WHERE t.reconciliation_id = :document ORDER BY t.id"
_OPEN = (
    f"SELECT {_BOOK}, t.amount - t.matched_amount AS amount FROM book_transaction t"
    " WHERE t.cash_account_id = :account AND t.reconciliation_id IS NULL AND t.status = 'released'"
    " AND t.amount <> t.matched_amount AND t.transaction_date <= :until AND (t.voids_id IS NULL OR EXISTS"
    " (SELECT 1 FROM book_transaction o LEFT JOIN reconciliation q ON q.id = o.reconciliation_id"
    " WHERE o.id = t.voids_id AND (o.processed OR q.state = 'closed')))"
    " AND NOT EXISTS (SELECT 1 FROM book_transaction v WHERE v.voids_id = t.id AND v.status <> 'rejected')"
    " ORDER BY t.transaction_date, t.id"
)
_ELSEWHERE = (
    "SELECT t.external_id, t.amount, a.code FROM book_transaction t JOIN cash_account a ON a.id = t.cash_account_id"
    " WHERE t.cash_account_id <> :account AND t.currency = :currency AND t.amount IN :amounts AND t.status = 'released'"
    " AND t.matched_amount = 0 AND t.reconciliation_id IS NULL AND t.voids_id IS NULL"
    " AND t.transaction_date BETWEEN :after AND :until ORDER BY a.code, t.id"
)


class Proved(NamedTuple):
    """A transaction that a bank line of the period proved and that is not ticked here; `fact.amount` is the part that is
    proved, `whole` all of it. `number` is that of the other document it is in, `adjustment_id` and `released` tell an
    adjustment that waits for its release.
    """

    fact: Fact
    whole: int
    number: str
    adjustment_id: int | None
    released: bool

    @property
    def kind(self) -> Kind:
        """Why it is not ticked."""
        if self.number:
            return Kind.OTHER_PERIOD
        if not self.released:
            return Kind.UNRELEASED
        return Kind.NOT_TICKED if self.fact.amount == self.whole else Kind.PART


class Pieces(NamedTuple):
    """Everything that the difference is made of. `covered`: the bank's own balance of the day is known, so the parts come
    to the difference. `typed` is S - B, `gap` is B - b - sum(L); both 0 where the period is not covered. `ticked` and
    `open_items` are for comparing amounts; the latter reach `CUT_OFF_DAYS` beyond the day.
    """

    day: date
    covered: bool
    first: bool
    bank_balance: int
    typed: int
    gap: int
    breaks: tuple[str, ...]
    unbooked: tuple[Fact, ...]
    ignored: tuple[tuple[Fact, str], ...]
    proved: tuple[Proved, ...]
    not_proved: tuple[Fact, ...]
    outside: tuple[Fact, ...]
    straddling: tuple[Fact, ...]
    ticked: tuple[Fact, ...]
    open_items: tuple[Fact, ...]

    def amounts(self) -> Iterator[tuple[Kind, int]]:
        """Each item's part of the difference, with its sign."""
        if not self.covered:
            return
        if self.typed:
            yield Kind.BALANCE, self.typed
        if self.gap:
            yield (Kind.OPENING if self.first else Kind.GAP), self.gap
        yield from ((Kind.UNBOOKED, fact.amount) for fact in self.unbooked)
        yield from ((Kind.IGNORED, fact.amount) for fact, _ in self.ignored)
        for one in self.proved:
            yield one.kind, one.fact.amount
        yield from ((Kind.NOT_ON_STATEMENT, -fact.amount) for fact in self.not_proved)
        yield from ((Kind.OTHER_PERIOD, -fact.amount) for fact in (*self.outside, *self.straddling))


def pieces(uow: UnitOfWork, account: CashAccount, document: Any) -> Pieces:
    """The pieces of an open document of this account."""
    last = documents.row(uow, document.predecessor_id) if document.predecessor_id is not None else None
    after = last.reconciliation_date if last is not None else date.min
    through = document.reconciliation_date
    scope = {"account": account.id, "document": document.id, "after": after, "through": through}
    bank = chains.bank_balance(uow, account.id, day=through)
    moved = int(uow.value(_MOVED, {name: scope[name] for name in ("account", "after", "through")}))
    lines = uow.select(_LINES, {name: scope[name] for name in ("account", "after", "through")})
    period = {name: scope[name] for name in ("account", "after", "through")}
    chain = chains.account_chain(uow, account.id)
    breaks = [one.message for one in chain.breaks if after < one.day <= through and one.code != "sequence-skipped"]
    span = timedelta(days=CUT_OFF_DAYS)
    until = min(through, date.max - span) + span
    return Pieces(
        day=through,
        covered=bank is not None,
        first=last is None,
        bank_balance=bank if bank is not None else 0,
        typed=document.statement_balance - bank if bank is not None else 0,
        gap=bank - document.beginning_balance - moved if bank is not None else 0,
        breaks=tuple(breaks),
        unbooked=tuple(_line(row) for row in lines if row.state != "ignored"),
        ignored=tuple((_line(row), row.state_reason) for row in lines if row.state == "ignored"),
        proved=tuple(
            Proved(_book(row), row.whole_amount, row.number or "", row.adjustment_id, row.status == "released")
            for row in uow.select(_PROVED_NOT_TICKED, scope)
        ),
        not_proved=_without_voided(uow.select(_TICKED_NOT_PROVED, {"document": document.id})),
        outside=tuple(map(_book, uow.select(_PROVED_OUTSIDE, scope))),
        straddling=tuple(
            Fact(row.id, f"bank line {row.id}", row.booking_date, row.amount) for row in uow.select(_STRADDLING, period)
        ),
        ticked=tuple(map(_book, uow.select(_TICKED, {"document": document.id}))),
        open_items=tuple(map(_book, uow.select(_OPEN, {"account": account.id, "until": until}))),
    )


def _line(row: Any) -> Fact:
    more = json.loads(row.more)
    text = " ".join(part for part in (row.creditor_reference, row.remittance) if part)
    name = f"bank line {row.id}"
    party = row.counterparty_name or ""
    return Fact(row.id, name, row.booking_date, row.amount, party, text, foreign=bool(more.get("original_currency")))


def _book(row: Any) -> Fact:
    text = f"{row.reference} {row.description}".strip()
    return Fact(row.id, row.external_id, row.transaction_date, row.amount, row.counterparty, text)


def _without_voided(rows: Sequence[Any]) -> tuple[Fact, ...]:
    """Items without the pairs of a transaction and its voiding entry that come to nothing together."""
    amounts = {row.id: row.amount for row in rows}
    gone: set[int] = set()
    for row in rows:
        if row.voids_id in amounts and amounts[row.voids_id] == -row.amount:
            gone |= {row.id, row.voids_id}
    return tuple(_book(row) for row in rows if row.id not in gone)


def open_elsewhere(uow: UnitOfWork, account: CashAccount, lines: Sequence[Fact]) -> Iterator[tuple[Fact, list[Any]]]:
    """Bank lines with open transactions of their amount on other accounts of the currency, dated near them."""
    if not lines or len(lines) > _ELSEWHERE_MAX:
        return
    span = timedelta(days=CUT_OFF_DAYS)
    rows = uow.select(
        _ELSEWHERE,
        {
            "account": account.id,
            "currency": account.currency,
            "amounts": sorted({fact.amount for fact in lines}),
            "after": min(fact.day for fact in lines) - span,
            "until": max(fact.day for fact in lines) + span,
        },
    )
    for fact in lines:
        hits = [row for row in rows if row.amount == fact.amount]
        if hits:
            yield fact, hits
