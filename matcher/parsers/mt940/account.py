"""`:25:` and `:25P:`: the account as banks write it.

Seen: an IBAN, with blanks, with a currency behind it (`NL34… EUR`), with a slash or a bank's code and a slash before it
(`/PL29…`); BIC and account (`DABADKKK/1234567890`, `UBRTHUHB/1234/HUF`); German bank code and account
(`50880050/0194787400`); a domestic number.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from matcher.parsers.identifiers import is_bic, is_iban
from recon_core.domain.currency import EXPONENTS

_IBAN = re.compile(r"(?!RF)[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_CURRENCY_BEHIND = re.compile(r"(.*[0-9])[ /]*([A-Z]{3})", re.ASCII)
_USUAL_CHARS = 100
_BLZ = re.compile(r"[0-9]{8}/[0-9]{1,12}", re.ASCII)


class Account(NamedTuple):
    """`identifier` is the IBAN without blanks, or the number as given; `scheme` is IBAN, BLZ or None."""

    identifier: str
    scheme: str | None
    bic: str | None
    currency: str | None


def account_of(text: str) -> Account | None:
    """The account in a `:25:` or `:25P:` field; None if the field is empty."""
    return _known(text) if len(text) <= _USUAL_CHARS else _account_of(text)


def _account_of(text: str) -> Account | None:
    rows = [row.strip() for row in text.split("\n")]
    given = rows[0].lstrip("/").strip()
    bic = next((row for row in rows[1:2] if is_bic(row)), None)
    head, slash, tail = given.partition("/")
    if slash and tail and is_bic(head):
        bic, given = head, tail.strip()
    elif slash and is_iban(_compact(tail)):
        given = tail
    if is_iban(_compact(given)):
        return Account(_compact(given), "IBAN", bic, None)
    currency = None
    behind = _CURRENCY_BEHIND.fullmatch(given)
    if behind and behind[2] in EXPONENTS:
        given, currency = behind[1].strip(), behind[2]
    if not given:
        return None
    if is_iban(_compact(given)):
        return Account(_compact(given), "IBAN", bic, currency)
    return Account(" ".join(given.split()), "BLZ" if _BLZ.fullmatch(given) else None, bic, currency)


# A file has many statements of few accounts.
_known = lru_cache(maxsize=1024)(_account_of)


def looks_like_iban(text: str) -> bool:
    """Whether a text has the shape of an IBAN; the check digits may be wrong, as in anonymised files."""
    return _IBAN.fullmatch(text) is not None


def _compact(text: str) -> str:
    return "".join(text.split()).upper()
