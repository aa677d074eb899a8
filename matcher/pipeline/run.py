"""The main job: statement files and book transactions in, a reconciliation per account out. Safe to repeat."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from matcher.engine.run import without_collection
from matcher.pipeline import ingest, setup
from matcher.pipeline.book_accounts import read_new_book
from matcher.pipeline.context import Context
from matcher.pipeline.ingest import FileReport, Taken
from matcher.pipeline.matching import AccountMatch, match_accounts
from matcher.pipeline.opening import Opener, open_planned
from matcher.pipeline.overview import AccountOverview, account_overviews
from matcher.pipeline.reconciling import AccountReconciliation, reconcile_accounts
from matcher.pipeline.setup import AccountPlan
from recon_core.domain.book import ImportCounts
from recon_core.domain.states import MatchingPolicy


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

    A book that can't be used ends the run before it changes anything. Accounts of `plans` are opened first. A statement
    of another account opens that account with `policy`, beginning with the statement's own opening balance.
    """
    with without_collection():
        return _run(context, inbox=inbox, book=book, plans=plans, policy=policy)


def _run(
    context: Context, *, inbox: Path, book: Path | None, plans: Sequence[AccountPlan], policy: MatchingPolicy
) -> RunReport:
    paths = ingest.statement_files(inbox)
    items = None
    if book is not None and not ingest.is_known_book(context, book, book.read_bytes()):
        items = read_new_book(context, book, inbox=paths, plans=plans)
    setup.ensure_entry_types(context)
    opened = open_planned(context, plans)
    opener = Opener(context, policy)
    files = ingest.ingest_files(context, paths, opener=opener)
    counts = ingest.import_book(context, book, items=items) if book is not None else None
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
        tuple(files),
        counts,
        tuple(matched),
        tuple(reconciled),
        (*opened, *opener.opened.values()),
        read,
        tuple(overview),
    )
