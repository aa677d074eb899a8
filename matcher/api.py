"""The matching engine for a library user: pandas frames in, a result with `frame()` and `rows()` out."""

from __future__ import annotations

import re
from datetime import date
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matcher import engine
from matcher.engine import MatchResult
from matcher.rules.frames import book_from_frame, lines_from_frame
from matcher.rules.settings import RuleSettings
from recon_core.domain.currency import EXPONENTS
from recon_core.domain.refused import BadColumn

if TYPE_CHECKING:
    import pandas as pd

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]|$)")
_AMOUNT_MAX = 10**18 - 1


def match(lines: pd.DataFrame, book: pd.DataFrame, *, rules: RuleSettings | Path | str | None = None) -> MatchResult:
    """Match a frame of bank lines with a frame of open book transactions. No database, no server, no global state.

    `lines` needs the columns `id`, `account`, `booking_date`, `amount`, `currency`, `book` needs `id`, `account`,
    `date`, `amount`, `currency`; amounts are integer minor units, + into the account. What other columns are read:
    `matcher.rules.columns`. `rules` is a `RuleSettings` or the path of a rules file (then `BadSetting` may be raised).
    Dates are dates, timestamps (the day that they show in their own time zone) or ISO texts. Raises `BadColumn` where
    a column or a value is missing or is not what it must be.
    """
    _check(lines, name="lines", day="booking_date")
    _check(book, name="book", day="date")
    settings = RuleSettings.from_toml(Path(rules)) if isinstance(rules, (str, Path)) else rules
    return engine.match(lines_from_frame(lines), book_from_frame(book), rules=settings)


def _check(frame: pd.DataFrame, *, name: str, day: str) -> None:
    """Refuse what would otherwise be read as other money, another day or another account. Raises `BadColumn`."""
    missing = [column for column in ("id", "account", day, "amount", "currency") if column not in frame]
    if missing:
        raise BadColumn(f"There is no column {', '.join(missing)}.", cure="Rename or add it.", where=name)
    for column in ("id", "account", "currency"):
        if frame[column].isna().any():
            raise BadColumn("A value is missing.", cure="Fill it in or leave the row out.", where=f"{name}.{column}")
    _check_amounts(frame["amount"], where=f"{name}.amount", optional=False)
    if "original_amount" in frame:
        _check_amounts(frame["original_amount"], where=f"{name}.original_amount", optional=True)
    for currency in frame["currency"].unique():
        if currency not in EXPONENTS:
            raise BadColumn(
                f"{currency!r} is no ISO 4217 currency code.",
                cure="Write it in three capitals, such as SEK.",
                where=f"{name}.currency",
            )
    for column in (day, "value_date"):
        if column in frame:
            _check_days(frame[column], where=f"{name}.{column}")
    double = frame.duplicated(["account", "id"])
    if double.any():
        found = frame.loc[double, "id"].iloc[0]
        raise BadColumn(f"The id {found!r} comes twice.", cure="Give each row an id of its own.", where=f"{name}.id")


def _check_amounts(amounts: pd.Series[Any], *, where: str, optional: bool) -> None:
    """Integers of 64 bits. Where one may be missing pandas makes floats of all; whole ones are taken."""
    from pandas.api.types import is_integer_dtype

    known = amounts.dropna() if optional else amounts
    integers = is_integer_dtype(known.dtype) and not known.isna().any()
    if not (integers or all(_is_whole(one) if optional else _is_integer(one) for one in known)):
        raise BadColumn(
            f"The amounts are {amounts.dtype}, not integers.",
            cure="Give minor units: 12 500.00 SEK is 1250000, an int64.",
            where=where,
        )
    if len(known) and max(abs(int(known.min())), abs(int(known.max()))) > _AMOUNT_MAX:
        raise BadColumn("An amount has more than 18 digits.", cure="Give minor units as int64.", where=where)


def _check_days(days: pd.Series[Any], *, where: str) -> None:
    for value in days.dropna().unique():
        if isinstance(value, str) and value and not _is_day(value):
            raise BadColumn(f"{value!r} is no ISO date.", cure="Give dates, or texts such as 2026-03-02.", where=where)


def _is_day(text: str) -> bool:
    """A calendar date, alone or before a time."""
    if not _ISO_DAY.match(text):
        return False
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def _is_integer(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return _is_integer(value) or (isinstance(value, float) and value.is_integer())
