"""The book file: open transactions of our books as CSV.

Columns: `id,account,date,amount,currency,reference,counterparty,description,kind`. The first five are required and may
not be empty, the others may be missing. Dates are ISO, amounts decimal with a point, receipts positive. UTF-8, with or
without a byte order mark; comma, semicolon or tab.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from matcher.rules.columns import BookItem
from recon_core.domain.money import to_minor
from recon_core.domain.refused import BadDate, InputError, Unreadable

REQUIRED = ("id", "account", "date", "amount", "currency")
OPTIONAL = ("reference", "counterparty", "description", "kind")


def read_book(source: Path | bytes, *, name: str = "") -> Iterator[BookItem]:
    """Items of a book file, or of its bytes, in its order. `name` is what errors call it, by default its path.

    Raises `Unreadable` for a missing column or value, a repeated id or bytes that are no UTF-8, `BadDate`, `BadAmount`
    and `UnknownCurrency` for such a value; `where` is file and line, the message names the column.
    """
    file = name or str(source if isinstance(source, Path) else "book")
    content = source.read_bytes() if isinstance(source, Path) else source
    try:
        stream = io.StringIO(content.decode("utf-8-sig"), newline="")
        dialect = _dialect(stream.readline())
        stream.seek(0)
        rows = csv.reader(stream, delimiter=dialect)
        yield from _items(rows, file)
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"Byte {error.start} is no UTF-8.", where=file, cure="Save the file as UTF-8 and try again."
        ) from error
    except csv.Error as error:
        raise Unreadable(f"This is no CSV: {error}.", where=file, cure="Export the book again as CSV.") from error


def _items(rows: Any, file: str) -> Iterator[BookItem]:
    header: list[str] = next(rows, [])
    _check_header(file, header)
    places = [header.index(name) if name in header else -1 for name in REQUIRED + OPTIONAL]
    width = len(header)
    seen: dict[str, int] = {}
    for row in rows:
        if not row:
            continue
        if len(row) < width:
            row = row + [""] * (width - len(row))
        item = _item([row[place].strip() if place >= 0 else "" for place in places], f"{file}, line {rows.line_num}")
        if item.id in seen:
            raise Unreadable(
                f"Column id: {item.id!r} stands on line {seen[item.id]} too.",
                where=f"{file}, line {rows.line_num}",
                cure="Give each book transaction an id of its own.",
            )
        seen[item.id] = rows.line_num
        yield item


def count_rows(content: bytes) -> int:
    """How many items a book file has that was read before."""
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return sum(1 for row in rows if row) - 1


def _dialect(header: str) -> str:
    return max(",;\t", key=header.count)


def _check_header(file: str, names: Sequence[str]) -> None:
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise Unreadable(
            f"The header has no column {', '.join(missing)}.",
            where=f"{file}, line 1",
            cure=f"The columns are {','.join(REQUIRED + OPTIONAL)}; the last four may be missing.",
        )


def _item(values: Sequence[str], where: str) -> BookItem:
    identity, account, day_text, amount_text, currency, *texts = values
    if not (identity and account and day_text and amount_text and currency):
        empty = next(name for name, value in zip(REQUIRED, values, strict=False) if not value)
        raise Unreadable(f"Column {empty} is empty.", where=where, cure="Fill it in or take the line out.")
    try:
        day = date.fromisoformat(day_text)
    except ValueError:
        raise BadDate(
            f"Column date: {day_text!r} is no calendar date.", where=where, cure="Write it like 2026-01-31."
        ) from None
    try:
        amount = to_minor(amount_text, currency)
    except InputError as error:
        error.where = where
        error.message = f"Column amount or currency: {error.message}"
        raise
    return BookItem(identity, account, day, amount, currency, *texts)
