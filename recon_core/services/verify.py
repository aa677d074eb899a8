"""Verify a closed document: that everything it is bound to is still there, and that it still says the same.

recon_core checks the files, settings, lines, figures, chain of documents and log. Whoever can read statements (the
matcher) passes `reread`, and the bank lines are compared with what the archived bytes say today.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

from recon_core import __version__
from recon_core.domain.history import replay, verify_chain
from recon_core.domain.identity import line_date, line_keys
from recon_core.domain.money import Money
from recon_core.domain.refused import InputError
from recon_core.domain.statement import LineStatus, StatementHeader, StatementKind, StatementLine
from recon_core.domain.states import DocumentState
from recon_core.ports import UnitOfWork
from recon_core.services import attachments, documents, history, lookup

Read = Iterable[tuple[StatementHeader, Sequence[StatementLine]]]
Reread = Callable[[str, bytes], Read]


_TEXTS = ("external_id", "source", "reference", "counterparty", "description", "kind")


class Check(NamedTuple):
    """One thing that was verified; `detail` names what is wrong, or what was compared."""

    name: str
    ok: bool
    detail: str


def verify_document(uow: UnitOfWork, *, document_id: int, reread: Reread | None = None) -> list[Check]:
    """All checks of a closed or voided document. Raises `Unknown`, `WrongState` for one that was never released."""
    document = documents.row(uow, document_id)
    if document.state in documents.OPEN:
        return [Check("state", ok=False, detail="It is not closed: there is nothing to verify yet.")]
    bound: dict[str, Any] = json.loads(document.bound)
    checks = [_bound(document), *_files(uow, bound), *_predecessor(uow, document, bound), *_lines(uow, document)]
    checks += [*_attached(uow, document), _version(bound), *_log(uow, document)]
    if reread is not None:
        checks += _bank_lines(uow, document, bound, reread)
    return checks


def _bound(document: Any) -> Check:
    right = sha256(document.bound.encode()).hexdigest() == document.bound_sha256
    return Check("bound", ok=right, detail=document.bound_sha256 if right else "What it is bound to was changed.")


def _version(bound: dict[str, Any]) -> Check:
    same = bound["engine"] == __version__
    text = f"Closed by version {bound['engine']}, verified by {__version__}."
    return Check("version", ok=True, detail=text if not same else f"Version {__version__} on both sides.")


def _files(uow: UnitOfWork, bound: dict[str, Any]) -> Iterator[Check]:
    wanted = bound["files"]
    found = {row.sha256: row for row in _contents(uow, wanted)}
    for digest in wanted:
        row = found.get(digest)
        if row is None:
            yield Check("file", ok=False, detail=f"The file {digest} is gone.")
        elif sha256(row.content).hexdigest() != digest:
            yield Check("file", ok=False, detail=f"The bytes of {row.name} are not those received.")
    yield Check("files", ok=True, detail=f"{len(wanted)} file(s) bound to it.")


def _attached(uow: UnitOfWork, document: Any) -> Iterator[Check]:
    """The bytes of what is attached are those received."""
    for row in attachments.attached(uow, document.id):
        right = sha256(attachments.content(uow, row.id)[1]).hexdigest() == row.sha256
        detail = f"{row.name}, {row.size} bytes." if right else f"The bytes of {row.name} are not those received."
        yield Check("attached", ok=right, detail=detail)


def _contents(uow: UnitOfWork, digests: list[str]) -> list[Any]:
    return uow.select("SELECT sha256, name, content FROM source_file WHERE sha256 IN :digests", {"digests": digests})


def _predecessor(uow: UnitOfWork, document: Any, bound: dict[str, Any]) -> Iterator[Check]:
    if document.predecessor_id is None:
        yield Check("predecessor", ok=document.beginning_balance == 0, detail="It is the account's first.")
        return
    before = documents.row(uow, document.predecessor_id)
    same = before.bound_sha256 == bound["predecessor"] and before.statement_balance == document.beginning_balance
    text = f"It continues {before.number}." if same else f"{before.number} is not what it continued."
    yield Check("predecessor", ok=same, detail=text)


def _lines(uow: UnitOfWork, document: Any) -> Iterator[Check]:
    """The frozen lines add up, and the transactions are still what they were when the document closed."""
    frozen = uow.select(
        "SELECT l.book_transaction_id AS id, l.amount, l.transaction_date, l.clear_date, t.amount AS now_amount,"
        " t.transaction_date AS now_date, t.clear_date AS now_clear_date, t.reconciliation_id, t.external_id"
        " FROM reconciliation_line l JOIN book_transaction t ON t.id = l.book_transaction_id"
        " WHERE l.reconciliation_id = :id ORDER BY l.book_transaction_id",
        {"id": document.id},
    )
    total = sum(row.amount for row in frozen)
    difference = document.statement_balance - document.beginning_balance - total
    currency = lookup.account(uow, document.cash_account_id).currency
    text = f"{len(frozen)} line(s), difference {Money(difference, currency)}."
    yield Check("zero", ok=difference == 0, detail=text)
    stands = document.state == DocumentState.CLOSED
    for row in frozen:
        same = (row.amount, row.transaction_date) == (row.now_amount, row.now_date)
        in_place = row.reconciliation_id == document.id and row.clear_date == row.now_clear_date
        if not same or (stands and not in_place):
            yield Check("line", ok=False, detail=f"Transaction {row.external_id} was changed after the close.")
    sql = "SELECT external_id FROM book_transaction WHERE reconciliation_id = :id AND NOT (id IN :ids)"
    for row in uow.select(sql, {"id": document.id, "ids": [row.id for row in frozen]}):
        yield Check("line", ok=False, detail=f"Transaction {row.external_id} was added after the close.")


def _log(uow: UnitOfWork, document: Any) -> Iterator[Check]:
    """The chain holds up to the release, and replayed up to there it closes the same lines with the same figures."""
    sql = (
        "SELECT min(seq) AS seq FROM log WHERE action = 'document.release'"
        " AND subject_kind = 'reconciliation' AND subject_id = :id"
    )
    through = uow.value(sql, {"id": document.id})
    if through is None:
        yield Check("log", ok=False, detail="The log has no release of it.")
        return
    _, _, broken = verify_chain(history.entries(uow, through=through))
    yield Check("log", ok=not broken, detail=str(broken[0]) if broken else f"The chain holds up to entry {through}.")
    state = replay(entry.payload for entry in history.entries(uow, through=through))
    logged = state["reconciliation"][(document.id,)]
    names = ("statement_balance", "beginning_balance", "receipts", "disbursements", "number", "bound_sha256")
    differ = [name for name in names if logged[name] != getattr(document, name)]
    ticked = {key[0] for key, row in state["book_transaction"].items() if row.get("reconciliation_id") == document.id}
    sql = "SELECT book_transaction_id AS id FROM reconciliation_line WHERE reconciliation_id = :id"
    same = ticked == {row.id for row in uow.select(sql, {"id": document.id})}
    detail = (
        f"It says otherwise on {', '.join(differ) or 'the lines'}." if differ or not same else "It comes out the same."
    )
    yield Check("replay", ok=not differ and same, detail=detail)
    if document.state == DocumentState.CLOSED:
        yield from _texts(uow, {key: state["book_transaction"][key,] for key in ticked})


def _texts(uow: UnitOfWork, logged: dict[int, Any]) -> Iterator[Check]:
    """What the transactions say of themselves is what the log had at the close."""
    sql = "SELECT * FROM book_transaction WHERE id IN :ids ORDER BY id"
    for row in uow.select(sql, {"ids": sorted(logged)}):
        other = [name for name in _TEXTS if name in logged[row.id] and logged[row.id][name] != getattr(row, name)]
        if other:
            says = f"Transaction {row.external_id}: {', '.join(other)} changed after the close."
            yield Check("line", ok=False, detail=says)


def _bank_lines(uow: UnitOfWork, document: Any, bound: dict[str, Any], reread: Reread) -> Iterator[Check]:
    """The bound files, read again, give the bank lines that are stored."""
    account = lookup.account(uow, document.cash_account_id)
    sql = (
        "SELECT s.id, f.sha256, l.booking_date, l.line_key FROM statement s"
        " JOIN source_file f ON f.id = s.source_file_id JOIN (SELECT statement_id, booking_date, line_key"
        " FROM statement_line UNION ALL SELECT k.statement_id, x.booking_date, x.line_key FROM known_line k"
        " JOIN statement_line x ON x.id = k.statement_line_id) l ON l.statement_id = s.id"
        " WHERE s.cash_account_id = :account AND s.state IN ('accepted', 'superseded') AND f.sha256 IN :digests"
    )
    stored: dict[str, Counter[Any]] = {digest: Counter() for digest in bound["files"]}
    for row in uow.select(sql, {"account": account.id, "digests": bound["files"]}):
        stored[row.sha256][row.booking_date, row.line_key] += 1
    for row in _contents(uow, bound["files"]):
        try:
            found = _keys(reread(row.name, bytes(row.content)))
        except InputError as error:
            yield Check("reread", ok=False, detail=str(error))
            continue
        missing = stored[row.sha256] - found
        text = f"{row.name}: {stored[row.sha256].total()} line(s) read again."
        if missing:
            text = f"{row.name}: {missing.total()} stored line(s) are not in the file as it is read today."
        yield Check("reread", ok=not missing, detail=text)


def _keys(statements: Read) -> Counter[tuple[date | None, str]]:
    found: Counter[tuple[date | None, str]] = Counter()
    for header, lines in statements:
        if header.kind == StatementKind.STATEMENT:
            booked = [line for line in lines if line.status == LineStatus.BOOKED]
            keys = line_keys(booked, statement_format=header.format)
            found.update(zip(map(line_date, booked), keys, strict=True))
    return found
