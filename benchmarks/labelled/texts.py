"""What payers write."""

from __future__ import annotations

import random

_INVOICE = (
    "{}",
    "{}",
    "Faktura {}",
    "FAKTURANR {}",
    "fakt. {}",
    "Invoice {}",
    "INV {} thanks",
    "Rechnung Nr. {} vom 02.03.2026",
    "RG-NR {}",
    "Lasku {}",
    "OCR {}",
    "KID {}",
    "Ref: {}",
    "Betalning faktura {} kundnr 4711",
    "kundnr 77123 faktura {}",
    "Order 88012, faktura {}",
    "payment of invoice {} dated 2026-02-27",
    "Facture {}",
    "{} tack",
)
_VAGUE = ("", "", "Betalning", "payment", "tack", "Enl avtal", "faktura", "hyra", "Zahlung", "lasku")


def invoice_text(rng: random.Random, number: str) -> str:
    """A text that names one invoice."""
    text = rng.choice(_INVOICE).format(number)
    return text.upper() if rng.random() < 0.3 else text


def vague(rng: random.Random) -> str:
    """A text that names nothing."""
    return rng.choice(_VAGUE)
