"""Adjustments for what only the bank has: fees, interest, tax. Only where the bank's own code says what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matcher.pipeline.applying import evidence_of
from matcher.pipeline.context import BY_ADJUST, BY_RELEASE, Context
from matcher.pipeline.entry_types import EntryTypes
from matcher.proposal import Category, Evidence, LearnedRule, MatchStatus, Opinion
from recon_core.domain.account import CashAccount
from recon_core.domain.matching import Match, Rest
from recon_core.domain.refused import Refused
from recon_core.domain.states import MatchingPolicy
from recon_core.ports import UnitOfWork
from recon_core.services import adjust, clearing, control, lookup

# What a policy may book by itself; all other categories wait for a person.
AUTOMATIC = frozenset({Category.BANK_FEE, Category.INTEREST, Category.TAX})
# What came back or came twice is never booked by a rule, whatever its text says.
NOT_BY_RULE = frozenset({Category.DUPLICATE, Category.RETURN, Category.REVERSAL})
# Below this the engine has read words, not the bank's code (domain 5.6: then it is a proposal only).
CERTAIN = 0.9


def adjust_lines(
    uow: UnitOfWork,
    accounts: Sequence[CashAccount],
    opinions: Sequence[Opinion],
    amounts: dict[int, int],
    *,
    learned: Mapping[int, LearnedRule],
    context: Context,
) -> set[int]:
    """Make adjustments for bank-originated lines where the account's policy adjusts, and release them where it
    releases. Returns the ids of the lines that are adjusted. What a limit forbids stays for a person.

    `learned` are rules about entry types that a person has accepted, by the id of the line that they fit.
    """
    if lookup.settings(uow).automatic_stopped:
        return set()
    willing = {account.id for account in accounts if account.allows(MatchingPolicy.ADJUST)}
    kinds = EntryTypes(uow)
    matches = []
    for opinion in opinions:
        result = opinion.result
        if opinion.account_id not in willing or result.status != MatchStatus.UNMATCHED:
            continue
        rule = learned.get(opinion.line_id)
        if rule is not None and result.category not in NOT_BY_RULE:
            reason = Evidence("learned", f"By learned rule {rule.id} the entry type is {rule.lesson.outcome}.")
            opinion = opinion._replace(result=result._replace(evidence=(*result.evidence, reason)))
            code: str | None = rule.lesson.outcome
        elif result.category in AUTOMATIC and result.score >= CERTAIN:
            code = kinds.code(result.category, amounts[opinion.line_id])
        else:
            continue
        if code is not None:
            matches.append(Match((opinion.line_id,), (), rest=Rest(code), evidence=evidence_of([opinion])))
    if not matches:
        return set()
    done = clearing.apply_matches(
        uow, matches=matches, label="automatic adjustment", skip_refused=True, by=BY_ADJUST, at=context.now()
    )
    refused = {skipped.position for skipped in done.skipped}
    return {match.line_ids[0] for position, match in enumerate(matches) if position not in refused}


def release_automatic(uow: UnitOfWork, accounts: Sequence[CashAccount], *, context: Context) -> int:
    """Release the adjustments that a policy made on accounts whose policy releases; returns how many. What a locked
    period or a limit forbids is left to a person.
    """
    willing = {account.id: account for account in accounts if account.allows(MatchingPolicy.RELEASE)}
    if not willing or lookup.settings(uow).automatic_stopped:
        return 0
    rows = uow.select(
        "SELECT a.id, t.cash_account_id, t.transaction_date, t.amount, e.code FROM adjustment a"
        " JOIN book_transaction t ON t.id = a.book_transaction_id JOIN entry_type e ON e.id = a.entry_type_id"
        " WHERE t.cash_account_id IN :ids AND a.state = 'created' AND t.status = 'balanced'"
        " AND a.created_by LIKE 'policy:%' ORDER BY a.id",
        {"ids": list(willing)},
    )
    able = [row.id for row in rows if _may_release(uow, willing[row.cash_account_id], row)]
    adjust.release_adjustments(uow, adjustment_ids=able, by=BY_RELEASE, at=context.now())
    return len(able)


def _may_release(uow: UnitOfWork, account: CashAccount, row: Any) -> bool:
    try:
        control.check_periods_open(uow, [row.transaction_date])
        control.check_automatic_amount(uow, account, amount=row.amount, reason=row.code, by=BY_RELEASE)
    except Refused:
        return False
    return True
