"""What a database says, line by line, without the numbers that depend on who was first: two databases in which the same
work was done are equal, however often it was interrupted.
"""

from __future__ import annotations

from typing import Any

from matcher.bootstrap import open_books
from recon_core.ports import UnitOfWork
from recon_core.services.history import verify_log

State = dict[str, list[Any]]

_QUERIES = {
    "lines": (
        "SELECT c.code, l.booking_date, l.line_key, l.occurrence, l.amount, l.state, l.used_amount, l.state_reason"
        " FROM statement_line l JOIN cash_account c ON c.id = l.cash_account_id"
    ),
    "transactions": (
        "SELECT c.code, t.source, CASE WHEN t.source = '' THEN '' ELSE t.external_id END AS external_id,"
        " t.transaction_date, t.amount, t.kind, t.status, t.description, t.cleared, t.clear_date, t.cleared_by,"
        " t.processed, t.matched_amount, t.reconciled_date, r.state AS document"
        " FROM book_transaction t JOIN cash_account c ON c.id = t.cash_account_id"
        " LEFT JOIN reconciliation r ON r.id = t.reconciliation_id"
    ),
    "decisions": (
        "SELECT c.code, d.kind, d.state, d.decided_by, d.line_total, d.book_total, d.adjustment_total, l.line_key,"
        " l.occurrence, dl.amount AS part, CASE WHEN t.source = '' THEN '' ELSE t.external_id END AS external_id,"
        " dt.amount AS book_part FROM decision d JOIN cash_account c ON c.id = d.cash_account_id"
        " LEFT JOIN decision_line dl ON dl.decision_id = d.id LEFT JOIN statement_line l ON l.id = dl.statement_line_id"
        " LEFT JOIN decision_transaction dt ON dt.decision_id = d.id"
        " LEFT JOIN book_transaction t ON t.id = dt.book_transaction_id"
    ),
    "adjustments": (
        "SELECT c.code, t.transaction_date, t.amount, a.state, a.created_by, a.approved_by, e.code AS entry_type"
        " FROM adjustment a JOIN book_transaction t ON t.id = a.book_transaction_id"
        " JOIN cash_account c ON c.id = t.cash_account_id JOIN entry_type e ON e.id = a.entry_type_id"
    ),
    "documents": (
        "SELECT c.code, r.reconciliation_date, r.state, r.beginning_balance, r.statement_balance, r.receipts,"
        " r.receipt_count, r.disbursements, r.disbursement_count, r.released_by FROM reconciliation r"
        " JOIN cash_account c ON c.id = r.cash_account_id"
    ),
    "statements": (
        "SELECT c.code, s.bank_statement_id, s.content_sha256, s.state, s.hold_reason, s.line_count, s.new_count,"
        " s.automatic, s.flags FROM statement s JOIN cash_account c ON c.id = s.cash_account_id"
    ),
    "files": "SELECT sha256, name, size, outcome, reason FROM source_file",
    "proposals": (
        "SELECT c.code, l.line_key, l.occurrence, p.verdict, p.category, p.score_ppm, p.difference"
        " FROM proposal p JOIN statement_line l ON l.id = p.statement_line_id"
        " JOIN cash_account c ON c.id = p.cash_account_id WHERE p.proposal_state = 'open'"
    ),
    "numbers": (
        "SELECT n.code, n.next_number, (SELECT count(DISTINCT r.number) FROM reconciliation r"
        " WHERE r.number IS NOT NULL) AS documents, (SELECT count(DISTINCT v.number) FROM voucher v) AS vouchers"
        " FROM number_series n"
    ),
}


def state_of(url: str) -> State:
    """The books of a database."""
    database = open_books(url)
    try:
        with database.read() as uow:
            return {name: _sorted(uow, sql) for name, sql in _QUERIES.items()}
    finally:
        database.close()


def _sorted(uow: UnitOfWork, sql: str) -> list[Any]:
    return sorted((tuple(row) for row in uow.select(sql)), key=repr)


def assert_equal(found: State, wanted: State) -> None:
    """Line by line; the first differences are shown."""
    for name, rows in wanted.items():
        lost = [row for row in rows if row not in found[name]][:3] if found[name] != rows else []
        extra = [row for row in found[name] if row not in rows][:3] if found[name] != rows else []
        assert found[name] == rows, (
            f"{name}: {len(found[name])} rows instead of {len(rows)}; lost {lost}; extra {extra}"
        )


def assert_sound(url: str) -> None:
    """The log is whole and gives the books when it is replayed; nothing is left claimed or running."""
    database = open_books(url)
    try:
        with database.read() as uow:
            report = verify_log(uow)
            assert report.broken == ()
            assert report.differences == ()
            assert uow.value("SELECT count(*) AS n FROM account_claim") == 0
            left = "SELECT count(*) AS n FROM night_job WHERE state IN ('waiting', 'running')"
            assert uow.value(left) == 0
            # Every bank line is used by standing decisions exactly as far as it says.
            wrong = uow.select(
                "SELECT l.id FROM statement_line l LEFT JOIN decision_line d ON d.statement_line_id = l.id"
                " AND d.decision_id IN (SELECT id FROM decision WHERE state = 'applied')"
                " GROUP BY l.id, l.used_amount HAVING coalesce(sum(d.amount), 0) <> l.used_amount"
            )
            assert wrong == []
    finally:
        database.close()
