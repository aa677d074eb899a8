"""Bringing in: statement files and book files. A file is taken whole or set aside with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from matcher.book_csv import read_book
from matcher.parsers.statements import Statement, parse
from matcher.pipeline.context import BY_IMPORT, Context
from matcher.rules.columns import BookItem
from recon_core.domain.book import BookRow, ImportCounts
from recon_core.domain.diagnostic import Severity
from recon_core.domain.refused import InputError, ReconError, Refused
from recon_core.domain.states import FileOutcome
from recon_core.ports import UnitOfWork
from recon_core.services import accounts, books, statements
from recon_core.services.statements import StatementResult


class Taken(StrEnum):
    """What became of a file in this run. `known`: the same bytes were read before and nothing was done."""

    READ = "read"
    KNOWN = "known"
    SET_ASIDE = "set aside"


class FileReport(NamedTuple):
    """What became of one statement file; `reason` says why it was set aside, `notes` what was odd in it."""

    name: str
    taken: Taken
    statements: tuple[StatementResult, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()


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


def ingest_files(context: Context, files: Sequence[Path], *, opener: AccountOpener = nobody_opens) -> list[FileReport]:
    """Take in statement files, each in one transaction of its own; a bad one is set aside and the others go on."""
    reports = []
    for number, path in enumerate(files):
        context.watch("reading statements", number, len(files))
        reports.append(ingest_file(context, name=path.name, content=path.read_bytes(), opener=opener))
    context.watch("reading statements", len(files), len(files))
    return reports


def ingest_file(context: Context, *, name: str, content: bytes, opener: AccountOpener = nobody_opens) -> FileReport:
    """Archive a file and register its statements: everything in one transaction, or nothing but the reason."""
    with context.database.read() as uow:
        known = uow.select(
            "SELECT f.outcome, f.reason FROM source_file f WHERE f.sha256 = :sha256 AND (f.name = :name"
            " OR EXISTS (SELECT 1 FROM file_delivery d WHERE d.source_file_id = f.id AND d.name = :name))",
            {"sha256": sha256(content).hexdigest(), "name": name},
        )
    if known and known[0].outcome == FileOutcome.READ:
        return FileReport(name, Taken.KNOWN)
    try:
        return _register(context, name=name, content=content, parsed=_parsed(content, name), opener=opener)
    except (InputError, Refused) as error:
        if known and known[0].reason == str(error):
            return FileReport(name, Taken.SET_ASIDE, reason=str(error))
        return _set_aside(context, name=name, content=content, error=error)


def _parsed(content: bytes, name: str) -> list[Statement]:
    found = list(parse(content, name=name))
    if not found:
        raise InputError("The file holds no statement.", where=name, cure="Ask the bank for the statement file.")
    return found


def _register(
    context: Context, *, name: str, content: bytes, parsed: Sequence[Statement], opener: AccountOpener
) -> FileReport:
    at = context.now()
    with context.database.begin() as uow:
        archived = statements.archive_file(uow, name=name, content=content, by=context.user, at=at)
        if archived.known and archived.outcome == FileOutcome.READ:
            uow.commit()
            return FileReport(name, Taken.KNOWN)
        results = [
            statements.register_statement(
                uow,
                header=statement.header,
                lines=statement.lines,
                file_id=archived.id,
                account_id=_account(uow, statement, opener),
                by=BY_IMPORT,
                at=at,
            )
            for statement in parsed
        ]
        statements.finish_file(uow, file_id=archived.id, outcome=FileOutcome.READ, by=BY_IMPORT, at=at)
        uow.commit()
    notes = [
        f"{found.where}: {found.message} {found.cure}".strip()
        for statement in parsed
        for found in statement.diagnostics
        if found.severity != Severity.INFO
    ]
    return FileReport(name, Taken.READ, tuple(results), notes=tuple(notes))


def _account(uow: UnitOfWork, statement: Statement, opener: AccountOpener) -> int:
    header = statement.header
    try:
        return accounts.find_account(
            uow, identifier=header.account, currency=header.currency, bank_bic=header.bank_bic
        ).id
    except Refused as refused:
        if refused.code != "unknown":
            raise
        opened = opener(uow, statement)
        if opened is None:
            raise
        return opened


def _set_aside(context: Context, *, name: str, content: bytes, error: ReconError) -> FileReport:
    at = context.now()
    reason = str(error)
    with context.database.begin() as uow:
        archived = statements.archive_file(uow, name=name, content=content, by=context.user, at=at)
        statements.finish_file(
            uow, file_id=archived.id, outcome=FileOutcome.SET_ASIDE, reason=reason, by=BY_IMPORT, at=at
        )
        uow.commit()
    return FileReport(name, Taken.SET_ASIDE, reason=reason)


def import_book(context: Context, path: Path) -> ImportCounts:
    """Bring in a book file: all of it or, with an error that names line and column, nothing. Safe to repeat."""
    context.watch("reading the book", 0, 0)
    items = list(read_book(path))
    with context.database.begin() as uow:
        rows = _book_rows(uow, items, where=str(path))
        counts = books.import_transactions(uow, rows=rows, source=path.name, by=context.user, at=context.now())
        if counts.new or counts.changed:
            uow.commit()
    return counts


def _book_rows(uow: UnitOfWork, items: Iterable[BookItem], *, where: str) -> list[BookRow]:
    owner: dict[tuple[str, str], int] = {}
    rows = []
    for item in items:
        key = (item.account, item.currency)
        if key not in owner:
            try:
                owner[key] = accounts.find_account(uow, identifier=item.account, currency=item.currency).id
            except Refused as refused:
                raise InputError(f"Transaction {item.id}: {refused.message}", where=where, cure=refused.cure) from None
        kind = item.kind or "journal"
        texts = (item.reference, item.counterparty, item.description)
        rows.append(BookRow(owner[key], item.id, item.date, item.amount, *texts, kind))
    return rows
