"""The closed sets of words that rows, services and reports use."""

from __future__ import annotations

from enum import StrEnum


class MatchingPolicy(StrEnum):
    """How far the nightly job may go on an account; each step includes the ones before it."""

    IMPORT = "import"
    MATCH = "match"
    CLEAR = "clear"
    ADJUST = "adjust"
    RELEASE = "release"

    def allows(self, step: MatchingPolicy) -> bool:
        """Whether this policy goes as far as `step`."""
        steps = list(MatchingPolicy)
        return steps.index(self) >= steps.index(step)


class Direction(StrEnum):
    """Which way an entry type moves money: a receipt is > 0, a disbursement < 0."""

    RECEIPT = "receipt"
    DISBURSEMENT = "disbursement"


class EntryKind(StrEnum):
    """What a line without a book transaction is (design: category of a bank line)."""

    BANK_FEE = "bank_fee"
    INTEREST = "interest"
    TAX = "tax"
    UNKNOWN_RECEIPT = "unknown_receipt"
    ROUNDING = "rounding"
    FX = "fx"
    WRITE_OFF = "write_off"
    OTHER = "other"


class TransactionKind(StrEnum):
    """What a book transaction is."""

    RECEIPT = "receipt"
    PAYMENT = "payment"
    TRANSFER = "transfer"
    JOURNAL = "journal"
    ADJUSTMENT = "adjustment"
    VOID = "void"


class TransactionStatus(StrEnum):
    """On hold, balanced and unreleased, released, or rejected (kept, never listed)."""

    HOLD = "hold"
    BALANCED = "balanced"
    RELEASED = "released"
    REJECTED = "rejected"


class FileOutcome(StrEnum):
    """What became of a received file."""

    RECEIVED = "received"
    READ = "read"
    SET_ASIDE = "set_aside"


class StatementState(StrEnum):
    """accepted: its lines are in the ledger; held: a person decides first; superseded: a corrected version took over;
    refused: a person decided that it does not count.
    """

    ACCEPTED = "accepted"
    HELD = "held"
    SUPERSEDED = "superseded"
    REFUSED = "refused"


class LineState(StrEnum):
    """Where a bank line is; exactly one at any time."""

    OPEN = "open"
    PROPOSED = "proposed"
    MATCHED = "matched"
    ADJUSTED = "adjusted"
    IGNORED = "ignored"


class AdviceKind(StrEnum):
    """Bank text that adds no money to the ledger: pending and future lines, reports, notifications, held statements."""

    PENDING = "pending"
    INFO = "info"
    FUTURE = "future"
    REPORT = "report"
    NOTIFICATION = "notification"
    HELD = "held"


class DecisionKind(StrEnum):
    """What somebody decided about bank lines."""

    MATCH = "match"
    ADJUST = "adjust"
    IGNORE = "ignore"
    REJECT = "reject"


class DecisionState(StrEnum):
    """applied, undone."""

    APPLIED = "applied"
    UNDONE = "undone"


class AdjustmentState(StrEnum):
    """created (unreleased), released, rejected before release, reversed after it."""

    CREATED = "created"
    RELEASED = "released"
    REJECTED = "rejected"
    REVERSED = "reversed"


class VoucherState(StrEnum):
    """draft until released; a posted voucher is numbered, balanced and frozen."""

    DRAFT = "draft"
    POSTED = "posted"


class DocumentState(StrEnum):
    """The reconciliation: hold -> balanced -> closed -> voided."""

    HOLD = "hold"
    BALANCED = "balanced"
    CLOSED = "closed"
    VOIDED = "voided"


class ChangeState(StrEnum):
    """A changed source row: applied to an untouched transaction, open for a person, accepted or declined by one."""

    APPLIED = "applied"
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


POLICY_PREFIX = "policy:"


def is_policy(by: str) -> bool:
    """Whether `by` names a policy ("policy:clear") and not a person."""
    return by.startswith(POLICY_PREFIX)
