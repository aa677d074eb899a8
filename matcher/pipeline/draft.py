"""A draft of the accounts file, from the accounts that statements are of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from matcher.parsers.source import FailedFile
from matcher.parsers.statements import Statement, parse_batch
from matcher.pipeline.opening import opening_of
from matcher.pipeline.setup import OpeningPoint
from recon_core.domain.money import to_text

_HEAD = """\
# One [[account]] a cash account of the books. `code` is what your books call it (in the book file's column account),
# `identifiers` are its numbers at the bank. `policy` says how far the engine may go alone: import, match (propose only),
# clear, adjust (clear and create adjustments), release (and close the document). The reconciliation begins with
# `opening_balance` at the end of `opening_date`. Optional: group.
"""


def draft(paths: Sequence[Path]) -> Iterator[str]:
    """The lines of an accounts file (TOML) with every account that the statements name and the opening of its first
    statement; `code` is the bank's number, to be replaced.
    """
    first: dict[tuple[str, str], tuple[date, OpeningPoint | None]] = {}
    for statement in parse_batch(paths):
        if isinstance(statement, FailedFile):
            yield f"# {statement.source.name}: {statement.error}"
            continue
        header = statement.header
        if not header.account or not header.currency:
            continue
        key, found = (header.account, header.currency), opening_of(statement)
        day = found.day if found is not None else _any_day(statement)
        if key not in first or day < first[key][0]:
            first[key] = day, found
    yield _HEAD.rstrip()
    taken: set[str] = set()
    for (account, currency), (_, opening) in first.items():
        code = f"{account} {currency}" if account in taken else account
        taken.add(account)
        yield ""
        yield "[[account]]"
        yield f'code = "{code}"  # your own, such as 1930'
        yield f'name = "{code}"'
        yield f'currency = "{currency}"'
        yield f'identifiers = ["{account}"]'
        yield 'policy = "clear"'
        if opening is not None:
            yield f"opening_date = {opening.day}"
            yield f'opening_balance = "{to_text(opening.balance, currency)}"'


def _any_day(statement: Statement) -> date:
    header = statement.header
    return header.from_date or header.opening_date or header.closing_date or date.max
