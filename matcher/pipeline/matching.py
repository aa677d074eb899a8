"""Matching stored accounts: run the engine, keep its opinions, and let the account's policy act on what is proven."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import NamedTuple

from matcher import engine
from matcher.engine import RejectedIds
from matcher.pipeline import applying
from matcher.pipeline.adjusting import adjust_lines, release_automatic
from matcher.pipeline.context import BY_CLEAR, BY_MATCH, Context
from matcher.pipeline.entry_types import EntryTypes
from matcher.pipeline.learned import InForce, evidence, in_force
from matcher.pipeline.open_items import OpenItems, load
from matcher.proposal import Category, Evidence, LearnedRule, LineResult, MatchStatus, Opinion, RunFacts
from matcher.rules.settings import RuleSettings
from recon_core import __version__
from recon_core.domain.account import CashAccount
from recon_core.domain.matching import Match
from recon_core.domain.states import POLICY_PREFIX, MatchingPolicy
from recon_core.ports import UnitOfWork
from recon_core.services import clearing, lookup

_TAKEN_BACK = (
    "SELECT DISTINCT dl.statement_line_id FROM statement_line l JOIN decision_line dl ON dl.statement_line_id = l.id"
    " JOIN decision d ON d.id = dl.decision_id WHERE l.cash_account_id IN :ids AND l.state IN ('open', 'proposed')"
    " AND d.state = 'undone' AND d.decided_by LIKE :policy AND d.undone_by NOT LIKE :policy"
)
_BY_A_PERSON = Evidence(
    "doubt", "not cleared: a person rejected a match of this line or took one back, and finishes it"
)
_NOT_PROVED = Evidence("doubt", "not cleared: the statement is not proved by its balances")


class AccountMatch(NamedTuple):
    """What matching did on one account, in bank lines: cleared and adjusted by its policy, and those that stay open by
    the engine's word.
    """

    account_id: int
    cleared: int
    adjusted: int
    proposed: int
    unmatched: int


class Fresh(NamedTuple):
    """Opinions on open lines, what is left of each line in minor units by its id, and the accepted rule that names the
    entry type of a line which no transaction explains; `undone` are lines of which a person took an automatic decision
    back.
    """

    opinions: list[Opinion]
    amounts: dict[int, int]
    entry_types: dict[int, LearnedRule]
    undone: frozenset[int] = frozenset()


def match_accounts(context: Context, account_ids: Sequence[int], *, again: bool = False) -> list[AccountMatch]:
    """Match all open lines of the accounts in one engine run and one transaction; safe to repeat.

    Opinions on the lines that stay open are replaced. What the engine calls cleared is applied where the account's
    policy lets it; else it stays a proposal. Accounts whose open items and rules are as they were at the last match
    are left alone unless `again`; only accounts that were matched are in the result.
    """
    at = context.now()
    with context.database.begin() as uow:
        uow.lock_accounts(account_ids)
        accounts = lookup.accounts(uow, account_ids)
        willing = [account for account in accounts if account.allows(MatchingPolicy.MATCH)]
        if not again:
            willing = context.opinions.changed_since_match(
                uow, accounts=willing, rules_sha256=rules_digest(context.rules)
            )
        if not willing:
            return []
        fresh = fresh_opinions(uow, willing, context=context)
        applied, parts = _apply(uow, willing, fresh.amounts, fresh.opinions, context=context)
        overpaid = _partly_used(uow, parts)
        applied -= overpaid
        opinions, amounts, entry_types, _ = _with_rests(uow, willing, fresh, overpaid, context=context)
        untouched = [opinion for opinion in opinions if opinion.line_id not in fresh.undone]
        adjusted = adjust_lines(uow, willing, untouched, amounts, learned=entry_types, context=context)
        decided = applied | adjusted
        left = [opinion for opinion in opinions if opinion.line_id not in decided]
        counts = _counts(willing, opinions, applied, adjusted)
        facts = RunFacts(
            __version__,
            rules_digest(context.rules),
            len(willing),
            len(opinions),
            len(applied),
            sum(one.proposed for one in counts),
            sum(one.unmatched for one in counts),
        )
        context.opinions.record(uow, accounts=willing, opinions=left, facts=facts, by=context.user, at=at)
        _mark(uow, left, context=context)
        release_automatic(uow, willing, context=context)  # last: who numbers vouchers is waited for
        context.commit(uow, counts)
        context.watch("matching", len(opinions), len(opinions))
    return counts


def _partly_used(uow: UnitOfWork, line_ids: set[int]) -> set[int]:
    """Which of these lines have an amount left: they paid more than their transactions."""
    if not line_ids:
        return set()
    sql = "SELECT id FROM statement_line WHERE id IN :ids AND used_amount <> amount AND used_amount <> 0"
    return {row.id for row in uow.select(sql, {"ids": sorted(line_ids)})}


def _with_rests(
    uow: UnitOfWork, accounts: Sequence[CashAccount], fresh: Fresh, overpaid: set[int], *, context: Context
) -> Fresh:
    """The opinions with one on what is left of each overpaid line in the place of the one that was applied.

    A rest is never cleared by a policy: a person says whether it is paid back, kept, or pays something else.
    """
    if not overpaid:
        return fresh
    owners = {opinion.account_id for opinion in fresh.opinions if opinion.line_id in overpaid}
    now = fresh_opinions(uow, [account for account in accounts if account.id in owners], context=context)
    rests = {}
    for opinion in now.opinions:
        if opinion.line_id in overpaid:
            if opinion.result.status == MatchStatus.CLEARED:
                opinion = opinion._replace(result=opinion.result._replace(status=MatchStatus.PROPOSED))
            rests[opinion.line_id] = opinion
    amounts = fresh.amounts | {line_id: now.amounts[line_id] for line_id in rests}
    kinds = {line_id: rule for line_id, rule in fresh.entry_types.items() if line_id not in overpaid}
    kinds |= {line_id: rule for line_id, rule in now.entry_types.items() if line_id in overpaid}
    return Fresh([rests.get(opinion.line_id, opinion) for opinion in fresh.opinions], amounts, kinds)


def fresh_opinions(uow: UnitOfWork, accounts: Sequence[CashAccount], *, context: Context) -> Fresh:
    """What the engine says now about the open lines of these accounts. Nothing is kept and nothing is changed."""
    items = load(uow, accounts)
    context.watch("matching", 0, len(items.lines))
    undone = taken_back(uow, accounts)
    return opinions_on(uow, items, rejected_ids(uow, accounts), undone=undone, context=context)._replace(undone=undone)


def opinions_on(
    uow: UnitOfWork,
    items: OpenItems,
    rejected: Sequence[RejectedIds],
    *,
    undone: frozenset[int] = frozenset(),
    context: Context,
) -> Fresh:
    """What the engine says of these items, with the rules in force and without what was rejected. `undone` are lines of
    which a person took an automatic decision back.
    """
    force = in_force(uow, context, items.lines, account_ids=items.account_ids)
    results = engine.match(force.lines, items.book, rules=force.rules, rejected=rejected).rows()
    doubted = {int(one) for ids, _ in rejected for one in ids} | undone
    opinions = _respecting(items, _with_reasons(items, force, results), doubted)
    amounts = dict(zip(map(int, items.lines.ids), items.lines.amount.tolist(), strict=True))
    return Fresh(opinions, amounts, force.entry_types)


def _with_reasons(items: OpenItems, force: InForce, results: Iterable[LineResult]) -> Iterator[LineResult]:
    """Results in the order of the lines; those of lines that a learned rule named say so."""
    for place, result in enumerate(results):
        rule = force.named.get(place)
        if rule is not None and result.book:
            result = result._replace(evidence=(*result.evidence, evidence(rule, items.lines, place)))
        yield result


def taken_back(uow: UnitOfWork, accounts: Sequence[CashAccount]) -> frozenset[int]:
    """Open lines of which a person took an automatic decision back: it must not come again by itself."""
    rows = uow.select(_TAKEN_BACK, {"ids": [account.id for account in accounts], "policy": f"{POLICY_PREFIX}%"})
    return frozenset(row.statement_line_id for row in rows)


def rules_digest(rules: RuleSettings) -> str:
    """What binds a run to its rules: the same for equal settings, in every process."""
    return sha256(repr(_ordered(asdict(rules))).encode()).hexdigest()


def _ordered(value: object) -> object:
    """The value with everything that has no order of its own in one order: sets differ from process to process."""
    if isinstance(value, dict):
        return [(name, _ordered(value[name])) for name in sorted(value)]
    if isinstance(value, set | frozenset):
        return sorted(value)
    return value


def rejected_ids(uow: UnitOfWork, accounts: Sequence[CashAccount]) -> list[RejectedIds]:
    """The groups that somebody rejected, as ids of lines and of transactions."""
    keys = clearing.rejected_groups(uow, account_ids=[account.id for account in accounts])
    sides = (key.split("|") for key in keys)
    return [(tuple(lines.split(",")), tuple(transactions.split(","))) for lines, transactions in sides]


def _respecting(items: OpenItems, results: Iterable[LineResult], doubted: set[int]) -> list[Opinion]:
    """Opinions that clear nothing on statements that are not proved, and nothing on lines of which a person has
    rejected a match or taken one back: that person finishes them.
    """
    opinions = []
    for result in results:
        line_id = int(result.line_id)
        if result.status == MatchStatus.CLEARED and (line_id in items.unproved or line_id in doubted):
            why = _BY_A_PERSON if line_id in doubted else _NOT_PROVED
            result = result._replace(status=MatchStatus.PROPOSED, evidence=(*result.evidence, why))
        opinions.append(Opinion(items.account_ids[result.account], line_id, result))
    return opinions


def _apply(
    uow: UnitOfWork,
    accounts: Sequence[CashAccount],
    amounts: dict[int, int],
    opinions: Sequence[Opinion],
    *,
    context: Context,
) -> tuple[set[int], set[int]]:
    """Apply what is proven where the policies allow it; returns the ids of the lines that were matched, and of those
    the ones of which a match used a part.
    """
    if lookup.settings(uow).automatic_stopped:
        return set(), set()
    may_adjust = {account.id for account in accounts if account.allows(MatchingPolicy.ADJUST)}
    may_clear = {account.id for account in accounts if account.allows(MatchingPolicy.CLEAR)}
    kinds = EntryTypes(uow)
    matches: list[Match] = []
    proven = [o for o in opinions if o.result.status == MatchStatus.CLEARED and o.account_id in may_clear]
    for group in applying.groups(proven):
        entry_type = kinds.code if group[0].account_id in may_adjust else _nobody_adjusts
        match = applying.to_match(group, amounts=amounts, entry_type=entry_type)
        if match is not None:
            matches.append(match)
    if not matches:
        return set(), set()
    done = clearing.apply_matches(
        uow, matches=matches, label="automatic match", skip_refused=True, by=BY_CLEAR, at=context.now()
    )
    refused = {skipped.position for skipped in done.skipped}
    applied = [match for position, match in enumerate(matches) if position not in refused]
    parts = {line for match in applied if match.line_amounts for line in match.line_ids}
    return {line for match in applied for line in match.line_ids}, parts


def _nobody_adjusts(_category: Category | None, _amount: int) -> None:
    return None


def _mark(uow: UnitOfWork, left: Sequence[Opinion], *, context: Context) -> None:
    """Bank lines with a proposal are in the state proposed, the others open."""
    for proposed in (True, False):
        ids = [o.line_id for o in left if (o.result.status != MatchStatus.UNMATCHED) == proposed]
        clearing.set_proposed(uow, line_ids=ids, proposed=proposed, by=BY_MATCH, at=context.now())


def _counts(
    accounts: Sequence[CashAccount], opinions: Sequence[Opinion], applied: set[int], adjusted: set[int]
) -> list[AccountMatch]:
    tally = {account.id: [0, 0, 0, 0] for account in accounts}
    for opinion in opinions:
        if opinion.line_id in applied:
            column = 0
        elif opinion.line_id in adjusted:
            column = 1
        else:
            column = 3 if opinion.result.status == MatchStatus.UNMATCHED else 2
        tally[opinion.account_id][column] += 1
    return [AccountMatch(account_id, *counts) for account_id, counts in tally.items()]
