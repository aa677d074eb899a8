"""`:86:` in words: labels of Polish and Dutch banks, the two-line forms, and free text.

Polish corporate (`… ; OD: JAN NOWAK; TYT.: …; TNR: 179…`), ABN AMRO without slashes (`IBAN: … NAAM: … KENMERK: …`),
Knab (`REK: … NAAM: …`), SNS and ASN (counter-account and name on the first line), old ABN AMRO columns, GVC 997 and 999
without subfields. Anything else is remittance text as it stands, with its lines.
"""

from __future__ import annotations

import re

from matcher.parsers.mt940.account import looks_like_iban
from matcher.parsers.mt940.row import (
    ACCOUNT,
    ADDITIONAL_INFO,
    BIC,
    CREDITOR_REFERENCE,
    END_TO_END_ID,
    INSTRUCTION_ID,
    MANDATE_ID,
    NAME,
    PROPRIETARY_CODE,
    REMITTANCE,
    TRANSACTION_ID,
    Row,
    add,
    keep,
    keep_number,
    put,
)
from matcher.parsers.mt940.slash import begins_with_code, read_slashes
from matcher.parsers.mt940.wrapping import free_lines, rejoined

_POLISH = re.compile(
    r"(?:^|; ?)(ID IPH|Z RACH\.|NA RACH\.|OD|DLA|TYT\.|TNR|REF\. ?KLIENTA|DATA STEMPLA|DATA NOSTRO|WALUTA|KWOTA|KURS|"
    r"NR(?: KARTY)?|NIP|ID UZUP\.|NAZWA ZOBOW\.|ID ZOBOW\.|SYMBOL FORM\.|OKRES|RODZAJ SKŁADKI|RODZAJ SKLADKI): ?",
    re.IGNORECASE,
)
_POLISH_PLACES = {
    "Z RACH.": ACCOUNT,
    "NA RACH.": ACCOUNT,
    "TYT.": REMITTANCE,
    "TNR": TRANSACTION_ID,
    "REF. KLIENTA": INSTRUCTION_ID,
    "REF.KLIENTA": INSTRUCTION_ID,
}
_POLISH_PARTS = frozenset({"OD", "DLA", "WALUTA", "KWOTA", "KURS"})
_DUTCH = re.compile(
    r"(?:^|[ /])(IBAN|REK|BIC|NAAM|OMSCHRIJVING|KENMERK|MACHTIGING|INCASSANT|BETALINGSKENM\.|ID DEBITEUR|VOOR): ?"
)
_DUTCH_PLACES = {
    "IBAN": ACCOUNT,
    "REK": ACCOUNT,
    "BIC": BIC,
    "NAAM": NAME,
    "OMSCHRIJVING": REMITTANCE,
    "KENMERK": END_TO_END_ID,
    "MACHTIGING": MANDATE_ID,
    "BETALINGSKENM.": CREDITOR_REFERENCE,
}
_COLLECTION = re.compile(r"Europese incasso(?: door)?: ?(.*?)-Incassant ID: ?(\S+?)-Kenmerk Machtiging: ?(.*)")
_COLUMNS = re.compile(r"((?:[0-9]{2}\.){3}[0-9]{3}) +(\S(?:[^ ]| (?! ))*)", re.ASCII)
_PATTERN_CHARS_MAX = 4096
_PLAIN_CODE = re.compile(r"(99[79])(?:PN([0-9]{1,4}))?(?=\D|[0-9]{3}\D|$)", re.ASCII)


def read_words(text: str, own: str | None, more: str | None, row: Row) -> None:
    """Put what a text without subfields says into `row`; `own` and `more` are subfields 7 and 9 of `:61:`."""
    if ":" in text:
        if "TNR:" in text and ";" in text:
            _read_polish(rejoined(text, ";"), row)
            return
        if "NAAM:" in text and ("IBAN:" in text or "REK:" in text):
            _read_dutch(" ".join(text.split()), row)
            return
    if text[:2] == "99" and (plain := _PLAIN_CODE.match(text)):
        code = (row[PROPRIETARY_CODE], plain[1], plain[2])
        row[PROPRIETARY_CODE] = "+".join(filter(None, code))
        text = text[plain.end() :]
    elif own and "\n" in text and text.startswith(own):
        text = _without_party_line(text, own, more, row)
        if begins_with_code(text):
            read_slashes(text, text.replace("\n", ""), row)
            return
    elif text[2:3] == "." and (columns := _COLUMNS.match(text)):
        row[ACCOUNT], row[NAME] = columns[1], columns[2].rstrip()
        text = text[columns.end() :].lstrip(" ")
    whole = free_lines(text)
    if whole:
        add(row, REMITTANCE, whole)
    if ":" in whole and len(whole) <= _PATTERN_CHARS_MAX and "-Kenmerk Machtiging:" in whole:
        found = _COLLECTION.search(whole.replace("\n", " "))
        if found:
            keep(row, "INCASSANT", found[2])
            row[MANDATE_ID] = found[3].strip() or None


def _without_party_line(text: str, own: str, more: str | None, row: Row) -> str:
    """SNS and ASN repeat the counter-account (subfield 7) and the name (9) on the first line; the rest is the text."""
    first, _, rest = text.partition("\n")
    account, _, name = first.strip().partition(" ")
    name = name.strip()
    if account != own or not (looks_like_iban(own) or (name and more is not None and more.strip() == name)):
        return text
    row[ACCOUNT], row[NAME] = account, name or None
    return rest.strip()


def _labels(
    pattern: re.Pattern[str], places: dict[str, int], parts_wanted: frozenset[str], text: str, row: Row
) -> dict[str, str]:
    """Labels to places; labels without one are kept. Returns `parts_wanted` and, under "", the text before."""
    parts = pattern.split(text)
    found = {"": parts[0].strip(" ;")}
    for label, value in zip(parts[1::2], parts[2::2], strict=True):
        value, label = value.strip(" ;"), label.upper()
        if not value:
            continue
        place = places.get(label)
        if place is not None:
            put(row, place, label, value)
        elif label in parts_wanted and label not in found:
            found[label] = value
        else:
            keep(row, label, value)
    return found


def _read_polish(text: str, row: Row) -> None:
    found = _labels(_POLISH, _POLISH_PLACES, _POLISH_PARTS, text, row)
    if found[""]:
        add(row, ADDITIONAL_INFO, found[""])
    party = found.get("OD") or found.get("DLA")
    if party:
        name, _, address = party.partition("  ")
        row[NAME] = name
        if address.strip():
            keep(row, "ADDR", address.strip())
    if "OD" in found and "DLA" in found:
        keep(row, "DLA", found["DLA"])
    if "KWOTA" in found:
        keep_number(row, "original", found.get("WALUTA", "") + found["KWOTA"])
    elif "WALUTA" in found:
        keep(row, "WALUTA", found["WALUTA"])
    if "KURS" in found:
        keep_number(row, "rate", found["KURS"])


def _read_dutch(text: str, row: Row) -> None:
    before = _labels(_DUTCH, _DUTCH_PLACES, frozenset(), text, row)[""]
    if before:
        is_text = row[REMITTANCE] is None and "REK:" in text
        add(row, REMITTANCE if is_text else ADDITIONAL_INFO, before)
