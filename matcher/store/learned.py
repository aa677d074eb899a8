"""Learned rules on a unit of work of the books. Each change is a deed in the log: they decide what is cleared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from matcher.proposal import LearnedRule, Lesson, RuleState
from recon_core.domain.refusals import Unknown
from recon_core.ports import UnitOfWork

_RULES = (
    "SELECT id, kind, state, origin, cash_account_id, rule_condition, outcome, rank, support, against, examples,"
    " made_by, made_at, decided_by, decided_at FROM learned_rule"
)


class LearnedRules:
    """`matcher.pipeline.context.LearnedStore` in the table learned_rule."""

    def learned(self, uow: UnitOfWork, *, states: Sequence[str]) -> list[LearnedRule]:
        """The rules in these states, in the order in which they are used."""
        rows = uow.select(f"{_RULES} WHERE state IN :states ORDER BY rank, id", {"states": list(states)})
        return [_rule(row) for row in rows]

    def learned_rule(self, uow: UnitOfWork, *, rule_id: int) -> LearnedRule:
        """One rule. Raises `Unknown`."""
        rows = uow.select(f"{_RULES} WHERE id = :id", {"id": rule_id})
        if not rows:
            raise Unknown(f"There is no learned rule {rule_id}.", cure="List them with `recon learned`.")
        return _rule(rows[0])

    def offer(
        self, uow: UnitOfWork, *, lessons: Sequence[Lesson], state: str = RuleState.OFFERED, by: str, at: datetime
    ) -> list[int]:
        """Keep lessons that are new, and refresh the figures of those that are only offered; returns the new ids.

        What was dropped stays dropped. With another state than offered, `by` has decided it.
        """
        known = {_meaning(one.lesson): one for one in self.learned(uow, states=list(RuleState))}
        fresh = [one for one in lessons if _meaning(one) not in known]
        with uow.action("rule.offer", subject=("learned_rule", 0), by=by, at=at) as act:
            for one in lessons:
                stored = known.get(_meaning(one))
                if (
                    stored is not None
                    and stored.state == RuleState.OFFERED
                    and _figures(stored.lesson) != _figures(one)
                ):
                    act.update("learned_rule", [stored.id], _figures(one))
            decided = state != RuleState.OFFERED
            return [
                act.insert_row(
                    "learned_rule",
                    {
                        "kind": one.kind,
                        "state": state,
                        "origin": one.origin,
                        "cash_account_id": one.account_id,
                        "rule_condition": one.condition,
                        "outcome": one.outcome,
                        "rank": 0,
                        **_figures(one),
                        "made_by": by,
                        "made_at": at,
                        "decided_by": by if decided else None,
                        "decided_at": at if decided else None,
                    },
                )
                for one in fresh
            ]

    def decide_rule(
        self, uow: UnitOfWork, *, rule_id: int, state: str, by: str, at: datetime, reason: str = ""
    ) -> None:
        """Accept or drop a rule. Raises `Unknown`."""
        self.learned_rule(uow, rule_id=rule_id)
        subject = ("learned_rule", rule_id)
        with uow.action(f"rule.{state}", subject=subject, by=by, at=at, reason=reason) as act:
            act.update("learned_rule", [rule_id], {"state": state, "decided_by": by, "decided_at": at})

    def rank_rule(self, uow: UnitOfWork, *, rule_id: int, rank: int, by: str, at: datetime) -> None:
        """Give a rule its place in the order; lower ranks are used first."""
        self.learned_rule(uow, rule_id=rule_id)
        with uow.action("rule.rank", subject=("learned_rule", rule_id), by=by, at=at) as act:
            act.update("learned_rule", [rule_id], {"rank": rank})


def accepted_marks(uow: UnitOfWork, account_ids: Sequence[int]) -> dict[int, str]:
    """By account, which accepted rules hold there and in which order: another mark wants matching again."""
    rows = uow.select("SELECT id, cash_account_id FROM learned_rule WHERE state = 'accepted' ORDER BY rank, id")
    return {
        account_id: ",".join(str(row.id) for row in rows if row.cash_account_id in {None, account_id})
        for account_id in account_ids
    }


def _meaning(one: Lesson) -> tuple[str, str, str, int | None]:
    return one.kind, one.condition, one.outcome, one.account_id


def _figures(one: Lesson) -> dict[str, Any]:
    return {"support": one.support, "against": one.against, "examples": json.dumps(list(one.examples))}


def _rule(row: Any) -> LearnedRule:
    lesson = Lesson(
        row.kind,
        row.rule_condition,
        row.outcome,
        row.cash_account_id,
        row.support,
        row.against,
        tuple(json.loads(row.examples)),
        row.origin,
    )
    decided_by = row.decided_by or ""
    return LearnedRule(row.id, lesson, row.state, row.rank, row.made_by, row.made_at, decided_by, row.decided_at)
