"""Names of counterparties: what the bank prints against what our books say.

Banks print upper case, cut at 18 to 70 signs, drop or spell out accents (å, aa, a), shorten legal forms, swap first and
last name and put a dot for "&". `fold` takes all of that away, so that equal names become equal keys. What is left is
compared by `compare`: a missing end, a misspelt word, a missing word. A different initial, a different acronym or a
different legal form is another party, however few letters differ.
"""

from __future__ import annotations

import re
from collections.abc import Container
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from anyascii import anyascii
from rapidfuzz.distance import OSA

_WORD = re.compile(r"[A-Z0-9]+|[&+]|(?<= )\.(?= )")
_ACCENTS = str.maketrans(
    {
        "Å": "A",
        "Ä": "A",
        "Ö": "O",
        "Æ": "A",
        "Ø": "O",
        "Ü": "U",
        "É": "E",
        "È": "E",
        "Ë": "E",
        "ẞ": "SS",
        "Ð": "D",
        "'": "",
        "’": "",
        "´": "",
    }
)
_DIGRAPH = re.compile("AA|AE|OE|UE")
_CONNECTORS = frozenset({"&", "+", ".", "OCH", "AND", "UND", "JA", "OG", "ET", "EN", "Y"})
_SPELT_OUT = {
    "AKTIEBOLAG": "AB",
    "AKTIEBOLAGET": "AB",
    "HANDELSBOLAG": "HB",
    "KOMMANDITBOLAG": "KB",
    "LIMITED": "LTD",
    "OSAKEYHTIO": "OY",
    "OYJ": "OY",
    "ASA": "AS",
    "INCORPORATED": "INC",
    "CORPORATION": "CORP",
}
_FORMS = "AB HB KB LTD GMBH AS APS OY INC LLC CORP BV NV AG SA SARL SRL SPA KG EKFOR PLC UG"
_LEGAL = frozenset(_FORMS.split())
_SPLIT_FORMS = {
    ("A", "S"): "AS",
    ("A", "B"): "AB",
    ("H", "B"): "HB",
    ("K", "B"): "KB",
    ("O", "Y"): "OY",
    ("A", "G"): "AG",
    ("EK", "FOR"): "EKFOR",
    ("EK", "FOER"): "EKFOR",
    ("EKONOMISK", "FORENING"): "EKFOR",
    ("AP", "S"): "APS",
    ("S", "A"): "SA",
    ("B", "V"): "BV",
}
_FIRST_OF_SPLIT = frozenset(first for first, _ in _SPLIT_FORMS)
_NOISE = frozenset({"PUBL"})

CUT_LETTERS_MIN = 10
_CUT_MISSPELT_MIN = 12
_WORD_LETTERS_MIN = 3
_WORD_LETTERS_LONG = 9


class Name(NamedTuple):
    """A folded name: words in their order without legal forms, the legal form ("" if none), and the sorted key."""

    words: tuple[str, ...]
    legal: str
    key: str


class NameLevel(IntEnum):
    """How far two names agree; the order is the strength. UNKNOWN: one side names nobody."""

    DIFFERENT = 0
    UNKNOWN = 1
    SIMILAR = 2
    MISSPELT = 3
    CUT = 4
    EQUAL = 5


def fold(text: str) -> Name:
    """Fold a name as printed; a text without letters or digits gives an empty key."""
    upper = text.upper()
    if not upper.isascii():
        upper = upper.translate(_ACCENTS)
        if not upper.isascii():
            upper = anyascii(upper).upper()
    words = upper.split() if upper.replace(" ", "").isalnum() else _WORD.findall(upper)
    if not _FIRST_OF_SPLIT.isdisjoint(words):
        words = _joined_forms(words)
    legal = ""
    kept: list[str] = []
    for word in words:
        folded, is_legal = _folded_word(word)
        if is_legal and (kept or len(words) > 1):
            legal = folded
        elif folded:
            kept.append(folded)
    return Name(tuple(kept), legal, "".join(sorted(kept)))


def _joined_forms(words: list[str]) -> list[str]:
    """Legal forms that are printed as two words, as one."""
    joined: list[str] = []
    for word in words:
        form = _SPLIT_FORMS.get((joined[-1], word)) if joined else None
        if form is not None:
            joined[-1] = form
        else:
            joined.append(word)
    return joined


@lru_cache(maxsize=1 << 16)
def _folded_word(word: str) -> tuple[str, bool]:
    """A word as it is compared ("" for one that says nothing), and whether it is a legal form."""
    word = _SPELT_OUT.get(word, word)
    if word in _CONNECTORS:
        return "O", False
    if word in _NOISE:
        return "", False
    return _DIGRAPH.sub(lambda pair: pair[0][0], word), word in _LEGAL


def compare(printed: Name, ours: Name, known_words: Container[str] = frozenset()) -> NameLevel:
    """How far a name that the bank prints agrees with one of our books.

    `known_words` are the words of all names in the books: a printed word that another party bears is that word and no
    misspelling of a similar one (Lind and Lund, Hedlund and Hedlunds).
    """
    if not printed.key or not ours.key:
        return NameLevel.UNKNOWN
    if printed.legal and ours.legal and printed.legal != ours.legal:
        return NameLevel.DIFFERENT
    if printed.key == ours.key:
        return NameLevel.EQUAL
    if _is_cut(printed, ours):
        return NameLevel.CUT
    if _initials(printed) != _initials(ours):
        return NameLevel.MISSPELT if _spaces_moved(printed, ours) else NameLevel.DIFFERENT
    return _compare_words(printed, ours, known_words)


def _joined(name: Name) -> str:
    return "".join(name.words)


def _initials(name: Name) -> list[str]:
    return sorted(word for word in name.words if len(word) == 1)


def _is_cut(short: Name, whole: Name) -> bool:
    text = _joined(short)
    return len(text) >= CUT_LETTERS_MIN and not short.legal and _joined(whole).startswith(text)


def _spaces_moved(left: Name, right: Name) -> bool:
    mine, yours = _joined(left) + left.legal, _joined(right) + right.legal
    return mine == yours or _joined(left) == _joined(right)


def _compare_words(printed: Name, ours: Name, known_words: Container[str]) -> NameLevel:
    """Pair the words that differ; blanks that moved are no difference."""
    if _spaces_moved(printed, ours):
        return NameLevel.MISSPELT
    mine, yours = list(printed.words), list(ours.words)
    for word in printed.words:
        if word in yours:
            mine.remove(word)
            yours.remove(word)
    if len(mine) == len(yours) == 1:
        misspelt = mine[0] not in known_words and _is_misspelt(mine[0], yours[0])
        return NameLevel.MISSPELT if misspelt else NameLevel.DIFFERENT
    if any(word in known_words for word in mine if len(word) >= _WORD_LETTERS_MIN):
        return _contained(printed, mine, yours)
    whole, text = _joined(ours) + ours.legal, _joined(printed) + printed.legal
    if len(text) >= CUT_LETTERS_MIN and OSA.distance(text, whole, score_cutoff=1) <= 1:
        return NameLevel.MISSPELT
    if len(text) >= _CUT_MISSPELT_MIN and any(
        OSA.distance(text, whole[: len(text) + shift], score_cutoff=1) <= 1 for shift in (-1, 0, 1)
    ):
        return NameLevel.SIMILAR
    return _contained(printed, mine, yours)


def _contained(printed: Name, mine: list[str], yours: list[str]) -> NameLevel:
    """All words of the shorter name stand in the longer one, at least two of them or one long one."""
    common = len(printed.words) - len(mine)
    letters = sum(map(len, printed.words)) - sum(map(len, mine))
    is_contained = (not mine or not yours) and (common >= 2 or letters >= _CUT_MISSPELT_MIN - 2)
    return NameLevel.SIMILAR if is_contained else NameLevel.DIFFERENT


def _is_misspelt(left: str, right: str) -> bool:
    longest = max(len(left), len(right))
    if min(len(left), len(right)) < _WORD_LETTERS_MIN or longest == _WORD_LETTERS_MIN:
        return False
    return bool(OSA.distance(left, right) <= (1 if longest < _WORD_LETTERS_LONG else 2))
