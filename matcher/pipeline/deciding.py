"""What a person decides about open bank lines: accept, reject, ignore, adjust, and take any of it back.

Everything goes through recon_core's services in the person's name, so it is checked, logged and can be undone. A bulk
is shown first; when it is done, a fresh run under the accounts' locks must still propose each pair of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import NamedTuple

from matcher.pipeline.context import Context
from matcher.pipeline.entry_types import EntryTypes
from matcher.pipeline.matching import fresh_opinions
from matcher.pipeline.reviewing import Choice, ReviewLine, shown
from matcher.proposal import Category, MatchStatus, Opinion, ProposalFilter, StoredProposal
from recon_core.domain.matching import Match, Rest
from recon_core.domain.money import Money
from recon_core.domain.refusals import BadRequest, Conflict, NotBalanced, Unknown
from recon_core.domain.refused import Refused
from recon_core.ports import UnitOfWork
from recon_core.services import adjust as adjustments
from recon_core.services import clearing, lookup
from recon_core.services import undo as undoing
from recon_core.services.undo import Undone

_PARTLY = frozenset({Category.PARTIAL.value, Category.OVERPAYMENT.value})
_TOKEN_LETTERS = 12


class Left(NamedTuple):
    """A line of a bulk that was not decided, and why."""

    line_id: int
    reason: str


class Decided(NamedTuple):
    """What was decided: the bulk to undo it by (None if nothing was), its decisions, their lines, what was left, and the
    unreleased adjustments that were made.
    """

    batch_id: int | None
    decision_ids: tuple[int, ...]
    line_ids: tuple[int, ...]
    left: tuple[Left, ...] = ()
    adjustment_ids: tuple[int, ...] = ()


class Preview(NamedTuple):
    """The lines that a bulk would accept. `token` names this set: accepting with it refuses any other. `rivals` counts
    the lines that were left out because another choice may be as good: those are decided one by one.
    """

    lines: tuple[ReviewLine, ...]
    token: str
    rivals: int


def accept(
    context: Context,
    *,
    line_ids: Sequence[int],
    choice: int = 1,
    entry_type: str = "",
    partial: bool = False,
    seen: Sequence[int] = (),
) -> Decided:
    """Accept what is proposed for these lines: the first choice, or the one with the number `choice`.

    A remainder becomes an adjustment of `entry_type`; with `partial` the rest of the larger side stays open; with
    neither it is what the engine says that it is. Lines that are explained together are accepted together. All or
    nothing. `seen` are the proposals that the caller has looked at, by their ids. Raises `Unknown` for a line without a
    proposal, `Conflict` for one with another than was seen, `NotBalanced` where the remainder needs a word, and what
    `clearing.apply_matches` raises.
    """
    with context.database.begin() as uow:
        rows = _locked(uow, context, line_ids, seen=seen)
        kinds = EntryTypes(uow)
        matches: dict[tuple[int, ...], Match] = {}
        for proposal, line in rows:
            match = _match(proposal, line, kinds, choice=choice, entry_type=entry_type, partial=partial)
            matches[match.line_ids] = match
        done = clearing.apply_matches(
            uow, matches=list(matches.values()), label="accepted", by=context.user, at=context.now()
        )
        decided = tuple(one for match in matches.values() for one in match.line_ids)
        context.opinions.mark_decided(uow, line_ids=decided)
        made = adjustments.of_decisions(uow, done.decision_ids)
        uow.commit()
    return Decided(done.batch_id, tuple(done.decision_ids), decided, adjustment_ids=made)


def preview(context: Context, uow: UnitOfWork, *, accounts: Sequence[int], wanted: ProposalFilter) -> Preview:
    """What `accept_all` would accept: proposals with one choice and no other."""
    proposals, rivals = _bulk(context, uow, accounts, wanted)
    return Preview(tuple(shown(context, uow, proposals)), _token(proposals), rivals)


def accept_all(context: Context, *, accounts: Sequence[int], wanted: ProposalFilter, token: str) -> Decided:
    """Accept the first choices of a previewed bulk, as one decision batch.

    Raises `Conflict` where the proposals are not those of the preview any more. Of those, only pairs that a fresh run
    still proposes as its first choice are accepted; the others are left, with the reason.
    """
    with context.database.begin() as uow:
        uow.lock_accounts(accounts)
        proposals, _ = _bulk(context, uow, accounts, wanted)
        if _token(proposals) != token:
            raise Conflict("The proposals are not those of the preview any more.", cure="Look at the preview again.")
        owners = [lookup.account(uow, one) for one in sorted({proposal.account_id for proposal in proposals})]
        fresh = {opinion.line_id: opinion for opinion in fresh_opinions(uow, owners, context=context).opinions}
        kinds = EntryTypes(uow)
        matches: dict[tuple[int, ...], Match] = {}
        left = []
        for proposal, line in zip(proposals, shown(context, uow, proposals), strict=True):
            reason = _changed(proposal, fresh.get(proposal.line_id))
            if reason:
                left.append(Left(proposal.line_id, reason))
                continue
            try:
                match = _match(proposal, line, kinds)
            except Refused as refused:
                left.append(Left(proposal.line_id, str(refused)))
                continue
            matches[match.line_ids] = match
        done = clearing.apply_matches(
            uow,
            matches=list(matches.values()),
            label=f"accepted in bulk{f' by rule {wanted.rule}' if wanted.rule else ''}",
            skip_refused=True,
            by=context.user,
            at=context.now(),
        )
        refused_at = {skipped.position: str(skipped.refused) for skipped in done.skipped}
        decided: list[int] = []
        for position, match in enumerate(matches.values()):
            if position in refused_at:
                left += [Left(line_id, refused_at[position]) for line_id in match.line_ids]
            else:
                decided += match.line_ids
        context.opinions.mark_decided(uow, line_ids=decided)
        uow.commit()
    return Decided(done.batch_id, tuple(done.decision_ids), tuple(decided), tuple(left))


def reject(
    context: Context,
    *,
    line_ids: Sequence[int],
    choice: int = 1,
    every: bool = False,
    reason: str = "",
    seen: Sequence[int] = (),
) -> Decided:
    """Say that a proposed choice, or `every` one, is wrong for these lines. It is not proposed again until undone.

    `seen` as for `accept`.
    """
    with context.database.begin() as uow:
        groups = []
        for proposal, line in _locked(uow, context, line_ids, seen=seen):
            wanted = range(1, len(line.choices) + 1) if every else [choice]
            for number in wanted:
                ids = tuple(one.id for one in _chosen(line, number).transactions)
                groups.append(Match(_members(proposal, number), ids, reference=_reference(proposal)))
        done = clearing.reject_matches(uow, groups=groups, reason=reason, by=context.user, at=context.now())
        decided = tuple(dict.fromkeys(one for group in groups for one in group.line_ids))
        context.opinions.mark_decided(uow, line_ids=decided)
        uow.commit()
    return Decided(done.batch_id, tuple(done.decision_ids), decided)


def ignore(context: Context, *, line_ids: Sequence[int], reason: str) -> Decided:
    """Set lines aside for a reason. Raises what `clearing.ignore_lines` raises."""
    with context.database.begin() as uow:
        done = clearing.ignore_lines(uow, line_ids=line_ids, reason=reason, by=context.user, at=context.now())
        context.opinions.mark_decided(uow, line_ids=line_ids)
        uow.commit()
    return Decided(done.batch_id, tuple(done.decision_ids), tuple(line_ids))


def adjust(context: Context, *, line_ids: Sequence[int], entry_type: str = "", description: str = "") -> Decided:
    """Explain lines that only the bank has by unreleased adjustments, one a line, as a bulk.

    Without `entry_type` each line takes the one that is proposed for it; raises `BadRequest` where none is, and where
    open transactions explain the line: what is booked already is not booked anew but on a person's explicit word.
    """
    with context.database.begin() as uow:
        codes = dict.fromkeys(line_ids, entry_type)
        if not entry_type:
            codes = {line.line_id: _own_entry_type(line) for _, line in _locked(uow, context, line_ids)}
        matches = [Match((line_id,), (), rest=Rest(code, description)) for line_id, code in codes.items()]
        done = clearing.apply_matches(uow, matches=matches, label="adjusted", by=context.user, at=context.now())
        context.opinions.mark_decided(uow, line_ids=line_ids)
        made = adjustments.of_decisions(uow, done.decision_ids)
        uow.commit()
    return Decided(done.batch_id, tuple(done.decision_ids), tuple(codes), adjustment_ids=made)


def _own_entry_type(line: ReviewLine) -> str:
    """The entry type proposed for a line that nothing in the books explains."""
    if line.choices:
        names = ", ".join(one.external_id for one in line.choices[0].transactions)
        raise BadRequest(
            f"Bank line {line.line_id} may be {names}, which is booked already.",
            cure="Accept or reject that first, or name the entry type: --entry-type.",
        )
    if not line.entry_type:
        raise BadRequest(f"No entry type is proposed for bank line {line.line_id}.", cure="Name one: --entry-type.")
    return line.entry_type


def undo(
    context: Context,
    *,
    decision_ids: Sequence[int] = (),
    batch_id: int | None = None,
    reason: str = "",
    reverse_on: date | None = None,
) -> Undone:
    """Take decisions back, or all standing ones of a bulk; see `recon_core.services.undo`. The lines are open again
    and wait for the next match.
    """
    with context.database.begin() as uow:
        by, at = context.user, context.now()
        if batch_id is not None:
            undone = undoing.undo_batch(uow, batch_id=batch_id, reason=reason, reverse_on=reverse_on, by=by, at=at)
        elif decision_ids:
            undone = undoing.undo_decisions(
                uow, decision_ids=decision_ids, reason=reason, reverse_on=reverse_on, by=by, at=at
            )
        else:
            raise BadRequest("Nothing is named to undo.", cure="Name decisions, or a bulk.")
        uow.commit()
    return undone


def _locked(
    uow: UnitOfWork, context: Context, line_ids: Sequence[int], *, seen: Sequence[int] = ()
) -> list[tuple[StoredProposal, ReviewLine]]:
    """The proposals on these lines, in the order of the ids, their accounts held. Raises `Unknown`, and `Conflict` for
    a proposal that is none of those that were `seen`.
    """
    rows = lookup.locked(uow, "statement_line", line_ids)
    owners = sorted({row.cash_account_id for row in rows})
    found = context.opinions.open_proposals(uow, account_ids=owners, wanted=ProposalFilter(line_ids=tuple(line_ids)))
    by_line = {proposal.line_id: proposal for proposal in found}
    for row in rows:
        if row.id not in by_line:
            raise Unknown(
                f"Bank line {row.id} is {row.state} and nothing is proposed for it.",
                cure="Match the account again (recon review --fresh), or undo the decision on it: recon decisions",
            )
    ordered = [by_line[line_id] for line_id in dict.fromkeys(line_ids)]
    for proposal in ordered:
        if seen and proposal.id not in seen:
            raise Conflict(
                f"What is proposed for bank line {proposal.line_id} has changed since you looked.",
                cure="Look again and decide on what is proposed now.",
            )
    return list(zip(ordered, shown(context, uow, ordered), strict=True))


def _bulk(
    context: Context, uow: UnitOfWork, accounts: Sequence[int], wanted: ProposalFilter
) -> tuple[list[StoredProposal], int]:
    """Proposals with a single choice, and how many have rivals. A line whose group is not in the bulk as a whole is
    left out.
    """
    verdicts = (MatchStatus.PROPOSED, MatchStatus.CLEARED)
    found = context.opinions.open_proposals(uow, account_ids=accounts, wanted=wanted._replace(verdicts=verdicts))
    single = [one for one in found if one.book and not one.alternatives]
    lines = {one.line_id for one in single}
    return [one for one in single if lines.issuperset(one.together)], sum(len(one.choices) > 1 for one in found)


def _token(proposals: Sequence[StoredProposal]) -> str:
    pairs = sorted((one.line_id, one.book, one.together, one.difference, one.category) for one in proposals)
    return sha256(json.dumps(pairs).encode()).hexdigest()[:_TOKEN_LETTERS]


def _changed(proposal: StoredProposal, opinion: Opinion | None) -> str:
    """Why a fresh run does not confirm a proposal, "" if it does."""
    if opinion is None:
        return "It is not open any more."
    now = opinion.result
    if now.status == MatchStatus.UNMATCHED:
        return "A fresh run proposes nothing for it."
    same = (
        sorted(map(int, now.book)) == sorted(proposal.book)
        and sorted(map(int, now.together)) == sorted(proposal.together)
        and now.difference == proposal.difference
    )
    return "" if same else "A fresh run proposes something else for it."


def _chosen(line: ReviewLine, number: int) -> Choice:
    if not line.choices:
        raise BadRequest(
            f"Nothing is proposed for bank line {line.line_id}.",
            cure=f"Match it by hand, `recon pair`, or explain it: recon adjust-line {line.line_id} --entry-type CODE",
        )
    if not 1 <= number <= len(line.choices):
        raise BadRequest(
            f"Bank line {line.line_id} has {len(line.choices)} choice(s), not {number}.",
            cure="See them with `recon review`.",
        )
    return line.choices[number - 1]


def _members(proposal: StoredProposal, number: int) -> tuple[int, ...]:
    return tuple(sorted(proposal.together)) if number == 1 and proposal.together else (proposal.line_id,)


def _reference(proposal: StoredProposal) -> str:
    return f"proposal {proposal.id}"


def _match(
    proposal: StoredProposal,
    line: ReviewLine,
    kinds: EntryTypes,
    *,
    choice: int = 1,
    entry_type: str = "",
    partial: bool = False,
) -> Match:
    """The match of a choice, with what becomes of its remainder."""
    chosen = _chosen(line, choice)
    rest = chosen.difference
    members = _members(proposal, choice)
    match = Match(
        members,
        tuple(one.id for one in chosen.transactions),
        reference=_reference(proposal),
        evidence=json.dumps([[list(one) for one in proposal.evidence]], ensure_ascii=False),
    )
    if rest == 0:
        return match
    if entry_type:
        return match._replace(rest=Rest(entry_type))
    if partial or (choice == 1 and proposal.category in _PARTLY):
        part = _part(match, chosen, rest)
        if part is not None:
            return part
    elif choice == 1 and proposal.category:
        code = kinds.code(Category(proposal.category), rest)
        if code is not None:
            return match._replace(rest=Rest(code))
    raise NotBalanced(
        f"Bank line {line.line_id} and its choice {choice} differ by {Money(rest, line.currency)}.",
        cure="Say what the rest is with --entry-type, or leave it open with --partial.",
    )


def _part(match: Match, chosen: Choice, rest: int) -> Match | None:
    """The match that uses a part of its larger side, where that side is one item."""
    booked = sum(one.amount for one in chosen.transactions)
    total = booked + rest
    if total == 0 or booked == 0 or (total > 0) != (booked > 0):
        return None
    if abs(total) < abs(booked):
        return match._replace(transaction_amounts=(total,)) if len(match.transaction_ids) == 1 else None
    return match._replace(line_amounts=(booked,)) if len(match.line_ids) == 1 else None
