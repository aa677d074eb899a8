"""What speaks for and against a bank line and a book transaction belonging together, each sign in a sentence.

Read from the same columns and with the same comparisons as the passes use. A sign only describes; what it weighs is
measured by asking the engine what it would say without it (`matcher.pipeline.why`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from rapidfuzz.distance import OSA

from matcher.rules.columns import EPOCH, NO_DAY
from matcher.rules.lines_kind import kind_of
from matcher.rules.names import NameLevel
from matcher.rules.passes.named_other_amount import kind_of_difference
from matcher.rules.relations import Relation
from matcher.rules.tokens import field_key, normalized, tokens
from matcher.rules.view import View
from recon_core.domain.money import Money

NUMBER_FIELDS = {
    "creditor_reference": "reference field",
    "check_number": "cheque number",
    "end_to_end_id": "end-to-end id",
    "transaction_id": "transaction id",
    "instruction_id": "instruction id",
    "document_numbers": "document numbers",
    "remittance": "text",
    "additional_info": "bank's text",
}
_FREE = frozenset({"document_numbers", "remittance", "additional_info"})
_OTHERS_SHOWN = 3


class SignKind(StrEnum):
    """What a sign is about."""

    AMOUNT = "amount"
    NUMBER = "number"
    NAME = "name"
    DATE = "date"
    KIND = "kind"
    RIVAL = "rival"
    RULES = "rules"
    STATE = "state"


class Sign(NamedTuple):
    """One sign: `favour` is 1 where it speaks for the pair, −1 against, 0 where it says nothing. `weight` is the part
    of the score, in permille, that hangs on it; None where that was not measured.
    """

    kind: SignKind
    favour: int
    says: str
    weight: int | None = None


class Quoted(NamedTuple):
    """The number of a line that is nearest to an item's reference, and the field it stands in, by name."""

    relation: Relation
    number: str
    field: str


def day_of(number: int) -> date:
    """The date of a day number."""
    return date.fromordinal(number + EPOCH)


def pair_signs(view: View, line: int, row: int) -> list[Sign]:
    """The signs of a line and one item, in the order in which an accountant looks: amount, number, name, date."""
    signs = [amount_sign(view, line, (row,)), number_sign(view, line, row), name_sign(view, line, row)]
    signs.append(date_sign(view, line, row))
    kind = _kind_sign(view, line)
    return [*signs, kind] if kind is not None else signs


def group_signs(view: View, lines: Sequence[int], rows: Sequence[int]) -> list[Sign]:
    """The signs of a group: its sum, how many of its items the lines name, whose they are, and their dates."""
    amount = amount_sign(view, lines[0], rows, lines=lines)
    named = sum(1 for row in rows if any(view.relations.of(line, row) is Relation.SAME for line in lines))
    number = Sign(SignKind.NUMBER, int(named > 0), f"{named} of {len(rows)} transactions are named by their numbers.")
    signs = [amount, number]
    parties = {view.items.book.text("counterparty").at(row) for row in rows} - {""}
    if len(parties) == 1:
        signs.append(name_sign(view, lines[0], rows[0]))
    days = sorted(int(view.items.book.day[row]) for row in rows)
    span = f"of {day_of(days[0])}" if days[0] == days[-1] else f"of {day_of(days[0])} to {day_of(days[-1])}"
    signs.append(Sign(SignKind.DATE, 0, f"The transactions are {span}."))
    return signs


def amount_sign(view: View, line: int, rows: Sequence[int], *, lines: Sequence[int] = ()) -> Sign:
    """Whether the amounts are equal, and what their difference looks like."""
    items = view.items
    members = list(lines) or [line]
    currency = items.lines.currencies[items.lines.currency[line]]
    paid, booked = int(items.lines.amount[members].sum()), int(items.book.amount[list(rows)].sum())
    what = "The amounts are equal" if len(rows) == len(members) == 1 else f"{_count(members, rows)} add up exactly"
    if paid == booked:
        return Sign(SignKind.AMOUNT, 1, f"{what}, {Money(paid, currency)}.")
    said = f"The bank has {Money(paid, currency)}, the books have {Money(booked, currency)}"
    if paid and booked and (paid > 0) != (booked > 0):
        return Sign(SignKind.AMOUNT, -1, f"{said}: one is a receipt, the other a payment.")
    more = f"{Money(abs(paid - booked), currency)} {'more' if abs(paid) > abs(booked) else 'less'}"
    called = ""
    if len(rows) == len(members) == 1:
        kind = kind_of_difference(view, line, rows[0], paid - booked).value.replace("_", " ")
        called = f", the size of a {kind}" if kind in {"rounding", "bank fee"} else ""
    return Sign(SignKind.AMOUNT, -1, f"{said}: {more}{called}.")


def _count(lines: Sequence[int], rows: Sequence[int]) -> str:
    parts = [f"{len(lines)} bank lines"] if len(lines) > 1 else []
    parts += [f"{len(rows)} transactions"] if len(rows) > 1 else []
    return " and ".join(parts)


def quoted(view: View, line: int, row: int) -> Quoted:
    """The number on the line that says the most about the item."""
    relation = view.relations.of(line, row)
    wanted = normalized(view.items.book.text("reference").at(row))
    description = set(tokens(view.items.book.text("description").at(row)))
    best = Quoted(relation, "", "")
    nearest = 10**6
    for name in NUMBER_FIELDS:
        text = view.items.lines.text(name).at(line)
        for key in _keys(text, name):
            distance = 0 if key in description else OSA.distance(key, wanted)
            if wanted and (wanted in key or key in wanted):
                distance = min(distance, 1)
            if distance < nearest:
                nearest, best = distance, Quoted(relation, key, name)
    return best


def _keys(text: str, name: str) -> list[str]:
    if not text:
        return []
    if name in _FREE:
        return tokens(text)
    key = field_key(text)
    return [key] if key else []


def number_sign(view: View, line: int, row: int) -> Sign:
    """What the numbers on the line say about the item."""
    reference = view.items.book.text("reference").at(row)
    ours = f"reference {reference}" if reference else "transaction, which has no reference"
    relation, number, field = quoted(view, line, row)
    where = f"in the {NUMBER_FIELDS[field]}" if field else ""
    if relation is Relation.SAME and number in tokens(view.items.book.text("description").at(row)):
        return Sign(SignKind.NUMBER, 1, f"{number} {where} stands in the description of the transaction.")
    says = {
        Relation.SAME: (1, f"{number} {where} is the {ours}."),
        Relation.CUT: (1, f"{number} {where} is the beginning of the {ours}, cut off by the bank."),
        Relation.NEAR: (1, f"{number} {where} is the {ours} but for one sign."),
        Relation.OTHER: (-1, f"It quotes {number} {where}, not the {ours}."),
    }
    if relation is not Relation.NOTHING:
        favour, sentence = says[relation]
        return Sign(SignKind.NUMBER, favour, sentence)
    if number:
        return Sign(SignKind.NUMBER, 0, f"{number} {where} says nothing about the {ours}.")
    return Sign(SignKind.NUMBER, 0, f"It quotes no number; the {ours} stands nowhere on it." if reference else
                "It quotes no number, and the transaction has no reference.")  # fmt: skip


def name_sign(view: View, line: int, row: int) -> Sign:
    """Whether the bank and the books name one party."""
    items = view.items
    level = NameLevel(int(items.name_levels(np.array([line]), np.array([row]))[0]))
    theirs = items.lines.text("counterparty_name").at(line) or items.lines.text("ultimate_counterparty").at(line)
    ours = items.book.text("counterparty").at(row)
    if level is NameLevel.UNKNOWN:
        if not theirs and not ours:
            return Sign(SignKind.NAME, 0, "Neither side names anybody.")
        who = "the bank names" if theirs else "our books name"
        return Sign(SignKind.NAME, 0, f"Only {who} somebody: {theirs or ours}.")
    said = f"The bank names {theirs!r}, the books {ours!r}"
    words = {
        NameLevel.EQUAL: "the same party",
        NameLevel.CUT: "the same, cut off by the bank",
        NameLevel.MISSPELT: "nearly the same",
        NameLevel.SIMILAR: "similar",
        NameLevel.DIFFERENT: "somebody else",
    }
    return Sign(SignKind.NAME, 1 if level > NameLevel.UNKNOWN else -1, f"{said}: {words[level]}.")


def date_sign(view: View, line: int, row: int) -> Sign:
    """How the days lie to each other, in banking days, and whether that is inside the window."""
    items = view.items
    booked, dated = int(items.lines.booking_day[line]), int(items.book.day[row])
    if booked == NO_DAY:
        return Sign(SignKind.DATE, -1, "The bank line has no date.")
    lag = int(items.lag(np.array([line]), np.array([row]))[0])
    days = f"{abs(lag)} banking day(s) {'after' if lag >= 0 else 'before'}"
    when = "on the same banking day as" if lag == 0 else days
    said = f"The bank booked it on {day_of(booked)}, {when} the books ({day_of(dated)})"
    rows = np.array([row])
    if bool(view.in_window(line, rows)[0]):
        return Sign(SignKind.DATE, 1, f"{said}.")
    if bool(view.in_reference_window(line, rows)[0]):
        return Sign(SignKind.DATE, -1, f"{said}: too far apart for a match without a reference.")
    return Sign(SignKind.DATE, -1, f"{said}: too far apart.")


def _kind_sign(view: View, line: int) -> Sign | None:
    kind = kind_of(view, line)
    if kind is None:
        return None
    return Sign(
        SignKind.KIND, -1, f"By its code or words the bank line is of the kind: {kind.value.replace('_', ' ')}."
    )


def rival_sign(names: Sequence[str], what: str) -> Sign:
    """That other lines or transactions fit as well."""
    shown = ", ".join(names[:_OTHERS_SHOWN]) + (
        f" and {len(names) - _OTHERS_SHOWN} more" if len(names) > _OTHERS_SHOWN else ""
    )
    return Sign(SignKind.RIVAL, -1, f"{what}: {shown}.")
