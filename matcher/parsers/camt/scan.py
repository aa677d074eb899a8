"""Search for the tags of entries in bytes, stepping over everything in which such a tag would be no tag.

Outside of comments, CDATA sections and instructions, a `<` in a well-formed file always begins a tag.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# A comment, CDATA section or instruction that is longer than this is left to the tokenizer.
MARKUP_BYTES_MAX = 1 << 20

_NAME = rb"(?:[A-Za-z_][\w.-]*:)?"
# What has to be stepped over, whole or open at the end of the data; then the tags themselves.
_ASIDE = rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<[!?]"
_STARTS = re.compile(_ASIDE + rb"|<(" + _NAME + rb")Ntry(?=[\s/>])", re.DOTALL)
_ENDS = re.compile(_ASIDE + rb"|</?" + _NAME + rb"Ntry(?=[\s/>])", re.DOTALL)
_CLOSED = re.compile(rb"</" + _NAME + rb"([A-Za-z_][\w.-]*)\s*>\s*\Z")
_TAG_BYTES_MAX = 200


class Start(NamedTuple):
    """Where the next start tag of an entry is, and its prefix; else None and how far the data was surely searched."""

    place: int | None
    prefix: bytes
    searched: int
    lost: bool = False


def entry_start(data: bytes, at: int, *, final: bool) -> Start:
    """The next start tag of an entry. `lost` tells that only the tokenizer can go on."""
    whole = len(data) if final else whole_letters(data)
    for found in _STARTS.finditer(data, at):
        piece = found[0]
        if piece in (b"<!", b"<?"):
            if len(data) - found.start() > MARKUP_BYTES_MAX or final:
                return Start(None, b"", whole, lost=True)
            return Start(None, b"", found.start())
        if piece[1] not in b"!?":
            return Start(found.start(), found[1], whole)
    last = data.rfind(b"<", at)
    return Start(None, b"", whole if final or last < 0 or b">" in data[last:] else last)


def entry_end(data: bytes, start: int) -> tuple[int | None, bool]:
    """The place after the end tag of the entry that starts here, or None where it is not in the data yet.

    The flag tells that there is an entry inside the entry, or an empty one, so that only the tokenizer can go on.
    """
    for found in _ENDS.finditer(data, start + 1):
        piece = found[0]
        if piece in (b"<!", b"<?"):
            return None, False
        if piece[1:2] == b"/":
            return data.find(b">", found.end()) + 1 or None, False
        if piece[1] not in b"!?":
            return None, True
    return None, False


def aside_end(data: bytes, start: int) -> int | None:
    """The place after the comment or instruction that starts here: None for something else, 0 if its end is missing."""
    for opened, closed in ((b"<!--", b"-->"), (b"<?", b"?>")):
        if data.startswith(opened, start):
            found = data.find(closed, start + len(opened))
            return 0 if found < 0 else found + len(closed)
    return None


def closed_before(data: bytes, place: int) -> str | None:
    """Local name of the element whose end tag stands just before a place."""
    found = _CLOSED.search(data[max(0, place - _TAG_BYTES_MAX) : place])
    return found[1].decode("ascii", "replace") if found else None


def whole_letters(data: bytes) -> int:
    """Length of the data without a UTF-8 letter that is cut at its end."""
    for back in range(1, min(len(data), 3) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            wanted = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if wanted > back else len(data)
        if byte < 0x80:
            break
    return len(data)
