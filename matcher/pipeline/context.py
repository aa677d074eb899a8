"""What every use case of the pipeline is given: the database, the rules, the clock, who acts, and who watches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from matcher.proposal import LearnedRule, Lesson, Opinion, ProposalFilter, RunFacts, StoredProposal
from matcher.rules.settings import RuleSettings
from recon_core.domain.account import CashAccount
from recon_core.domain.states import POLICY_PREFIX, MatchingPolicy
from recon_core.ports import UnitOfWork
from recon_core.store.engine import Database

# Automatic decisions are made by a named policy, never by a person (design: Decision).
BY_IMPORT = f"{POLICY_PREFIX}{MatchingPolicy.IMPORT}"
BY_MATCH = f"{POLICY_PREFIX}{MatchingPolicy.MATCH}"
BY_CLEAR = f"{POLICY_PREFIX}{MatchingPolicy.CLEAR}"
BY_ADJUST = f"{POLICY_PREFIX}{MatchingPolicy.ADJUST}"
BY_RELEASE = f"{POLICY_PREFIX}{MatchingPolicy.RELEASE}"


class LearnedStore(Protocol):
    """Where learned rules are kept (`matcher.store`). Every change is in the log."""

    def learned(self, uow: UnitOfWork, *, states: Sequence[str]) -> list[LearnedRule]:
        """The rules in these states, in the order in which they are used."""
        ...

    def learned_rule(self, uow: UnitOfWork, *, rule_id: int) -> LearnedRule:
        """One rule. Raises `Unknown`."""
        ...

    def offer(
        self, uow: UnitOfWork, *, lessons: Sequence[Lesson], state: str = ..., by: str, at: datetime
    ) -> list[int]:
        """Keep lessons that are new, and refresh the figures of those that are only offered; returns the new ids."""
        ...

    def decide_rule(
        self, uow: UnitOfWork, *, rule_id: int, state: str, by: str, at: datetime, reason: str = ...
    ) -> None:
        """Accept or drop a rule. Raises `Unknown`."""
        ...

    def rank_rule(self, uow: UnitOfWork, *, rule_id: int, rank: int, by: str, at: datetime) -> None:
        """Give a rule its place in the order; lower ranks are used first."""
        ...


class OpinionStore(LearnedStore, Protocol):
    """Where opinions are kept (`matcher.store`)."""

    def changed_since_match(
        self, uow: UnitOfWork, *, accounts: Sequence[CashAccount], rules_sha256: str
    ) -> list[CashAccount]:
        """The accounts whose open items or rules are not as they were when they were last matched."""
        ...

    def record(
        self,
        uow: UnitOfWork,
        *,
        accounts: Sequence[CashAccount],
        opinions: Sequence[Opinion],
        facts: RunFacts,
        by: str,
        at: datetime,
    ) -> int:
        """Record a match run and make these the newest opinions of the accounts; returns the run's number."""
        ...

    def open_proposals(
        self, uow: UnitOfWork, *, account_ids: Sequence[int], wanted: ProposalFilter = ...
    ) -> list[StoredProposal]:
        """The newest opinions on lines of these accounts that nobody has decided yet, by day and line."""
        ...

    def count_open(self, uow: UnitOfWork, *, account_ids: Sequence[int], wanted: ProposalFilter) -> int:
        """How many of them there are, whatever limit and offset say."""
        ...

    def mark_decided(self, uow: UnitOfWork, *, line_ids: Sequence[int]) -> None:
        """The opinions on these lines have been acted on."""
        ...


class Watch(Protocol):
    """Progress of long work, for a bar or a log. `total` 0 means unknown."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


def nobody_watches(stage: str, done: int, total: int) -> None:
    """Nobody watches."""


class BeforeCommit(Protocol):
    """Joins a use case's transaction right before its commit, with the use case's result; raises to prevent it."""

    def __call__(self, uow: UnitOfWork, result: object) -> None: ...


def nothing_more(uow: UnitOfWork, result: object) -> None:
    """Nothing joins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Made by `matcher.bootstrap`; tests make their own. `now` is the only clock."""

    database: Database
    opinions: OpinionStore
    now: Callable[[], datetime]
    user: str
    rules: RuleSettings = field(default_factory=RuleSettings)
    watch: Watch = nobody_watches
    before_commit: BeforeCommit = nothing_more

    def commit(self, uow: UnitOfWork, result: object) -> None:
        """Commit what a use case did, together with what the caller joins to it."""
        self.before_commit(uow, result)
        uow.commit()
