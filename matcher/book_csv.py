"""The book file: open transactions of our books as CSV.

Columns: `id,account,date,amount,currency,reference,counterparty,description,kind`. The first five are required and may
not be empty, the others may be missing. Dates are ISO, amounts decimal with a point, receipts positive. UTF-8, with or
without a byte order mark; comma, semicolon or tab.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from matcher.rules.columns import BookItem
from recon_core.domain.money import to_minor
from recon_core.domain.refused import BadDate, InputError, Unreadable

REQUIRED = ("id", "account", "date", "amount", "currency")
OPTIONAL = ("reference", "counterparty", "description", "kind")


def read_book(path: Path) -> Iterator[BookItem]:
    """Items of a book file in its order.

    Raises `Unreadable` for a missing column or value, a repeated id or bytes that are no UTF-8, `BadDate`, `BadAmount`
    and `UnknownCurrency` for such a value; `where` is file and line, the message names the column.
    """
    seen: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            dialect = _dialect(stream.readline())
            stream.seek(0)
            rows = csv.DictReader(stream, delimiter=dialect)
            _check_header(path, rows.fieldnames)
            for row in rows:
                item = _item(row, f"{path}, line {rows.line_num}")
                if item.id in seen:
                    raise Unreadable(
                        f"Column id: {item.id!r} stands on line {seen[item.id]} too.",
                        where=f"{path}, line {rows.line_num}",
                        cure="Give each book transaction an id of its own.",
                    )
                seen[item.id] = rows.line_num
                yield item
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"Byte {error.start} is no UTF-8.", where=str(path), cure="Save the file as UTF-8 and try again."
        ) from error
    except csv.Error as error:
        raise Unreadable(f"This is no CSV: {error}.", where=str(path), cure="Export the book again as CSV.") from error


def _dialect(header: str) -> str:
    return max(",;\t", key=header.count)


def _check_header(path: Path, names: object) -> None:
    present = set(names) if isinstance(names, list) else set()
    missing = [name for name in REQUIRED if name not in present]
    if missing:
        raise Unreadable(
            f"The header has no column {', '.join(missing)}.",
            where=f"{path}, line 1",
            cure=f"The columns are {','.join(REQUIRED + OPTIONAL)}; the last four may be missing.",
        )


def _item(row: dict[str, str | None], where: str) -> BookItem:
    values = {name: (row.get(name) or "").strip() for name in REQUIRED + OPTIONAL}
    empty = [name for name in REQUIRED if not values[name]]
    if empty:
        raise Unreadable(f"Column {empty[0]} is empty.", where=where, cure="Fill it in or take the line out.")
    try:
        day = date.fromisoformat(values["date"])
    except ValueError:
        raise BadDate(
            f"Column date: {values['date']!r} is no calendar date.", where=where, cure="Write it like 2026-01-31."
        ) from None
    try:
        amount = to_minor(values["amount"], values["currency"])
    except InputError as error:
        error.where = where
        error.message = f"Column amount or currency: {error.message}"
        raise
    return BookItem(
        values["id"],
        values["account"],
        day,
        amount,
        values["currency"],
        *(values[name] for name in OPTIONAL),
    )
