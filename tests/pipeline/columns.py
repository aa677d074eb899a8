"""Columns for the engine from short texts, without a database."""

from __future__ import annotations

from matcher.rules.columns import Book, BookItem, Lines, book_from_items, lines_from_statement
from recon_core.domain.statement import StatementLine
from tests.pipeline.small import Booked, Line, day, kr

ACCOUNT = "SE4550000000058398257466"


def lines_of(*lines: Line, account: str = ACCOUNT) -> Lines:
    """Lines with the ids L1, L2, ..."""
    return lines_from_statement((account, f"L{number}", statement_line(line)) for number, line in enumerate(lines, 1))


def statement_line(line: Line) -> StatementLine:
    return StatementLine(
        line_index=1,
        booking_date=day(line.day),
        value_date=day(line.day),
        amount=kr(line.amount),
        currency="SEK",
        counterparty_name=line.name or None,
        remittance=line.text or None,
        **line.fields,
    )


def book_of(*rows: Booked, account: str = ACCOUNT) -> Book:
    return book_from_items(
        BookItem(
            row.id,
            account,
            day(row.day),
            kr(row.amount),
            "SEK",
            row.id if row.reference is None else row.reference,
            row.party,
            row.description,
        )
        for row in rows
    )
