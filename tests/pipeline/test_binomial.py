"""The exact bound: what a number of confirmed matches proves, and nothing more."""

from __future__ import annotations

from decimal import localcontext
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.pipeline import binomial
from matcher.pipeline.binomial import best_promise, needed, proves

DOUBT = Fraction(1, 20)


@pytest.mark.parametrize(("wrong", "of"), [(0, 2995), (1, 4742), (2, 6294)])
def test_one_in_a_thousand_takes_what_the_tables_say(wrong: int, of: int) -> None:
    assert needed(wrong=wrong, one_in=1000, doubt=DOUBT) == of
    assert proves(wrong=wrong, of=of, one_in=1000, doubt=DOUBT)
    assert not proves(wrong=wrong, of=of - 1, one_in=1000, doubt=DOUBT)


@pytest.mark.parametrize(
    ("wrong", "of", "bound"),
    # Upper 95 % Clopper-Pearson bounds of published tables: 0/10 0.2589, 1/50 0.0914, 3/100 0.0757, 5/10000 0.00105.
    [(0, 10, 3), (1, 50, 10), (3, 100, 13), (5, 10_000, 951)],
)
def test_the_bound_is_that_of_clopper_and_pearson(wrong: int, of: int, bound: int) -> None:
    assert best_promise(wrong=wrong, of=of, doubt=DOUBT) == bound


def test_no_data_prove_nothing() -> None:
    assert best_promise(wrong=0, of=0, doubt=DOUBT) == 1
    assert not proves(wrong=0, of=0, one_in=2, doubt=DOUBT)
    assert best_promise(wrong=7, of=7, doubt=DOUBT) == 1


@given(of=st.integers(1, 80), wrong=st.integers(0, 80), one_in=st.integers(2, 90))
def test_the_probability_is_the_sum_of_the_binomial_terms(of: int, wrong: int, one_in: int) -> None:
    wrong = min(wrong, of)
    tail = sum(comb(of, count) * (one_in - 1) ** (of - count) for count in range(wrong + 1))
    exact = Fraction(tail, one_in**of)

    assert proves(wrong=wrong, of=of, one_in=one_in, doubt=exact)
    if exact > 0:
        assert not proves(wrong=wrong, of=of, one_in=one_in, doubt=exact - Fraction(1, 10**80))


@given(of=st.integers(1, 2000), wrong=st.integers(0, 5), one_in=st.integers(2, 5000))
def test_decimals_agree_with_whole_numbers_to_forty_digits(of: int, wrong: int, one_in: int) -> None:
    wrong = min(wrong, of)
    exact = binomial._at_most_exactly(wrong, of, one_in)

    with localcontext() as context:
        context.prec = 60
        near = Fraction(binomial._at_most(wrong, of, one_in))

    assert abs(near - exact) <= exact / 10**40


@given(of=st.integers(1, 5000), wrong=st.integers(0, 20), more=st.integers(1, 500))
def test_more_right_ones_never_prove_less_and_a_wrong_one_never_more(of: int, wrong: int, more: int) -> None:
    wrong = min(wrong, of)
    promise = best_promise(wrong=wrong, of=of, doubt=DOUBT)

    assert best_promise(wrong=wrong, of=of + more, doubt=DOUBT) >= promise
    assert best_promise(wrong=wrong + 1, of=of + 1, doubt=DOUBT) <= promise
