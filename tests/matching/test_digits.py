"""Numbers read from many texts at once are those that are read from each text alone."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matcher.rules.bank_words import folded
from matcher.rules.canonical import canonical_order
from matcher.rules.columns import NO_DAY, Texts, factorize
from matcher.rules.digits import BORDER, DIGITS_MAX, is_number, is_token, sole_numbers
from matcher.rules.joins import ranges
from matcher.rules.lines_kind import by_whole_lines
from matcher.rules.numbering import LastNumbers, last_number, without_last_number, without_numbers
from matcher.rules.quoted_keys import QuotedKeys, RowKeys
from matcher.rules.tokens import all_tokens, core_of, normalized, parts_of, tokens

TEXTS = st.lists(st.text(st.sampled_from("0012389 -/.\nRFåA:é"), max_size=24), max_size=8)
KEY = st.from_regex(r"(RF[0-9]{2}|INV|UB0{0,3})?[1-9][0-9]{2,7}[A-Z]?[0-9]?", fullmatch=True).map(normalized)
KEYS = st.lists(KEY, max_size=8)
# Few, so that many are equal, or parts of each other.
ALIKE = st.from_regex(r"(RF[67][1-4]|INV)?4711[0-9]{0,2}", fullmatch=True)


@given(TEXTS)
def test_the_sole_number_of_a_text_is_its_only_run_of_digits(texts: list[str]) -> None:
    found = sole_numbers(texts)

    for text, value, digits, before, after in zip(texts, *(column.tolist() for column in found), strict=True):
        numbers = list(re.finditer("[0-9]+", text.replace("\n", " ")))
        if len(numbers) == 1 and len(numbers[0][0]) <= DIGITS_MAX:
            signs = f"\n{text}\n".replace("\n", " ").encode()
            start = signs.index(numbers[0][0].encode())
            assert (value, digits) == (int(numbers[0][0]), len(numbers[0][0]))
            assert before in {signs[start - 1], BORDER}
            assert after in {signs[start + digits], BORDER}
        else:
            assert value == -1


def test_half_of_a_surrogate_pair_is_a_sign_like_any_other() -> None:
    assert sole_numbers(["\ud800 12345", "7"]).value.tolist() == [12345, 7]


@given(TEXTS)
def test_tokens_of_many_texts_are_those_of_each(texts: list[str]) -> None:
    assert all_tokens(texts) == [tokens(text) for text in texts]


@given(TEXTS)
def test_what_is_taken_for_a_token_is_the_only_token(texts: list[str]) -> None:
    found = sole_numbers(texts)
    for text, value, token, number in zip(
        texts, found.value.tolist(), is_token(found).tolist(), is_number(found).tolist(), strict=True
    ):
        assert not token or tokens(text) == [str(value)]
        assert number == (bool(re.fullmatch("[0-9]+", text)) and len(text) <= DIGITS_MAX)


@given(TEXTS)
def test_last_numbers_of_many_texts_are_those_of_each(texts: list[str]) -> None:
    column = factorize(texts)
    numbers = LastNumbers(Texts(column.codes, column.values))
    used = numbers.used(np.arange(len(texts)))

    values = [column.values[code] for code in used.tolist()]
    assert numbers.number[used].tolist() == [last_number(text) for text in values]
    for left, one in zip(used.tolist(), values, strict=True):
        for right, other in zip(used.tolist(), values, strict=True):
            assert (numbers.rest[left] == numbers.rest[right]) == (
                without_last_number(one) == without_last_number(other)
            )
            assert (numbers.shape[left] == numbers.shape[right]) == (without_numbers(one) == without_numbers(other))


@given(KEYS, KEYS)
def test_no_reference_is_missed_that_a_line_quotes(quoted: list[str], references: list[str]) -> None:
    keys = QuotedKeys(quoted, np.arange(len(quoted)), np.zeros(len(quoted), np.int32))
    named, cut = keys.may_name(np.zeros(len(references), np.int32), sole_numbers(references))

    for reference, is_named, may_be_cut in zip(references, named.tolist(), cut.tolist(), strict=True):
        shorter = {part for part in parts_of(reference) if part in keys.texts} - {core_of(reference)}
        assert may_be_cut or not shorter
        parts = {part for key in quoted for part in parts_of(key)}
        own = {reference, core_of(reference)} - {""}
        assert is_named or not (shorter or own & (keys.texts | parts))


POOLS = st.integers(0, 2)


@given(st.lists(st.tuples(POOLS, ALIKE | KEY), max_size=20), st.lists(st.tuples(POOLS, ALIKE | KEY), max_size=20))
def test_a_quoted_key_finds_an_equal_one_of_its_pool_or_else_its_parts(
    quoted: list[tuple[int, str]], held: list[tuple[int, str]]
) -> None:
    keys = RowKeys({}, {})
    pools, codes = [pool for pool, _ in held], [keys.add_own(key) for _, key in held]
    asks = QuotedKeys(
        [key for _, key in quoted], np.arange(len(quoted)), np.array([pool for pool, _ in quoted], np.int32)
    )
    ask, entry, in_part = keys.held(asks, np.array(pools, np.int32), np.array(codes, np.int64), len(held))

    found = set(zip(ask.tolist(), entry.tolist(), in_part.tolist(), strict=True))
    wanted = set()
    for at, (pool, key) in enumerate(quoted):
        others = {(place, other) for place, (of, other) in enumerate(held) if of == pool}
        texts = {other for _, other in others}
        parts = {core_of(key)} if core_of(key) in texts else parts_of(key)
        sought = {key} if key in texts else parts
        wanted |= {(at, place, key not in texts) for place, other in others if other in sought}
    assert found == wanted


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2), st.sampled_from([NO_DAY, 5, 6, 7]), st.integers(-3, 3), st.sampled_from(["9", "10", "a"])
        ),
        max_size=12,
    )
)
def test_the_canonical_order_is_by_account_day_amount_and_id(rows: list[tuple[int, int, int, str]]) -> None:
    names, days, amounts, ids = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [], [])
    order = canonical_order(
        ["c", "a", "b"], np.array(names, np.int32), np.array(days, np.int32), np.array(amounts, np.int64), ids
    )

    rank = [2, 0, 1]
    assert order.tolist() == sorted(
        range(len(rows)),
        key=lambda at: (rank[names[at]], days[at], amounts[at], len(ids[at]), ids[at], at),
    )


@given(st.lists(st.integers(0, 9)), st.lists(st.integers(-1, 10)))
def test_ranges_hold_all_equal_keys(keys: list[int], wanted: list[int]) -> None:
    first, last = ranges(np.sort(np.array(keys, np.int64)), np.array(wanted, np.int64))

    for one, start, end in zip(wanted, first.tolist(), last.tolist(), strict=True):
        assert sorted(keys)[start:end] == [one] * keys.count(one)


def test_a_legal_form_in_two_words_does_not_hide_what_a_bank_says() -> None:
    from matcher.proposal import Category

    assert folded("Retur Ekonomisk Förening") == "RETUR"
    assert by_whole_lines("Retur Ekonomisk Förening", (Category.RETURN,)) is Category.RETURN
    assert by_whole_lines("Retur Bygg", (Category.RETURN,)) is None


def test_a_number_that_does_not_fit_is_no_number() -> None:
    found = sole_numbers(["9" * DIGITS_MAX, "9" * (DIGITS_MAX + 1), "x" * 3, ""])

    assert found.value.tolist() == [10**DIGITS_MAX - 1, -1, -1, -1]
