"""Shapes and check digits of account and bank identifiers that stand in statements of every format."""

from __future__ import annotations

import re
from functools import lru_cache

# RF begins a creditor reference (ISO 11649), which has the same form.
_IBAN = re.compile(r"(?!RF)[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)


@lru_cache(maxsize=1024)
def is_iban(text: str) -> bool:
    """Whether a text without blanks, in capitals, is an IBAN (ISO 13616: remainder 1 modulo 97)."""
    if not _IBAN.fullmatch(text):
        return False
    return _remainder(text) == 1


def iban(country: str, domestic: str) -> str:
    """The IBAN of a domestic account number of letters and digits, with its check digits."""
    return f"{country}{98 - _remainder(f'{country}00{domestic}'):02}{domestic}"


def _remainder(text: str) -> int:
    return int("".join(str(int(letter, 36)) for letter in text[4:] + text[:4])) % 97


def is_bic(text: str) -> bool:
    """Whether a text has the shape of a BIC (ISO 9362)."""
    return _BIC.fullmatch(text) is not None
