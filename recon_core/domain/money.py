"""Money as an integer count of minor units, and the only way from and to text.

Sign: + into the account, − out of it, on the bank's side and on ours. There is no float anywhere.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from recon_core.domain.currency import exponent
from recon_core.domain.refused import BadAmount

# A larger amount is a damaged file, not a payment; the bound also keeps sums of a million lines inside 64 bits.
AMOUNT_MINOR_MAX = 10**15

_GROUP_DIGITS = 3
_MINUS = "\u2212"
_THOUSANDS = re.compile(r"(?<=\d)(?=(?:\d{3})+$)")
_GAPS = re.compile(r"[\s\u00a0\u202f']")
_PLAIN = re.compile(r"([+-]?)([0-9]{1,30})(?:\.([0-9]{0,20}))?|([+-]?)\.([0-9]{1,20})", re.ASCII)


class Money(NamedTuple):
    """`minor` units of an ISO 4217 `currency`; 12.50 SEK is `Money(1250, "SEK")`."""

    minor: int
    currency: str

    def __str__(self) -> str:
        return f"{to_text(self.minor, self.currency)} {self.currency}"


def grouped(digits: str, gap: str) -> str:
    """Digits with their thousands apart: "1234567" and a blank are "1 234 567"."""
    return _THOUSANDS.sub(gap, digits)


def to_text(minor: int, currency: str) -> str:
    """Decimal text with all decimals of the currency: 1250 SEK is "12.50", 1250 JPY "1250"."""
    places = exponent(currency)
    if places == 0:
        return str(minor)
    digits = str(abs(minor)).rjust(places + 1, "0")
    return f"{'-' if minor < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def to_minor(text: str, currency: str) -> int:
    """Minor units of a decimal text with a point: "12.5" SEK is 1250. An ASCII sign is allowed, grouping is not.

    More digits than the currency has are accepted only if they are zeros. Raises `BadAmount` or `UnknownCurrency`.
    """
    places = exponent(currency)
    found = _PLAIN.fullmatch(text.strip())
    if found is None:
        raise BadAmount(f"{text!r} is no decimal amount.", cure="Write it like -1234.50, with a point and no grouping.")
    sign = found[1] or found[4] or ""
    whole, decimals = found[2] or "0", found[3] or found[5] or ""
    if decimals[places:].strip("0"):
        raise BadAmount(f"{text!r} has more decimals than {currency} has ({places}).")
    minor = int(whole + decimals[:places].ljust(places, "0"))
    if minor >= AMOUNT_MINOR_MAX:
        raise BadAmount(f"{text!r} is larger than any amount that is accepted ({AMOUNT_MINOR_MAX} minor units).")
    return -minor if sign == "-" else minor


def typed_minor(text: str, currency: str, *, commas_group: bool = False) -> int:
    """Minor units of an amount as a person types it: with comma or point, grouped or not, the currency behind it.

    One comma before at most as many digits as the currency has decimals is the decimal mark, any other one groups if
    `commas_group`; what could be either is refused. Raises `BadAmount` or `UnknownCurrency`.
    """
    plain = _GAPS.sub("", text).replace(_MINUS, "-").removesuffix(currency)
    comma, point = plain.rfind(","), plain.rfind(".")
    if comma >= 0 and point >= 0:
        plain = plain.replace("," if point > comma else ".", "")
    decimals = len(plain) - comma - 1
    if comma >= 0 and plain.count(",") == 1 and decimals <= exponent(currency):
        either = commas_group and point < 0 and decimals == _GROUP_DIGITS
        plain = plain if either else plain.replace(",", ".")
    elif commas_group:
        plain = plain.replace(",", "")
    if "," in plain:
        raise BadAmount(f"{text!r} is no amount.", cure="Write it like 1 234,50 or 1234.50.")
    return to_minor(plain, currency)
