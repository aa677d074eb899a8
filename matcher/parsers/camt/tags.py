"""Names of elements, and what becomes of the elements that have no field of their own.

The tree that the parser builds has tags like `{urn:iso:...}Ntry`. `Slots` turns such a tag into a small number by its
local name and remembers the answer, so that a namespace costs nothing after the first entry.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element

from recon_core.domain.refused import LimitExceeded

TAGS_MAX = 4000
DEPTH_MAX = 64

Extra = list[tuple[str, str]]


class Slots(dict[str, int]):
    """Full tag -> slot of its local name, 0 for a name that is not in the table."""

    __slots__ = ("_known",)

    def __init__(self, known: dict[str, int]) -> None:
        super().__init__()
        self._known = known

    def __missing__(self, tag: str) -> int:
        slot = self._known.get(local_name(tag), 0)
        if len(self) < TAGS_MAX:
            self[tag] = slot
        return slot


class LocalNames(dict[str, str]):
    """Full tag -> local name. Raises `LimitExceeded` for a file with more than `TAGS_MAX` different ones."""

    __slots__ = ()

    def __missing__(self, tag: str) -> str:
        if len(self) >= TAGS_MAX:
            raise LimitExceeded(f"the file has more than {TAGS_MAX} different element names.")
        name = self[tag] = local_name(tag)
        return name


def local_name(tag: str) -> str:
    """`Ntry` of `{urn:iso:std:iso:20022:tech:xsd:camt.053.001.08}Ntry`."""
    return tag.rpartition("}")[2]


def slots(names: Iterable[str], *, first: int = 1) -> dict[str, int]:
    """Numbers for the names, in their order."""
    return {name: number for number, name in enumerate(names, first)}


def keep(element: Element, path: str, names: LocalNames, extra: Extra) -> None:
    """Put every text below an element into `extra`, named by its path; an amount is written `12.50 EUR`."""
    if len(element):
        if path.count("/") >= DEPTH_MAX:
            raise LimitExceeded(f"elements are nested more than {DEPTH_MAX} deep.", where=path[:80])
        for child in element:
            keep(child, f"{path}/{names[child.tag]}", names, extra)
        return
    text = element.text
    if text and (text := text.strip()):
        currency = element.get("Ccy")
        extra.append((path, f"{text} {currency}" if currency else text))


def clean(text: str | None) -> str | None:
    """Trimmed text, or None if nothing is left."""
    return (text.strip() or None) if text else None
