"""What can make a difference, read from amounts alone: swapped digits, a wrong sign, a doubled or missing item, a fee
kept back, a part, a period's edge. Pure; `matcher.pipeline.difference` brings the items and adds what the books know.

Amounts that fit are no proof. A cause is called likely only if nothing else of its kind fits as well and the number of
items that would fit by accident is small; else it is possible, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from matcher.rules.chance import expected_hits
from matcher.rules.names import fold
from matcher.rules.subsets import adding_up
from matcher.rules.tokens import tokens
from recon_core.domain.money import Money

CUT_OFF_DAYS = 10
ACCIDENTS_MAX = 0.05
SET_ITEMS_MAX = 60
# 0.05 is printed with its zeros, larger amounts without leading ones.
_PRINTED_DIGITS_MIN = 3
_ROUNDING_MINOR_MAX = 100
_FEE_PER_CENT_MAX = 5
_RATE_PER_CENT_MAX = 6


class Kind(StrEnum):
    """What a cause is."""

    NOT_TICKED = "not ticked"
    UNRELEASED = "unreleased adjustment"
    UNBOOKED = "bank line without a match"
    IGNORED = "ignored bank line"
    NOT_ON_STATEMENT = "ticked, not on the statement"
    OTHER_PERIOD = "proved in another period"
    BALANCE = "statement balance"
    GAP = "missing bank lines"
    OPENING = "opening balance"
    SWAPPED_DIGITS = "swapped digits"
    SIGN = "wrong sign"
    DOUBLED = "doubled item"
    MISSING = "item left out"
    FEE = "fee kept back"
    ROUNDING = "rounding"
    RATE = "exchange rate"
    PART = "part payment"
    CUT_OFF = "period edge"
    WRONG_ACCOUNT = "wrong account"


class Certainty(StrEnum):
    """certain: the books themselves say so; likely: it fits exactly and hardly by accident; possible: it fits."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Fact(NamedTuple):
    """A bank line or book transaction as far as it matters here. `amount` is its part of the difference in minor units:
    what is open of a line, or the amount of a transaction. `foreign`: the bank states another currency.
    """

    id: int
    name: str
    day: date
    amount: int
    party: str = ""
    text: str = ""
    foreign: bool = False


class Cause(NamedTuple):
    """One cause: what it explains of the difference in minor units, in a sentence, how to put it right, and the bank
    lines and transactions that it is about, by id.
    """

    kind: Kind
    certainty: Certainty
    explains: int
    says: str
    fix: str
    lines: tuple[int, ...] = ()
    transactions: tuple[int, ...] = ()


def swapped_digits(left: int, right: int) -> bool:
    """Whether two amounts differ by two neighbouring digits that changed places; the sign must be the same."""
    if left == right or (left < 0) != (right < 0) or (left - right) % 9:
        return False
    one, other = str(abs(left)).zfill(_PRINTED_DIGITS_MIN), str(abs(right)).zfill(_PRINTED_DIGITS_MIN)
    if len(one) != len(other):
        return False
    places = [place for place in range(len(one)) if one[place] != other[place]]
    if len(places) != 2 or places[1] != places[0] + 1:
        return False
    first, second = places
    return one[first] == other[second] and one[second] == other[first]


def alike(line: Fact, transaction: Fact) -> bool:
    """Whether line and transaction name one party or share a number."""
    party = party_key(line.party)
    if party and party == party_key(transaction.party):
        return True
    return not _numbers(line.text).isdisjoint(_numbers(transaction.text))


@lru_cache(maxsize=4096)
def party_key(name: str) -> str:
    """What equal names have in common, "" for no name."""
    return fold(name).key


@lru_cache(maxsize=4096)
def _numbers(text: str) -> frozenset[str]:
    return frozenset(tokens(text))


def relation(line: Fact, transaction: Fact) -> Kind | None:
    """How the amount of a bank line comes from that of a transaction by a usual mistake, None if it does not.

    What needs more than amounts (fee, rate, part) is only told where party or number agree.
    """
    paid, booked = line.amount, transaction.amount
    if paid == booked:
        return None
    if paid == -booked:
        return Kind.SIGN
    if swapped_digits(paid, booked):
        return Kind.SWAPPED_DIGITS
    if (paid < 0) != (booked < 0) or not alike(line, transaction):
        return None
    off = abs(paid - booked)
    if off <= _ROUNDING_MINOR_MAX:
        return Kind.ROUNDING
    if line.foreign and off * 100 <= abs(booked) * _RATE_PER_CENT_MAX:
        return Kind.RATE
    # A bank keeps its fee back from a receipt and adds it to a payment: either way the account has less.
    if paid < booked and off * 100 <= abs(booked) * _FEE_PER_CENT_MAX:
        return Kind.FEE
    return Kind.PART if abs(paid) < abs(booked) else None


def from_book_alone(
    difference: int, *, ticked: Sequence[Fact], open_items: Sequence[Fact], day: date, currency: str
) -> list[Cause]:
    """Causes where no bank lines are known: only the typed balance, what is ticked, and what is not.

    `day` is the reconciliation date; `open_items` reach some days beyond it.
    """
    found = _left_out(difference, [one for one in open_items if one.day <= day], currency)
    found += _beyond(difference, [one for one in open_items if one.day > day], day, currency)
    found += _too_much(difference, ticked, day, currency)
    found += _wrong_sign(difference, ticked, currency)
    found += _swapped(difference, ticked, currency)
    if not found:
        found += _set(difference, [one for one in open_items if one.day <= day], currency)
    return found


def _certainty(hits: Sequence[Fact], among: Iterable[Fact], target: int) -> Certainty:
    """How sure one hit among many amounts is."""
    sums = np.array([one.amount for one in among], np.int64)
    sole = len(hits) == 1 and expected_hits(sums, target) <= ACCIDENTS_MAX
    return Certainty.LIKELY if sole else Certainty.POSSIBLE


def _left_out(difference: int, items: Sequence[Fact], currency: str) -> list[Cause]:
    hits = [one for one in items if one.amount == difference]
    certainty = _certainty(hits, items, difference)
    return [
        Cause(
            Kind.MISSING,
            certainty,
            difference,
            f"{one.name} of {one.day}, {Money(one.amount, currency)}, is not ticked and is exactly the difference.",
            f"If the bank statement has it: tick {one.name}.",
            transactions=(one.id,),
        )
        for one in hits
    ]


def _beyond(difference: int, items: Sequence[Fact], day: date, currency: str) -> list[Cause]:
    near = [one for one in items if one.day <= day + timedelta(days=CUT_OFF_DAYS)]
    hits = [one for one in near if one.amount == difference]
    return [
        Cause(
            Kind.CUT_OFF,
            Certainty.POSSIBLE,
            difference,
            f"{one.name}, {Money(one.amount, currency)}, is dated {one.day}, after the reconciliation date, and is exactly the"
            " difference: the bank may have booked it before that date.",
            f"Correct the date of {one.name} and tick it, if the bank statement has it.",
            transactions=(one.id,),
        )
        for one in hits
    ]


def _too_much(difference: int, ticked: Sequence[Fact], day: date, currency: str) -> list[Cause]:
    """A ticked item that makes the difference by being there: a double of another, or one that the bank has later."""
    hits = [one for one in ticked if one.amount == -difference]
    certainty = _certainty(hits, ticked, -difference)
    causes = []
    for one in hits:
        twins = [
            other for other in ticked if other.id != one.id and other.amount == one.amount
            and party_key(other.party) == party_key(one.party)
        ]  # fmt: skip
        amount = Money(one.amount, currency)
        if twins:
            says = f"{one.name} of {one.day}, {amount}, is ticked beside {twins[0].name} of the same amount and party."
            kind, sure = Kind.DOUBLED, Certainty.LIKELY if len(hits) == 2 else Certainty.POSSIBLE
        elif one.day > day - timedelta(days=CUT_OFF_DAYS):
            says = f"{one.name}, {amount}, is ticked and dated {one.day}, just before the reconciliation date."
            kind, sure = Kind.CUT_OFF, certainty
        else:
            says = f"{one.name} of {one.day}, {amount}, is ticked and is exactly what is too much."
            kind, sure = Kind.NOT_ON_STATEMENT, certainty
        fix = f"Untick {one.name} if the bank statement does not have it."
        causes.append(Cause(kind, sure, difference, says, fix, transactions=(one.id,)))
    return causes


def _wrong_sign(difference: int, ticked: Sequence[Fact], currency: str) -> list[Cause]:
    if difference % 2:
        return []
    hits = [one for one in ticked if one.amount == -difference // 2]
    certainty = _certainty(hits, ticked, -difference // 2)
    return [
        Cause(
            Kind.SIGN,
            certainty,
            difference,
            f"Half of the difference is {one.name} of {one.day}, {Money(one.amount, currency)}: it may be booked with the wrong"
            " sign.",
            f"Compare {one.name} with the bank statement; if the bank has {Money(-one.amount, currency)}, void it and book it"
            " anew.",
            transactions=(one.id,),
        )
        for one in hits
    ]


def _swapped(difference: int, ticked: Sequence[Fact], currency: str) -> list[Cause]:
    if difference % 9:
        return []
    hits = [one for one in ticked if swapped_digits(one.amount, one.amount + difference)]
    # A swap of the digits a and b moves an amount by 9 (a - b) tens: of 100 pairs of digits 10 - |a - b| do so by chance.
    step = int(str(abs(difference) // 9).rstrip("0") or 0)
    accidents = len(ticked) * (10 - step) / 100
    certainty = Certainty.LIKELY if len(hits) == 1 and accidents <= ACCIDENTS_MAX else Certainty.POSSIBLE
    return [
        Cause(
            Kind.SWAPPED_DIGITS,
            certainty,
            difference,
            f"The difference can be divided by 9: {one.name} of {one.day}, {Money(one.amount, currency)}, may have two digits"
            f" swapped, {Money(one.amount + difference, currency)}.",
            f"Compare {one.name} with the bank statement; if it is wrong, void it and book it anew.",
            transactions=(one.id,),
        )
        for one in hits
    ]


def _set(difference: int, items: Sequence[Fact], currency: str) -> list[Cause]:
    """The one small set of unticked items that comes to the difference, if no accident explains it."""
    few = sorted(items, key=lambda one: (one.day, one.id))[-SET_ITEMS_MAX:]
    amounts = np.array([one.amount for one in few], np.int64)
    found = adding_up(amounts, difference)
    if len(found.found) != 1:
        return []
    members = [few[place] for place in found.found[0]]
    sure = not found.gave_up and len(few) == len(items) and expected_hits(found.sums, difference) <= ACCIDENTS_MAX
    names = ", ".join(one.name for one in members)
    return [
        Cause(
            Kind.MISSING,
            Certainty.LIKELY if sure else Certainty.POSSIBLE,
            difference,
            f"{names} are not ticked and come to exactly {Money(difference, currency)}.",
            f"Tick those of {names} that the bank statement has.",
            transactions=tuple(one.id for one in members),
        )
    ]
