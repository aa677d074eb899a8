"""What a library user may hand to `matcher.match`: what would become other money or another day is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import matcher
from matcher.proposal import MatchStatus
from matcher.rules.frames import lines_from_frame
from recon_core.domain.refused import BadColumn


def frames(**changed: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A bank line and the invoice that it pays; columns of the line may be changed."""
    line: dict[str, Any] = {
        "id": ["B1"], "account": ["1930"], "booking_date": ["2026-03-02"], "amount": [1250000], "currency": ["SEK"],
        "creditor_reference": ["301101"],
    }  # fmt: skip
    book = {
        "id": ["K30110"], "account": ["1930"], "date": ["2026-02-27"], "amount": [1250000], "currency": ["SEK"],
        "reference": ["301101"],
    }  # fmt: skip
    return pd.DataFrame(line | changed), pd.DataFrame(book)


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"amount": [12500.0]}, "lines.amount"),
        ({"amount": ["12500.00"]}, "lines.amount"),
        ({"amount": [None]}, "lines.amount"),
        ({"amount": [True]}, "lines.amount"),
        ({"booking_date": ["02/03/2026"]}, "lines.booking_date"),
        ({"value_date": ["3 mars"]}, "lines.value_date"),
        ({"booking_date": ["2026-02-30"]}, "lines.booking_date"),
        ({"booking_date": ["2026-03-021"]}, "lines.booking_date"),
        ({"amount": [10**19]}, "lines.amount"),
        ({"amount": [Decimal(1250000)]}, "lines.amount"),
        ({"original_amount": [12.5]}, "lines.original_amount"),
        ({"id": [None]}, "lines.id"),
        ({"account": [None]}, "lines.account"),
        ({"currency": [float("nan")]}, "lines.currency"),
        ({"currency": ["sek"]}, "lines.currency"),
    ],
)
def test_money_that_is_no_integer_and_days_that_need_guessing_are_refused(changed: dict[str, Any], where: str) -> None:
    with pytest.raises(BadColumn) as refused:
        matcher.match(*frames(**changed))
    assert refused.value.where == where
    assert refused.value.cure


def test_a_missing_column_and_a_double_id_are_named() -> None:
    lines, book = frames()
    with pytest.raises(BadColumn, match="lines: There is no column amount"):
        matcher.match(lines.drop(columns="amount"), book)
    with pytest.raises(BadColumn, match="'B1' comes twice"):
        matcher.match(pd.concat([lines, lines]), book)
    with pytest.raises(BadColumn, match="'K30110' comes twice"):
        matcher.match(lines, pd.concat([book, book]))


@pytest.mark.parametrize("day", ["2026-03-02", date(2026, 3, 2), pd.Timestamp("2026-03-02")])
@pytest.mark.parametrize("kind", ["int64", "Int64", "object"])
def test_dates_and_integers_of_every_kind_are_taken(day: object, kind: str) -> None:
    lines, book = frames(booking_date=[day])
    lines["amount"] = lines["amount"].astype(kind)
    (row,) = matcher.match(lines, book).rows()
    assert (row.status, row.book, row.difference) == (MatchStatus.CLEARED, ("K30110",), 0)


def test_a_timestamp_is_the_day_that_it_shows_in_its_own_time_zone() -> None:
    night = pd.Timestamp("2026-03-02 00:30", tz="Europe/Stockholm")  # 1 March in UTC

    lines = lines_from_frame(frames(booking_date=[night])[0])

    assert lines.booking_day.tolist() == [(date(2026, 3, 2) - date(1970, 1, 1)).days]


@pytest.mark.parametrize("changes", [{}, {"dtype_backend": "pyarrow"}])
def test_frames_of_every_backend_and_category_give_the_same(changes: dict[str, Any]) -> None:
    lines, book = frames()
    plain = list(matcher.match(lines, book).rows())

    converted = matcher.match(lines.convert_dtypes(**changes), book.convert_dtypes(**changes))
    categories = matcher.match(lines.astype({"account": "category", "creditor_reference": "category"}), book)

    assert list(converted.rows()) == list(categories.rows()) == plain


def test_missing_texts_numbers_and_days_are_nothing_and_not_the_text_nan() -> None:
    nothing = {"creditor_reference": [None], "original_amount": [None], "batch_count": [None], "reversal": [None]}

    (row,) = matcher.match(*frames(**nothing)).rows()
    (undated,) = matcher.match(*frames(booking_date=[None])).rows()

    assert row.status is MatchStatus.PROPOSED
    assert not any("nan" in reason.says.casefold() for reason in row.evidence)
    assert undated.status is MatchStatus.UNMATCHED


def test_a_reference_that_pandas_made_a_float_is_the_number_that_it_was() -> None:
    lines, book = frames()
    more = pd.DataFrame(
        {"id": ["B2"], "account": ["1930"], "booking_date": ["2026-03-02"], "amount": [1], "currency": ["SEK"]}
    )
    mixed = pd.concat([lines.assign(creditor_reference=[301101]), more], ignore_index=True)

    first, second = matcher.match(mixed, book.assign(reference=[301101])).rows()

    assert mixed["creditor_reference"].dtype == "float64"
    assert (first.status, first.evidence[0].says) == (MatchStatus.CLEARED, "OCR 301101 is invoice 301101")
    assert second.status is MatchStatus.UNMATCHED


def test_the_index_of_a_frame_and_its_further_columns_are_nothing() -> None:
    lines, book = frames()
    two = pd.concat([lines, lines.assign(id="B2", account="1940")]).set_axis([7, 7]).assign(colour="red")

    first, second = matcher.match(two, book).rows()

    assert (first.status, second.status) == (MatchStatus.CLEARED, MatchStatus.UNMATCHED)


def test_empty_frames_give_an_empty_result() -> None:
    lines, book = frames()

    assert len(matcher.match(lines.iloc[:0], book).frame()) == 0
    assert [row.status for row in matcher.match(lines, book.iloc[:0]).rows()] == [MatchStatus.UNMATCHED]


def test_the_frame_that_comes_out_has_integers_and_the_ids_that_went_in() -> None:
    lines, book = frames(id=[17])

    out = matcher.match(lines, book.assign(amount=[1250100])).frame()

    assert out["id"].tolist() == [17]
    assert out["difference"].dtype == "int64"
    assert out.loc[0, "difference"] == -100
    assert out.loc[0, "book"] == ["K30110"]


@pytest.mark.parametrize("kind", [str, Path])
def test_rules_are_named_by_a_path_or_its_text(kind: type, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("reference_days_after = 0\nreceipt_days_after = 0\n", encoding="utf-8")
    lines, book = frames()

    (row,) = matcher.match(lines, book, rules=kind(path)).rows()

    assert row.status is not MatchStatus.CLEARED
