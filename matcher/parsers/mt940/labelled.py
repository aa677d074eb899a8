"""`:86:` in words: labels of Polish and Dutch banks, the two-line forms, and free text.

Polish corporate (`… ; OD: JAN NOWAK; TYT.: …; TNR: 179…`), ABN AMRO without slashes (`IBAN: … NAAM: … KENMERK: …`),
Knab (`REK: … NAAM: …`), SNS and ASN (counter-account and name on the first line), old ABN AMRO columns, GVC 997 and 999
without subfields. Anything else is remittance text as it stands, with its lines.
"""

from __future__ import annotations

import re

from matcher.parsers.mt940.numbered import Extra, Fields
from matcher.parsers.mt940.slash import begins_with_code, read_slashes
from matcher.parsers.mt940.wrapping import free_lines, rejoined

_POLISH = re.compile(
    r"(?:^|; ?)(ID IPH|Z RACH\.|NA RACH\.|OD|DLA|TYT\.|TNR|REF\. KLIENTA|DATA STEMPLA|WALUTA|KWOTA|KURS|NIP|ID UZUP\.): ?"
)
_POLISH_FIELDS = {
    "Z RACH.": "counterparty_account",
    "NA RACH.": "counterparty_account",
    "TYT.": "remittance",
    "TNR": "transaction_id",
    "REF. KLIENTA": "instruction_id",
    "KURS": "exchange_rate",
}
_DUTCH = re.compile(
    r"(?:^|[ /])(IBAN|REK|BIC|NAAM|OMSCHRIJVING|KENMERK|MACHTIGING|INCASSANT|BETALINGSKENM\.|ID DEBITEUR|VOOR): ?"
)
_DUTCH_FIELDS = {
    "IBAN": "counterparty_account",
    "REK": "counterparty_account",
    "BIC": "counterparty_bic",
    "NAAM": "counterparty_name",
    "OMSCHRIJVING": "remittance",
    "KENMERK": "end_to_end_id",
    "MACHTIGING": "mandate_id",
    "BETALINGSKENM.": "creditor_reference",
}
_COLLECTION = re.compile(r"Europese incasso(?: door)?: ?(.*?)-Incassant ID: ?(\S+?)-Kenmerk Machtiging: ?(.*)")
_COLUMNS = re.compile(r"((?:[0-9]{2}\.){3}[0-9]{3}) +(\S(?:[^ ]| (?! ))*)", re.ASCII)
_PATTERN_CHARS_MAX = 4096
_PLAIN_CODE = re.compile(r"(99[79])(?:PN([0-9]{1,4}))?(?=\D|[0-9]{3}\D|$)", re.ASCII)


def read_words(text: str, own_reference: str | None, fields: Fields, extra: Extra, *, credit: bool) -> None:
    """Add what a text without subfields says to `fields` and `extra`; `own_reference` is subfield 7 of `:61:`."""
    if "TNR:" in text and ";" in text:
        _read_polish(rejoined(text, ";"), fields, extra)
        return
    if "NAAM:" in text and ("IBAN:" in text or "REK:" in text):
        _read_dutch(" ".join(text.split()), fields, extra)
        return
    plain = _PLAIN_CODE.match(text)
    if plain:
        fields["gvc"] = plain[1]
        if plain[2]:
            fields["primanota"] = plain[2]
        text = text[plain.end() :]
    elif own_reference and "\n" in text:
        text = _without_party_line(text, own_reference, fields)
        if begins_with_code(text):
            read_slashes(text, fields, extra, credit=credit)
            return
    elif columns := _COLUMNS.match(text):
        fields["counterparty_account"], fields["counterparty_name"] = columns[1], columns[2].rstrip()
        text = text[columns.end() :].lstrip(" ")
    whole = free_lines(text)
    if whole:
        fields["remittance"] = whole
    if (
        len(whole) <= _PATTERN_CHARS_MAX
        and "-Kenmerk Machtiging:" in whole
        and (found := _COLLECTION.search(whole.replace("\n", " ")))
    ):
        extra.append(("INCASSANT", found[2]))
        fields["mandate_id"] = found[3].strip()


def _without_party_line(text: str, own_reference: str, fields: Fields) -> str:
    """SNS and ASN repeat the counter-account (subfield 7) and the name on the first line; the rest is the text."""
    first, _, rest = text.partition("\n")
    account, _, name = first.strip().partition(" ")
    if account == own_reference:
        fields["counterparty_account"] = account
        if name.strip():
            fields["counterparty_name"] = name.strip()
        return rest.strip()
    return text


def _split(pattern: re.Pattern[str], names: dict[str, str], text: str, fields: Fields, extra: Extra) -> dict[str, str]:
    """Labels to fields; labels without a field to `extra`. Returns the labels' values; "" is the text before."""
    parts = pattern.split(text)
    found = {"": parts[0].strip(" ;")}
    for label, value in zip(parts[1::2], parts[2::2], strict=True):
        value = value.strip(" ;")
        if not value:
            continue
        name = names.get(label)
        if name is not None and name not in fields:
            fields[name] = value
        elif label in found or label not in ("OD", "DLA", "WALUTA", "KWOTA"):
            extra.append((label, value))
        found.setdefault(label, value)
    return found


def _read_polish(text: str, fields: Fields, extra: Extra) -> None:
    found = _split(_POLISH, _POLISH_FIELDS, text, fields, extra)
    if found[""]:
        fields["additional_info"] = found[""]
    party = found.get("OD") or found.get("DLA")
    if party:
        name, _, address = party.partition("  ")
        fields["counterparty_name"] = name
        if address.strip():
            extra.append(("ADDR", address.strip()))
    if "KWOTA" in found and "WALUTA" in found:
        fields["original"] = found["WALUTA"] + found["KWOTA"]


def _read_dutch(text: str, fields: Fields, extra: Extra) -> None:
    found = _split(_DUTCH, _DUTCH_FIELDS, text, fields, extra)
    if found[""]:
        known = "remittance" not in fields and "REK" in found
        fields["remittance" if known else "additional_info"] = found[""]
