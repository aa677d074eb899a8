"""Statements as a pandas frame: one row a bank line, money as whole minor units, no floating point anywhere.

pandas is imported only here, when a frame is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from matcher.parsers.statements import Statement
from recon_core.domain.statement import StatementLine

if TYPE_CHECKING:
    import pandas as pd

_DATES = frozenset({"booking_date", "value_date"})
_AMOUNTS = frozenset({"original_amount", "charges", "batch_count"})
_NESTED = frozenset({"details", "extra", "document_numbers"})
STATEMENT_COLUMNS = ("account", "statement_id", "format", "source_name", "source_sha256", "balanced")


def frame(statements: Iterable[Statement]) -> pd.DataFrame:
    """All lines of the statements, in order.

    Columns: `STATEMENT_COLUMNS` of the statement, then the fields of `StatementLine` without `details` and `extra`.
    `amount` is int64 minor units, other amounts and counts are nullable Int64, dates are `datetime64[s]`, flags bool
    or nullable boolean, `document_numbers` is one text joined by newlines, every other column text with missing
    values as NA.
    """
    import pandas as pd

    fields = [name for name in StatementLine._fields if name not in _NESTED] + ["document_numbers"]
    columns: dict[str, list[Any]] = {name: [] for name in (*STATEMENT_COLUMNS, *fields)}
    for statement in statements:
        _add_rows(columns, statement)
    made: dict[str, Any] = {}
    for name, values in columns.items():
        if name in _DATES:
            made[name] = pd.array(values, dtype="datetime64[s]")
        elif name in ("amount", "line_index"):
            made[name] = pd.array(values, dtype="int64")
        elif name in _AMOUNTS:
            made[name] = pd.array(values, dtype="Int64")
        elif name in ("reversal", "balanced"):
            made[name] = pd.array(values, dtype="bool" if name == "reversal" else "boolean")
        else:
            made[name] = pd.array(values, dtype="str")
    return pd.DataFrame(made, copy=False)


def _add_rows(columns: dict[str, list[Any]], statement: Statement) -> None:
    """Append the statement's lines, column by column."""
    header = statement.header
    shared = (
        header.account,
        header.statement_id,
        header.format,
        header.source.name if header.source else None,
        header.source.sha256 if header.source else None,
        header.balanced,
    )
    for name, value in zip(STATEMENT_COLUMNS, shared, strict=True):
        columns[name].extend([value] * len(statement.lines))
    lists = [(position, columns[name]) for position, name in enumerate(StatementLine._fields) if name in columns]
    documents = StatementLine._fields.index("document_numbers")
    for block in statement.lines.blocks():
        for position, values in lists:
            if position == documents:
                values.extend("\n".join(line.document_numbers) or None for line in block)
            else:
                values.extend(line[position] for line in block)
