"""A bank line under construction: a list with one place for each field of `StatementLine`, and one behind.

The dialect readers put texts into places by number; that is several times faster than filling a dictionary and reading
it out again, and a statement has up to millions of lines.
"""

from __future__ import annotations

from typing import Any

from recon_core.domain.statement import StatementLine

Row = list[Any]

_at = StatementLine._fields.index
AMOUNT = _at("amount")
CURRENCY = _at("currency")
REVERSAL = _at("reversal")
BANK_REFERENCE = _at("bank_reference")
PROPRIETARY_CODE = _at("proprietary_code")
END_TO_END_ID = _at("end_to_end_id")
INSTRUCTION_ID = _at("instruction_id")
TRANSACTION_ID = _at("transaction_id")
MANDATE_ID = _at("mandate_id")
MESSAGE_ID = _at("message_id")
PAYMENT_INFORMATION_ID = _at("payment_information_id")
CREDITOR_REFERENCE = _at("creditor_reference")
DOCUMENT_NUMBERS = _at("document_numbers")
REMITTANCE = _at("remittance")
NAME = _at("counterparty_name")
ACCOUNT = _at("counterparty_account")
BIC = _at("counterparty_bic")
ULTIMATE = _at("ultimate_counterparty")
ORIGINAL_AMOUNT = _at("original_amount")
ORIGINAL_CURRENCY = _at("original_currency")
EXCHANGE_RATE = _at("exchange_rate")
CHARGES = _at("charges")
CHECK_NUMBER = _at("check_number")
RETURN_REASON = _at("return_reason")
ADDITIONAL_INFO = _at("additional_info")
BATCH_COUNT = _at("batch_count")
WHERE = _at("where")
EXTRA = _at("extra")

# Behind the line's own places: texts that become numbers when the line is finished, by name, or None.
NUMBERS = len(StatementLine._fields)

# Between the type of an entry and its place in the file: fields that only its texts can fill.
EMPTY_MIDDLE: Row = [
    StatementLine._field_defaults[name] for name in StatementLine._fields[PROPRIETARY_CODE + 1 : WHERE]
]


def keep_number(row: Row, name: str, text: str) -> None:
    """Keep a text that becomes a number: `original`, `charges`, `count` or `rate`.

    The first one holds; the same amount may come again with or without its currency.
    """
    numbers = row[NUMBERS]
    if numbers is None:
        row[NUMBERS] = {name: text}
        return
    known, same = numbers.get(name, "").replace(" ", ""), text.replace(" ", "")
    if same.endswith(known):
        numbers[name] = text
    elif not known.endswith(same):
        keep(row, name, text)


def keep(row: Row, name: str, text: str) -> None:
    """Keep a text that has no field of its own."""
    row[EXTRA] += ((name, text),)


def put(row: Row, place: int, name: str, text: str | None) -> None:
    """Put a text into a place; if that is taken by another text, keep it under `name`."""
    if row[place] is None:
        row[place] = text
    elif text is not None and row[place] != text:
        row[EXTRA] += ((name, text),)


def add(row: Row, place: int, text: str | None) -> None:
    """Add a line to a text field, unless it is there already."""
    known = row[place]
    if known is None:
        row[place] = text
    elif text is not None and text != known:
        row[place] = f"{known}\n{text}"
