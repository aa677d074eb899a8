"""Records of a BAI2 file and the fields in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from recon_core.domain.refused import LimitExceeded

RECORD_CHARS_MAX = 1 << 20
_CODE = re.compile(r"(01|02|03|16|49|88|98|99)[,/]")
# Some senders put several records on a line; only if the first line shows it is a text ever cut.
_SEVERAL = re.compile(r"/\s+(?=(?:01|02|03|16|49|88|98|99),)")
_FULL_LINE = 80
# What some banks begin a record 88 with, as in `EREF: 123`.
TAGGED = re.compile(r"[A-Z]{4}: ")
_FIELDS_BEFORE_REFERENCES = 3
_DISTRIBUTIONS_MAX = 1000


class Record(NamedTuple):
    """A record with the physical records 88 and bare lines that go on with it."""

    code: str
    parts: list[str]
    where: str
    physical: int


def logical(lines: Iterator[tuple[int, str]]) -> Iterator[Record]:
    """Records in their order; a text that no record begins has no code. Raises `LimitExceeded` for one without end."""
    code, where, physical, size = "", "", 0, 0
    parts: list[list[str]] = []
    for number, text in _single(lines):
        found = _CODE.match(text)
        if found and found[1] != "88":
            if code:
                yield Record(code, [" ".join(part) for part in parts], where, physical)
            code, parts, where, physical, size = found[1], [[text[3:]]], f"line {number}", 1, 0
        elif found and code:
            parts.append([text[3:]])
            physical += 1
        elif code and not parts[-1][-1].endswith("/"):
            parts[-1].append(text)
        else:
            yield Record("", [text], f"line {number}", 0)
        size += len(text)
        if size > RECORD_CHARS_MAX:
            raise LimitExceeded(f"a record is longer than {RECORD_CHARS_MAX} characters.", where=where)
    if code:
        yield Record(code, [" ".join(part) for part in parts], where, physical)


def _single(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Physical records, one at a time."""
    several: bool | None = None
    for number, text in lines:
        if several is None:
            several = _SEVERAL.search(text) is not None
        for part in _SEVERAL.split(text) if several else (text,):
            if part.strip():
                yield number, part.strip()


class MovementHead(NamedTuple):
    """The fields of a movement before its text."""

    kind: str
    amount: str
    value_day: str | None
    bank_reference: str | None
    customer_reference: str | None
    funds: str


def is_count(text: str) -> bool:
    """Whether a field is a number of records or items."""
    return text.isascii() and text.isdecimal() and len(text) < 10


def field(fields: list[str], place: int) -> str | None:
    """The field at a place, None where it is empty or left out."""
    return (fields[place].strip() or None) if place < len(fields) else None


def _body(part: str) -> str:
    return part.rstrip().removesuffix("/")


def fields_of(record: Record) -> list[str]:
    """Fields of a record without text."""
    return [text.strip() for part in record.parts for text in _body(part).split(",")]


def _funds_fields(fields: list[str], place: int) -> int:
    """How many fields the funds type at `place` brings after it."""
    funds = fields[place] if place < len(fields) else ""
    if funds == "D":
        number = fields[place + 1] if place + 1 < len(fields) else "0"
        return 1 + 2 * min(int(number), _DISTRIBUTIONS_MAX) if is_count(number) else 1
    return {"S": 3, "V": 2}.get(funds, 0)


def summaries(fields: list[str]) -> Iterator[tuple[str, str, str]]:
    """Type, amount and number of items of each balance and sum of a record 03."""
    place = 0
    while place < len(fields):
        kind, amount, number = (*fields[place : place + 3], "", "")[:3]
        if kind:
            yield kind, amount, number
        place += 4 + _funds_fields(fields, place + 3)


def split_text(record: Record) -> tuple[MovementHead, str]:
    """The fields of a movement, and its text."""
    fields: list[str] = []
    text = ""
    joint = ""
    for place, part in enumerate(record.parts):
        rest: str | None = _body(part)
        begins = bool(place)
        while rest is not None and len(fields) < _before_text(fields):
            before, comma, after = rest.partition(",")
            if begins and len(fields) >= _before_text(fields) - 2 and " " in before.strip():
                # References have no blanks: the record before left them out.
                fields += [""] * (_before_text(fields) - len(fields))
                break
            begins = False
            fields.append(before.strip())
            rest = after if comma else None
        if rest is not None and rest.strip():
            text += ("\n" if TAGGED.match(rest) else joint if text else "") + rest.strip()
        joint = "" if len(part) + 3 >= _FULL_LINE and not part.endswith("/") else "\n"
    fields += [""] * (_before_text(fields) - len(fields))
    *head, bank, customer = fields
    kind, amount, funds, *brought = head
    day = brought[0] if funds == "V" and brought else None
    distribution = ",".join((funds, *brought)) if funds in ("S", "D") else ""
    return MovementHead(kind, amount, day or None, bank or None, customer or None, distribution), text


def _before_text(fields: list[str]) -> int:
    """How many fields of a movement stand before its text, as far as they are known."""
    return _FIELDS_BEFORE_REFERENCES + _funds_fields(fields, 2) + 2
