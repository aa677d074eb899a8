"""What is known about bank lines after the fact: from a truth file, or from decisions (`matcher.pipeline.past`).

A truth file is JSON, one an account: `{"account": ..., "lines": {BANK_LINE: {"book": [ids], "expect": "clear" | "propose"
| "classify", "accept": [[ids], ...], "category": ..., "group": n}}}`. `book` is the right set of transactions, `accept`
other sets that are right too; "propose" marks a line that nobody could decide, which must not be cleared. Of lines with
the category "duplicate" and one group, one may be cleared.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from matcher.engine import MatchResult
from matcher.proposal import MatchStatus
from matcher.rules.columns import Book, Lines
from matcher.rules.order import ORDER
from recon_core.domain.refused import Unreadable

_EXPECTED = frozenset({"clear", "propose", "classify"})


class Truth(NamedTuple):
    """What is right for one line: sets of item ids (none: nothing in the books explains it), and whether it may be
    cleared at all. Of lines with the same `only_one` one may be cleared.
    """

    accepted: tuple[frozenset[str], ...]
    clearable: bool = True
    only_one: str = ""


class Case(NamedTuple):
    """Open items as they stood, and what is known about their lines by id. `names` are what people call the accounts,
    by their name in the columns.
    """

    lines: Lines
    book: Book
    truth: Mapping[str, Truth]
    names: Mapping[str, str]


class Verdict(NamedTuple):
    """How a run did on one known line: the pass that cleared it and with what score in permille; `right` is None where
    it was not cleared.
    """

    line: int
    right: bool | None
    rule: str
    score: int
    book: tuple[str, ...]


def judged(case: Case, result: MatchResult) -> list[Verdict]:
    """A verdict for each line of a case that something is known about, in the order of the lines."""
    taken: set[str] = set()
    verdicts = []
    for line, name in enumerate(case.lines.ids):
        truth = case.truth.get(name)
        if truth is None:
            continue
        if result.status_of(line) is not MatchStatus.CLEARED:
            verdicts.append(Verdict(line, None, "", 0, ()))
            continue
        book = tuple(case.book.ids[row] for row in result.rows_of(line))
        right = truth.clearable and frozenset(book) in truth.accepted and truth.only_one not in taken
        if truth.only_one:
            taken.add(truth.only_one)
        verdicts.append(Verdict(line, right, ORDER[result.step[line]].code, int(result.score[line]), book))
    return verdicts


def read_truth(paths: Iterable[Path]) -> dict[str, Truth]:
    """The truth of several files by bank line. Raises `Unreadable` with file and bank line."""
    found: dict[str, Truth] = {}
    for path in paths:
        for line, value in _lines(path).items():
            found[line] = _truth(value, f"{path}, bank line {line}", str(path))
    return found


def _lines(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Unreadable(f"This is no JSON: {error}.", where=str(path), cure="Write the file again.") from error
    lines = content.get("lines") if isinstance(content, dict) else None
    if not isinstance(lines, dict):
        raise Unreadable('There is no object "lines".', where=str(path), cure="A truth file has one, by bank line.")
    return lines


def _truth(value: Any, where: str, file: str) -> Truth:
    if not isinstance(value, dict) or not _is_ids(value.get("book")) or value.get("expect") not in _EXPECTED:
        raise Unreadable(
            'It needs "book" (a list of ids) and "expect".',
            where=where,
            cure=f'"expect" is one of {", ".join(sorted(_EXPECTED))}.',
        )
    sets = value.get("accept") or ([value["book"]] if value["book"] else [])
    if not isinstance(sets, list) or not all(map(_is_ids, sets)):
        raise Unreadable('"accept" is no list of lists of ids.', where=where, cure='Write "accept": [["K1"], ["K2"]].')
    pair = f"{file} {value.get('group')}" if value.get("category") == "duplicate" else ""
    return Truth(tuple(frozenset(ids) for ids in sets), clearable=value["expect"] != "propose", only_one=pair)


def _is_ids(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
