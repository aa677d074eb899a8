"""A bank for tests: a true ledger day by day, and every way in which its files may show it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from recon_core.domain.statement import StatementHeader, StatementLine

START = date(2026, 3, 2)


class File(NamedTuple):
    """A statement as delivered."""

    header: StatementHeader
    lines: list[StatementLine]


class Bank:
    """Days of true lines of one account; equal lines are common. `sequences`: the bank numbers its statements."""

    def __init__(self, choose: random.Random, *, iban: str, days: int, fmt: str = "camt.053", sequences: bool) -> None:
        self.choose = choose
        self.iban = iban
        self.fmt = fmt
        self.sequences = sequences
        self.opening = choose.randrange(-10_000, 10_000)
        self.days = [self._day(number) for number in range(days)]

    def _day(self, number: int) -> list[StatementLine]:
        day = START + timedelta(days=number)
        kinds = [(-450, "coffee"), (-450, "tea"), (450, "refund"), (12_345, f"pay {number}"), (-99, "fee")]
        count = self.choose.randrange(0, 7)
        return [self._line(day, *self.choose.choice(kinds)) for _ in range(count)]

    def _line(self, day: date, amount: int, text: str) -> StatementLine:
        return StatementLine(
            line_index=0, booking_date=day, value_date=day, amount=amount, currency="SEK", remittance=text
        )

    def truth(self) -> Counter[tuple[Any, ...]]:
        """The multiset of all lines."""
        return Counter((line.booking_date, line.amount, line.remittance) for day in self.days for line in day)

    def closing(self) -> int:
        """The balance at the end."""
        return self.opening + sum(line.amount for day in self.days for line in day)

    def balance_before(self, day: int) -> int:
        """The balance at the beginning of a day."""
        return self.opening + sum(line.amount for one in self.days[:day] for line in one)

    def file(
        self, first: int, last: int, *, skip: int = 0, take: int | None = None, number: int | None = None, **header: Any
    ) -> File:
        """Days `first` to `last`; of a single day the lines from `skip` on, `take` of them."""
        opening = self.balance_before(first) + sum(line.amount for line in self.days[first][:skip])
        every = [line for day in self.days[first : last + 1] for line in day][skip:]
        lines = every if take is None else every[:take]
        values: dict[str, Any] = {
            "format": self.fmt,
            "kind": "statement",
            "account": self.iban,
            "currency": "SEK",
            "opening_balance": opening,
            "closing_balance": opening + sum(line.amount for line in lines),
            "from_date": START + timedelta(days=first),
            "to_date": START + timedelta(days=last),
            "sequence": number if self.sequences else None,
            "statement_id": f"S{number}" if self.sequences and number is not None else None,
            **header,
        }
        indexed = [line._replace(line_index=index) for index, line in enumerate(lines, start=1)]
        return File(StatementHeader(**values), indexed)

    def parts(self, day: int, cuts: Sequence[int], *, number: int) -> list[File]:
        """A day in contiguous pieces, cut after these many lines."""
        edges = [0, *cuts, len(self.days[day])]
        return [
            self.file(day, day, skip=start, take=end - start, number=number + position)
            for position, (start, end) in enumerate(pairwise(edges))
        ]
