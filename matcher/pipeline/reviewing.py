"""What waits for a person: open bank lines with what the engine proposes, ready to be read and decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from matcher.pipeline.context import Context
from matcher.pipeline.entry_types import EntryTypes
from matcher.pipeline.learned import in_force
from matcher.pipeline.open_items import engine_names, line_columns
from matcher.pipeline.returns import CAME_BACK, GivenBack, given_back
from matcher.proposal import EVERY_PROPOSAL, Category, Evidence, MatchStatus, ProposalFilter, RuleState, StoredProposal
from recon_core.ports import UnitOfWork
from recon_core.reports.open_items import lines_by_id
from recon_core.services import lookup

_LINES = (
    "SELECT id, cash_account_id, booking_date, amount - used_amount AS amount, currency, counterparty_name, remittance,"
    " creditor_reference, end_to_end_id FROM statement_line WHERE id IN :ids"
)
_BOOK = (
    "SELECT id, external_id, transaction_date, amount - matched_amount AS amount, reference, counterparty, description"
    " FROM book_transaction WHERE id IN :ids"
)


_OPEN_BOOK = (
    "SELECT id, external_id, transaction_date, amount - matched_amount AS amount, reference, counterparty, description"
    " FROM book_transaction t WHERE cash_account_id = :account AND status IN ('released', 'balanced')"
    " AND matched_amount <> amount AND voids_id IS NULL AND NOT EXISTS (SELECT 1 FROM reconciliation r"
    " WHERE r.id = t.reconciliation_id AND r.state = 'closed') AND NOT EXISTS (SELECT 1 FROM book_transaction v"
    " WHERE v.voids_id = t.id AND v.status <> 'rejected')"
)


class BookView(NamedTuple):
    """A book transaction as a choice shows it; `amount` is what is left of it, in minor units."""

    id: int
    external_id: str
    transaction_date: date
    amount: int
    reference: str
    counterparty: str
    description: str


class Choice(NamedTuple):
    """One explanation. `difference` is the amount of the lines minus that of the transactions, in minor units."""

    transactions: tuple[BookView, ...]
    difference: int


class ReviewLine(NamedTuple):
    """An open bank line, what is left of it in minor units, and the engine's word on it.

    `choices` are best first. `together` are the lines that the first choice explains as one, this one among them.
    `entry_type` is the one to adjust the line, or the difference of the first choice, with; "" where a person must
    choose. `current` is false where a transaction of a choice has been used since: the account wants matching again.
    `gives_back` is what a returned payment was. `proposal_id` names the word: a later one has another.
    """

    line_id: int
    account: str
    currency: str
    booking_date: date
    amount: int
    counterparty: str
    text: str
    verdict: MatchStatus
    rule: str
    category: str
    score_ppm: int
    choices: tuple[Choice, ...]
    together: tuple[int, ...]
    evidence: tuple[Evidence, ...]
    entry_type: str
    current: bool
    gives_back: GivenBack | None = None
    proposal_id: int = 0


def account_ids(uow: UnitOfWork, codes: Sequence[str]) -> list[int]:
    """Ids of the accounts with these codes, of all active ones without codes. Raises `Unknown`."""
    if codes:
        return [lookup.account_by_code(uow, code).id for code in codes]
    return [account.id for account in lookup.accounts(uow) if account.active]


def review(
    context: Context, uow: UnitOfWork, *, accounts: Sequence[int], wanted: ProposalFilter = EVERY_PROPOSAL
) -> list[ReviewLine]:
    """The open lines of these accounts on which the engine has an opinion, by day; `wanted` filters and pages."""
    return shown(context, uow, context.opinions.open_proposals(uow, account_ids=accounts, wanted=wanted))


def open_book(uow: UnitOfWork, *, account_id: int, near: int, text: str = "", limit: int) -> list[BookView]:
    """What is left of the account's open transactions, those whose amount is nearest to `near` first; `text` is a part
    of their id, reference, counterparty or description, in any case.
    """
    rows = [BookView._make(row) for row in uow.select(_OPEN_BOOK, {"account": account_id})]
    asked = text.casefold()
    fitting = [
        row
        for row in rows
        if asked in f"{row.external_id} {row.reference} {row.counterparty} {row.description}".casefold()
    ]
    return sorted(fitting, key=lambda row: (abs(row.amount - near), row.transaction_date, row.id))[:limit]


def not_matched_yet(uow: UnitOfWork, *, accounts: Sequence[int]) -> int:
    """How many open lines of these accounts the engine has not looked at since they came or were opened again."""
    return int(
        uow.value(
            "SELECT count(*) AS n FROM statement_line l WHERE l.cash_account_id IN :ids AND l.withdrawn_by IS NULL"
            " AND l.state IN ('open', 'proposed') AND NOT EXISTS (SELECT 1 FROM proposal p"
            " WHERE p.statement_line_id = l.id AND p.proposal_state = 'open')",
            {"ids": list(accounts)},
        )
    )


def shown(context: Context, uow: UnitOfWork, proposals: Sequence[StoredProposal]) -> list[ReviewLine]:
    """Proposals with their lines and transactions, in their order."""
    book = _book(uow, (one for proposal in proposals for ids in proposal.choices for one in ids))
    line_ids = {one for proposal in proposals for one in (proposal.line_id, *proposal.together)}
    lines = {row.id: row for row in uow.select(_LINES, {"ids": sorted(line_ids)})}
    codes = {account.id: account.code for account in lookup.accounts(uow)} if proposals else {}
    kinds = EntryTypes(uow)
    learned = _learned(context, uow, [one.line_id for one in proposals if not one.book])
    back = given_back(uow, [one.line_id for one in proposals if one.category in CAME_BACK and not one.book])
    seen = (_shown(proposal, lines, book, codes, kinds, learned) for proposal in proposals)
    return [one._replace(gives_back=back.get(one.line_id)) for one in seen]


def _learned(context: Context, uow: UnitOfWork, line_ids: Sequence[int]) -> dict[int, str]:
    """The entry types that accepted rules give to these lines, by their ids."""
    if not line_ids or not context.opinions.learned(uow, states=[RuleState.ACCEPTED]):
        return {}
    accounts = lookup.accounts(uow)
    names = {name: account_id for account_id, name in engine_names(uow, accounts).items()}
    lines = line_columns(uow, accounts, lines_by_id(uow, line_ids))
    force = in_force(uow, context, lines, account_ids=names)
    return {line_id: rule.lesson.outcome for line_id, rule in force.entry_types.items()}


def _book(uow: UnitOfWork, ids: Iterable[int]) -> dict[int, BookView]:
    return {row.id: BookView._make(row) for row in uow.select(_BOOK, {"ids": sorted(set(ids))})}


def _shown(
    proposal: StoredProposal,
    lines: dict[int, Any],
    book: dict[int, BookView],
    codes: dict[int, str],
    kinds: EntryTypes,
    learned: dict[int, str],
) -> ReviewLine:
    line = lines[proposal.line_id]
    choices = []
    for position, ids in enumerate(proposal.choices):
        members = proposal.together if proposal.together and position == 0 else (proposal.line_id,)
        amount = sum(lines[one].amount for one in members)
        transactions = tuple(book[one] for one in ids)
        choices.append(Choice(transactions, amount - sum(one.amount for one in transactions)))
    category = Category(proposal.category) if proposal.category else None
    rest = choices[0].difference if choices else line.amount
    return ReviewLine(
        line_id=line.id,
        account=codes[proposal.account_id],
        currency=line.currency,
        booking_date=line.booking_date,
        amount=line.amount,
        counterparty=line.counterparty_name or "",
        text=line.remittance or line.creditor_reference or line.end_to_end_id or "",
        verdict=MatchStatus(proposal.verdict),
        rule=proposal.rule,
        category=proposal.category,
        score_ppm=proposal.score_ppm,
        choices=tuple(choices),
        together=proposal.together,
        evidence=proposal.evidence,
        entry_type=learned.get(line.id) or ((kinds.code(category, rest) or "") if rest else ""),
        current=all(one.amount for choice in choices for one in choice.transactions),
        proposal_id=proposal.id,
    )
