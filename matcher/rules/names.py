"""Names of counterparties: what the bank prints against what our books say.

Banks print upper case, cut at 18 to 70 signs, drop or spell out accents (å, aa, a), shorten legal forms, swap first and
last name and put a dot for "&". `fold` takes all of that away, so that equal names become equal keys. What is left is
compared by `compare`: a missing end, a misspelt word, a missing word. A different initial, a different acronym or a
different legal form is another party, however few letters differ.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from anyascii import anyascii
from rapidfuzz.distance import OSA

# UTF-8 that was read as Windows-1252, two signs a letter: "StrÃ¶m", "Å‚".
_MISREAD = re.compile("[ÂÃÄÅ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
_MAYBE_MISREAD = re.compile(_MISREAD.pattern, re.IGNORECASE)
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
# What a bank prints where it knows no name.
_NO_NAME = (
    "TRANSACTION TRANSAKTION TRANSAKTIO PAYMENT BETALNING BETALING ZAHLUNG UNKNOWN OKAND UKENDT UKJENT NOTPROVIDED NA"
)
_PLACEHOLDERS = frozenset(_NO_NAME.split())
_FORMS = (
    "AB HB KB LTD LLP GMBH OHG GBR AS ANS ENK APS EHF OY TMI OU UAB INC LLC CORP BV BVBA VOF NV AG SA SARL SAS SASU EURL"
    " SNC SRL SPA SLU KG KFT DOO EKFOR PLC UG KY I/S K/S"
)
_LEGAL = frozenset(_FORMS.split())
_WRITTEN = {form: (form, *(word for word, short in _SPELT_OUT.items() if short == form)) for form in _LEGAL}
_WRITTEN["EKFOR"] += ("EKONOMISKFORENING",)
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
    ("I", "S"): "I/S",
    ("K", "S"): "K/S",
}
_FIRST_OF_SPLIT = frozenset(first for first, _ in _SPLIT_FORMS)
_PARTS_OF_FORMS = frozenset(part for parts in _SPLIT_FORMS for part in parts)
_NOISE = frozenset({"PUBL"})
# What a German UG has to write behind its form; banks cut it anywhere.
_LIMITED, _LIMITED_LETTERS_MIN = "HAFTUNGSBESCHRANKT", 6
# Different words for one payee: the Swedish tax account is kept by the tax agency.
_ALIASES = {"SKATTEKONTO": "SKATTEVERKET", "SKATTEKONTOT": "SKATTEVERKET"}

CUT_LETTERS_MIN = 10
_CUT_MISSPELT_MIN = 12
_CUT_MISSPELT_LONG = 16
WORD_LETTERS_MIN = 3
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


# Reading a member of an enumeration is slow.
_DIFFERENT, _UNKNOWN, _SIMILAR, _MISSPELT, _CUT, _EQUAL = NameLevel


def without_accents(texts: Sequence[str]) -> list[str]:
    """Names in upper case without the accents that `fold` takes away as one text, which is cheaper; they fold alike."""
    joined = "\n".join(texts)
    misread = _MAYBE_MISREAD.search(joined) is not None
    joined = joined.upper()
    for sign, plain in _ACCENTS.items():
        if sign > 127:
            joined = joined.replace(chr(sign), plain)
    plain_texts = joined.split("\n")
    if len(plain_texts) != len(texts):
        return list(texts)
    # An apostrophe is left out of names with accents only.
    kept = [text if "'" in text else plain for text, plain in zip(texts, plain_texts, strict=True)]
    if misread:
        kept = [text if _MAYBE_MISREAD.search(text) else plain for text, plain in zip(texts, kept, strict=True)]
    return kept


def _read_again(text: str) -> str:
    """A text with the letters that were read in the wrong code."""
    return _MISREAD.sub(_letter, text)


def _letter(misread: re.Match[str]) -> str:
    signs = misread[0]
    try:
        return (signs.encode("latin-1") if signs[1] < "\u0100" else signs.encode("cp1252")).decode()
    except UnicodeError:
        return signs


def fold(text: str) -> Name:
    """Fold a name as printed; a text without letters or digits gives an empty key."""
    upper = text.upper()
    if not upper.isascii():
        upper = _read_again(text).upper().translate(_ACCENTS)
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
        elif folded and folded not in kept[-1:]:
            kept.append(folded)
    if legal and not kept:  # SAS AB: the first is the name
        kept = [next(folded for word in words if (folded := _folded_word(word)[0]))]
    key = "".join(sorted(kept))
    return Name(tuple(kept), legal, key) if key not in _PLACEHOLDERS else Name((), "", "")


def may_be_form(word: str) -> bool:
    """Whether a folded word is a legal form, or may be a part of one: `fold` leaves it out beside other words."""
    return word in _LEGAL or word in _PARTS_OF_FORMS or word == "O"


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
    word = _ALIASES.get(word) or _SPELT_OUT.get(word, word)
    if word in _CONNECTORS:
        return "O", False
    if word in _NOISE:
        return "", False
    plain = _DIGRAPH.sub(lambda pair: pair[0][0], word)
    if len(plain) >= _LIMITED_LETTERS_MIN and _LIMITED.startswith(plain):
        return "", False
    return plain, word in _LEGAL


def compare(printed: Name, ours: Name, known_words: Container[str] = frozenset()) -> NameLevel:
    """How far a name that the bank prints agrees with one of our books.

    `known_words` are the words of all names in the books: a printed word that another party bears is that word and no
    misspelling of a similar one (Lind and Lund, Hedlund and Hedlunds).
    """
    if not printed.key or not ours.key:
        return _UNKNOWN
    if printed.legal == "GMBH" and ours.legal == "KG" and "O" in printed.words[-3:]:
        printed = printed._replace(legal="")  # GmbH & Co. KG, cut
    if printed.legal and ours.legal and printed.legal != ours.legal:
        return _DIFFERENT
    if printed.key == ours.key:
        return _EQUAL
    text = "".join(printed.words)
    wholes = _spellings(ours)
    if len(text) >= CUT_LETTERS_MIN and not printed.legal and _begins_one(text, wholes):
        return _CUT
    if text in wholes or text + printed.legal in wholes:
        return _MISSPELT  # blanks moved
    mine, yours = _leftover(printed.words, ours.words)
    if (
        not printed.legal
        and not ours.legal
        and len(mine) < len(printed.words)
        and (_initials(mine) or _initials(yours))
    ):
        mine, yours, is_short = _without_initials(mine, yours, {*printed.words[1:-1], *ours.words[1:-1]})
        if is_short and not (mine and yours):
            return _SIMILAR
    if (_initials(mine) and _initials(yours)) or _other_initials(mine, yours):
        return _DIFFERENT
    for word in mine:
        if len(word) >= WORD_LETTERS_MIN and word in known_words:
            return _contained(printed, mine, yours)
    level = max(_misspelt_words(mine, yours), _misspelt_whole(text, printed, wholes), _contained(printed, mine, yours))
    # An initial more or less may be a slip, or another person.
    return min(level, _SIMILAR) if _initials(mine) or _initials(yours) else level


def nearly(printed: Name, ours: Name) -> bool:
    """Whether two different names share a word and differ by one sign of another: no proof, but worth a look."""
    if printed.legal and ours.legal and printed.legal != ours.legal:
        return False
    mine, yours = _leftover(printed.words, ours.words)
    shared = max((len(word) for word in printed.words if word not in mine), default=0)
    if len(mine) != 1 or len(yours) != 1 or shared < WORD_LETTERS_MIN:
        return False
    return min(len(mine[0]), len(yours[0])) > 1 and OSA.distance(mine[0], yours[0], score_cutoff=1) == 1


def _spellings(name: Name) -> tuple[str, ...]:
    """A name in one piece: without its legal form, and with each way to write it."""
    words = "".join(name.words)
    return (words, *(words + form for form in _WRITTEN.get(name.legal, (name.legal,)) if form))


def _begins_one(text: str, wholes: Sequence[str]) -> bool:
    """Whether a text begins one of the spellings of a name; all of them begin with the first."""
    if len(text) <= len(wholes[0]) or not text.startswith(wholes[0]):
        return wholes[0].startswith(text)
    return any(whole.startswith(text) for whole in wholes[1:])


def _leftover(left: Sequence[str], right: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words that each side has alone."""
    mine, yours = list(left), list(right)
    for word in left if not set(left).isdisjoint(right) else ():
        if word in yours:
            mine.remove(word)
            yours.remove(word)
    return mine, yours


def _initials(words: Sequence[str]) -> bool:
    return 1 in map(len, words)


def _without_initials(mine: list[str], yours: list[str], inner: Container[str]) -> tuple[list[str], list[str], bool]:
    """Two lists of words without those that are a person's initial on one side only, and whether there are any.

    `inner` are words inside the names: O is a folded "&" there.
    """
    left, right = list(mine), list(yours)
    for word in mine:
        whole = next((other for other in right if _is_initial(word, other, inner)), None)
        if whole is not None:
            left.remove(word)
            right.remove(whole)
    return left, right, len(left) < len(mine)


def _is_initial(word: str, other: str, inner: Container[str]) -> bool:
    short = min(word, other, key=len)
    return word[0] == other[0] and len(short) == 1 < max(len(word), len(other)) and not (short == "O" and "O" in inner)


def _other_initials(mine: list[str], yours: list[str]) -> bool:
    """Whether one side has nothing but initials where the other has words, and they are none of these."""
    return bool(mine and yours) and (max(map(len, mine)) == 1 or max(map(len, yours)) == 1)


def _misspelt_words(mine: list[str], yours: list[str]) -> NameLevel:
    """One word that is nearly another one."""
    if len(mine) != 1 or len(yours) != 1:
        return _DIFFERENT
    lengths = sorted((len(mine[0]), len(yours[0])))
    if lengths[0] < WORD_LETTERS_MIN or lengths[1] == WORD_LETTERS_MIN:
        return _DIFFERENT
    limit = 1 if lengths[1] < _WORD_LETTERS_LONG else 2
    near = OSA.distance(mine[0], yours[0], score_cutoff=limit) <= limit
    return _MISSPELT if near else _DIFFERENT


def _misspelt_whole(text: str, printed: Name, wholes: Sequence[str]) -> NameLevel:
    """A slip anywhere in a name, which may be cut at its end as well."""
    if len(text) < CUT_LETTERS_MIN:
        return _DIFFERENT
    full = text + printed.legal
    plain, *with_form = wholes
    distance = OSA.distance(text, plain, score_cutoff=2)
    if printed.legal:
        distance = min(distance, OSA.distance(full, plain, score_cutoff=2))
    # Two slips in a name with its short legal form may be another ending of the name, and no form.
    if any(OSA.distance(one, whole, score_cutoff=1) <= 1 for whole in with_form for one in (text, full)):
        distance = min(distance, 1)
    if distance <= 1 or (distance == 2 and len(text) >= _CUT_MISSPELT_LONG):
        return _MISSPELT
    is_cut = not printed.legal and len(text) >= _CUT_MISSPELT_MIN
    heads = {whole[: len(text) + shift] for whole in wholes for shift in (-1, 0, 1)} if is_cut else ()
    if any(OSA.distance(text, head, score_cutoff=1) <= 1 for head in heads):
        return _MISSPELT if len(text) >= _CUT_MISSPELT_LONG else _SIMILAR
    return _SIMILAR if distance == 2 else _DIFFERENT


def _contained(printed: Name, mine: list[str], yours: list[str]) -> NameLevel:
    """All words of the shorter name stand in the longer one, at least two of them or one long one."""
    common = len(printed.words) - len(mine)
    letters = sum(map(len, printed.words)) - sum(map(len, mine))
    is_contained = (not mine or not yours) and (common >= 2 or letters >= CUT_LETTERS_MIN)
    return _SIMILAR if is_contained else _DIFFERENT
