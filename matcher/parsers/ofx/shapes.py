"""Patterns that read a whole transaction in one match.

A bank writes nearly all transactions of a file with the same few sequences of tags, mostly in the order of the
standard. Such a sequence is a shape. A transaction that no shape matches is not wrong: it is read tag by tag, gives
the same line, and its sequence becomes a shape if it returns. No pattern looks back, so each is linear.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from matcher.parsers.ofx.entry import PARTS

SHAPES_MAX = 8
SEEN_UNTIL_LEARNED = 32
SEQUENCES_COUNTED_MAX = 500
_AMOUNT_DIGITS = 15
# The leaves that a line is made of without further thought, in the order of the standard.
_COMMON = "TRNTYPE DTPOSTED DTUSER DTAVAIL TRNAMT FITID SRVRTID CHECKNUM REFNUM NAME MEMO".split(" ")  # noqa: SIM905
_NEEDED = frozenset({"TRNTYPE", "DTPOSTED", "TRNAMT"})

# Blanks are listed: a category inside a set is tested letter by letter. Stand-ins and references are left to others.
_WORD = r"\s*+([^<& \t\r\n\x00-\x02\x0b\x0c\x1c-\x1f\x85\xa0]*+)\s*+"
_WORDS = r"[ \t]*+([^<\r\n\x00-\x02]*+)\s*+"
_DAY = r"\s*+([0-9]{8})[0-9.]*+(?:\[[^<\]\r\n]*+\])?+\s*+"

Match = Callable[[str, int], "re.Match[str] | None"]


class Shape(NamedTuple):
    """`match(text, place)` of a transaction at `<STMTTRN>`, with what follows it up to the next tag.

    It ends where the empty group `end` stands. `common` are the groups of type, DTPOSTED, DTUSER, DTAVAIL, whole units,
    decimals, FITID, SRVRTID, CHECKNUM, REFNUM, NAME and MEMO, or empty; then `leaves` are the paths of the groups.
    """

    match: Match
    common: tuple[int, ...]
    leaves: tuple[str, ...]
    end: int


@lru_cache(maxsize=8)
def standard(places: int) -> Shape:
    """The order of the standard (OFX 2.3 section 11.4.4.1) in a currency of `places` decimals."""
    pattern = "".join(_leaf(tag, _value(tag, places), needed=tag in _NEEDED) for tag in _COMMON)
    compiled = re.compile(rf"<STMTTRN>\s*+{pattern}</STMTTRN>()\s*+")
    return Shape(compiled.match, tuple(range(1, 13)), (), compiled.groups)


class Shapes:
    """The shapes of one file for a currency of `places` decimals; `first` is the one to try first."""

    def __init__(self, places: int) -> None:
        self.first = standard(places)
        self._others: list[Shape] = []
        self._last: Shape | None = None
        self._places = places
        self._counts: dict[tuple[str, ...], int] = {}

    def other(self, text: str, place: int) -> tuple[Shape, re.Match[str]] | None:
        """The shape of a transaction that is not of the first one; twice in a row makes it the first."""
        for number, shape in enumerate(self._others):
            found = shape.match(text, place)
            if found is not None:
                if shape is self._last:
                    self._others[number], self.first = self.first, shape
                self._last = shape
                return shape, found
        return None

    def learn(self, tags: Sequence[str]) -> None:
        """Count the tags of a transaction that no shape matched."""
        sequence = tuple(tags)
        if sequence not in self._counts and len(self._counts) >= SEQUENCES_COUNTED_MAX:
            return
        count = self._counts[sequence] = self._counts.get(sequence, 0) + 1
        if count == SEEN_UNTIL_LEARNED and len(self._others) < SHAPES_MAX:
            shape = _learned(sequence, self._places)
            if shape is not None:
                self._others.append(shape)


def _learned(tags: tuple[str, ...], places: int) -> Shape | None:
    """The shape of exactly these tags; None where their nesting is not certain."""
    if any((tag in PARTS) != (f"/{tag}" in tags) for tag in tags if tag[0] != "/"):
        return None
    paths: list[str] = []
    inside = ""
    for tag in tags:
        if tag[0] == "/":
            inside = ""
        elif tag in PARTS:
            inside = tag
        else:
            paths.append(f"{inside}/{tag}" if inside else tag)
    ordinary = set(paths) <= set(_COMMON) and len(set(paths)) == len(paths) and set(paths) >= _NEEDED
    pattern = ""
    for tag in tags:
        if tag.removeprefix("/") in PARTS or tag[0] == "/":
            pattern += rf"<{re.escape(tag)}>\s*+"
        else:
            pattern += _leaf(tag, _value(tag, places) if ordinary else _WORDS, needed=True)
    # The last group never takes part: it stands for the leaves that the shape does not have.
    compiled = re.compile(rf"<STMTTRN>\s*+{pattern}</STMTTRN>()\s*+|(?!)()")
    if not ordinary:
        return Shape(compiled.match, (), tuple(paths), compiled.groups - 1)
    common: list[int] = []
    for tag in _COMMON:
        if tag not in paths:
            common.append(compiled.groups)
            continue
        group = paths.index(tag) + 1 + (paths.index(tag) > paths.index("TRNAMT"))
        common += [group, group + 1] if tag == "TRNAMT" else [group]
    return Shape(compiled.match, tuple(common), (), compiled.groups - 1)


def _value(tag: str, places: int) -> str:
    if tag in ("DTPOSTED", "DTAVAIL"):
        return _DAY
    if tag == "TRNAMT":
        return rf"\s*+([+-]?[0-9]{{1,{_AMOUNT_DIGITS - places}}})(?:[.,]([0-9]{{0,{places}}}))?+\s*+"
    return _WORDS if tag in ("NAME", "MEMO") else _WORD


def _leaf(tag: str, value: str, *, needed: bool) -> str:
    name = re.escape(tag)
    whole = rf"<{name}>{value}(?:</{name}>\s*+)?+"
    return whole if needed else f"(?:{whole})?+"
