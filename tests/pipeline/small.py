"""A small set of books for tests of the pipeline: one account, lines and transactions as short texts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple

from matcher.pipeline.context import Context
from matcher.pipeline.matching import AccountMatch, match_accounts
from matcher.pipeline.setup import ensure_entry_types
from recon_core.domain.book import BookRow
from recon_core.domain.money import to_minor
from recon_core.domain.statement import StatementHeader, StatementLine
from recon_core.services import accounts, adjust, books, statements
from tests.core.world import IBAN, World


def kr(text: str) -> int:
    return to_minor(text, "SEK")


class Line(NamedTuple):
    """A bank line: day of the month 2026-03 or a whole date, amount, who, text."""

    day: str
    amount: str
    name: str = ""
    text: str = ""
    fields: Mapping[str, Any] = MappingProxyType({})


class Booked(NamedTuple):
    """A book transaction; its reference is its id unless said."""

    id: str
    day: str
    amount: str
    party: str = ""
    reference: str | None = None
    description: str = ""


def day(text: str) -> date:
    return date.fromisoformat(text if len(text) > 2 else f"2026-03-{text}")


class Small:
    """Cash account 1930 in SEK; `policy` says how far the engine may go alone."""

    def __init__(self, context: Context, *, policy: str = "match", code: str = "1930", iban: str = IBAN) -> None:
        self.context = context
        self.world = World(context.database)
        ensure_entry_types(context)
        self.iban = iban
        self.account = self.world.account(code, iban=iban, policy=policy)
        self._balance = 0

    def bank(self, *lines: Line, to: str | None = None) -> list[int]:
        """Register a statement with these lines and return their ids."""
        parsed = [
            StatementLine(
                line_index=number,
                booking_date=day(line.day),
                value_date=day(line.day),
                amount=kr(line.amount),
                currency="SEK",
                counterparty_name=line.name or None,
                remittance=line.text or None,
                **{"bank_reference": f"B{self._balance}-{number}-{line.amount}", **line.fields},
            )
            for number, line in enumerate(lines, start=1)
        ]
        total = sum(line.amount for line in parsed)
        header = StatementHeader(
            format="camt.053",
            kind="statement",
            account=self.iban,
            currency="SEK",
            opening_balance=self._balance,
            closing_balance=self._balance + total,
            from_date=min(day(line.day) for line in lines),
            to_date=day(to) if to else max(day(line.day) for line in lines),
        )
        self._balance += total
        done = self.world.do(
            statements.register_statement,
            header=header,
            lines=parsed,
            file_id=self.world.file(f"{header}{parsed}"),
            account_id=self.account,
        )
        return list(done.new_line_ids)

    def book(self, *rows: Booked) -> list[int]:
        """Import released transactions and return their ids."""
        parsed = [
            BookRow(
                self.account,
                row.id,
                day(row.day),
                kr(row.amount),
                reference=row.id if row.reference is None else row.reference,
                counterparty=row.party,
                description=row.description,
            )
            for row in rows
        ]
        self.world.do(books.import_transactions, rows=parsed, source="ledger")
        return [self.transaction(row.id).id for row in rows]

    def transaction(self, name: str) -> Any:
        sql = "SELECT * FROM book_transaction WHERE cash_account_id = :account AND external_id = :name"
        return self.world.rows(sql, account=self.account, name=name)[0]

    def line(self, line_id: int) -> Any:
        return self.world.rows("SELECT * FROM statement_line WHERE id = :id", id=line_id)[0]

    def match(self, *, again: bool = False) -> AccountMatch:
        (done,) = match_accounts(self.context, [self.account], again=again)
        return done

    def policy(self, policy: str) -> None:
        """Say how far the engine may go alone from now on."""
        self.world.do(accounts.change_account, account_id=self.account, changes={"policy": policy})

    def release_adjustments(self) -> None:
        """Release what is unreleased."""
        ids = [row.id for row in self.world.rows("SELECT id FROM adjustment WHERE state = 'created'")]
        self.world.do(adjust.release_adjustments, adjustment_ids=ids)

    def start_at(self, balance: str) -> None:
        """Let the next statement begin with a balance that no line explains."""
        self._balance = kr(balance)

    def bank_ids(self) -> list[int]:
        """The ids of the account's bank lines."""
        rows = self.world.rows(
            "SELECT id FROM statement_line WHERE cash_account_id = :account ORDER BY id", account=self.account
        )
        return [row.id for row in rows]
