"""An account's result is its own, whatever other accounts are matched with it."""

from __future__ import annotations

from matcher import engine
from matcher.proposal import MatchStatus
from matcher.rules.columns import book_from_items, lines_from_statement
from tests.matching.books import ACCOUNT, item, line

OTHER = "SE3550000000054910000003"
WAGES = ("1713.41", "1829.57", "1931.13", "2017.89", "2143.27", "2239.71")


def test_lines_of_another_account_are_no_reason_to_doubt_how_two_lines_share_a_day() -> None:
    wages = [item(f"K{place}", "04", f"-{amount}", text=f"Lön {place}") for place, amount in enumerate(WAGES)]
    first, second = ("A", "-5474.11"), ("B", "-6400.87")
    mine = [line(name, "05", amount, additional_info="LÖN") for name, amount in (first, second)]
    others = [line(f"X{place}", "05", f"-{7000 + place}.33", additional_info="LÖN") for place in range(300)]

    found = engine.match(
        lines_from_statement([(ACCOUNT, *one) for one in mine] + [(OTHER, *one) for one in others]),
        book_from_items(wages),
    )

    assert [(found.status_of(place), len(found.rows_of(place))) for place in (0, 1)] == [(MatchStatus.CLEARED, 3)] * 2
