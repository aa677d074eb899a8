"""The main job: statement files and book transactions in, a reconciliation per account out. Safe to repeat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from matcher.parsers.statements import Statement
from matcher.pipeline import ingest, setup
from matcher.pipeline.context import Context
from matcher.pipeline.ingest import FileReport, Taken
from matcher.pipeline.matching import AccountMatch, match_accounts
from matcher.pipeline.overview import AccountOverview, account_overviews
from matcher.pipeline.reconciling import AccountReconciliation, open_at, reconcile_accounts
from matcher.pipeline.setup import AccountPlan, OpeningPoint
from recon_core.domain.account import Identifier
from recon_core.domain.book import ImportCounts
from recon_core.domain.statement import LineStatus
from recon_core.domain.states import MatchingPolicy
from recon_core.ports import UnitOfWork
from recon_core.services import accounts


class RunReport(NamedTuple):
    """What one run did, and where the accounts stand after it. `read` counts new bank lines by account id."""

    files: tuple[FileReport, ...]
    book: ImportCounts | None
    matched: tuple[AccountMatch, ...]
    reconciled: tuple[AccountReconciliation, ...]
    opened: tuple[str, ...]
    read: dict[int, int]
    overview: tuple[AccountOverview, ...]

    @property
    def changed(self) -> bool:
        """Whether anything is different after the run."""
        return bool(
            any(file.taken == Taken.READ for file in self.files)
            or (self.book and (self.book.new or self.book.changed))
            or self.matched
            or self.opened
            or any(one.number for one in self.reconciled)
        )

    @property
    def set_aside(self) -> tuple[FileReport, ...]:
        """The files that could not be taken in."""
        return tuple(file for file in self.files if file.taken == Taken.SET_ASIDE)


def run(
    context: Context,
    *,
    inbox: Path,
    book: Path | None = None,
    plans: Sequence[AccountPlan] = (),
    policy: MatchingPolicy = MatchingPolicy.CLEAR,
) -> RunReport:
    """Import a folder of statements and a book, match, adjust and reconcile every account, as far as policies allow.

    Accounts of `plans` are opened first. A statement of another account opens that account with `policy`, beginning
    with the statement's own opening balance.
    """
    setup.ensure_entry_types(context)
    opened = _open_planned(context, plans)
    opener = _Opener(context, policy)
    files = ingest.ingest_files(context, ingest.statement_files(inbox), opener=opener)
    counts = ingest.import_book(context, book) if book is not None else None
    with context.database.read() as uow:
        every = [row.id for row in uow.select("SELECT id FROM cash_account WHERE active ORDER BY code")]
    matched = match_accounts(context, every)
    reconciled = reconcile_accounts(context, every, by=context.user)
    with context.database.read() as uow:
        overview = account_overviews(uow, every)
    read: dict[int, int] = {}
    for file in files:
        for result in file.statements:
            read[result.account_id] = read.get(result.account_id, 0) + len(result.new_line_ids)
    return RunReport(
        tuple(files), counts, tuple(matched), tuple(reconciled), (*opened, *opener.opened), read, tuple(overview)
    )


def _open_planned(context: Context, plans: Sequence[AccountPlan]) -> list[str]:
    opened = dict(zip((plan.code for plan in plans), plans, strict=True))
    made = setup.ensure_accounts(context, plans)
    with context.database.begin() as uow:
        codes = {
            row.id: row.code for row in uow.select("SELECT id, code FROM cash_account WHERE id IN :ids", {"ids": made})
        }
        for account_id, code in codes.items():
            opening = opened[code].opening
            if opening is not None:
                open_at(uow, account_id=account_id, opening=opening, by=context.user, at=context.now())
        uow.commit()
    return [f"{code} from the accounts file" for code in codes.values()]


class _Opener:
    """Opens the account of a statement that nobody knows, beginning with the statement's own opening balance."""

    def __init__(self, context: Context, policy: MatchingPolicy) -> None:
        self._context = context
        self._policy = policy
        self.opened: list[str] = []

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
        self.opened.append(f"{header.account} from its first statement")
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
