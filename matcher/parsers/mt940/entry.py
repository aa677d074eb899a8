"""`:61:`, the entry: what its subfields say, without the text behind it.

SWIFT: `6!n[4!n]2a[1!a]15d1!a3!c16x[//16x]` and on the next line `[34x]`: value date, entry date, mark, funds code,
amount, type, the owner's reference, the bank's reference, supplementary details. RC lowers and RD raises the balance;
EC and ED of an interim report are expected, not booked. The funds code is the third letter of the account's currency,
so `CR30,00` in EUR is a credit, not a reversal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from matcher.parsers.mt940.grammar import ENTRY_DATE_CHARS, ODDITIES, EntryDates, amount_of, entry_dates
from recon_core.domain.currency import NO_CURRENCY
from recon_core.domain.diagnostic import Severity
from recon_core.domain.refused import BadAmount
from recon_core.domain.statement import LineStatus

# Takes code, severity, line number in the file, message and cure.
Report = Callable[[str, Severity, int, str, str], None]

_STRICT = re.compile(
    r"([0-9]{6}(?:[0-9]{4}| {4})?)(R?[CD]|E[CD])([A-Z]?)([0-9]{1,15},[0-9]*)([NSF][A-Z0-9]{3})([^\n]*)(?:\n(.*))?",
    re.ASCII | re.DOTALL,
)
_LENIENT = re.compile(
    r"([0-9]{6}) *((?:[0-9]{2})?[0-9]{4})? *(R[CD]|E[CD]|[CD])\s*([A-Z]?)\s*([0-9.,]+) *([NSF][A-Z0-9 ]{3})?([^\n]*)"
    r"(?:\n(.*))?",
    re.ASCII | re.DOTALL | re.IGNORECASE,
)
# A type of the bank's own (`ACHP`), with a reference that says so or would else be longer than its 16 characters.
_OWN_TYPE = re.compile(r"([A-Z]{4})(?=NONREF(?://|$)|[^/\n]{13,16}(?://|$))(.*)", re.ASCII)
_DATED = re.compile(r"[0-9]{6}", re.ASCII)
_BOOKED, _PENDING = LineStatus.BOOKED.value, LineStatus.PENDING.value
# Mark: sign, reversal, status.
MARKS = {
    "C": (1, False, _BOOKED),
    "D": (-1, False, _BOOKED),
    "RC": (-1, True, _BOOKED),
    "RD": (1, True, _BOOKED),
    "EC": (1, False, _PENDING),
    "ED": (-1, False, _PENDING),
}
_DATES_MAX = 20_000
_ASK = "Ask the bank for the statement again."


class Entry(NamedTuple):
    """What `:61:` says. `rest` is subfields 7 and 8 with the `//` between them, `more` the lines of subfield 9.

    `amount` is signed minor units; where it can't be known it is 0 and `unread` the content of the field.
    """

    dates: EntryDates
    amount: int
    status: str
    reversal: bool
    kind: str | None
    rest: str
    more: str | None
    unread: str | None = None


class EntryReader:
    """Reads the entries of messages in one currency and tells `report` what is odd."""

    def __init__(self, currency: str, report: Report) -> None:
        self.currency = currency
        self.dates: dict[str, EntryDates] = {}
        self.report = report

    def read(self, body: str, number: int) -> Entry | None:
        """The entry in the content `body` of a `:61:` at line `number`; None if it does not even begin with a date."""
        found = _STRICT.fullmatch(body)
        if found is None:
            return self._lenient(body, number)
        days, mark, funds, digits, kind, rest, more = found.groups()
        dates = self._reported_dates(days, number)
        sign, reversal, status = MARKS[mark]
        amount = self._amount(digits, funds, number)
        unread = body if amount is None else None
        return Entry(dates, sign * (amount or 0), status, reversal, kind, rest, more, unread)

    def _lenient(self, body: str, number: int) -> Entry | None:
        """An entry that the standard does not have: lower case, blanks, a line break, a point, no type."""
        found = _LENIENT.fullmatch(body)
        if found is None:
            return self._unreadable(body, number)
        value, entry, mark, funds, digits, kind, rest, more = found.groups()
        sign, reversal, status = MARKS[mark.upper()]
        if kind is None and (own_type := _OWN_TYPE.fullmatch(rest)):
            kind, rest = own_type.groups()
            message = f":61: has the type code {kind}, which does not begin with N, S or F."
            self.report("type-unknown", Severity.INFO, number, message, "")
        if kind is None:
            self.report("type-missing", Severity.WARNING, number, f":61: has no type code: {body[:40]!r}.", "")
        if entry is not None and len(entry) > ENTRY_DATE_CHARS:
            self.report(
                "entry-date-with-year", Severity.INFO, number, f":61: has a year in its entry date, {entry}.", ""
            )
        amount = self._amount(digits, funds.upper(), number)
        dates = self._reported_dates(value + (entry or ""), number)
        kind = kind.upper().strip() if kind else None
        unread = body if amount is None else None
        return Entry(dates, sign * (amount or 0), status, reversal, kind, rest, more, unread)

    def _unreadable(self, body: str, number: int) -> Entry | None:
        message = f":61: can't be read: {body[:60]!r}."
        self.report("bad-entry", Severity.ERROR, number, message, _ASK)
        if not _DATED.match(body):
            return None
        return Entry(entry_dates(body[:6], ""), 0, _BOOKED, False, None, "", None, body)

    def dates_of(self, days: str) -> EntryDates:
        """The dates of subfields 1 and 2, kept in `dates` for the entries to come if the calendar has them."""
        known = self.dates.get(days)
        if known is not None:
            return known
        dates = entry_dates(days[:6], days[6:])
        if dates.bad is None:
            if len(self.dates) >= _DATES_MAX:
                self.dates.clear()
            self.dates[days] = dates
        return dates

    def _reported_dates(self, days: str, number: int) -> EntryDates:
        dates = self.dates_of(days)
        if dates.bad is not None:
            severity = Severity.WARNING if dates.booking else Severity.ERROR
            message = f":61: has a date that the calendar does not have, {dates.bad!r}; it is left out."
            self.report("bad-date", severity, number, message, "Ask the bank which day is meant.")
        return dates

    def _amount(self, digits: str, funds: str, number: int) -> int | None:
        """Minor units, or None if they can't be known. The funds code must be the third letter of the currency."""
        if funds and funds != self.currency[2] and self.currency != NO_CURRENCY:
            # CR, DR and DB are words for credit and debit as well.
            severity = Severity.WARNING if funds in "RB" else Severity.ERROR
            message = f":61: has the funds code {funds!r}, but the account is in {self.currency}."
            self.report("funds-code", severity, number, message, "Check that the amount is in the account's currency.")
        try:
            minor, oddity = amount_of(digits, self.currency)
        except BadAmount as error:
            self.report("bad-amount", Severity.ERROR, number, f":61: {error.message}", error.cure or _ASK)
            return None
        if oddity:
            self.report(oddity, Severity.WARNING, number, f":61: {ODDITIES[oddity]}", "Check it against the balances.")
        return minor
