"""The document at the end: opened at the bank's latest balance, what the bank proved is ticked, closed where allowed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from matcher.pipeline.context import BY_RELEASE, Context
from matcher.pipeline.learned import accepted_ids
from matcher.pipeline.matching import rules_digest
from matcher.pipeline.setup import OpeningPoint
from recon_core.domain.account import CashAccount
from recon_core.domain.refusals import Blocked, Blocker, Conflict
from recon_core.domain.refused import Refused
from recon_core.domain.states import DocumentState, MatchingPolicy, is_policy
from recon_core.ports import UnitOfWork
from recon_core.services import blockers as blocking
from recon_core.services import books, chains, documents, lookup, reconcile, release

OPENING_TEXT = "Opening balance"
BATCH_ACCOUNTS = 200


class AccountReconciliation(NamedTuple):
    """What became of an account's document: `number` if it was released now, `blockers` if it is still open."""

    account_id: int
    document_id: int | None = None
    number: str | None = None
    blockers: tuple[Blocker, ...] = ()


def open_at(uow: UnitOfWork, *, account_id: int, opening: OpeningPoint, by: str, at: datetime) -> None:
    """Let an account begin with a balance: an opening transaction, closed in a document of its own (procedure P2)."""
    if opening.balance == 0:
        return
    transaction_id = books.create_transaction(
        uow,
        account_id=account_id,
        transaction_date=opening.day,
        amount=opening.balance,
        description=OPENING_TEXT,
        released=True,
        by=by,
        at=at,
    )
    document_id = reconcile.open_document(
        uow,
        account_id=account_id,
        reconciliation_date=opening.day,
        statement_balance=opening.balance,
        notes=OPENING_TEXT,
        by=by,
        at=at,
    )
    reconcile.tick(uow, document_id=document_id, transaction_ids=[transaction_id], by=by, at=at)
    reconcile.remove_hold(uow, document_id=document_id, by=by, at=at)
    release.release(uow, document_id=document_id, by=by, at=at)


def reconcile_accounts(context: Context, account_ids: Sequence[int], *, by: str) -> list[AccountReconciliation]:
    """Bring the document of each account as far as the account's policy lets it, some accounts in one transaction.

    Where no document is open one is opened at the date of the latest bank balance. Lines that the bank proved are
    ticked, nothing else. With a difference of zero it is balanced, and where the policy releases it is closed.
    `by` opens and ticks; only the account's policy closes. An open document keeps its date and balance. A policy as
    `by` opens documents only on accounts whose policy releases.
    """
    done: list[AccountReconciliation] = []
    for start in range(0, len(account_ids), BATCH_ACCOUNTS):
        context.watch("reconciling", start, len(account_ids))
        batch = account_ids[start : start + BATCH_ACCOUNTS]
        try:
            done += _reconcile_together(context, batch, by=by)
        except Conflict:
            raise
        except Refused:
            for account_id in batch:
                done += _reconcile_alone(context, account_id, by=by)
    context.watch("reconciling", len(account_ids), len(account_ids))
    return done


# Accounts whose statements reach further than their last closed document, where a policy may open the next one.
_TO_OPEN = (
    "SELECT a.id FROM cash_account a WHERE a.active AND a.requires_reconciliation AND a.policy = 'release'"
    " AND NOT a.automatic_stopped"
    " AND NOT EXISTS (SELECT 1 FROM reconciliation r WHERE r.cash_account_id = a.id AND r.state IN ('hold', 'balanced'))"
    " AND EXISTS (SELECT 1 FROM statement s WHERE s.cash_account_id = a.id AND s.state = 'accepted'"
    " AND s.kind = 'statement' AND s.closing_balance IS NOT NULL"
    " AND coalesce(s.to_date, s.closing_date) > coalesce((SELECT max(r.reconciliation_date) FROM reconciliation r"
    " WHERE r.cash_account_id = a.id AND r.state = 'closed'), :never))"
)
# Accounts with an open document in which something that the bank proved is not ticked, or that a policy may release.
_TO_BRING_ON = (
    "SELECT DISTINCT r.cash_account_id AS id FROM reconciliation r JOIN cash_account a ON a.id = r.cash_account_id"
    " WHERE a.active AND a.policy IN ('clear', 'adjust', 'release') AND NOT a.automatic_stopped"
    " AND r.state IN ('hold', 'balanced') AND ((r.state = 'balanced' AND a.policy = 'release') OR EXISTS"
    " (SELECT 1 FROM book_transaction t WHERE t.cash_account_id = r.cash_account_id AND t.matched_amount <> 0"
    " AND t.reconciliation_id IS NULL AND t.status = 'released' AND t.transaction_date <= r.reconciliation_date"
    " AND ((t.processed AND t.clear_date <= r.reconciliation_date) OR (t.voucher_id IS NULL AND t.voids_id IS NULL"
    " AND EXISTS (SELECT 1 FROM decision_transaction dt JOIN decision d ON d.id = dt.decision_id AND d.state = 'applied'"
    " JOIN decision_line dl ON dl.decision_id = d.id JOIN statement_line l ON l.id = dl.statement_line_id"
    " WHERE dt.book_transaction_id = t.id AND l.booking_date <= r.reconciliation_date)))))"
)


def accounts_to_reconcile(uow: UnitOfWork) -> list[int]:
    """Ids of the accounts whose document a policy may bring further now, in two reads for all accounts."""
    opening = [row.id for row in uow.select(_TO_OPEN, {"never": date.min})]
    going_on = [row.id for row in uow.select(_TO_BRING_ON)]
    return sorted({*opening, *going_on})


def _reconcile_together(context: Context, account_ids: Sequence[int], *, by: str) -> list[AccountReconciliation]:
    with context.database.begin() as uow:
        uow.lock_accounts(account_ids)
        accounts = lookup.accounts(uow, account_ids)
        documents.foresee(uow, account_ids)
        chains.foresee(uow, account_ids)
        ticked = [_tick(uow, account, context=context, by=by) for account in accounts]
        release.foresee(uow, [one.account.id for one in ticked if one.document_id is not None])
        made_by = {"rules": rules_digest(context.rules), "learned_rules": accepted_ids(uow, context)}
        brought = [_judge(uow, one, made_by=made_by) for one in ticked]
        # Last, because other accounts wait for the numbers that these take.
        made = [one.result if one.ready is None else _finish(uow, one, context=context) for one in brought]
        if any(one.changed for one in brought) or any(one.number for one in made):
            context.commit(uow, made)
    return made


def _reconcile_alone(context: Context, account_id: int, *, by: str) -> list[AccountReconciliation]:
    try:
        return _reconcile_together(context, [account_id], by=by)
    except Conflict:
        raise
    except Refused as refused:
        reason = Blocker(refused.code, refused.message, refused.cure)
        return [AccountReconciliation(account_id, blockers=(reason,))]


class _Ticked(NamedTuple):
    """An account with its open document, if it has one now, and whether anything was changed."""

    account: CashAccount
    document_id: int | None
    changed: bool


class _Brought(NamedTuple):
    """How far an account's document came, whether anything was changed, and the document if it can be released."""

    result: AccountReconciliation
    changed: bool
    ready: release.Ready | None = None


def _finish(uow: UnitOfWork, one: _Brought, *, context: Context) -> AccountReconciliation:
    assert one.ready is not None
    try:
        return one.result._replace(number=release.finish(uow, one.ready, by=BY_RELEASE, at=context.now()))
    except Refused as refused:
        return one.result._replace(blockers=(Blocker(refused.code, refused.message, refused.cure),))


def _tick(uow: UnitOfWork, account: CashAccount, *, context: Context, by: str) -> _Ticked:
    """Open, tick and balance an account's document."""
    at = context.now()
    document_id = documents.open_id(uow, account.id)
    changed = document_id is None
    if document_id is None:
        document_id = _open_latest(uow, account, by=by, at=at)
        if document_id is None:
            return _Ticked(account, None, changed=False)
    state = documents.row(uow, document_id).state
    ticked = reconcile.reconcile_processed(uow, document_id=document_id, by=by, at=at)
    changed = changed or bool(ticked.changed)
    found = documents.figures(uow, documents.row(uow, document_id))
    if found.difference == 0 and state == DocumentState.HOLD:
        reconcile.remove_hold(uow, document_id=document_id, by=by, at=at)
        changed = True
    return _Ticked(account, document_id, changed)


def _judge(uow: UnitOfWork, one: _Ticked, *, made_by: dict[str, str]) -> _Brought:
    """Whether the account's policy may release its document, or what speaks against that."""
    account, document_id, changed = one
    if document_id is None:
        return _Brought(AccountReconciliation(account.id), changed)
    found = documents.figures(uow, documents.row(uow, document_id))
    if found.difference or not account.allows(MatchingPolicy.RELEASE) or lookup.settings(uow).automatic_stopped:
        against = blocking.blockers(uow, document_id=document_id)
        return _Brought(AccountReconciliation(account.id, document_id, None, against), changed)
    try:
        ready = release.prepare(uow, document_id=document_id, context=made_by, by=BY_RELEASE)
    except Blocked as blocked:
        return _Brought(AccountReconciliation(account.id, document_id, None, blocked.blockers), changed)
    except Refused as refused:
        reason = Blocker(refused.code, refused.message, refused.cure)
        return _Brought(AccountReconciliation(account.id, document_id, None, (reason,)), changed)
    return _Brought(AccountReconciliation(account.id, document_id), changed, ready)


def _open_latest(uow: UnitOfWork, account: CashAccount, *, by: str, at: datetime) -> int | None:
    """Open a document at the latest day that the bank's statements reach, if that is after the last one closed."""
    if not account.requires_reconciliation or not account.active:
        return None
    if is_policy(by) and not account.allows(MatchingPolicy.RELEASE):
        return None
    day = chains.last_balance_day(uow, account.id)
    last = documents.last_closed(uow, account.id)
    if day is None or (last is not None and day <= last.reconciliation_date):
        return None
    balance = chains.bank_balance(uow, account.id, day=day)
    if balance is None:
        return None
    return reconcile.open_document(
        uow, account_id=account.id, reconciliation_date=day, statement_balance=balance, by=by, at=at
    )
