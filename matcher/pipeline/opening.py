"""Opening accounts: those of an accounts file, and those that nobody knows, which begin with their first statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from matcher.parsers.statements import Statement
from matcher.pipeline import setup
from matcher.pipeline.context import Context
from matcher.pipeline.reconciling import open_at
from matcher.pipeline.setup import AccountPlan, OpeningPoint
from recon_core.domain.account import Identifier
from recon_core.domain.statement import LineStatus
from recon_core.domain.states import MatchingPolicy
from recon_core.ports import UnitOfWork
from recon_core.services import accounts


def open_planned(context: Context, plans: Sequence[AccountPlan]) -> list[str]:
    """Open the accounts of a file that do not exist yet, each at its opening point, all in one transaction; returns a
    sentence for each.
    """
    at = context.now()
    with context.database.begin() as uow:
        opened = setup.ensure_accounts(uow, plans, by=context.user, at=at)
        for account_id, plan in opened:
            if plan.opening is not None:
                open_at(uow, account_id=account_id, opening=plan.opening, by=context.user, at=at)
        if opened:
            uow.commit()
    return [f"{plan.code} from the accounts file" for _, plan in opened]


class Opener:
    """Opens the account of a statement that nobody knows, beginning with the statement's own opening balance."""

    def __init__(self, context: Context, policy: MatchingPolicy) -> None:
        self._context = context
        self._policy = policy
        self.opened: dict[str, str] = {}

    def __call__(self, uow: UnitOfWork, statement: Statement) -> int | None:
        header = statement.header
        if not header.account or not header.currency:
            return None
        at = self._context.now()
        account_id = accounts.open_account(
            uow,
            code=header.account,
            name=header.account,
            currency=header.currency,
            identifiers=[Identifier(header.account_scheme or "BBAN", header.account)],
            policy=self._policy,
            by=self._context.user,
            at=at,
        )
        opening = _opening_of(statement)
        if opening is not None:
            open_at(uow, account_id=account_id, opening=opening, by=self._context.user, at=at)
        self.opened[header.account] = f"{header.account} from its first statement"
        return account_id


def _opening_of(statement: Statement) -> OpeningPoint | None:
    """The day before a statement and the balance then; worked back from the closing balance where none is stated."""
    header = statement.header
    booked = [line for line in statement.lines if line.status == LineStatus.BOOKED]
    days = [day for line in booked if (day := line.booking_date or line.value_date) is not None]
    first = min([*days, *([header.from_date] if header.from_date else [])], default=header.opening_date)
    balance = header.opening_balance
    if balance is None and header.closing_balance is not None:
        balance = header.closing_balance - sum(line.amount for line in booked)
    if first is None or balance is None:
        return None
    return OpeningPoint(first - timedelta(days=1), balance)
