"""Which statement should have come: from the account's own rhythm."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from matcher.pipeline.night.rhythm import expected

DAYS = [date(2026, 3, day) for day in (2, 3, 4, 5, 6, 9, 10, 11, 12, 13)]
DAILY = [(day, day + timedelta(days=1)) for day in DAYS]
MONTHLY = [
    (day, day + timedelta(days=2))
    for day in (date(2025, 11, 30), date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 28))
]


def due(deliveries: list[tuple[date, date]], today: date) -> date | None:
    return expected(deliveries, country="SE", today=today)


def test_a_daily_statement_is_expected_on_the_next_banking_day_and_its_usual_way() -> None:
    # The last one is of Friday the 13th; that of Monday arrives on Tuesday.
    assert due(DAILY, date(2026, 3, 16)) == date(2026, 3, 17)


def test_a_public_holiday_is_no_banking_day() -> None:
    days = [date(2026, 3, 30), date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 2)]

    # Good Friday and Easter Monday lie between Thursday and Tuesday.
    assert due([(day, day) for day in days], date(2026, 4, 6)) == date(2026, 4, 7)


def test_a_monthly_statement_has_the_longest_month_and_a_weekend() -> None:
    assert due(MONTHLY, date(2026, 4, 1)) == date(2026, 4, 4)


def test_one_long_gap_is_an_exception_and_does_not_make_the_rhythm() -> None:
    without = [pair for pair in DAILY if pair[0] not in {date(2026, 3, 5), date(2026, 3, 6)}]

    assert due(without, date(2026, 3, 16)) == date(2026, 3, 17)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_few_statements_have_no_rhythm(count: int) -> None:
    assert due(DAILY[:count], date(2026, 6, 1)) is None


def test_history_that_was_brought_in_at_once_does_not_say_that_statements_take_months() -> None:
    backfill = [(day, date(2026, 3, 13)) for day in DAYS]

    found = due(backfill, date(2026, 3, 16))

    assert found is not None
    assert found <= date(2026, 3, 19)
