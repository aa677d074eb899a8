"""The forms in which `recon parse` writes: JSON Lines, CSV that is safe to open in a spreadsheet, Parquet."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from matcher.cli.parse_rows import LINE_NAMES, diagnostic_row, diagnostic_rows, error_row, line_row, statement_row
from matcher.parsers.source import FailedFile
from matcher.parsers.statements import Statement
from recon_core.domain.diagnostic import Diagnostic
from recon_core.domain.statement import AMOUNT_UNKNOWN, SourceFile, StatementLine

if TYPE_CHECKING:
    import pyarrow as pa

_STATEMENT_COLUMNS = ("source", "account", "statement_id", "sequence", "balanced")
_NESTED = ("details", "extra")
_LINE_COLUMNS = tuple(name for name in LINE_NAMES if name not in _NESTED)
_FORMULA = tuple("=+-@\t\r\n\x00＝＋－＠")
_NUMBERS = frozenset({"index", "amount", "original_amount", "charges", "batch_count", "sequence"})


class Output(Protocol):
    """Where statements and errors of one run go."""

    def statement(self, statement: Statement) -> None:
        """Write a statement with its lines and diagnostics."""

    def error(self, failed: FailedFile) -> None:
        """Write that a file could not be read."""

    def diagnostic(self, source: SourceFile, found: Diagnostic) -> None:
        """Write an oddity of a file."""


@contextmanager
def open_output(form: str, stream: BinaryIO) -> Iterator[Output]:
    """The writer of a form: `jsonl`, `csv` or `parquet`."""
    if form == "parquet":
        with ParquetOutput.opened(stream) as parquet:
            yield parquet
        return
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="\n", write_through=False)
    try:
        yield CsvOutput(text) if form == "csv" else JsonOutput(text)
    finally:
        text.flush()
        text.detach()


class JsonOutput:
    """A row `statement`, its rows `line`, its rows `diagnostic`; a row `error` for a file that can't be read."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode

    def statement(self, statement: Statement) -> None:
        encode, write = self._encode, self._text.write
        write(encode(statement_row(statement)) + "\n")
        for block in statement.lines.blocks():
            write("".join([encode(line_row(line)) + "\n" for line in block]))
        for row in diagnostic_rows(statement):
            write(encode(row) + "\n")

    def error(self, failed: FailedFile) -> None:
        self._text.write(self._encode(error_row(failed)) + "\n")

    def diagnostic(self, source: SourceFile, found: Diagnostic) -> None:
        self._text.write(self._encode(diagnostic_row(found, source)) + "\n")


class CsvOutput:
    """One row a line, the statement's columns before it. Diagnostics and errors go to standard error.

    Every cell is quoted; text that a spreadsheet would run as a formula gets an apostrophe. Numbers are only our own.
    """

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        self._writer.writerow((*_STATEMENT_COLUMNS, *_LINE_COLUMNS))

    def statement(self, statement: Statement) -> None:
        header = statement.header
        before = _cells(
            zip(
                _STATEMENT_COLUMNS,
                (
                    header.source.name if header.source else None,
                    header.account,
                    header.statement_id,
                    header.sequence,
                    header.balanced,
                ),
                strict=True,
            )
        )
        for line in statement.lines:
            row = line_row(line)
            row["document_numbers"] = " ".join(line.document_numbers)
            self._writer.writerow((*before, *_cells((name, row[name]) for name in _LINE_COLUMNS)))
        _tell(statement)

    def error(self, failed: FailedFile) -> None:
        _tell_error(failed)

    def diagnostic(self, source: SourceFile, found: Diagnostic) -> None:
        _tell_row(diagnostic_row(found, source))


def _cells(pairs: Any) -> tuple[str, ...]:
    """Texts of named values: nothing for None, `true` and `false`, and no formula."""
    cells = []
    for name, value in pairs:
        if value is None:
            cells.append("")
        elif value is True or value is False:
            cells.append("true" if value else "false")
        elif name in _NUMBERS:
            cells.append(str(value))
        else:
            cells.append(guarded(str(value)))
    return tuple(cells)


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula (CWE-1236): an apostrophe before `= + - @` and their like."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _tell(statement: Statement) -> None:
    """Diagnostics of a statement on standard error, for forms that have no row for them."""
    for row in diagnostic_rows(statement):
        _tell_row(row)


def _tell_row(row: dict[str, Any]) -> None:
    place = ": ".join(part for part in ((row["source"] or {}).get("name"), row["where"]) if part)
    print(f"{place}: {row['severity']} {row['code']}: {row['message']}", file=sys.stderr)


def _tell_error(failed: FailedFile) -> None:
    print(f"{failed.source.name}: error {failed.error.code}: {failed.error}", file=sys.stderr)


class ParquetOutput:
    """One row a line with amounts as int64 minor units, dates as date32; diagnostics and errors to standard error."""

    def __init__(self, writer: Any, schema: pa.Schema) -> None:
        self._writer = writer
        self._schema = schema

    @classmethod
    @contextmanager
    def opened(cls, stream: BinaryIO) -> Iterator[ParquetOutput]:
        """A writer on the stream, closed at the end."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        kinds = {
            "index": pa.int64(),
            "amount": pa.int64(),
            "original_amount": pa.int64(),
            "charges": pa.int64(),
            "batch_count": pa.int64(),
            "sequence": pa.int64(),
            "booking_date": pa.date32(),
            "value_date": pa.date32(),
            "reversal": pa.bool_(),
            "balanced": pa.bool_(),
            "document_numbers": pa.list_(pa.string()),
        }
        names = (*_STATEMENT_COLUMNS, *_LINE_COLUMNS)
        schema = pa.schema([(name, kinds.get(name, pa.string())) for name in names])
        schema = schema.with_metadata({"pandas": _pandas_metadata(schema)})
        with pq.ParquetWriter(stream, schema) as writer:
            yield cls(writer, schema)

    def statement(self, statement: Statement) -> None:
        import pyarrow as pa

        header = statement.header
        shared = (
            header.source.name if header.source else None,
            header.account,
            header.statement_id,
            header.sequence,
            header.balanced,
        )
        places = [LINE_NAMES.index(name) for name in _LINE_COLUMNS]
        for block in statement.lines.blocks():
            columns: list[list[Any]] = [[value] * len(block) for value in shared]
            columns += [[_stored(line, place) for line in block] for place in places]
            arrays = [pa.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        _tell(statement)

    def error(self, failed: FailedFile) -> None:
        _tell_error(failed)

    def diagnostic(self, source: SourceFile, found: Diagnostic) -> None:
        _tell_row(diagnostic_row(found, source))


def _pandas_metadata(schema: pa.Schema) -> str:
    """What makes pandas read whole numbers with gaps as Int64 instead of floating point."""
    columns = [
        {"name": name, "field_name": name, "pandas_type": "int64", "numpy_type": "Int64", "metadata": None}
        for name in schema.names
        if name in _NUMBERS
    ]
    return json.dumps({"columns": columns, "index_columns": [], "column_indexes": [], "pandas_version": "3.0.0"})


def _stored(line: StatementLine, place: int) -> object:
    """The value of a column; an amount that the source does not tell is missing, not zero."""
    if place == _AMOUNT and AMOUNT_UNKNOWN in line.extra:
        return None
    return line[place]


_AMOUNT = LINE_NAMES.index("amount")
