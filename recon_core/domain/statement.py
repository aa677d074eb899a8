"""The bank's word: statements and their lines, normalized over all formats (design: "Normalized fields").

Amounts are integer minor units of the currency beside them, + into the account and − out of it. Dates are calendar
dates as the bank printed them, never shifted by a time zone. A field that the source does not have is None.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

AMOUNT_UNKNOWN = ("amount", "unknown")
# Name of the pair in a header's `extra` for a balance that is printed in another currency than the statement's: its
# figure is kept, but it proves nothing.
FOREIGN_BALANCE = "balance-currency"


class LineStatus(StrEnum):
    """ISO 20022 `Ntry/Sts`. Only booked lines take part in proof and matching."""

    BOOKED = "booked"
    PENDING = "pending"
    INFO = "info"
    FUTURE = "future"


class StatementKind(StrEnum):
    """statement (camt.053, MT940, OFX), report (camt.052, MT942) or notification (camt.054)."""

    STATEMENT = "statement"
    REPORT = "report"
    NOTIFICATION = "notification"


class StatementLine(NamedTuple):
    """One bank line, or one detail of a batch (then `details` is empty). Positional order is part of the contract.

    `details` holds the single transactions only where there are at least two; one transaction's fields are the
    line's own. `line_index` counts from 1 in the source's order and is printed as "index". `original_amount` has the
    sign of `amount`; `charges` are positive where they cost the account. `extra` keeps what has no field of its own,
    as (name, text) pairs with the source's tag or path as the name; a line or detail whose amount the source does not
    tell has `amount` 0 and the pair `AMOUNT_UNKNOWN`.
    """

    line_index: int
    booking_date: date | None
    value_date: date | None
    amount: int
    currency: str
    status: str = LineStatus.BOOKED
    reversal: bool = False
    bank_reference: str | None = None
    entry_reference: str | None = None
    code: str | None = None
    proprietary_code: str | None = None
    end_to_end_id: str | None = None
    instruction_id: str | None = None
    transaction_id: str | None = None
    mandate_id: str | None = None
    message_id: str | None = None
    payment_information_id: str | None = None
    creditor_reference: str | None = None
    document_numbers: tuple[str, ...] = ()
    remittance: str | None = None
    counterparty_name: str | None = None
    counterparty_account: str | None = None
    counterparty_bic: str | None = None
    ultimate_counterparty: str | None = None
    original_amount: int | None = None
    original_currency: str | None = None
    exchange_rate: str | None = None
    charges: int | None = None
    check_number: str | None = None
    return_reason: str | None = None
    additional_info: str | None = None
    batch_count: int | None = None
    details: tuple[StatementLine, ...] = ()
    where: str | None = None
    extra: tuple[tuple[str, str], ...] = ()


class SourceFile(NamedTuple):
    """The file that a statement was read from: its name as given and the SHA-256 of its bytes, in hex."""

    name: str
    sha256: str


class StatementHeader(NamedTuple):
    """What a statement says about itself. `balanced` is the proof opening + Σ booked = closing, None without balances.

    `reversals_inverted` tells that the bank prints the original direction on reversal entries and that the amounts
    of those lines were turned round because only so the balances prove (domain rule 2.4). None: nothing proves the
    direction of its reversals, so that nothing of it may be used automatically.
    """

    format: str
    kind: str
    account: str | None = None
    account_scheme: str | None = None
    bank_bic: str | None = None
    statement_id: str | None = None
    sequence: int | None = None
    page: int | None = None
    last_page: bool | None = None
    from_date: date | None = None
    to_date: date | None = None
    created_at: datetime | None = None
    currency: str | None = None
    opening_balance: int | None = None
    opening_date: date | None = None
    closing_balance: int | None = None
    closing_date: date | None = None
    available_balance: int | None = None
    version: str | None = None
    duplicate: str | None = None
    message_id: str | None = None
    balanced: bool | None = None
    line_count: int | None = None
    reversals_inverted: bool | None = False
    source: SourceFile | None = None
    extra: tuple[tuple[str, str], ...] = ()
