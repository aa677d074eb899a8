"""Builders with defaults: each call is one committed unit of work, so a test reads as what people did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from recon_core.domain.account import Identifier
from recon_core.domain.book import BookRow
from recon_core.domain.matching import Match, Rest
from recon_core.domain.money import to_minor
from recon_core.domain.statement import StatementHeader, StatementLine
from recon_core.ports import UnitOfWork
from recon_core.services import accounts, adjust, books, clearing, documents, reconcile, release, settings, statements
from recon_core.store.engine import Database

ANNA, BO, NIGHT = "anna", "bo", "policy:nightly"
IBAN = "SE4550000000058398257466"


def kr(text: str) -> int:
    """Minor units of kronor: kr("-172550") is -17255000."""
    return to_minor(text, "SEK")


def day(text: str) -> date:
    return date.fromisoformat(text)


class World:
    """A database and a clock that goes on by a second a deed."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = datetime(2026, 1, 1, tzinfo=UTC)

    def tick(self) -> datetime:
        self.clock += timedelta(seconds=1)
        return self.clock

    def do(self, deed: Callable[..., Any], **arguments: Any) -> Any:
        """Call a service in a unit of work of its own; `by` is Anna unless said."""
        with self.database.begin() as uow:
            result = deed(uow, **{"by": ANNA, "at": self.tick(), **arguments})
            uow.commit()
        return result

    def read(self, query: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with self.database.read() as uow:
            return query(uow, *arguments, **named)

    def rows(self, sql: str, **parameters: Any) -> list[Any]:
        with self.database.read() as uow:
            return uow.select(sql, parameters)

    def account(self, code: str = "1930", *, iban: str | None = IBAN, **settings_: Any) -> int:
        identifiers = [Identifier("IBAN", iban)] if iban else []
        values = {"code": code, "name": "Bank", "currency": "SEK", "identifiers": identifiers, **settings_}
        return int(self.do(accounts.open_account, **values))

    def entry_types(self) -> None:
        for code, kind, direction, offset in (
            ("FEE", "bank_fee", "disbursement", "6570"),
            ("INT", "interest", "receipt", "8310"),
            ("UNK", "unknown_receipt", "receipt", "2990"),
            ("WOFF", "write_off", "disbursement", "3740"),
        ):
            self.do(
                settings.open_entry_type,
                code=code,
                name=code.title(),
                kind=kind,
                direction=direction,
                offset_account=offset,
            )

    def book(self, account_id: int, *rows: str) -> list[int]:
        """Released transactions from texts: "2017-01-10 25000 R1"; returns their ids."""
        parsed = []
        for text in rows:
            when, amount, name = text.split()
            parsed.append(BookRow(account_id, name, day(when), kr(amount), reference=name))
        self.do(books.import_transactions, rows=parsed, source="ledger")
        names = [row.external_id for row in parsed]
        sql = "SELECT id, external_id FROM book_transaction WHERE cash_account_id = :account AND external_id IN :names"
        found = {row.external_id: row.id for row in self.rows(sql, account=account_id, names=names)}
        return [found[name] for name in names]

    def file(self, content: str = "file") -> int:
        return int(self.do(statements.archive_file, name=f"{content}.xml", content=content.encode()).id)

    def statement(
        self, account_id: int, opening: str | None, *lines: str, closing: str | None = "", **header: Any
    ) -> statements.StatementResult:
        """Register a statement from texts "2017-01-10 25000 R1" (date, amount, bank reference); the closing balance is
        worked out unless given.
        """
        parsed = bank_lines(*lines)
        total = sum(line.amount for line in parsed)
        start = None if opening is None else kr(opening)
        worked_out = None if start is None else start + total
        end = worked_out if closing == "" else None if closing is None else kr(closing)
        days = [line.booking_date for line in parsed if line.booking_date]
        values: dict[str, Any] = {
            "format": "camt.053",
            "kind": "statement",
            "account": IBAN,
            "currency": "SEK",
            "opening_balance": start,
            "closing_balance": end,
            "from_date": min(days, default=None),
            "to_date": max(days, default=None),
            **header,
        }
        file_id = self.file(f"{values}{parsed}")
        return self.do(
            statements.register_statement,
            header=StatementHeader(**values),
            lines=parsed,
            file_id=file_id,
            account_id=account_id,
        )

    def match(self, *pairs: tuple[int, int], by: str = ANNA) -> clearing.Applied:
        matches = [Match((line_id,), (transaction_id,)) for line_id, transaction_id in pairs]
        return self.do(clearing.apply_matches, matches=matches, by=by)

    def match_part(self, line_id: int, transaction_id: int) -> int:
        """Match all of a bank line with a part of a transaction; returns the decision."""
        amount = self.rows("SELECT amount FROM statement_line WHERE id = :id", id=line_id)[0].amount
        match = Match((line_id,), (transaction_id,), transaction_amounts=(amount,))
        return int(self.do(clearing.apply_matches, matches=[match]).decision_ids[0])

    def document(self, account_id: int, when: str, balance: str) -> int:
        return int(
            self.do(
                reconcile.open_document,
                account_id=account_id,
                reconciliation_date=day(when),
                statement_balance=kr(balance),
            )
        )

    def close(self, document_id: int, *, by: str = ANNA) -> str:
        self.do(reconcile.remove_hold, document_id=document_id, by=by)
        return str(self.do(release.release, document_id=document_id, by=by))

    def figures(self, document_id: int) -> Any:
        return self.read(documents.get, document_id).figures

    def fee(self, account_id: int, amount: str, when: str) -> adjust.Made:
        return self.do(
            adjust.create_adjustment, account_id=account_id, entry_type="FEE", amount=kr(amount), day=day(when)
        )


def bank_lines(*texts: str) -> list[StatementLine]:
    """Bank lines from texts "2017-01-10 25000 R1"; without a reference the remittance tells lines apart."""
    lines = []
    for index, text in enumerate(texts, start=1):
        when, amount, *name = text.split()
        lines.append(
            StatementLine(
                line_index=index,
                booking_date=day(when),
                value_date=day(when),
                amount=kr(amount),
                currency="SEK",
                bank_reference=name[0] if name else None,
                remittance="coffee" if not name else f"text {name[0]}",
            )
        )
    return lines


__all__ = ["ANNA", "BO", "IBAN", "NIGHT", "Match", "Rest", "Sequence", "UnitOfWork", "World", "bank_lines", "day", "kr"]
