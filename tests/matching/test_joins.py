"""Orders and joins on integer keys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.rules.joins import distinct, runs, stable_order


@pytest.mark.parametrize("count", [0, 1, 10, 5_000])
def test_equal_keys_stay_in_their_order(count: int) -> None:
    keys = np.random.default_rng(count).integers(-40, 40, count)

    assert stable_order(keys).tolist() == sorted(range(count), key=keys.tolist().__getitem__)


@given(st.lists(st.integers(-3, 3)))
def test_runs_are_where_the_same_key_goes_on(keys: list[int]) -> None:
    ordered = np.sort(np.array(keys, np.int64))

    starts, ends = runs(ordered)

    assert [ordered[start:end].tolist() for start, end in zip(starts, ends, strict=True)] == [
        [key] * keys.count(key) for key in sorted(set(keys))
    ]
    assert distinct(np.array(keys, np.int64)).tolist() == sorted(set(keys))
