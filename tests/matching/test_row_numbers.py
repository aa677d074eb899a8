"""Which items a number may mean."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from matcher.rules.row_numbers import NumberSearch, RowNumbers

KEYS = st.one_of(
    st.integers(100, 120_000).map(str),
    st.builds("{}{}".format, st.sampled_from(["INV", "RF58", "P", "KND"]), st.integers(100, 120_000)),
)
ITEMS = st.lists(st.tuples(st.just("") | KEYS, st.lists(KEYS, max_size=2)), min_size=1, max_size=6)


@given(ITEMS, KEYS, st.booleans())
def test_no_item_is_missed_that_a_number_is_of_or_near_to(
    items: list[tuple[str, list[str]]], number: str, is_cut: bool
) -> None:
    numbers = [RowNumbers(whole, described) for whole, described in items]

    found = NumberSearch(range(len(numbers)), items).may_mean(number, is_cut=is_cut)

    assert found >= {
        row
        for row, one in enumerate(numbers)
        if one.has(number) or one.near(number) or one.inside(number) or (is_cut and one.begins_with(number))
    }


@given(KEYS, ITEMS)
def test_an_item_is_found_by_its_own_number(number: str, items: list[tuple[str, list[str]]]) -> None:
    search = NumberSearch(range(len(items) + 1), [(number, []), *items])

    assert 0 in search.may_mean(number, is_cut=False)
