"""Bank lines without a match beside transactions that no bank line proved: pairs that look like one mistake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from matcher.pipeline.difference_causes import Cause, Certainty, Fact, Kind, alike, party_key, relation
from matcher.pipeline.difference_items import Pieces
from recon_core.domain.money import Money, to_text

# A line is compared with so many transactions at most, those of the nearest amounts; more would only be noise.
LINES_MAX = 200
ITEMS_MAX = 2_000
DAYS_MAX = 45
_TWICE_DAYS = 14


class _Pair(NamedTuple):
    line: Fact
    item: Fact
    kind: Kind
    ticked: bool


def paired(found: Pieces, *, currency: str) -> list[Cause]:
    """Pairs of an open bank line and an unproved transaction whose amounts differ by a usual mistake, and bank lines that
    came twice. A pair is likely only if neither side is in another pair and both name the same party or number.
    """
    if not found.covered or len(found.unbooked) > LINES_MAX:
        return []
    pairs = list(_pairs(found))
    causes = [_cause(pair, pairs, currency) for pair in pairs]
    return causes + list(_twice(found, currency))


def _pairs(found: Pieces) -> Iterator[_Pair]:
    sides = [(found.not_proved, True), (tuple(one for one in found.open_items if one.day <= found.day), False)]
    for line in found.unbooked:
        for items, ticked in sides:
            for item in items[-ITEMS_MAX:]:
                if abs((line.day - item.day).days) <= DAYS_MAX:
                    kind = relation(line, item)
                    if kind is not None:
                        yield _Pair(line, item, kind, ticked)


def _cause(pair: _Pair, pairs: list[_Pair], currency: str) -> Cause:
    line, item, kind = pair.line, pair.item, pair.kind
    others = sum(other.line.id == line.id or other.item.id == item.id for other in pairs) - 1
    likely = not others and alike(line, item)
    explains = line.amount - item.amount if pair.ticked else line.amount
    off = line.amount - item.amount
    what = {
        Kind.SIGN: "the same amount with the other sign",
        Kind.SWAPPED_DIGITS: "the same amount with two digits swapped",
        Kind.ROUNDING: f"{Money(off, currency)} off, a rounding",
        Kind.RATE: f"{Money(off, currency)} off, in another currency: the rate",
        Kind.FEE: f"{Money(off, currency)} off, the size of a bank's fee",
        Kind.PART: f"{Money(off, currency)} off, a part of it",
    }[kind]
    says = (
        f"{line.name} of {line.day}, {Money(line.amount, currency)}, and {item.name} of {item.day}, {Money(item.amount, currency)}:"
        f" {what}."
    )
    sure = Certainty.LIKELY if likely else Certainty.POSSIBLE
    return Cause(kind, sure, explains, says, _fix(pair, currency), lines=(line.id,), transactions=(item.id,))


def _fix(pair: _Pair, currency: str) -> str:
    name = pair.item.name
    command = f"recon pair ACCOUNT --line {pair.line.id} --with {pair.item.id}"
    if pair.kind in {Kind.SIGN, Kind.SWAPPED_DIGITS}:
        return f"If {name} is wrong: void it, book it as the bank has it, match the two and tick it."
    ticked = "" if pair.ticked else " and tick it"
    if pair.kind is Kind.PART:
        part = to_text(pair.line.amount, currency)
        return f"Match the line as a part of {name}; the rest stays open: {command}={part}"
    return f"Match the line with {name} and adjust the rest{ticked}: {command} --rest TYPE"


def _twice(found: Pieces, currency: str) -> Iterator[Cause]:
    """Open bank lines that say the same as another of the days before: the bank may have booked a payment twice. What
    comes again after a month is a rent or an interest.
    """
    seen: dict[tuple[int, str, str], Fact] = {}
    for line in found.unbooked:
        key = line.amount, party_key(line.party), line.text
        first = seen.get(key)
        if first is None or abs((line.day - first.day).days) > _TWICE_DAYS:
            seen[key] = line
            continue
        if not (line.party or line.text):
            continue
        says = (
            f"{line.name} of {line.day}, {Money(line.amount, currency)}, says the same as {first.name} of {first.day}."
        )
        fix = f"Ask the bank; if it was paid twice, recon adjust-line {line.id} --entry-type CODE for the claim."
        yield Cause(Kind.DOUBLED, Certainty.POSSIBLE, line.amount, says, fix, lines=(line.id,))
