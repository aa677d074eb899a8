"""From bank lines, proposals and decisions to what templates get."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from matcher.pipeline.decisions import DecisionView
from matcher.pipeline.reviewing import BookView, Choice, ReviewLine
from matcher.pipeline.signs import Sign
from matcher.pipeline.why import Explanation
from matcher.pipeline.why_stored import StoredWhy
from matcher.proposal import Evidence
from matcher.web.context import moment
from matcher.web.words import Words
from recon_core.reports.outstanding import Item

_PPM_PERCENT = 10_000
_PERMILLE_PERCENT = 10
_NUMBER = re.compile(r"(?<![\w.,-])\d+(?![\w.,-]*\d)")


def line_row(line: ReviewLine, words: Words) -> dict[str, Any]:
    """An open bank line with the engine's word as it was stored; rivals that it knows by ids are named."""
    names = {str(one.id): one.external_id for choice in line.choices for one in choice.transactions}
    return {
        "id": line.line_id,
        "seen": line.proposal_id,
        "day": line.booking_date.isoformat(),
        "amount": words.amount(line.amount, line.currency),
        "out": line.amount < 0,
        "currency": line.currency,
        "counterparty": line.counterparty,
        "text": line.text,
        "proposed": bool(line.choices),
        "rule": line.rule,
        "percent": line.score_ppm // _PPM_PERCENT,
        "score": score(line.score_ppm, words),
        "category": words.code(line.category) if line.category else "",
        "entry_type": line.entry_type,
        "together": [one for one in line.together if one != line.line_id],
        "choices": [
            choice_view(choice, line.currency, words, number=at) for at, choice in enumerate(line.choices, start=1)
        ],
        "reasons": [_reason(one, names, words) for one in line.evidence],
        "current": line.current,
        "gives_back": line.gives_back.external_id if line.gives_back is not None else "",
    }


def _reason(one: Evidence, names: Mapping[str, str], words: Words) -> dict[str, Any]:
    against = one.says.startswith("not cleared")
    says = _NUMBER.sub(lambda found: names.get(found[0], found[0]), one.says) if one.rule == "rival" else one.says
    return {"says": words.say(says), "against": against}


def score(ppm: int, words: Words) -> str:
    """A score from 0 to 1 with two decimals."""
    mark = "," if words.language == "sv" else "."
    whole, part = divmod(ppm // _PPM_PERCENT, 100)
    return f"{whole}{mark}{part:02}"


def choice_view(choice: Choice, currency: str, words: Words, *, number: int) -> dict[str, Any]:
    """One explanation; `number` is its place, from 1."""
    return {
        "number": number,
        "transactions": [book_row(one, currency, words) for one in choice.transactions],
        "difference": words.amount(choice.difference, currency) if choice.difference else "",
    }


def book_row(one: BookView, currency: str, words: Words) -> dict[str, Any]:
    """What is left of a book transaction."""
    return {
        "id": one.id,
        "name": one.external_id,
        "day": one.transaction_date.isoformat(),
        "amount": words.amount(one.amount, currency),
        "reference": one.reference,
        "counterparty": one.counterparty,
        "description": one.description,
    }


def pending_row(item: Item, currency: str, words: Words) -> dict[str, Any]:
    """A line that the bank has announced and not booked."""
    return {
        "day": item.day.isoformat() if item.day else "",
        "amount": words.amount(item.amount, currency),
        "counterparty": item.counterparty,
        "text": item.text or item.reference,
        "state": words.code(item.state),
    }


def decision_row(one: DecisionView, words: Words) -> dict[str, Any]:
    """A decision and whether it stands."""
    return {
        "id": one.id,
        "batch": one.batch_id,
        "in_bulk": one.in_bulk,
        "account": one.account,
        "kind": words.code(one.kind),
        "kind_code": one.kind,
        "label": one.label,
        "by": one.decided_by,
        "at": moment(one.decided_at),
        "lines": list(one.line_ids),
        "transactions": list(one.transactions),
        "amount": words.amount(one.line_total, one.currency) if one.line_total else "",
        "adjusted": words.amount(one.adjustment_total, one.currency) if one.adjustment_total else "",
        "currency": one.currency,
        "undone_by": one.undone_by,
        "reason": one.reason,
    }


def fact_rows(line: Any, words: Words) -> list[tuple[str, str]]:
    """What the bank says of a line, field by field, without the empty ones."""
    left = line.amount - line.used_amount
    named = (
        ("Booking date", line.booking_date.isoformat()),
        ("Value date", line.value_date.isoformat() if line.value_date else ""),
        ("Left of it", words.amount(left, line.currency) if left != line.amount else ""),
        ("Counterparty", line.counterparty_name or ""),
        ("Counterparty's account", line.counterparty_account or ""),
        ("Reference", line.creditor_reference or ""),
        ("End-to-end id", line.end_to_end_id or ""),
        ("Text", line.remittance or ""),
        ("Bank's reference", line.bank_reference or ""),
        ("Ignored because", line.state_reason or ""),
    )
    return [(words(name), text) for name, text in named if text]


def why_view(found: StoredWhy, words: Words) -> dict[str, Any]:
    """What speaks for and against, with the part of the score that hangs on each sign."""
    why = found.why
    return {
        "verdict": words.code(why.status),
        "rule": words.say(why.rule_says),
        "chosen": _explanation(why.chosen, found, words),
        "runner_up": _explanation(why.runner_up, found, words),
        "asked": _explanation(why.asked, found, words) if why.asked != why.chosen else None,
        "decided": _decided(found, words),
        "margin": score((why.margin or 0) * 1000, words),
        "lost": [words.say(one) for one in why.lost],
        "nearest": [_explanation(one, found, words) for one in why.nearest],
        "changes": [f" {words('and')} ".join(map(words.say, one.details)) for one in why.changes],
        "target": found.world.names.get(why.target, why.target) if why.changes else "",
        "notes": [words.say(one) for one in found.notes],
    }


def _decided(found: StoredWhy, words: Words) -> str:
    one = found.decided
    if one is None:
        return ""
    names = ", ".join(one.transactions)
    return words(
        "Decided by {name}, {at}: {what}. It is looked at as if that were still open.",
        name=one.decided_by,
        at=moment(one.decided_at),
        what=f"{words.code(one.kind)} {names}".strip(),
    )


def _explanation(one: Explanation | None, found: StoredWhy, words: Words) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "names": [found.world.names.get(name, name) for name in one.book],
        "score": score(one.score * 1000, words),
        "percent": one.score // _PERMILLE_PERCENT,
        "bars": waterfall(one.signs, one.score, words),
        "total": _permille(one.score, words) if any((sign.weight or 0) > 0 for sign in one.signs) else "",
    }


def waterfall(signs: Sequence[Sign], total: int, words: Words) -> list[dict[str, Any]]:
    """A bar a sign, from where the one before ended; what no single sign carries comes first. Places are 0 to 1000."""
    weighed = sum(sign.weight or 0 for sign in signs if (sign.weight or 0) > 0)
    place = max(0, total - weighed)
    together = {"says": words("What amount, dates and rule come to together"), "mark": "even", "x": 0, "width": place}
    bars = [together | {"part": _permille(place, words)}] if weighed else []
    for sign in signs:
        width = max(0, sign.weight or 0) if weighed else 0
        mark = {1: "for", 0: "even", -1: "against"}[sign.favour]
        says = words.say(sign.says)
        if sign.weight and sign.weight < 0:
            says = words(
                "{sign} With that put right it would score {score}.", sign=says, score=_permille(-sign.weight, words)
            )
        part = f"+{_permille(width, words)}" if width else ""
        bars.append({"says": says, "mark": mark, "x": min(place, 1000), "width": width, "part": part})
        place += width
    return bars


def _permille(part: int, words: Words) -> str:
    """A part of a score, to three decimals."""
    return f"{part // 1000}{',' if words.language == 'sv' else '.'}{part % 1000:03}"
