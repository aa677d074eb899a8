"""Scores any engine's results against a labelled set.

    python -m benchmarks.labelled.score SET_FOLDER RESULT.jsonl

A result is one JSON object a line, as `recon match` writes it: `bank_line`, `status` ("cleared", "proposed",
"unmatched"), `book` (ids of the first choice), `category`. Lines that are not named count as unmatched.

recall: right among the lines that should be cleared. wrong: cleared with items that the truth does not accept, or with
an item that another line has taken. silent: cleared although the truth says that a person has to decide. first: first
choice right among matchable lines that are not cleared. class: right category among lines without a match.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

Truth = dict[str, dict[str, Any]]

_HEAD = ("category", "lines", "recall", "wrong", "silent", "first", "class")
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


def score(truth: Truth, results: Truth) -> dict[str, Counter[str]]:
    """Counts a category of the truth."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
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


def _accepted(line: dict[str, Any]) -> list[list[str]]:
    return [sorted(items) for items in line.get("accept", [])] or ([sorted(line["book"])] if line["book"] else [])


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
    elif line["book"]:
        counts["left"] += 1
        counts["first"] += bool(book) and right
    if "class" in line:
        counts["classes"] += 1
        counts["class"] += result.get("status") != "cleared" and result.get("category") == line["class"]


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
    named = any(one.get("status") != "cleared" and one.get("category") == "duplicate" for _, one in pair)
    counts["class"] += named
    if not done:
        counts["left"] += 1
        counts["first"] += any(sorted(one.get("book", [])) in _accepted(line) for line, one in pair)


def _row(name: str, one: Counter[str]) -> str:
    def share(part: str, whole: str) -> str:
        return f"{100 * one[part] / one[whole]:.1f}" if one[whole] else "-"

    cells = [share("right", "to_clear"), one["wrong"], one["silent"], share("first", "left"), share("class", "classes")]
    return f"{name:20}{one['lines']:>8}" + "".join(f"{cell:>8}" for cell in cells)


def main() -> int:
    """Print a row a category and their sum; exit 1 if anything was cleared wrongly or in silence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("result", type=Path)
    arguments = parser.parse_args()
    counts = score(read_truth(arguments.folder), read_results(arguments.result))
    print(f"{_HEAD[0]:20}{_HEAD[1]:>8}" + "".join(f"{name:>8}" for name in _HEAD[2:]))
    for name, one in sorted(counts.items()):
        print(_row(name, one))
    total = sum(counts.values(), Counter[str]())
    print(_row("all", total))
    return 1 if total["wrong"] or total["silent"] else 0


if __name__ == "__main__":
    sys.exit(main())
