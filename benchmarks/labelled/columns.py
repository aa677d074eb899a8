"""A generated data set as columns for the engine, without files between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from benchmarks.labelled.world import Line, World
from matcher.rules.columns import Book, BookItem, Lines, book_from_items, lines_from_statement
from recon_core.domain.statement import StatementLine


def columns_of(worlds: Iterable[World]) -> tuple[Lines, Book]:
    """Lines and items of all accounts."""
    worlds = list(worlds)
    return lines_from_statement(_lines(worlds)), book_from_items(_items(worlds))


def _lines(worlds: list[World]) -> Iterator[tuple[str, str, StatementLine]]:
    for world in worlds:
        for number, line in enumerate(world.lines, 1):
            yield world.account, line.id, statement_line(line, number, world.currency)


def _items(worlds: list[World]) -> Iterator[BookItem]:
    for world in worlds:
        for row in world.rows:
            yield BookItem(
                row.id,
                world.account,
                row.day,
                row.amount,
                world.currency,
                row.reference,
                row.party,
                row.description,
                row.kind,
            )


def statement_line(line: Line, number: int, currency: str) -> StatementLine:
    """The normalized line that a reader would make of what `write` writes."""
    original = line.original or (None, None)
    details = line.details if len(line.details) > 1 else []
    return StatementLine(
        line_index=number,
        booking_date=line.day,
        value_date=line.day,
        amount=line.amount,
        currency=currency,
        bank_reference=line.id or None,
        code=line.code or None,
        proprietary_code=line.proprietary or None,
        end_to_end_id=line.end_to_end or None,
        message_id=line.message_id or None,
        mandate_id=line.mandate or None,
        check_number=line.cheque or None,
        creditor_reference=line.reference or None,
        remittance=line.text or None,
        counterparty_name=line.name or None,
        original_amount=original[0],
        original_currency=original[1],
        return_reason=line.return_reason or None,
        additional_info=line.bank_text or None,
        batch_count=line.count or None,
        details=tuple(statement_line(detail, place, currency) for place, detail in enumerate(details, 1)),
    )
