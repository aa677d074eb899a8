"""What the commands without a database read: statement files and book files, as lines and items for the engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from matcher.book_csv import read_book
from matcher.parsers.source import FailedFile
from matcher.parsers.statements import parse_batch
from matcher.rules.columns import BookItem
from recon_core.domain.statement import LineStatus, StatementKind, StatementLine


def read_items(paths: Iterable[Path]) -> list[BookItem]:
    """Book transactions of CSV files. Raises what `matcher.book_csv.read_book` raises."""
    return [item for path in paths for item in read_book(path)]


def read_lines(sources: Sequence[str]) -> tuple[list[tuple[str, str, StatementLine]], set[int], int]:
    """Booked lines as (account, id, line), positions of those no balance proves, and how many lines were left out.

    Where an account has statements, its reports and notifications are left out: they tell of the same lines.
    """
    found: list[tuple[str, str, list[tuple[str, str, StatementLine]], bool]] = []
    skipped = 0
    for statement in parse_batch([Path(source) if source != "-" else source for source in sources]):
        if isinstance(statement, FailedFile):
            raise statement.error
        header = statement.header
        account = header.account or ""
        name = header.statement_id or (header.source.name if header.source else "statement")
        booked = [
            (account, line.bank_reference or f"{name}#{line.line_index}", line)
            for line in statement.lines
            if line.status == LineStatus.BOOKED
        ]
        skipped += len(statement.lines) - len(booked)
        found.append((account, header.kind, booked, header.balanced is False))
    with_statements = {account for account, kind, _, _ in found if kind == StatementKind.STATEMENT}
    lines: list[tuple[str, str, StatementLine]] = []
    unproven: set[int] = set()
    for account, kind, booked, is_wrong in found:
        if kind != StatementKind.STATEMENT and account in with_statements:
            skipped += len(booked)
            continue
        if is_wrong:
            unproven.update(range(len(lines), len(lines) + len(booked)))
        lines += booked
    return lines, unproven, skipped
