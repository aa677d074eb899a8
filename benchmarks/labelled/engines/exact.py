"""Exact rules, as bank feeds offer them: a list of equalities, each of which clears only what it finds once on both sides.

1. same account, amount and reference (letters and digits, without leading zeros); 2. same account, amount and payer,
at most `WINDOW_DAYS` apart. What no rule clears and one rule finds more than once is proposed. Lines without an item are
named by the bank's ISO code.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.labelled.read import BankLine, Item, read_items, read_lines

WINDOW_DAYS = 5
_CLASSES = {
    "CHRG": "bank_fee",
    "INTR": "interest",
    "CWDL": "cash_withdrawal",
    "ESDD": "direct_debit",
    "RRTN": "return",
}
Key = Callable[[BankLine | Item], Hashable | None]


def _plain(text: str) -> str:
    return "".join(sign for sign in text.upper() if sign.isalnum())


def _by_reference(one: BankLine | Item) -> Hashable | None:
    reference = _plain(one.reference).lstrip("0")
    return (one.account, one.amount, reference) if reference else None


def _by_name(one: BankLine | Item) -> Hashable | None:
    return (one.account, one.amount, _plain(one.name)) if one.name else None


RULES: tuple[tuple[Key, int | None], ...] = ((_by_reference, None), (_by_name, WINDOW_DAYS))


def run(folder: Path) -> Iterator[dict[str, Any]]:
    """Results."""
    lines, items = read_lines(folder), read_items(folder)
    cleared: dict[str, str] = {}
    choices: dict[str, list[str]] = {}
    for key, window in RULES:
        gone = set(cleared.values())
        pairs = _pairs([line for line in lines if line.id not in cleared], [i for i in items if i.id not in gone], key)
        for line, found, rivals in pairs:
            near = [item for item in found if window is None or abs((item.day - line.day).days) <= window]
            if len(near) == len(rivals) == 1:
                cleared[line.id] = near[0].id
            elif near:
                choices.setdefault(line.id, [item.id for item in near])
    for line in lines:
        yield _result(line, cleared.get(line.id), choices.get(line.id, []))


def _pairs(lines: list[BankLine], items: list[Item], key: Key) -> Iterator[tuple[BankLine, list[Item], list[BankLine]]]:
    """A line with all items of its key, and all lines of that key."""
    found: dict[Hashable, list[Item]] = defaultdict(list)
    alike: dict[Hashable, list[BankLine]] = defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    for line in lines:
        alike[key(line)].append(line)
    for value, rivals in alike.items():
        if value is not None and value in found:
            for line in rivals:
                yield line, found[value], rivals


def _result(line: BankLine, item: str | None, rivals: list[str]) -> dict[str, Any]:
    if item:
        return {"bank_line": line.id, "status": "cleared", "book": [item]}
    if rivals:
        others = [[other] for other in rivals[1:]]
        return {"bank_line": line.id, "status": "proposed", "book": rivals[:1], "alternatives": others}
    category = _CLASSES.get(line.code.split("/")[-1], "unknown")
    return {"bank_line": line.id, "status": "unmatched", "book": [], "category": category}
