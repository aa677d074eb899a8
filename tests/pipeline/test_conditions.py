"""Conditions say what they mean, read back the same, and point at what can't be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.pipeline.conditions import AllOf, AnyOf, Condition, NotOf, Question, fits, parse
from recon_core.domain.refused import BadSetting
from tests.pipeline.columns import lines_of
from tests.pipeline.small import Line

LINES = lines_of(
    Line("01", "-8500", "Vasakronan AB", "LOKALHYRA APRIL 2026", {"counterparty_account": "5123-4567"}),
    Line("02", "-99.50", "", "Kontoavgift mars", {"code": "PMNT/MDOP/CHRG", "additional_info": "Bankens pris"}),
    Line("03", "1200", "SJÖHAGENS TRÄ", "Faktura 301101, kund 778812"),
    Line("04", "1200", "Hyresgästföreningen", "medlem"),
)


def which(text: str) -> list[int]:
    return [place + 1 for place, holds in enumerate(fits(parse(text), LINES).tolist()) if holds]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('counterparty is "vasakronan"', [1]),
        ('counterparty is "Vasakronan HB"', []),
        ('counterparty is "sjohagens tra ab"', [3]),
        ('text has "april 2026"', [1]),
        ('text has "hyra"', []),
        ('text starts "lokalhyra"', [1]),
        ('text starts "lokal"', []),
        ('text like "lokal*"', [1]),
        ('text like "[a-z]*"', []),
        ('text is "kontoavgift mars"', [2]),
        ('text has "vasakronan"', [1]),
        ('account is "51234567"', [1]),
        ('account starts "5123"', [1]),
        ('code is "PMNT/MDOP/CHRG"', [2]),
        ('number is "778812"', [3]),
        ('number is "78812"', []),
        ("amount = -99.50", [2]),
        ("amount = -99.505", []),
        ("amount >= 1200", [3, 4]),
        ("amount < -99.50", [1]),
        ("direction is payment", [1, 2]),
        ("direction is receipt and not text has medlem", [3]),
        ("amount > 0 and text has medlem or code starts PMNT", [2, 4]),
        ("amount > 0 and (text has medlem or code starts PMNT)", [4]),
        ("not (amount > 0 or text has avgift)", [1, 2]),
    ],
)
def test_a_condition_holds_for_the_lines_that_it_means(text: str, lines: list[int]) -> None:
    assert which(text) == lines


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the end: Expected a field"),
        ("colour is red", "sign 1: Expected a field"),
        ("amount is 5", "sign 8: Expected one of = <= >= < >"),
        ("amount > ten", "sign 10: Expected an amount"),
        ("text has", "the end: Expected a value"),
        ('text has ""', "Expected a text"),
        ("direction is up", "Expected receipt or payment"),
        ('text has "open', "quotation mark is not closed"),
        ("(text has a", "Expected \\)"),
        ("text has a b", "Expected and, or, or the end, found 'b'"),
        ("text has a and", "the end: Expected a field"),
        ("not " * 30 + "text has a", "fewer parentheses"),
        ("text has " + "a" * 1001, "at most 1000 signs"),
    ],
)
def test_what_can_not_be_read_is_pointed_at(text: str, message: str) -> None:
    with pytest.raises(BadSetting, match=message):
        parse(text)


QUESTIONS = st.one_of(
    st.builds(
        Question,
        st.sampled_from(["counterparty", "text"]),
        st.sampled_from(["is", "has", "starts", "like"]),
        st.text(min_size=1, max_size=12).filter(lambda text: bool(text.strip())),
    ),
    st.builds(Question, st.just("direction"), st.just("is"), st.sampled_from(["receipt", "payment"])),
    st.builds(Question, st.just("amount"), st.sampled_from(["=", "<", ">", "<=", ">="]), st.just("-12.50")),
)


def combined(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(NotOf, parts), st.builds(AllOf, several), st.builds(AnyOf, several))


@given(condition=st.recursive(QUESTIONS, combined, max_leaves=6))
def test_every_condition_reads_back_from_its_own_words(condition: Condition) -> None:
    assert parse(str(condition)) == condition


@given(left=st.sampled_from(["amount > 0", 'text has "faktura"', "direction is payment"]), right=QUESTIONS)
def test_not_and_or_are_those_of_logic(left: str, right: Condition) -> None:
    both = fits(parse(left), LINES) & fits(right, LINES)

    assert (fits(parse(f"{left} and ({right})"), LINES) == both).all()
    assert (fits(parse(f"not (not {left} or not ({right}))"), LINES) == both).all()
