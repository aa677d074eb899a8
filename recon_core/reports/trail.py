"""From any item back to file and byte, and on to document and number: each step with who, when and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from recon_core.domain.money import Money
from recon_core.domain.refusals import Unknown
from recon_core.ports import UnitOfWork


class Step(NamedTuple):
    """A station on the way. `kind` and `id` name it, so that the trail can be taken up from there."""

    kind: str
    id: int
    text: str
    by: str = ""
    at: datetime | None = None


class Trail(NamedTuple):
    """The stations in order from the bank's file to the closed document, and what the log has on the item itself."""

    steps: tuple[Step, ...]
    log: tuple[Step, ...]


KINDS = ("file", "statement", "line", "decision", "transaction", "adjustment", "voucher", "document")
_TABLES = {
    "file": "source_file",
    "statement": "statement",
    "line": "statement_line",
    "decision": "decision",
    "transaction": "book_transaction",
    "adjustment": "adjustment",
    "voucher": "voucher",
    "document": "reconciliation",
}
# For each kind, how the ids of the others are found; a decision is the hub of both sides.
_LINES_OF = {
    "file": "SELECT l.id FROM statement_line l JOIN statement s ON s.id = l.statement_id WHERE s.source_file_id = :id",
    "statement": "SELECT id FROM statement_line WHERE statement_id = :id UNION"
    " SELECT statement_line_id AS id FROM known_line WHERE statement_id = :id",
    "line": "SELECT id FROM statement_line WHERE id = :id",
    "decision": "SELECT statement_line_id AS id FROM decision_line WHERE decision_id = :id",
    "transaction": "SELECT l.statement_line_id AS id FROM decision_line l"
    " JOIN decision_transaction t ON t.decision_id = l.decision_id WHERE t.book_transaction_id = :id",
    "document": "SELECT l.statement_line_id AS id FROM decision_line l"
    " JOIN decision_transaction t ON t.decision_id = l.decision_id"
    " JOIN book_transaction b ON b.id = t.book_transaction_id WHERE b.reconciliation_id = :id",
}


def trail(uow: UnitOfWork, *, kind: str, item_id: int) -> Trail:
    """The trail of an item; `kind` is one of `KINDS`. Raises `Unknown`."""
    if kind not in KINDS:
        raise Unknown(f"There is no kind {kind!r}.", cure=f"Use one of: {', '.join(KINDS)}.")
    if uow.value(f"SELECT id FROM {_TABLES[kind]} WHERE id = :id", {"id": item_id}) is None:  # noqa: S608  our tables
        raise Unknown(f"There is no {kind} {item_id}.")
    log = tuple(_logged(uow, kind, item_id))
    hub, hub_id = kind, item_id
    if kind == "adjustment":
        hub, hub_id = "transaction", _value(uow, "SELECT book_transaction_id FROM adjustment WHERE id = :id", item_id)
    elif kind == "voucher":
        found = uow.value("SELECT min(id) AS id FROM book_transaction WHERE voucher_id = :id", {"id": item_id})
        hub, hub_id = ("transaction", int(found)) if found is not None else ("voucher", item_id)
    lines = [] if hub == "voucher" else [row.id for row in uow.select(_LINES_OF[hub], {"id": hub_id})]
    steps: list[Step] = []
    steps += _bank_side(uow, lines)
    transactions = _transactions_of(uow, hub, hub_id, lines)
    steps += _book_side(uow, transactions)
    return Trail(tuple(dict.fromkeys(steps)), log)


# How each kind is called by people, for a trail by name.
_NAMES = (
    ("line", "SELECT id FROM statement_line WHERE bank_reference = :name"),
    ("transaction", "SELECT id FROM book_transaction WHERE external_id = :name"),
    ("voucher", "SELECT id FROM voucher WHERE number = :name"),
    ("document", "SELECT id FROM reconciliation WHERE number = :name"),
    ("statement", "SELECT id FROM statement WHERE bank_statement_id = :name"),
    ("file", "SELECT id FROM source_file WHERE name = :name OR sha256 = :name"),
)


def named(uow: UnitOfWork, name: str) -> list[tuple[str, int]]:
    """The items with a name: kind and id of each. Raises `Unknown` if nothing is called so."""
    found = [(kind, row.id) for kind, sql in _NAMES for row in uow.select(f"{sql} ORDER BY id", {"name": name})]
    if not found:
        raise Unknown(f"Nothing is called {name!r}.", cure="Give its kind and number, such as: recon trail line 17")
    return found


def _bank_side(uow: UnitOfWork, lines: list[int]) -> Iterator[Step]:
    yield from _files(uow, lines)
    yield from _statements(uow, lines)
    yield from _bank_lines(uow, lines)
    yield from _decisions(uow, lines)


def _book_side(uow: UnitOfWork, transactions: list[int]) -> Iterator[Step]:
    yield from _transactions(uow, transactions)
    yield from _adjustments(uow, transactions)
    yield from _vouchers(uow, transactions)
    yield from _documents(uow, transactions)


def _value(uow: UnitOfWork, sql: str, item_id: int) -> int:
    return int(uow.value(sql, {"id": item_id}))


def _transactions_of(uow: UnitOfWork, hub: str, hub_id: int, lines: list[int]) -> list[int]:
    sql = (
        "SELECT DISTINCT t.book_transaction_id AS id FROM decision_transaction t"
        " JOIN decision_line l ON l.decision_id = t.decision_id WHERE l.statement_line_id IN :ids"
    )
    found = [row.id for row in uow.select(sql, {"ids": lines})]
    if hub == "transaction":
        found.append(hub_id)
    if hub == "document":
        sql = "SELECT book_transaction_id AS id FROM reconciliation_line WHERE reconciliation_id = :id"
        found += [row.id for row in uow.select(sql, {"id": hub_id})]
    return sorted(set(found))


def _files(uow: UnitOfWork, lines: list[int]) -> Iterator[Step]:
    rows = uow.select(
        "SELECT DISTINCT f.id, f.name, f.sha256, f.size, f.received_by, f.received_at FROM source_file f"
        " JOIN statement s ON s.source_file_id = f.id JOIN statement_line l ON l.statement_id = s.id"
        " WHERE l.id IN :ids ORDER BY f.id",
        {"ids": lines},
    )
    for row in rows:
        text = f"{row.name}, {row.size} bytes, SHA-256 {row.sha256}"
        yield Step("file", row.id, text, row.received_by, row.received_at)


def _statements(uow: UnitOfWork, lines: list[int]) -> Iterator[Step]:
    rows = uow.select(
        "SELECT DISTINCT s.id, s.format, s.bank_statement_id, s.sequence, s.state, s.balanced FROM statement s"
        " JOIN statement_line l ON l.statement_id = s.id WHERE l.id IN :ids ORDER BY s.id",
        {"ids": lines},
    )
    proof = {"yes": "proved by its balances", "no": "does not add up", "": "without balances"}
    for row in rows:
        name = row.bank_statement_id or row.sequence or "without a number"
        yield Step("statement", row.id, f"{row.format} {name}, {row.state}, {proof[row.balanced]}")


def _bank_lines(uow: UnitOfWork, lines: list[int]) -> Iterator[Step]:
    rows = uow.select(
        "SELECT id, line_index, booking_date, amount, currency, state, state_reason, source_where, bank_reference,"
        " occurrence FROM statement_line WHERE id IN :ids ORDER BY id",
        {"ids": lines},
    )
    for row in rows:
        place = f", at {row.source_where}" if row.source_where else ""
        again = f", {row.occurrence}. of its kind that day" if row.occurrence > 1 else ""
        reason = f" ({row.state_reason})" if row.state_reason else ""
        amount = f"{Money(row.amount, row.currency)}"
        name = f" {row.bank_reference}" if row.bank_reference else ""
        text = f"line {row.line_index}{place}: {row.booking_date} {amount}{name}{again}, {row.state}{reason}"
        yield Step("line", row.id, text)


def _words(evidence: str) -> str:
    """Evidence as a sentence: whoever decided keeps it as text, or as JSON whose texts are read here, of a pair of code
    and text the text.
    """
    try:
        return "; ".join(_texts(json.loads(evidence)))
    except ValueError:
        return evidence


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            is_pair = isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) for part in one)
            yield from _texts(one[1] if is_pair else one)
    elif isinstance(value, dict):
        yield from _texts(list(value.values()))


def _decisions(uow: UnitOfWork, lines: list[int]) -> Iterator[Step]:
    rows = uow.select(
        "SELECT DISTINCT d.id, d.kind, d.state, d.decided_by, b.decided_at, d.reference, d.evidence, d.undone_by,"
        " d.undone_at, d.undo_reason FROM decision d JOIN decision_batch b ON b.id = d.decision_batch_id"
        " JOIN decision_line l ON l.decision_id = d.id WHERE l.statement_line_id IN :ids ORDER BY d.id",
        {"ids": lines},
    )
    for row in rows:
        why = " ".join(part for part in (row.reference, _words(row.evidence)) if part)
        yield Step("decision", row.id, f"{row.kind}{f', because {why}' if why else ''}", row.decided_by, row.decided_at)
        if row.undone_at is not None:
            reason = f": {row.undo_reason}" if row.undo_reason else ""
            yield Step("decision", row.id, f"undone{reason}", row.undone_by, row.undone_at)


def _transactions(uow: UnitOfWork, ids: list[int]) -> Iterator[Step]:
    rows = uow.select(
        "SELECT t.id, t.external_id, t.source, t.transaction_date, t.amount, t.currency, t.kind, t.status, t.cleared,"
        " t.clear_date, t.cleared_by, t.cleared_at, o.external_id AS original FROM book_transaction t"
        " LEFT JOIN book_transaction o ON o.id = t.split_of_id WHERE t.id IN :ids ORDER BY t.id",
        {"ids": ids},
    )
    for row in rows:
        amount = f"{Money(row.amount, row.currency)}"
        cleared = f", cleared {row.clear_date}" if row.cleared else ""
        source = f" of {row.source}" if row.source else f", split off {row.original}" if row.original else ""
        text = f"{row.kind} {row.external_id}{source}: {row.transaction_date} {amount}, {row.status}{cleared}"
        yield Step("transaction", row.id, text, row.cleared_by or "", row.cleared_at)


def _adjustments(uow: UnitOfWork, ids: list[int]) -> Iterator[Step]:
    rows = uow.select(
        "SELECT a.id, a.state, a.offset_account, a.created_by, a.created_at, a.approved_by, e.name FROM adjustment a"
        " JOIN entry_type e ON e.id = a.entry_type_id WHERE a.book_transaction_id IN :ids ORDER BY a.id",
        {"ids": ids},
    )
    for row in rows:
        approved = f", released by {row.approved_by}" if row.approved_by else ""
        text = f"{row.name} against {row.offset_account}, {row.state}{approved}"
        yield Step("adjustment", row.id, text, row.created_by, row.created_at)


def _vouchers(uow: UnitOfWork, ids: list[int]) -> Iterator[Step]:
    rows = uow.select(
        "SELECT DISTINCT v.id, v.number, v.voucher_date, v.description FROM voucher v"
        " JOIN book_transaction t ON t.voucher_id = v.id WHERE t.id IN :ids ORDER BY v.id",
        {"ids": ids},
    )
    for row in rows:
        yield Step("voucher", row.id, f"{row.number} of {row.voucher_date}: {row.description}")


def _documents(uow: UnitOfWork, ids: list[int]) -> Iterator[Step]:
    rows = uow.select(
        "SELECT DISTINCT r.id, r.state, r.number, r.reconciliation_date, r.released_by, r.released_at, r.bound_sha256"
        " FROM reconciliation r LEFT JOIN reconciliation_line l ON l.reconciliation_id = r.id"
        " LEFT JOIN book_transaction t ON t.reconciliation_id = r.id"
        " WHERE l.book_transaction_id IN :ids OR t.id IN :ids ORDER BY r.id",
        {"ids": ids},
    )
    for row in rows:
        bound = f", bound {row.bound_sha256}" if row.bound_sha256 else ""
        name = row.number or "not numbered"
        text = f"{name} of {row.reconciliation_date}, {row.state}{bound}"
        yield Step("document", row.id, text, row.released_by or "", row.released_at)


# The log names a bulk, not each of its rows: where the entries about an item stand beside its own.
_SUBJECTS = {
    "line": "SELECT 'statement' AS kind, statement_id AS subject_id FROM statement_line WHERE id = :id UNION"
    " SELECT 'decision_batch' AS kind, d.decision_batch_id AS subject_id FROM decision d"
    " JOIN decision_line l ON l.decision_id = d.id WHERE l.statement_line_id = :id",
    "decision": "SELECT 'decision_batch' AS kind, decision_batch_id AS subject_id FROM decision WHERE id = :id",
    "transaction": "SELECT 'book_import' AS kind, book_import_id AS subject_id FROM book_transaction"
    " WHERE id = :id AND book_import_id IS NOT NULL UNION"
    " SELECT 'decision_batch' AS kind, d.decision_batch_id AS subject_id FROM decision d"
    " JOIN decision_transaction t ON t.decision_id = d.id WHERE t.book_transaction_id = :id UNION"
    " SELECT 'adjustment' AS kind, id AS subject_id FROM adjustment WHERE book_transaction_id = :id UNION"
    " SELECT 'book_transaction' AS kind, split_of_id AS subject_id FROM book_transaction"
    " WHERE id = :id AND split_of_id IS NOT NULL",
}


def _logged(uow: UnitOfWork, kind: str, item_id: int) -> Iterator[Step]:
    subjects = [(_TABLES[kind], item_id)]
    if kind in _SUBJECTS:
        subjects += [(row.kind, row.subject_id) for row in uow.select(_SUBJECTS[kind], {"id": item_id})]
    rows = [
        row
        for name, subject_id in subjects
        for row in uow.select(
            "SELECT seq, action, reason, happened_by, happened_at FROM log"
            " WHERE subject_kind = :kind AND subject_id = :id",
            {"kind": name, "id": subject_id},
        )
    ]
    for row in sorted(rows, key=lambda row: int(row.seq)):
        reason = f": {row.reason}" if row.reason else ""
        yield Step("log", row.seq, f"{row.action}{reason}", row.happened_by, row.happened_at)
