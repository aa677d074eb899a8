"""Values of OFX leaves: text and dates (OFX 2.3 section 3.2.8)."""

from __future__ import annotations

import html
import re
from datetime import date, datetime

from matcher.parsers.text import compact_date
from recon_core.domain.refused import BadDate

# Stand-ins of equal width for what `blocks.masked` takes out of a text: nothing, a "<" and a "&" that are no markup.
FILLER, KEPT_LESS, KEPT_AND = "\x00", "\x01", "\x02"
_RESTORED = str.maketrans({FILLER: None, KEPT_LESS: "<", KEPT_AND: "&"})

# Only closed references: a payer's "AT&T" or "R&D" is no entity, and "&copy" in the middle of a word isn't one either.
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ORDINARY = re.compile(r"[^&\r\n\x00-\x02]*+")
_BLANKS = str.maketrans("\u00a0\r\n\t", "    ")
_LINE_END = re.compile(r"[ \t]*\n[ \t]*")

_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:[0-9T\[.\s:+\-Z].*)?", re.ASCII | re.DOTALL)
_CLOCK = re.compile(r"[0-9]{8}([0-9]{2})([0-9]{2})([0-9]{2})?", re.ASCII)


def unescaped(text: str) -> str:
    """The text with its references replaced; a bare `&` stays, and every reference to a kind of blank is a space."""
    if text.count("&") == text.count("&amp;"):
        return text.replace("&amp;", "&")
    return _REFERENCE.sub(lambda found: html.unescape(found[0]).translate(_BLANKS), text)


def clean(text: str) -> str:
    """The text of a leaf as the payer would read it: references replaced, trimmed, line ends as one newline."""
    text = text.strip()
    if _ORDINARY.fullmatch(text):
        return text
    if "&" in text:
        text = unescaped(text)
    text = text.translate(_RESTORED).strip()
    return _LINE_END.sub("\n", text.replace("\r\n", "\n").replace("\r", "\n"))


def day(text: str) -> date | None:
    """The calendar day that is printed, whatever the time and zone after it; None for nothing and for zeros.

    Raises `BadDate`.
    """
    text = text.strip()
    if not text.strip("0"):
        return None
    found = _DAY.fullmatch(text)
    if found is None:
        raise BadDate(f"{text[:40]!r} is no date.", cure="An OFX date is written like 20260131.")
    return compact_date(found[1] + found[2] + found[3])


def moment(text: str) -> datetime | None:
    """The printed date and time without its zone; midnight where there is no time. Raises `BadDate`."""
    that_day = day(text)
    if that_day is None:
        return None
    found = _CLOCK.match(text.strip())
    hour, minute, second = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    try:
        return datetime(that_day.year, that_day.month, that_day.day, hour, minute, second)  # noqa: DTZ001 - as printed
    except ValueError:
        raise BadDate(f"{text[:40]!r} has no time of a day.") from None
