"""What the commands without a database read: statement files and book files, as lines and items for the engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from matcher.book_csv import KnownAccounts, read_book
from matcher.parsers.source import FailedFile
from matcher.parsers.statements import parse_batch
from matcher.rules.columns import BookItem
from recon_core.domain.refused import Unreadable
from recon_core.domain.statement import LineStatus, StatementKind, StatementLine


def read_items(paths: Iterable[Path], *, lines: Sequence[tuple[str, str, StatementLine]] = ()) -> list[BookItem]:
    """Book transactions of CSV files; the accounts of `lines` tell what a file without their column leaves out.

    Raises what `matcher.book_csv.read_book` raises, and `Unreadable` for an id that
    stands in two files: taken twice, each would be the other's rival.
    """
    items: list[BookItem] = []
    seen: dict[str, Path] = {}
    for path in paths:
        for item in read_book(path, accounts=lambda: _accounts(lines)):
            if item.id in seen:
                raise Unreadable(
                    f"Column id: {item.id!r} stands in {seen[item.id]} too.",
                    where=str(path),
                    cure="Name each file once, and give each book transaction an id of its own.",
                )
            items.append(item)
        seen |= dict.fromkeys((item.id for item in items[len(seen) :]), path)
    return items


def _accounts(lines: Sequence[tuple[str, str, StatementLine]]) -> KnownAccounts:
    currencies: dict[str, set[str]] = {}
    for account, _, line in lines:
        currencies.setdefault(account, set()).add(line.currency)
    known = {account: next(iter(found)) for account, found in currencies.items() if len(found) == 1}
    return KnownAccounts(known, next(iter(known)) if len(known) == len(currencies) == 1 else "")


def read_lines(sources: Sequence[str]) -> tuple[list[tuple[str, str, StatementLine]], set[int], int]:
    """Booked lines as (account, id, line), positions of those no balance proves, and how many lines were left out.

    Where an account has statements, its reports and notifications are left out: they tell of the same lines. A line
    that another statement has told already, by the bank's own reference, is left out too: files overlap.
    Raises the `InputError` of a file that can't be read, which names the file.
    """
    found: list[tuple[str, str, list[tuple[str, str, StatementLine]], bool]] = []
    skipped = 0
    for statement in parse_batch([Path(source) if source != "-" else source for source in sources]):
        if isinstance(statement, FailedFile):
            error = statement.error
            error.where = ", ".join(filter(None, (statement.source.name, error.where)))
            raise error
        header = statement.header
        account = header.account or ""
        name = header.statement_id or (header.source.name if header.source else "statement")
        booked = [
            (account, line.bank_reference or f"{name}#{line.line_index}", line)
            for line in statement.lines
            if line.status == LineStatus.BOOKED
        ]
        skipped += len(statement.lines) - len(booked)
        is_doubtful = header.balanced is False or header.reversals_inverted is None
        found.append((account, header.kind, booked, is_doubtful))
    with_statements = {account for account, kind, _, _ in found if kind == StatementKind.STATEMENT}
    lines: list[tuple[str, str, StatementLine]] = []
    unproven: set[int] = set()
    told: set[tuple[object, ...]] = set()
    for account, kind, booked, is_doubtful in found:
        if kind != StatementKind.STATEMENT and account in with_statements:
            skipped += len(booked)
            continue
        new = [one for one in booked if one[2].bank_reference is None or _identity(*one) not in told]
        told.update(_identity(*one) for one in booked)
        skipped += len(booked) - len(new)
        if is_doubtful:
            unproven.update(range(len(lines), len(lines) + len(new)))
        lines += new
    return lines, unproven, skipped


def _identity(account: str, name: str, line: StatementLine) -> tuple[object, ...]:
    return account, name, line.booking_date, line.amount, line.currency
