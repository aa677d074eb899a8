"""Outlines of `:86:` texts: which parts a text has in which order, and what its parts are, for many texts at once.

German texts are told by their subfields and the SEPA tags that pieces of their purpose begin with, slash texts by their
codes. Only outlines whose parts go to places of their own are known here; what they fill in is what
`numbered.read_german` and `slash.read_parts` do. Groups and columns have one value for each text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, NamedTuple, Protocol

from matcher.parsers.mt940.numbered import (
    BATCHES,
    PIECE,
    PURPOSE,
    RETURNS,
    REVERSALS,
    SEPA,
    SEPA_PLACES,
    USUAL,
    party_name,
)
from matcher.parsers.mt940.row import (
    ACCOUNT,
    ADDITIONAL_INFO,
    BIC,
    EXTRA,
    NAME,
    PROPRIETARY_CODE,
    REMITTANCE,
    RETURN_REASON,
)
from matcher.parsers.mt940.slash import CODES, KEPT, PLACES
from matcher.parsers.mt940.wrapping import free_lines

Texts = Sequence[str]
Columns = dict[int, Sequence[Any]]

_SUBFIELD = re.compile(rf"\?([0-9]{{2}})((?:(?:{'|'.join(sorted(SEPA))}|BIC)\+)?)", re.ASCII)
_SUBFIELD_PLACES = {"00": ADDITIONAL_INFO, "30": BIC, "31": ACCOUNT, "32": NAME, "33": NAME, "34": RETURN_REASON}
_SLASH_CODE = re.compile(r"/([A-Z]{2,9})(?=/)")
_UNSPACED = frozenset({"10", "30", "31", "34"})
# A bank reference would meet that of `:61:`, and PREF fills in two fields.
_SEPA_PLACES = {**SEPA_PLACES, "": REMITTANCE, "MTLG": REMITTANCE}
del _SEPA_PLACES["BREF"]
_SEPA_KEPT = frozenset({"CRED", "DEBT", "RREF", "PURP", "MDAT"})
_SLASH_PLACES = {code: place for code, place in PLACES.items() if code != "PREF"}
_ALONE = BATCHES | REVERSALS
_PARTIES = frozenset({"ORDP", "BENM"})
# The careful way strips what stands behind a text.
_NO_BLANK = r"(?<!\s)"
# A name may have a slash that is followed by no code; all codes are words of capitals.
_NAME = r"([^/]*+(?:/(?!\0|[A-Z]{2,9}/)[^/]*+)*+)"
# A remittance in a structure takes the careful way.
_REMITTANCE = r"(?![/ ]*+[^\0]{4}/)([^/]*+(?:(?<!INV)/(?!\0|[A-Z]{2,9}/)[^/]*+)*+)"
# What is read in another way than as words, if it is no slash code.
_NO_WORDS = r"\s?(?:[0-9]{3,4})?\s?[?~<>^|@+!$%&*][0-9]{2}|[A-Z]{2,4}\?|[EP]REF/|/|99|..\."


class Outline(Protocol):
    """`expression` matches texts of the outline up to `mark` and NUL; the groups are what `columns` is given."""

    @property
    def mark(self) -> str:
        """What parts the texts, "" if they keep their breaks."""
        ...

    @property
    def expression(self) -> str: ...

    def unusual(self, groups: Sequence[Texts], /) -> Iterable[int]:
        """Which of the texts have something that the outline does not tell."""
        ...

    def columns(self, kinds: Texts, groups: Sequence[Texts]) -> Columns:
        """What the texts fill in, by place; `kinds` are the type codes of the entries."""
        ...


class _Part(NamedTuple):
    """A part of a German purpose: tag without plus, room for text in its first piece, groups of its pieces."""

    tag: str
    room: int
    groups: list[int]


class GermanOutline:
    """`subfields` are the numbers, each with the tag (and plus) that its piece begins with."""

    mark = "?"

    def __init__(self, subfields: Sequence[tuple[str, str]]) -> None:
        parts = [rf"\?{number}{re.escape(tag)}([^?]*+)" for number, tag in subfields]
        self.expression = f"([0-9]{{3}}){''.join(parts)}{_NO_BLANK}"
        self._groups: dict[str, int] = {}
        self._parts: list[_Part] = []
        for group, (number, tag) in enumerate(subfields, start=1):
            if number not in PURPOSE:
                self._groups[number] = group
            elif tag or not self._parts:
                self._parts.append(_Part(tag[:-1], PIECE - len(tag), [group]))
            else:
                self._parts[-1].groups.append(group)

    def unusual(self, groups: Sequence[Texts], /) -> Iterator[int]:
        """See `Outline`: texts that are about a batch or a reversal, or have a blank in a code."""
        if not _ALONE.isdisjoint(groups[0]):
            yield from (row for row, gvc in enumerate(groups[0]) if gvc in _ALONE)
        for number in _UNSPACED & self._groups.keys():
            codes = groups[self._groups[number]]
            if " " in "".join(codes):
                yield from (row for row, code in enumerate(codes) if " " in code)

    def columns(self, kinds: Texts, groups: Sequence[Texts]) -> Columns:
        """See `Outline`."""
        given = {number: groups[group] for number, group in self._groups.items()}
        primanotas = given.get("10") or repeat("")
        codes = [
            f"{kind}+{gvc}+{primanota}" if primanota else f"{kind}+{gvc}"
            for kind, gvc, primanota in zip(kinds, groups[0], primanotas, strict=False)
        ]
        filled: Columns = {}
        if "34" in given:
            keys = ["" if key == "000" else key for key in given["34"]]
            codes = [f"{code}+{key}" if key else code for code, key in zip(codes, keys, strict=True)]
            filled[RETURN_REASON] = [
                key if key and gvc in RETURNS else None for gvc, key in zip(groups[0], keys, strict=True)
            ]
        filled[PROPRIETARY_CODE] = codes
        for number in given.keys() & {"00", "30", "31"}:
            filled[_SUBFIELD_PLACES[number]] = [text or None for text in given[number]]
        if "32" in given or "33" in given:
            filled[NAME] = _names(given.get("32"), given.get("33"))
        kept = []
        for tag, room, pieces in self._parts:
            texts = [text.strip() or None for text in _joined([groups[piece] for piece in pieces], room)]
            if tag in _SEPA_PLACES:
                filled[_SEPA_PLACES[tag]] = texts
            else:
                kept.append((tag + "+", texts))
        _fill_kept(kept, filled)
        return filled


def german_outline(text: str) -> GermanOutline | None:
    """The outline of a text without breaks, or None if an outline does not tell all about it."""
    if USUAL.fullmatch(text) is None:
        return None
    subfields = tuple((number, tag if number in PURPOSE else "") for number, tag in _SUBFIELD.findall(text))
    tags = [tag[:-1] for _, tag in subfields if tag]
    if text.count("+") != len(tags):
        return None  # a plus in a value
    purpose = [tag for number, tag in subfields if number in PURPOSE]
    if purpose and not purpose[0]:
        tags.append("")
    filed = [_SEPA_PLACES[tag] for tag in tags if tag in _SEPA_PLACES]
    filed += [_SUBFIELD_PLACES[number] for number, _ in subfields if number in ("30", "31")]
    known = all(tag in _SEPA_PLACES or tag in _SEPA_KEPT for tag in tags)
    return GermanOutline(subfields) if known and len(set(filed)) == len(filed) else None


class SlashOutline:
    """`codes` in the order of the text; those of `_PARTIES` only say whose name follows."""

    mark = "/"

    def __init__(self, codes: Sequence[str]) -> None:
        values = {**dict.fromkeys(_PARTIES, ""), "REMI": _REMITTANCE, "NAME": _NAME, "ADDR": _NAME}
        self.expression = "".join(f"/{code}/{values.get(code, '([^/]*+)')}" for code in codes) + _NO_BLANK
        self._codes = [code for code in codes if code not in _PARTIES]

    def unusual(self, groups: Sequence[Texts], /) -> Iterator[int]:
        """See `Outline`: texts in which a value is a code as well."""
        for given in groups:
            if not CODES.isdisjoint(given):
                yield from (row for row, text in enumerate(given) if text in CODES)

    def columns(self, kinds: Texts, groups: Sequence[Texts]) -> Columns:
        """See `Outline`."""
        filled: Columns = {PROPRIETARY_CODE: kinds}
        kept = []
        for code, given in zip(self._codes, groups, strict=True):
            texts = [text.strip("/ ") or None for text in given]
            if code in _SLASH_PLACES:
                filled[_SLASH_PLACES[code]] = texts
            else:
                kept.append((code, texts))
        _fill_kept(kept, filled)
        return filled


def slash_outline(text: str) -> SlashOutline | None:
    """The outline of a text without breaks, or None if an outline does not tell all about it."""
    codes = [code for code in _SLASH_CODE.findall(text) if code in CODES]
    filed = [_SLASH_PLACES[code] for code in codes if code in _SLASH_PLACES]
    known = all(code in _SLASH_PLACES or code in KEPT or code in _PARTIES for code in codes)
    is_whole = known and len(set(filed)) == len(filed) and codes and codes[-1] not in _PARTIES
    return SlashOutline(codes) if is_whole else None


class WordsOutline:
    """Text without a colon that has no form: it is remittance, with its breaks."""

    mark = ""
    expression = rf"(?!{_NO_WORDS})([^\0]*+)"

    def unusual(self, _: Sequence[Texts], /) -> Iterable[int]:
        """See `Outline`: none, as it has no parts."""
        return ()

    def columns(self, kinds: Texts, groups: Sequence[Texts]) -> Columns:
        """See `Outline`."""
        return {PROPRIETARY_CODE: kinds, REMITTANCE: [free_lines(text.rstrip()) or None for text in groups[0]]}


def _names(first: Texts | None, second: Texts | None) -> Sequence[str | None]:
    """Names out of subfields 32 and 33."""
    if first is not None and not (second and any(second)) and "  " not in "\0".join(first):
        return [text.strip() or None for text in first]
    return [*map(party_name, first or repeat(""), second or repeat(""))]


def _joined(pieces: Sequence[Texts], room: int) -> Texts:
    """Texts whose pieces are columns; a piece that is not full lost the blank at its end."""
    whole = before = pieces[0]
    for following in pieces[1:]:
        whole = [
            text + piece if len(last) >= room else f"{text} {piece}"
            for text, last, piece in zip(whole, before, following, strict=True)
        ]
        before, room = following, PIECE
    return whole


def _fill_kept(kept: Sequence[tuple[str, Sequence[str | None]]], filled: Columns) -> None:
    """Fill in the pairs of texts that have no field of their own."""
    if kept:
        pairs = zip(*(zip(repeat(name), texts) for name, texts in kept), strict=True)
        whole = all(all(texts) for _, texts in kept)
        filled[EXTRA] = [*pairs] if whole else [tuple([pair for pair in row if pair[1]]) for row in pairs]
