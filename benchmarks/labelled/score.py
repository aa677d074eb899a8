"""Scores what an engine said about a labelled data set.

    python -m benchmarks.labelled.score OUT RESULT.jsonl

OUT is a folder of `bench_generator`, RESULT what `recon match` wrote (design section 6). A line is cleared right if its
items are those of the truth or another answer that the truth accepts, and no item is cleared twice (instalments share
theirs). Of two lines that pay one item twice one may take it. What a person has to decide counts as `silent` if it was
cleared.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any


def truths(folder: Path) -> dict[str, dict[str, Any]]:
    """What is true about each line, by its id."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.truth.json")):
        found.update(json.loads(path.read_text(encoding="utf-8"))["lines"])
    return found


def score(truth: dict[str, dict[str, Any]], said: dict[str, dict[str, Any]]) -> Counter[str]:
    """Counts of lines: all, to clear, cleared, right, wrong, silent, with a class, of the right class."""
    counts: Counter[str] = Counter()
    taken: set[str] = set()
    for line, true in sorted(truth.items()):
        answer = said.get(line, {})
        book = sorted(answer.get("book", []))
        cleared = answer.get("status") == "cleared" and bool(book)
        accepted = [sorted(one) for one in true.get("accept", [])] or [sorted(true["book"])]
        counts["lines"] += 1
        counts["to clear"] += true["expect"] == "clear"
        counts["cleared"] += cleared
        if cleared:
            right = book in accepted and (true["category"] == "instalment" or taken.isdisjoint(book))
            silent = right and true["expect"] == "propose"
            counts["wrong"] += not right
            counts["silent"] += silent
            counts["right"] += right and not silent
            taken.update(book)
        if true.get("class") and true["category"] != "duplicate":
            counts["with a class"] += 1
            counts["of the right class"] += not cleared and answer.get("category") == true["class"]
    return counts


def main(folder: str, result: str) -> None:
    with Path(result).open(encoding="utf-8") as stream:
        said = {row["bank_line"]: row for row in map(json.loads, filter(str.strip, stream))}
    counts = score(truths(Path(folder)), said)
    for name, count in counts.items():
        print(f"{name:20s}{count:10,}")
    print(f"{'recall':20s}{100 * counts['right'] / max(1, counts['to clear']):9.2f} %")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
