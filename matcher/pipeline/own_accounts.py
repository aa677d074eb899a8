"""Our other accounts that bank lines name: a transfer is one whichever accounts are matched together.

The engine takes for ours the accounts that it is given lines or items of. Of thousands of others it is given only those
that a line names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from matcher.rules.columns import Lines
from matcher.rules.items import IBAN_HEAD
from recon_core.domain.account import normal_identifier
from recon_core.ports import UnitOfWork

_TEXTS = ("counterparty_account", "remittance", "additional_info")
_SIGNS_MIN = 6


def with_named(uow: UnitOfWork, lines: Lines) -> Lines:
    """The lines, with the names of our other accounts that they name among `accounts`."""
    words = {
        word for value in _values(lines) for word in value.split() if len(word) >= _SIGNS_MIN and word[-1].isdigit()
    }
    if not words:
        return lines
    ours = _ours(uow)
    found = {name for word in words for key in _keys(normal_identifier(word)) for name in ours.get(key, ())}
    more = sorted(found.difference(lines.accounts))
    return replace(lines, accounts=(*lines.accounts, *more)) if more else lines


def _values(lines: Lines) -> Iterator[str]:
    for name in _TEXTS:
        yield from set(lines.text(name).values)


def _ours(uow: UnitOfWork) -> dict[str, list[str]]:
    """Our identifiers by each way in which a line may name them."""
    found: dict[str, list[str]] = {}
    for row in uow.select("SELECT DISTINCT identifier FROM account_identifier WHERE active"):
        for key in _keys(normal_identifier(row.identifier)):
            found.setdefault(key, []).append(row.identifier)
    return found


def _keys(name: str) -> tuple[str, ...]:
    """An identifier, and the account number in it if it is an IBAN."""
    return (name, name[IBAN_HEAD:]) if name[:2].isalpha() and len(name) > IBAN_HEAD else (name,)
