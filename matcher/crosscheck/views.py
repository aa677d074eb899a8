"""What is compared: statements and lines reduced to facts that any reader tells, with exact decimals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from matcher.parsers.statements import Statement
from recon_core.domain.currency import NO_CURRENCY
from recon_core.domain.money import to_text
from recon_core.domain.statement import AMOUNT_UNKNOWN

NOTHING_ODD: frozenset[str] = frozenset()


class LineView(NamedTuple):
    """A line. `amount` is signed, in units of the currency; None where it is not known. `odd` holds the codes of the
    diagnostics at its place, `where` that place; both only of our reader.
    """

    booking_date: date | None
    value_date: date | None
    amount: Decimal | None
    reference: str | None
    where: str = ""
    status: str = "booked"
    reversal: bool = False
    odd: frozenset[str] = NOTHING_ODD


class StatementView(NamedTuple):
    """A statement: its balances, signed, its lines, and what it is called (`:20:`, `MsgId`)."""

    opening: Decimal | None
    closing: Decimal | None
    lines: list[LineView]
    name: str | None = None
    odd: frozenset[str] = NOTHING_ODD


def our_views(statements: Iterable[Statement]) -> Iterator[StatementView]:
    """Our reading. Reversals that were turned round to fit the balances are shown as they are printed."""
    for statement in statements:
        header = statement.header
        odd: dict[str, set[str]] = {}
        for found in statement.diagnostics:
            odd.setdefault(found.where.partition(",")[0], set()).add(found.code)
        lines = [
            LineView(
                line.booking_date,
                line.value_date,
                None
                if AMOUNT_UNKNOWN in line.extra
                else _decimal(
                    -line.amount if header.reversals_inverted and line.reversal else line.amount, line.currency
                ),
                line.bank_reference,
                line.where or "",
                line.status,
                line.reversal,
                frozenset(odd.get(line.where or "", ())),
            )
            for line in statement.lines
        ]
        currency = header.currency or NO_CURRENCY
        yield StatementView(
            None if header.opening_balance is None else _decimal(header.opening_balance, currency),
            None if header.closing_balance is None else _decimal(header.closing_balance, currency),
            lines,
            header.message_id,
            frozenset(code for codes in odd.values() for code in codes),
        )


def _decimal(minor: int, currency: str) -> Decimal:
    return Decimal(to_text(minor, currency))
