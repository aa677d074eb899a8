"""The answer of `recon why` in sentences and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from matcher.pipeline.decisions import DecisionView
from matcher.pipeline.signs import Sign, day_of
from matcher.pipeline.what_if import World
from matcher.pipeline.why import Explanation, Why
from matcher.proposal import MatchStatus
from matcher.rules.columns import NO_DAY
from recon_core.domain.money import Money, to_text

_MARKS = {1: "+", 0: " ", -1: "-"}
_PERMILLE = 1000
_MEMBERS_MAX = 8


def text(why: Why, world: World, *, decided: DecisionView | None = None, notes: Sequence[str] = ()) -> str:
    """The whole answer as lines of text."""
    said = [_line_text(world, why.line), _verdict(why), ""]
    if decided is not None:
        said.insert(1, _decided_text(decided))
    asked_is_chosen = why.asked is not None and why.chosen is not None and why.asked.book == why.chosen.book
    if why.chosen is not None:
        said += [f"First choice: {_book_text(world, why.chosen)}", *_signs(why.chosen), ""]
    if why.runner_up is not None:
        said += _runner_up(why, world)
    elif why.chosen is not None:
        said += ["No other open transaction explains the line.", ""]
    if why.asked is not None and not asked_is_chosen:
        said += [f"Asked about: {_book_text(world, why.asked)}", *_signs(why.asked), ""]
    for position, one in enumerate(why.nearest):
        said += [f"{'Nearest' if position == 0 else 'Next'}: {_book_text(world, one)}", *_signs(one), ""]
    if why.chosen is None and not why.nearest and why.asked is None:
        said += ["No open transaction of the account shares its amount, a number or its party.", ""]
    said += [*_changes(why, world), *notes]
    return "\n".join(said).rstrip()


def _line_text(world: World, line: str) -> str:
    lines = world.lines
    at = list(lines.ids).index(line)
    currency = lines.currencies[lines.currency[at]]
    day = int(lines.booking_day[at])
    parts = [
        f"Bank line {line} of {day_of(day) if day != NO_DAY else 'no date'}",
        f"{Money(int(lines.amount[at]), currency)}",
        lines.text("counterparty_name").at(at),
        " ".join(lines.text("remittance").at(at).split()),
    ]
    return ", ".join(part for part in parts if part)


def _verdict(why: Why) -> str:
    category = why.category.replace("_", " ")
    if why.status is MatchStatus.UNMATCHED:
        return f"The engine finds no transaction for it. Its kind: {category or 'unknown'}."
    assert why.chosen is not None
    found = f"by {why.chosen.rule} ({why.rule_says.rstrip('.')}), score {why.chosen.score / _PERMILLE:.3f}"
    rest = f"; the difference is of the kind: {category}" if category else ""
    if why.status is MatchStatus.CLEARED:
        return f"The engine clears it {found}{rest}."
    return f"The engine proposes a match {found}{rest}. A person decides."


def _decided_text(decided: DecisionView) -> str:
    what = f" with {', '.join(decided.transactions)}" if decided.transactions else ""
    return (
        f"Decided: {decided.kind}{what}, by {decided.decided_by} on {decided.decided_at:%Y-%m-%d %H:%M}"
        f" (recon undo {decided.id}). Seen as if that were still open:"
    )


def _book_text(world: World, explanation: Explanation) -> str:
    book = world.book
    rows = {one: at for at, one in enumerate(book.ids)}
    shown = []
    for one in explanation.book[:_MEMBERS_MAX]:
        at = rows[one]
        currency = book.currencies[book.currency[at]]
        party = book.text("counterparty").at(at)
        amount = to_text(int(book.amount[at]), currency)
        shown.append(
            f"{world.called([at])[0]} of {day_of(int(book.day[at]))}, {amount} {currency}{f', {party}' if party else ''}"
        )
    if len(explanation.book) > _MEMBERS_MAX:
        shown.append(f"and {len(explanation.book) - _MEMBERS_MAX} more")
    together = explanation.lines
    return "; ".join(shown) + (f" - by bank lines {', '.join(together)} together" if len(together) > 1 else "")


def _signs(explanation: Explanation) -> list[str]:
    return [f"  {_MARKS[sign.favour]} {sign.says}{_weight(sign)}" for sign in explanation.signs]


def _weight(sign: Sign) -> str:
    if not sign.weight:
        return ""
    part = abs(sign.weight) / _PERMILLE
    return f" [{part:.3f} of the score]" if sign.weight > 0 else f" [with that put right it would score {part:.3f}]"


def _runner_up(why: Why, world: World) -> list[str]:
    assert why.runner_up is not None
    lead = f"a lead of {(why.margin or 0) / _PERMILLE:.3f}" if why.margin else "no lead at all"
    first = f"Runner-up: {_book_text(world, why.runner_up)}, score {why.runner_up.score / _PERMILLE:.3f}: {lead}."
    return [first, *(f"  - {says}" for says in why.lost), ""]


def _changes(why: Why, world: World) -> list[str]:
    if not why.target:
        return []
    name = world.names.get(why.target, why.target)
    if why.changes:
        return [f"With {name} it would have been cleared with", *(f"  * {one.says}" for one in why.changes)]
    if why.status is MatchStatus.CLEARED and why.chosen is not None and why.chosen.book == (why.target,):
        return []
    ended = " (the search ended at its limit)" if why.gave_up else ""
    return [f"No change of up to three details would have cleared it with {name}{ended}."]


def as_json(why: Why, world: World, *, decided: DecisionView | None = None, notes: Sequence[str] = ()) -> str:
    """The whole answer as one JSON object; scores and weights from 0 to 1, differences as decimal text."""
    lines = world.lines
    currency = lines.currencies[lines.currency[list(lines.ids).index(why.line)]]
    values = {
        "bank_line": why.line,
        "account": why.account,
        "status": why.status,
        "category": why.category or None,
        "rule_says": why.rule_says,
        "evidence": [one._asdict() for one in why.evidence],
        "chosen": _explanation(why.chosen, world, currency),
        "runner_up": _explanation(why.runner_up, world, currency),
        "margin": None if why.margin is None else why.margin / _PERMILLE,
        "lost": list(why.lost),
        "asked": _explanation(why.asked, world, currency),
        "nearest": [_explanation(one, world, currency) for one in why.nearest],
        "target": world.names.get(why.target, why.target) or None,
        "changes": [{"kinds": one.kinds, "says": one.says} for one in why.changes],
        "gave_up": why.gave_up,
        "decision": decided.id if decided is not None else None,
        "notes": list(notes),
    }
    return json.dumps(values, ensure_ascii=False)


def _explanation(one: Explanation | None, world: World, currency: str) -> dict[str, Any] | None:
    if one is None:
        return None
    signs = [
        {"kind": sign.kind, "favour": sign.favour, "says": sign.says,
         "weight": None if sign.weight is None else sign.weight / _PERMILLE}
        for sign in one.signs
    ]  # fmt: skip
    return {
        "book": [world.names.get(name, name) for name in one.book],
        "bank_lines": list(one.lines),
        "rule": one.rule or None,
        "score": one.score / _PERMILLE,
        "difference": to_text(one.difference, currency),
        "signs": signs,
    }
