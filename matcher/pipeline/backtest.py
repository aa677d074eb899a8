"""Trying rules on the past before they go live: what they would have cleared more, less, and against the truth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from matcher import engine
from matcher.pipeline.truth import Case, Verdict, judged
from matcher.rules.settings import RuleSettings


class Tally(NamedTuple):
    """Lines and their amounts in minor units, without sign."""

    lines: int = 0
    amount: int = 0

    def plus(self, amount: int) -> Tally:
        """One line more."""
        return Tally(self.lines + 1, self.amount + abs(amount))


class Row(NamedTuple):
    """What became of the known lines of one account under one rule: gained are cleared rightly and were not, lost were
    and are not, contradicted are cleared against the truth, of those `new` were not so before.
    """

    account: str
    currency: str
    rule: str
    gained: Tally = Tally()
    lost: Tally = Tally()
    contradicted: Tally = Tally()
    new: Tally = Tally()


class Changed(NamedTuple):
    """A line with another outcome: `kind` is gained, lost, contradicted or mended (contradicted before only)."""

    kind: str
    line: str
    account: str
    currency: str
    amount: int
    rule_before: str
    rule_after: str
    book_before: tuple[str, ...]
    book_after: tuple[str, ...]
    true: tuple[tuple[str, ...], ...]


class Backtest(NamedTuple):
    """The outcome: a row an account and rule, the lines that changed, and how many lines are known, were and would be
    cleared rightly, and were and would be cleared wrongly.
    """

    known: int
    right_before: int
    right_after: int
    wrong_before: int
    wrong_after: int
    rows: tuple[Row, ...]
    changed: tuple[Changed, ...]


def verdicts(case: Case, rules: RuleSettings) -> list[Verdict]:
    """How these rules would have done on a case."""
    return judged(case, engine.match(case.lines, case.book, rules=rules))


def backtest(cases: Iterable[Case], *, before: RuleSettings, after: RuleSettings) -> Backtest:
    """Run two sets of rules over the same past. Nothing is changed anywhere."""
    known = right_before = right_after = wrong_before = wrong_after = 0
    rows: dict[tuple[str, str, str], Row] = {}
    changed: list[Changed] = []
    for case in cases:
        for old, new in zip(verdicts(case, before), verdicts(case, after), strict=True):
            known += 1
            right_before += old.right is True
            right_after += new.right is True
            wrong_before += old.right is False
            wrong_after += new.right is False
            for kind in _kinds(old, new):
                _count(rows, case, old, new, kind)
                changed.append(_changed(case, old, new, kind))
    made = tuple(rows[key] for key in sorted(rows))
    return Backtest(known, right_before, right_after, wrong_before, wrong_after, made, tuple(changed))


def _kinds(old: Verdict, new: Verdict) -> list[str]:
    """What happened to a line; the same outcome is nothing, but a contradiction that stays is still named."""
    kinds = []
    if new.right and not old.right:
        kinds.append("gained")
    if old.right and not new.right:
        kinds.append("lost")
    if new.right is False:
        kinds.append("contradicted")
    if old.right is False and new.right is None:
        kinds.append("mended")
    return kinds


def _facts(case: Case, line: int) -> tuple[str, str, int]:
    lines = case.lines
    name = lines.accounts[lines.account[line]]
    return case.names.get(name, name), lines.currencies[lines.currency[line]], int(lines.amount[line])


def _count(rows: dict[tuple[str, str, str], Row], case: Case, old: Verdict, new: Verdict, kind: str) -> None:
    account, currency, amount = _facts(case, new.line)
    rule = old.rule if kind in {"lost", "mended"} else new.rule
    key = account, currency, rule
    row = rows.setdefault(key, Row(account, currency, rule))
    if kind == "gained":
        row = row._replace(gained=row.gained.plus(amount))
    elif kind == "lost":
        row = row._replace(lost=row.lost.plus(amount))
    elif kind == "contradicted":
        row = row._replace(contradicted=row.contradicted.plus(amount))
        if old.right is not False:
            row = row._replace(new=row.new.plus(amount))
    rows[key] = row


def _changed(case: Case, old: Verdict, new: Verdict, kind: str) -> Changed:
    account, currency, amount = _facts(case, new.line)
    name = case.lines.ids[new.line]
    true = tuple(tuple(sorted(ids)) for ids in case.truth[name].accepted)
    return Changed(kind, name, account, currency, amount, old.rule, new.rule, old.book, new.book, true)
