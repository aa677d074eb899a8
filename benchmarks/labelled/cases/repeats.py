"""What looks alike: equal amounts of many, recurring payments, twins that nobody can tell apart, paid twice, returned."""

from __future__ import annotations

from datetime import timedelta

from benchmarks.labelled.cases.draw import lag, receipt
from benchmarks.labelled.people import printed
from benchmarks.labelled.world import World


def recurring(world: World) -> None:
    rng, party = world.rng, world.customer()
    amount, period = world.amount(), rng.choice((14, 15, 21, 28))
    day = world.day()
    for _ in range(rng.choice((2, 3))):
        row = world.row(day, amount, "", party.name, rng.choice(("Hyra", "Abonnemang", "Leasing")), "receipt")
        booked = world.back(day, -rng.randint(0, 3))
        world.line(
            booked,
            amount,
            "recurring",
            "clear",
            rows=[row],
            name=world.bank_name(party),
            text=rng.choice(("Hyra", "", "Leasing")),
        )
        day += timedelta(days=period)


def two_alike(world: World) -> None:
    """One payment, two open items that it fits equally well."""
    rng, day, party = world.rng, world.day(), world.customer()
    amount = world.amount()
    dated = lag(world, day, 0, 3)
    rows = [world.row(dated, amount, "", party.name, "Betalning", "receipt") for _ in range(2)]
    if rng.random() < 0.5:
        for row in rows:
            number, row.reference = world.invoice()
            row.description = f"Kundfaktura {number}"
    world.line(
        day, amount, "ambiguous", "propose", rows=[rows[0]], accept=[[row] for row in rows], name=world.bank_name(party)
    )
    world.outstanding.append(rows[1])


def interchangeable(world: World) -> None:
    rng, day, party = world.rng, world.day(), world.customer()
    amount, count, group = world.amount(), rng.choice((2, 2, 3)), world.next_group()
    dated = lag(world, day, 0, 2)
    rows = [world.row(dated, amount, "", party.name, "Betalning", "receipt") for _ in range(count)]
    for row in rows:
        world.line(
            day,
            amount,
            "interchangeable",
            "clear",
            rows=[row],
            accept=[[other] for other in rows],
            group=group,
            name=world.bank_name(party),
        )


def paid_twice(world: World) -> None:
    line, row, _ = receipt(world, "duplicate", "clear")
    line.reference, line.group = row.reference, world.next_group()
    later = world.back(line.day, -world.rng.randint(0, 3))
    world.twin(line, day=later, rows=[], accept=[[row]], expect="classify", klass="duplicate")


def came_back(world: World) -> None:
    day, party = world.day(), world.supplier()
    known = world.rng.random() < 0.6
    amount = world.amount()
    row = world.payable(world.back(day, 1), amount, party) if known else None
    reference = row.reference if row else world.payment_id()
    group = world.next_group()
    fields = {"name": world.bank_name(party), "end_to_end": reference, "group": group}
    first = world.line(day, -amount, "return", "clear" if known else "classify", rows=[row] if row else [], **fields)
    first.klass = "" if known else "reversal"
    back = world.line(world.back(day, -3), amount, "return", "classify", klass="return", **fields)
    if world.rng.random() < 0.8:
        back.return_reason, back.bank_text = "AC04", "RETURNED PAYMENT"


def price_list(world: World) -> None:
    """Many customers pay the same price within days; each is told by the reference, or by the name, and by no amount."""
    rng, day = world.rng, world.day()
    amount = rng.choice((9_900, 19_900, 29_900, 49_900, 125_000))
    by_name = rng.random() < 0.5
    people = {party.name: party for party in (world.customer() for _ in range(rng.randint(3, 9)))}
    for party in people.values():
        number, reference = world.invoice()
        booked = world.back(day, -rng.randint(0, 2))
        row = world.row(lag(world, booked, 0, 4), amount, reference, party.name, f"Abonnemang {number}", "receipt")
        line = world.line(booked, amount, "same_amount_name" if by_name else "same_amount_ref", "clear", rows=[row])
        if by_name:
            line.name = printed(rng, party.name)
        elif rng.random() < 0.6:
            line.reference = reference
        else:
            line.text = reference
