"""Bringing in: statement files and book files. A file is taken whole or set aside with its reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from matcher.book_csv import count_rows, missing_columns, read_book
from matcher.parsers.contract import ReadOptions
from matcher.parsers.source import shown_name
from matcher.parsers.statements import Statement, parse
from matcher.pipeline.book_accounts import known_accounts
from matcher.pipeline.context import BY_IMPORT, Context
from matcher.rules.columns import BookItem
from recon_core.domain.account import CashAccount
from recon_core.domain.book import BookRow, ImportCounts
from recon_core.domain.currency import NO_CURRENCY
from recon_core.domain.diagnostic import Severity
from recon_core.domain.refusals import Conflict, Unknown
from recon_core.domain.refused import InputError, ReconError, Refused
from recon_core.domain.statement import StatementHeader
from recon_core.domain.states import FileOutcome
from recon_core.ports import Side, UnitOfWork
from recon_core.services import accounts, books, files, lookup, statements
from recon_core.services.accounts import Sought
from recon_core.services.statements import StatementResult

# 20260305, 2026-03-05 or 2026_03_05T0215 with what ties it to the rest of a name.
_DATE = re.compile(r"[-_. ]*(?<!\d)20\d{2}([-_.]?)[01]\d\1[0-3]\d(?:[-_.T ]?\d{4,6})?(?!\d)")

# Small files share a transaction, up to these sizes.
BATCH_BYTES = 2_000_000
BATCH_FILES = 200


class Taken(StrEnum):
    """What became of a file in this run. `known`: the same bytes were read before and nothing was done."""

    READ = "read"
    KNOWN = "known"
    SET_ASIDE = "set aside"


class FileReport(NamedTuple):
    """What became of one statement file; `reason` and `code` say why it was set aside, `notes` what was odd. A file
    that was read has a reason if a part of it could not be.
    """

    name: str
    taken: Taken
    statements: tuple[StatementResult, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()
    code: str = ""
    file_id: int = 0


# What to do with a statement whose account nobody has opened: open it and return its id, or None to set the file aside.
AccountOpener = Callable[[UnitOfWork, Statement], int | None]


def nobody_opens(_uow: UnitOfWork, _statement: Statement) -> int | None:
    """Statements of unknown accounts are set aside."""
    return None


def statement_files(inbox: Path) -> list[Path]:
    """The files of a folder and its subfolders in the order of their names, without hidden ones; or the one file."""
    if not inbox.exists():
        raise InputError("There is no such file or folder.", where=str(inbox), cure="Check the path.")
    if inbox.is_file():
        return [inbox]
    found = [path for path in sorted(inbox.rglob("*")) if path.is_file()]
    return [path for path in found if not any(part.startswith(".") for part in path.relative_to(inbox).parts)]


def ingest_files(context: Context, paths: Sequence[Path], *, opener: AccountOpener = nobody_opens) -> list[FileReport]:
    """Take in statement files, some in one transaction; a bad one is set aside and the others go on."""
    reports: list[FileReport] = []
    batch: list[tuple[str, bytes]] = []
    size = 0
    for number, path in enumerate(paths):
        context.watch("reading statements", number, len(paths))
        batch.append((shown_name(path.name), path.read_bytes()))
        size += len(batch[-1][1])
        if size > BATCH_BYTES or len(batch) >= BATCH_FILES:
            reports += ingest_contents(context, batch, opener=opener)
            batch, size = [], 0
    reports += ingest_contents(context, batch, opener=opener)
    context.watch("reading statements", len(paths), len(paths))
    return reports


def ingest_contents(
    context: Context, contents: Sequence[tuple[str, bytes]], *, opener: AccountOpener = nobody_opens
) -> list[FileReport]:
    """Archive files (name, bytes) and register what is new in them; one report each, in the same order."""
    if not contents:
        return []
    with context.database.begin() as uow:
        received = receive(uow, contents, by=context.user, at=context.now())
        uow.commit()
    unread: dict[int, SourceContent] = {}
    for one, (name, content) in zip(received, contents, strict=True):
        if not one.read:
            unread.setdefault(one.file_id, SourceContent(one.file_id, name, content))
    done = dict(zip(unread, ingest_archived(context, list(unread.values()), opener=opener), strict=True))
    return [
        done.get(one.file_id, FileReport(name, Taken.KNOWN))._replace(name=name)
        for one, (name, _) in zip(received, contents, strict=True)
    ]


class Received(NamedTuple):
    """A file in the archive. `read`: its statements are in the books already."""

    file_id: int
    read: bool


def receive(uow: UnitOfWork, received: Sequence[tuple[str, bytes]], *, by: str, at: datetime) -> list[Received]:
    """Keep files (name, bytes), each content once. A delivery of the same bytes under the same name leaves no trace."""
    digests = [sha256(content).hexdigest() for _, content in received]
    rows = uow.select(
        "SELECT f.id, f.sha256, f.outcome, f.name, d.name AS again FROM source_file f"
        " LEFT JOIN file_delivery d ON d.source_file_id = f.id WHERE f.sha256 IN :sha256",
        {"sha256": digests},
    )
    known = {(row.sha256, name): row for row in rows for name in (row.name, row.again) if name is not None}
    keys = [(digest, name) for digest, (name, _) in zip(digests, received, strict=True)]
    fresh = [place for place, key in enumerate(keys) if key not in known]
    found = {
        place: Received(row.id, row.outcome == FileOutcome.READ)
        for place, key in enumerate(keys)
        if (row := known.get(key)) is not None
    }
    archived = files.archive_files(uow, files=[received[place] for place in fresh], by=by, at=at) if fresh else []
    for place, one in zip(fresh, archived, strict=True):
        found[place] = Received(one.id, one.outcome == FileOutcome.READ)
    return [found[place] for place in range(len(received))]


class SourceContent(NamedTuple):
    """An archived file to read."""

    file_id: int
    name: str
    content: bytes


class _Parsed(NamedTuple):
    """What a file holds, or why it can't be read."""

    source: SourceContent
    statements: Sequence[Statement] = ()
    error: ReconError | None = None


def ingest_archived(
    context: Context, sources: Sequence[SourceContent], *, opener: AccountOpener = nobody_opens
) -> list[FileReport]:
    """Register the statements of archived files, all in one transaction; if the books refuse something of one, each
    in a transaction of its own, and that one is set aside with the reason.
    """
    parsed = [_parsed(source) for source in sources]
    if not parsed:
        return []
    try:
        return _register(context, parsed, opener=opener)
    except Conflict:
        raise
    except Refused as refused:
        if len(parsed) == 1:
            return _register(context, [_Parsed(parsed[0].source, error=refused)], opener=opener)
    return [report for one in parsed for report in ingest_archived(context, [one.source], opener=opener)]


def _parsed(source: SourceContent) -> _Parsed:
    try:
        found = list(parse(source.content, name=source.name))
    except InputError as error:
        return _Parsed(source, error=error)
    if not found:
        empty = InputError(
            "The file holds no statement.", where=source.name, cure="Ask the bank for the statement file."
        )
        return _Parsed(source, error=empty)
    return _Parsed(source, found)


def _register(context: Context, parsed: Sequence[_Parsed], *, opener: AccountOpener) -> list[FileReport]:
    at = context.now()
    reports, verdicts = [], []
    with context.database.begin() as uow:
        owners = Owners(uow, [statement.header for one in parsed for statement in one.statements])
        for one in parsed:
            error = one.error
            if error is None and opener is nobody_opens:
                error = owners.refusal([statement.header for statement in one.statements])
            results: list[StatementResult] = []
            if error is None:
                one, results = _register_file(uow, one, owners, opener, at=at)
            reports.append(_report(one, results, error))
            outcome = FileOutcome.READ if error is None else FileOutcome.SET_ASIDE
            verdicts.append(files.Verdict(one.source.file_id, outcome, "" if error is None else str(error)))
        files.finish_files(uow, verdicts=verdicts, by=BY_IMPORT, at=at)
        context.commit(uow, reports)
    return reports


def _register_file(
    uow: UnitOfWork, one: _Parsed, owners: Owners, opener: AccountOpener, *, at: datetime
) -> tuple[_Parsed, list[StatementResult]]:
    """Register the statements of a file. Those whose balances don't prove the direction of their reversals are read
    again as the account's earlier statements have shown it.
    """
    read, results = [], []
    again: dict[bool, list[Statement]] = {}
    for place, statement in enumerate(one.statements):
        account_id = owners.account_id(statement, opener)
        if statement.header.reversals_inverted is None:
            habit = lookup.account(uow, account_id).reversals_inverted
            if habit is not None:
                if habit not in again:
                    options = ReadOptions(reversals_inverted=habit)
                    again[habit] = list(parse(one.source.content, name=one.source.name, options=options))
                statement = again[habit][place]
        result = statements.register_statement(
            uow,
            header=statement.header,
            lines=statement.lines,
            file_id=one.source.file_id,
            account_id=account_id,
            by=BY_IMPORT,
            at=at,
        )
        read.append(statement)
        results.append(result)
    return one._replace(statements=read), results


class Owners:
    """The accounts that statements belong to: looked up together, held in one order for all."""

    def __init__(self, uow: UnitOfWork, headers: Sequence[StatementHeader]) -> None:
        self._uow = uow
        sought = list(dict.fromkeys(map(_sought, headers)))
        self._found = dict(zip(sought, accounts.find_accounts(uow, sought), strict=True))
        known = [one.id for one in self._found.values() if isinstance(one, CashAccount)]
        uow.lock_accounts(known, side=Side.BANK)
        owned = ((self._found[_sought(header)], header) for header in headers)
        statements.foresee(uow, [(one.id, header) for one, header in owned if isinstance(one, CashAccount)])

    def refusal(self, headers: Sequence[StatementHeader]) -> Refused | None:
        """Why one of these statements has no account, or None."""
        found = (self._found[_sought(header)] for header in headers)
        return next((one for one in found if isinstance(one, Refused)), None)

    def account_id(self, statement: Statement, opener: AccountOpener) -> int:
        """The account of a statement; one that nobody knows is opened if the opener does. Raises `Refused`."""
        sought = _sought(statement.header)
        found = self._found[sought]
        if isinstance(found, CashAccount):
            return found.id
        opened = opener(self._uow, statement) if isinstance(found, Unknown) else None
        if opened is None:
            raise found
        self._found[sought] = lookup.account(self._uow, opened)
        return opened


def _sought(header: StatementHeader) -> Sought:
    currency = None if header.currency == NO_CURRENCY else header.currency
    return Sought(header.account, currency, header.bank_bic)


def _report(one: _Parsed, results: Sequence[StatementResult], error: ReconError | None) -> FileReport:
    if error is not None:
        return FileReport(
            one.source.name, Taken.SET_ASIDE, reason=str(error), code=error.code, file_id=one.source.file_id
        )
    notes = [
        f"{found.where}: {found.message} {found.cure}".strip()
        for statement in one.statements
        for found in statement.diagnostics
        if found.severity != Severity.INFO
    ]
    lost = sum(1 for statement in one.statements for found in statement.diagnostics if found.severity == Severity.ERROR)
    reason = f"{lost} thing(s) in it can't be used: see what was odd." if lost else ""
    return FileReport(one.source.name, Taken.READ, tuple(results), reason, tuple(notes), file_id=one.source.file_id)


# The newest import of a series in the log, and the file that stands right behind it: that is what it was made of.
_NEWEST_IMPORT = (
    "SELECT l.seq, f.subject_id FROM log l LEFT JOIN log f ON f.seq = l.seq + 1 AND f.subject_kind = 'source_file'"
    " WHERE l.subject_kind = 'book_import' AND l.subject_id = (SELECT max(id) FROM book_import WHERE source = :series)"
)


def is_known_book(context: Context, path: Path, content: bytes) -> bool:
    """Whether these very bytes were brought in before, and nothing else of their series since."""
    with context.database.read() as uow:
        return book_stands(uow, name=shown_name(path.name), content=content)


def book_stands(uow: UnitOfWork, *, name: str, content: bytes) -> bool:
    """Whether the bytes of a book file were read, and no other file of the series has changed anything since."""
    read = uow.value(
        "SELECT id FROM source_file WHERE sha256 = :sha256 AND outcome = 'read'",
        {"sha256": sha256(content).hexdigest()},
    )
    if read is None:
        return False
    newest = uow.select(_NEWEST_IMPORT, {"series": book_series(name)})
    if not newest or newest[0].subject_id == read:
        return True
    finished = (
        "SELECT max(seq) AS seq FROM log WHERE subject_kind = 'source_file' AND subject_id = :id AND action = :what"
    )
    return int(uow.value(finished, {"id": read, "what": "file.finish"}) or 0) > int(newest[0].seq)


def import_book(context: Context, path: Path, *, items: Sequence[BookItem] | None = None) -> ImportCounts:
    """Bring in a book file: all of it or, with an error that names line and column, nothing. Safe to repeat.

    The file is kept byte for byte; bytes that were brought in before are only counted. `items` are its rows where they
    were read already.
    """
    context.watch("reading the book", 0, 0)
    content = path.read_bytes()
    if is_known_book(context, path, content):
        return ImportCounts(0, count_rows(content), 0)
    return import_book_content(context, name=shown_name(str(path)), content=content, items=items)


def import_book_content(
    context: Context, *, name: str, content: bytes, items: Sequence[BookItem] | None = None
) -> ImportCounts:
    """Bring in the bytes of a book file. Transactions are known again by account, file name and id; a date in the name
    does not count, so that the exports of different days are one series.
    """
    if items is None:
        items = list(read_book(content, name=name, accounts=lambda: known_accounts(context)))
    missing = missing_columns(content, name=name)
    at = context.now()
    with context.database.begin() as uow:
        rows = _book_rows(uow, items, where=name)
        source = book_series(Path(name).name)
        counts = books.import_transactions(uow, rows=rows, source=source, by=context.user, at=at)
        archived = files.archive_files(uow, files=[(Path(name).name, content)], by=context.user, at=at)[0]
        verdict = files.Verdict(archived.id, FileOutcome.READ)
        files.finish_files(uow, verdicts=[verdict], by=BY_IMPORT, at=at)
        context.commit(uow, counts)
    if missing:
        return counts._replace(notes=(f"There is no column {' and '.join(missing)}: taken from the accounts.",))
    return counts


def book_series(name: str) -> str:
    """The name of a book file without a date in it: "ledger-2026-03-05.csv" is of the series "ledger.csv"."""
    path = Path(name)
    return (_DATE.sub("", path.stem).strip(" -_.") or path.stem) + path.suffix


def _book_rows(uow: UnitOfWork, items: Sequence[BookItem], *, where: str) -> list[BookRow]:
    sought = dict.fromkeys(Sought(item.account, item.currency) for item in items)
    owner: dict[tuple[str, str], int] = {}
    for one, found in zip(sought, accounts.find_accounts(uow, list(sought)), strict=True):
        if isinstance(found, Refused):
            item = next(item for item in items if (item.account, item.currency) == one[:2])
            raise InputError(f"Transaction {item.id}: {found.message}", where=where, cure=found.cure) from found
        owner[one.identifier or "", one.currency or ""] = found.id
    return [
        BookRow(
            owner[item.account, item.currency],
            item.id,
            item.date,
            item.amount,
            item.reference,
            item.counterparty,
            item.description,
            item.kind or "journal",
        )
        for item in items
    ]
