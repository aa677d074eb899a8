"""`:86:` in codes that one bank has made for itself and that are too short to be told from text anywhere else.

Citi: `/PT/` and the kind of product, then two letters and perhaps a number: PY and EI what the payment is about, BO the
party that ordered it (an account, then its name in BO1, or the name at once), BE and BN the beneficiary, the rest of
addresses, banks and accounts. DBS: codes between question marks, `TD?` the kind of entry, CREF, ORDP, BENM, BC the
BIC, REMI. Zürcher Kantonalbank: `?ZKB:` and the kind of entry, then lines of text, then `?ZI:` and numbers of its own;
the first line is the other party where the words behind `:61:` name it as well. Goldman Sachs: slash codes without the
first slash.
"""

from __future__ import annotations

import re

from matcher.parsers.mt940.row import (
    ACCOUNT,
    ADDITIONAL_INFO,
    AMOUNT,
    BIC,
    NAME,
    PROPRIETARY_CODE,
    REMITTANCE,
    REVERSAL,
    Row,
    add,
    keep,
    put,
)
from matcher.parsers.mt940.slash import read_parts
from matcher.parsers.mt940.wrapping import free_lines, rejoined

_CITI = re.compile(r"/(PT|PY|EI|BI|BO[0-9]?|BE[0-9]?|BN[0-9]?|OB[0-9]?|AB[0-9]?|AC|BK|CR|RI)/", re.ASCII)
_DBS = re.compile(r"(?:^|\?)(TD|CREF|ORDP|BENM|OB|BB|BC|REMI|ACC)\?", re.ASCII)
_ZKB = re.compile(r"\?ZKB:([0-9]{4})\s+(.*?)\s*(?:\?ZI:(.*))?", re.ASCII | re.DOTALL)
_NAMED_CHARS_MIN = 4
_SLASHLESS = ("EREF/", "PREF/")
_ACCOUNT = re.compile(r"[A-Z]{0,4}[0-9]{5,34}", re.ASCII)


def read_bank_codes(text: str, more: str | None, row: Row) -> bool:
    """Put the parts of a text in one bank's codes into `row`; False if the text is anything else.

    `more` is subfield 9 of `:61:`.
    """
    if text.startswith("/PT/"):
        _read_citi(_parts(_CITI, rejoined(text, "/")), row)
        return True
    if "?" in text[2:5] and ("?REMI?" in text or "?ORDP?" in text or "?BENM?" in text) and _DBS.match(text):
        _read_dbs(_parts(_DBS, rejoined(text, "?")), row)
        return True
    if text.startswith("?ZKB:") and (zkb := _ZKB.fullmatch(text)):
        _read_zkb(zkb[1], zkb[2], zkb[3], more, row)
        return True
    if text.startswith(_SLASHLESS):
        read_parts(f"/{rejoined(text, '/')}", row)
        return True
    return False


def _parts(codes: re.Pattern[str], text: str) -> list[tuple[str, str]]:
    """Codes and the texts behind them, in their order; texts are trimmed and not empty."""
    _, *parts = codes.split(text)
    pairs = zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True)
    return [(code, value) for code, value in pairs if value]


def _read_citi(parts: list[tuple[str, str]], row: Row) -> None:
    theirs = ("BO", "BO1") if _is_credit(row) else ("BE", "BE1", "BN", "BN1")
    for code, value in parts:
        if code in ("PY", "EI"):
            add(row, REMITTANCE, value)
        elif code in theirs and _ACCOUNT.fullmatch(value) and row[ACCOUNT] is None:
            row[ACCOUNT] = value
        elif code in theirs and row[NAME] is None:
            row[NAME] = value
        else:
            keep(row, code, value)


def _read_dbs(parts: list[tuple[str, str]], row: Row) -> None:
    theirs = "ORDP" if _is_credit(row) else "BENM"
    for code, value in parts:
        if code == "REMI":
            add(row, REMITTANCE, value)
        elif code == "TD":
            add(row, ADDITIONAL_INFO, value)
        elif code == theirs:
            put(row, NAME, code, value)
        elif code == "BC":
            put(row, BIC, code, value)
        else:
            keep(row, code, value)


def _read_zkb(kind: str, text: str, numbers: str | None, more: str | None, row: Row) -> None:
    row[PROPRIETARY_CODE] = "+".join(filter(None, (row[PROPRIETARY_CODE], kind)))
    name, _, rest = text.partition("\n")
    # `eBill: Some Company SA,`, cut at 34 characters.
    named = (more or "").partition(": ")[2].rstrip(" ,")
    if rest and len(named) >= _NAMED_CHARS_MIN and (name.startswith(named) or named.startswith(f"{name},")):
        row[NAME], text = name.rstrip(), rest
    add(row, REMITTANCE, free_lines(text) or None)
    if numbers:
        keep(row, "ZI", "".join(numbers.split()))


def _is_credit(row: Row) -> bool:
    """Whether the other party is the one that ordered the payment."""
    return (row[AMOUNT] >= 0) is not row[REVERSAL]
