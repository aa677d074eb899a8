"""The difference of a reconciliation explains itself: what it is made of, to the minor unit, and what may have caused it.

Where the bank's statements cover the period, the difference is an exact sum of parts: bank lines that nothing explains,
what a bank line proved and nobody ticked, what is ticked and no bank line proves, and so on. Every part is a certain
cause; on top, pairs of parts that look like one mistake (swapped digits, a wrong sign, a fee kept back) are told as that.
Without statements only amounts can be compared, so nothing is certain (`matcher.pipeline.difference_causes`).
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from matcher.pipeline.context import Context
from matcher.pipeline.difference_causes import Cause, Certainty, Kind
from matcher.pipeline.difference_items import Pieces, open_elsewhere, pieces
from matcher.pipeline.difference_pairs import paired
from matcher.pipeline.difference_parts import part_causes, without_statements
from matcher.pipeline.reviewing import review
from matcher.proposal import ProposalFilter
from recon_core.domain.account import CashAccount
from recon_core.domain.refusals import Unknown
from recon_core.ports import UnitOfWork
from recon_core.services import documents, lookup

CAUSES_MAX = 20
_ORDER = list(Certainty)


class Part(NamedTuple):
    """A part of the difference: how many items it has and what they come to, in minor units."""

    kind: Kind
    items: int
    amount: int


class Explained(NamedTuple):
    """A difference and its causes, the most telling first. `parts` come to the difference exactly, with `unexplained`
    for what no item of bank or books accounts for. Each cause says what it explains; the difference after it is the
    difference without that. `more` causes were left out.
    """

    account: str
    currency: str
    document_id: int
    day: date
    difference: int
    parts: tuple[Part, ...]
    unexplained: int
    causes: tuple[Cause, ...]
    more: int = 0

    def after(self, cause: Cause) -> int:
        """The difference once a cause is put right, in minor units."""
        return self.difference - cause.explains


def explain_difference(context: Context, uow: UnitOfWork, *, account_id: int) -> Explained:
    """Explain the difference of the account's open reconciliation. Raises `Unknown` where it has none."""
    account = lookup.account(uow, account_id)
    document_id = documents.open_id(uow, account_id)
    if document_id is None:
        raise Unknown(
            f"Account {account.code} has no open reconciliation.",
            cure=f"A closed one has no difference; open the next: recon reconcile open {account.code} --date DAY",
        )
    document = documents.row(uow, document_id)
    difference = documents.figures(uow, document).difference
    found = pieces(uow, account, document)
    parts = _parts(found)
    unexplained = difference - sum(part.amount for part in parts)
    causes = _causes(context, uow, account, document, found) if difference else []
    if unexplained:
        causes += without_statements(found, unexplained, currency=account.currency)
    causes.sort(key=lambda cause: _rank(cause, difference))
    return Explained(
        account=account.code,
        currency=account.currency,
        document_id=document_id,
        day=document.reconciliation_date,
        difference=difference,
        parts=parts,
        unexplained=unexplained,
        causes=tuple(one._replace(fix=one.fix.replace("ACCOUNT", account.code)) for one in causes[:CAUSES_MAX]),
        more=max(0, len(causes) - CAUSES_MAX),
    )


def _rank(cause: Cause, difference: int) -> tuple[Any, ...]:
    """What brings the difference to zero first, then by certainty, then what explains most."""
    return (
        cause.explains != difference,
        _ORDER.index(cause.certainty),
        -abs(cause.explains),
        cause.kind.value,
        cause.lines,
        cause.transactions,
    )


def _parts(found: Pieces) -> tuple[Part, ...]:
    made: dict[Kind, list[int]] = {}
    for kind, amount in found.amounts():
        made.setdefault(kind, []).append(amount)
    return tuple(Part(kind, len(amounts), sum(amounts)) for kind, amounts in made.items())


def _causes(context: Context, uow: UnitOfWork, account: CashAccount, document: Any, found: Pieces) -> list[Cause]:
    """Certain causes part by part, with pairs of parts that look like one mistake in their place."""
    lines = [fact.id for fact in found.unbooked]
    wanted = ProposalFilter(line_ids=tuple(lines))
    proposed = {one.line_id: one for one in review(context, uow, accounts=[account.id], wanted=wanted)} if lines else {}
    pairs = paired(found, currency=account.currency)
    told = {line for cause in pairs if cause.certainty is Certainty.LIKELY for line in cause.lines}
    said = {one for cause in pairs if cause.certainty is Certainty.LIKELY for one in cause.transactions}
    causes: list[Cause] = [*pairs]
    for cause in part_causes(found, proposed, account=account, document=document):
        covered = (
            (cause.lines or cause.transactions) and said.issuperset(cause.transactions) and told.issuperset(cause.lines)
        )
        if not covered:
            causes.append(cause)
    return causes + _elsewhere(uow, account, found)


def _elsewhere(uow: UnitOfWork, account: CashAccount, found: Pieces) -> list[Cause]:
    """Items of other accounts with the amount of a bank line that nothing here explains."""
    causes = []
    for fact, hits in open_elsewhere(uow, account, found.unbooked):
        names = ", ".join(f"{hit.external_id} on account {hit.code}" for hit in hits)
        causes.append(
            Cause(
                Kind.WRONG_ACCOUNT,
                Certainty.POSSIBLE,
                fact.amount,
                f"{fact.name} has the amount of {names}: it may be booked on the wrong account.",
                "If it is the same payment: void it there and book it here.",
                lines=(fact.id,),
            )
        )
    return causes
