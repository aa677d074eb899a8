"""`:86:` in numbered subfields: German `166?00GUTSCHRIFT?20EREF+…?32NAME` and its relatives.

DFÜ agreement annex 3: three digits of business transaction code (GVC), then subfields of a separator and two digits.
00 posting text, 10 prima nota, 20-29 and 60-63 purpose in pieces of 27 characters, 30 bank, 31 account, 32 and 33 name,
34 text key addition, 38 IBAN. Polish banks use `~`, `<`, `>` or `^` as the separator, Romanian ones `+`; `>` also
comes without a code before it. Inside the purpose, SEPA tags such as `EREF+` begin parts of their own.

A GVC 899 or 399 whose posting text says that it is a reversal (Storno) marks the line as one; the sign stays that of
`:61:`.

The proprietary code of a line becomes `NTRF+166+9310+992`: SWIFT type, GVC, prima nota, text key addition (unless it is
000), as camt files of the same banks have it.

Polish banks fill in what German ones leave out: empty subfields come as one byte FF (`˙` in Windows-1250, `ÿ` in
Windows-1252), accounts as zeros, and their numbers mean the same only up to 26: where the purpose ended before,
27 to 29 are name and address of the other party and 60 to 63 what the bank pleases, so that the text stays whole.
"""

from __future__ import annotations

import re

from matcher.parsers.mt940.row import (
    ACCOUNT,
    ADDITIONAL_INFO,
    BANK_REFERENCE,
    BIC,
    END_TO_END_ID,
    INSTRUCTION_ID,
    MANDATE_ID,
    NAME,
    PROPRIETARY_CODE,
    REMITTANCE,
    RETURN_REASON,
    REVERSAL,
    ULTIMATE,
    Row,
    add,
    keep,
    keep_number,
    put,
)
from matcher.parsers.mt940.wrapping import cut_evenly, rejoined

SHAPE = re.compile(r"\s?([0-9]{3}(?:[0-9](?=[~<^]00))?)?\s?([?~<>^|@]|(?<=[0-9])[+!$%&*])(?=[0-9]{2})", re.ASCII)
PIECE = 27
_LONG_PIECE = 35
_SPLIT = {mark: re.compile(re.escape(mark) + "([0-9]{2})", re.ASCII) for mark in "?~<>^|@+!$%&*"}
_POLISH_MARKS = "~<^"
_FILLERS = "\xff\u02d9"  # byte FF in Windows-1252 and 1250
_BLANKS = f" \t{_FILLERS}"
# Polish: parts of the purpose, name and address of the other party, further parts.
_POLISH_PURPOSE = frozenset(map(str, range(20, 27)))
_POLISH_PARTY = ("27", "28", "29")
# Subfields in their usual order; anything else takes the general way.
USUAL = re.compile(
    r"([0-9]{3})\?00([^?]*)(?:\?10([^? ]*))?((?:\?2[0-9][^?]*)*)(?:\?30([^? ]*))?(?:\?31([^? ]*))?(?:\?32([^?]*))?"
    r"(?:\?33([^?]*))?(?:\?34([^? ]*))?((?:\?6[0-3][^?]*)*)",
    re.ASCII,
)
PURPOSE = frozenset(map(str, (*range(20, 30), *range(60, 64))))
SEPA_PLACES = {
    "EREF": END_TO_END_ID,
    "KREF": INSTRUCTION_ID,
    "MREF": MANDATE_ID,
    "ABWA": ULTIMATE,
    "ABWE": ULTIMATE,
    "IBAN": ACCOUNT,
    "BIC": BIC,
    "BREF": BANK_REFERENCE,
    "SVWZ": REMITTANCE,
}
_SEPA_NUMBERS = {"OAMT": "original", "COAM": "charges"}
SEPA = frozenset({*SEPA_PLACES, *_SEPA_NUMBERS, "CRED", "DEBT", "RREF", "PURP", "MDAT", "MTLG"} - {"BIC"})
# Cooperative banks repeat the tags behind the purpose with colons.
_REPEATED = re.compile(r"\b(EREF|KREF|MREF|CRED|DEBT|IBAN|BIC|ABWA|ABWE|PURP): ?")
_BATCH_SIZE = re.compile(r"(?:Anzahl(?: Posten)?|Datei mit)\s*:?\s*([0-9]{1,7})", re.ASCII)
BATCHES = frozenset({"035", "071", "072", "079", "085", "188", "189", *map(str, range(191, 199))})
# Returned items: `?34` holds the reason.
RETURNS = frozenset({"108", "109", "110", "111", "159", "160"})
REVERSALS = frozenset({"399", "899"})


def read_german(text: str, flat: str, row: Row) -> bool:
    """Put German subfields in their usual order into `row`; False if the text is anything else. `flat` has no breaks.

    The same as `read_numbered`, several times faster, for nearly every entry of a German file.
    """
    usual = USUAL.fullmatch(flat if flat is text or cut_evenly(text, len(text) - len(flat)) else rejoined(text, "?"))
    if usual is None:
        return False
    gvc, posting, primanota, purpose, bank, account, name, more_name, key, more_purpose = usual.groups()
    code = f"{row[PROPRIETARY_CODE]}+{gvc}" if row[PROPRIETARY_CODE] else gvc
    if primanota:
        code = f"{code}+{primanota}"
    if key and key != "000":
        code = f"{code}+{key}"
        if gvc in RETURNS:
            row[RETURN_REASON] = key
    row[PROPRIETARY_CODE] = code
    if posting:
        row[ADDITIONAL_INFO] = posting
        if gvc in REVERSALS:
            _mark_reversal(posting, row)
    if bank:
        row[BIC] = bank
    if account:
        row[ACCOUNT] = account
    name = party_name(name, more_name)
    if name:
        row[NAME] = name
    if more_purpose:
        purpose += more_purpose
    if purpose:
        # Three characters of mark and number; a piece that is not full lost the blank at its end.
        pieces = [piece[2:] if len(piece) >= PIECE + 2 else piece[2:] + " " for piece in purpose.split("?")]
        _read_purpose("".join(pieces), gvc, row)
    return True


def read_numbered(text: str, mark: str, row: Row) -> None:
    """Put the subfields of `text`, whose separator is `mark`, into `row`. A number that repeats goes on with its text."""
    parts = _SPLIT[mark].split(rejoined(text, mark) if "\n" in text else text)
    given = [(number, value) for number, value in zip(parts[1::2], parts[2::2], strict=True) if value.strip(_BLANKS)]
    others = _others_than_purpose(mark, given)
    full = _piece_chars(mark, given)
    subfields: dict[str, str] = {}
    purpose: list[str] = []
    for number, value in given:
        if number in PURPOSE and number not in others:
            purpose.append(value if len(value) >= full else value + " ")
        else:
            subfields[number] = f"{subfields[number]} {value}" if number in subfields else value
    if "32" not in subfields and not others.isdisjoint(_POLISH_PARTY):
        subfields["32"] = _party(subfields)
    take = subfields.pop
    gvc, primanota, key = parts[0].strip(), take("10", "").strip(), take("34", "").strip()
    if key == "000":
        key = ""
    row[PROPRIETARY_CODE] = "+".join(filter(None, (row[PROPRIETARY_CODE], gvc, primanota, key))) or None
    if key and gvc in RETURNS:
        row[RETURN_REASON] = key
    row[ADDITIONAL_INFO] = posting = take("00", "").strip() or None
    if posting and gvc in REVERSALS:
        _mark_reversal(posting, row)
    row[BIC] = _unspaced(take("30", "").strip(" /"))
    row[NAME] = _joined_name(take("32", None), take("33", None))
    account, iban = _account(take("31", "")), _account(take("38", ""))
    row[ACCOUNT] = iban or account
    if iban and account:
        keep(row, mark + "31", account)
    for number, value in subfields.items():
        if value.strip():
            keep(row, mark + number, value.strip())
    _read_purpose("".join(purpose), gvc, row)


def _others_than_purpose(mark: str, given: list[tuple[str, str]]) -> frozenset[str]:
    """Numbers of the purpose's that do not go on with it: those of a Polish text behind a purpose that had ended."""
    numbers = {number for number, _ in given}
    if mark not in _POLISH_MARKS or numbers >= _POLISH_PURPOSE:
        return frozenset()
    return (PURPOSE - _POLISH_PURPOSE) & numbers


def _piece_chars(mark: str, given: list[tuple[str, str]]) -> int:
    """From how many characters on a piece of the purpose was cut: Polish banks have pieces of 35 too."""
    if mark == "?":
        return PIECE
    longest = max((len(value) for number, value in given if number in PURPOSE), default=0)
    return PIECE if longest <= PIECE else max(_LONG_PIECE, longest)


def _party(subfields: dict[str, str]) -> str:
    """The name in front of its address: the first of its parts, and the next ones as long as they were cut."""
    name = ""
    for number in _POLISH_PARTY:
        part = subfields.pop(number, "")
        name += part
        if len(part) < PIECE:
            break
    return name


def _account(text: str) -> str | None:
    """An account without blanks; zeros alone are none."""
    account = _unspaced(text)
    return account if account and account.strip("0") else None


def _mark_reversal(posting: str, row: Row) -> None:
    if "storn" in posting.lower():
        row[REVERSAL] = True


def _unspaced(text: str) -> str | None:
    return "".join(text.split()) or None


def party_name(first: str | None, second: str | None) -> str | None:
    """Subfields 32 and 33 of a text in the usual order."""
    if second or (first and "  " in first):
        return _joined_name(first, second)
    return (first.strip() or None) if first else None


def _joined_name(first: str | None, second: str | None) -> str | None:
    """Subfields 32 and 33: the first is cut at 27 characters."""
    if second:
        first = f"{first or ''}{'' if len(first or '') >= PIECE else ' '}{second}"
    if not first:
        return None
    return (" ".join(first.split()) if "  " in first else first.strip()) or None


def _read_purpose(text: str, gvc: str, row: Row) -> None:
    """The purpose, in parts that begin with SEPA tags; text without a tag is remittance."""
    if gvc in BATCHES and (size := _BATCH_SIZE.search(text)):
        keep_number(row, "count", size[1])
    if ":" in text and "MTLG:" in text:
        text = text.replace("MTLG:", "MTLG+")  # a message of the bank
    parts = text.split("+")
    tag, part = "", parts[0]
    for after in parts[1:]:
        following = part[-4:]
        if following not in SEPA:
            if following[-3:] != "BIC":
                part = f"{part}+{after}"  # a plus in the text
                continue
            following = "BIC"
        value = part[: -len(following)].strip()
        if value:
            place = SEPA_PLACES.get(tag)
            if place is not None and row[place] is None:
                row[place] = value
            else:
                _file_part(tag, value, row)
        tag, part = following, after
    part = part.strip()
    if part:
        _file_part(tag, part, row)
    remittance = row[REMITTANCE]
    if remittance is not None and ":" in remittance and ": " in remittance:
        row[REMITTANCE] = _without_repeats(remittance, row) or None


def _file_part(tag: str, value: str, row: Row) -> None:
    """Put one part of the purpose where it belongs; "" is the tag of text before the first one."""
    if tag in ("SVWZ", "MTLG", ""):
        add(row, REMITTANCE, value)
    elif tag in _SEPA_NUMBERS:
        keep_number(row, _SEPA_NUMBERS[tag], value)
    elif tag in SEPA_PLACES:
        put(row, SEPA_PLACES[tag], tag + "+", value)
    else:
        keep(row, tag + "+", value)


def _without_repeats(value: str, row: Row) -> str:
    """The purpose before repeated tags; what these add is kept."""
    parts = _REPEATED.split(value)
    for tag, repeated in zip(parts[1::2], parts[2::2], strict=True):
        repeated = repeated.strip()
        place = SEPA_PLACES.get(tag)
        if repeated and place is None:
            keep(row, tag + "+", repeated)
        elif repeated and place is not None and row[place] is None:
            row[place] = repeated
    return parts[0].rstrip()
