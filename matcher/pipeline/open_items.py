"""What the engine is given of stored accounts: open bank lines and open book transactions, each with what is left."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from matcher.pipeline import own_accounts
from matcher.rules.columns import BOOK_TEXTS, LINE_TEXTS, Book, Lines, book_from_columns, lines_from_columns
from recon_core.domain.account import CashAccount
from recon_core.domain.statement import StatementLine
from recon_core.domain.states import TransactionStatus
from recon_core.ports import UnitOfWork
from recon_core.reports.open_items import Columns, advice_for, open_lines, open_transactions
from recon_core.services.line_rows import from_content

_OWN = tuple(name for name in StatementLine._fields if name not in {"line_index", "where", "status"})
_PARTS = (
    "SELECT t.id, t.split_of_id, coalesce(o.external_id, t.external_id) AS external_id FROM book_transaction t"
    " LEFT JOIN book_transaction o ON o.id = t.split_of_id WHERE t.id IN :ids"
)


class OpenItems(NamedTuple):
    """Columns for the engine, the accounts by the name they have there, and the lines that no policy may clear."""

    lines: Lines
    book: Book
    account_ids: dict[str, int]
    unproved: frozenset[int]


def engine_names(uow: UnitOfWork, accounts: Sequence[CashAccount]) -> dict[int, str]:
    """The name of each account in the engine: its IBAN or first identifier, because lines name counterparties so."""
    rows = uow.select(
        "SELECT cash_account_id, identifier FROM account_identifier WHERE active AND cash_account_id IN :ids"
        " ORDER BY cash_account_id, CASE scheme WHEN 'IBAN' THEN 0 ELSE 1 END, id",
        {"ids": [account.id for account in accounts]},
    )
    names: dict[int, str] = {}
    for row in rows:
        names.setdefault(row.cash_account_id, row.identifier)
    taken: set[str] = set()
    for account in accounts:
        name = names.get(account.id, account.code)
        if name in taken:  # one IBAN in two currencies is two accounts
            name = f"{name} {account.currency}"
        taken.add(name)
        names[account.id] = name
    return names


def load(uow: UnitOfWork, accounts: Sequence[CashAccount]) -> OpenItems:
    """Open items of the accounts, in an order that does not depend on when they came in."""
    ids = [account.id for account in accounts]
    return assemble(uow, accounts, open_lines(uow, ids), open_transactions(uow, ids))


def assemble(uow: UnitOfWork, accounts: Sequence[CashAccount], stored: Columns, transactions: Columns) -> OpenItems:
    """Stored lines and transactions of the accounts as the engine takes them."""
    names = engine_names(uow, accounts)
    columns = own_accounts.with_named(uow, _lines(uow, stored, names))
    unproved = (line_id for line_id, automatic in zip(stored["id"], stored["automatic"], strict=True) if not automatic)
    account_ids = {name: account_id for account_id, name in names.items()}
    return OpenItems(columns, _book(transactions, names), account_ids, frozenset(unproved))


def whole(uow: UnitOfWork, stored: Columns) -> tuple[Columns, dict[int, int]]:
    """Transactions with the parts that were split off put back, as they were before the bank carried them out in parts,
    under the name that they had then; and for each the one that it is a part of.
    """
    rows = uow.select(_PARTS, {"ids": stored["id"]})
    family = {row.id: row.split_of_id or row.id for row in rows}
    called = {row.id: row.external_id for row in rows}
    first: dict[int, int] = {}
    amounts: dict[int, int] = {}
    for one, amount in zip(stored["id"], stored["amount"], strict=True):
        head = first.setdefault(family[one], one)
        amounts[head] = amounts.get(head, 0) + amount
    keep = [place for place, one in enumerate(stored["id"]) if one in amounts]
    kept = {name: [values[place] for place in keep] for name, values in stored.items()}
    kept["amount"] = [amounts[one] for one in kept["id"]]
    kept["external_id"] = [called[one] for one in kept["id"]]
    return kept, {one: first[family[one]] for one in stored["id"]}


def line_columns(uow: UnitOfWork, accounts: Sequence[CashAccount], stored: Columns) -> Lines:
    """Stored lines of the accounts as columns, their ids as text."""
    return _lines(uow, stored, engine_names(uow, accounts))


def _lines(uow: UnitOfWork, stored: Columns, names: dict[int, str]) -> Lines:
    """Columns from columns; only a line with details, or one that a notification tells of, becomes an object."""
    count = len(stored["id"])
    more = {place: json.loads(text) for place, text in enumerate(stored["more"]) if text != "{}"}
    values: dict[str, list[Any]] = {name: stored[name] for name in LINE_TEXTS if name in stored}
    values |= {name: _spread(more, name, count) for name in LINE_TEXTS if name not in stored}
    batch_count, original = _spread(more, "batch_count", count), _spread(more, "original_amount", count)
    details = {place: _details(fields) for place, fields in more.items() if fields.get("details")}
    for place, told in _told(uow, stored, more).items():
        for name, column in values.items():
            column[place] = getattr(told, name)
        batch_count[place], original[place], details[place] = told.batch_count, told.original_amount, told.details
    owners = [names[account_id] for account_id in stored["cash_account_id"]]
    return lines_from_columns(
        ids=list(map(str, stored["id"])),
        accounts=owners,
        booking_days=stored["booking_date"],
        value_days=stored["value_date"],
        amounts=stored["amount"],
        currencies=stored["currency"],
        texts=values | {"document_numbers": ["\n".join(one or ()) for one in values["document_numbers"]]},
        reversals=stored["reversal"],
        batch_counts=batch_count,
        original_amounts=original,
        details={place: found for place, found in sorted(details.items()) if found},
    )


def _spread(more: dict[int, dict[str, Any]], name: str, count: int) -> list[Any]:
    """A field without a column of its own, as a column."""
    column: list[Any] = [None] * count
    for place, fields in more.items():
        value = fields.get(name)
        if value is not None:
            column[place] = value
    return column


def _details(fields: dict[str, Any]) -> tuple[StatementLine, ...]:
    return tuple(from_content(detail) for detail in fields["details"])


def _told(uow: UnitOfWork, stored: Columns, more: dict[int, dict[str, Any]]) -> dict[int, StatementLine]:
    """Lines of which a notification or report tells more, by their place, with what it tells."""
    advice = advice_for(uow, stored["id"])
    if not advice:
        return {}
    present = [name for name in _OWN if name in stored]
    found = {}
    for place, line_id in enumerate(stored["id"]):
        if line_id in advice:
            line = StatementLine(0, **{name: stored[name][place] for name in present})
            line = _with_more(line, more.get(place, {}))
            found[place] = _enriched(line, [from_content(text) for text in advice[line_id]])
    return found


def _book(stored: Columns, names: dict[int, str]) -> Book:
    released = [place for place, status in enumerate(stored["status"]) if status == TransactionStatus.RELEASED]
    if len(released) < len(stored["status"]):
        stored = {name: [column[place] for place in released] for name, column in stored.items()}
    return book_from_columns(
        ids=list(map(str, stored["id"])),
        accounts=[names[account_id] for account_id in stored["cash_account_id"]],
        days=stored["transaction_date"],
        amounts=stored["amount"],
        currencies=stored["currency"],
        texts={name: stored[name] for name in BOOK_TEXTS},
        called=stored["external_id"],
    )


def _with_more(line: StatementLine, more: dict[str, Any]) -> StatementLine:
    more = {name: value for name, value in more.items() if name != "booking_date"}
    if not more:
        return line
    rest = from_content({"line_index": 0, "currency": line.currency, **more})
    return line._replace(**{name: getattr(rest, name) for name in more})


def _enriched(line: StatementLine, advice: Sequence[StatementLine]) -> StatementLine:
    """The line with what a notification tells of it: details of a batch, and fields that it lacks. Never an amount."""
    details = tuple(detail for told in advice for detail in (told.details or (told,)))
    if len(details) > 1 and not line.details:
        return line._replace(details=details) if sum(one.amount for one in details) == line.amount else line
    if len(advice) != 1:
        return line
    told = advice[0]
    fixed = {"line_index", "booking_date", "value_date", "amount", "currency", "status", "reversal", "where", "details"}
    lacking = [name for name in StatementLine._fields if name not in fixed and not getattr(line, name)]
    return line._replace(**{name: getattr(told, name) for name in lacking})
