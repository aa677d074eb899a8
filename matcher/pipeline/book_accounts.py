"""Which cash account a row of a book file belongs to: what the accounts tell of it, and whether all are known.

Used before anything is imported, so that a book that can't be used changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from matcher.book_csv import KnownAccounts, read_book
from matcher.parsers.source import FailedFile
from matcher.parsers.statements import parse_batch
from matcher.pipeline.context import Context
from matcher.pipeline.setup import AccountPlan
from matcher.rules.columns import BookItem
from recon_core.domain.account import normal_identifier
from recon_core.domain.refusals import Unknown
from recon_core.domain.refused import InputError

_NAMES = (
    "SELECT code AS name, currency, code FROM cash_account WHERE active UNION ALL"
    " SELECT i.identifier AS name, i.currency, c.code FROM account_identifier i"
    " JOIN cash_account c ON c.id = i.cash_account_id WHERE i.active AND c.active"
)
_NAMES_SHOWN = 5
_WHICH = (
    "Say which account is which in a file: recon account draft INBOX > accounts.toml; put your codes there, and name it with"
    " --accounts accounts.toml"
)


class _Named(NamedTuple):
    """A name of an account, its currency, and the account's code."""

    name: str
    currency: str
    code: str


def known_accounts(context: Context) -> KnownAccounts:
    """The accounts of the books by code and by number at the bank."""
    return _known(_in_books(context))


def read_new_book(
    context: Context, book: Path, *, inbox: Sequence[Path], plans: Sequence[AccountPlan]
) -> list[BookItem]:
    """The items of a book file, read before a run changes anything.

    Raises the `InputError` of what can't be read, and one where a row names an account that is neither in the books nor
    in `plans` nor in the statements of `inbox`: the run would open the statements' accounts under other names.
    """
    named = [*_in_books(context), *_in_plans(plans)]
    try:
        items = list(read_book(book, accounts=lambda: _known([*named, *_in_statements(inbox)])))
    except InputError as error:
        if isinstance(error.__cause__, Unknown) and inbox:
            error.cure = f"Add the column. Or: {_WHICH}"
        raise
    wanted = {name for name in dict.fromkeys(item.account for item in items) if not _among(name, named)}
    if wanted:
        told = _in_statements(inbox)
        strange = sorted(name for name in wanted if not _among(name, told))
        if strange:
            raise InputError(
                f"The book has account {_some(strange)}, and no cash account is called so; the statements are of"
                f" {_some(sorted({one.name for one in told}))}.",
                where=str(book),
                cure=_WHICH,
            )
    return items


def _known(named: Iterable[_Named]) -> KnownAccounts:
    """A number in several currencies tells none."""
    currencies: dict[str, set[str]] = {}
    codes = set()
    for one in named:
        currencies.setdefault(one.name, set()).add(one.currency)
        codes.add(one.code)
    told = {name: next(iter(found)) for name, found in currencies.items() if len(found) == 1}
    return KnownAccounts(told, next(iter(codes)) if len(codes) == 1 else "")


def _in_books(context: Context) -> list[_Named]:
    with context.database.read() as uow:
        return [_Named(*row) for row in uow.select(_NAMES)]


def _in_plans(plans: Sequence[AccountPlan]) -> list[_Named]:
    return [
        _Named(name, plan.currency, plan.code)
        for plan in plans
        for name in (plan.code, *map(normal_identifier, plan.identifiers))
    ]


def _in_statements(inbox: Sequence[Path]) -> list[_Named]:
    found = dict.fromkeys(
        (one.header.account, one.header.currency)
        for one in parse_batch(inbox)
        if not isinstance(one, FailedFile) and one.header.account and one.header.currency
    )
    return [_Named(normal_identifier(account or ""), currency or "", account or "") for account, currency in found]


def _among(name: str, named: Iterable[_Named]) -> bool:
    return any(name == one.name or normal_identifier(name) == one.name for one in named)


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return f"{', '.join(names[:_NAMES_SHOWN])}{f' and {more} more' if more > 0 else ''}"
