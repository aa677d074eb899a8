"""What a library user may hand to `matcher.match`: what would become other money or another day is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

import matcher
from matcher.proposal import MatchStatus
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
