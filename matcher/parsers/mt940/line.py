"""An entry and its `:86:` text as one bank line."""

from __future__ import annotations

import re

from matcher.parsers.mt940.account import looks_like_iban
from matcher.parsers.mt940.entry import Entry
from matcher.parsers.mt940.grammar import amount_of, money_of
from matcher.parsers.mt940.labelled import read_words
from matcher.parsers.mt940.numbered import SHAPE, Extra, Fields, read_numbered
from matcher.parsers.mt940.reference import structured_reference
from matcher.parsers.mt940.slash import begins_with_code, read_slashes
from recon_core.domain.refused import BadAmount
from recon_core.domain.statement import AMOUNT_UNKNOWN, StatementLine

# Texts in reference fields that say "none" or "see the text".
_NO_REFERENCE = frozenset(
    (
        "",
        "NONREF",
        "NOREF",
        "EREF",
        "EREF+",
        "PREF",
        "PREF+",
        "KREF",
        "KREF+",
        "MARF",
        "MREF+",
        ".",
        "NOTPROVIDED",
        "NOT PROVIDED",
    )
)
_REFERENCE_CHARS = 16
_COUNTER_ACCOUNT = re.compile(r"P?[0-9]{9,10}", re.ASCII)
_RATE = re.compile(r"[0-9]{1,12}(?:[,.][0-9]{1,12})?", re.ASCII)
_NUMBERS = frozenset({"original", "charges", "count", "exchange_rate"})
_new = tuple.__new__


def line_of(index: int, entry: Entry, text: str | None, currency: str, where: str) -> StatementLine:
    """The bank line of `entry` and of the `:86:` text behind it; `where` is its place in the file."""
    dates, amount, status, reversal, kind, rest, more, known = entry
    fields: Fields = {}
    extra: Extra = []
    own, _, bank = rest.partition("//")
    own, bank = own.strip(), bank.strip()
    if len(own) > _REFERENCE_CHARS and not bank and "  " in own:
        own = _reference_and_name(own, fields)
    reference = None if own in _NO_REFERENCE else own
    credit = (amount >= 0) is not reversal
    if text:
        _read_text(text, reference, fields, extra, credit=credit)
    if more:
        _read_supplement(more, text, fields, extra, credit=credit)
    if reference is not None:
        _file_reference(reference, kind, fields)
    get = fields.get
    if "gvc" in fields:
        kind = "+".join(filter(None, (kind, get("gvc"), get("primanota"), get("text_key"))))
    if get("end_to_end_id") in _NO_REFERENCE:
        fields.pop("end_to_end_id", None)
    remittance = get("remittance")
    if remittance is not None and "creditor_reference" not in fields:
        _file(fields, "creditor_reference", structured_reference(remittance))
    if bank in _NO_REFERENCE:
        bank = get("bank_reference", "")
    elif get("bank_reference", bank) != bank:
        extra.append(("BREF+", fields["bank_reference"]))
    original, foreign, charges, count = (
        _numbers(fields, extra, amount, currency) if fields.keys() & _NUMBERS else (None, None, None, None)
    )
    if not known:
        extra.append(AMOUNT_UNKNOWN)
    batch = get("payment_information_id")
    line: StatementLine = _new(
        StatementLine,
        (
            index, dates.booking, dates.value, amount, currency, status, reversal, bank or None, None, None,
            kind or None, get("end_to_end_id"), get("instruction_id"), get("transaction_id"), get("mandate_id"),
            get("message_id", batch), batch, get("creditor_reference"), tuple(get("documents", "").split()),
            remittance, get("counterparty_name"), get("counterparty_account"), get("counterparty_bic"),
            get("ultimate_counterparty"), original, foreign, get("exchange_rate"), charges, get("check_number"),
            get("return_reason"), get("additional_info"), count, (), where, tuple(extra),
        ),
    )  # fmt: skip
    return line


def _file(fields: Fields, name: str, value: str | None) -> None:
    if value:
        fields[name] = value


def _read_text(text: str, reference: str | None, fields: Fields, extra: Extra, *, credit: bool) -> None:
    """`:86:` in whichever dialect its first characters show."""
    if text[3:4] == "?" and text[:3].isdecimal() and text[:3].isascii():
        read_numbered(text, "?", fields, extra)
        return
    if text[:1] == "/" and begins_with_code(text):
        read_slashes(text, fields, extra, credit=credit)
        return
    numbered = SHAPE.match(text)
    if numbered:
        read_numbered(text, numbered[2], fields, extra)
    else:
        read_words(text, reference, fields, extra, credit=credit)


def _read_supplement(more: str, text: str | None, fields: Fields, extra: Extra, *, credit: bool) -> None:
    """`:61:` subfield 9: slash codes, Rabobank's counter-account, the name again, or words."""
    more = "\n".join(filter(None, (row.strip() for row in more.split("\n"))))
    if begins_with_code(more):
        read_slashes(more, fields, extra, credit=credit)
    elif looks_like_iban(more) or (text and text[:1] == "/" and _COUNTER_ACCOUNT.fullmatch(more)):
        if fields.setdefault("counterparty_account", more) != more:
            extra.append(("61/9", more))
    elif more and more != fields.get("counterparty_name"):
        known = fields.get("additional_info")
        fields["additional_info"] = f"{known}\n{more}" if known and known != more else more


def _reference_and_name(own: str, fields: Fields) -> str:
    """Rabobank without codes: 16 columns of counter-account or NONREF, then the name."""
    account, name = own[:_REFERENCE_CHARS].strip(), own[_REFERENCE_CHARS:].strip()
    _file(fields, "counterparty_name", name)
    if _COUNTER_ACCOUNT.fullmatch(account):
        fields["counterparty_account"] = account
        return ""
    return account


def _file_reference(reference: str, kind: str | None, fields: Fields) -> None:
    """`:61:` subfield 7: the owner's own reference, unless it is the counter-account."""
    if fields.get("counterparty_account") == reference:
        return
    if looks_like_iban(reference):
        fields.setdefault("counterparty_account", reference)
        return
    if kind is not None and kind[1:] == "CHK":
        fields.setdefault("check_number", reference)
    if fields.get("end_to_end_id") in (None, *_NO_REFERENCE):
        fields["end_to_end_id"] = reference
    elif fields["end_to_end_id"] != reference:
        fields.setdefault("instruction_id", reference)


def _numbers(
    fields: Fields, extra: Extra, amount: int, currency: str
) -> tuple[int | None, str | None, int | None, int | None]:
    """Original amount with the line's sign, its currency, charges in the account's currency, size of a batch.

    What can't be read as such stays in `extra`.
    """
    original = foreign = charges = count = None
    if "original" in fields:
        money = money_of(fields["original"]) or _in_account_currency(fields["original"], currency)
        if money:
            original, foreign = -money[0] if amount < 0 else money[0], money[1]
        else:
            extra.append(("OCMT", fields["original"]))
    if "charges" in fields:
        costs = money_of(fields["charges"]) or _in_account_currency(fields["charges"], currency)
        if costs and costs[1] == currency:
            charges = costs[0]
        else:
            extra.append(("CHGS", fields["charges"]))
    if "count" in fields:
        if fields["count"].isascii() and fields["count"].isdecimal() and len(fields["count"]) <= 9:
            count = int(fields["count"])
        else:
            extra.append(("NBTX", fields["count"]))
    if "exchange_rate" in fields:
        rate = fields.pop("exchange_rate")
        if _RATE.fullmatch(rate):
            fields["exchange_rate"] = rate.replace(",", ".")
        else:
            extra.append(("EXCH", rate))
    return original, foreign, charges, count


def _in_account_currency(text: str, currency: str) -> tuple[int, str] | None:
    """German `OAMT+11,85`, which names no currency."""
    try:
        return amount_of(text.strip(), currency).minor, currency
    except BadAmount:
        return None
