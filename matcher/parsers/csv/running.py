"""The balance column as a proof: each balance is the one before it and the amount of the line.

Exports run from old to new or from new to old; which of the two is what the balances themselves say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

FAULTS_MAX = 50


@dataclass(slots=True)
class RunningBalance:
    """Follows amounts and balances (minor units) in the order of the file."""

    first: tuple[int, int, date | None] | None = None
    last: tuple[int, int, date | None] | None = None
    upward: int = 0
    downward: int = 0
    upward_faults: list[str] = field(default_factory=list)
    downward_faults: list[str] = field(default_factory=list)

    def add(self, amount: int, balance: int, day: date | None, where: str) -> None:
        """The next line that has a balance."""
        if self.last is None:
            self.first = (amount, balance, day)
        else:
            before_amount, before_balance, _ = self.last
            if balance == before_balance + amount:
                self.upward += 1
            elif len(self.upward_faults) < FAULTS_MAX:
                self.upward_faults.append(where)
            if balance == before_balance - before_amount:
                self.downward += 1
            elif len(self.downward_faults) < FAULTS_MAX:
                self.downward_faults.append(where)
        self.last = (amount, balance, day)

    @property
    def newest_first(self) -> bool:
        """Whether the newest line stands first; with as many links either way the dates decide."""
        if self.upward != self.downward:
            return self.downward > self.upward
        if self.first is None or self.last is None or self.first[2] is None or self.last[2] is None:
            return False
        return self.first[2] > self.last[2]

    def faults(self) -> list[str]:
        """Places where the chain breaks, at most `FAULTS_MAX`."""
        return self.downward_faults if self.newest_first else self.upward_faults

    def ends(self) -> tuple[int, date | None, int, date | None] | None:
        """Opening balance and its day, closing balance and its day; None without any balance."""
        if self.first is None or self.last is None:
            return None
        oldest, newest = (self.last, self.first) if self.newest_first else (self.first, self.last)
        return oldest[1] - oldest[0], oldest[2], newest[1], newest[2]
