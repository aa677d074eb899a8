"""The statement chain of an account, read from the ledger: gaps, the proof P2, missing pages, and the bank's balance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from recon_core.domain.chain import Break, Chain, Link, walk
from recon_core.ports import UnitOfWork
from recon_core.services import lookup

_STATEMENTS = (
    "SELECT s.cash_account_id, s.id, s.bank_statement_id, s.sequence, s.page, s.last_page, s.opening_balance, s.closing_balance,"
    " coalesce(s.from_date, s.opening_date) AS from_date, coalesce(s.to_date, s.closing_date) AS to_date,"
    " (SELECT min(booking_date) FROM statement_line l WHERE l.statement_id = s.id) AS opening_date,"
    " (SELECT max(booking_date) FROM statement_line l WHERE l.statement_id = s.id) AS closing_date"
    " FROM statement s WHERE s.cash_account_id = :account AND s.state = 'accepted' AND s.kind = 'statement'"
)


def foresee(uow: UnitOfWork, accounts: Sequence[int]) -> None:
    """Ask for the statements of accounts together."""
    lookup.foresee(uow, _STATEMENTS, accounts)


def last_balance_day(uow: UnitOfWork, account_id: int) -> date | None:
    """The last day for which an accepted statement of the account states its balance, or None."""
    rows = uow.known(_STATEMENTS, {"account": account_id})
    days = (row.to_date for row in rows if row.closing_balance is not None and row.to_date is not None)
    return max(days, default=None)


def moved(uow: UnitOfWork, account_id: int, *, after: date, through: date) -> int:
    """Sum of the bank lines dated after the first and up to the second day, in minor units."""
    if after >= through:
        return 0
    rows = uow.known(
        "SELECT coalesce(sum(amount), 0) AS total FROM statement_line WHERE cash_account_id = :account"
        " AND booking_date > :after AND booking_date <= :through AND withdrawn_by IS NULL",
        {"account": account_id, "after": after, "through": through},
    )
    return int(rows[0].total)


def _link(row: Any) -> Link | None:
    first = row.from_date or row.opening_date or row.to_date
    last = row.to_date or row.closing_date or row.from_date
    if first is None or last is None:
        return None
    if row.opening_date is not None:
        first, last = min(first, row.opening_date), max(last, row.closing_date)
    return Link(row.id, first, last, row.sequence, row.page, row.opening_balance, row.closing_balance)


def account_chain(uow: UnitOfWork, account_id: int, *, through: date | None = None) -> Chain:
    """The account's chain of accepted statements, with missing pages among the breaks; `through` leaves out those that
    begin after that day.
    """
    rows = uow.known(_STATEMENTS, {"account": account_id})
    every = [link for row in rows if (link := _link(row)) is not None]
    links = [link for link in every if through is None or link.from_date <= through]
    found = walk(
        links,
        moved=lambda after, through: moved(uow, account_id, after=after, through=through),
        currency=lookup.account(uow, account_id).currency,
    )
    return found._replace(breaks=found.breaks + tuple(_missing_pages(rows, {link.id: link for link in links})))


def _missing_pages(rows: list[Any], links: dict[int, Link]) -> list[Break]:
    books: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        if row.page is not None and row.id in links:
            year = links[row.id].to_date.year
            books.setdefault((row.bank_statement_id, row.sequence, year), []).append(row)
    found = []
    for pages in books.values():
        pages.sort(key=lambda row: row.page)
        numbers = [row.page for row in pages]
        last = pages[-1]
        complete = numbers == list(range(1, len(numbers) + 1)) and last.last_page is not False
        if not complete:
            message = f"Statement {last.bank_statement_id or last.sequence} has only the pages {numbers}."
            found.append(Break("pages-missing", last.id, None, links[last.id].from_date, None, message))
    return found


def bank_balance(uow: UnitOfWork, account_id: int, *, day: date) -> int | None:
    """The bank's balance at the end of a day as the statements have it, or None where they do not reach that day.

    It is the closing balance of the last statement up to the day plus the lines after it.
    """
    rows = [(link, row) for row in uow.known(_STATEMENTS, {"account": account_id}) if (link := _link(row))]
    known = [link for link, _ in rows if link.closing is not None and link.to_date <= day]
    reached = any(link.to_date >= day for link, _ in rows)
    if not known or not reached:
        opening = [link for link, _ in rows if link.opening is not None and link.from_date <= day <= link.to_date]
        if not opening:
            return None
        first = min(opening, key=lambda link: link.from_date)
        assert first.opening is not None
        return first.opening + _moved_from(uow, account_id, first.from_date, day)
    last_day = max(link.to_date for link in known)
    ends = [link for link in known if link.to_date == last_day]
    starts = {link.opening for link in ends}
    closing = next((link.closing for link in ends if link.closing not in starts), ends[-1].closing)
    assert closing is not None
    return closing + moved(uow, account_id, after=last_day, through=day)


def _moved_from(uow: UnitOfWork, account_id: int, first: date, day: date) -> int:
    total = uow.value(
        "SELECT coalesce(sum(amount), 0) AS total FROM statement_line WHERE cash_account_id = :account"
        " AND booking_date BETWEEN :first AND :day AND withdrawn_by IS NULL",
        {"account": account_id, "first": first, "day": day},
    )
    return int(total)
