"""Rows of an open document on their way in and out: batches and parts, what may be ticked, the stamps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from recon_core.domain.refusals import Unreleased, WrongState
from recon_core.ports import Action, UnitOfWork
from recon_core.services import documents, splitting


def check(document: Any, row: Any, unsplit: Mapping[int, str]) -> None:
    """Raise `Unreleased` or `WrongState` for a row that can't be ticked; `unsplit` says why rows were not split."""
    reason = documents.warning(document, row)
    if reason:
        raise Unreleased(f"Transaction {row.external_id} can't be ticked. {reason}", cure="Or leave it for next time.")
    if row.reconciliation_id is None and row.matched_amount not in {0, row.amount}:
        raise WrongState(
            f"Bank lines proved only a part of transaction {row.external_id}.",
            cure=unsplit.get(row.id, f"Its bank line is dated after {document.reconciliation_date}: leave it."),
        )


def split(
    uow: UnitOfWork, document: Any, rows: list[Any], *, by: str, at: datetime
) -> tuple[list[Any], splitting.Splits]:
    """The rows after what the bank has carried out in part by the document's date was split off."""
    free = [row for row in rows if not documents.warning(document, row)]
    done = splitting.split_proved(uow, document=document, rows=free, by=by, at=at)
    if not done.made:
        return rows, done
    fresh = {row.id: row for row in documents.rows_listed(uow, document, ids=list(done.made), load_to=date.max)}
    return [fresh.get(row.id, row) for row in rows], done


def with_batches(uow: UnitOfWork, document: Any, rows: list[Any]) -> list[Any]:
    """The rows and, where the document shows batches, the other payments of their batches; not what was split off."""
    batches = {row.batch for row in rows if row.batch}
    if not document.match_batches or not batches:
        return rows
    have = {row.id for row in rows}
    more = uow.select(
        "SELECT id FROM book_transaction WHERE cash_account_id = :account AND batch IN :batches AND status <> 'rejected'"
        " AND (reconciliation_id IS NULL OR reconciliation_id = :document) AND split_of_id IS NULL",
        {"account": document.cash_account_id, "batches": sorted(batches), "document": document.id},
    )
    wanted = [row.id for row in more if row.id not in have]
    return rows + documents.rows_listed(uow, document, ids=wanted, load_to=date.max)


def set_reconciled(uow: UnitOfWork, act: Action, document: Any, rows: Sequence[Any], *, reconciled: bool) -> None:
    """Stamp rows with the document, or take the stamp away, and carry hidden voiding entries along. Ticking clears."""
    wanted = [row for row in rows if (row.reconciliation_id is not None) != reconciled]
    ids = [row.id for row in wanted]
    hidden = [void_id for row in wanted if (void_id := documents.carried_void(document, row)) is not None]
    if not reconciled:
        act.update("book_transaction", [*ids, *hidden], {"reconciliation_id": None, "reconciled_date": None})
        return
    fresh = [row.id for row in wanted if not row.cleared]
    if hidden:
        cleared = uow.select("SELECT id FROM book_transaction WHERE id IN :ids AND cleared", {"ids": hidden})
        fresh += sorted(set(hidden) - {row.id for row in cleared})
    clear(act, fresh, document.reconciliation_date)
    stamps = {"reconciliation_id": document.id, "reconciled_date": document.reconciliation_date}
    act.update("book_transaction", [*ids, *hidden], stamps, before=dict.fromkeys(stamps))


def clear(act: Action, ids: Sequence[int], day: date) -> None:
    """Mark transactions cleared on a date by who acts."""
    values = {"cleared": True, "clear_date": day, "cleared_by": act.by, "cleared_at": act.at}
    act.update("book_transaction", ids, values)
