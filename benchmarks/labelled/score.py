"""Scores any engine's results against the truth of a set. What a result is: `benchmarks/labelled/README.md`.

recall: right among the lines that should be cleared. wrong: cleared with items that the truth does not accept, or with
an item that another line has taken. silent: cleared although the truth says that a person has to decide. first, three:
the first choice, one of the first three, is right; among lines that have items and are not cleared. class: the right
category among lines that nothing in the books explains. rest: the right category of what is left over among lines that
are cleared rightly with another amount than their items.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

Truth = dict[str, dict[str, Any]]
Scores = dict[str, Counter[str]]

COLUMNS = ("lines", "recall %", "wrong", "silent", "first %", "three %", "class %", "rest %")
_SHARED = {"instalment"}  # several lines pay one item together


def read_truth(folder: Path) -> Truth:
    """Lines of all `*.truth.json` of a set, by bank reference."""
    lines: Truth = {}
    for path in sorted(folder.glob("*.truth.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        lines |= {key: line | {"account": content["account"]} for key, line in content["lines"].items()}
    return lines


def read_results(path: Path) -> Truth:
    """Results by bank reference."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return {row["bank_line"]: row for row in rows}


def score(truth: Truth, results: Truth) -> Scores:
    """Counts a category of the truth. A line that the results don't name counts as unmatched."""
    counts: Scores = defaultdict(Counter)
    taken: set[str] = set()
    pairs: dict[tuple[str, int], list[str]] = defaultdict(list)
    for key in sorted(truth):
        line = truth[key]
        if line["category"] == "duplicate":
            pairs[line["account"], line["group"]].append(key)
        else:
            _count(counts[line["category"]], line, results.get(key, {}), taken)
    for keys in pairs.values():
        _count_pair(counts["duplicate"], [(truth[key], results.get(key, {})) for key in keys], taken)
    return counts


def total(counts: Scores) -> Counter[str]:
    """The counts of all categories together."""
    return sum(counts.values(), Counter[str]())


def cells(one: Counter[str]) -> list[str]:
    """What stands under `COLUMNS`."""

    def share(part: str, whole: str) -> str:
        return f"{100 * one[part] / one[whole]:.1f}" if one[whole] else "-"

    return [
        f"{one['lines']:,}",
        share("right", "to_clear"),
        str(one["wrong"]),
        str(one["silent"]),
        share("first", "left"),
        share("three", "left"),
        share("class", "classes"),
        share("rest", "rests"),
    ]


def _accepted(line: dict[str, Any]) -> list[list[str]]:
    return [sorted(items) for items in line.get("accept", [])] or ([sorted(line["book"])] if line["book"] else [])


def _choices(result: dict[str, Any]) -> list[list[str]]:
    """First choice and alternatives, best first."""
    return [sorted(items) for items in (result.get("book", []), *result.get("alternatives", [])) if items]


def _count(counts: Counter[str], line: dict[str, Any], result: dict[str, Any], taken: set[str]) -> None:
    book = sorted(result.get("book", []))
    right = book in _accepted(line)
    counts["lines"] += 1
    counts["to_clear"] += line["expect"] == "clear"
    if result.get("status") == "cleared" and book:
        free = line["category"] in _SHARED or taken.isdisjoint(book)
        taken.update(book)
        if not (right and free):
            counts["wrong"] += 1
        else:
            counts["silent" if line["expect"] == "propose" else "right"] += 1
            if "remainder" in line:
                counts["rests"] += 1
                counts["rest"] += result.get("category") == line["remainder"]
    elif line["book"]:
        _count_left(counts, [(line, result)])
    if "class" in line:
        counts["classes"] += 1
        counts["class"] += result.get("status") != "cleared" and result.get("category") == line["class"]


def _count_left(counts: Counter[str], lines: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    counts["left"] += 1
    counts["first"] += any(items in _accepted(line) for line, result in lines for items in _choices(result)[:1])
    counts["three"] += any(items in _accepted(line) for line, result in lines for items in _choices(result)[:3])


def _count_pair(counts: Counter[str], pair: list[tuple[dict[str, Any], dict[str, Any]]], taken: set[str]) -> None:
    """Of two equal payments one is to be cleared and the other named a duplicate; which is which is free."""
    counts["lines"] += len(pair)
    counts["to_clear"] += 1
    counts["classes"] += 1
    done = False
    for line, result in pair:
        book = sorted(result.get("book", []))
        if result.get("status") == "cleared" and book:
            right = book in _accepted(line) and not done and taken.isdisjoint(book)
            taken.update(book)
            counts["right" if right else "wrong"] += 1
            done = done or right
    counts["class"] += any(one.get("status") != "cleared" and one.get("category") == "duplicate" for _, one in pair)
    if not done:
        _count_left(counts, pair)
