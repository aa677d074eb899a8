"""Use cases at the end of a reconciliation: release it, or void the latest one. Everything in one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from recon_core import __version__
from recon_core.domain.account import CashAccount
from recon_core.domain.reconciliation import Figures, check_allowed
from recon_core.domain.refusals import Blocked, Conflict, PolicyForbids, WrongState
from recon_core.domain.states import DocumentState, MatchingPolicy, is_policy
from recon_core.ports import Action, UnitOfWork
from recon_core.services import control, cut_off, documents, lookup, numbering
from recon_core.services.blockers import blockers
from recon_core.services.blockers import foresee as foresee_blockers

# Of the account's open document: its lines, and the files since its predecessor that made it.
_TICKED = (
    "SELECT t.cash_account_id, t.id, t.amount, t.transaction_date, t.clear_date, t.processed,"
    " CASE WHEN o.reconciliation_id = t.reconciliation_id THEN 1 ELSE 0 END AS goes_with FROM reconciliation r"
    " JOIN book_transaction t ON t.reconciliation_id = r.id LEFT JOIN book_transaction o ON o.id = t.voids_id"
    " WHERE r.cash_account_id = :account AND r.state IN ('hold', 'balanced') ORDER BY t.id"
)
_FILES = (
    "SELECT DISTINCT s.cash_account_id, f.sha256 FROM reconciliation r"
    " LEFT JOIN reconciliation p ON p.id = r.predecessor_id"
    " JOIN statement s ON s.cash_account_id = r.cash_account_id AND s.state = 'accepted'"
    " JOIN source_file f ON f.id = s.source_file_id"
    " WHERE r.cash_account_id = :account AND r.state IN ('hold', 'balanced') AND"
    " (EXISTS (SELECT 1 FROM statement_line l WHERE l.statement_id = s.id"
    " AND l.booking_date > coalesce(p.reconciliation_date, :never) AND l.booking_date <= r.reconciliation_date)"
    " OR (coalesce(s.to_date, s.closing_date) > coalesce(p.reconciliation_date, :never)"
    " AND coalesce(s.to_date, s.closing_date) <= r.reconciliation_date)) ORDER BY f.sha256"
)
_NEVER = {"never": date.min}


def foresee(uow: UnitOfWork, accounts: Sequence[int]) -> None:
    """Ask together what `prepare` and `finish` ask of each of these accounts about its open document."""
    documents.foresee_predecessors(uow, accounts)
    foresee_blockers(uow, accounts)
    lookup.foresee(uow, _TICKED, accounts)
    lookup.foresee(uow, _FILES, accounts, _NEVER)


def release(
    uow: UnitOfWork,
    *,
    document_id: int,
    number: str | None = None,
    context: Mapping[str, str] | None = None,
    by: str,
    at: datetime,
) -> str:
    """Release a balanced document: it is closed, numbered, frozen and bound to what made it. Returns the number.

    `number` only for a manual series. `context` names what else made it, such as the matching rules' version.
    Raises `Blocked` with every reason, `PolicyForbids`, `WrongState`.
    """
    return finish(uow, prepare(uow, document_id=document_id, context=context, by=by), number=number, by=by, at=at)


class Ready(NamedTuple):
    """A document that may be released in this transaction, its frozen figures, and what binds it as JSON."""

    document: Any
    account: CashAccount
    figures: Figures
    bound: str


def prepare(uow: UnitOfWork, *, document_id: int, context: Mapping[str, str] | None = None, by: str) -> Ready:
    """Everything of a release that comes before its number, which all accounts of a series wait for: several documents
    are prepared first and finished together then. Raises as `release`.
    """
    document = documents.locked(uow, document_id)
    account = lookup.account(uow, document.cash_account_id)
    control.check_automatic(uow, account, step=MatchingPolicy.RELEASE, by=by)
    if document.state not in documents.OPEN:
        check_allowed(document.state, "release")
    against = [one for one in blockers(uow, document_id=document_id) if is_policy(by) or not one.advisory]
    if against:
        raise Blocked(f"The reconciliation can't be released: {against[0].message}", blockers=tuple(against))
    check_allowed(document.state, "release")
    _check_four_eyes(uow, document, by=by)
    found = documents.figures(uow, document)
    assert not found.difference
    return Ready(document, account, found, _bound(uow, document, context=context or {}))


def finish(uow: UnitOfWork, ready: Ready, *, number: str | None = None, by: str, at: datetime) -> str:
    """Number, freeze and close a document that `prepare` found ready in this transaction; returns the number."""
    document, account, found, bound = ready
    with uow.action(
        "document.release", subject=("reconciliation", document.id), account_id=account.id, by=by, at=at
    ) as act:
        assert account.number_series_id is not None
        taken = "SELECT id FROM reconciliation WHERE cash_account_id = :account AND number = :number"
        if number and uow.value(taken, {"account": account.id, "number": number}) is not None:
            raise Conflict(
                f"Account {account.code} has a reconciliation {number} already.", cure="Type another number."
            )
        number = numbering.take(uow, account.number_series_id, act=act, typed=number)
        _freeze_lines(uow, act, document)
        values = {
            "state": DocumentState.CLOSED.value,
            "number": number,
            "receipts": found.receipts,
            "receipt_count": found.receipt_count,
            "disbursements": found.disbursements,
            "disbursement_count": found.disbursement_count,
            "bound": bound,
            "bound_sha256": sha256(bound.encode()).hexdigest(),
            "released_by": by,
            "released_at": at,
        }
        documents.touch(uow, act, document, values)
    return number


def _check_four_eyes(uow: UnitOfWork, document: Any, *, by: str) -> None:
    """Who made an adjustment above the limit that is ticked here, or voided the document before, can't approve."""
    if not lookup.settings(uow).four_eyes:
        return
    account = lookup.account(uow, document.cash_account_id)
    rows = uow.select(
        "SELECT a.id, a.created_by, t.amount, e.code FROM adjustment a JOIN book_transaction t ON t.id = a.book_transaction_id"
        " JOIN entry_type e ON e.id = a.entry_type_id WHERE t.reconciliation_id = :document",
        {"document": document.id},
    )
    for row in rows:
        control.check_four_eyes(uow, account=account, amount=row.amount, adjustment=row, by=by, reason=row.code)
    before = document.predecessor_id and documents.row(uow, document.predecessor_id).reconciliation_date
    voided = uow.value(
        "SELECT voided_by FROM reconciliation WHERE cash_account_id = :account AND state = 'voided'"
        " AND reconciliation_date > :day ORDER BY voided_at DESC LIMIT 1",
        {"account": account.id, "day": before or date.min},
    )
    if voided == by:
        raise PolicyForbids(
            f"{by} voided the document that this one replaces: four eyes are required.",
            cure="Let somebody else release it.",
        )


def _freeze_lines(uow: UnitOfWork, act: Action, document: Any) -> None:
    rows = uow.known(_TICKED, {"account": document.cash_account_id})
    columns = {
        "reconciliation_id": document.id,
        "book_transaction_id": [row.id for row in rows],
        "amount": [row.amount for row in rows],
        "transaction_date": [row.transaction_date for row in rows],
        "clear_date": [row.clear_date for row in rows],
        "processed": [row.processed for row in rows],
        "hidden": [bool(row.goes_with) and document.skip_voided for row in rows],
    }
    act.insert("reconciliation_line", columns, count=len(rows))


def _bound(uow: UnitOfWork, document: Any, *, context: Mapping[str, str]) -> str:
    """What made the document, as canonical JSON: files, settings, versions, predecessor."""
    before = None
    if document.predecessor_id is not None:
        before = documents.row(uow, document.predecessor_id).bound_sha256
    files = uow.known(_FILES, {"account": document.cash_account_id, **_NEVER})
    account = lookup.account(uow, document.cash_account_id)
    facts = {
        "account": account.code,
        "context": dict(context),
        "engine": __version__,
        "files": [row.sha256 for row in files],
        "policy": account.policy,
        "predecessor": before,
        "settings": lookup.settings(uow)._asdict(),
    }
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def void_document(uow: UnitOfWork, *, document_id: int, reason: str = "", by: str, at: datetime) -> None:
    """Void the account's latest closed document: its lines are no longer reconciled; cleared and clear dates stay. With
    the document that took an account over, its cut-off date goes, and the bank lines set aside for it are open again.

    The totals are kept. Raises `WrongState` if it is not closed, a newer document stands, or the account is inactive.
    """
    document = documents.locked(uow, document_id)
    check_allowed(document.state, "void")
    account = lookup.account(uow, document.cash_account_id)
    if not account.active:
        raise WrongState(
            f"Account {account.code} is not active.", cure=f"Use it again: recon account change {account.code} --active"
        )
    newer = uow.value(
        "SELECT id FROM reconciliation WHERE cash_account_id = :account AND state <> 'voided' AND id <> :id"
        " AND reconciliation_date > :day",
        {"account": account.id, "id": document_id, "day": document.reconciliation_date},
    )
    if newer is not None:
        raise WrongState(
            f"Reconciliation {document.number} is not the latest.",
            cure="Delete or void the newer ones first, from the last one backwards.",
        )
    subject = ("reconciliation", document_id)
    with uow.action("document.void", subject=subject, account_id=account.id, by=by, at=at, reason=reason) as act:
        values = {"state": DocumentState.VOIDED.value, "voided_by": by, "voided_at": at}
        act.update("reconciliation", [document_id], values | {"version": document.version + 1})
        rows = uow.select("SELECT id FROM book_transaction WHERE reconciliation_id = :id", {"id": document_id})
        ids = [row.id for row in rows]
        act.update("book_transaction", ids, {"reconciliation_id": None, "reconciled_date": None})
        if document.predecessor_id is None and document.reconciliation_date == account.cut_off_date:
            cut_off.take_back(uow, act, account)
