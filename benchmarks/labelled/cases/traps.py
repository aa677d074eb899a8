"""Items that tempt: an equal or near amount, the fee that equals an open item, the invoice that is paid already."""

from __future__ import annotations

from benchmarks.labelled.cases.draw import lag
from benchmarks.labelled.texts import vague
from benchmarks.labelled.world import World


def trap_amount(world: World) -> None:
    """An open item with the amount of an unrelated receipt, from somebody else, with another reference."""
    rng, day = world.rng, world.day()
    amount = rng.randrange(1_000_000, 90_000_000)
    row, _ = world.receivable(lag(world, day, 0, 5), amount, world.customer())
    world.outstanding.append(row)
    party = world.customer()
    while party.name == row.party:
        party = world.customer()
    world.line(
        day,
        amount,
        "unknown_trap",
        "classify",
        klass="unknown",
        name=world.bank_name(party),
        reference=str(rng.randrange(10**8, 10**9)),
    )


def trap_closed(world: World) -> None:
    """A customer pays an invoice that is not open any more; another open item of his has the same amount."""
    rng, day, party = world.rng, world.day(), world.customer()
    amount = world.amount()
    row, number = world.receivable(lag(world, day, 0, 5), amount, party)
    world.outstanding.append(row)
    digits = str(int(number) + rng.choice((-4211, 5077, 1234)))
    other = reference_of_like(row.reference, digits)
    world.line(day, amount, "trap_closed", "propose", rows=[row], name=world.bank_name(party), reference=other)


def reference_of_like(reference: str, digits: str) -> str:
    """Another reference of the same look."""
    return reference[: -len(digits)] + digits if len(reference) > len(digits) else digits


def trap_near(world: World) -> None:
    """A customer's payment whose item is missing, beside an open item of his that is nearly as large."""
    rng, day, party = world.rng, world.day(), world.customer()
    row, _ = world.receivable(lag(world, day, 0, 5), world.amount(), party)
    world.outstanding.append(row)
    world.line(
        day,
        row.amount + rng.choice((700, -4_300, 100_00)),
        "trap_near",
        "propose",
        rows=[row],
        name=world.bank_name(party),
        text=vague(rng),
    )


def trap_fee(world: World) -> None:
    """A fee that the bank names, and an open payment of the same amount to somebody else."""
    rng, day = world.rng, world.day()
    amount = rng.choice((4_500, 12_500, 25_000, 39_900))
    world.outstanding.append(world.payable(lag(world, day, 0, 4), amount, world.supplier()))
    world.line(
        day,
        -amount,
        "trap_fee",
        "classify",
        klass="bank_fee",
        bank_text=rng.choice(("KONTOAVGIFT", "Månadsavgift", "Account fee")),
        code="ACMT/MDOP/CHRG",
    )
