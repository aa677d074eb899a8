"""Numbers in what payers write."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matcher.rules.tokens import all_tokens, field_key, labels, parts_of, tokens


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Betalning av faktura nr 81023", {"81023"}),
        ("81023/8102675/8102774", {"81023", "8102675", "8102774"}),
        ("50524/25", {"50524", "50525"}),
        ("51118 + 51119 + -5112479", {"51118", "51119", "5112479"}),
        ("INV-0957-885", {"INV0957885"}),
        ("Fakt.INV-0212-887", {"INV0212887"}),
        ("RF 63 26 05 08 10", {"RF6326050810"}),
        ("6318 8175 22", {"6318817522"}),
        ("5089.2", {"50892"}),
        ("000050509", {"50509"}),
        ("CK99665", {"CK99665"}),
    ],
)
def test_references_are_found_whole(text: str, found: set[str]) -> None:
    assert found <= set(tokens(text))


@pytest.mark.parametrize(
    "text",
    ["", "tack", "Betalning 26.12.2025", "2026-01", "CHF 1527.50", "1527,50 SEK", "12", "den 1/2/26", "Lön 2026-01"],
)
def test_words_dates_amounts_and_short_numbers_are_none(text: str) -> None:
    assert tokens(text) == []


def test_a_number_is_never_found_inside_another() -> None:
    assert "123" not in tokens("51234")
    assert "1234" not in tokens("51234")


def test_a_text_can_hold_only_so_many() -> None:
    assert len(tokens(" ".join(str(number) for number in range(10_000, 12_000)))) <= 64


def test_a_whole_field_is_a_key_without_zeros_blanks_and_separators() -> None:
    assert field_key("0012 3455") == "123455"
    assert field_key("inv-0957-885") == "INV0957885"
    assert field_key("Betalning") == ""


def test_parts_are_digits_without_letters_and_payloads_of_check_digits() -> None:
    assert {"50815", "5081"} <= parts_of("50815A")
    assert parts_of("CHK99665") == {"99665"}
    assert "12345" in parts_of("1234574")
    assert parts_of("81818") == set()


def test_labels_tell_invoices_from_customer_numbers_and_orders() -> None:
    references, others = labels("KUNDNR 39092 FAKT 51107 order 88012")

    assert references == {"51107"}
    assert others == {"39092", "88012"}


WORDS = st.sampled_from(
    [
        "Faktura",
        "FAKT",
        "RF06551894",
        "RF",
        "inv-",
        "81023",
        "510",
        "2/33",
        "2026-04-01",
        "\n",
        "Bankgiro 692-2561",
        "ß",
    ]
)


@given(
    st.lists(
        st.lists(WORDS, max_size=4).map(" ".join) | st.lists(WORDS, max_size=4).map("".join) | st.text(max_size=12)
    )
)
@example(["FAKTRF06551894", "Faktura 81023"])
def test_many_texts_are_read_like_each_of_them(texts: list[str]) -> None:
    assert all_tokens(texts) == [tokens(text) for text in texts]
