"""The matching engine for a library user: pandas frames in, a result with `frame()` and `rows()` out."""

from __future__ import annotations

import re
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING

from matcher import engine
from matcher.engine import MatchResult
from matcher.rules.frames import book_from_frame, lines_from_frame
from matcher.rules.settings import RuleSettings
from recon_core.domain.refused import BadColumn

if TYPE_CHECKING:
    import pandas as pd

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def match(lines: pd.DataFrame, book: pd.DataFrame, *, rules: RuleSettings | Path | None = None) -> MatchResult:
    """Match a frame of bank lines with a frame of open book transactions. No database, no server, no global state.

    `lines` needs the columns `id`, `account`, `booking_date`, `amount`, `currency`, `book` needs `id`, `account`,
    `date`, `amount`, `currency`; amounts are integer minor units, + into the account. What other columns are read:
    `matcher.rules.columns`. `rules` is a `RuleSettings` or the path of a rules file (then `BadSetting` may be raised).
    Dates are dates, timestamps or ISO texts. Raises `BadColumn` where a column is missing or is not what it must be.
    """
    _check(lines, name="lines", day="booking_date")
    _check(book, name="book", day="date")
    settings = RuleSettings.from_toml(rules) if isinstance(rules, Path) else rules
    return engine.match(lines_from_frame(lines), book_from_frame(book), rules=settings)


def _check(frame: pd.DataFrame, *, name: str, day: str) -> None:
    """Refuse what would otherwise be read as other money or another day. Raises `BadColumn`."""
    from pandas.api.types import is_integer_dtype

    missing = [column for column in ("id", "account", day, "amount", "currency") if column not in frame]
    if missing:
        raise BadColumn(f"There is no column {', '.join(missing)}.", cure="Rename or add it.", where=name)
    amounts = frame["amount"]
    if amounts.isna().any() or not (is_integer_dtype(amounts.dtype) or all(map(_is_integer, amounts))):
        raise BadColumn(
            f"The amounts are {amounts.dtype}, not integers.",
            cure="Give minor units: 12 500.00 SEK is 1250000, an int64.",
            where=f"{name}.amount",
        )
    for column in (day, "value_date"):
        if column in frame:
            for value in frame[column].dropna().unique():
                if isinstance(value, str) and value and not _ISO_DAY.match(value):
                    raise BadColumn(
                        f"{value!r} is no ISO date.",
                        cure="Give dates, or texts such as 2026-03-02.",
                        where=f"{name}.{column}",
                    )
    double = frame.duplicated(["account", "id"])
    if double.any():
        found = frame.loc[double, "id"].iloc[0]
        raise BadColumn(f"The id {found!r} comes twice.", cure="Give each row an id of its own.", where=f"{name}.id")


def _is_integer(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
