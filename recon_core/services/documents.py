"""Reads and row changes of reconciliation documents that several use cases share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from recon_core.domain.book import shown_status
from recon_core.domain.reconciliation import Document, Figures, ListedLine
from recon_core.domain.refusals import BadRequest, Unknown
from recon_core.domain.states import DocumentState, TransactionStatus
from recon_core.ports import Action, UnitOfWork
from recon_core.services import lookup

_ROW = "SELECT * FROM reconciliation WHERE id = :id"
_NUMBERED = "SELECT r.id, a.code FROM reconciliation r JOIN cash_account a ON a.id = r.cash_account_id"
_OPEN = (
    "SELECT cash_account_id, id FROM reconciliation WHERE cash_account_id = :account AND state IN ('hold', 'balanced')"
)
_LAST_CLOSED = (
    "SELECT d.* FROM cash_account a JOIN reconciliation d ON d.id = (SELECT c.id FROM reconciliation c"
    " WHERE c.cash_account_id = a.id AND c.state = 'closed' ORDER BY c.reconciliation_date DESC LIMIT 1)"
    " WHERE a.id = :account"
)
_RELEASE, _FREE = "release it first", "take it off hold and release it"
OPEN = [DocumentState.HOLD.value, DocumentState.BALANCED.value]

# A released voiding entry in the same document as its original is taken off the original's side and not counted.
_FIGURES = (
    "SELECT document, coalesce(sum(CASE WHEN side > 0 THEN amount END), 0) AS receipts,"
    " coalesce(sum(CASE WHEN side > 0 THEN counted END), 0) AS receipt_count,"
    " coalesce(sum(CASE WHEN side < 0 THEN -amount END), 0) AS disbursements,"
    " coalesce(sum(CASE WHEN side < 0 THEN counted END), 0) AS disbursement_count FROM"
    " (SELECT t.reconciliation_id AS document, t.amount,"
    " CASE WHEN o.reconciliation_id = t.reconciliation_id AND :skip_voided THEN o.amount ELSE t.amount END AS side,"
    " CASE WHEN o.reconciliation_id = t.reconciliation_id AND :skip_voided THEN 0 ELSE 1 END AS counted"
    " FROM book_transaction t LEFT JOIN book_transaction o ON o.id = t.voids_id"
    " WHERE t.reconciliation_id IN :documents) ticked GROUP BY document"
)

_LISTED = (
    "SELECT t.id, t.source, t.external_id, t.transaction_date, t.amount, t.kind, t.status, t.reference, t.counterparty,"
    " t.description, t.batch, t.cleared, t.clear_date, t.processed, t.matched_amount, t.reconciliation_id, t.voids_id,"
    " CASE WHEN t.status <> 'released' THEN (SELECT a.id FROM adjustment a WHERE a.book_transaction_id = t.id) END"
    " AS adjustment_id, CASE WHEN t.status <> 'released' THEN (SELECT f.id FROM transfer f"
    " WHERE f.from_transaction_id = t.id OR f.to_transaction_id = t.id) END AS transfer_id,"
    " v.id AS void_id, v.status AS void_status, v.amount AS void_amount, v.reconciliation_id AS void_document,"
    " v.transaction_date AS void_date, CASE WHEN v.processed THEN v.clear_date END AS void_proved_date,"
    " n.number AS voucher_number FROM book_transaction t"
    " LEFT JOIN book_transaction v ON v.voids_id = t.id AND v.status <> 'rejected'"
    " LEFT JOIN book_transaction o ON o.id = t.voids_id LEFT JOIN voucher n ON n.id = t.voucher_id"
)


def row(uow: UnitOfWork, document_id: int) -> Any:
    """The row of a document. Raises `Unknown`."""
    rows = uow.known(_ROW, {"id": document_id})
    if not rows:
        raise Unknown(f"There is no reconciliation with id {document_id}.")
    return rows[0]


def locked(uow: UnitOfWork, document_id: int) -> Any:
    """The row of a document, its account held until the transaction ends."""
    uow.lock_accounts([row(uow, document_id).cash_account_id])
    return row(uow, document_id)


def find(uow: UnitOfWork, *, account_id: int, number: str) -> int:
    """The id of a closed or voided document by its number, or by what stands behind the zeros. Raises `Unknown`."""
    found = _numbered(uow, number, "AND r.cash_account_id = :account", account=account_id)
    if not found:
        raise Unknown(f"The account has no reconciliation {number}.", cure="List them: recon history ACCOUNT")
    return int(found[0].id)


def _numbered(uow: UnitOfWork, number: str, also: str = "", **values: object) -> list[Any]:
    for same in ("r.number = :number", "ltrim(r.number, '0') = ltrim(:number, '0')"):
        rows = uow.select(f"{_NUMBERED} WHERE {same} {also}", {"number": number, **values})
        if rows:
            return rows
    return []


def find_number(uow: UnitOfWork, *, number: str, account_id: int | None = None) -> int:
    """The id of the document with a number, of one account or of any. Raises `Unknown`, `BadRequest` if several have
    it.
    """
    if account_id is not None:
        return find(uow, account_id=account_id, number=number)
    rows = _numbered(uow, number)
    if not rows:
        raise Unknown(f"There is no reconciliation {number}.", cure="List them: recon history")
    if len(rows) > 1:
        codes = ", ".join(row.code for row in rows)
        raise BadRequest(f"The accounts {codes} have a reconciliation {number}.", cure="Say which: --account CODE")
    return int(rows[0].id)


def open_id(uow: UnitOfWork, account_id: int) -> int | None:
    """The id of the account's open document, if it has one."""
    found = uow.known(_OPEN, {"account": account_id})
    return int(found[0].id) if found else None


def last_closed(uow: UnitOfWork, account_id: int) -> Any | None:
    """The row of the account's latest closed document."""
    rows = uow.known(_LAST_CLOSED, {"account": account_id})
    if not rows:
        return None
    uow.remember(_ROW, {"id": rows[0].id}, rows, account_id=account_id)
    return rows[0]


def foresee(uow: UnitOfWork, accounts: Sequence[int]) -> None:
    """Ask for the open and the latest closed documents of accounts together."""
    for sql in (_OPEN, _LAST_CLOSED):
        lookup.foresee(uow, sql, accounts)


def foresee_predecessors(uow: UnitOfWork, accounts: Sequence[int]) -> None:
    """Ask for the predecessors of the accounts' open documents together."""
    sql = (
        "SELECT p.* FROM reconciliation r JOIN reconciliation p ON p.id = r.predecessor_id"
        " WHERE r.cash_account_id IN :accounts AND r.state IN ('hold', 'balanced')"
    )
    for one in uow.select(sql, {"accounts": list(accounts)}):
        uow.remember(_ROW, {"id": one.id}, [one], account_id=one.cash_account_id)


def figures(uow: UnitOfWork, document: Any) -> Figures:
    """The document's figures, summed by the database; for closed and voided ones as they were frozen."""
    if document.state not in OPEN:
        frozen = (document.receipts, document.receipt_count, document.disbursements, document.disbursement_count)
        return Figures(document.beginning_balance, document.statement_balance, *frozen)
    return _summed(uow, [document], {"account": document.cash_account_id})[document.id]


def open_figures(uow: UnitOfWork, document_ids: Sequence[int]) -> dict[int, Figures]:
    """The figures of open documents by their ids, summed together."""
    if not document_ids:
        return {}
    sql = "SELECT id, beginning_balance, statement_balance, skip_voided FROM reconciliation WHERE id IN :documents"
    return _summed(uow, uow.select(sql, {"documents": list(document_ids)}), {})


def _summed(uow: UnitOfWork, documents: Sequence[Any], about: Mapping[str, int]) -> dict[int, Figures]:
    found = {}
    for skip in {document.skip_voided for document in documents}:
        mine = [document for document in documents if document.skip_voided == skip]
        asked: dict[str, Any] = {"documents": [document.id for document in mine], "skip_voided": skip}
        summed = {row.document: row[1:] for row in uow.known(_FIGURES, {**asked, **about})}
        for one in mine:
            sums = map(int, summed.get(one.id, (0, 0, 0, 0)))
            found[one.id] = Figures(one.beginning_balance, one.statement_balance, *sums)
    return found


def get(uow: UnitOfWork, document_id: int) -> Document:
    """The document with its figures. Raises `Unknown`."""
    found = row(uow, document_id)
    account = lookup.account(uow, found.cash_account_id)
    last = None if found.predecessor_id is None else row(uow, found.predecessor_id).reconciliation_date
    differ = []
    if found.skip_voided != lookup.settings(uow).skip_voided:
        differ.append("skip_voided")
    if found.match_batches != account.match_batches:
        differ.append("match_batches")
    values = {name: getattr(found, name) for name in Document._fields if hasattr(found, name)}
    return Document(
        **values,
        last_reconciliation_date=last,
        currency=account.currency,
        figures=figures(uow, found),
        settings_differ=tuple(differ),
    )


def rows_listed(
    uow: UnitOfWork,
    document: Any,
    *,
    load_to: date | None = None,
    ids: Sequence[int] | None = None,
    after: tuple[date, int] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Any]:
    """Rows that the document lists, without hidden voiding entries, by date: its own, and while it is open those of
    no document dated up to `load_to` (by default the reconciliation date). A voided document lists nothing.
    """
    if document.state == DocumentState.VOIDED:
        return []
    where, values = _listing(document, load_to)
    if ids is not None:
        where.append("t.id IN :ids")
        values["ids"] = ids
    if after is not None:
        where.append("(t.transaction_date > :day OR (t.transaction_date = :day AND t.id > :last))")
        values |= {"day": after[0], "last": after[1]}
    sql = f"{_LISTED} WHERE {' AND '.join(where)} ORDER BY t.transaction_date, t.id"
    if limit is not None:
        sql += " LIMIT :limit OFFSET :offset"
        values |= {"limit": limit, "offset": offset}
    return uow.select(sql, values)


def count_listed(uow: UnitOfWork, document_id: int) -> int:
    """How many rows the document lists."""
    document = row(uow, document_id)
    if document.state == DocumentState.VOIDED:
        return 0
    where, values = _listing(document, None)
    joined = "FROM book_transaction t LEFT JOIN book_transaction o ON o.id = t.voids_id"
    return int(uow.value(f"SELECT count(*) AS n {joined} WHERE {' AND '.join(where)}", values))


def _listing(document: Any, load_to: date | None) -> tuple[list[str], dict[str, Any]]:
    """What makes a row one that the document lists: conditions on the transaction `t` and its original `o`."""
    where = ["t.cash_account_id = :account", "t.status <> 'rejected'"]
    values: dict[str, Any] = {"account": document.cash_account_id, "document": document.id}
    if document.state in OPEN:
        where.append(
            "(t.reconciliation_id = :document OR (t.reconciliation_id IS NULL AND t.transaction_date <= :load_to))"
        )
        values["load_to"] = load_to or document.reconciliation_date
    else:
        where.append("t.reconciliation_id = :document")
    if document.skip_voided:
        where.append(
            "NOT (t.voids_id IS NOT NULL AND t.status = 'released' AND"
            " ((t.reconciliation_id IS NULL AND o.reconciliation_id IS NULL AND o.status <> 'rejected')"
            " OR (t.reconciliation_id IS NOT NULL AND t.reconciliation_id = o.reconciliation_id)))"
        )
    return where, values


def warning(document: Any, line: Any) -> str:
    """Why a listed row can't be ticked, or nothing."""
    if line.status != TransactionStatus.RELEASED:
        return f"It is {line.status}: {how_to_release(line)}"
    if document.skip_voided and line.void_id is not None and line.void_status != TransactionStatus.RELEASED:
        return f"Its voiding entry is not released: recon book decide-void {line.void_id} --release (or --reject)"
    if line.transaction_date > document.reconciliation_date:
        return f"It is dated after {document.reconciliation_date}."
    return ""


def how_to_release(line: Any) -> str:
    """The command that releases a listed row which is not released; the first of two where it is on hold."""
    held = line.status == TransactionStatus.HOLD
    if line.voids_id is not None:
        return f"{_RELEASE}: recon book decide-void {line.id} --release"
    if line.transfer_id is not None:
        return f"{_RELEASE}: recon transfer release {line.transfer_id}"
    if line.adjustment_id is not None:
        command = f"edit {line.adjustment_id} --no-hold" if held else f"release {line.adjustment_id}"
        return f"{_FREE if held else _RELEASE}: recon adjust {command}"
    command = f"hold {line.id} --remove" if held else f"release {line.id}"
    return f"{_FREE if held else _RELEASE}: recon book {command}"


def carried_void(document: Any, line: Any) -> int | None:
    """The id of the voiding entry that goes wherever a row goes, or None (reconciliation 7). Where the bank has carried
    out the row and not yet given it back, only the row is on the statement.
    """
    if not document.skip_voided or line.void_id is None or line.void_status != TransactionStatus.RELEASED:
        return None
    together = line.void_document == line.reconciliation_id
    in_time = line.reconciliation_id is not None or line.void_date <= document.reconciliation_date
    if line.reconciliation_id is None and line.processed:
        in_time = line.void_proved_date is not None and line.void_proved_date <= document.reconciliation_date
    return int(line.void_id) if together and in_time else None


def listed(
    uow: UnitOfWork,
    document_id: int,
    *,
    load_to: date | None = None,
    after: tuple[date, int] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[ListedLine]:
    """The document's lines for people, by date; `after` (date and id of the last one seen) or `offset`, and `limit` page.

    The payments of a batch are a line each; where the document shows batches they go by its name and are ticked together.
    """
    document = row(uow, document_id)
    lines = []
    for line in rows_listed(uow, document, load_to=load_to, after=after, limit=limit, offset=offset):
        void_id = carried_void(document, line)
        lines.append(
            ListedLine(
                ids=(line.id,) if void_id is None else (line.id, void_id),
                transaction_date=line.transaction_date,
                amount=line.amount + (line.void_amount if void_id is not None else 0),
                reconciled=line.reconciliation_id is not None,
                cleared=line.cleared,
                clear_date=line.clear_date,
                processed=line.processed,
                proved=line.matched_amount,
                external_id=line.external_id,
                kind=line.kind,
                status=shown_status(
                    status=line.status, is_void=line.voids_id is not None, void_status=line.void_status
                ),
                reference=line.reference or (line.batch if document.match_batches else ""),
                counterparty=line.counterparty,
                description=line.description,
                voucher_number=line.voucher_number,
                source=line.source,
                warning=warning(document, line) if document.state in OPEN else "",
            )
        )
    return lines


def untick_rows(uow: UnitOfWork, act: Action, rows: Sequence[Any]) -> list[int]:
    """Take transactions out of their open documents, with the voiding entries that went with them.

    A balanced document goes back on hold. Returns the ids of the documents. Cleared stays.
    """
    if not rows:
        return []
    document_ids = sorted({one.reconciliation_id for one in rows})
    documents = lookup.many(uow, "reconciliation", document_ids, "*")
    ids = list(dict.fromkeys(one.id for one in rows))
    pairs = uow.select(
        "SELECT v.id FROM book_transaction t JOIN book_transaction v ON v.voids_id = t.id AND v.status <> 'rejected'"
        " WHERE t.id IN :ids AND v.reconciliation_id = t.reconciliation_id",
        {"ids": ids},
    )
    hidden = [one.id for one in pairs if one.id not in set(ids)]
    act.update("book_transaction", [*ids, *hidden], {"reconciliation_id": None, "reconciled_date": None})
    for document in documents.values():
        touch(uow, act, document, {"state": DocumentState.HOLD.value})
    return document_ids


def touch(uow: UnitOfWork, act: Action, document: Any, values: dict[str, Any]) -> None:
    """Change a document, whose present row this is, with the stamps of who and when and the next version."""
    values = {**values, "changed_by": act.by, "changed_at": act.at, "version": document.version + 1}
    act.update("reconciliation", [document.id], values, before={name: getattr(document, name) for name in values})
    now = document._replace(**values)
    uow.remember(_ROW, {"id": document.id}, [now], account_id=document.cash_account_id)
