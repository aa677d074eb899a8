"""Rows that `recon parse` prints: plain values of statements, lines, diagnostics and errors (design section 6).

Amounts are decimal text with the currency's decimals, dates ISO text, what is missing is None.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any

from matcher.parsers.source import FailedFile
from matcher.parsers.statements import Statement
from recon_core.domain.currency import EXPONENTS
from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.money import to_text
from recon_core.domain.statement import AMOUNT_UNKNOWN, SourceFile, StatementHeader, StatementLine

_Row = dict[str, Any]
_BALANCES = ("opening_balance", "closing_balance", "available_balance")
_HEADER_DATES = ("from_date", "to_date", "opening_date", "closing_date")
LINE_NAMES = ("index", *StatementLine._fields[1:])


def statement_row(statement: Statement) -> _Row:
    """`{"type": "statement", "source": {...}, ...}` with every field of the header."""
    header: StatementHeader = statement.header
    fields = header._asdict()
    row: _Row = {"type": "statement", "source": source_row(header.source)}
    del fields["source"]
    for name in _BALANCES:
        fields[name] = _amount(fields[name], header.currency)
    for name in _HEADER_DATES:
        fields[name] = _iso(fields[name])
    fields["created_at"] = header.created_at.isoformat() if header.created_at else None
    row.update(fields)
    return row


def line_row(line: StatementLine) -> _Row:
    """`{"type": "line", "index": ..., ...}` with every field of the line; its details are objects of the same fields."""
    row: _Row = {"type": "line"}
    row.update(_fields(line))
    return row


def _fields(line: StatementLine) -> _Row:
    """The fields of a line or detail as plain values."""
    row: _Row = dict(zip(LINE_NAMES, line, strict=True))
    currency = line.currency
    row["booking_date"] = _iso(line.booking_date)
    row["value_date"] = _iso(line.value_date)
    row["amount"] = None if AMOUNT_UNKNOWN in line.extra else _amount(line.amount, currency)
    if line.original_amount is not None:
        row["original_amount"] = _amount(line.original_amount, line.original_currency)
    if line.charges is not None:
        row["charges"] = _amount(line.charges, currency)
    if line.details:
        row["details"] = [_fields(detail) for detail in line.details]
    return row


def diagnostic_rows(statement: Statement) -> Iterator[_Row]:
    """One row for each oddity of a statement."""
    header = statement.header
    for found in statement.diagnostics:
        yield diagnostic_row(found, header.source, header.statement_id)
    if statement.diagnostics_dropped:
        more = f"{statement.diagnostics_dropped} more diagnostics are not shown."
        dropped = Diagnostic("diagnostics-dropped", Severity.WARNING, "", more)
        yield diagnostic_row(dropped, header.source, header.statement_id)


def diagnostic_row(found: Diagnostic, source: SourceFile | None, statement_id: str | None = None) -> _Row:
    """One oddity of a file or of one of its statements."""
    return {"type": "diagnostic", "source": source_row(source), "statement_id": statement_id, **found._asdict()}


def error_row(failed: FailedFile) -> _Row:
    """A file that could not be read."""
    error = failed.error
    return {
        "type": "error",
        "source": source_row(failed.source),
        "code": error.code,
        "where": error.where,
        "message": error.message,
        "cure": error.cure,
    }


def source_row(source: SourceFile | None) -> _Row | None:
    """Name as given and SHA-256."""
    return source._asdict() if source else None


def _amount(minor: int | None, currency: str | None) -> str | None:
    """Decimal text; a currency that is not known has no decimals that could be shown."""
    if minor is None or currency not in EXPONENTS:
        return None
    return to_text(minor, currency)


@lru_cache(maxsize=4096)
def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
