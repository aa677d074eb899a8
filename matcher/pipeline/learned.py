"""Learned rules in use: offered from decisions, accepted, edited or dropped by a person, and only then used.

An accepted rule never clears anything by itself. One about a counterparty gives lines its name, so that the passes may
find what they find by names; one about a habit makes clearing stricter; one about an entry type answers where no
transaction explains the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from matcher.pipeline.conditions import fits, parse
from matcher.pipeline.context import Context
from matcher.pipeline.learning import Decided, Trial, derive, try_out
from matcher.pipeline.learning_history import decided_lines
from matcher.proposal import Evidence, LearnedRule, Lesson, RuleKind, RuleOrigin, RuleState
from matcher.rules.columns import Flags, Lines, Texts
from matcher.rules.settings import RuleSettings
from recon_core.domain.refusals import BadRequest, Conflict
from recon_core.ports import UnitOfWork
from recon_core.services import lookup


class InForce(NamedTuple):
    """What accepted rules make of lines and settings: the lines with counterparties by rule, the settings with habits,
    the rule that named a line by its position, and the entry type rule of a line by its id.
    """

    lines: Lines
    rules: RuleSettings
    named: dict[int, LearnedRule]
    entry_types: dict[int, LearnedRule]


def in_force(uow: UnitOfWork, context: Context, lines: Lines, *, account_ids: dict[str, int]) -> InForce:
    """Apply the accepted rules to lines. `account_ids` are the accounts by the name they have in the columns."""
    accepted = context.opinions.learned(uow, states=[RuleState.ACCEPTED])
    if not accepted:
        return InForce(lines, context.rules, {}, {})
    owner = np.array([account_ids.get(name, 0) for name in lines.accounts] or [0], np.int64)[lines.account]
    by_kind: dict[str, list[LearnedRule]] = {kind.value: [] for kind in RuleKind}
    for rule in accepted:
        by_kind[rule.lesson.kind].append(rule)
    named_lines, named = _with_counterparties(lines, by_kind[RuleKind.COUNTERPARTY], owner)
    first = _first_fitting(lines, by_kind[RuleKind.ENTRY_TYPE], owner)
    entry_types = {int(lines.ids[place]): rule for place, rule in first.items()}
    return InForce(named_lines, _with_habits(context.rules, by_kind[RuleKind.QUOTES]), named, entry_types)


def accepted_ids(uow: UnitOfWork, context: Context) -> str:
    """The numbers of the rules in use, in their order: what else than the settings made a match."""
    return ",".join(str(rule.id) for rule in context.opinions.learned(uow, states=[RuleState.ACCEPTED]))


def _applies(rule: LearnedRule, lines: Lines, owner: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Flags:
    found = fits(parse(rule.lesson.condition), lines)
    if rule.lesson.account_id is not None:
        found &= owner == rule.lesson.account_id
    return found


def _first_fitting(
    lines: Lines, rules: Sequence[LearnedRule], owner: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> dict[int, LearnedRule]:
    """For each line the first rule that fits, by position."""
    found: dict[int, LearnedRule] = {}
    for rule in rules:
        for place in np.flatnonzero(_applies(rule, lines, owner)).tolist():
            found.setdefault(place, rule)
    return found


def _with_counterparties(
    lines: Lines, rules: Sequence[LearnedRule], owner: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> tuple[Lines, dict[int, LearnedRule]]:
    named = _first_fitting(lines, rules, owner)
    if not named:
        return lines, named
    column = lines.text("counterparty_name")
    codes, values = column.codes.copy(), list(column.values)
    code_of: dict[str, int] = {}
    for place, rule in named.items():
        name = rule.lesson.outcome
        if name not in code_of:
            code_of[name] = len(values)
            values.append(name)
        codes[place] = code_of[name]
    return replace(lines, texts={**lines.texts, "counterparty_name": Texts(codes, values)}), named


def _with_habits(rules: RuleSettings, habits: Sequence[LearnedRule]) -> RuleSettings:
    """What a rules file says about a counterparty goes before what was learned."""
    own = {name for name, _ in rules.counterparties}
    learned = {habit.lesson.outcome: (("reference_required", True),) for habit in habits}
    more = tuple((name, values) for name, values in sorted(learned.items()) if name not in own)
    return replace(rules, counterparties=(*rules.counterparties, *more)) if more else rules


def evidence(rule: LearnedRule, lines: Lines, place: int) -> Evidence:
    """Why a line has another name than the bank gives it. `lines` are those before the rules."""
    printed = lines.text("counterparty_name").at(place)
    said = f"the bank's {printed!r} is" if printed else "the line is of"
    return Evidence("learned", f"By learned rule {rule.id} {said} {rule.lesson.outcome}.")


def learn(context: Context, *, account_ids: Sequence[int]) -> list[int]:
    """Derive lessons from the standing decisions of these accounts and offer what is new; returns the new rules."""
    with context.database.begin() as uow:
        lessons = derive(decided_lines(context, uow, account_ids=account_ids))
        offered = context.opinions.offer(uow, lessons=lessons, by=context.user, at=context.now())
        uow.commit()
    return offered


def past_of(context: Context, uow: UnitOfWork) -> Decided:
    """The decided lines of all accounts, for trying rules out."""
    return decided_lines(context, uow, account_ids=[account.id for account in lookup.accounts(uow)])


def accept_rule(context: Context, *, rule_id: int, anyway: bool = False) -> Trial:
    """Use a rule from now on, after trying it on the past. Raises `BadRequest` where the past contradicts it, unless
    `anyway`, and for an entry type that does not exist.
    """
    with context.database.begin() as uow:
        rule = context.opinions.learned_rule(uow, rule_id=rule_id)
        _check(uow, rule.lesson)
        trial = try_out(past_of(context, uow), rule.lesson)
        if trial.against and not anyway:
            lines = ", ".join(map(str, trial.against_lines))
            raise BadRequest(
                f"{trial.against} decision(s) contradict rule {rule_id}, such as those on bank line(s) {lines}.",
                cure="Edit it, or accept it anyway with --anyway.",
            )
        context.opinions.decide_rule(uow, rule_id=rule_id, state=RuleState.ACCEPTED, by=context.user, at=context.now())
        uow.commit()
    return trial


def drop_rule(context: Context, *, rule_id: int, reason: str = "") -> None:
    """Do not use a rule, and do not offer it again."""
    with context.database.begin() as uow:
        context.opinions.decide_rule(
            uow, rule_id=rule_id, state=RuleState.DROPPED, by=context.user, at=context.now(), reason=reason
        )
        uow.commit()


def edit_rule(context: Context, *, rule_id: int, condition: str = "", outcome: str = "") -> int:
    """Put another rule in the place of one: the old is dropped, the new is offered and waits to be accepted.

    Returns the new rule's id. Raises `BadSetting` for a condition that can't be read, `Conflict` where another rule says
    the same.
    """
    with context.database.begin() as uow:
        by, at = context.user, context.now()
        old = context.opinions.learned_rule(uow, rule_id=rule_id)
        lesson = old.lesson._replace(
            condition=str(parse(condition)) if condition else old.lesson.condition,
            outcome=outcome or old.lesson.outcome,
            origin=RuleOrigin.WRITTEN,
        )
        made = _offer_one(context, uow, lesson)
        context.opinions.decide_rule(
            uow, rule_id=rule_id, state=RuleState.DROPPED, by=by, at=at, reason=f"edited as {made}"
        )
        if old.rank:
            context.opinions.rank_rule(uow, rule_id=made, rank=old.rank, by=by, at=at)
        uow.commit()
    return made


def write_rule(context: Context, *, kind: RuleKind, condition: str, outcome: str, account_id: int | None = None) -> int:
    """Write a rule of one's own; it is offered and waits to be tried and accepted. Returns its id."""
    with context.database.begin() as uow:
        lesson = Lesson(kind, str(parse(condition)), outcome, account_id, origin=RuleOrigin.WRITTEN)
        made = _offer_one(context, uow, lesson)
        uow.commit()
    return made


def _offer_one(context: Context, uow: UnitOfWork, lesson: Lesson) -> int:
    _check(uow, lesson)
    trial = try_out(past_of(context, uow), lesson)
    lesson = lesson._replace(support=trial.support, against=trial.against, examples=trial.examples)
    made = context.opinions.offer(uow, lessons=[lesson], by=context.user, at=context.now())
    if not made:
        raise Conflict("Another rule says the same already.", cure="List them all with `recon learned --all`.")
    return made[0]


def _check(uow: UnitOfWork, lesson: Lesson) -> None:
    if not lesson.outcome.strip():
        raise BadRequest("A rule needs an outcome.", cure="Name a counterparty or an entry type.")
    if lesson.kind == RuleKind.ENTRY_TYPE:
        lookup.entry_type(uow, lesson.outcome)


def place_rule(context: Context, *, rule_id: int, rank: int) -> None:
    """Give a rule its place: lower ranks are used first, equal ones in the order of their ids."""
    with context.database.begin() as uow:
        context.opinions.rank_rule(uow, rule_id=rule_id, rank=rank, by=context.user, at=context.now())
        uow.commit()
