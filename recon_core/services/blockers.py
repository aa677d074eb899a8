"""What stands between a document and its release: every reason at once, each with its cure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from recon_core.domain.account import CashAccount
from recon_core.domain.money import Money, to_text
from recon_core.domain.refusals import Blocker
from recon_core.domain.states import DocumentState, StatementState
from recon_core.ports import UnitOfWork
from recon_core.services import chains, documents, lookup

_NAMED_MAX = 5
_NOT_RELEASED = (
    "SELECT t.cash_account_id, a.id, t.transaction_date FROM adjustment a"
    " JOIN book_transaction t ON t.id = a.book_transaction_id"
    " WHERE t.cash_account_id = :account AND a.state = 'created' ORDER BY a.id"
)
_VOIDS = (
    "SELECT t.cash_account_id, t.id, v.id AS entry FROM reconciliation r"
    " JOIN book_transaction t ON t.reconciliation_id = r.id"
    " JOIN book_transaction v ON v.voids_id = t.id AND v.status <> 'rejected'"
    " WHERE r.cash_account_id = :account AND r.state IN ('hold', 'balanced') AND v.status <> 'released' ORDER BY t.id"
)
# Of the account's open document.
_PARTLY_OF = (
    "SELECT t.cash_account_id, t.id, t.external_id, t.amount FROM reconciliation r"
    " JOIN book_transaction t ON t.cash_account_id = r.cash_account_id"
    " WHERE r.cash_account_id = :account AND r.state IN ('hold', 'balanced')"
    " AND t.status = 'released' AND t.transaction_date <= r.reconciliation_date AND t.matched_amount <> 0"
    " AND (NOT t.processed OR t.clear_date > r.reconciliation_date)"
    # A value and no EXISTS: hardly a row comes this far, and PostgreSQL may join all decisions of all accounts for that.
    " AND (SELECT min(l.booking_date) FROM decision_transaction dt"
    " JOIN decision d ON d.id = dt.decision_id AND d.state = 'applied' JOIN decision_line dl ON dl.decision_id = d.id"
    " JOIN statement_line l ON l.id = dl.statement_line_id"
    " WHERE dt.book_transaction_id = t.id) <= r.reconciliation_date"
)
_PARTLY = (
    f"{_PARTLY_OF} AND t.reconciliation_id IS NULL UNION ALL {_PARTLY_OF} AND t.reconciliation_id = r.id ORDER BY 2"
)
_DOUBTFUL = (
    "SELECT cash_account_id, id, state, hold_reason, coalesce(to_date, closing_date) AS to_date,"
    " coalesce(from_date, opening_date) AS from_date, coalesce((SELECT min(l.booking_date) FROM statement_line l"
    " WHERE l.statement_id = statement.id), (SELECT min(a.booking_date) FROM advice_line a"
    " WHERE a.statement_id = statement.id AND a.kind = 'held')) AS booking_date FROM statement"
    " WHERE cash_account_id = :account AND kind = 'statement'"
    " AND (state = 'held' OR (state = 'accepted' AND balanced = 'no' AND automatic = false)) ORDER BY id"
)
_OPEN_LINES = (
    "SELECT cash_account_id, id, booking_date FROM statement_line WHERE cash_account_id = :account"
    " AND state IN ('open', 'proposed') ORDER BY id"
)


def foresee(uow: UnitOfWork, accounts: Sequence[int]) -> None:
    """Ask together what `blockers` asks of each of these accounts about its open document."""
    for sql in (_NOT_RELEASED, _VOIDS, _PARTLY, _DOUBTFUL, _OPEN_LINES):
        lookup.foresee(uow, sql, accounts)


def blockers(uow: UnitOfWork, *, document_id: int) -> tuple[Blocker, ...]:
    """All reasons against releasing a document, the nearest to a cure first. `Blocker.advisory` ones stop a policy,
    not a person.
    """
    document = documents.row(uow, document_id)
    if document.state not in documents.OPEN:
        return (
            Blocker("state", f"It is {document.state}.", "Open a new one: recon reconcile open ACCOUNT --date DAY"),
        )
    account = lookup.account(uow, document.cash_account_id)
    found = _unreleased(uow, document) + _pending_voids(uow, document) + _difference(uow, document, account.currency)
    found += _partly_proved(uow, document, account.currency)
    found += _statements(uow, document) + _bank(uow, document, account.currency) + _open_lines(uow, document)
    if document.state == DocumentState.HOLD:
        found.append(
            Blocker(
                "on-hold",
                "It is on hold.",
                "Remove the hold when the difference is zero: recon reconcile hold ACCOUNT --remove",
            )
        )
    return tuple(one._replace(cure=one.cure.replace("ACCOUNT", account.code)) for one in found)


def _difference(uow: UnitOfWork, document: Any, currency: str) -> list[Blocker]:
    difference = documents.figures(uow, document).difference
    if not difference:
        return []
    text = to_text(difference, currency)
    cure = "Tick what is on the bank statement, adjust what only the bank has, or correct the statement balance."
    return [Blocker("difference", f"The difference is {text} {currency}.", cure)]


def _unreleased(uow: UnitOfWork, document: Any) -> list[Blocker]:
    rows = uow.known(_NOT_RELEASED, {"account": document.cash_account_id})
    ids = tuple(row.id for row in rows if row.transaction_date <= document.reconciliation_date)
    if not ids:
        return []
    named = " ".join(map(str, ids[:_NAMED_MAX]))
    message = f"{len(ids)} adjustment(s) up to the reconciliation date are not released."
    return [
        Blocker(
            "unreleased-adjustments",
            message,
            f"Release them (recon adjust release {named}) and tick them, or reject them (recon adjust reject).",
            ids,
        )
    ]


def _pending_voids(uow: UnitOfWork, document: Any) -> list[Blocker]:
    if not document.skip_voided:
        return []
    rows = uow.known(_VOIDS, {"account": document.cash_account_id})
    if not rows:
        return []
    cure = f"Release the voiding entry, or take it back: recon book decide-void {rows[0].entry} --release (or --reject)"
    message = f"{len(rows)} ticked line(s) have a voiding entry that is not released."
    ids = tuple(row.id for row in rows)
    return [Blocker("void-pending", message, cure, ids)]


def _partly_proved(uow: UnitOfWork, document: Any, currency: str) -> list[Blocker]:
    """Transactions of which the bank has carried out a part by the document's date, and the rest later or not yet."""
    rows = uow.known(_PARTLY, {"account": document.cash_account_id})
    if not rows:
        return []
    named = ", ".join(f"{row.external_id} ({Money(row.amount, currency)})" for row in rows[:_NAMED_MAX])
    more = f" and {len(rows) - _NAMED_MAX} more" if len(rows) > _NAMED_MAX else ""
    message = f"The bank has carried out only a part of {named}{more} by the reconciliation date."
    cure = "Tick what the bank proved (reconcile processed; untick a ticked one first): that splits the part off."
    return [Blocker("partly-proved", message, cure, tuple(row.id for row in rows), advisory=True)]


def _statements(uow: UnitOfWork, document: Any) -> list[Blocker]:
    since = document.predecessor_id and documents.row(uow, document.predecessor_id).reconciliation_date
    account = lookup.account(uow, document.cash_account_id)
    return statement_findings(uow, account, since=since, through=document.reconciliation_date)


def statement_findings(
    uow: UnitOfWork, account: CashAccount, *, since: date | None, through: date | None = None
) -> list[Blocker]:
    """What the statements of an account after a day (None: from the first) speak against a release: gaps up to the day
    `through`, lines that do not add up, and statements that wait for a decision. One that begins after that day speaks
    against nothing up to it.
    """
    found = []
    chain = chains.account_chain(uow, account.id)
    for one in chain.breaks:
        in_time = (through is None or one.day <= through) and (since is None or one.day > since)
        if in_time and one.code != "sequence-skipped":
            cure = "Import the statement that is missing: recon run FOLDER"
            found.append(Blocker(one.code, one.message, cure, (one.statement_id,)))
    if chain.mismatch and (through is None or chains.account_chain(uow, account.id, through=through).mismatch):
        apart = Money(chain.mismatch, account.currency)
        message = f"The bank lines differ from the statements' balances by {apart}."
        found.append(
            Blocker(
                "chain-mismatch",
                message,
                f"Look for a line that was lost or came twice: recon statement gaps {account.code}",
            )
        )
    for row in uow.known(_DOUBTFUL, {"account": account.id}):
        if since is not None and row.to_date is not None and row.to_date <= since:
            continue
        if (
            through is not None
            and row.from_date is not None
            and min(row.from_date, row.booking_date or date.max) > through
        ):
            continue
        if row.state == StatementState.HELD:
            found.append(held_statement(row))
        else:
            message = f"Statement {row.id} does not add up."
            cure = f"Get a right one from the bank; look at it: recon statement show {row.id}"
            found.append(Blocker("unbalanced", message, cure, (row.id,)))
    return found


def held_statement(row: Any) -> Blocker:
    """The reason that a held statement is (row with id and hold_reason)."""
    cure = f"See what it touches, and decide: recon statement touches {row.id}"
    return Blocker("statement-held", f"Statement {row.id} is held: {row.hold_reason}.", cure, (row.id,))


def _bank(uow: UnitOfWork, document: Any, currency: str) -> list[Blocker]:
    bank = chains.bank_balance(uow, document.cash_account_id, day=document.reconciliation_date)
    if bank is None or bank == document.statement_balance:
        return []
    said, typed = to_text(bank, currency), to_text(document.statement_balance, currency)
    message = f"The bank's statements say {said} {currency} on {document.reconciliation_date}, not {typed}."
    return [
        Blocker(
            "bank-balance",
            message,
            "Correct it (recon reconcile change ACCOUNT --balance AMOUNT), or import what is missing.",
        )
    ]


def _open_lines(uow: UnitOfWork, document: Any) -> list[Blocker]:
    rows = uow.known(_OPEN_LINES, {"account": document.cash_account_id})
    ids = tuple(row.id for row in rows if row.booking_date <= document.reconciliation_date)
    if not ids:
        return []
    message = f"{len(ids)} bank line(s) up to the reconciliation date are neither matched, adjusted nor ignored."
    return [
        Blocker("open-bank-lines", message, "Match, adjust or ignore them: recon review ACCOUNT", ids, advisory=True)
    ]
