"""The shape of an element: its leaves with their paths, without their texts.

Entries of one file have few shapes and many texts. So the paths are worked out once a shape, either from the markup
of an entry that is cut out of the file, or from an element of the tree, and the texts are then fetched by position.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple
from xml.etree.ElementTree import Element

from matcher.parsers.camt.paths import TRANSACTION_ONLY
from recon_core.domain.refused import LimitExceeded

DEPTH_MAX = 64
TEXT_LETTERS_MAX = 1 << 20
# The paths of elements with so few others inside are remembered.
_NODES_FEW = 32
# Stands for "><" in markup that was cut at its texts; `blocks` lets no such letter through.
JOINT = "\x00"

_START = re.compile(r"([A-Za-z_][\w.-]*)(?:\s+Ccy=\"([A-Za-z]{3})\")?\s*(/?)")


class Leaf(NamedTuple):
    """An element without elements inside.

    `path` joins local names with slashes; in `shown` the second and later siblings of one name carry their number, as
    in `RmtInf/Strd[2]/CdtrRefInf/Ref`. `place` is the position of the text (-1 for none), `currency` the attribute.
    """

    path: str
    shown: str
    place: int
    currency: str | None


class _Level:
    """An open element while the leaves are listed."""

    __slots__ = ("counts", "currency", "path", "place", "shown", "tag")

    def __init__(self, tag: str, path: str, shown: str, place: int, currency: str | None) -> None:
        self.tag = tag
        self.path = path
        self.shown = shown
        self.place = place
        self.currency = currency
        self.counts: dict[str, int] = {}

    def child(self, name: str) -> tuple[str, str]:
        """Path and shown path of the next child of this name."""
        number = self.counts[name] = self.counts.get(name, 0) + 1
        path = f"{self.path}/{name}" if self.path else name
        shown = f"{self.shown}/{name}" if self.shown else name
        return path, shown if number == 1 else f"{shown}[{number}]"


def cut(markup: str) -> list[str]:
    """Texts and markup in turn, text first, one empty text at the end (so that place -1 is no text)."""
    pieces = markup.replace("><", JOINT).replace(">", "<").split("<")
    pieces.append("")
    return pieces


def leaves_of_markup(pieces: list[str], prefix: str) -> list[Leaf] | None:
    """Leaves of what `cut` made of the inside of an element, or None where it is not plain, closed elements.

    `prefix` is that of the message's namespace, with its colon. Raises `LimitExceeded` beyond `DEPTH_MAX` levels.
    """
    leaves: list[Leaf] = []
    stack = [_Level("", "", "", -1, None)]
    opened: _Level | None = None
    for tag, place in _tags(pieces):
        if tag.startswith("/"):
            level = stack.pop()
            if not stack or level.tag != tag[1:]:
                return None
            if level is opened:
                leaves.append(Leaf(level.path, level.shown, level.place, level.currency))
            opened = None
            continue
        found = _START.fullmatch(tag.removeprefix(prefix)) if tag.startswith(prefix) else None
        if found is None:
            return None
        path, shown = stack[-1].child(found[1])
        if found[3]:
            leaves.append(Leaf(path, shown, -1, found[2]))
            opened = None
            continue
        opened = _Level(prefix + found[1], path, shown, place, found[2])
        stack.append(opened)
        if len(stack) > DEPTH_MAX:
            raise LimitExceeded(f"elements are nested more than {DEPTH_MAX} deep.", where=shown[:80])
    return leaves if len(stack) == 1 else None


def _tags(pieces: list[str]) -> Iterator[tuple[str, int]]:
    """Each tag with the place of the text after it, -1 where another tag follows at once."""
    for place in range(1, len(pieces) - 1, 2):
        tags = pieces[place].split(JOINT)
        for tag in tags[:-1]:
            yield tag, -1
        yield tags[-1], place + 1


def leaves_of_element(element: Element) -> tuple[list[Leaf], list[str]]:
    """Leaves of what is inside an element of the tree, and their texts. Raises `LimitExceeded` like the other one."""
    leaves: list[Leaf] = []
    texts: list[str] = []
    nodes = tuple([(node.tag, len(node)) for node in islice(element.iter(), _NODES_FEW + 1)])
    paths = (
        _paths_of_few(nodes) if len(nodes) <= _NODES_FEW else _paths((node.tag, len(node)) for node in element.iter())
    )
    for node, found in zip(element.iter(), paths, strict=True):
        if found is not None:
            # An empty element says nothing, as in markup: the next path may say it.
            leaves.append(Leaf(*found, len(texts) if node.text else -1, node.get("Ccy")))
            texts.append(node.text or "")
    texts.append("")
    check_texts(texts)
    return leaves, texts


def check_texts(texts: Iterable[str]) -> None:
    """Raises `LimitExceeded` for a text that is longer than any text of a payment."""
    if max(map(len, texts)) > TEXT_LETTERS_MAX:
        raise LimitExceeded(f"a text has more than {TEXT_LETTERS_MAX} letters.")


@lru_cache(maxsize=512)
def _paths_of_few(nodes: tuple[tuple[str, int], ...]) -> tuple[tuple[str, str] | None, ...]:
    return tuple(_paths(nodes))


def _paths(nodes: Iterable[tuple[str, int]]) -> Iterator[tuple[str, str] | None]:
    """Path and shown path of each element in the order of the document, None where others are inside.

    `nodes` are the tags and how many children they have; the first is the element itself.
    """
    stack: list[_Level] = []
    left: list[int] = []
    for tag, inside in nodes:
        while left and not left[-1]:
            stack.pop()
            left.pop()
        path = shown = ""
        if stack:
            left[-1] -= 1
            path, shown = stack[-1].child(local_name(tag))
        if inside or not stack:
            if len(stack) == DEPTH_MAX:
                raise LimitExceeded(f"elements are nested more than {DEPTH_MAX} deep.", where=shown[:80])
            stack.append(_Level("", path, shown, -1, None))
            left.append(inside)
            yield None
        else:
            yield path, shown


@lru_cache(maxsize=1024)
def local_name(tag: str) -> str:
    """`Ntry` of `{urn:iso:std:iso:20022:tech:xsd:camt.053.001.08}Ntry`."""
    return tag.rpartition("}")[2]


def is_stray(path: str) -> bool:
    """Whether a leaf of an entry is one that only a transaction has."""
    return path.removeprefix("NtryDtls/").partition("/")[0] in TRANSACTION_ONLY


def stray_transaction(entry: Element) -> list[Element]:
    """The transaction of an entry that has its parts without a `TxDtls` around them, against the schema."""
    found = Element("TxDtls")
    for parent in (entry, *(child for child in entry if local_name(child.tag) == "NtryDtls")):
        for child in [child for child in parent if local_name(child.tag) in TRANSACTION_ONLY]:
            found.append(child)
            parent.remove(child)
    return [found] if len(found) else []
