"""Cases of the rules as tables: lines and items in, what the engine says out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matcher.rules.settings import RuleSettings
from recon_core.domain.money import to_minor
from tests.matching.books import item, line, matched

_LINE = ("id", "day", "amount", "name", "text")
_ITEM = ("id", "day", "amount", "party", "reference", "text")


def run_case(case: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One table a line: status, rule, items, alternatives, category, difference, and every sentence."""
    lines = [line(*(one.get(name, "") for name in _LINE), **_more(one)) for one in case["lines"]]
    book = [
        item(*(one.get(name, "") for name in _ITEM), **{k: v for k, v in one.items() if k not in _ITEM})
        for one in case["book"]
    ]
    rules = RuleSettings(**case.get("rules", {}))
    found = matched(lines, book, rules)
    return [_said(found[one["id"]]) for one in case["lines"]]


def _more(given: Mapping[str, Any]) -> dict[str, Any]:
    more = {name: value for name, value in given.items() if name not in _LINE}
    if "original_amount" in more:
        amount, currency = more.pop("original_amount").split()
        more |= {"original_amount": to_minor(amount, currency), "original_currency": currency}
    return more


def _said(row: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"status": str(row.status)}
    if row.rule:
        said["rule"] = row.rule
    if row.book:
        said["book"] = list(row.book)
    if row.alternatives:
        said["or"] = [list(choice) for choice in row.alternatives]
    if row.category is not None:
        said["category"] = str(row.category)
    if row.difference:
        said["difference"] = row.difference
    return {**said, "says": [evidence.says for evidence in row.evidence]}
