"""An entry and its `:86:` text as one bank line."""

from __future__ import annotations

import re

from matcher.parsers.mt940.account import looks_like_iban
from matcher.parsers.mt940.bankcodes import read_bank_codes
from matcher.parsers.mt940.entry import Entry
from matcher.parsers.mt940.grammar import amount_of, money_of
from matcher.parsers.mt940.labelled import read_words
from matcher.parsers.mt940.numbered import SHAPE, read_german, read_numbered
from matcher.parsers.mt940.reference import structured_reference
from matcher.parsers.mt940.row import (
    ACCOUNT,
    ADDITIONAL_INFO,
    AMOUNT,
    BANK_REFERENCE,
    BATCH_COUNT,
    CHARGES,
    CHECK_NUMBER,
    CREDITOR_REFERENCE,
    CURRENCY,
    EMPTY_MIDDLE,
    END_TO_END_ID,
    EXCHANGE_RATE,
    INSTRUCTION_ID,
    MANDATE_ID,
    NAME,
    ORIGINAL_AMOUNT,
    ORIGINAL_CURRENCY,
    REMITTANCE,
    Row,
    add,
    keep,
    put,
)
from matcher.parsers.mt940.slash import begins_with_code, read_slashes
from recon_core.domain.refused import BadAmount
from recon_core.domain.statement import AMOUNT_UNKNOWN, StatementLine

# Texts in reference fields that say "none" or "see the text".
NO_REFERENCE = frozenset(
    {"", "NONREF", "NOREF", "NONE", "EREF", "EREF+", "PREF", "PREF+", "KREF", "KREF+", "MARF", "MREF+", "NOTPROVIDED"}
    | {"NOT PROVIDED", "."}
)
REFERENCE_CHARS = 16
# What a reference in subfield 7 of `:61:` begins with if it may be a structured one.
_STRUCTURED = ("RF", "OCR", "KID")
_IBAN_CHARS_MIN = 15
_COUNTER_ACCOUNT = re.compile(r"P?[0-9]{9,10}", re.ASCII)
_RATE = re.compile(r"[0-9]{1,12}(?:[,.][0-9]{1,12})?", re.ASCII)
_COUNT_DIGITS_MAX = 9
_new = tuple.__new__


def line_of(index: int, entry: Entry, text: str | None, currency: str, number: int) -> StatementLine:
    """The bank line of an entry that was read with care; `number` is its line in the file."""
    dates, amount, status, reversal, kind, rest, more, unread = entry
    given, _, bank = rest.partition("//")
    own, bank = given.strip(), bank.strip()
    row: Row = [
        index, dates.booking, dates.value, amount, currency, status, reversal, None, None, None, kind,
        *EMPTY_MIDDLE, f"line {number}", (), None,
    ]  # fmt: skip
    if len(own) > REFERENCE_CHARS and not bank and "  " in own:
        own = _reference_and_name(own, row)
    if bank not in NO_REFERENCE:
        row[BANK_REFERENCE] = bank
    reference = None if own in NO_REFERENCE else own
    if text:
        flat = text.replace("\n", "")
        if text[3:4] != "?" or not read_german(text, flat, row):
            read_text(text, flat, reference, more, row)
    if more:
        read_supplement(more, text, row)
    if unread is not None:
        keep(row, *AMOUNT_UNKNOWN)
        keep(row, "61", unread)
    if reference is not None and kind is not None and kind[1:] == "CHK":
        row[CHECK_NUMBER] = reference
    return finished(row, reference)


def finished(row: Row, own: str | None) -> StatementLine:
    """The bank line of a row whose texts were read; `own` is subfield 7 of `:61:`, None where that says "none"."""
    for place in (END_TO_END_ID, INSTRUCTION_ID, MANDATE_ID):
        if row[place] is not None and row[place] in NO_REFERENCE:
            row[place] = None
    end_to_end = row[END_TO_END_ID]
    if own is not None and own != end_to_end:
        if len(own) >= _IBAN_CHARS_MIN or own == row[ACCOUNT]:
            _file_reference(own, row)
        elif end_to_end is None:
            row[END_TO_END_ID] = own
        elif row[INSTRUCTION_ID] is None:
            row[INSTRUCTION_ID] = own
        else:
            _file_reference(own, row)
    remittance = row[REMITTANCE]
    if remittance is not None and row[CREDITOR_REFERENCE] is None:
        row[CREDITOR_REFERENCE] = structured_reference(remittance)
    if own is not None and own.startswith(_STRUCTURED) and row[CREDITOR_REFERENCE] is None:
        row[CREDITOR_REFERENCE] = structured_reference(own)
    numbers = row.pop()
    if numbers is not None:
        _file_numbers(numbers, row)
    line: StatementLine = _new(StatementLine, row)
    return line


def read_text(text: str, flat: str, own: str | None, more: str | None, row: Row) -> None:
    """`:86:` in whichever dialect its first characters show.

    `flat` is the text without breaks, `own` and `more` are subfields 7 and 9 of `:61:`.
    """
    first = text[0]
    if (first in "/?EP" or "?" in text[2:5]) and read_bank_codes(text, more, row):
        return
    if first == "/" and begins_with_code(text):
        read_slashes(text, flat, row)
    elif not first.isalpha() and (numbered := SHAPE.match(text)):
        read_numbered(text, numbered[2], row)
    else:
        read_words(text, own, more, row)


def read_supplement(more: str, text: str | None, row: Row) -> None:
    """`:61:` subfield 9: slash codes, Rabobank's counter-account, the name again, or words.

    A subfield 8 that stands on this line, behind its `//`, is the bank's reference all the same.
    """
    more = "\n".join(filter(None, (line.strip() for line in more.split("\n"))))
    if more.startswith("//") and row[BANK_REFERENCE] is None:
        reference, _, more = more[2:].partition("\n")
        row[BANK_REFERENCE] = None if reference.strip() in NO_REFERENCE else reference.strip()
    if begins_with_code(more):
        read_slashes(more, more.replace("\n", ""), row)
    elif looks_like_iban(more) or (text and text[:1] == "/" and _COUNTER_ACCOUNT.fullmatch(more)):
        put(row, ACCOUNT, "61/9", more)
    elif more and more != row[NAME]:
        add(row, ADDITIONAL_INFO, more)
        if row[CREDITOR_REFERENCE] is None and structured_reference(row[REMITTANCE] or "") is None:
            row[CREDITOR_REFERENCE] = structured_reference(more)


def _reference_and_name(own: str, row: Row) -> str:
    """Rabobank without codes: 16 columns of counter-account or NONREF, then the name."""
    account, name = own[:REFERENCE_CHARS].strip(), own[REFERENCE_CHARS:].strip()
    row[NAME] = name or None
    if not _COUNTER_ACCOUNT.fullmatch(account):
        return account
    row[ACCOUNT] = account
    return ""


def _file_reference(reference: str, row: Row) -> None:
    """`:61:` subfield 7: the owner's own reference, unless it is the counter-account."""
    if row[ACCOUNT] == reference:
        return
    if len(reference) >= _IBAN_CHARS_MIN and looks_like_iban(reference):
        put(row, ACCOUNT, "61/7", reference)
        return
    if row[END_TO_END_ID] is None:
        row[END_TO_END_ID] = reference
    elif row[END_TO_END_ID] != reference:
        put(row, INSTRUCTION_ID, "61/7", reference)


def _file_numbers(numbers: dict[str, str], row: Row) -> None:
    """Original amount with the line's sign, charges in the account's currency, size of a batch, rate.

    What can't be read as such is kept as text.
    """
    currency = row[CURRENCY]
    for name, given in numbers.items():
        text = given.replace(" ", "")
        if name == "count" and text.isascii() and text.isdecimal() and len(text) <= _COUNT_DIGITS_MAX:
            row[BATCH_COUNT] = int(text)
        elif name == "rate" and _RATE.fullmatch(text):
            row[EXCHANGE_RATE] = text.replace(",", ".")
        elif name == "original" and (money := _money(text, currency)):
            row[ORIGINAL_AMOUNT] = -money[0] if row[AMOUNT] < 0 else money[0]
            row[ORIGINAL_CURRENCY] = money[1]
        elif name == "charges" and (money := _money(text, currency)) and money[1] == currency:
            row[CHARGES] = money[0]
        else:
            keep(row, name, given)


def _money(text: str, currency: str) -> tuple[int, str] | None:
    """`EUR11,85`, or German `11,85` in the account's currency."""
    try:
        return money_of(text) or (amount_of(text.strip(), currency).minor, currency)
    except BadAmount:
        return None
