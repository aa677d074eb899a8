"""Use case: take over an account with years of history (P1, P2, R21): one closed document up to a cut-off date."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from recon_core.domain.money import to_text
from recon_core.domain.refusals import BadRequest, NotBalanced, WrongState
from recon_core.ports import UnitOfWork
from recon_core.services import cut_off, documents, lookup, reconcile, release


def take_over(
    uow: UnitOfWork,
    *,
    account_id: int,
    cut_off_date: date,
    statement_balance: int,
    leave_open: Collection[int] = (),
    by: str,
    at: datetime,
) -> str:
    """Close all history of an account up to a date in its first document and return the document's number.

    Every released transaction up to the date is ticked except those in `leave_open` (ids that the bank had not booked
    yet). Bank lines up to the date are set aside as before the cut-off, also those that arrive later. The sum must be
    the bank's balance on that date. Raises `WrongState` if the account has documents, `NotBalanced`, `Blocked`.
    """
    account = lookup.locked_account(uow, account_id)
    if documents.last_closed(uow, account_id) is not None:
        raise WrongState(
            f"Account {account.code} has reconciliations already.",
            cure=f"Go on from them: recon history {account.code}",
        )
    if documents.open_id(uow, account_id) is not None:
        raise WrongState(
            f"Account {account.code} has an open reconciliation, and its history comes before that.",
            cure=f"Delete it, then take over: recon reconcile delete {account.code}",
        )
    document_id = reconcile.open_document(
        uow,
        account_id=account_id,
        reconciliation_date=cut_off_date,
        statement_balance=statement_balance,
        notes="Take-over of history up to the cut-off date.",
        by=by,
        at=at,
    )
    rows = documents.rows_listed(uow, documents.row(uow, document_id))
    unknown = set(leave_open) - {row.id for row in rows}
    if unknown:
        raise BadRequest(
            f"Transaction {min(unknown)} is not among the history up to {cut_off_date}.",
            cure="List it: recon book list ACCOUNT",
        )
    wanted = [row.id for row in rows if row.id not in leave_open]
    reconcile.toggle_reconciled(uow, document_id=document_id, transaction_ids=wanted, by=by, at=at)
    subject = ("cash_account", account_id)
    with uow.action("account.take-over", subject=subject, account_id=account_id, by=by, at=at) as act:
        cut_off.set_aside(uow, act, account, cut_off_date)
    difference = documents.get(uow, document_id).figures.difference
    if difference:
        text = to_text(difference, account.currency)
        raise NotBalanced(
            f"History up to {cut_off_date} differs from the bank's balance by {text} {account.currency}.",
            cure="Leave open what the bank had not booked by then, or enter the opening balance that is missing.",
        )
    reconcile.remove_hold(uow, document_id=document_id, by=by, at=at)
    return release.release(uow, document_id=document_id, by=by, at=at)
