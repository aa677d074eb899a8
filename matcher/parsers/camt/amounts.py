"""Amounts of camt: `ActiveOrHistoricCurrencyAndAmount`, always without a sign, with the currency as an attribute."""

from __future__ import annotations

import re

from recon_core.domain.currency import EXPONENTS, exponent
from recon_core.domain.money import to_minor
from recon_core.domain.refused import BadAmount

_AMOUNT = re.compile(r"\+?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})", re.ASCII)
_TWO_DECIMALS = frozenset(code for code, places in EXPONENTS.items() if places == 2)
# A text like 1234.50 that is not longer is smaller than the bound that `to_minor` checks.
_SHORT = 15


def minor(text: str, currency: str) -> int:
    """Minor units of the text of an `Amt`. Raises `BadAmount` (also for a minus sign) or `UnknownCurrency`.

    More decimals than the currency has are accepted where they are zeros.
    """
    if currency in _TWO_DECIMALS and text[-3:-2] == "." and len(text) <= _SHORT:
        digits = text[:-3] + text[-2:]
        if digits.isdigit() and digits.isascii():
            return int(digits)
    exponent(currency)
    text = text.strip()
    if not _AMOUNT.fullmatch(text):
        raise BadAmount(f"{text[:40]!r} is no amount of this standard.", cure="It is written like 1234.50, unsigned.")
    return to_minor(text, currency)
