"""Cash accounts: how an account in the books is told apart, and found again from what a statement says."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from recon_core.domain.states import MatchingPolicy

_PUNCTUATION = re.compile("[^0-9A-Z]")


class Identifier(NamedTuple):
    """What a bank calls the account: scheme (IBAN, BBAN, BGNR ...) and number. `currency` None = the account's own."""

    scheme: str
    identifier: str
    currency: str | None = None
    bank_bic: str = ""


class CashAccount(NamedTuple):
    """A bank account in the books, in one currency. `code` names it for people, `ledger_account` in the vouchers."""

    id: int
    code: str
    name: str
    currency: str
    ledger_account: str
    group_name: str
    active: bool
    requires_reconciliation: bool
    policy: str
    number_series_id: int | None
    in_transit_account: str
    match_batches: bool
    automatic_stopped: bool
    reversals_inverted: bool | None
    cut_off_date: date | None
    version: int

    def allows(self, step: MatchingPolicy) -> bool:
        """Whether a policy may do `step` on this account."""
        return not self.automatic_stopped and MatchingPolicy(self.policy).allows(step)


def normal_identifier(text: str) -> str:
    """An account number without its punctuation, in capitals: "SE45 5000 ..." and "6000-123 456" as banks store them."""
    return _PUNCTUATION.sub("", text.upper())
