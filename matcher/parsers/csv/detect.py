"""Which profile reads a file, by its first bytes."""

from __future__ import annotations

import re

from matcher.parsers.csv.known import best_match, profiles
from matcher.parsers.csv.profile import Profile
from matcher.parsers.csv.table import DELIMITERS, head_rows, head_text
from recon_core.domain.refused import AmbiguousFormat, UnknownFormat

_DATE = re.compile(r"\b(?:[0-9]{4}[-/.]?[0-9]{2}[-/.]?[0-9]{2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4})\b")
_AMOUNT = re.compile(r"[0-9][.,][0-9]{2}\b")
_OTHERS = ("<", "{1:", ":20:", ":940:", "OFXHEADER", "!Type", "%PDF", "PK\x03\x04")


def may_be_table(head: bytes) -> bool:
    """Whether the bytes look like text in columns with dates and amounts."""
    text = head_text(head)
    if not text or "\x00" in text or text.lstrip("\ufeff \n").startswith(_OTHERS):
        return False
    for delimiter in DELIMITERS:
        like = [line for line in text.split("\n") if line.count(delimiter) >= 2]
        if len([line for line in like if _DATE.search(line) and _AMOUNT.search(line)]) >= 1:
            return True
    return False


def sureness(head: bytes) -> int:
    """How sure it is that a profile reads the file, 0 to 100; low for a table in a layout that nobody knows."""
    text = head_text(head)
    if not text or text.lstrip("\ufeff \n").startswith(_OTHERS):
        return 0
    try:
        matched = _matching(head)
    except AmbiguousFormat:
        return 85
    return 85 if matched is not None else 5 if may_be_table(head) else 0


def find_profile(head: bytes) -> Profile:
    """The profile of the file. Raises `UnknownFormat` or `AmbiguousFormat`."""
    matched = _matching(head)
    if matched is None:
        raise UnknownFormat(
            "this is a table in a layout that no profile knows.",
            cure="Make a profile of it with `recon profile new FILE`.",
        )
    return matched


def _matching(head: bytes) -> Profile | None:
    """The profile that fits best. A header that is no UTF-8 is read in the code page of the profile."""
    alike: dict[tuple[str, str], list[Profile]] = {}
    for profile in profiles():
        codec = "cp1252" if profile.encoding == "utf-8" else profile.encoding
        alike.setdefault((profile.delimiter, codec), []).append(profile)
    found: list[tuple[int, Profile]] = []
    for (delimiter, codec), candidates in alike.items():
        matched = best_match(head_rows(head, delimiter, codec=codec), candidates)
        if matched is not None:
            found.append((len(matched[0].header), matched[0]))
    return max(found, key=lambda pair: pair[0])[1] if found else None
