"""`:86:` (and `:61:` subfield 9) in slash codes: `/EREF/…/ORDP//NAME/…/REMI/…`.

ABN AMRO, ING, Rabobank, Nordic banks and the SWIFT usage rules. Only known codes split, because values contain slashes
of their own. `/CNTP/` is positional: account, BIC, name, city. `/REMI/` may be `USTD//text`, `STRD/CUR/reference`, or
hold a `/CDTRREF/`. `/ORDP/`, `/BENM/` and `/ULTD/` say whose name follows.
"""

from __future__ import annotations

import re

from matcher.parsers.mt940.numbered import Extra, Fields
from matcher.parsers.mt940.wrapping import rejoined

_SIMPLE = {
    "EREF": "end_to_end_id",
    "IBAN": "counterparty_account",
    "BIC": "counterparty_bic",
    "ADDI": "additional_info",
    "TRTP": "additional_info",
    "MARF": "mandate_id",
    "MREF": "mandate_id",
    "IREF": "instruction_id",
    "KREF": "instruction_id",
    "PREF": "payment_information_id",
    "BREF": "message_id",
    "NBTX": "count",
    "NRTX": "count",
    "OCMT": "original",
    "CHGS": "charges",
    "EXCH": "exchange_rate",
    "RTRN": "return_reason",
    "CDTRREF": "creditor_reference",
    "TXID": "transaction_id",
}
_PARTIES = frozenset({"ORDP", "BENM"})
_ULTIMATE = frozenset({"ULTD", "ULTC", "ULTB"})
_KEPT = ("CSID", "ADDR", "ISDT", "PURP", "ID", "TRCD", "IACC", "SWOC", "INIT", "CREF", "CDTRREFTP", "ISSR", "SUM")
CODES = (*_SIMPLE, "NAME", "REMI", "CNTP", "ACCW", *sorted(_PARTIES), *sorted(_ULTIMATE), *_KEPT)

# The closing slash is looked at, not taken: it may open the next code, as in `/ORDP//NAME/`.
_CODE = re.compile("/(" + "|".join(CODES) + ")(?=/)")
_INVOICE = re.compile(r"/INV/([^ /]+)")


def begins_with_code(text: str) -> bool:
    """Whether a text is in slash codes."""
    return _CODE.match(text) is not None


def read_slashes(text: str, fields: Fields, extra: Extra, *, credit: bool) -> None:
    """Add the parts of `text` to `fields` (names of a bank line, and `original`, `charges`, `count`) and `extra`.

    `credit` tells which party is the other one where both are named: the ordering one on money in.
    """
    parts = _CODE.split(rejoined(text, "/") if "\n" in text else text)
    if parts[0].strip():
        _more(fields, "additional_info", parts[0].strip())
    party = ""
    for code, value in zip(parts[1::2], parts[2::2], strict=True):
        value = value.strip("/ ")
        if code == "NAME":
            if value:
                _name(party, value, fields, extra, credit=credit)
        elif code == "REMI":
            if value:
                _remittance(value, fields, extra)
        elif code in _PARTIES or code in _ULTIMATE:
            party = code
            if value:
                _name(party, value, fields, extra, credit=credit)
        elif value:
            _part(code, value, fields, extra)


def _part(code: str, value: str, fields: Fields, extra: Extra) -> None:
    name = _SIMPLE.get(code)
    if name is not None:
        if name not in fields:
            fields[name] = value
        elif name == "additional_info":
            _more(fields, name, value)
        elif fields[name] != value:
            extra.append((code, value))
    elif code == "CNTP":
        _counterparty(value, fields, extra)
    elif code == "ACCW" and "counterparty_account" not in fields:
        account, _, bic = value.partition(",")
        fields["counterparty_account"] = account.strip()
        if bic.strip():
            fields.setdefault("counterparty_bic", bic.strip())
    else:
        extra.append((code, value))


def _more(fields: Fields, name: str, value: str) -> None:
    """Add a line to a text field."""
    fields[name] = f"{fields[name]}\n{value}" if name in fields else value


def _name(party: str, value: str, fields: Fields, extra: Extra, *, credit: bool) -> None:
    if party in _ULTIMATE:
        name = "ultimate_counterparty"
    else:
        name = "counterparty_name"
        if name in fields and party == ("ORDP" if credit else "BENM"):
            fields[name], value = value, fields[name]
    if name in fields:
        extra.append((f"{party}/NAME", value))
    else:
        fields[name] = value


def _counterparty(value: str, fields: Fields, extra: Extra) -> None:
    """`account/BIC/name/city`; a name with a slash makes the parts more."""
    parts = [part.strip() for part in value.split("/")]
    for name, part in zip(("counterparty_account", "counterparty_bic"), parts, strict=False):
        if part:
            fields.setdefault(name, part)
    rest = parts[2:]
    if len(rest) > 1 and rest[-1]:
        extra.append(("CNTP/city", rest.pop()))
    whole = "/".join(rest).strip("/ ")
    if whole:
        fields.setdefault("counterparty_name", whole)


def _remittance(value: str, fields: Fields, extra: Extra) -> None:
    if value.startswith("USTD/"):
        value = value[5:].strip("/ ")
    elif value.startswith("STRD/"):
        _, _, structured = value.partition("/")
        issuer, slash, reference = structured.strip("/").partition("/")
        fields["creditor_reference"] = (reference if slash else issuer).strip("/ ")
        if slash and issuer:
            extra.append(("REMI/STRD", issuer))
        return
    if value:
        _more(fields, "remittance", value)
        if "/INV/" in value:
            fields["documents"] = "\n".join(_INVOICE.findall(value))
