"""The reconciliation document as values: its figures, its listed lines, and what may follow on which state."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from recon_core.domain.refusals import WrongState
from recon_core.domain.states import DocumentState

# What each state allows (reconciliation 8). Releasing and voiding have conditions of their own beside these.
TRANSITIONS: dict[str, frozenset[str]] = {
    DocumentState.HOLD: frozenset({"edit", "remove-hold", "delete"}),
    DocumentState.BALANCED: frozenset({"edit", "hold", "release", "delete"}),
    DocumentState.CLOSED: frozenset({"void"}),
    DocumentState.VOIDED: frozenset(),
}

_FROZEN = (
    "A closed document is never changed; if it is the latest, void it: recon reconcile void ACCOUNT --number NUMBER"
)


def check_allowed(state: str, deed: str) -> None:
    """Raise `WrongState` unless a document in this state allows the deed."""
    if deed in TRANSITIONS[state]:
        return
    cures = {
        (
            "hold",
            "release",
        ): "Remove the hold first; that needs a difference of zero: recon reconcile hold ACCOUNT --remove",
        ("hold", "void"): "Delete it: recon reconcile delete ACCOUNT",
        ("balanced", "void"): "Delete it: recon reconcile delete ACCOUNT",
        ("closed", "edit"): _FROZEN,
        ("closed", "delete"): _FROZEN,
        ("voided", "void"): "It is voided already. Open a new one: recon reconcile open ACCOUNT --date DAY",
        ("voided", "edit"): "Open a new one: recon reconcile open ACCOUNT --date DAY",
    }
    raise WrongState(f"A reconciliation that is {state} does not allow: {deed}.", cure=cures.get((state, deed), ""))


class Figures(NamedTuple):
    """The document's figures in minor units; `disbursements` is a positive sum.

    reconciled balance = beginning + receipts − disbursements; difference = statement balance − reconciled balance.
    """

    beginning_balance: int
    statement_balance: int
    receipts: int
    receipt_count: int
    disbursements: int
    disbursement_count: int

    @property
    def reconciled_balance(self) -> int:
        """Avstämt saldo."""
        return self.beginning_balance + self.receipts - self.disbursements

    @property
    def difference(self) -> int:
        """Differens, signed; zero is required to finish."""
        return self.statement_balance - self.reconciled_balance


class Document(NamedTuple):
    """A reconciliation. `number` comes with the release. `settings_differ` names frozen options that are set otherwise
    today (F3, F6).
    """

    id: int
    cash_account_id: int
    state: str
    number: str | None
    reconciliation_date: date
    last_reconciliation_date: date | None
    currency: str
    figures: Figures
    predecessor_id: int | None
    skip_voided: bool
    match_batches: bool
    notes: str
    created_by: str
    created_at: datetime
    changed_by: str
    changed_at: datetime
    released_by: str | None
    released_at: datetime | None
    voided_by: str | None
    voided_at: datetime | None
    version: int
    settings_differ: tuple[str, ...] = ()


class ListedLine(NamedTuple):
    """A line of the document's list. `amount` is net of a hidden voiding entry; `ids` are all transactions that it
    stands for (a hidden void), its own first. `proved` is what bank lines have proved of its own amount: where
    that is a part, ticking splits it off. `warning` says why it can't be ticked.
    """

    ids: tuple[int, ...]
    transaction_date: date
    amount: int
    reconciled: bool
    cleared: bool
    clear_date: date | None
    processed: bool
    proved: int
    external_id: str
    kind: str
    status: str
    reference: str
    counterparty: str
    description: str
    voucher_number: str | None
    source: str
    warning: str = ""

    @property
    def receipt(self) -> int:
        """The amount if money came in, else 0."""
        return max(self.amount, 0)

    @property
    def disbursement(self) -> int:
        """The amount, positive, if money went out, else 0."""
        return max(-self.amount, 0)
