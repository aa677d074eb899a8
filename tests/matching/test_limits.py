"""Bounds: what is too large is given up, in bounded time, and said."""

from __future__ import annotations

import time

import pytest

from matcher.proposal import MatchStatus
from matcher.rules.passes.amount_party import ITEMS_MAX
from matcher.rules.subsets import EXACT_ITEMS, FEW_ITEMS_MAX, adding_up
from tests.matching.books import item, line, matched

SECONDS_MAX = 20


def test_ten_thousand_equal_amounts_end_in_bounded_time_and_say_what_was_given_up() -> None:
    lines = [line(f"L{n}", f"{n % 9 + 10}", "99.00", f"Person {n}", "tack") for n in range(2_000)]
    book = [item(f"K{n}", f"{n % 9 + 9:02d}", "99.00", f"Kund {n}", str(70_000 + n)) for n in range(10_000)]

    started = time.perf_counter()
    found = matched(lines, book)

    assert time.perf_counter() - started < SECONDS_MAX
    assert not [row for row in found.rows.values() if row.status is MatchStatus.CLEARED]
    assert len(found.result.gave_up) == len(lines)
    assert any("cut off at its limit" in evidence.says for evidence in found["L1"].evidence)


def test_ten_thousand_items_of_one_party_end_in_bounded_time() -> None:
    lines = [line(f"L{n}", "12", f"{5_000 + 7 * n}.00", "STORKUND AB") for n in range(300)]
    book = [
        item(f"K{n}", f"{n % 9 + 4:02d}", f"{100 + n % 700}.00", "Storkund AB", str(70_000 + n)) for n in range(10_000)
    ]

    started = time.perf_counter()
    found = matched(lines, book)

    assert time.perf_counter() - started < SECONDS_MAX
    assert {row.status for row in found.rows.values()} <= {MatchStatus.PROPOSED, MatchStatus.UNMATCHED}


def test_all_sums_of_a_few_amounts_are_tried_and_the_few_sums_of_many() -> None:
    import numpy as np

    few = np.arange(1, EXACT_ITEMS + 1) * 1_000 + 1
    many = np.arange(1, FEW_ITEMS_MAX + 20) * 1_000 + 1

    assert adding_up(few, int(few.sum())).found == [tuple(range(EXACT_ITEMS))]
    assert not adding_up(few, int(few.sum())).gave_up
    assert adding_up(many, int(many[:4].sum())).found == []
    assert adding_up(many, int(many[0] + many[1])).gave_up
    assert (0, 1) in adding_up(many, int(many[0] + many[1])).found


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_amounts_make_no_sum(count: int) -> None:
    import numpy as np

    assert adding_up(np.full(count, 100), 100).found == []


def test_what_a_strong_pass_gave_up_no_weaker_pass_clears_with_other_items() -> None:
    lines = [line("L1", "04", "499.00", "Berg AB"), line("L2", "05", "311.37", "Berg AB")]
    instalments = item("K", "03", "810.37", "Berg AB")
    too_many = [item(f"K{n}", "03", "499.00", "Berg AB") for n in range(ITEMS_MAX + 1)]

    alone, among_many = matched(lines, [instalments]), matched(lines, [instalments, *too_many])

    assert alone["L1"].status is MatchStatus.CLEARED
    assert {row.status for row in among_many.rows.values()} == {MatchStatus.PROPOSED}
