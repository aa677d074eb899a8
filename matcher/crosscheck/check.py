"""Files through both readers; the use case of `recon parse --crosscheck`."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from importlib.metadata import version
from typing import NamedTuple

from matcher.crosscheck.compare import Case, compare
from matcher.crosscheck.reasons import reason_of
from matcher.crosscheck.views import StatementView, our_views
from matcher.parsers.contract import ReadOptions
from matcher.parsers.registry import identify
from matcher.parsers.source import FailedFile, OpenFile, Source, open_files
from matcher.parsers.statements import Statement, read_file
from recon_core.domain.refused import LimitExceeded
from recon_core.domain.statement import SourceFile

BYTES_MAX = 256 << 20
_NOTHING_KNOWN = ReadOptions()
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
# What a second reader may raise over a file that it does not understand.
_GIVES_UP = (RuntimeError, ValueError, ArithmeticError, AttributeError, LookupError, TypeError, SyntaxError)


class Second(NamedTuple):
    """A second reader: its distribution, the module that calls it, the facts that it tells."""

    distribution: str
    module: str
    fields: frozenset[str]


_ALL = frozenset({"opening", "closing", "booking_date", "value_date", "amount", "reference"})
SECONDS = {
    "mt940": Second("mt-940", "matcher.crosscheck.second_mt940", _ALL),
    "camt": Second("lxml", "matcher.crosscheck.second_camt", _ALL),
    "ofx": Second("ofxparse", "matcher.crosscheck.second_ofx", _ALL - {"opening", "value_date"}),
}


class Difference(NamedTuple):
    """A fact that the readers tell differently. `where` is the place in the file, `reason` a code of
    `reasons.REASONS` or None; `statement` and `line` count from 1.
    """

    source: SourceFile
    statement: int | None
    line: int | None
    field: str
    ours: str | None
    theirs: str | None
    where: str
    reason: str | None


class Checked(NamedTuple):
    """The end of a file: the second reader with its version (None for formats without one), and counts."""

    source: SourceFile
    second: str | None
    statements: int
    lines: int
    differences: int
    unexplained: int


def crosscheck(
    sources: Iterable[Source], *, options: ReadOptions = _NOTHING_KNOWN
) -> Iterator[Difference | Checked | FailedFile]:
    """For each file its differences and then a `Checked`, or a `FailedFile` where our reader can't read it."""
    for source in sources:
        for file in open_files(source):
            if isinstance(file, FailedFile):
                yield file
            else:
                yield from _check(file, options)


def _check(file: OpenFile, options: ReadOptions) -> Iterator[Difference | Checked | FailedFile]:
    data = file.stream.read(BYTES_MAX + 1)
    if len(data) > BYTES_MAX:
        yield FailedFile(file.source, LimitExceeded(f"at most {BYTES_MAX} bytes are checked twice."))
        return
    ours: list[StatementView] = []
    for item in read_file(OpenFile(file.source, file.head, io.BytesIO(data)), options=options):
        if isinstance(item, FailedFile):
            yield item
            return
        assert isinstance(item, Statement)
        ours += our_views([item])
    lines = sum(len(statement.lines) for statement in ours)
    second = SECONDS.get(identify(file.head)[0].name)
    if second is None:
        yield Checked(file.source, None, len(ours), lines, 0, 0)
        return
    read: Callable[..., list[StatementView]] = import_module(second.module).read
    try:
        theirs = read(data, encoding=options.encoding)
    except _GIVES_UP as error:
        words = _ADDRESS.sub("", str(error).partition("\n")[0])[:200]
        lost = f"{type(error).__name__}: {words}"
        cases = iter([Case("file", f"{len(ours)} statements, {lines} lines", lost, all_ours=tuple(ours))])
    else:
        cases = compare(ours, theirs, fields=second.fields)
    found = 0
    unexplained = 0
    for case in cases:
        reason = reason_of(second.distribution, case)
        found += 1
        unexplained += reason is None
        yield _difference(file.source, case, reason)
    name = f"{second.distribution} {version(second.distribution)}"
    yield Checked(file.source, name, len(ours), lines, found, unexplained)


def _difference(source: SourceFile, case: Case, reason: str | None) -> Difference:
    where = case.our_line.where if case.our_line else ""
    return Difference(
        source, case.statement, case.line, case.field, _text(case.ours), _text(case.theirs), where, reason
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
