"""`:86:` in numbered subfields: German `166?00GUTSCHRIFT?20EREF+…?32NAME` and its relatives.

DFÜ agreement annex 3: three digits of business transaction code (GVC), then subfields of a separator and two digits.
00 posting text, 10 prima nota, 20-29 and 60-63 purpose in pieces of 27 characters, 30 bank, 31 account, 32 and 33 name,
34 text key addition, 38 IBAN. Polish banks use `~`, `<`, `>` or `^` as the separator, Romanian ones `+`; `>` also
comes without a code before it. Inside the purpose, SEPA tags such as `EREF+` begin parts of their own.
"""

from __future__ import annotations

import re

from matcher.parsers.mt940.wrapping import rejoined

Fields = dict[str, str]
Extra = list[tuple[str, str]]

SHAPE = re.compile(r"\s?([0-9]{3})?\s?([?~<>^|@]|(?<=[0-9])[+!$%&*])(?=[0-9]{2})", re.ASCII)
_PIECE = 27
_SPLIT = {mark: re.compile(re.escape(mark) + "([0-9]{2})", re.ASCII) for mark in "?~<>^|@+!$%&*"}
_PURPOSE = frozenset(map(str, (*range(20, 30), *range(60, 64))))
_SIMPLE = {
    "00": "additional_info",
    "10": "primanota",
    "30": "counterparty_bic",
    "31": "counterparty_account",
    "34": "text_key",
}
_SEPA = re.compile(
    r"(EREF\+|KREF\+|MREF\+|CRED\+|DEBT\+|COAM\+|OAMT\+|SVWZ\+|ABWA\+|ABWE\+|IBAN\+|BIC\+|BREF\+|RREF\+|PURP\+|MDAT\+|MTLG:)"
)
_SEPA_FIELDS = {
    "EREF+": "end_to_end_id",
    "KREF+": "instruction_id",
    "MREF+": "mandate_id",
    "ABWA+": "ultimate_counterparty",
    "ABWE+": "ultimate_counterparty",
    "IBAN+": "counterparty_account",
    "BIC+": "counterparty_bic",
    "BREF+": "bank_reference",
    "OAMT+": "original",
    "COAM+": "charges",
}
# Cooperative banks repeat the tags behind the purpose with colons.
_REPEATED = re.compile(r"\b(EREF|KREF|MREF|CRED|DEBT|IBAN|BIC|ABWA|ABWE|PURP): ?")
_BATCH_SIZE = re.compile(r"(?:Anzahl(?: Posten)?|Datei mit)\s*:?\s*([0-9]{1,7})", re.ASCII)
# Returned items: `?34` holds the reason.
_RETURNS = frozenset({"108", "109", "110", "111", "159", "160"})


def read_numbered(text: str, mark: str, fields: Fields, extra: Extra) -> None:
    """Add the subfields of `text`, whose separator is `mark`, to `fields` (names of a bank line) and `extra`.

    Besides names of bank line fields: `gvc`, `primanota`, `text_key`, `original`, `charges`, `count`.
    """
    parts = _SPLIT[mark].split(rejoined(text, mark) if "\n" in text else text)
    fields["gvc"] = gvc = parts[0].strip()
    purpose: list[str] = []
    first = second = iban = ""
    for key, value in zip(parts[1::2], parts[2::2], strict=True):
        if key in _PURPOSE:
            # A piece that is not full lost the blank at its end, or begins a line of its own.
            purpose.append(value if len(value) >= _PIECE else value + " ")
            continue
        name = _SIMPLE.get(key)
        if name is not None and name not in fields:
            value = value.strip()
            if value:
                fields[name] = value
        elif key == "32":
            first += value
        elif key == "33":
            second += value
        elif key == "38" and not iban:
            iban = value.strip()
        elif value.strip():
            extra.append((mark + key, value.strip()))
    if first or second:
        joint = "" if len(first) >= _PIECE else " "
        fields["counterparty_name"] = " ".join(f"{first}{joint}{second}".split())
    if iban:
        if "counterparty_account" in fields:
            extra.append((mark + "31", fields["counterparty_account"]))
        fields["counterparty_account"] = iban
    if purpose:
        _read_purpose("".join(purpose), fields, extra)
    if gvc in _RETURNS and "text_key" in fields:
        fields["return_reason"] = fields["text_key"]


def _read_purpose(text: str, fields: Fields, extra: Extra) -> None:
    """The purpose, split at SEPA tags; text without a tag is remittance."""
    parts = _SEPA.split(text) if "+" in text or "MTLG:" in text else [text]
    remittance = [parts[0].strip()]
    for tag, value in zip(parts[1::2], parts[2::2], strict=True):
        value = value.strip()
        if not value:
            continue
        name = _SEPA_FIELDS.get(tag)
        if name is not None and name not in fields:
            fields[name] = value
        elif tag in ("SVWZ+", "MTLG:"):
            remittance.append(_without_repeats(value, fields, extra) if ": " in value else value)
        elif value != fields.get(name or ""):
            extra.append((tag, value))
    whole = "\n".join(filter(None, remittance))
    if whole:
        fields["remittance"] = whole
    if ("Anzahl" in text or "Datei mit" in text) and (size := _BATCH_SIZE.search(text)):
        fields["count"] = size[1]


def _without_repeats(value: str, fields: Fields, extra: Extra) -> str:
    """The purpose before repeated tags; what these add is kept."""
    parts = _REPEATED.split(value)
    for tag, repeated in zip(parts[1::2], parts[2::2], strict=True):
        repeated = repeated.strip()
        name = _SEPA_FIELDS.get(tag + "+")
        if repeated and name is not None:
            fields.setdefault(name, repeated)
        elif repeated:
            extra.append((tag + "+", repeated))
    return parts[0].rstrip()
