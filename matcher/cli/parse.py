"""`recon parse`: what is in statement files, without a database."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import click

from matcher.cli.profile import use_profiles

if TYPE_CHECKING:
    from matcher.cli.parse_output import Output
    from matcher.parsers.camt.schema import Schemas
    from matcher.parsers.contract import ReadOptions
    from matcher.parsers.source import OpenFile

_PROGRESS_BYTES = 4_000_000
# A file is held in memory while it is checked against a schema.
_CHECKED_BYTES_MAX = 64 << 20


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--to",
    "form",
    type=click.Choice(["jsonl", "csv", "parquet"]),
    default="jsonl",
    show_default=True,
    help="jsonl: statements, lines, diagnostics, errors. csv, parquet: one row a line.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write here instead of standard output.")
@click.option(
    "--encoding", metavar="X", help="Code page of the bank, tried where the text is no UTF-8 (cp1252, cp852)."
)
@click.option("--currency", metavar="CCY", help="Currency of accounts whose files have none.")
@click.option(
    "--profiles",
    type=click.Path(exists=True, file_okay=False),
    metavar="DIR",
    expose_value=False,
    callback=use_profiles,
    help="Folder with CSV profiles of your own (see `recon profile`); also the variable RECON_PROFILES.",
)
@click.option(
    "--schema",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Check camt files against the XSDs of this folder; each violation is a diagnostic with its line.",
)
@click.option(
    "--crosscheck",
    is_flag=True,
    help="Read every file with an independent second reader too, and print where the two differ, with the reason.",
)
@click.option("--quiet", is_flag=True, help="No progress and no summary on standard error.")
def parse(
    *,
    files: tuple[str, ...],
    form: str,
    out: Path | None,
    encoding: str | None,
    currency: str | None,
    schema: Path | None,
    crosscheck: bool,
    quiet: bool,
) -> int:
    """Read bank statements of any known format: camt.052/053/054, MT940, MT942, OFX, QFX and more.

    A FILE is a file, a folder, or - for standard input; plain, .gz or .zip. The format is found by content.

    \b
    Examples:
      recon parse statement.xml                          statements and lines as JSON Lines
      recon parse inbox/ --to csv --out lines.csv        a folder, as a table for a spreadsheet
      recon parse a.sta b.ofx --to parquet --out l.pq    for pandas, DuckDB, Spark; amounts in minor units
      unzip -p bank.zip | recon parse - --encoding cp1252
      recon parse inbox/ --crosscheck                    what a second reader reads differently

    \b
    Exit status: 0 all files were read, 2 at least one was not (its error is a row; the others are still read). With
    --crosscheck also 1: a difference has no known reason.
    """
    from matcher.cli.parse_output import open_output
    from matcher.parsers.contract import ReadOptions
    from matcher.parsers.text import text_codec
    from recon_core.domain.currency import EXPONENTS

    if form == "parquet" and out is None:
        raise click.UsageError("--to parquet needs --out FILE.")
    if encoding is not None and text_codec(encoding) is None:
        raise click.UsageError(f"--encoding: {encoding!r} is no known code page; write it like cp1252.")
    if currency is not None and currency.upper() not in EXPONENTS:
        raise click.UsageError(f"--currency: {currency!r} is no ISO 4217 code; write it like SEK.")
    options = ReadOptions(encoding=encoding, currency=currency.upper() if currency else None)
    if crosscheck:
        from matcher.cli.parse_crosscheck import write_crosscheck

        with _target(out) as stream:
            return write_crosscheck(files, options, stream)
    schemas = None
    if schema is not None:
        from matcher.parsers.camt.schema import Schemas

        schemas = Schemas(schema)
    progress = Progress(shown=not quiet and sys.stderr.isatty())
    with _target(out) as stream, open_output(form, stream) as output:
        failed = _read_all(files, options, schemas, output, progress)
    progress.end(failed)
    return 2 if failed else 0


def _read_all(
    files: Iterable[str], options: ReadOptions, schemas: Schemas | None, output: Output, progress: Progress
) -> int:
    """Write what all files hold; the number of files that could not be read."""
    from matcher.parsers.source import FailedFile, open_files
    from matcher.parsers.statements import read_file
    from recon_core.domain.refused import InputError

    failed = 0
    for source in files:
        for file in open_files(source):
            if isinstance(file, FailedFile):
                failed += 1
                output.error(file)
                continue
            try:
                checked = file if schemas is None else _checked(file, schemas, output)
            except InputError as error:
                failed += 1
                output.error(FailedFile(file.source, error))
                continue
            for found in read_file(progress.watched(checked), options=options):
                if isinstance(found, FailedFile):
                    failed += 1
                    output.error(found)
                else:
                    output.statement(found)
                    progress.lines(len(found.lines))
    return failed


def _checked(file: OpenFile, schemas: Schemas, output: Output) -> OpenFile:
    """Check a camt file against its schema, and hand it on from its beginning."""
    from matcher.parsers.camt import FORMAT
    from recon_core.domain.diagnostic import Diagnostic, Severity

    if FORMAT.sniff(file.head) == 0:
        return file
    data = file.stream.read(_CHECKED_BYTES_MAX + 1)
    if len(data) > _CHECKED_BYTES_MAX:
        too_large = f"files of more than {_CHECKED_BYTES_MAX} bytes are not checked against schemas."
        output.diagnostic(file.source, Diagnostic("schema-not-checked", Severity.WARNING, "", too_large))
        return file._replace(stream=cast("BinaryIO", _Rejoined(data, file.stream)))
    for found in schemas.violations(data):
        output.diagnostic(file.source, found)
    return file._replace(stream=io.BytesIO(data))


class _Rejoined(io.RawIOBase):
    """Bytes that were read already, followed by the rest of their stream."""

    def __init__(self, data: bytes, rest: BinaryIO) -> None:
        super().__init__()
        self._before = io.BytesIO(data)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Bytes of the first part, then of the rest."""
        return self._before.read(size) or self._rest.read(size)


class _Watched(io.RawIOBase):
    """A stream that tells how much of it is read."""

    def __init__(self, inner: BinaryIO, progress: Progress) -> None:
        super().__init__()
        self._inner = inner
        self._progress = progress

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._inner.read(size)
        self._progress.read(len(data))
        return data


@contextmanager
def _target(out: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a new file that takes its name only when it is complete."""
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    part = out.with_name(out.name + ".part")
    try:
        with part.open("wb") as stream:
            yield stream
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


class Progress:
    """A running count on standard error, where a person looks at it."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._statements = self._lines = self._read = self._told = 0

    def lines(self, count: int) -> None:
        """One more statement is done, with so many lines."""
        self._statements += 1
        self._lines += count

    def watched(self, file: OpenFile) -> OpenFile:
        """The file, with what is read of it counted."""
        return file._replace(stream=cast("BinaryIO", _Watched(file.stream, self))) if self._shown else file

    def read(self, count: int) -> None:
        """So many more bytes are read."""
        self._read += count
        if self._read - self._told >= _PROGRESS_BYTES:
            self._told = self._read
            megabytes = self._read // 1_000_000
            said = f"\r\x1b[K{megabytes} MB read, {self._statements} statements, {self._lines} lines"
            click.echo(said, err=True, nl=False)

    def end(self, failed: int) -> None:
        """The closing summary, over the running count."""
        if self._shown:
            not_read = f", {failed} files not read" if failed else ""
            click.echo(f"\r\x1b[K{self._statements} statements, {self._lines} lines{not_read}", err=True)
