"""Use cases of an open reconciliation: open, change, tick, hold. Release and void stand in `release`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from recon_core.domain.money import Money
from recon_core.domain.reconciliation import Figures, check_allowed
from recon_core.domain.refusals import BadRequest, Conflict, NotBalanced, Unreleased, WrongState
from recon_core.domain.refused import Refused
from recon_core.domain.states import DocumentState, MatchingPolicy, TransactionStatus
from recon_core.ports import Action, UnitOfWork
from recon_core.services import attachments, books, control, documents, lookup, splitting, ticking


class Toggled(NamedTuple):
    """What a bulk button did: the value it set (None if the list is empty), on which transactions, and the last error
    of rows that were skipped for one. `rests` are the transactions that were split off partly proved ones.
    """

    value: bool | None
    changed: tuple[int, ...]
    skipped: int = 0
    last_error: str = ""
    rests: tuple[int, ...] = ()


def open_document(
    uow: UnitOfWork,
    *,
    account_id: int,
    reconciliation_date: date,
    statement_balance: int = 0,
    notes: str = "",
    by: str,
    at: datetime,
) -> int:
    """Open a reconciliation on hold and return its id. It begins with the balance of the latest closed one.

    Raises `WrongState` where the account needs none, is inactive, or has an open one; `BadRequest` for a date that is
    not after the latest document's.
    """
    account = lookup.locked_account(uow, account_id)
    control.check_automatic(uow, account, step=MatchingPolicy.RELEASE, by=by)
    if not account.requires_reconciliation:
        raise WrongState(
            f"Account {account.code} does not require reconciliation.",
            cure=f"Turn that on: recon account change {account.code} --reconcile",
        )
    if not account.active:
        raise WrongState(
            f"Account {account.code} is not active.", cure=f"Use it again: recon account change {account.code} --active"
        )
    if documents.open_id(uow, account_id) is not None:
        raise WrongState(
            f"Account {account.code} has an open reconciliation.",
            cure=f"Finish it (recon reconcile show {account.code}) or delete it (recon reconcile delete {account.code}).",
        )
    last = documents.last_closed(uow, account_id)
    _check_date(reconciliation_date, last)
    row = {
        "cash_account_id": account_id,
        "state": DocumentState.HOLD.value,
        "reconciliation_date": reconciliation_date,
        "beginning_balance": 0 if last is None else last.statement_balance,
        "statement_balance": statement_balance,
        "predecessor_id": None if last is None else last.id,
        "skip_voided": lookup.settings(uow).skip_voided,
        "match_batches": account.match_batches,
        "notes": notes,
        "created_by": by,
        "created_at": at,
        "changed_by": by,
        "changed_at": at,
        "version": 1,
    }
    with uow.action("document.open", subject=("reconciliation", 0), account_id=account_id, by=by, at=at) as act:
        return act.insert_row("reconciliation", row)


def _check_date(day: date, last: Any | None) -> None:
    if last is not None and day <= last.reconciliation_date:
        raise BadRequest(
            f"The reconciliation date must be after {last.reconciliation_date}, the date of {last.number}.",
            cure="Use a later date.",
        )


def _editable(uow: UnitOfWork, document_id: int, *, version: int | None = None) -> Any:
    document = documents.locked(uow, document_id)
    check_allowed(document.state, "edit")
    if version is not None and version != document.version:
        raise Conflict(
            f"The reconciliation was changed by {document.changed_by}.",
            cure="Look again, and repeat what is still right: recon reconcile show ACCOUNT",
        )
    return document


def _money(uow: UnitOfWork, document: Any, minor: int) -> Money:
    return Money(minor, lookup.account(uow, document.cash_account_id).currency)


def _check_saved(uow: UnitOfWork, document_id: int) -> Figures:
    """A document that is not on hold must balance whenever it is saved."""
    document = documents.row(uow, document_id)
    found = documents.figures(uow, document)
    if document.state == DocumentState.BALANCED and found.difference:
        raise NotBalanced(
            f"The difference would be {_money(uow, document, found.difference)}, and the reconciliation is not on hold.",
            cure="Put it on hold first: recon reconcile hold ACCOUNT",
        )
    return found


def change_document(
    uow: UnitOfWork,
    *,
    document_id: int,
    reconciliation_date: date | None = None,
    statement_balance: int | None = None,
    notes: str | None = None,
    version: int | None = None,
    by: str,
    at: datetime,
) -> Figures:
    """Change the date, the bank's balance or the notes of an open document. `version` is the one the caller has seen.

    A new date is stamped on the ticked lines too. Raises `Conflict`, `BadRequest`, `NotBalanced`, `WrongState`.
    """
    document = _editable(uow, document_id, version=version)
    values: dict[str, Any] = {}
    if statement_balance is not None:
        values["statement_balance"] = statement_balance
    if notes is not None:
        values["notes"] = notes
    with _action(uow, "document.change", document, by=by, at=at) as act:
        if reconciliation_date is not None and reconciliation_date != document.reconciliation_date:
            _check_date(reconciliation_date, documents.last_closed(uow, document.cash_account_id))
            ticked = uow.select(
                "SELECT t.id, t.transaction_date, o.id AS original FROM book_transaction t LEFT JOIN book_transaction o"
                " ON o.id = t.voids_id AND o.reconciliation_id = t.reconciliation_id WHERE t.reconciliation_id = :id",
                {"id": document_id},
            )
            late = [
                row.original if row.original and document.skip_voided else row.id
                for row in ticked
                if row.transaction_date > reconciliation_date
            ]
            if late:
                raise BadRequest(
                    "A ticked line is dated after the new date.",
                    cure=f"Untick it first: recon reconcile untick ACCOUNT {' '.join(map(str, sorted(set(late))))}",
                )
            act.update("book_transaction", [row.id for row in ticked], {"reconciled_date": reconciliation_date})
            values["reconciliation_date"] = reconciliation_date
        documents.touch(uow, act, document, values)
    return _check_saved(uow, document_id)


def _action(uow: UnitOfWork, code: str, document: Any, *, by: str, at: datetime, reason: str = "") -> Any:
    subject = ("reconciliation", document.id)
    return uow.action(code, subject=subject, account_id=document.cash_account_id, by=by, at=at, reason=reason)


def _rows(uow: UnitOfWork, document: Any, ids: Sequence[int]) -> list[Any]:
    """Listed rows by id, in that order, whatever "load up to" says. Raises `BadRequest` for one that is not listed."""
    rows = documents.rows_listed(uow, document, ids=ids, load_to=date.max)
    found = {row.id: row for row in rows}
    for row_id in ids:
        if row_id not in found:
            raise BadRequest(
                f"The reconciliation does not list transaction {row_id}.",
                cure=f"See why: recon trail transaction {row_id}",
            )
    return [found[row_id] for row_id in ids]


def tick(
    uow: UnitOfWork,
    *,
    document_id: int,
    transaction_ids: Sequence[int],
    reconciled: bool = True,
    version: int | None = None,
    by: str,
    at: datetime,
) -> Figures:
    """Tick lines as reconciled (avstämd), or untick them; returns the new figures.

    Ticking also clears, on the reconciliation date where there is no clear date; unticking leaves cleared as it is.
    Ticking one payment of a batch ticks them all where the document shows batches. Of a transaction that the bank has
    carried out in part by the document's date, that part is split off and ticked, and the rest stays open. Raises
    `Unreleased`, `BadRequest`, `Conflict`, `NotBalanced`, `WrongState`.
    """
    document = _editable(uow, document_id, version=version)
    rows = ticking.with_batches(uow, document, _rows(uow, document, list(dict.fromkeys(transaction_ids))))
    if reconciled:
        rows, done = ticking.split(uow, document, rows, by=by, at=at)
        for row in rows:
            ticking.check(document, row, done.refused)
    with _action(uow, "document.tick" if reconciled else "document.untick", document, by=by, at=at) as act:
        ticking.set_reconciled(uow, act, document, rows, reconciled=reconciled)
        documents.touch(uow, act, document, {})
    return _check_saved(uow, document_id)


def mark_cleared(
    uow: UnitOfWork,
    *,
    document_id: int,
    transaction_ids: Sequence[int],
    cleared: bool = True,
    clear_date: date | None = None,
    by: str,
    at: datetime,
) -> None:
    """Tick lines as cleared (kontrollerad) on `clear_date`, by default the reconciliation date; or untick them.

    Raises `Conflict` for unticking a line that is reconciled or that a bank line proved, `Unreleased`.
    """
    document = _editable(uow, document_id)
    rows = _rows(uow, document, list(dict.fromkeys(transaction_ids)))
    for row in rows:
        _check_clear(row, cleared=cleared)
    with _action(uow, "document.clear", document, by=by, at=at) as act:
        _set_cleared(act, document, rows, cleared=cleared, clear_date=clear_date)
        documents.touch(uow, act, document, {})


def _check_clear(row: Any, *, cleared: bool) -> None:
    if cleared and row.status != TransactionStatus.RELEASED:
        raise Unreleased(
            f"Transaction {row.external_id} is {row.status}.", cure=documents.how_to_release(row).capitalize()
        )
    if not cleared:
        books.check_unclear(row)


def _set_cleared(
    act: Action, document: Any, rows: Sequence[Any], *, cleared: bool, clear_date: date | None = None
) -> list[int]:
    wanted = [row for row in rows if row.cleared != cleared or (clear_date is not None and not row.processed)]
    ids = [row.id for row in wanted]
    ids += [void_id for row in wanted if (void_id := documents.carried_void(document, row)) is not None]
    if cleared:
        ticking.clear(act, ids, clear_date or document.reconciliation_date)
    else:
        none = {"cleared": False, "clear_date": None, "cleared_by": None, "cleared_at": None}
        act.update("book_transaction", ids, none)
    return ids


def toggle_reconciled(
    uow: UnitOfWork,
    *,
    document_id: int,
    transaction_ids: Sequence[int] | None = None,
    load_to: date | None = None,
    by: str,
    at: datetime,
) -> Toggled:
    """The button Markera/avmarkera avstämda: the first released row of the (filtered) list decides the direction, and
    all released rows get that value. Rows that can't be ticked are skipped; the last reason is returned. Partly proved
    ones are split as by `tick`.
    """
    document = _editable(uow, document_id)
    rows = documents.rows_listed(uow, document, ids=transaction_ids, load_to=load_to)
    released = [row for row in rows if row.status == TransactionStatus.RELEASED]
    if not released:
        return Toggled(None, ())
    value = released[0].reconciliation_id is None
    released = [
        row for row in ticking.with_batches(uow, document, released) if row.status == TransactionStatus.RELEASED
    ]
    good, error, skipped = [], "", 0
    done = splitting.Splits({}, {})
    if value:
        released, done = ticking.split(uow, document, released, by=by, at=at)
    for row in released:
        try:
            if value:
                ticking.check(document, row, done.refused)
        except Refused as refused:
            error, skipped = str(refused), skipped + 1
            continue
        if (row.reconciliation_id is not None) != value:
            good.append(row)
    with _action(uow, "document.toggle-reconciled", document, by=by, at=at) as act:
        ticking.set_reconciled(uow, act, document, good, reconciled=value)
        documents.touch(uow, act, document, {})
    _check_saved(uow, document_id)
    return Toggled(value, tuple(row.id for row in good), skipped, error, tuple(done.made.values()))


def toggle_cleared(
    uow: UnitOfWork,
    *,
    document_id: int,
    transaction_ids: Sequence[int] | None = None,
    load_to: date | None = None,
    by: str,
    at: datetime,
) -> Toggled:
    """The button Markera/avmarkera kontrollerade: as the other, for cleared; it also leaves alone what is cleared and
    ticked as reconciled or proved by a bank line.
    """
    document = _editable(uow, document_id)
    rows = documents.rows_listed(uow, document, ids=transaction_ids, load_to=load_to)
    released = [row for row in rows if row.status == TransactionStatus.RELEASED]
    if not released:
        return Toggled(None, ())
    value = not released[0].cleared
    fixed = [row for row in released if row.cleared and (row.reconciliation_id is not None or row.processed)]
    kept = {row.id for row in fixed}
    good = [row for row in released if row.id not in kept]
    with _action(uow, "document.toggle-cleared", document, by=by, at=at) as act:
        changed = _set_cleared(act, document, good, cleared=value)
        documents.touch(uow, act, document, {})
    return Toggled(value, tuple(changed), len(fixed))


def reconcile_processed(
    uow: UnitOfWork,
    *,
    document_id: int,
    transaction_ids: Sequence[int] | None = None,
    load_to: date | None = None,
    by: str,
    at: datetime,
) -> Toggled:
    """The button Avstämning bearbetad: tick every line of the (filtered) list that a bank line up to the document's date
    proved and that is not ticked yet; of one that is proved in part, split off and tick that part.

    It touches no other line and unticks nothing.
    """
    document = _editable(uow, document_id)
    listed = documents.rows_listed(uow, document, ids=transaction_ids, load_to=load_to)
    rows, done = ticking.split(uow, document, listed, by=by, at=at)
    day = document.reconciliation_date
    wanted = [row for row in rows if row.processed and row.reconciliation_id is None and row.clear_date <= day]
    reasons = {row.id: documents.warning(document, row) for row in wanted}
    good = [row for row in wanted if not reasons[row.id]]
    bad = [row for row in rows if reasons.get(row.id) or row.id in done.refused]
    if good:
        with _action(uow, "document.reconcile-processed", document, by=by, at=at) as act:
            ticking.set_reconciled(uow, act, document, good, reconciled=True)
            documents.touch(uow, act, document, {})
    _check_saved(uow, document_id)
    error = f"{bad[-1].external_id}: {reasons.get(bad[-1].id) or done.refused[bad[-1].id]}" if bad else ""
    return Toggled(True, tuple(row.id for row in good), len(bad), error, tuple(done.made.values()))


def hold(uow: UnitOfWork, *, document_id: int, by: str, at: datetime) -> None:
    """Put a balanced document on hold again."""
    document = documents.locked(uow, document_id)
    check_allowed(document.state, "hold")
    with _action(uow, "document.hold", document, by=by, at=at) as act:
        documents.touch(uow, act, document, {"state": DocumentState.HOLD.value})


def remove_hold(uow: UnitOfWork, *, document_id: int, version: int | None = None, by: str, at: datetime) -> Figures:
    """Take the hold off; needs a difference of zero. Raises `NotBalanced`, `WrongState`, `Conflict`."""
    document = _editable(uow, document_id, version=version)
    check_allowed(document.state, "remove-hold")
    found = documents.figures(uow, document)
    if found.difference:
        raise NotBalanced(
            f"The difference is {_money(uow, document, found.difference)}.",
            cure="Tick what is on the bank statement, adjust what only the bank has, or correct the statement balance.",
        )
    with _action(uow, "document.remove-hold", document, by=by, at=at) as act:
        documents.touch(uow, act, document, {"state": DocumentState.BALANCED.value})
    return found


def delete_document(uow: UnitOfWork, *, document_id: int, by: str, at: datetime) -> None:
    """Delete an open document; its lines are unticked."""
    document = documents.locked(uow, document_id)
    check_allowed(document.state, "delete")
    with _action(uow, "document.delete", document, by=by, at=at) as act:
        rows = uow.select("SELECT id FROM book_transaction WHERE reconciliation_id = :id", {"id": document_id})
        ids = [row.id for row in rows]
        act.update("book_transaction", ids, {"reconciliation_id": None, "reconciled_date": None})
        attachments.drop_all(uow, act, document_id)
        act.delete("reconciliation", [document_id])
