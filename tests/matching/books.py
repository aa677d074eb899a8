"""Lines and items for the engine from short texts: `line("04 1510.00 from Berg AB: Faktura 81023")`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from matcher import engine
from matcher.engine import MatchResult
from matcher.proposal import LineResult
from matcher.rules.columns import BookItem, book_from_items, lines_from_statement
from matcher.rules.settings import RuleSettings
from recon_core.domain.money import to_minor
from recon_core.domain.statement import StatementLine

ACCOUNT = "SE4550000000058398257466"


def day(text: str) -> date:
    """A whole date, or a day of March 2026."""
    return date.fromisoformat(text if len(text) > 2 else f"2026-03-{text}")


def line(
    identity: str, when: str, amount: str, name: str = "", text: str = "", **fields: Any
) -> tuple[str, StatementLine]:
    """A booked line with its id; other fields by the names of `StatementLine`."""
    values: dict[str, Any] = {"line_index": 1, "currency": "SEK", **fields}
    details = tuple(_detail(when, values["currency"], **detail) for detail in values.pop("details", ()))
    return identity, StatementLine(
        booking_date=day(when),
        value_date=day(when),
        amount=to_minor(amount, values["currency"]),
        counterparty_name=name or None,
        remittance=text or None,
        details=details,
        **values,
    )


def _detail(when: str, currency: str, *, amount: str, name: str = "", **fields: Any) -> StatementLine:
    minor = to_minor(amount, currency)
    return StatementLine(
        line_index=1,
        booking_date=day(when),
        value_date=day(when),
        amount=minor,
        currency=currency,
        counterparty_name=name or None,
        **fields,
    )


def item(
    identity: str, when: str, amount: str, party: str = "", reference: str = "", text: str = "", **more: str
) -> BookItem:
    """A book item of the account."""
    currency = more.get("currency", "SEK")
    account = more.get("account", ACCOUNT)
    return BookItem(
        identity, account, day(when), to_minor(amount, currency), currency, reference, party, text, more.get("kind", "")
    )


class Matched(NamedTuple):
    """A result, and its rows by the id of the line."""

    result: MatchResult
    rows: Mapping[str, LineResult]

    def __getitem__(self, identity: str) -> LineResult:  # type: ignore[override]
        return self.rows[identity]


def matched(
    lines: list[tuple[str, StatementLine]],
    book: list[BookItem],
    rules: RuleSettings | None = None,
    account: str = ACCOUNT,
) -> Matched:
    """Run the engine on lines of one account."""
    result = engine.match(
        lines_from_statement((account, identity, one) for identity, one in lines),
        book_from_items(book),
        rules=rules,
    )
    return Matched(result, {row.line_id: row for row in result.rows()})
