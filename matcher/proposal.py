"""What the matcher says: results and their evidence. Opinions, immutable; nothing here changes the books."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from json.encoder import encode_basestring as _quoted
from typing import NamedTuple


class MatchStatus(StrEnum):
    """cleared: proven, no person needed. proposed: a person decides. unmatched: nothing in the books explains it."""

    CLEARED = "cleared"
    PROPOSED = "proposed"
    UNMATCHED = "unmatched"


class Category(StrEnum):
    """What a line without a book match is, or what the remainder of a matched one is (last four and `bank_fee`)."""

    BANK_FEE = "bank_fee"
    INTEREST = "interest"
    TAX = "tax"
    TRANSFER = "transfer"
    DIRECT_DEBIT = "direct_debit"
    CASH_WITHDRAWAL = "cash_withdrawal"
    RETURN = "return"
    REVERSAL = "reversal"
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"
    ROUNDING = "rounding"
    FX = "fx"
    PARTIAL = "partial"
    OVERPAYMENT = "overpayment"


class Evidence(NamedTuple):
    """One reason, for or against. `rule` is the code of the pass or signal, `says` a sentence an accountant reads."""

    rule: str
    says: str


def evidence_json(evidence: Iterable[Evidence]) -> str:
    """Reasons as JSON: pairs of rule code and sentence. By hand, because there is one a line: an encoder takes longer."""
    return f"[{', '.join([f'[{_quoted(rule)}, {_quoted(says)}]' for rule, says in evidence])}]"


class LineResult(NamedTuple):
    """The engine's word on one bank line.

    `book` are the ids of the first choice (empty when nothing explains the line), `alternatives` the rivals, best first.
    `difference` is the line's amount minus the sum of its book amounts, in minor units, + when the bank has more;
    for one of several lines that pay one item together it is the difference that the whole group leaves.
    `score` is the calibrated probability-like weight of the first choice, 0 to 1; of a line that nothing explains it is how
    sure its category is (a bank's code says more than a bank's words). `category` is None for a match
    without a remainder. `rule` is the code of the pass that found the first choice, "" for none. `together` are the
    ids of all lines of a group that explains its items together, this one among them; empty for a line alone.
    """

    line_id: str
    account: str
    status: MatchStatus
    book: tuple[str, ...] = ()
    alternatives: tuple[tuple[str, ...], ...] = ()
    category: Category | None = None
    score: float = 0.0
    difference: int = 0
    evidence: tuple[Evidence, ...] = ()
    rule: str = ""
    together: tuple[str, ...] = ()


class RunFacts(NamedTuple):
    """What a match run was: which version and rules, over how much, with what outcome."""

    engine_version: str
    rules_sha256: str
    account_count: int
    line_count: int
    cleared_count: int
    proposed_count: int
    unmatched_count: int


class Opinion(NamedTuple):
    """A result on a stored bank line, with the ids of the database."""

    account_id: int
    line_id: int
    result: LineResult


class StoredProposal(NamedTuple):
    """The newest opinion on a stored bank line. `score_ppm` is the score in millionths, `difference` is in minor units,
    `book` and `alternatives` are ids of book transactions, `together` ids of bank lines.
    """

    id: int
    account_id: int
    line_id: int
    verdict: str
    category: str
    score_ppm: int
    difference: int
    book: tuple[int, ...]
    alternatives: tuple[tuple[int, ...], ...]
    evidence: tuple[Evidence, ...]
    rule: str
    together: tuple[int, ...]

    @property
    def choices(self) -> tuple[tuple[int, ...], ...]:
        """The first choice and its rivals, best first."""
        return (self.book, *self.alternatives) if self.book else self.alternatives


class ProposalOrder(StrEnum):
    """By day and line, or with the surest or the largest first."""

    DAY = "day"
    SCORE = "score"
    AMOUNT = "amount"


class ProposalFilter(NamedTuple):
    """Which proposals are wanted; an empty field does not restrict. `after` is the day and the id of the last line that
    was seen, in the order by day. `text` is looked for in the line's counterparty, text and references; the amounts
    are those of the line without its sign, in minor units.
    """

    line_ids: tuple[int, ...] = ()
    rule: str = ""
    score_ppm_min: int = 0
    verdicts: tuple[MatchStatus, ...] = ()
    after: tuple[date, int] | None = None
    limit: int | None = None
    offset: int = 0
    text: str = ""
    amount_min: int | None = None
    amount_max: int | None = None
    order: ProposalOrder = ProposalOrder.DAY


EVERY_PROPOSAL = ProposalFilter()


class RuleKind(StrEnum):
    """counterparty: lines that fit are of this counterparty; quotes: this counterparty always quotes a reference;
    entry_type: what fits and has no book transaction is booked under this entry type.
    """

    COUNTERPARTY = "counterparty"
    QUOTES = "quotes"
    ENTRY_TYPE = "entry_type"


class RuleState(StrEnum):
    """offered: learned, nobody has decided; accepted: a person wants it used; dropped: a person does not."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DROPPED = "dropped"


class RuleOrigin(StrEnum):
    """Derived from decisions, or written by a person."""

    LEARNED = "learned"
    WRITTEN = "written"


class Lesson(NamedTuple):
    """What decisions teach: lines that fit `condition` (`matcher.pipeline.conditions`) have this `outcome`, the name of
    a counterparty or the code of an entry type. `support` decisions agree, `against` do not; `examples` are bank lines.
    """

    kind: str
    condition: str
    outcome: str
    account_id: int | None = None
    support: int = 0
    against: int = 0
    examples: tuple[int, ...] = ()
    origin: str = RuleOrigin.LEARNED


class LearnedRule(NamedTuple):
    """A lesson in the database. Accepted ones are used in the order of `rank`, then of their ids."""

    id: int
    lesson: Lesson
    state: str
    rank: int
    made_by: str
    made_at: datetime
    decided_by: str
    decided_at: datetime | None
