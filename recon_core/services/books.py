"""Use cases around book transactions: import, create, release, clear by hand."""

# ruff: noqa: S608  every name in this SQL is one of our own tables and columns
from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from recon_core.domain.book import BookRow, ImportCounts
from recon_core.domain.money import AMOUNT_MINOR_MAX
from recon_core.domain.refusals import BadRequest, Closed, Conflict, Unreleased, WrongState
from recon_core.domain.states import ChangeState, TransactionKind, TransactionStatus
from recon_core.ports import Action, Side, UnitOfWork
from recon_core.services import control, families, lookup

OWN_SOURCE = ""
_CONTENT = ("transaction_date", "amount", "reference", "counterparty", "description", "kind", "status", "batch")
_AMOUNT, _STATUS, _BATCH = (_CONTENT.index(name) for name in ("amount", "status", "batch"))
UNDO_MATCH = "Undo its match first: recon trail transaction {} names the decision, recon undo takes it back."
_RELEASED_ELSEWHERE = {
    TransactionKind.ADJUSTMENT.value: "Release it as that: recon adjust list --state created, recon adjust release ADJUSTMENT",
    TransactionKind.TRANSFER.value: "Release it as that: recon transfer list, recon transfer release TRANSFER",
    TransactionKind.VOID.value: "Release it as that: recon book decide-void ENTRY --release",
}


class _Stored(NamedTuple):
    id: int
    content: tuple[Any, ...]
    touched: bool
    version: int


def import_transactions(
    uow: UnitOfWork, *, rows: Sequence[BookRow], source: str, by: str, at: datetime
) -> ImportCounts:
    """Bring in rows of an accounting system; as often as wanted. `source` names the system or file series.

    A new row becomes a transaction. A row as before is counted. A changed row changes its transaction if nobody has
    touched that; else the change is kept for a person to decide and the transaction stays as it was.
    Raises `BadRequest` for a row that can't be a transaction; then nothing is imported.
    """
    if not source:
        raise BadRequest("An import needs the name of its source.", cure="Say from where the rows come.")
    account_ids = sorted({row.account_id for row in rows})
    uow.lock_names([f"book {source}"])
    uow.lock_accounts(account_ids, side=Side.BOOK)
    currencies = {account.id: account.currency for account in lookup.accounts(uow, account_ids)}
    _check_rows(rows)
    stored = _stored(uow, rows, source=source)
    new: list[BookRow] = []
    changed: list[tuple[_Stored, tuple[Any, ...]]] = []
    for row in rows:
        known = stored.get((row.account_id, row.external_id))
        if known is None:
            new.append(row)
        elif known.content != (content := _content(row, known)):
            changed.append((known, content))
    changed = _without_decided(uow, changed)
    same = len(rows) - len(new) - len(changed)
    if not new and not changed:
        return ImportCounts(0, same, 0)
    with uow.action("book.import", subject=("book_import", 0), by=by, at=at, reason=source) as act:
        counts = {"new_count": len(new), "same_count": same, "changed_count": len(changed)}
        header = {"source": source, "imported_at": at, "imported_by": by, **counts}
        import_id = act.insert_row("book_import", header)
        _insert_rows(act, new, source=source, currencies=currencies, import_id=import_id)
        to_decide = _keep_changes(act, changed, import_id=import_id)
    return ImportCounts(len(new), same, len(changed), tuple(to_decide), import_id)


def _check_rows(rows: Sequence[BookRow]) -> None:
    kinds = {kind.value for kind in TransactionKind} - {TransactionKind.VOID}
    seen: set[tuple[int, str]] = set()
    for row in rows:
        key = (row.account_id, row.external_id)
        if key in seen or not row.external_id:
            raise BadRequest(f"The row id {row.external_id!r} stands twice or is empty.", where=row.external_id)
        seen.add(key)
        if type(row.amount) is not int or not -AMOUNT_MINOR_MAX < row.amount < AMOUNT_MINOR_MAX:
            raise BadRequest(f"{row.amount!r} is no amount in minor units.", where=row.external_id)
        if row.kind not in kinds:
            raise BadRequest(f"{row.kind!r} is no kind of book transaction.", where=row.external_id)


def _status(row: BookRow) -> str:
    return TransactionStatus.RELEASED.value if row.released else TransactionStatus.BALANCED.value


def _content(row: BookRow, known: _Stored) -> tuple[Any, ...]:
    """What a row says now. One that its source has not released may have been released here, and stays so."""
    status = _status(row) if row.released else known.content[_STATUS]
    return (*row[2:7], str(row.kind), status, row.batch)


def _stored(uow: UnitOfWork, rows: Sequence[BookRow], *, source: str) -> dict[tuple[int, str], _Stored]:
    by_account: dict[int, list[str]] = {}
    for row in rows:
        by_account.setdefault(row.account_id, []).append(row.external_id)
    found: dict[tuple[int, str], _Stored] = {}
    sql = (
        f"SELECT id, external_id, {', '.join(_CONTENT)}, cleared OR matched_amount <> 0 OR reconciliation_id IS NOT NULL"
        " OR EXISTS (SELECT 1 FROM book_transaction v WHERE v.voids_id = t.id AND v.status <> 'rejected') AS touched,"
        " version"
        " FROM book_transaction t WHERE cash_account_id = :account AND source = :source AND external_id IN :ids"
    )
    known = uow.select(
        "SELECT id FROM cash_account a WHERE id IN :ids AND EXISTS"
        " (SELECT 1 FROM book_transaction t WHERE t.cash_account_id = a.id AND t.source = :source)",
        {"ids": list(by_account), "source": source},
    )
    for (account_id,) in known:
        wanted = {"account": account_id, "source": source, "ids": by_account[account_id]}
        for row in uow.select(sql, wanted):
            found[account_id, row.external_id] = _Stored(row.id, tuple(row[2:10]), bool(row.touched), row.version)
    split = families.parts(uow, list(by_account), columns=", ".join(_CONTENT))
    if split:
        found = {key: _whole(one, split[one.id]) if one.id in split else one for key, one in found.items()}
    return found


def _whole(original: _Stored, parts: Sequence[Any]) -> _Stored:
    """A split transaction as its source knows it: the sum of all parts, with the texts of the newest. It counts as
    touched: somebody decides which part a change is for.
    """
    last = dict(zip(_CONTENT, parts[-1][1:], strict=True))
    amount = original.content[_AMOUNT] + sum(part.amount for part in parts)
    return _Stored(
        original.id, (*(last | {"amount": amount, "batch": original.content[_BATCH]}).values(),), True, original.version
    )


def _proposal(content: tuple[Any, ...]) -> str:
    return json.dumps(dict(zip(_CONTENT, content, strict=True)), default=date.isoformat, ensure_ascii=False)


def _without_decided(
    uow: UnitOfWork, changed: list[tuple[_Stored, tuple[Any, ...]]]
) -> list[tuple[_Stored, tuple[Any, ...]]]:
    """Leave out changes that wait for a person already, or that one has declined."""
    if not changed:
        return []
    states = [ChangeState.OPEN.value, ChangeState.DECLINED.value]
    sql = "SELECT book_transaction_id, proposed FROM book_change WHERE book_transaction_id IN :ids AND state IN :states"
    known = {(row[0], row[1]) for row in uow.select(sql, {"ids": [one.id for one, _ in changed], "states": states})}
    return [(one, content) for one, content in changed if (one.id, _proposal(content)) not in known]


def _insert_rows(
    act: Action, rows: Sequence[BookRow], *, source: str, currencies: dict[int, str], import_id: int
) -> Sequence[int]:
    if not rows:
        return ()
    accounts, externals, dates, amounts, references, parties, texts, kinds, _, batches = (
        list(column) for column in zip(*rows, strict=True)
    )
    columns = {
        "cash_account_id": accounts,
        "source": source,
        "external_id": externals,
        "book_import_id": import_id,
        "transaction_date": dates,
        "amount": amounts,
        "currency": [currencies[account_id] for account_id in accounts],
        "kind": [str(kind) for kind in kinds],
        "reference": references,
        "counterparty": parties,
        "description": texts,
        "batch": batches,
        "status": [_status(row) for row in rows],
    }
    return act.insert("book_transaction", columns, count=len(rows))


def _keep_changes(act: Action, changed: list[tuple[_Stored, tuple[Any, ...]]], *, import_id: int) -> list[int]:
    """Apply changes to untouched transactions, keep the others for a person; returns the ids of the latter."""
    if not changed:
        return []
    free = [(known, content) for known, content in changed if not known.touched]
    if free:
        contents = (list(column) for column in zip(*(content for _, content in free), strict=True))
        columns = {**dict(zip(_CONTENT, contents, strict=True)), "version": [known.version + 1 for known, _ in free]}
        act.update("book_transaction", [known.id for known, _ in free], columns)
    states = [ChangeState.OPEN if known.touched else ChangeState.APPLIED for known, _ in changed]
    row = {
        "book_transaction_id": [known.id for known, _ in changed],
        "book_import_id": import_id,
        "state": [state.value for state in states],
        "proposed": [_proposal(content) for _, content in changed],
    }
    ids = act.insert("book_change", row, count=len(changed))
    return [row_id for row_id, state in zip(ids, states, strict=True) if state is ChangeState.OPEN]


def decide_change(uow: UnitOfWork, *, change_id: int, accept: bool, by: str, at: datetime) -> None:
    """Take over a changed source row, or decline it for good. Raises `WrongState` while the transaction is cleared,
    matched or reconciled: that must be undone first. Of a split transaction the part that nothing has used changes, so
    that all parts come to the new amount; it goes where that leaves nothing of it.
    """
    change = lookup.one(uow, "book_change", change_id)
    transaction = lookup.one(uow, "book_transaction", change.book_transaction_id)
    uow.lock_accounts([transaction.cash_account_id])
    transaction = lookup.one(uow, "book_transaction", change.book_transaction_id)
    change = lookup.one(uow, "book_change", change_id)
    if change.state != ChangeState.OPEN:
        raise WrongState(
            f"The change {change_id} is {change.state} already.", cure="See what waits: recon book changes"
        )
    with uow.action(
        "book.change",
        subject=("book_transaction", transaction.id),
        account_id=transaction.cash_account_id,
        by=by,
        at=at,
    ) as act:
        state = ChangeState.ACCEPTED if accept else ChangeState.DECLINED
        act.update("book_change", [change_id], {"state": state.value, "decided_by": by, "decided_at": at})
        if accept:
            values = json.loads(change.proposed)
            values["transaction_date"] = date.fromisoformat(values["transaction_date"])
            _take_over(uow, act, transaction, values)


def _take_over(uow: UnitOfWork, act: Action, transaction: Any, values: dict[str, Any]) -> None:
    parts = families.parts(uow, [transaction.cash_account_id], columns="amount").get(transaction.id, [])
    changed = families.free_rest(uow, transaction.id) if parts else transaction
    if changed is None or changed.cleared or changed.matched_amount or changed.reconciliation_id is not None:
        raise WrongState(
            f"Transaction {transaction.external_id} is cleared, matched or reconciled.",
            cure="Undo its match and untick it first, or decline the change: recon book decide-change CHANGE --decline",
        )
    if parts:
        others = transaction.amount + sum(part.amount for part in parts) - changed.amount
        values = values | {"amount": values["amount"] - others, "batch": changed.batch}
        if values["amount"] == 0:
            values = {"status": TransactionStatus.REJECTED.value}
        elif (values["amount"] > 0) != (changed.amount > 0):
            raise WrongState(
                f"The other parts of transaction {transaction.external_id} come to more than its new amount.",
                cure="Undo their matches first, or decline the change.",
            )
    act.update("book_transaction", [changed.id], values | {"version": changed.version + 1})


def create_transaction(  # noqa: PLR0913  the fields of a transaction
    uow: UnitOfWork,
    *,
    account_id: int,
    transaction_date: date,
    amount: int,
    kind: str = TransactionKind.JOURNAL,
    reference: str = "",
    counterparty: str = "",
    description: str = "",
    external_id: str | None = None,
    hold: bool = False,
    released: bool = False,
    by: str,
    at: datetime,
) -> int:
    """Enter a book transaction by hand and return its id; it is unreleased unless said."""
    account = lookup.locked_account(uow, account_id)
    control.check_periods_open(uow, [transaction_date])
    row = BookRow(account_id, external_id or "-", transaction_date, amount, reference, counterparty, description, kind)
    _check_rows([row])
    status = TransactionStatus.HOLD if hold else TransactionStatus.RELEASED if released else TransactionStatus.BALANCED
    with uow.action("book.create", subject=("book_transaction", 0), account_id=account_id, by=by, at=at) as act:
        return insert_own(uow, act, row, currency=account.currency, status=status, external_id=external_id)


def insert_own(
    uow: UnitOfWork,
    act: Action,
    row: BookRow,
    *,
    currency: str,
    status: TransactionStatus,
    external_id: str | None = None,
    voids_id: int | None = None,
    voucher_id: int | None = None,
) -> int:
    """Insert a transaction made here. Without an external id it is named by its own id, "T17"."""
    (row_id,) = uow.reserve_ids("book_transaction", 1)
    values = {
        "id": row_id,
        "cash_account_id": row.account_id,
        "source": OWN_SOURCE,
        "external_id": external_id or f"T{row_id}",
        "transaction_date": row.transaction_date,
        "amount": row.amount,
        "currency": currency,
        "kind": str(row.kind),
        "reference": row.reference,
        "counterparty": row.counterparty,
        "description": row.description,
        "status": status.value,
        "voids_id": voids_id,
        "voucher_id": voucher_id,
    }
    return act.insert_row("book_transaction", values)


def release_transactions(uow: UnitOfWork, *, ids: Sequence[int], by: str, at: datetime) -> None:
    """Release transactions that need no voucher of ours. Adjustments and transfers are released where they are made.

    Raises `WrongState` for one on hold, rejected or released already.
    """
    rows = lookup.locked(uow, "book_transaction", ids)
    control.check_periods_open(uow, [row.transaction_date for row in rows])
    for row in rows:
        if row.status != TransactionStatus.BALANCED:
            cure = f"Take it off hold: recon book hold {row.id} --remove" if row.status == "hold" else "Leave it out."
            raise WrongState(f"Transaction {row.external_id} is {row.status}.", cure=cure)
        if row.kind in _RELEASED_ELSEWHERE and row.source == OWN_SOURCE:
            raise WrongState(
                f"Transaction {row.external_id} is a {row.kind} made here.", cure=_RELEASED_ELSEWHERE[row.kind]
            )
    for account_id in sorted({row.cash_account_id for row in rows}):
        mine = [row.id for row in rows if row.cash_account_id == account_id]
        subject = ("cash_account", account_id)
        with uow.action("book.release", subject=subject, account_id=account_id, by=by, at=at) as act:
            act.update("book_transaction", mine, {"status": TransactionStatus.RELEASED.value})


def hold_transaction(uow: UnitOfWork, *, transaction_id: int, hold: bool, by: str, at: datetime) -> None:
    """Put an unreleased transaction on hold, or take it off."""
    row = lookup.locked(uow, "book_transaction", [transaction_id])[0]
    wanted, needed = TransactionStatus.HOLD, TransactionStatus.BALANCED
    if not hold:
        wanted, needed = needed, wanted
    if row.status != needed:
        raise WrongState(f"Transaction {row.external_id} is {row.status}.", cure=f"It must be {needed} for that.")
    subject = ("book_transaction", row.id)
    with uow.action("book.hold", subject=subject, account_id=row.cash_account_id, by=by, at=at) as act:
        act.update("book_transaction", [row.id], {"status": wanted.value})


def is_closed(uow: UnitOfWork, row: Any) -> bool:
    """Whether a transaction is in a closed document."""
    closed = "SELECT id FROM reconciliation WHERE id = :id AND state = 'closed'"
    return row.reconciliation_id is not None and uow.value(closed, {"id": row.reconciliation_id}) is not None


def check_open(uow: UnitOfWork, rows: Iterable[Any]) -> None:
    """Raise `Closed` if one of the transactions is in a closed document."""
    documents = {row.reconciliation_id: row for row in rows if row.reconciliation_id is not None}
    sql = (
        "SELECT r.id, r.number, a.code FROM reconciliation r JOIN cash_account a ON a.id = r.cash_account_id"
        " WHERE r.state = 'closed' AND r.id IN :ids"
    )
    for document in uow.select(sql, {"ids": list(documents)}):
        raise Closed(
            f"Transaction {documents[document.id].external_id} is in the closed reconciliation {document.number}.",
            cure="Void that reconciliation first, the later ones before it: recon reconcile void"
            f" {document.code} --number {document.number}",
        )


def check_unclear(row: Any) -> None:
    """Raise `Conflict` for a transaction that a bank line proved or that is ticked: it stays cleared."""
    if row.processed:
        raise Conflict(
            f"A bank line proved transaction {row.external_id}.",
            cure=UNDO_MATCH.format(row.id),
        )
    if row.reconciliation_id is not None:
        raise Conflict(
            f"Transaction {row.external_id} is ticked as reconciled.",
            cure=f"Untick it first: recon reconcile untick ACCOUNT {row.id}",
        )


def set_cleared(uow: UnitOfWork, *, ids: Sequence[int], clear_date: date | None, by: str, at: datetime) -> None:
    """Mark transactions cleared (kontrollerad) by hand on a date, or with None take the mark away.

    Raises `Unreleased` for one that is not released, `Conflict` for unclearing one that a bank line proved or that is
    ticked in a document, `Closed`.
    """
    rows = lookup.locked(uow, "book_transaction", ids)
    check_open(uow, rows)
    for row in rows:
        if clear_date is not None and row.status != TransactionStatus.RELEASED:
            raise Unreleased(
                f"Transaction {row.external_id} is {row.status}.", cure=f"Release it first: recon book release {row.id}"
            )
        if clear_date is None:
            check_unclear(row)
    values: dict[str, Any] = {"cleared": False, "clear_date": None, "cleared_by": None, "cleared_at": None}
    if clear_date is not None:
        values = {"cleared": True, "clear_date": clear_date, "cleared_by": by, "cleared_at": at}
    wanted = [row for row in rows if clear_date is None or not row.processed]
    for account_id in sorted({row.cash_account_id for row in wanted}):
        mine = [row.id for row in wanted if row.cash_account_id == account_id]
        subject = ("cash_account", account_id)
        with uow.action("book.clear", subject=subject, account_id=account_id, by=by, at=at) as act:
            act.update("book_transaction", mine, values)
