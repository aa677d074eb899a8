"""From a reconciliation to what templates get."""

from __future__ import annotations

from typing import Any

from matcher.pipeline.difference import Explained
from matcher.web.context import moment
from matcher.web.words import Words
from recon_core.domain.reconciliation import TRANSITIONS, Document, ListedLine
from recon_core.domain.refusals import Blocker
from recon_core.reports.outstanding import Bridge
from recon_core.reports.registers import HistoryRow


def attached_row(one: Any) -> dict[str, Any]:
    """A file that belongs to a document."""
    return {"id": one.id, "name": one.name, "size": one.size, "by": one.attached_by, "at": moment(one.attached_at)}


def document_view(document: Document, words: Words) -> dict[str, Any]:
    """The document: its figures, and which deeds its state allows."""
    figures, currency = document.figures, document.currency
    rows = (
        ("Beginning balance", figures.beginning_balance, ""),
        ("Reconciled receipts", figures.receipts, words.number(figures.receipt_count)),
        ("Reconciled disbursements", -figures.disbursements, words.number(figures.disbursement_count)),
        ("Reconciled balance", figures.reconciled_balance, ""),
        ("Statement balance", figures.statement_balance, ""),
    )
    return {
        "id": document.id,
        "version": document.version,
        "number": document.number or "",
        "state": document.state,
        "state_text": words.code(document.state),
        "day": document.reconciliation_date.isoformat(),
        "last_day": document.last_reconciliation_date.isoformat() if document.last_reconciliation_date else "",
        "currency": currency,
        "figures": [
            {"name": words(name), "amount": words.amount(value, currency), "count": n} for name, value, n in rows
        ],
        "difference": words.amount(figures.difference, currency),
        "differs": bool(figures.difference),
        "statement_balance": words.amount(figures.statement_balance, currency),
        "notes": document.notes,
        "may": sorted(TRANSITIONS[document.state]),
        "open": document.state in {"hold", "balanced"},
        "settings_differ": [words.code(one) for one in document.settings_differ],
        "trail": [
            {"what": words(what), "by": by, "at": moment(at)}
            for what, by, at in (
                ("opened", document.created_by, document.created_at),
                ("changed", document.changed_by, document.changed_at),
                ("released", document.released_by, document.released_at),
                ("voided", document.voided_by, document.voided_at),
            )
            if by
        ],
    }


def listed_row(line: ListedLine, currency: str, words: Words) -> dict[str, Any]:
    """A line of the document."""
    return {
        "id": line.ids[0],
        "day": line.transaction_date.isoformat(),
        "name": line.external_id,
        "reconciled": line.reconciled,
        "cleared": line.cleared,
        "clear_date": line.clear_date.isoformat() if line.clear_date else "",
        "processed": line.processed,
        "receipt": words.amount(line.receipt, currency) if line.receipt else "",
        "disbursement": words.amount(line.disbursement, currency) if line.disbursement else "",
        "status": words.code(line.status),
        "kind": words.code(line.kind),
        "reference": line.reference,
        "counterparty": line.counterparty,
        "text": line.description,
        "voucher": line.voucher_number or "",
        "warning": words.say(line.warning),
    }


def blocker_row(one: Blocker, words: Words) -> dict[str, Any]:
    """What stands against the release, and its cure."""
    return {"code": one.code, "what": words.say(one.message), "cure": words.say(one.cure), "advisory": one.advisory}


def bridge_rows(bridge: Bridge, words: Words) -> list[dict[str, Any]]:
    """From the bank's balance to the books', step by step."""
    rows = (
        ("Balance at the bank", bridge.bank_balance, True),
        ("Receipts that the bank has not", bridge.receipts, False),
        ("Disbursements that the bank has not", -bridge.disbursements, False),
        ("Bank lines that the books have not", -bridge.open_lines, False),
        ("Ignored bank lines", -bridge.ignored_lines, False),
        ("Adjustments that are not released", -bridge.unreleased, False),
        ("Balance before the first statement", -bridge.not_reconciled_opening, False),
        ("Balance in the books", bridge.book_balance, True),
        ("Residual", bridge.residual, True),
    )
    shown = [one for one in rows if one[2] or one[1]]
    return [
        {"name": words(name), "amount": words.amount(value, bridge.currency), "sum": total}
        for name, value, total in shown
    ]


def causes_view(explained: Explained, words: Words) -> dict[str, Any]:
    """What a difference is made of, the most telling first, each with its cure and the difference after it."""
    return {
        "parts": [
            {
                "kind": words.code(part.kind),
                "count": part.items,
                "amount": words.amount(part.amount, explained.currency),
            }
            for part in explained.parts
        ],
        "unexplained": words.amount(explained.unexplained, explained.currency) if explained.unexplained else "",
        "causes": [
            {
                "kind": words.code(one.kind),
                "certainty": words.code(one.certainty),
                "says": words.say(one.says),
                "fix": words.say(one.fix),
                "after": words.amount(explained.after(one), explained.currency),
                "lines": one.lines[:5],
            }
            for one in explained.causes
        ],
        "more": explained.more,
    }


def history_row(row: HistoryRow, words: Words) -> dict[str, Any]:
    """A row of the history."""
    last = row.last_reconciliation_date
    return {
        "id": row.id,
        "account": row.account,
        "name": row.account_name,
        "currency": row.currency,
        "state": row.state,
        "state_text": words.code(row.state),
        "number": row.number or "",
        "day": row.reconciliation_date.isoformat(),
        "last_day": last.isoformat() if last else "",
        "beginning": words.amount(row.beginning_balance, row.currency),
        "receipts": words.amount(row.receipts, row.currency),
        "disbursements": words.amount(row.disbursements, row.currency),
        "balance": words.amount(row.statement_balance, row.currency),
        "difference": words.amount(row.difference, row.currency),
        "differs": bool(row.difference),
        "by": row.voided_by or row.released_by or row.created_by,
    }
