"""Lines whose amount is not the amount of their items: rounded, short, too much, net of a charge, another rate."""

from __future__ import annotations

from benchmarks.labelled.cases.draw import receipt
from benchmarks.labelled.texts import invoice_text, vague
from benchmarks.labelled.world import World


def other_amount(world: World) -> None:
    """Rounded, short, or too much, with the reference."""
    line, row, _ = receipt(world, "partial", "clear")
    line.reference = row.reference
    kind = world.rng.random()
    if kind < 0.35:
        line.remainder, line.amount = "partial", row.amount * world.rng.choice((1, 2, 3)) // 4
    elif kind < 0.7:
        line.category, line.amount = "rounding", max(100, round(row.amount / 100) * 100)
        line.remainder = "rounding" if line.amount != row.amount else ""
    else:
        line.category, line.remainder = "overpayment", "overpayment"
        line.amount = row.amount + world.rng.choice((100, 5_000, 12_345, row.amount // 6))


def bank_charge(world: World) -> None:
    line, row, _ = receipt(world, "net_charge", "clear")
    row.amount = max(row.amount, 60_000)
    line.amount = row.amount - world.rng.choice((500, 1_000, 1_500, 2_500, 7_500, world.rng.randrange(300, 3_000)))
    line.code, line.remainder = "PMNT/RCDT/XBCT", "bank_fee"
    if world.rng.random() < 0.7:
        line.reference = row.reference


def foreign(world: World) -> None:
    line, row, _ = receipt(world, "fx", "clear")
    currency = world.rng.choice([code for code in ("USD", "GBP", "CHF", "PLN") if code != world.currency])
    original = world.amount()
    row.description += f" {currency} {original / 100:.2f}"
    line.amount = max(100, round(row.amount * world.rng.uniform(0.972, 1.028)))
    line.original, line.code = (original, currency), "PMNT/RCDT/XBCT"
    line.remainder = "fx" if line.amount != row.amount else ""
    if world.rng.random() < 0.6:
        line.reference = row.reference


def instalments(world: World) -> None:
    party, rng = world.customer(), world.rng
    count = rng.choice((2, 3, 3, 4))
    day = world.day()
    row, _ = world.receivable(world.back(day, 2), world.amount(100_000), party)
    parts = [row.amount // count] * (count - 1)
    if rng.random() < 0.5:
        parts = [max(100, round(part * rng.uniform(0.6, 1.3))) for part in parts]
    parts.append(row.amount - sum(parts))
    group, named = world.next_group(), rng.random() < 0.7
    for part in parts:
        text = invoice_text(rng, row.reference) if named else vague(rng)
        world.line(day, part, "instalment", "clear", rows=[row], group=group, name=world.bank_name(party), text=text)
        day = world.back(day, -rng.choice((1, 3, 5, 5)))
