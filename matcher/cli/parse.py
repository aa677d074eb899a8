"""`recon parse`: what is in statement files, without a database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

_PROGRESS_LINES = 5000


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
@click.option("--quiet", is_flag=True, help="No progress and no summary on standard error.")
def parse(
    files: tuple[str, ...],
    form: str,
    out: Path | None,
    encoding: str | None,
    currency: str | None,
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

    \b
    Exit status: 0 all files were read, 2 at least one was not (its error is a row; the others are still read).
    """
    from matcher.cli.parse_output import open_output
    from matcher.parsers.contract import ReadOptions
    from matcher.parsers.source import FailedFile
    from matcher.parsers.statements import parse_batch

    if form == "parquet" and out is None:
        raise click.UsageError("--to parquet needs --out FILE.")
    options = ReadOptions(encoding=encoding, currency=currency.upper() if currency else None)
    progress = Progress(shown=not quiet and sys.stderr.isatty())
    failed = 0
    with _target(out) as stream, open_output(form, stream) as output:
        for found in parse_batch(files, options=options):
            if isinstance(found, FailedFile):
                failed += 1
                output.error(found)
            else:
                output.statement(found)
                progress.lines(len(found.lines))
    progress.end(failed)
    return 2 if failed else 0


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
        self._statements = self._lines = self._next = 0

    def lines(self, count: int) -> None:
        """One more statement is done, with so many lines."""
        self._statements += 1
        self._lines += count
        if self._shown and self._lines >= self._next:
            self._next = self._lines + _PROGRESS_LINES
            click.echo(f"\r{self._statements} statements, {self._lines} lines", err=True, nl=False)

    def end(self, failed: int) -> None:
        """The closing summary, over the running count."""
        if self._shown:
            not_read = f", {failed} files not read" if failed else ""
            click.echo(f"\r{self._statements} statements, {self._lines} lines{not_read}", err=True)
