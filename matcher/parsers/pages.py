"""Pages of one statement in one file: what a page does not prove itself, the chain of pages proves.

First page: opening balance; inner pages: carried balances or none; last page: closing balance (domain 2.3, 3.4).
"""

from __future__ import annotations

from dataclasses import dataclass

from matcher.parsers.balance import shown
from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.statement import StatementHeader


@dataclass(slots=True)
class _Open:
    """Pages read so far: the opening of the first, the sum of all, the carried balance of the last."""

    page: int
    opening: int | None
    booked: int
    closing: int | None


class PageChain:
    """Follows the pages of each statement through a file. Memory: one small record an unfinished statement."""

    def __init__(self) -> None:
        self._open: dict[tuple[object, ...], _Open] = {}

    def add(
        self, header: StatementHeader, *, booked: int, balanced: bool | None
    ) -> tuple[bool | None, list[Diagnostic]]:
        """Whether the page, or with it the chain, is proved, and what does not fit.

        `booked` is the page's sum of booked lines in minor units, `balanced` its own proof. A chain that proves only
        with its last page marks that last page.
        """
        if header.page is None:
            return balanced, []
        number = header.sequence if header.sequence is not None else header.statement_id
        key = (header.account, header.currency, number)
        before = self._open.pop(key, None)
        if header.page <= 1:
            before = None
        odd: list[Diagnostic] = []
        if before is not None and header.page != before.page + 1:
            odd.append(_odd(header, "page-missing", f"page {header.page} follows page {before.page}."))
            before = None
        if (
            before is not None
            and None not in (before.closing, header.opening_balance)
            and before.closing != header.opening_balance
        ):
            was, now = (shown(value or 0, header.currency) for value in (before.closing, header.opening_balance))
            odd.append(
                _odd(header, "page-carry-differs", f"page {before.page} carries {was}, the next begins with {now}.")
            )
        opening = before.opening if before is not None else header.opening_balance
        total = booked + (before.booked if before is not None else 0)
        if balanced is None and opening is not None and header.closing_balance is not None:
            balanced = opening + total == header.closing_balance
            if not balanced:
                odd.append(_odd(header, "balance-mismatch", "the pages together do not add up to the closing balance."))
        if not header.last_page:
            self._open[key] = _Open(header.page, opening, total, header.closing_balance)
        return balanced, odd


def _odd(header: StatementHeader, code: str, message: str) -> Diagnostic:
    cure = "Look for a missing page, or ask the bank for the statement again."
    return Diagnostic(code, Severity.ERROR, header.statement_id or "", message, cure)
