"""Our check digits against an independent reading of the same standards: they agree on numbers right and wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban, iso11649
from stdnum import luhn as luhn_of_another
from stdnum.be import ogm_vcs
from stdnum.ch import esr

from matcher.parsers.identifiers import iban as iban_of
from matcher.parsers.identifiers import is_iban
from matcher.rules import references

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def digits(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=least, max_size=most)


@given(digits(2, 25))
def test_luhn(number: str) -> None:
    assert references.luhn(number) == luhn_of_another.is_valid(number)
    assert luhn_of_another.is_valid(number + references.luhn_digit(number))


@given(digits(2, 2), st.text(LETTERS, min_size=1, max_size=21))
def test_a_creditor_reference(check: str, rest: str) -> None:
    reference = f"RF{check}{rest}"

    assert references.rf(reference) == iso11649.is_valid(reference)


@pytest.mark.parametrize(
    ("ours", "theirs", "length"),
    [(references.ogm, ogm_vcs.is_valid, 12), (references.qrr, esr.is_valid, 27)],
    ids=["Belgian", "Swiss"],
)
def test_a_reference_of_fixed_length(ours: Callable[[str], bool], theirs: Callable[[str], bool], length: int) -> None:
    base = "0123456789" * 4

    for start in range(10):
        payload = base[start : start + length - 2]
        found = [payload + f"{end:02}" for end in range(100)]
        assert [ours(number) for number in found] == [theirs(number) for number in found]


@given(digits(20, 20), st.integers(0, 96))
def test_a_swedish_account_number(domestic: str, other: int) -> None:
    right = iban_of("SE", domestic)
    wrong = f"SE{other:02}{domestic}"

    assert is_iban(right)
    assert iban.is_valid(right, check_country=False)
    assert is_iban(wrong) == iban.is_valid(wrong, check_country=False)
