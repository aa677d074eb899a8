"""OFX 1 and 2 through ofxparse. It is quadratic, so larger files are left out."""

from __future__ import annotations

import io
import warnings
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from matcher.crosscheck.views import NOTHING_ODD, LineView, StatementView

BYTES_MAX = 2 << 20
DISCARDED = frozenset({"discarded"})


def read(data: bytes, *, encoding: str | None) -> list[StatementView]:
    """All statements of a file. Raises `OverflowError` for a large one, and what ofxparse raises."""
    del encoding  # ofxparse takes it from the header
    if len(data) > BYTES_MAX:
        raise OverflowError(f"ofxparse takes minutes for {len(data)} bytes; at most {BYTES_MAX} are tried")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ofxparse

        parsed = ofxparse.OfxParser.parse(io.BytesIO(data), fail_fast=False)
    return [_statement(account.statement) for account in parsed.accounts if account.statement is not None]


def _statement(statement: Any) -> StatementView:
    balance = getattr(statement, "balance", None)
    return StatementView(
        None,
        balance if isinstance(balance, Decimal) else None,
        [_line(transaction) for transaction in getattr(statement, "transactions", ())],
        odd=DISCARDED if getattr(statement, "discarded_entries", ()) else NOTHING_ODD,
    )


def _line(transaction: Any) -> LineView:
    reference = (transaction.id or "").strip()
    return LineView(_day(transaction.date), None, transaction.amount, reference or None)


def _day(value: object) -> date | None:
    return value.date() if isinstance(value, datetime) else None
