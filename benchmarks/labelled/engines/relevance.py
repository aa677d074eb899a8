"""Relevance: the weighted formula that large accounting systems publish for matching bank transactions.

Payments come first, then open invoices. A candidate has the line's account and amount and a date in the window. Its
relevance is the weighted mean of three scores:

  signal     score                                                                        payments   invoices
  reference  both numbers: equal 1, else 0. Else more than 3 apart in length: 0;               70       87.5
             0, 1, 2, 3 signs differ: 1, 0.5, 0.25, 0.05. One empty: 0; both: 1
  date       exp(-(d - mean)^2 / (2 sigma^2)), d = bank's date - document's date               20        0
  payee      share of equal signs in the same place, whatever their case                       10       12.5

An invoice has its own number and the payer's reference; the better one counts. The best candidate is accepted if it is
the only one and reaches the relative threshold, or leads the second by more than that, or is above the absolute
threshold, ties included, as published. Lines that want the same document: the most relevant line keeps it, the others
choose again until nothing moves. A book file knows no payment batches and no user's rules, so those steps have nothing
to do here.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.labelled.read import BankLine, Item, read_items, read_lines

DAYS_BEFORE, DAYS_AFTER = 15, 5  # settings of a user; wider gains nothing here
MEAN_DAYS, SIGMA_DAYS = 10.0, 5.0
PAYMENT_WEIGHTS = (70.0, 20.0, 10.0)
INVOICE_WEIGHTS = (87.5, 0.0, 12.5)
ABSOLUTE, RELATIVE = 0.75, 0.20
_LENGTH_GAP = 3
_BY_DIFFERENCES = (1.0, 0.5, 0.25, 0.05)


class Candidate(NamedTuple):
    """A document that a line could be."""

    relevance: float
    item: str


def reference_score(left: str, right: str) -> float:
    """How well two references agree."""
    if not left or not right:
        return float(left == right)
    if left.isdigit() and right.isdigit():
        return float(int(left) == int(right))
    if abs(len(left) - len(right)) > _LENGTH_GAP:
        return 0.0
    differing = max(len(left), len(right)) - _same_places(left, right)
    return _BY_DIFFERENCES[differing] if differing < len(_BY_DIFFERENCES) else 0.0


def date_score(days: int) -> float:
    """How usual the days between document and bank are."""
    return math.exp(-((days - MEAN_DAYS) ** 2) / (2 * max(SIGMA_DAYS**2, 0.25)))


def payee_score(left: str, right: str) -> float:
    """Share of equal signs in the same place."""
    longer = max(len(left), len(right))
    return _same_places(left.casefold(), right.casefold()) / longer if longer else 0.0


def _same_places(left: str, right: str) -> int:
    return sum(one == other for one, other in zip(left, right, strict=False))


def is_invoice(item: Item) -> bool:
    """An expected receipt whose text gives a document's number; everything else is a payment that was entered."""
    return item.kind == "receipt" and bool(_numbers(item))


def _numbers(item: Item) -> list[str]:
    return re.findall(r"\b\d{4,}\b", item.description)


def relevance(line: BankLine, item: Item) -> float:
    """The weighted mean, 0 to 1."""
    weights, references = PAYMENT_WEIGHTS, [item.reference]
    if is_invoice(item):
        weights, references = INVOICE_WEIGHTS, [item.reference, *_numbers(item)]
    scores = (
        max(reference_score(line.reference, reference) for reference in references),
        date_score((line.day - item.day).days),
        payee_score(line.name, item.name),
    )
    return sum(weight * one for weight, one in zip(weights, scores, strict=True)) / sum(weights)


def accepts(candidates: list[Candidate]) -> bool:
    """Whether the best, which comes first, is accepted without a person."""
    best = candidates[0].relevance
    if len(candidates) == 1 and best >= RELATIVE:
        return True
    return best > ABSOLUTE or (len(candidates) > 1 and best - candidates[1].relevance > RELATIVE)


def run(folder: Path) -> Iterator[dict[str, Any]]:
    """Results."""
    lines, items = read_lines(folder), read_items(folder)
    accepted: dict[str, str] = {}
    seen: dict[str, list[Candidate]] = {}
    for invoices in (False, True):
        documents = [item for item in items if is_invoice(item) is invoices]
        rest = [line for line in lines if line.id not in accepted]
        candidates = _candidates(rest, documents)
        for line, found in candidates.items():
            seen.setdefault(line, []).extend(found)
        accepted |= _resolve(candidates)
    for line in lines:
        yield _result(line, accepted.get(line.id), sorted(seen.get(line.id, []), reverse=True))


def _candidates(lines: list[BankLine], items: list[Item]) -> dict[str, list[Candidate]]:
    by_amount: dict[tuple[str, int], list[Item]] = defaultdict(list)
    for item in items:
        by_amount[item.account, item.amount].append(item)
    found: dict[str, list[Candidate]] = {}
    for line in lines:
        near = [
            i for i in by_amount[line.account, line.amount] if -DAYS_AFTER <= (line.day - i.day).days <= DAYS_BEFORE
        ]
        if near:
            found[line.id] = sorted((Candidate(relevance(line, item), item.id) for item in near), reverse=True)
    return found


def _resolve(candidates: dict[str, list[Candidate]]) -> dict[str, str]:
    """Accepted documents by line: rounds in which every line names its best, and the most relevant line keeps it."""
    accepted: dict[str, str] = {}
    waiting = dict(candidates)
    while True:
        nominated: dict[str, tuple[float, str]] = {}
        for line, found in waiting.items():
            if accepts(found):
                best = found[0]
                nominated[best.item] = max(nominated.get(best.item, (0.0, "")), (best.relevance, line))
        if not nominated:
            return accepted
        accepted |= {line: item for item, (_, line) in nominated.items()}
        left = {
            line: [one for one in found if one.item not in nominated]
            for line, found in waiting.items()
            if line not in accepted
        }
        waiting = {line: found for line, found in left.items() if found}


def _result(line: BankLine, item: str | None, candidates: list[Candidate]) -> dict[str, Any]:
    if item:
        return {"bank_line": line.id, "status": "cleared", "book": [item]}
    if not candidates:
        return {"bank_line": line.id, "status": "unmatched", "book": [], "category": "unknown"}
    first, *others = [[one.item] for one in candidates]
    score = round(candidates[0].relevance, 4)
    return {"bank_line": line.id, "status": "proposed", "book": first, "alternatives": others, "score": score}
