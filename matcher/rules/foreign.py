"""Foreign currency on lines and items: amounts that both sides print, and hints that a payment crossed a border."""

from __future__ import annotations

import re

import numpy as np

from matcher.rules.columns import Flags, Ints
from matcher.rules.view import View
from recon_core.domain.currency import EXPONENTS
from recon_core.domain.money import to_minor
from recon_core.domain.refused import BadAmount

_PRINTED = re.compile(r"\b([A-Z]{3}) ?([0-9]{1,12}(?:[ '][0-9]{3})*(?:[.,][0-9]{1,3})?)\b")
_CROSS_BORDER = frozenset({"XBCT", "XBRD", "XBSA", "XBST"})
_TEXTS = ("remittance", "additional_info")


def printed_amounts(text: str) -> set[tuple[str, int]]:
    """Currency and minor units of every amount in a text: "PLN 3215.85", "USD1290,48"."""
    found = set()
    for code, number in _PRINTED.findall(text):
        if code in EXPONENTS:
            plain = number.replace(" ", "").replace("'", "").replace(",", ".")
            try:
                found.add((code, to_minor(plain, code)))
            except BadAmount:
                continue
    return found


def foreign_amounts(view: View, line: int) -> set[tuple[str, int]]:
    """Amounts in another currency than the account's that the bank states for a line; each line is read once."""
    known = view.keep("foreign amounts", dict[int, set[tuple[str, int]]])
    if line not in known:
        known[line] = _foreign_amounts(view, line)
    return known[line]


def _foreign_amounts(view: View, line: int) -> set[tuple[str, int]]:
    lines = view.items.lines
    own = lines.currencies[lines.currency[line]]
    found = {amount for name in _TEXTS for amount in printed_amounts(view.text(name)[line])}
    currency = view.text("original_currency")[line]
    original = abs(int(lines.original_amount[line]))
    if currency and original:
        found.add((currency, original))
    return {(code, minor) for code, minor in found if code != own}


def is_foreign(view: View, line: int) -> bool:
    """Whether the bank says that the payment crossed a border or a currency."""
    return bool(crossed_border(view, np.array([line]))[0]) or bool(foreign_amounts(view, line))


def crossed_border(view: View, line: Ints) -> Flags:
    """Lines whose code says that the payment crossed a border."""

    def of_codes() -> Flags:
        texts = view.items.lines.text("code")
        flags = [value.rsplit("/", 1)[-1] in _CROSS_BORDER for value in texts.values]
        return np.array([*flags, False], np.bool_)[texts.codes]

    found: Flags = view.keep("crossed border", of_codes)[line]
    return found
