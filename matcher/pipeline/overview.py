"""Where every account stands: one row an account, for the closing summary, `recon status` and the morning after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from recon_core.domain.account import CashAccount
from recon_core.domain.refusals import Blocker
from recon_core.domain.states import LineState
from recon_core.ports import UnitOfWork
from recon_core.services import lookup
from recon_core.services.standing import Standing, standings


class AccountOverview(NamedTuple):
    """An account's bank lines by state, its adjustments, and its open document or, without one, the last closed.

    `difference` is in minor units, None without a document. `number` is that of a closed document. `blockers` stand
    against a release beside open lines, unreleased adjustments, a difference and a hold. `notes` are worth knowing.
    `needs` says what a person has to do, in sentences; empty means nothing.
    """

    account_id: int
    code: str
    name: str
    currency: str
    policy: str
    lines: int
    cleared: int
    proposed: int
    unmatched: int
    ignored: int
    adjustments: int
    unreleased: int
    document_state: str
    number: str
    reconciliation_date: date | None
    difference: int | None
    blockers: tuple[Blocker, ...]
    notes: tuple[str, ...] = ()

    @property
    def weight(self) -> int:
        """How many lines and findings wait for a person, those on which nothing else depends left out."""
        return self.proposed + self.unmatched + len(self.blockers)

    @property
    def needs(self) -> tuple[str, ...]:
        """What a person has to do."""
        found = []
        if self.proposed:
            found.append(f"decide {self.proposed} proposed line(s)")
        if self.unmatched:
            found.append(f"explain {self.unmatched} unmatched line(s)")
        if self.unreleased:
            found.append(f"release {self.unreleased} adjustment(s)")
        found += [f"{one.message} {one.cure}" for one in self.blockers]
        if self.document_state == "balanced":
            found.append("release the reconciliation")
        elif self.difference and not found:
            found.append("explain the difference")
        return tuple(found)


_LINES = (
    "SELECT cash_account_id, state, count(*) AS n, sum(amount) AS total FROM statement_line WHERE withdrawn_by IS NULL"
    " AND cash_account_id IN :ids GROUP BY cash_account_id, state"
)
_ADJUSTMENTS = (
    "SELECT t.cash_account_id, a.state, count(*) AS n FROM adjustment a JOIN book_transaction t"
    " ON t.id = a.book_transaction_id WHERE t.cash_account_id IN :ids GROUP BY t.cash_account_id, a.state"
)


def account_overviews(uow: UnitOfWork, account_ids: Sequence[int] | None = None) -> list[AccountOverview]:
    """The overview of these accounts, or of all, by code."""
    wanted = None if account_ids is None else set(account_ids)
    accounts = [one for one in lookup.accounts(uow) if wanted is None or one.id in wanted]
    ids = [account.id for account in accounts]
    rows = uow.select(_LINES, {"ids": ids})
    lines = _counts(rows)
    totals: dict[int, int] = {}
    for row in rows:
        totals[row.cash_account_id] = totals.get(row.cash_account_id, 0) + int(row.total)
    adjustments = _counts(uow.select(_ADJUSTMENTS, {"ids": ids}))
    standing = standings(uow, accounts, totals=totals)
    return [_overview(account, standing[account.id], lines, adjustments) for account in accounts]


def _counts(rows: Sequence[Any]) -> dict[tuple[int, str], int]:
    return {(row.cash_account_id, row.state): row.n for row in rows}


def _overview(
    account: CashAccount,
    standing: Standing,
    lines: dict[tuple[int, str], int],
    adjustments: dict[tuple[int, str], int],
) -> AccountOverview:
    by_state = {state: lines.get((account.id, state.value), 0) for state in LineState}
    shown, figures = standing.document, standing.figures
    return AccountOverview(
        account_id=account.id,
        code=account.code,
        name=account.name,
        currency=account.currency,
        policy=account.policy,
        lines=sum(by_state.values()),
        cleared=by_state[LineState.MATCHED],
        proposed=by_state[LineState.PROPOSED],
        unmatched=by_state[LineState.OPEN],
        ignored=by_state[LineState.IGNORED],
        adjustments=adjustments.get((account.id, "created"), 0) + adjustments.get((account.id, "released"), 0),
        unreleased=adjustments.get((account.id, "created"), 0),
        document_state=shown.state if shown is not None else "none",
        number=(shown.number or "") if shown is not None else "",
        reconciliation_date=shown.reconciliation_date if shown is not None else None,
        difference=figures.difference if figures is not None else None,
        blockers=standing.findings,
        notes=standing.notes,
    )
