"""`:86:` (and `:61:` subfield 9) in slash codes: `/EREF/…/ORDP//NAME/…/REMI/…`.

ABN AMRO, ING, Rabobank, Nordic banks and the SWIFT usage rules. Only known codes split, because values contain slashes
of their own; a text may begin with a code of the bank's own, if a telling one follows. `/CNTP/` is positional: account,
BIC, name, city; so are `/ORDP/` and `/BENM/` in older texts of ING. `/REMI/` may be `USTD//text`, `STRD/CUR/reference`, or
hold a `/CDTRREF/`. `/ORDP/`, `/BENM/` and `/ULTD/` say whose name follows.
"""

from __future__ import annotations

import re

from matcher.parsers.mt940.account import looks_like_iban
from matcher.parsers.mt940.row import (
    ACCOUNT,
    ADDITIONAL_INFO,
    AMOUNT,
    BIC,
    CREDITOR_REFERENCE,
    DOCUMENT_NUMBERS,
    END_TO_END_ID,
    INSTRUCTION_ID,
    MANDATE_ID,
    MESSAGE_ID,
    NAME,
    PAYMENT_INFORMATION_ID,
    REMITTANCE,
    RETURN_REASON,
    REVERSAL,
    TRANSACTION_ID,
    ULTIMATE,
    Row,
    add,
    keep,
    keep_number,
    put,
)
from matcher.parsers.mt940.wrapping import cut_evenly, free_lines, rejoined

PLACES = {
    "EREF": END_TO_END_ID,
    "IBAN": ACCOUNT,
    "BIC": BIC,
    "MARF": MANDATE_ID,
    "MREF": MANDATE_ID,
    "IREF": INSTRUCTION_ID,
    "KREF": INSTRUCTION_ID,
    "PREF": PAYMENT_INFORMATION_ID,
    "BREF": MESSAGE_ID,
    "RTRN": RETURN_REASON,
    "CDTRREF": CREDITOR_REFERENCE,
    "OCR": CREDITOR_REFERENCE,
    "KID": CREDITOR_REFERENCE,
    "ROC": END_TO_END_ID,
    "URI": REMITTANCE,
    "TXID": TRANSACTION_ID,
    "NAME": NAME,
    "REMI": REMITTANCE,
    "ADDI": ADDITIONAL_INFO,
    "TRTP": ADDITIONAL_INFO,
    "RTYP": ADDITIONAL_INFO,
    "BUSP": ADDITIONAL_INFO,
}
_NUMBERS = {"OCMT": "original", "CHGS": "charges", "NBTX": "count", "NRTX": "count", "EXCH": "rate"}
_LINES = frozenset({"ADDI", "TRTP", "RTYP", "BUSP", "REMI", "URI"})
_PAYERS = frozenset({"REMI", "URI"})
_PARTIES = frozenset({"ORDP", "BENM", "ULTD", "ULTC", "ULTB"})
_ULTIMATE = frozenset({"ULTD", "ULTC", "ULTB"})
# Goldman Sachs: creditor and debtor with their accounts and banks; the first letter tells which.
_SIDES = {"CRNM": NAME, "DBNM": NAME, "CACT": ACCOUNT, "DACT": ACCOUNT, "CBIC": BIC, "DBIC": BIC}
KEPT = (
    "CSID",
    "ADDR",
    "ISDT",
    "PURP",
    "ID",
    "TRCD",
    "IACC",
    "SWOC",
    "INIT",
    "CREF",
    "CDTRREFTP",
    "ISSR",
    "SUM",
    "OPRP",
)
CODES = frozenset((*PLACES, *_NUMBERS, "CNTP", "ACCW", *_PARTIES, *_SIDES, *KEPT))

_OWN_CODE = re.compile(r"/[A-Z]{2,8}/[^/]")
_TELLING = re.compile(r"/(?:EREF|NAME|REMI|IBAN|CNTP|ORDP|BENM|MARF|URI)/")
# A code of the bank's own: behind a code that was closed, or at the start of a line.
_CLOSED_BEFORE = re.compile(r"//([A-Z]{4})/")
_LINE_CODE = re.compile(r"(?:\n/|//)([A-Z]{4})/(?!/)")
_PARTY_LINE = re.compile(r"/(?:ORDP|BENM)/(?!/)[^\n]{1,50}")
_INVOICE = re.compile(r"/INV/([^ /]+)")


def begins_with_code(text: str) -> bool:
    """Whether a text is in slash codes."""
    if text[:1] != "/":
        return False
    code, slash, _ = text[1:12].partition("/")
    if slash and code in CODES:
        return True
    return _OWN_CODE.match(text) is not None and _TELLING.search(text.replace("\n", "")) is not None


def read_slashes(text: str, flat: str, row: Row) -> None:
    """Put the parts of `text` into `row`; `flat` is the text without breaks."""
    if flat is text or cut_evenly(text, len(text) - len(flat)):
        read_parts(flat, row, more=frozenset(_CLOSED_BEFORE.findall(flat)) - CODES)
        return
    # Sberbank writes the purpose under the last party's name, without a code of its own.
    end = text.find("\n", text.rfind("\n/") + 1)
    if "/REMI/" in flat or end < 0 or not _PARTY_LINE.fullmatch(text, text.rfind("\n/") + 1, end):
        read_parts(rejoined(text, "/"), row, more=frozenset(_LINE_CODE.findall(text)) - CODES)
        return
    read_parts(rejoined(text[:end], "/"), row)
    add(row, REMITTANCE, free_lines(text[end:]) or None)


def read_parts(text: str, row: Row, *, more: frozenset[str] = frozenset()) -> None:
    """Put the parts of a text without breaks into `row`. A slash that closes a code may open the next one.

    `more` are codes as well, except in what a payer wrote.
    """
    code = value = party = lead = ""
    *parts, last = text.split("/")
    for part in parts:
        if part not in CODES and (part not in more or code in _PAYERS):
            value = f"{value}/{part}" if value else part
            continue
        if value:
            place = PLACES.get(code)
            if not code:
                lead = value.strip("/ ")
            elif place is not None and row[place] is None and party not in _ULTIMATE:
                row[place] = value.strip("/ ") or None
            else:
                _less_usual(code, value, party, row)
        if part in _PARTIES:
            party = part
        code, value = part, ""
    value = f"{value}/{last}"
    if code:
        _less_usual(code, value, party, row)
    else:
        lead = value.strip("/ ")
    if row[PAYMENT_INFORMATION_ID] is not None and row[MESSAGE_ID] is None:
        row[MESSAGE_ID] = row[PAYMENT_INFORMATION_ID]
    if lead:
        # Where no code holds the text, it stands under the bank's own codes.
        add(row, REMITTANCE if row[REMITTANCE] is None else ADDITIONAL_INFO, lead)
    remittance = row[REMITTANCE]
    if remittance is not None and (remittance[4:5] == "/" or "INV/" in remittance):
        _structured(remittance, row)


def _less_usual(code: str, value: str, party: str, row: Row) -> None:
    """A part that goes to no empty place of its own."""
    value = value.strip("/ ")
    place = PLACES.get(code)
    if not value:
        return
    if code == "NAME":
        _name(party, value, row)
    elif code in _LINES and place is not None:
        add(row, place, value)
    elif place is not None:
        put(row, place, code, value)
    elif code in _NUMBERS:
        keep_number(row, _NUMBERS[code], value)
    elif code in _PARTIES and value.count("/") >= 2 and looks_like_iban(value.partition("/")[0]):
        _counterparty(value, row)
    elif code in _PARTIES:
        _name(code, value, row)
    elif code in _SIDES:
        theirs = "D" if (row[AMOUNT] >= 0) is not row[REVERSAL] else "C"
        if code[0] == theirs:
            put(row, _SIDES[code], code, value)
        else:
            keep(row, code, value)
    elif code == "CNTP":
        _counterparty(value, row)
    elif code == "ACCW":
        _account_with(value, row)
    else:
        keep(row, code, value)


def _name(party: str, value: str, row: Row) -> None:
    if party in _ULTIMATE:
        put(row, ULTIMATE, f"{party}/NAME", value)
        return
    # Where both parties are named, the ordering one is the other one on money in, and on the reversal of it.
    credit = (row[AMOUNT] >= 0) is not row[REVERSAL]
    if row[NAME] is not None and party == ("ORDP" if credit else "BENM"):
        row[NAME], value = value, row[NAME]
    put(row, NAME, f"{party}/NAME", value)


def _account_with(value: str, row: Row) -> None:
    """`account,BIC`."""
    account, _, bic = value.partition(",")
    put(row, ACCOUNT, "ACCW", account.strip())
    if bic.strip():
        put(row, BIC, "ACCW", bic.strip())


def _counterparty(value: str, row: Row) -> None:
    """`account/BIC/name/city`; a name with a slash makes the parts more."""
    parts = [part.strip() for part in value.split("/")]
    for place, part in zip((ACCOUNT, BIC), parts, strict=False):
        if part:
            put(row, place, "CNTP", part)
    rest = parts[2:]
    if len(rest) > 1 and rest[-1]:
        keep(row, "CNTP/city", rest.pop())
    whole = "/".join(rest).strip("/ ")
    if whole:
        put(row, NAME, "CNTP", whole)


def _structured(remittance: str, row: Row) -> None:
    """`/REMI/` in a structure: `USTD//text`, `STRD/issuer/reference`, `/INV/number date`."""
    if remittance.startswith("STRD/"):
        issuer, slash, reference = remittance[5:].strip("/").partition("/")
        row[REMITTANCE] = None
        put(row, CREDITOR_REFERENCE, "REMI/STRD", (reference if slash else issuer).strip("/ ") or None)
        if slash and issuer:
            keep(row, "REMI/STRD", issuer)
        return
    if remittance.startswith("USTD/"):
        remittance = remittance[5:].strip("/ ")
        row[REMITTANCE] = remittance or None
    if "INV/" in remittance:
        row[DOCUMENT_NUMBERS] = tuple(_INVOICE.findall("/" + remittance))
