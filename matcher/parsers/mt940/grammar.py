"""The fixed-form fields of a message: amounts, balances, dates, page numbers, times, sums.

Functions return values, or raise `BadAmount` or `BadDate`; what is odd but unambiguous comes back as an oddity code.
Currencies are ISO 4217 codes, amounts signed integer minor units.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

from matcher.parsers.text import printed_amount, short_date
from recon_core.domain.currency import EXPONENTS, NO_CURRENCY
from recon_core.domain.money import to_minor
from recon_core.domain.refused import BadAmount, BadDate

_AMOUNT = re.compile(r"([0-9]{0,30})(?:,([0-9]{0,10}))?", re.ASCII)
_BALANCE = re.compile(r"([CDcd])([0-9]{6})([A-Za-z]{3})?\s*([0-9,.]+)", re.ASCII)
_PAGE = re.compile(r"([0-9]{1,18})(?:\s*/\s*([0-9]{1,18}))?", re.ASCII)
_NUMBERED = re.compile(r"([0-9]{1,18}) */ *[0-9]{4}/", re.ASCII)
_REPORT_TIME = re.compile(r"([0-9]{6})([0-9]{2})([0-9]{2})(?:([+-])([0-9]{2})([0-9]{2}))?", re.ASCII)
_SUM = re.compile(r"([0-9]{1,9})([A-Z]{3})([0-9,.]+)", re.ASCII)
_MONEY = re.compile(r"([A-Z]{3})([CD]?)([0-9,.]+)", re.ASCII)

ENTRY_DATE_CHARS = len("MMDD")

ODDITIES = {
    "decimal-point": "the amount has a point where the standard has a comma.",
    "decimal-comma-missing": "the amount has no decimal comma; it is read as whole units.",
    "amount-grouped": "the amount has marks between its thousands, which the standard has not.",
}


class Amount(NamedTuple):
    """Unsigned minor units and, where the text is not as the standard has it, an oddity of `ODDITIES`."""

    minor: int
    oddity: str | None


def amount_of(text: str, currency: str) -> Amount:
    """A SWIFT amount (15d). Accepted though odd: a decimal point, marks between thousands where another mark stands
    before the decimals, no mark at all.

    Raises `BadAmount` for signs, a point that may mean thousands or decimals, more decimals than the currency has, and
    anything else.
    """
    found = _AMOUNT.fullmatch(text)
    if found is None:
        if not text.isascii() or text[:1] in "+-" or text[-1:] in "+-":
            raise BadAmount(f"{text[:40]!r} is no amount.", cure="It is written like 1234,50, without a sign.")
        minor, printed = printed_amount(f"{text}0" if text.endswith(",") else text, currency)
        return Amount(minor, printed or "decimal-point")
    whole, decimals = found.groups()
    if not (whole or decimals):
        raise BadAmount(f"{text[:40]!r} is no amount.", cure="It is written like 1234,50 with a comma.")
    oddity = "decimal-comma-missing" if decimals is None else None
    return Amount(to_minor(f"{whole or '0'}.{decimals or ''}", currency), oddity)


class Balance(NamedTuple):
    """Fields 60, 62, 64, 65. `date` is None where the text is no day; `currency` where the bank leaves it out."""

    minor: int
    date: date | None
    currency: str | None
    oddity: str | None


def balance_of(text: str, currency: str | None) -> Balance:
    """A balance `C260131EUR1234,5`; `currency` is that of the statement, used where the field has none.

    Raises `BadAmount` where no amount can be read, which is so for an unknown currency as well.
    """
    return _balance_of(text.strip(), currency)


# The closing balance of one statement comes again as the opening one of the next.
@lru_cache(maxsize=256)
def _balance_of(text: str, currency: str | None) -> Balance:
    found = _BALANCE.fullmatch(text)
    if found is None:
        raise BadAmount(f"{text[:60]!r} is no balance.", cure="It is written like C260131EUR1234,50.")
    own = found[3].upper() if found[3] else None
    if own is not None and own not in EXPONENTS:
        raise BadAmount(f"{own!r} is no ISO 4217 currency code.", cure="Correct the code in the file.")
    minor, oddity = amount_of(found[4], own or currency or NO_CURRENCY)
    try:
        day = short_date(found[2])
    except BadDate:
        day = None
    return Balance(-minor if found[1] in "Dd" else minor, day, own, oddity)


def balance_currency(text: str) -> str | None:
    """The currency in a balance field, if it is one."""
    found = _BALANCE.match(text)
    own = found[3].upper() if found and found[3] else None
    return own if own in EXPONENTS else None


def page_of(text: str) -> tuple[int, int | None] | None:
    """Statement number and page of `:28C:` or `:28:`; None for anything else.

    A number with something else behind it, as in `01/2023/M`, tells no page.
    """
    found = _PAGE.fullmatch(text.strip())
    if found is None:
        number = _NUMBERED.match(text.strip())
        return (int(number[1]), None) if number else None
    return int(found[1]), int(found[2]) if found[2] is not None else None


def report_time(text: str) -> datetime:
    """`:13D:`, time of an interim report: YYMMDDHHMM±HHMM, where the offset is hours and minutes. Raises `BadDate`."""
    found = _REPORT_TIME.fullmatch(text.strip())
    if found is None:
        raise BadDate(f"{text[:40]!r} is no time of report.", cure="It is written like 2601311530+0100.")
    day = short_date(found[1])
    zone = None
    if found[4]:
        shift = timedelta(hours=int(found[5]), minutes=int(found[6]))
        zone = timezone(-shift if found[4] == "-" else shift) if shift < timedelta(hours=24) else None
    try:
        return datetime(day.year, day.month, day.day, int(found[2]), int(found[3]), tzinfo=zone)
    except ValueError:
        raise BadDate(f"{text[:40]!r} is no time of day.") from None


def control_sum(text: str, currency: str) -> tuple[int, int]:
    """Count and sum of `:90D:` or `:90C:`, positive. Raises `BadAmount`, also where the currency is another."""
    found = _SUM.fullmatch(text.strip())
    if found is None or found[2] != currency:
        raise BadAmount(f"{text[:40]!r} is no count and sum in {currency}.", cure="It is written like 3EUR120,00.")
    return int(found[1]), amount_of(found[3], currency).minor


def money_of(text: str) -> tuple[int, str] | None:
    """`EUR11,85` as (1185, "EUR"); None for anything else."""
    found = _MONEY.fullmatch(text.strip())
    if found is None or found[1] not in EXPONENTS:
        return None
    try:
        return amount_of(found[3], found[1]).minor, found[1]
    except BadAmount:
        return None


class EntryDates(NamedTuple):
    """Booking and value date of an entry; `bad` is the text that is no day, if there is one."""

    booking: date | None
    value: date | None
    bad: str | None


def entry_dates(value_text: str, entry_text: str) -> EntryDates:
    """Subfields 1 (YYMMDD) and 2 (MMDD or blank; some banks write YYMMDD) of `:61:`.

    The entry date has no year: it gets the one that puts it nearest to the value date. A value date that the calendar
    does not have (30 February as an interest date) becomes None, never another day; it still tells the year.
    """
    bad = None
    value: date | None
    anchor: date | None
    try:
        value = anchor = short_date(value_text)
    except BadDate:
        value, bad = None, value_text
        anchor = _month_end(value_text)
    if not entry_text.strip() or (value is not None and entry_text == value_text[2:]):
        return EntryDates(value, value, bad)
    if len(entry_text) > ENTRY_DATE_CHARS:
        try:
            return EntryDates(short_date(entry_text), value, bad)
        except BadDate:
            return EntryDates(value, value, bad or entry_text)
    booking = nearest_year(int(entry_text[:2]), int(entry_text[2:]), anchor) if anchor is not None else None
    if booking is None:
        return EntryDates(value, value, bad or entry_text)
    return EntryDates(booking, value, bad)


def _month_end(text: str) -> date | None:
    """The last day of the month of a YYMMDD text whose day is too large; None if the month is none either."""
    month = int(text[2:4])
    if not 1 <= month <= 12:
        return None
    first = short_date(text[:4] + "01")
    return first.replace(day=monthrange(first.year, month)[1])


def nearest_year(month: int, day: int, anchor: date) -> date | None:
    """The day with this month and day that is nearest to `anchor`, the same year first; None if no year near has it."""
    found = None
    for year in (anchor.year, anchor.year - 1, anchor.year + 1):
        try:
            candidate = date(year, month, day)
        except ValueError:
            continue
        if found is None or abs(candidate - anchor) < abs(found - anchor):
            found = candidate
    return found
