"""Windows count banking days: weekends never, holidays where the account's country has them."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

import matcher
from matcher.proposal import MatchStatus
from matcher.rules.bankdays import ordinals
from matcher.rules.columns import EPOCH
from matcher.rules.settings import RuleSettings

MAUNDY_THURSDAY, EASTER_TUESDAY = date(2026, 4, 2), date(2026, 4, 7)
SWEDISH, UNNAMED = "SE4450000000054391024039", "1930"


def between(country: str, start: date, end: date) -> int:
    """Banking days from one day to another."""
    numbers = ordinals(country, start.toordinal() - EPOCH, end.toordinal() - EPOCH)
    return int(numbers[-1] - numbers[0])


@pytest.mark.parametrize(
    ("country", "start", "end", "days"),
    [
        ("", date(2026, 3, 6), date(2026, 3, 9), 1),  # Friday to Monday
        ("", date(2026, 3, 7), date(2026, 3, 8), 0),  # Saturday to Sunday
        ("", date(2026, 3, 2), date(2026, 3, 9), 5),
        ("SE", MAUNDY_THURSDAY, EASTER_TUESDAY, 1),
        ("", MAUNDY_THURSDAY, EASTER_TUESDAY, 3),
        ("XX", MAUNDY_THURSDAY, EASTER_TUESDAY, 3),
        ("NO", date(2026, 4, 1), EASTER_TUESDAY, 1),  # Maundy Thursday is a holiday there
        ("SE", date(2025, 12, 30), date(2026, 1, 2), 1),  # neither New Year's Eve nor New Year's Day
        ("SE", date(2026, 6, 18), date(2026, 6, 22), 1),  # Midsummer Eve
        ("GB", date(2025, 12, 30), date(2026, 1, 2), 2),  # banks are open on the 31st
        ("SE", date(2026, 4, 1), EASTER_TUESDAY, 2),  # Maundy Thursday is short, and a banking day
        ("SE", date(2026, 5, 13), date(2026, 5, 15), 1),  # Ascension
        ("DE", date(2026, 6, 5), date(2026, 6, 8), 1),
        ("SE", MAUNDY_THURSDAY, MAUNDY_THURSDAY, 0),
    ],
)
def test_days_without_banking_do_not_count(country: str, start: date, end: date, days: int) -> None:
    assert between(country, start, end) == days


def paid(account: str, *, dated: date, booked: date, amount: int = 1_234_567) -> MatchStatus:
    """What becomes of a payment that only name and amount tell, when a window reaches one banking day each way."""
    lines = {"id": ["B"], "account": [account], "booking_date": [booked], "amount": [amount], "currency": ["SEK"]}
    book = {"id": ["K"], "account": [account], "date": [dated], "amount": [amount], "currency": ["SEK"]}
    rules = RuleSettings(receipt_days_after=1, receipt_days_before=0, payment_days_after=0, payment_days_before=1)
    named = pd.DataFrame(lines).assign(counterparty_name="Sjöhagens Trä AB")
    (row,) = matcher.match(named, pd.DataFrame(book).assign(counterparty="Sjöhagens Trä AB"), rules=rules).rows()
    return row.status


def test_easter_is_one_day_where_the_account_says_its_country() -> None:
    assert paid(SWEDISH, dated=MAUNDY_THURSDAY, booked=EASTER_TUESDAY) is MatchStatus.CLEARED
    assert paid(UNNAMED, dated=MAUNDY_THURSDAY, booked=EASTER_TUESDAY) is not MatchStatus.CLEARED


def test_a_window_has_two_sides_and_each_direction_its_own() -> None:
    monday, tuesday = date(2026, 3, 9), date(2026, 3, 10)

    assert paid(SWEDISH, dated=monday, booked=tuesday) is MatchStatus.CLEARED
    assert paid(SWEDISH, dated=tuesday, booked=monday) is not MatchStatus.CLEARED
    assert paid(SWEDISH, dated=monday, booked=tuesday, amount=-1_234_567) is not MatchStatus.CLEARED
    assert paid(SWEDISH, dated=tuesday, booked=monday, amount=-1_234_567) is MatchStatus.CLEARED
