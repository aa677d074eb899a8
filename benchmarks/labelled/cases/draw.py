"""What many cases begin with."""

from __future__ import annotations

from datetime import date

from benchmarks.labelled.world import Line, Row, World


def lag(world: World, day: date, low: int = 0, high: int = 5) -> date:
    """The day on which the books have what the bank books on `day`: that many banking days before it."""
    return world.back(day, world.rng.randint(low, high))


def receipt(world: World, category: str, expect: str, **fields: object) -> tuple[Line, Row, str]:
    """A customer's payment of one invoice; its line names the payer and nothing else yet."""
    day = world.day()
    party = world.customer()
    row, number = world.receivable(lag(world, day, -2, 6), world.amount(), party)
    line = world.line(day, row.amount, category, expect, rows=[row], name=world.bank_name(party), **fields)
    return line, row, number
