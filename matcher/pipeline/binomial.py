"""How small an error rate some confirmed matches prove: the exact binomial (Clopper-Pearson) bound.

With `wrong` wrong ones among `of`, "at most 1 in N" is proved at a level of doubt if that few would come from a rate of
1 in N only with that probability or less. With none wrong this is the rule of three: 2,995 without a wrong one prove
1 in 1,000 at a doubt of 1 in 20. Integers up to `EXACT_TRIALS`; beyond, decimals of `_DIGITS` digits whose error is
many orders below what decides.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

EXACT_TRIALS = 2_000
_DIGITS = 60
_LARGEST = 10**12
# More than all rounding together, so that a doubtful last digit never proves anything.
_SAFETY = Decimal(1) + Decimal(10) ** -30


def proves(*, wrong: int, of: int, one_in: int, doubt: Fraction) -> bool:
    """Whether `wrong` among `of` prove a rate of at most 1 in `one_in`, at the probability `doubt` of being mistaken."""
    assert 0 <= wrong <= of
    assert one_in >= 1
    if one_in == 1:
        return True
    if of <= EXACT_TRIALS:
        return _at_most_exactly(wrong, of, one_in) <= doubt
    with localcontext() as context:
        context.prec = _DIGITS
        limit = Decimal(doubt.numerator) / Decimal(doubt.denominator)
        return _at_most(wrong, of, one_in) * _SAFETY <= limit


def _at_most_exactly(wrong: int, of: int, one_in: int) -> Fraction:
    """The probability of at most that many, as a fraction of whole numbers."""
    term = (one_in - 1) ** of
    total = term
    for count in range(wrong):
        term = term * (of - count) // ((count + 1) * (one_in - 1))
        total += term
    return Fraction(total, one_in**of)


def _at_most(wrong: int, of: int, one_in: int) -> Decimal:
    term = (Decimal(one_in - 1) / one_in) ** of
    total = term
    for count in range(wrong):
        term = term * (of - count) / ((count + 1) * (one_in - 1))
        total += term
    return total


def best_promise(*, wrong: int, of: int, doubt: Fraction) -> int:
    """The largest N for which "at most 1 in N" is proved; 1 proves nothing."""
    low, high = 1, 2
    while high < _LARGEST and proves(wrong=wrong, of=of, one_in=high, doubt=doubt):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if proves(wrong=wrong, of=of, one_in=middle, doubt=doubt):
            low = middle
        else:
            high = middle
    return low


def needed(*, wrong: int, one_in: int, doubt: Fraction) -> int:
    """How many confirmed matches, `wrong` of them wrong, it takes to prove "at most 1 in `one_in`"."""
    low, high = wrong, max(1, wrong)
    while not proves(wrong=wrong, of=high, one_in=one_in, doubt=doubt):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if proves(wrong=wrong, of=middle, one_in=one_in, doubt=doubt):
            high = middle
        else:
            low = middle
    return high
