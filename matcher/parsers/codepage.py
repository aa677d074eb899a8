"""Which old code page a file is written in, from the letters inside its words.

MT940 files, files of records and tables declare no encoding. Where the bytes are no UTF-8, every candidate is tried on the high
bytes that stand beside ASCII letters: in the right code page they are letters that European names have, in a wrong one
they are signs (`Müller` in code page 850 reads `M³ller` as Windows-1252 would have it). Currencies and countries tell
where to look first, as Cyrillic or Turkish letters are bytes that are letters in the west as well. Without clear
evidence nothing is said, and the caller's usual fallbacks hold.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from typing import NamedTuple

_WESTERN = "äöåÄÖÅüÜßéÉèÈæøÆØñÑçÇàÀáÁâÂêÊëíÍîóÓôÔúÚùûãÃõÕìïò"
_CENTRAL = _WESTERN + "ąĄćĆęĘłŁńŃśŚźŹżŻčČďĎěĚňŇřŘšŠťŤůŮýÝžŽőŐűŰăĂșȘțȚşŞţŢđĐ"
_BALTIC = _WESTERN + "āĀčČēĒģĢīĪķĶļĻņŅšŠūŪžŽąĄęĘėĖįĮųŲõÕ"
_TURKISH = _WESTERN + "ğĞıİşŞ"
_CYRILLIC = "".join(map(chr, range(0x410, 0x450))) + "ЁёІіЇїЄєҐґЎўЂђЈјЉљЊњЋћЏџЃѓЌќЅѕ"
_GREEK = "".join(map(chr, (*range(0x391, 0x3A2), *range(0x3A3, 0x3CF)))) + "ΆΈΉΊΌΎΏ"


class _Region(NamedTuple):
    """Where a bank is, by currencies and the countries of accounts in fields of MT940 or cells, and what it writes.

    In an alphabet of its own whole words are high bytes; in Latin ones the high bytes that count stand in words.
    """

    evidence: re.Pattern[bytes]
    codecs: tuple[str, ...]
    letters: dict[str, str]
    is_latin: bool = True


def _region(currencies: str, countries: str, codecs_: dict[str, str], *, is_latin: bool = True) -> _Region:
    of_fields = rf"[CDcd]\d{{6}}(?:{currencies})|:25P?:/?(?:{countries})\d\d"
    of_cells = rf"(?:[;,\t|\"]|\d[ \xa0])(?:{currencies})(?=[;,\t|\"\r\n]|$)|(?:^|[;,\t|\"])(?:{countries})\d\d"
    evidence = re.compile(f"{of_fields}|{of_cells}".encode("latin-1"), re.MULTILINE)
    return _Region(evidence, tuple(codecs_), codecs_, is_latin)


_OLD_WEST = {"cp1252": _WESTERN, "cp850": _WESTERN}
_OLD_CENTRAL = {"cp1250": _CENTRAL, "iso8859-2": _CENTRAL, "cp852": _CENTRAL}
_REGIONS = (
    _region(
        *("BGN|RUB|RUR|UAH|BYN|BYR|KZT|MKD|KGS", "BG|UA|BY|KZ|MK|40[5-8][0-9]{15}"),
        {"cp1251": _CYRILLIC, "cp866": _CYRILLIC},
        is_latin=False,
    ),
    _region("GRD", "GR|CY", {"cp1253": _GREEK, "cp737": _GREEK}, is_latin=False),
    _region("TRY|TRL", "TR", {"cp1254": _TURKISH, "cp857": _TURKISH}),
    _region("LTL|LVL|EEK", "LT|LV|EE", {"cp1257": _BALTIC, "cp775": _BALTIC}),
    _region("PLN|HUF|CZK|RON|BAM|HRK|RSD", "PL|HU|CZ|SK|RO|BA|HR|RS|SI", {**_OLD_CENTRAL, **_OLD_WEST}),
)
_ELSEWHERE = _Region(re.compile(b""), (*_OLD_WEST, *_OLD_CENTRAL), {**_OLD_WEST, **_OLD_CENTRAL})
_HIGH = re.compile(rb"[\x80-\xff]+")
_BESIDE_LETTERS = re.compile(rb"(?<=[A-Za-z])[\x80-\xff]+|[\x80-\xff]+(?=[A-Za-z])")


def likely_codepage(data: bytes) -> str | None:
    """The code page whose letters fit best, or None for UTF-8, for Windows-1252 and without evidence."""
    try:
        codecs.utf_8_decode(data, "strict", False)
    except UnicodeDecodeError:
        pass
    else:
        return None
    region = next((one for one in _REGIONS if one.evidence.search(data)), _ELSEWHERE)
    seen = Counter(b"".join((_BESIDE_LETTERS if region.is_latin else _HIGH).findall(data)))
    best = max(region.codecs, key=lambda codec: _score(region, codec, seen))
    return best if _score(region, best, seen) > 0 and best != "cp1252" else None


def _score(region: _Region, codec: str, seen: Counter[int]) -> int:
    """Bytes that are letters of the region's names, less twice those that are not."""
    letters = region.letters[codec]
    return sum(count * (1 if bytes([byte]).decode(codec, "replace") in letters else -2) for byte, count in seen.items())
