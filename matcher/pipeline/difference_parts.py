"""Certain causes: each part of the difference in a sentence, with the one step that puts it right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matcher.pipeline.difference_causes import Cause, Certainty, Fact, Kind, from_book_alone, swapped_digits
from matcher.pipeline.difference_items import Pieces, Proved
from matcher.pipeline.reviewing import ReviewLine
from recon_core.domain.account import CashAccount
from recon_core.domain.money import Money

# So many bank lines with the same next step are told as one cause.
TOGETHER_FROM = 6


def part_causes(
    found: Pieces, proposed: Mapping[int, ReviewLine], *, account: CashAccount, document: Any
) -> Iterator[Cause]:
    """A certain cause for each item that the difference is made of; none where the bank's balance is not known."""
    if not found.covered:
        return
    currency = account.currency
    yield from _balance(found, account, document, currency)
    yield from _not_ticked(found, currency)
    yield from _unbooked(found.unbooked, proposed, account, currency)
    for fact, reason in found.ignored:
        says = (
            f"{fact.name} of {fact.day}, {Money(fact.amount, currency)}, is ignored ({reason}), but the bank counts it."
        )
        fix = f"recon decisions --line {fact.id}, then undo it and match or adjust the line."
        yield Cause(Kind.IGNORED, Certainty.CERTAIN, fact.amount, says, fix, lines=(fact.id,))
    for fact in found.not_proved:
        says = f"{fact.name} of {fact.day}, {Money(fact.amount, currency)}{_whose(fact.party)}, is ticked, but no bank line has it."
        fix = f"Untick {fact.name}, or match it with its bank line."
        yield Cause(Kind.NOT_ON_STATEMENT, Certainty.CERTAIN, -fact.amount, says, fix, transactions=(fact.id,))
    for fact in found.outside:
        says = f"{fact.name}, {Money(fact.amount, currency)}, is ticked, but its bank line is of another period."
        fix = f"Untick {fact.name} and leave it to the reconciliation of that period."
        yield Cause(Kind.OTHER_PERIOD, Certainty.CERTAIN, -fact.amount, says, fix, transactions=(fact.id,))
    for fact in found.straddling:
        says = (
            f"{fact.name} of {fact.day}, {Money(fact.amount, currency)}, is matched together with lines of this period."
        )
        fix = f"recon decisions --line {fact.id}, then undo that match and match each period by itself."
        yield Cause(Kind.OTHER_PERIOD, Certainty.CERTAIN, -fact.amount, says, fix, lines=(fact.id,))


def _unbooked(
    facts: Sequence[Fact], proposed: Mapping[int, ReviewLine], account: CashAccount, currency: str
) -> Iterator[Cause]:
    """A cause for each open bank line; many with the same next step are one."""
    steps: dict[str, list[Fact]] = {}
    for fact in facts:
        shown = proposed.get(fact.id)
        if shown is not None and len(shown.choices) == 1:
            steps.setdefault(f"recon accept --account {account.code} --preview", []).append(fact)
        elif shown is not None and not shown.choices and shown.entry_type:
            steps.setdefault(f"recon adjust-line --entry-type {shown.entry_type}, with their numbers", []).append(fact)
    many = {step: members for step, members in steps.items() if len(members) >= TOGETHER_FROM}
    for step, members in many.items():
        total = sum(fact.amount for fact in members)
        what = "wait with one proposal each" if "accept" in step else "are only on the bank's side"
        says = f"{len(members)} bank lines, {Money(total, currency)} in all, {what}."
        ids = tuple(fact.id for fact in members)
        yield Cause(Kind.UNBOOKED, Certainty.CERTAIN, total, says, f"{step}; then tick them.", lines=ids)
    told = {fact.id for members in many.values() for fact in members}
    for fact in facts:
        if fact.id not in told:
            says = f"{fact.name} of {fact.day}, {Money(fact.amount, currency)}{_whose(fact.party)}, has no match."
            fix = _line_fix(fact.id, proposed.get(fact.id))
            yield Cause(Kind.UNBOOKED, Certainty.CERTAIN, fact.amount, says, fix, lines=(fact.id,))


def _whose(party: str) -> str:
    return f", {party}" if party else ""


def _line_fix(line_id: int, proposed: ReviewLine | None) -> str:
    """The next step for an open bank line."""
    if proposed is None:
        return f"recon review --fresh, then decide line {line_id}."
    if proposed.choices:
        others = f" (choice 1 of {len(proposed.choices)})" if len(proposed.choices) > 1 else ""
        names = ", ".join(one.external_id for one in proposed.choices[0].transactions)
        return f"recon accept {line_id} takes {names}{others}; then tick it."
    if proposed.gives_back is not None:
        return f"recon returned {line_id} voids {proposed.gives_back.external_id}; then reconcile processed."
    if proposed.entry_type:
        return f"recon adjust-line {line_id} --entry-type {proposed.entry_type}; then release and tick it."
    return f"Book what it is and match it, or recon adjust-line {line_id} --entry-type CODE."


def _balance(found: Pieces, account: CashAccount, document: Any, currency: str) -> Iterator[Cause]:
    bank = found.bank_balance
    if found.typed:
        typed = Money(document.statement_balance, currency)
        says = f"The balance is typed as {typed}, the bank's statements say {Money(bank, currency)} on {found.day}."
        if swapped_digits(document.statement_balance, bank):
            says += " Two digits are swapped."
        fix = f"Correct the statement balance to {Money(bank, currency)}."
        yield Cause(Kind.BALANCE, Certainty.CERTAIN, found.typed, says, fix)
    if found.gap and found.first:
        says = f"The bank had {Money(found.gap, currency)} before the first line of account {account.code}; no document has that."
        fix = f"Begin with that balance: recon account begin {account.code}"
        yield Cause(Kind.OPENING, Certainty.CERTAIN, found.gap, says, fix)
    elif found.gap:
        says = f"Bank lines of {Money(found.gap, currency)} in all are missing: the statements' balances have them."
        fix = " ".join(found.breaks) or "Import the statement that is missing, or look for a line that came twice."
        yield Cause(Kind.GAP, Certainty.CERTAIN, found.gap, says, fix)


def _not_ticked(found: Pieces, currency: str) -> Iterator[Cause]:
    """What bank lines proved: free to tick, proved in part, waiting for its release, or closed in another document."""
    free = [one.fact for one in found.proved if one.kind is Kind.NOT_TICKED]
    if free:
        total = sum(fact.amount for fact in free)
        says = f"{len(free)} transaction(s) that bank lines proved are not ticked, {Money(total, currency)} in all."
        fix = "Tick everything that the bank proved (reconcile processed)."
        yield Cause(Kind.NOT_TICKED, Certainty.CERTAIN, total, says, fix, transactions=tuple(fact.id for fact in free))
    for one in found.proved:
        fact = one.fact
        amount = Money(fact.amount, currency)
        if one.kind is Kind.UNRELEASED:
            yield _unreleased(one, currency)
        elif one.kind is Kind.PART:
            says = f"Bank lines proved {amount} of {fact.name}, which is {Money(one.whole, currency)}."
            fix = (
                f"Tick {fact.name} (or reconcile processed): the part becomes a transaction of its own, the rest stays."
            )
            yield Cause(Kind.PART, Certainty.CERTAIN, fact.amount, says, fix, transactions=(fact.id,))
        elif one.kind is Kind.OTHER_PERIOD:
            says = f"A bank line of this period proved {fact.name}, {amount}, which {one.number} closed."
            fix = "Undo that match: the line is something else, or void the reconciliations back to that one."
            yield Cause(Kind.OTHER_PERIOD, Certainty.CERTAIN, fact.amount, says, fix, transactions=(fact.id,))


def _unreleased(one: Proved, currency: str) -> Cause:
    fact = one.fact
    what = f"Adjustment {one.adjustment_id}" if one.adjustment_id is not None else f"Transaction {fact.name}"
    says = f"{what} of {fact.day}, {Money(fact.amount, currency)}, explains a bank line and is not released."
    if one.adjustment_id is not None:
        fix = f"recon adjust release {one.adjustment_id}; then tick it."
    else:
        fix = f"Release transaction {fact.name} and tick it."
    return Cause(Kind.UNRELEASED, Certainty.CERTAIN, fact.amount, says, fix, transactions=(fact.id,))


def without_statements(found: Pieces, difference: int, *, currency: str) -> list[Cause]:
    """What the amounts alone suggest for a difference that no bank line accounts for."""
    return from_book_alone(
        difference, ticked=found.ticked, open_items=found.open_items, day=found.day, currency=currency
    )
