"""Diagnostics of one file, collected by a reader while it goes on reading.

A fault that a bank repeats on every line would bury the others: the first `EACH_MAX` of a code are told one by one,
the rest as one count.
"""

from __future__ import annotations

from recon_core.domain.diagnostic import Diagnostic, Severity

EACH_MAX = 100


class Notes:
    """What was odd since the last look. `drain()` hands it out, `totals()` adds the counts of what was not told."""

    def __init__(self, each_max: int = EACH_MAX) -> None:
        self._each_max = each_max
        self._new: list[Diagnostic] = []
        self._counts: dict[str, int] = {}
        self._severities: dict[str, Severity] = {}

    def add(self, code: str, severity: Severity, where: str, message: str, cure: str = "") -> None:
        """Note one oddity; `where` is its place in the source."""
        count = self._counts[code] = self._counts.get(code, 0) + 1
        if count <= self._each_max:
            self._new.append(Diagnostic(code, severity, where, message, cure))
            self._severities[code] = severity

    def error(self, code: str, where: str, message: str, cure: str = "") -> None:
        """Note what keeps the statement from automatic use."""
        self.add(code, Severity.ERROR, where, message, cure)

    def warning(self, code: str, where: str, message: str, cure: str = "") -> None:
        """Note what a person should look at."""
        self.add(code, Severity.WARNING, where, message, cure)

    def info(self, code: str, where: str, message: str, cure: str = "") -> None:
        """Note what is only kept."""
        self.add(code, Severity.INFO, where, message, cure)

    def drain(self) -> list[Diagnostic]:
        """The diagnostics since the last call, oldest first."""
        told, self._new = self._new, []
        return told

    def totals(self) -> list[Diagnostic]:
        """What is left, and one more diagnostic for each code that occurred too often; the counting starts anew."""
        told = self.drain()
        for code, count in self._counts.items():
            if count > self._each_max:
                more = count - self._each_max
                told.append(Diagnostic(code, self._severities[code], "", f"{more} more of the same kind.", ""))
        self._counts.clear()
        return told
