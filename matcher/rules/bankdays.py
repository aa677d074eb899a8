"""Banking days: how many the bank had between the day in our books and the day on the statement.

A payment that we date on Friday and the bank books on Monday is one banking day late, not three days. Weekends never
count; public holidays count for the country in the account's IBAN, where that country's calendar is known.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from matcher.rules.columns import EPOCH, Codes

_SPAN_DAYS_MAX = 200 * 366
# Beside public holidays: days that are kept like them, such as Midsummer Eve in Sweden. Short days are banking days.
_CLOSED_ON = ("public", "de_facto")


@lru_cache(maxsize=64)
def _holidays(country: str, first_year: int, last_year: int) -> frozenset[date]:
    import holidays

    if country not in holidays.list_supported_countries():
        return frozenset()
    known = getattr(holidays, country).supported_categories
    categories = tuple(category for category in _CLOSED_ON if category in known)
    return frozenset(holidays.country_holidays(country, years=range(first_year, last_year + 1), categories=categories))


def ordinals(country: str, first_day: int, last_day: int) -> Codes:
    """For each day from `first_day` to `last_day` the running number of its banking day.

    The difference of two entries is the number of banking days between them; a day without banking has the number of
    the last banking day before it.
    """
    assert last_day - first_day < _SPAN_DAYS_MAX
    start = date.fromordinal(first_day + EPOCH)
    end = date.fromordinal(last_day + EPOCH)
    closed = _holidays(country, start.year, end.year) if country else frozenset()
    weekday = (np.arange(first_day, last_day + 1) + 3) % 7
    is_open = weekday < 5
    for holiday in closed:
        place = (holiday - start) // timedelta(days=1)
        if 0 <= place <= last_day - first_day:
            is_open[place] = False
    return np.cumsum(is_open).astype(np.int32)
