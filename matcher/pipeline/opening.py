"""Opening accounts: those of an accounts file, and those that nobody knows, which begin with their first statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from matcher.parsers.statements import Statement
from matcher.pipeline import setup
from matcher.pipeline.context import Context
from matcher.pipeline.reconciling import OPENING_TEXT, open_at
from matcher.pipeline.setup import AccountPlan, OpeningPoint
from recon_core.domain.account import Identifier, normal_identifier
from recon_core.domain.refusals import BadRequest, WrongState
from recon_core.domain.statement import LineStatus
from recon_core.domain.states import MatchingPolicy
from recon_core.ports import UnitOfWork
from recon_core.services import accounts, documents, lookup, reconcile, voiding

_FIRST = (
    "SELECT s.opening_balance, (SELECT min(l.booking_date) FROM statement_line l WHERE l.cash_account_id = :account"
    " AND l.withdrawn_by IS NULL) AS booking_date FROM statement s WHERE s.cash_account_id = :account"
    " AND s.state = 'accepted' AND s.kind = 'statement' AND s.opening_balance IS NOT NULL ORDER BY coalesce(s.from_date,"
    " s.opening_date, s.to_date, s.closing_date), coalesce(s.sequence, -1), coalesce(s.page, -1), s.id LIMIT 1"
)


# Opening entries whose document was voided: nothing else has used them.
_BEGUN = (
    "SELECT t.id, t.transaction_date FROM book_transaction t WHERE t.cash_account_id = :account AND t.source = ''"
    " AND t.description = :text AND t.kind = 'journal' AND t.status = 'released' AND t.reconciliation_id IS NULL"
    " AND t.matched_amount = 0 AND EXISTS (SELECT 1 FROM reconciliation_line l WHERE l.book_transaction_id = t.id)"
    " AND NOT EXISTS (SELECT 1 FROM book_transaction v WHERE v.voids_id = t.id AND v.status <> 'rejected') ORDER BY t.id"
)
_TAKEN = (
    "SELECT currency FROM account_identifier WHERE identifier = :name UNION"
    " SELECT currency FROM cash_account WHERE code = :name"
)


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


def beginning(uow: UnitOfWork, account_id: int) -> OpeningPoint | None:
    """Where the statements let an account begin that nobody let begin: the balance before their first line, and the day
    before it. None where the account has a closed document, or the statements tell nothing.
    """
    if documents.last_closed(uow, account_id) is not None:
        return None
    rows = uow.select(_FIRST, {"account": account_id})
    if not rows or not rows[0].opening_balance or rows[0].booking_date is None:
        return None
    return OpeningPoint(rows[0].booking_date - timedelta(days=1), rows[0].opening_balance)


def begin(
    uow: UnitOfWork,
    *,
    account_id: int,
    day: date | None = None,
    balance: int | None = None,
    by: str,
    at: datetime,
) -> OpeningPoint:
    """Let an account begin with a balance (minor units) at the end of a day, by default what its statements tell. A
    document that was opened before is deleted, for it began with nothing, and the opening entry of a beginning that was
    voided is voided too: an account begins once.

    Raises `WrongState` for an account with a closed document, `BadRequest` where the statements tell no balance.
    """
    account = lookup.locked_account(uow, account_id)
    if documents.last_closed(uow, account_id) is not None:
        raise WrongState(
            f"Account {account.code} has begun: it has a closed reconciliation.",
            cure=f"Go on from it: recon history {account.code}",
        )
    told = beginning(uow, account_id)
    if told is None and (day is None or balance is None):
        raise BadRequest(
            f"No statement tells what account {account.code} begins with.",
            cure=f"Say it: recon account begin {account.code} --date DAY --balance AMOUNT",
        )
    point = told or OpeningPoint(day or date.min, balance or 0)
    point = OpeningPoint(day or point.day, point.balance if balance is None else balance)
    open_document = documents.open_id(uow, account_id)
    if open_document is not None:
        reconcile.delete_document(uow, document_id=open_document, by=by, at=at)
    for row in uow.select(_BEGUN, {"account": account_id, "text": OPENING_TEXT}):
        voiding.void_transaction(
            uow, transaction_id=row.id, day=row.transaction_date, reason="The account begins anew.", by=by, at=at
        )
    open_at(uow, account_id=account_id, opening=point, by=by, at=at)
    return point


class Opener:
    """Opens the account of a statement that nobody knows, beginning with the statement's own opening balance. A second
    currency under one number is an account of its own, named by both.
    """

    def __init__(self, context: Context, policy: MatchingPolicy) -> None:
        self._context = context
        self._policy = policy
        self.opened: dict[str, str] = {}

    def __call__(self, uow: UnitOfWork, statement: Statement) -> int | None:
        header = statement.header
        if not header.account or not header.currency:
            return None
        taken = {row.currency for row in uow.select(_TAKEN, {"name": normal_identifier(header.account)})}
        if header.currency in taken:  # an account that is out of use: a person knows why
            return None
        at = self._context.now()
        code = f"{header.account} {header.currency}" if taken else header.account
        account_id = accounts.open_account(
            uow,
            code=code,
            name=code,
            currency=header.currency,
            identifiers=[Identifier(header.account_scheme or "BBAN", header.account)],
            policy=self._policy,
            by=self._context.user,
            at=at,
        )
        opening = opening_of(statement)
        if opening is not None:
            open_at(uow, account_id=account_id, opening=opening, by=self._context.user, at=at)
        self.opened[code] = f"{code} from its first statement"
        return account_id


def opening_of(statement: Statement) -> OpeningPoint | None:
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
