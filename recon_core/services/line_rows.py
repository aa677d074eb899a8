"""Bank lines between `StatementLine` and rows of statement_line and advice_line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from json.encoder import encode_basestring as _quoted
from typing import Any

from recon_core.domain.identity import line_date
from recon_core.domain.statement import StatementLine

# Fields that have a column of their own; the others stand together in the column `more`.
COLUMNS = (
    "value_date",
    "amount",
    "reversal",
    "bank_reference",
    "code",
    "proprietary_code",
    "end_to_end_id",
    "creditor_reference",
    "remittance",
    "counterparty_name",
    "counterparty_account",
)
_APART = {*COLUMNS, "line_index", "booking_date", "currency", "where", "status"}
_DEFAULTS = StatementLine._field_defaults
_MORE = [
    (position, name, _DEFAULTS.get(name)) for position, name in enumerate(StatementLine._fields) if name not in _APART
]
_DATES = {"booking_date", "value_date"}
_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=date.isoformat).encode


def _sparse(line: StatementLine) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in line._asdict().items():
        if value is not None and value != _DEFAULTS.get(name):
            found[name] = [_sparse(detail) for detail in value] if name == "details" else value
    return found


def more(line: StatementLine) -> str:
    """The fields without a column, as JSON; absent ones are left out. Written by hand: this runs for every line."""
    parts = []
    for position, name, default in _MORE:
        value: Any = line[position]
        if value is None or value == default:
            continue
        if name == "details":
            value = [_sparse(detail) for detail in value]
        parts.append(f'"{name}":{_quoted(value) if type(value) is str else _dumps(value)}')
    if line.booking_date is None:
        parts.append('"booking_date":null')
    return f"{{{','.join(parts)}}}"


def content(line: StatementLine) -> str:
    """All fields as JSON."""
    return _dumps(_sparse(line))


def from_content(text: str | Mapping[str, Any]) -> StatementLine:
    """The line that `content` wrote."""
    values = dict(json.loads(text) if isinstance(text, str) else text)
    for name in _DATES & values.keys():
        values[name] = values[name] and date.fromisoformat(values[name])
    values["details"] = tuple(from_content(detail) for detail in values.get("details", ()))
    values["document_numbers"] = tuple(values.get("document_numbers", ()))
    values["extra"] = tuple((name, text) for name, text in values.get("extra", ()))
    return StatementLine(**{"booking_date": None, "value_date": None, "amount": 0, **values})


def from_row(row: Any) -> StatementLine:
    """The line of a row of statement_line."""
    values = json.loads(row.more)
    line = from_content({**values, "line_index": row.line_index, "currency": row.currency})
    own = {name: getattr(row, name) for name in COLUMNS}
    booking = values.get("booking_date", row.booking_date)
    return line._replace(**own, booking_date=booking, where=row.source_where or None)


def to_columns(lines: Sequence[StatementLine]) -> dict[str, list[Any]]:
    """Columns of statement_line that come from the lines themselves. Each line needs a date."""
    by_field = dict(zip(StatementLine._fields, map(list, zip(*lines, strict=True)), strict=True))
    columns = {name: by_field[name] for name in COLUMNS}
    columns["line_index"] = by_field["line_index"]
    columns["booking_date"] = [line_date(line) for line in lines]
    columns["more"] = [more(line) for line in lines]
    columns["source_where"] = [where or "" for where in by_field["where"]]
    return columns
