"""Proof that a statement adds up: the stage between a reader and everybody else.

P1 (domain 2.3): opening balance + sum of the booked lines = closing balance, in minor units. Where it fails as printed
and reversal entries exist, the amounts of these are turned round; exactly one of the two may hold (domain 2.4). Stated
counts and sums are compared as well. Nothing here stops the reading: what does not hold is a `Diagnostic`, and one of
severity `error` keeps the statement from automatic use.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from matcher.parsers.contract import ControlTotals
from recon_core.domain.currency import EXPONENTS
from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.money import to_text
from recon_core.domain.statement import FOREIGN_BALANCE, LineStatus, StatementHeader, StatementKind, StatementLine

_BOOKED = LineStatus.BOOKED.value


class Tally:
    """Running sums over the lines of one statement, in minor units of its currency."""

    def __init__(self, currency: str | None) -> None:
        self.currency = currency
        self.count = self.booked_count = 0
        self.booked = self.booked_reversals = 0
        self.reversal_count = 0
        self.credit_count = self.credit_sum = self.debit_count = self.debit_sum = 0
        self.pending_credit_count = self.pending_credit_sum = self.pending_debit_count = self.pending_debit_sum = 0
        self.foreign: set[str] = set()

    def add(self, lines: list[StatementLine]) -> None:
        """Count the next lines. Lines in another currency are counted, not summed."""
        currencies = {line.currency for line in lines}
        if self.currency is None and lines:
            self.currency = lines[0].currency
        if currencies <= {self.currency}:
            own = lines
        else:
            self.foreign |= currencies - {self.currency}
            own = [line for line in lines if line.currency == self.currency]
        self.count += len(lines)
        booked = own
        if {line.status for line in own} != {_BOOKED}:
            booked = [line for line in own if line.status == _BOOKED]
        self.booked_count += len(booked)
        amounts = [line.amount for line in booked]
        self.booked += sum(amounts)
        credits_in = [amount for amount in amounts if amount >= 0]
        self.credit_count += len(credits_in)
        self.credit_sum += sum(credits_in)
        self.debit_count += len(amounts) - len(credits_in)
        self.debit_sum += sum(credits_in) - sum(amounts)
        turned = [line for line in own if line.reversal]
        self.reversal_count += len(turned)
        self.booked_reversals += sum(line.amount for line in turned if line.status == _BOOKED)
        if len(booked) != len(own):
            self._add_pending([line.amount for line in own if line.status != _BOOKED])

    def _add_pending(self, amounts: list[int]) -> None:
        self.pending_credit_count += sum(1 for amount in amounts if amount >= 0)
        self.pending_credit_sum += sum(amount for amount in amounts if amount >= 0)
        self.pending_debit_count += sum(1 for amount in amounts if amount < 0)
        self.pending_debit_sum -= sum(amount for amount in amounts if amount < 0)


class Verdict(NamedTuple):
    """What the proof of one statement says. `balanced` is None where a balance is missing, `invert_reversals` where
    nothing tells the direction of reversals.
    """

    balanced: bool | None
    invert_reversals: bool | None
    diagnostics: list[Diagnostic]


def prove(
    header: StatementHeader, tally: Tally, *, reversals_doubtful: bool, reversals_inverted: bool | None
) -> Verdict:
    """Proof P1 and the direction of reversals.

    `reversals_doubtful` is the format's fact, `reversals_inverted` the known habit of the bank, or None. Without
    proof by balances the known habit decides, and without that a statement with reversals is held for a person.
    """
    where = header.statement_id or ""
    found: list[Diagnostic] = []
    if tally.foreign:
        listed = ", ".join(sorted(tally.foreign))
        message = f"the statement is in {tally.currency} and has lines in {listed}, which no balance proves."
        found.append(Diagnostic("line-currency-differs", Severity.ERROR, where, message))
    foreign = [text for name, text in header.extra if name == FOREIGN_BALANCE]
    if foreign:
        message = (
            f"the statement is in {header.currency}, but its balances are {', '.join(foreign)}: no proof is possible."
        )
        found.append(Diagnostic("balance-currency-differs", Severity.ERROR, where, message))
        return Verdict(False, False, found)
    if is_report_without_lines(header, tally):
        return Verdict(None, False, found)
    if header.opening_balance is None or header.closing_balance is None:
        if not (tally.reversal_count and reversals_doubtful):
            return Verdict(None, False, found)
        if reversals_inverted is None:
            found.append(_direction_unproven(where, "no balances prove"))
        return Verdict(None, reversals_inverted, found)
    movement = header.closing_balance - header.opening_balance
    as_printed = tally.booked == movement
    turned = reversals_doubtful and tally.reversal_count > 0 and tally.booked - 2 * tally.booked_reversals == movement
    if as_printed and turned:
        if reversals_inverted is None:
            found.append(_direction_unproven(where, "the reversals add up to zero, so that the balances don't prove"))
        return Verdict(True, reversals_inverted, found)
    if as_printed:
        return Verdict(True, False, found)
    if turned:
        message = "the bank prints the original direction on reversal entries; their amounts were turned round."
        found.append(Diagnostic("reversals-inverted", Severity.WARNING, where, message))
        return Verdict(True, True, found)
    found.append(_mismatch(header, tally, movement))
    return Verdict(False, False, found)


def is_report_without_lines(header: StatementHeader, tally: Tally) -> bool:
    """Whether a report tells balances and sums only, as an MT941 and some camt.052 do: nothing in it can be proved."""
    return header.kind == StatementKind.REPORT and not tally.count


def _direction_unproven(where: str, why: str) -> Diagnostic:
    message = f"the statement has reversal entries and {why} their direction."
    cure = "Set the bank's habit for this account, or check these entries by hand."
    return Diagnostic("reversal-direction-unproven", Severity.ERROR, where, message, cure)


def shown(minor: int, currency: str | None) -> str:
    """A figure for a message; also where the currency is not known."""
    return to_text(minor, currency) if currency and currency in EXPONENTS else f"{minor} minor units"


def _mismatch(header: StatementHeader, tally: Tally, movement: int) -> Diagnostic:
    currency = header.currency or tally.currency
    assert header.opening_balance is not None
    assert header.closing_balance is not None
    message = (
        f"opening {shown(header.opening_balance, currency)} + lines {shown(tally.booked, currency)} is not closing "
        f"{shown(header.closing_balance, currency)}: {shown(movement - tally.booked, currency)} is missing."
    )
    cure = "Ask the bank for the statement again, or look for a missing page; nothing of it is used automatically."
    return Diagnostic("balance-mismatch", Severity.ERROR, header.statement_id or "", message, cure)


def compare_totals(stated: ControlTotals, tally: Tally, header: StatementHeader) -> Iterator[Diagnostic]:
    """Differences between the bank's own counts and sums and the lines that were read.

    Banks count either the booked lines or all of them; a total that fits one of the two is right.
    """
    if is_report_without_lines(header, tally):
        return
    where = stated.where or header.statement_id or ""
    credit_count, debit_count = tally.credit_count, tally.debit_count
    pairs: list[tuple[str, int | None, int, int]] = [
        ("number of lines", stated.line_count, tally.booked_count, tally.count),
        ("number of credits", stated.credit_count, credit_count, credit_count + tally.pending_credit_count),
        ("number of debits", stated.debit_count, debit_count, debit_count + tally.pending_debit_count),
    ]
    if not tally.foreign:
        credit, debit = tally.credit_sum, tally.debit_sum
        all_credit, all_debit = credit + tally.pending_credit_sum, debit + tally.pending_debit_sum
        pairs += [
            ("net sum", stated.net, tally.booked, all_credit - all_debit),
            ("sum of credits", stated.credit_sum, credit, all_credit),
            ("sum of debits", stated.debit_sum, debit, all_debit),
        ]
    currency = header.currency or tally.currency
    for what, said, booked, everything in pairs:
        if said is not None and said not in (booked, everything):
            figures = [
                shown(figure, currency) if "sum" in what else str(figure) for figure in (said, booked, everything)
            ]
            message = f"the bank states {figures[0]} as the {what}; {figures[1]} booked, {figures[2]} in all were read."
            cure = "Compare with the bank's own view of the statement."
            yield Diagnostic("control-total-differs", Severity.WARNING, where, message, cure)
