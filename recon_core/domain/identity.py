"""The identity of a bank line, from the bank's own fields only: what makes the same money recognisable in another file.

A line's key is a hash over what its format family offers (domain 7.2); lines with equal keys on one booking date are
told apart by an occurrence counter (domain 7.3). A key never depends on the file, the statement or the position.

| family | key over |
|---|---|
| camt | booking and value date, amount, `AcctSvcrRef`, bank transaction code, reversal; without a reference also all texts |
| mt940 | the same with the type of `:61:`, the references and the text of `:86:` without white space |
| ofx | FITID, booking date, amount, TRNTYPE; without FITID name and memo |
| others | as camt |
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import blake2b, sha256

from recon_core.domain.statement import StatementHeader, StatementLine

# Part of every key: a change of what is hashed must take a new version and look old lines up under theirs, else all of
# history would come in again. A test holds the present keys.
KEY_VERSION = "1"

_SEPARATOR = "\x1f"
_SPACE = re.compile(r"[\s\x00-\x1f]+")


def family(statement_format: str) -> str:
    """The group of formats in which the same bank numbers its lines the same way: "camt.053" is "camt"."""
    name = statement_format.lower()
    for known in ("camt", "mt940", "mt942", "ofx"):
        if name.startswith(known):
            return "mt940" if known == "mt942" else known
    return name


def line_date(line: StatementLine) -> date | None:
    """The date under which a line stands in the ledger: booking date, else value date."""
    return line.booking_date or line.value_date


def _squeezed(text: str) -> str:
    squeezed = _SPACE.sub("", text)
    return squeezed if squeezed.isascii() else unicodedata.normalize("NFC", squeezed)


def _texts(line: StatementLine) -> list[str]:
    fields: list[str | None] = [
        line.end_to_end_id,
        line.creditor_reference,
        line.counterparty_name,
        line.counterparty_account,
        line.remittance,
        line.additional_info,
        line.check_number,
        *line.document_numbers,
    ]
    for detail in line.details:
        fields += [str(detail.amount), detail.end_to_end_id, detail.creditor_reference, detail.remittance]
    return [_squeezed(text) for text in fields if text]


def _fields(line: StatementLine, kind: str) -> list[str]:
    code = line.code or line.proprietary_code or ""
    amount = str(line.amount)
    booking = "" if line.booking_date is None else line.booking_date.isoformat()
    if kind == "ofx":
        fields = [booking, amount, line.proprietary_code or "", line.bank_reference or ""]
        return fields if line.bank_reference else fields + _texts(line)
    value = "" if line.value_date is None else line.value_date.isoformat()
    fields = [booking, value, amount, "R" if line.reversal else "", code, line.bank_reference or ""]
    if kind == "mt940":
        return [*fields, line.proprietary_code or "", *_texts(line)]
    return fields if line.bank_reference else fields + _texts(line)


def line_keys(lines: Iterable[StatementLine], *, statement_format: str) -> list[str]:
    """The key of each line, 32 hex digits, without account (the database adds it) and occurrence."""
    kind = family(statement_format)
    keys = []
    for line in lines:
        text = _SEPARATOR.join([KEY_VERSION, kind, line.currency, *_fields(line, kind)])
        keys.append(blake2b(text.encode(), digest_size=16).hexdigest())
    return keys


def content_hash(header: StatementHeader, keys: Sequence[str]) -> str:
    """SHA-256 of what a statement says about money: its balances and its lines, whatever their order in the file."""
    digest = sha256()
    for part in (header.opening_balance, header.closing_balance, header.opening_date, header.closing_date):
        digest.update(f"{part}{_SEPARATOR}".encode())
    digest.update("\n".join(sorted(keys)).encode())
    return digest.hexdigest()


def statement_key(header: StatementHeader) -> str:
    """What the bank calls the statement: format family, id, sequence, page and period. Empty without id and sequence.

    Dates belong to it because banks use their ids again every year.
    """
    if not header.statement_id and header.sequence is None:
        return ""
    period = (header.from_date or header.opening_date, header.to_date or header.closing_date)
    parts = (family(header.format), header.kind, header.statement_id or "", header.sequence, header.page, *period)
    return _SEPARATOR.join("" if part is None else str(part) for part in parts)
