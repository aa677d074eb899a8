"""Where many accounts stand, read together: a few queries however many there are. What stands against a release beyond
open lines and the difference is looked for in bulk; the exact reasons are then read of the few accounts that have some.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from recon_core.domain.account import CashAccount
from recon_core.domain.money import Money
from recon_core.domain.reconciliation import Figures
from recon_core.domain.refusals import Blocker
from recon_core.domain.states import DocumentState
from recon_core.ports import UnitOfWork
from recon_core.services import blockers, chains, documents

# Reasons that the counts and figures of an account say already.
COUNTED = frozenset({"open-bank-lines", "unreleased-adjustments", "difference", "on-hold"})


class Standing(NamedTuple):
    """An account's open document or, without one, the last closed, with its figures; what stands against a release
    beside open lines, unreleased adjustments and a difference; and notes that need nobody.
    """

    document: Any | None = None
    figures: Figures | None = None
    findings: tuple[Blocker, ...] = ()
    notes: tuple[str, ...] = ()


_DOCUMENTS = (
    "SELECT * FROM (SELECT r.*, row_number() OVER (PARTITION BY r.cash_account_id, CASE WHEN r.state = 'closed' THEN 1"
    " ELSE 0 END ORDER BY r.reconciliation_date DESC, r.id DESC) AS place FROM reconciliation r"
    " WHERE r.state IN ('hold', 'balanced', 'closed') AND r.cash_account_id IN :ids) latest WHERE place = 1"
)
# Each statement beside the one before it in the order of their days. What looks odd here is looked at closely.
_CHAINS = (
    "SELECT cash_account_id, max(CASE WHEN place = 1 THEN opening_balance END) AS opening,"
    " max(CASE WHEN back = 1 THEN closing_balance END) AS closing, sum(CASE WHEN opening_balance <> before"
    " OR sequence > number_before + 1 OR page > 1 OR (page = 1 AND last_page = false) THEN 1 ELSE 0 END) AS odd"
    " FROM (SELECT s.cash_account_id, s.opening_balance, s.closing_balance, s.sequence, s.page, s.last_page,"
    " lag(s.closing_balance) OVER earlier AS before, lag(s.sequence) OVER earlier AS number_before,"
    " row_number() OVER earlier AS place, row_number() OVER later AS back FROM statement s"
    " WHERE s.state = 'accepted' AND s.kind = 'statement' AND s.cash_account_id IN :ids"
    " WINDOW earlier AS (PARTITION BY s.cash_account_id ORDER BY coalesce(s.from_date, s.opening_date, s.to_date,"
    " s.closing_date), coalesce(s.sequence, -1), coalesce(s.page, -1), s.id),"
    " later AS (PARTITION BY s.cash_account_id ORDER BY coalesce(s.from_date, s.opening_date, s.to_date,"
    " s.closing_date) DESC, coalesce(s.sequence, -1) DESC, coalesce(s.page, -1) DESC, s.id DESC)) paired"
    " GROUP BY cash_account_id"
)
_UNBALANCED = (
    "SELECT DISTINCT cash_account_id AS id FROM statement WHERE kind = 'statement' AND cash_account_id IN :ids"
    " AND state = 'accepted' AND balanced = 'no' AND automatic = false"
)
# Also those that would change what is closed: they stand against no release, and somebody has to decide all the same.
_HELD = "SELECT id, cash_account_id, hold_reason FROM statement WHERE state = 'held' AND cash_account_id IN :ids ORDER BY id"
_VOIDS = (
    "SELECT DISTINCT cash_account_id AS id FROM book_transaction WHERE voids_id IS NOT NULL"
    " AND status NOT IN ('released', 'rejected') AND cash_account_id IN :ids"
)
_PARTLY = (
    "SELECT DISTINCT r.cash_account_id AS id FROM reconciliation r JOIN book_transaction t"
    " ON t.cash_account_id = r.cash_account_id AND (t.reconciliation_id IS NULL OR t.reconciliation_id = r.id)"
    " WHERE r.id IN :documents AND t.status = 'released' AND t.transaction_date <= r.reconciliation_date"
    " AND t.matched_amount <> 0 AND (NOT t.processed OR t.clear_date > r.reconciliation_date)"
)
# Open documents whose balance is the one that the bank's statements of that day say.
_CONFIRMED = (
    "SELECT r.cash_account_id AS id FROM reconciliation r JOIN statement s ON s.cash_account_id = r.cash_account_id"
    " AND coalesce(s.to_date, s.closing_date) = r.reconciliation_date WHERE r.id IN :documents"
    " AND s.state = 'accepted' AND s.kind = 'statement' AND s.closing_balance IS NOT NULL"
    " GROUP BY r.id, r.cash_account_id, r.statement_balance"
    " HAVING min(s.closing_balance) = max(s.closing_balance) AND min(s.closing_balance) = r.statement_balance"
)


def standings(uow: UnitOfWork, accounts: Sequence[CashAccount], *, totals: Mapping[int, int]) -> dict[int, Standing]:
    """Where accounts stand, by account id. `totals` are the sums of the bank lines of each account that has any, in minor
    units.
    """
    ids = [account.id for account in accounts]
    latest = {(row.cash_account_id, row.state == DocumentState.CLOSED): row for row in _rows(uow, _DOCUMENTS, ids)}
    opened = {account_id: row for (account_id, closed), row in latest.items() if not closed}
    figures = documents.open_figures(uow, [row.id for row in opened.values()])
    known = {row.cash_account_id: row for row in _rows(uow, _CHAINS, ids)}
    held: dict[int, list[Blocker]] = {}
    for row in _rows(uow, _HELD, ids):
        held.setdefault(row.cash_account_id, []).append(blockers.held_statement(row))
    suspects = _suspects(uow, ids, opened) | {
        account_id
        for account_id, chain in known.items()
        if chain.odd or chain.opening is None or chain.closing is None
        or chain.closing - chain.opening != totals.get(account_id, 0)
    }  # fmt: skip
    found = {}
    for account in accounts:
        document, closed = opened.get(account.id), latest.get((account.id, True))
        mine = figures[document.id] if document is not None else None
        if document is None and closed is not None:
            mine = documents.figures(uow, closed)
        findings, notes = _look_closely(uow, account, document, closed) if account.id in suspects else ((), ())
        findings += tuple(one for one in held.get(account.id, ()) if one not in findings)
        chain = known.get(account.id)
        if closed is None and account.requires_reconciliation and chain is not None and chain.opening:
            findings = (*findings, *_without_opening(account, chain.opening, mine))
        found[account.id] = Standing(document if document is not None else closed, mine, findings, notes)
    return found


def _rows(uow: UnitOfWork, sql: str, ids: Sequence[int]) -> list[Any]:
    return uow.select(sql, {"ids": ids}) if ids else []


def _suspects(uow: UnitOfWork, ids: Sequence[int], opened: Mapping[int, Any]) -> set[int]:
    """Accounts with a statement that does not add up, a voiding entry under way, or an open document that something
    speaks against.
    """
    found = {row.id for sql in (_UNBALANCED, _VOIDS) for row in _rows(uow, sql, ids)}
    open_ids = [row.id for row in opened.values()]
    if not open_ids:
        return found
    confirmed = {row.id for row in uow.select(_CONFIRMED, {"documents": open_ids})}
    partly = {row.id for row in uow.select(_PARTLY, {"documents": open_ids})}
    return found | partly | (opened.keys() - confirmed)


def _look_closely(
    uow: UnitOfWork, account: CashAccount, document: Any | None, closed: Any | None
) -> tuple[tuple[Blocker, ...], tuple[str, ...]]:
    """What stands against the open document and what later statements say against the next one; and the numbers that
    were skipped, of the last closed document too: nobody may have heard of them when it was closed.
    """
    since = closed.reconciliation_date if closed is not None else None
    findings: list[Blocker] = []
    if document is not None:
        findings += [one for one in blockers.blockers(uow, document_id=document.id) if one.code not in COUNTED]
    seen = {one.message for one in findings}
    findings += [one for one in blockers.statement_findings(uow, account, since=since) if one.message not in seen]
    before = closed.predecessor_id if document is None and closed is not None else None
    heard = since if before is None else documents.row(uow, before).reconciliation_date
    skipped = [
        one.message
        for one in chains.account_chain(uow, account.id).breaks
        if one.code == "sequence-skipped" and (heard is None or one.day > heard)
    ]
    return tuple(findings), tuple(skipped)


def _without_opening(account: CashAccount, opening: int, figures: Figures | None) -> list[Blocker]:
    if figures is not None and not figures.difference:
        return []
    message = (
        f"Nobody said where the account begins: its first statement begins with {Money(opening, account.currency)}."
    )
    cure = (
        f"Begin with that balance (recon account begin {account.code}), or take its history over:"
        f" recon account take-over {account.code}."
    )
    return [Blocker("no-opening-point", message, cure)]
