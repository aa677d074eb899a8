"""The header of one message, from its tags to a `StatementHeader`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from matcher.parsers.contract import ControlTotals
from matcher.parsers.mt940.account import Account, account_of
from matcher.parsers.mt940.entry import Report
from matcher.parsers.mt940.grammar import (
    ODDITIES,
    Balance,
    balance_currency,
    balance_of,
    control_sum,
    page_of,
    report_time,
)
from recon_core.domain.currency import EXPONENTS, NO_CURRENCY
from recon_core.domain.diagnostic import Severity
from recon_core.domain.refused import BadAmount, BadDate
from recon_core.domain.statement import FOREIGN_BALANCE, StatementHeader, StatementKind

_FLOOR = re.compile(r"([A-Z]{3}) *[CD]? *[0-9,]", re.ASCII)
_REPORT, _STATEMENT = StatementKind.REPORT.value, StatementKind.STATEMENT.value
_CLOSING = re.compile(r"\n:62[FM]?:([^\n]*)")
_SUM = re.compile(r"\n:90[CD]:[0-9]{1,9}([A-Z]{3})", re.ASCII)
_ASK = "Ask the bank for the statement again."
_REPORT_TAGS = frozenset({"13", "13D", "34F", "90C", "90D"})
_LAST_PAGE = {"62F": True, "62": True, "62M": False}
_SUMS = frozenset({"90C", "90D"})
_STATEMENT_TAGS = frozenset({"60", "60F", "60M", "62", "62F", "62M"})
_ONE_LINE = frozenset({"20", "28", "28C", "13", "13D", "90C", "90D", "64", *_STATEMENT_TAGS})


class Message:
    """One page of one statement while it is read. Tags are fed as they come; what is odd goes to `report`."""

    def __init__(self, report: Report, *, default_currency: str | None) -> None:
        self.tags: set[str] = set()
        self.has_entries = False
        self.currency: str | None = None
        self.opening: Balance | None = None
        self.closing: Balance | None = None
        self.account: Account | None = None
        self.sequence: int | None = None
        self.page: int | None = None
        self._report = report
        self._default_currency = default_currency
        self._reference: str | None = None
        self._available: int | None = None
        self._created_at: datetime | None = None
        self._opening_tag = self._closing_tag = ""
        self._extra: list[tuple[str, str]] = []

    @property
    def is_report(self) -> bool:
        """Whether this is an MT942: tags that only a report has, and no balances."""
        return self.tags.isdisjoint(_STATEMENT_TAGS) and not self.tags.isdisjoint(_REPORT_TAGS)

    @property
    def is_balance_report(self) -> bool:
        """Whether this is an MT941: balances and sums, no entries."""
        return not self.has_entries and not self.tags.isdisjoint(_SUMS) and not self.tags.isdisjoint(_STATEMENT_TAGS)

    def take(self, tag: str, content: str, number: int) -> ControlTotals | None:
        """Take one field of the header or the trailer, at line `number`; control sums come back as an event."""
        repeated = tag in self.tags
        self.tags.add(tag)
        first, _, rest = content.partition("\n")
        first = first.strip()
        if tag in _ONE_LINE and rest.strip():
            self._extra.append((tag, rest.strip()))
            self._report("text-behind-field", Severity.INFO, number, f":{tag}: has more than one line.", "")
        if tag == "20":
            self._reference = first or None
        elif tag in ("25", "25P"):
            self._take_account(content, number)
        elif tag in ("28", "28C"):
            self._take_page(first, number)
        elif tag in ("13", "13D"):
            self._take_time(first, number)
        elif repeated and tag[:2] in ("60", "62"):
            message = f":{tag}: stands twice in one message; the first one holds."
            self._report("tag-repeated", Severity.ERROR, number, message, _ASK)
        elif tag[:2] in ("60", "62", "64"):
            self._take_balance(tag, first, number)
        elif tag in ("90C", "90D"):
            return self._take_sum(tag, first, number)
        else:
            if tag == "34F" and self.currency is None and (floor := _FLOOR.match(first)):
                self.currency = floor[1] if floor[1] in EXPONENTS else None
            text = "\n".join(row.rstrip() for row in content.split("\n")).strip()
            if text:
                self._extra.append((tag, text))
        return None

    def keep(self, name: str, text: str) -> None:
        """Keep a text about the message that is no tag's content."""
        self._extra.append((name, text))

    def settle_currency(self, ahead: Iterable[str]) -> str:
        """The currency of the lines that follow; `ahead` are texts in which a closing balance may name it."""
        if self.currency is None and self.account is not None:
            self.currency = self.account.currency
        if self.currency is None:
            self.currency = _currency_ahead(ahead) or self._default_currency
        return self.currency or NO_CURRENCY

    def reopen(self) -> None:
        """Forget the closing balance: it was none, the message goes on."""
        self.tags -= {"62", "62F", "62M"}
        self.closing, self._closing_tag = None, ""

    def header(self) -> StatementHeader:
        """What is known so far."""
        kind = "mt942" if self.is_report else "mt941" if self.is_balance_report else "mt940"
        opening, closing, account = self.opening, self.closing, self.account
        name = self._reference
        if name and self.sequence:
            name = f"{name}/{self.sequence}"
        last = _LAST_PAGE.get(self._closing_tag)
        return StatementHeader(
            format=kind,
            kind=_STATEMENT if kind == "mt940" else _REPORT,
            account=account.identifier if account else None,
            account_scheme=account.scheme if account else None,
            bank_bic=account.bic if account else None,
            statement_id=name or (str(self.sequence) if self.sequence else None),
            sequence=self.sequence,
            page=self.page,
            last_page=last,
            from_date=opening.date if opening else None,
            to_date=closing.date if closing else self._created_at.date() if self._created_at else None,
            created_at=self._created_at,
            currency=self.currency,
            opening_balance=opening.minor if opening else None,
            opening_date=opening.date if opening else None,
            closing_balance=closing.minor if closing else None,
            closing_date=closing.date if closing else None,
            available_balance=self._available,
            message_id=self._reference,
            extra=tuple(self._extra),
        )

    def continues(self, before: Message | None) -> bool:
        """Whether this is the page after `before` of the same statement."""
        return (
            before is not None
            and before._closing_tag == "62M"
            and self._opening_tag != "60F"
            and before.account == self.account
            and before.sequence == self.sequence
            and (self.page is None or before.page is None or self.page == before.page + 1)
        )

    def missing(self) -> str:
        """In words, what a statement must have and this one has not."""
        needed: list[tuple[str, Account | Balance | None]] = [("an account (:25:)", self.account)]
        if not self.is_report:
            needed += [("an opening balance (:60F:)", self.opening), ("a closing balance (:62F:)", self.closing)]
        return ", ".join(words for words, value in needed if value is None)

    def _take_account(self, content: str, number: int) -> None:
        self.account = account_of(content)
        if self.account is None:
            self._report("bad-account", Severity.ERROR, number, ":25: has no account.", _ASK)

    def _take_page(self, first: str, number: int) -> None:
        found = page_of(first)
        if found is None:
            self._report("bad-page", Severity.WARNING, number, f":28C: is no statement number: {first[:40]!r}.", _ASK)
            return
        self.sequence, self.page = found
        if first.count("/") > 1:
            message = f":28C: is more than a number and a page: {first[:40]!r}; it is read as number {self.sequence}."
            self._report("bad-page", Severity.WARNING, number, message, "")

    def _take_time(self, first: str, number: int) -> None:
        try:
            self._created_at = report_time(first)
        except BadDate as error:
            self._report("bad-date", Severity.WARNING, number, f":13D: {error.message}", error.cure)

    def _take_balance(self, tag: str, first: str, number: int) -> None:
        if tag[:2] == "60":
            self._opening_tag = tag
        elif tag[:2] == "62":
            self._closing_tag = tag
        try:
            balance = balance_of(first, self.currency or self._default_currency)
        except BadAmount as error:
            if self.currency is None:
                self.currency = balance_currency(first)
            severity = Severity.WARNING if tag[:2] == "64" else Severity.ERROR
            self._report("bad-balance", severity, number, f":{tag}: {error.message}", error.cure or _ASK)
            return
        own = balance.currency
        if self.currency is None:
            self.currency = own or self._default_currency
        if own is not None and own != self.currency and tag[:2] != "64":
            # A balance in another currency is the other side of no proof.
            self._extra.append((FOREIGN_BALANCE, f":{tag}: {own}"))
        elif own is not None and own != self.currency:
            message = f":{tag}: is in {own}, the statement is in {self.currency}."
            self._report("balance-currency-differs", Severity.ERROR, number, message, "Ask the bank which is right.")
        if own is None:
            message = f":{tag}: names no currency; it is read in {self.currency or NO_CURRENCY}."
            self._report("balance-without-currency", Severity.WARNING, number, message, "")
        if balance.date is None:
            message = f":{tag}: has a date that the calendar does not have: {first[1:7]!r}; it is left out."
            self._report("bad-date", Severity.WARNING, number, message, "")
        if balance.oddity:
            self._report(balance.oddity, Severity.WARNING, number, f":{tag}: {ODDITIES[balance.oddity]}", "")
        if tag[:2] == "60":
            self.opening = balance
        elif tag[:2] == "62":
            self.closing = balance
        else:
            self._available = balance.minor

    def _take_sum(self, tag: str, first: str, number: int) -> ControlTotals | None:
        currency = self.currency or NO_CURRENCY
        try:
            count, minor = control_sum(first, currency)
        except BadAmount as error:
            self._report("bad-sum", Severity.WARNING, number, f":{tag}: {error.message}", error.cure or _ASK)
            return None
        where = f"line {number}"
        if tag == "90C":
            return ControlTotals(credit_count=count, credit_sum=minor, where=where)
        return ControlTotals(debit_count=count, debit_sum=minor, where=where)


def _currency_ahead(ahead: Iterable[str]) -> str | None:
    """The currency of the first closing balance, or of a report's first sum, before the next message."""
    for text in ahead:
        closing = _CLOSING.search(text)
        if closing is not None:
            return balance_currency(closing[1])
        total = _SUM.search(text)
        if total is not None and total[1] in EXPONENTS:
            return total[1]
        if "\n:20:" in text:
            break
    return None
