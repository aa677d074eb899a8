"""Columns of pandas frames: the library's edge. pandas is imported only here, and only when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matcher.rules.columns import BOOK_TEXTS, LINE_TEXTS, NO_DAY, Book, Codes, Lines, Texts, named

if TYPE_CHECKING:
    import pandas as pd


def _frame_texts(frame: pd.DataFrame, name: str) -> Texts:
    import pandas as pd

    codes, values = pd.factorize(frame[name])
    texts = ["" if pd.isna(value) else _text(value) for value in values]
    column = Texts(codes.astype(np.int32), texts)
    if "" in texts:
        empty = texts.index("")
        shifted = np.where(codes == empty, -1, codes - (codes > empty))
        column = Texts(shifted.astype(np.int32), texts[:empty] + texts[empty + 1 :])
    return column


def _text(value: object) -> str:
    """A value as text; a number that pandas made a float because others are missing is the number that it was."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _frame_days(frame: pd.DataFrame, name: str) -> Codes:
    import pandas as pd

    moments = pd.to_datetime(frame[name])
    if moments.dt.tz is not None:
        moments = moments.dt.tz_localize(None)  # the day on the wall, not the one in UTC
    stamps = moments.to_numpy("datetime64[D]")
    days = stamps.astype(np.int64)
    return np.where(np.isnat(stamps), NO_DAY, days).astype(np.int32)


def lines_from_frame(frame: pd.DataFrame) -> Lines:
    """Columns of a frame with at least `id`, `account`, `booking_date`, `amount` (integer minor units), `currency`.

    Other columns are read where they exist: `value_date`, `reversal`, `batch_count`, `original_amount` and the texts
    of `LINE_TEXTS`. Details of batches have no place in a flat frame.
    """
    names, account = named(_frame_texts(frame, "account"))
    currencies, currency = named(_frame_texts(frame, "currency"))
    booking = _frame_days(frame, "booking_date")
    count = len(frame)

    def numbers(name: str, kind: type[np.generic]) -> NDArray[np.generic]:
        return frame[name].fillna(0).to_numpy().astype(kind) if name in frame else np.zeros(count, kind)

    return Lines(
        ids=frame["id"].tolist(),
        accounts=names,
        account=account,
        booking_day=booking,
        value_day=_frame_days(frame, "value_date") if "value_date" in frame else booking,
        amount=frame["amount"].to_numpy(np.int64),
        currencies=currencies,
        currency=currency,
        texts={name: _frame_texts(frame, name) for name in LINE_TEXTS if name in frame},
        reversal=numbers("reversal", np.bool_),  # type: ignore[arg-type]
        batch_count=numbers("batch_count", np.int32),  # type: ignore[arg-type]
        original_amount=numbers("original_amount", np.int64),  # type: ignore[arg-type]
    )


def book_from_frame(frame: pd.DataFrame) -> Book:
    """Columns of a frame with `id`, `account`, `date`, `amount` (integer minor units), `currency`, and `BOOK_TEXTS`."""
    names, account = named(_frame_texts(frame, "account"))
    currencies, currency = named(_frame_texts(frame, "currency"))
    return Book(
        ids=frame["id"].tolist(),
        accounts=names,
        account=account,
        day=_frame_days(frame, "date"),
        amount=frame["amount"].to_numpy(np.int64),
        currencies=currencies,
        currency=currency,
        texts={name: _frame_texts(frame, name) for name in BOOK_TEXTS if name in frame},
    )
