"""Learned rules as text and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from matcher.cli.render_review import console
from matcher.pipeline.learning import Trial, words
from matcher.proposal import LearnedRule, RuleState

_HEADS = {
    RuleState.OFFERED: "Offered; nothing is used before it is accepted:",
    RuleState.ACCEPTED: "In use, in this order:",
    RuleState.DROPPED: "Dropped:",
}


def print_rules(rules: Sequence[LearnedRule], codes: Mapping[int, str]) -> None:
    """The rules by state, a sentence each."""
    out = console()
    for state, head in _HEADS.items():
        mine = [rule for rule in rules if rule.state == state]
        if mine:
            out.print(head, markup=False)
        for rule in mine:
            out.print(f"  {rule.id:>4}  {_sentence(rule, codes)}", markup=False, soft_wrap=True)
    if not rules:
        out.print("Nothing was learned yet: decisions teach, a few that agree are needed.", markup=False)


def _sentence(rule: LearnedRule, codes: Mapping[int, str]) -> str:
    lesson = rule.lesson
    where = (
        f" Only on account {codes.get(lesson.account_id, lesson.account_id)}." if lesson.account_id is not None else ""
    )
    lines = f", such as on bank line(s) {', '.join(map(str, lesson.examples))}" if lesson.examples else ""
    known = f" [{lesson.support} decision(s) agree, {lesson.against} do not{lines}]"
    who = f" By {rule.decided_by}." if rule.decided_by else ""
    return f"{words(lesson)}{where}{known}{who}"


def rule_json(rule: LearnedRule, codes: Mapping[int, str]) -> str:
    """A rule as one JSON object."""
    lesson = rule.lesson._asdict()
    account = lesson.pop("account_id")
    values = {
        "id": rule.id,
        "state": rule.state,
        "says": words(rule.lesson),
        **lesson,
        "account": None if account is None else codes.get(account),
        "rank": rule.rank,
        "made_by": rule.made_by,
        "made_at": rule.made_at.isoformat(),
        "decided_by": rule.decided_by or None,
        "decided_at": rule.decided_at.isoformat() if rule.decided_at else None,
    }
    return json.dumps(values, ensure_ascii=False)


def trial_text(rule: LearnedRule, trial: Trial) -> str:
    """How a rule did on the past."""
    said = [words(rule.lesson), f"{trial.support} past decision(s) agree, {trial.against} do not."]
    if trial.examples:
        said.append(f"Agreeing: bank line(s) {', '.join(map(str, trial.examples))}.")
    if trial.against_lines:
        said.append(f"Against it: bank line(s) {', '.join(map(str, trial.against_lines))}.")
    return "\n".join(said)


def trial_json(trial: Trial) -> str:
    """How a rule did on the past, as one JSON object."""
    return json.dumps(trial._asdict())
