"""Short ways to read CSV texts and profiles in tests."""

from __future__ import annotations

import io
from collections.abc import Iterable

from matcher.parsers.contract import Event, LinesRead, ReadOptions, StatementEnded
from matcher.parsers.csv import FORMAT
from matcher.parsers.csv.profile import Profile, parse_profile
from matcher.parsers.csv.reader import read_with
from recon_core.domain.diagnostic import Diagnostic
from recon_core.domain.statement import StatementHeader, StatementLine

PROFILE = """
name = "test-bank"
title = "Test Bank"
verified = "All of it: it was made for a test."

[file]
header = ["Date", "Text", "Amount"]
delimiter = ";"
decimal = ","
grouping = [" ", "."]
dates = ["YYYY-MM-DD"]

[columns]
booking_date = "Date"
remittance = "Text"
amount = "Amount"
balance = "Balance"
currency = "Currency"

[account]
currency = "EUR"
"""


def profile(text: str = PROFILE) -> Profile:
    return parse_profile(text, source="test.toml")


def read_text(text: str, *, using: str = PROFILE, currency: str | None = None) -> list[Event]:
    return read_bytes(text.encode(), using=using, currency=currency)


def read_bytes(data: bytes, *, using: str = PROFILE, currency: str | None = None) -> list[Event]:
    return list(read_with(profile(using), data, io.BytesIO(), ReadOptions(currency=currency)))


def read_known(data: bytes) -> list[Event]:
    return list(FORMAT.read(io.BytesIO(data), ReadOptions()))


def lines_of(told: Iterable[Event]) -> list[StatementLine]:
    return [line for event in told if isinstance(event, LinesRead) for line in event.lines]


def headers_of(told: Iterable[Event]) -> list[StatementHeader]:
    return [event.header for event in told if isinstance(event, StatementEnded)]


def odd(told: Iterable[Event]) -> list[Diagnostic]:
    return [event for event in told if isinstance(event, Diagnostic) and event.code != "account-missing"]
