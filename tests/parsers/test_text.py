"""Bytes to text without guessing, and dates and amounts by ASCII rules."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.parsers.text import (
    Decoder,
    compact_date,
    decoded_blocks,
    iso_date,
    iso_datetime,
    short_date,
)
from recon_core.domain.refused import BadDate, BadSetting


def decoded(data: bytes, *, block: int = 7, **options: str) -> tuple[str, str, list[str]]:
    """Text, encoding and codes of the diagnostics."""
    decoder = Decoder(**options)
    text = "".join(decoded_blocks(io.BytesIO(data), decoder, block_bytes=block))
    return text, decoder.encoding, [found.code for found in decoder.diagnostics]


@given(st.text(), st.integers(1, 20))
def test_utf_8_is_read_in_any_blocks(text: str, block: int) -> None:
    if not text.startswith("\ufeff"):
        assert decoded(text.encode(), block=block) == (text, "utf-8", [])


@given(st.text(st.characters(codec="cp1252"), max_size=40), st.integers(1, 20))
def test_windows_1252_is_read_unless_it_happens_to_be_utf_8(text: str, block: int) -> None:
    data = text.encode("cp1252")
    try:
        data.decode()
    except UnicodeDecodeError:
        encodings = {decoded(data, block=block)[1]}
    else:
        encodings = {"utf-8"}

    assert encodings <= {"utf-8", "cp1252"}
    if text.isascii():
        assert decoded(data, block=block)[0] == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("block", [1, 2, 3, 5, 100])
def test_byte_order_marks_are_read_and_removed(encoding: str, block: int) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")

    assert decoded(mark + "Müller 𝄞".encode(encoding), block=block)[0] == "Müller 𝄞"


def test_the_caller_s_code_page_comes_before_the_declared_one_and_the_fallback_last() -> None:
    data = "Müller".encode("cp852")

    assert decoded(data, configured="cp852", declared="cp1252")[:2] == ("Müller", "cp852")
    assert decoded("Müller".encode("cp1252"), declared="1252") == ("Müller", "cp1252", ["encoding-fallback"])
    assert decoded("Müller".encode("cp1252")) == ("Müller", "cp1252", ["encoding-fallback"])


def test_declared_nonsense_is_not_used_and_configured_nonsense_is_refused() -> None:
    assert decoded("ü".encode("cp1252"), declared="NONE")[0] == "ü"
    with pytest.raises(BadSetting, match="nonsense"):
        Decoder(configured="nonsense")


def test_one_wrong_byte_in_utf_8_is_read_alone() -> None:
    text, encoding, codes = decoded("Müller ".encode() + b"\xfc" + " Müller".encode())

    assert (text, encoding, codes) == ("Müller ü Müller", "utf-8", ["encoding-mixed"])


def test_bytes_that_a_code_page_does_not_have_stay_visible() -> None:
    text, _, codes = decoded(b"M\xfcll\xff\x81", block=4, declared="cp1252")

    assert (text, codes) == ("Müllÿ\\x81", ["encoding-fallback", "encoding-damaged"])


def test_the_only_encoding_is_the_only_one() -> None:
    assert decoded("é".encode(), only="cp1252")[0] == "Ã©"


@pytest.mark.parametrize(
    ("read", "text", "wanted"),
    [
        (iso_date, "2026-01-31", date(2026, 1, 31)),
        (iso_date, " 2026-01-31+02:00\n", date(2026, 1, 31)),
        (iso_date, "2026-01-31T23:59:59Z", date(2026, 1, 31)),
        (compact_date, "20260131", date(2026, 1, 31)),
        (short_date, "790131", date(2079, 1, 31)),
        (short_date, "800131", date(1980, 1, 31)),
    ],
)
def test_days_are_read_as_written(read: Callable[[str], date], text: str, wanted: date) -> None:
    assert read(text) == wanted


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (iso_date, "2026-02-29"),
        (iso_date, "20260131"),
        (iso_date, "2026-W05-6"),
        (iso_date, "٢٠٢٦-٠١-٣١"),
        (iso_date, "2026-01-31 extra"),
        (compact_date, "2026-01-31"),
        (compact_date, "20261301"),
        (short_date, "²60131"),
        (short_date, "260230"),
    ],
)
def test_what_is_no_day_is_a_typed_error(read: Callable[[str], date], text: str) -> None:
    with pytest.raises(BadDate):
        read(text)


def test_points_in_time_keep_their_zone_or_have_none() -> None:
    plus_two = timezone(timedelta(hours=2))

    assert iso_datetime("2026-01-31T10:20:30.5+02:00") == datetime(2026, 1, 31, 10, 20, 30, 500_000, plus_two)
    assert iso_datetime("2026-01-31T10:20").tzinfo is None
    for text in ("2026-01-31", "2026-01-31T25:00:00", "2026-01-31T10:20:30+99:00"):
        with pytest.raises(BadDate):
            iso_datetime(text)
