"""Which old code page a file is written in, from the letters inside its words.

MT940 files and files of records declare no encoding. Where the bytes are no UTF-8, every candidate is tried on the high bytes that stand
beside ASCII letters: in the right code page they are letters that European names have, in a wrong one they are signs
(`Müller` in code page 850 reads `M³ller` as Windows-1252 would have it). Without clear evidence nothing is said, and
the caller's usual fallbacks hold.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter

_WESTERN = "äöåÄÖÅüÜßéÉèÈæøÆØñÑçÇàÀáÁâÂêÊëíÍîóÓôÔúÚùû"
_CENTRAL = _WESTERN + "ąĄćĆęĘłŁńŃśŚźŹżŻčČďĎěĚňŇřŘšŠťŤůŮýÝžŽőŐűŰăĂșȘțȚşŞţŢđĐ"
_WEST_FIRST = ("cp1252", "cp850", "cp1250", "iso8859-2", "cp852")
_CENTRAL_FIRST = ("cp1250", "iso8859-2", "cp852", "cp1252", "cp850")
_LETTERS = {"cp1252": _WESTERN, "cp850": _WESTERN, "cp1250": _CENTRAL, "iso8859-2": _CENTRAL, "cp852": _CENTRAL}
_BESIDE_LETTERS = re.compile(rb"(?<=[A-Za-z])[\x80-\xff]+|[\x80-\xff]+(?=[A-Za-z])")
_CENTRAL_MONEY = re.compile(rb"[CDcd]\d{6}(?:PLN|HUF|CZK|RON|BAM|HRK|RSD)")


def likely_codepage(data: bytes) -> str | None:
    """The code page whose letters fit best, or None for UTF-8, for Windows-1252 and without evidence."""
    try:
        codecs.utf_8_decode(data, "strict", False)
    except UnicodeDecodeError:
        pass
    else:
        return None
    seen = Counter(b"".join(_BESIDE_LETTERS.findall(data)))
    order = _CENTRAL_FIRST if _CENTRAL_MONEY.search(data) else _WEST_FIRST
    best = max(order, key=lambda codec: _score(codec, seen))
    return best if _score(best, seen) > 0 and best != "cp1252" else None


def _score(codec: str, seen: Counter[int]) -> int:
    """Bytes that are letters of European names, less twice those that are not."""
    letters = _LETTERS[codec]
    return sum(count * (1 if bytes([byte]).decode(codec, "replace") in letters else -2) for byte, count in seen.items())
