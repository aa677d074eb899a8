"""The order of the passes, strongest first: the one list that a new pass is added to."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from matcher.rules.contract import Candidates
from matcher.rules.passes import (
    amount_near,
    amount_only,
    amount_party,
    batch_details,
    card_settlement,
    daily_sum,
    file_id,
    instalments,
    named_other_amount,
    party_near_amount,
    party_series,
    party_sum,
    payment_run,
    reference,
    reference_whole,
    several_named,
    shared_day,
    transfer,
)
from matcher.rules.settings import RuleSettings
from matcher.rules.view import View


class Step(NamedTuple):
    """A pass in its place.

    `repeats`: of more identical lines than items the first are taken, the rest repeat them. `once`: nothing that other
    passes clear can change what it finds. `by_reference`: it rests on a reference, so it may clear where one is required. `narrows`: it may choose among what a stronger pass left undecided; a pass
    that looks at the same evidence with less care may not.
    """

    code: str
    find: Callable[[View], Candidates]
    repeats: bool = False
    once: bool = False
    by_reference: bool = False
    narrows: bool = True


ORDER: tuple[Step, ...] = (
    Step(reference_whole.CODE, reference_whole.find, by_reference=True, repeats=True, once=True),
    Step(batch_details.CODE, batch_details.find, by_reference=True, once=True),
    Step(reference.CODE, reference.find, by_reference=True, repeats=True),
    Step(file_id.CODE, file_id.find, by_reference=True),
    Step(daily_sum.CODE, daily_sum.find, narrows=False),
    Step(payment_run.CODE, payment_run.find, narrows=False),
    Step(shared_day.CODE, shared_day.find, narrows=False),
    Step(transfer.CODE, transfer.find),
    Step(card_settlement.CODE, card_settlement.find),
    Step(amount_party.CODE, amount_party.find),
    Step(party_series.CODE, party_series.find),
    Step(several_named.CODE, several_named.find, by_reference=True),
    Step(instalments.CODE, instalments.find),
    Step(named_other_amount.CODE, named_other_amount.find, by_reference=True),
    Step(amount_near.CODE, amount_near.find),
    Step(party_near_amount.CODE, party_near_amount.find),
    Step(party_sum.CODE, party_sum.find),
    Step(amount_only.CODE, amount_only.find, narrows=False),
)


def ordered(settings: RuleSettings) -> list[tuple[int, Step]]:
    """The passes that run, each with its number in `ORDER`: those that the settings put first, then the others."""
    first = {code: place for place, code in enumerate(settings.order)}
    steps = [(number, step) for number, step in enumerate(ORDER) if step.code not in settings.off]
    return sorted(steps, key=lambda entry: (first.get(entry[1].code, len(first)), entry[0]))
