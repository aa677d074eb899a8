"""All statement formats, and which of them reads a file.

A format is one line in `FORMATS`. Its module is imported when a file that may be of it has to be identified; the module
must be cheap to import and bring its reader in only inside `read`. Detection looks at bytes, never at a name.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from matcher.parsers.contract import Head, StatementFormat
from recon_core.domain.refused import AmbiguousFormat, UnknownFormat


class Registered(NamedTuple):
    """A format in the table: its module has an attribute `FORMAT` that satisfies `StatementFormat`.

    `reversals_doubtful` tells that banks disagree on the direction that a reversal entry carries in this format, so
    that only balances or the account's known habit prove it (domain rule 2.4). `begins` are the characters that a file
    of the format may begin with, marks and blanks apart, and `never` those that it does not; "" leaves it open.
    """

    name: str
    module: str
    reversals_doubtful: bool = False
    begins: str = ""
    never: str = ""


FORMATS: tuple[Registered, ...] = (
    Registered("camt", "matcher.parsers.camt", reversals_doubtful=True, begins="<"),
    Registered("mt940", "matcher.parsers.mt940", never="<"),
    Registered("ofx", "matcher.parsers.ofx", never=":"),
    Registered("bai2", "matcher.parsers.bai2", begins="0"),
    Registered("bgmax", "matcher.parsers.bgmax", begins="0"),
    Registered("norma43", "matcher.parsers.norma43", begins="1"),
    Registered("cfonb120", "matcher.parsers.cfonb120", begins="0"),
    Registered("coda", "matcher.parsers.coda", begins="0"),
    Registered("csv", "matcher.parsers.csv", never="<:{"),
)

# Byte order marks, blanks, and what transports leave before the text.
_BEFORE = b"\xef\xbb\xbf\xff\xfe \t\r\n\x0b\x0c\x01\x03\x1a"

# What people drop into the inbox by mistake, by the first bytes, so that the refusal can name it.
_STRANGERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"PK\x03\x04", "an archive inside an archive"),
    (b"\x1f\x8b", "an archive inside an archive"),
    (b"<!DOCTYPE html", "a web page"),
    (b"<html", "a web page"),
)


def load(registered: Registered) -> StatementFormat:
    """The format's object."""
    loaded: StatementFormat = import_module(registered.module).FORMAT
    return loaded


def identify(head: Head) -> tuple[Registered, StatementFormat]:
    """The one format that is surest of the file that begins with `head`.

    Raises `UnknownFormat` if none claims it and `AmbiguousFormat` if two claim it equally; a tie is never decided by
    the order of the table.
    """
    claims: list[tuple[int, Registered, StatementFormat]] = []
    first = _first_character(head)
    for registered in FORMATS:
        if (registered.begins and first not in registered.begins) or (first and first in registered.never):
            continue
        candidate = load(registered)
        if (sureness := candidate.sniff(head)) > 0:
            claims.append((sureness, registered, candidate))
    if not claims:
        raise UnknownFormat(
            f"{_stranger(head)} no bank statement in a known format.",
            cure=f"Known are {', '.join(known.name for known in FORMATS)}; ask the bank for camt.053.",
        )
    best = max(claim[0] for claim in claims)
    surest = [claim for claim in claims if claim[0] == best]
    if len(surest) > 1:
        raise AmbiguousFormat(
            f"the file reads equally well as {' and '.join(claim[1].name for claim in surest)}.",
            cure="Ask the bank for camt.053; two readers that claim one file are a fault to report.",
        )
    return surest[0][1], surest[0][2]


def _first_character(head: Head) -> str:
    """What the file begins with in any encoding that has the letters of ASCII, "" for nothing or another letter."""
    text = head.data[:4096].replace(b"\x00", b"").lstrip(_BEFORE)
    return chr(text[0]) if text and text[0] < 0x80 else ""


def _stranger(head: Head) -> str:
    """In words, what the first bytes look like; the beginning of a sentence."""
    if not head.data.strip(b" \t\r\n\x00"):
        return "the file is empty;"
    for magic, words in _STRANGERS:
        if head.data.lstrip()[: len(magic)].lower() == magic.lower():
            return f"this is {words},"
    return "this is"
