"""What only the bank knows, or the bank names: fees, interest, tax, cash, direct debits, transfers, unknown receipts."""

from __future__ import annotations

from benchmarks.labelled.cases.draw import lag
from benchmarks.labelled.people import printed
from benchmarks.labelled.texts import invoice_text, vague
from benchmarks.labelled.world import World


def own_transfer(world: World) -> None:
    rng, day = world.rng, world.day()
    amount = rng.randrange(1, 900) * 1_000_00 * rng.choice((1, -1))
    known = rng.random() < 0.85
    rows = (
        [
            world.row(
                lag(world, day, 0, 2),
                amount,
                f"T{rng.randrange(10**7):07d}",
                "Egen överföring",
                "Överföring",
                "transfer",
            )
        ]
        if known
        else []
    )
    world.line(
        day,
        amount,
        "transfer",
        "clear" if known else "classify",
        rows=rows,
        klass="" if known else "transfer",
        bank_text="EGEN ÖVERFÖRING",
        proprietary="OVERFORING",
        hard=False,
    )


def both_sides(left: World, right: World) -> None:
    """A transfer between two own accounts of one currency: a line and a book transaction in each, with one number."""
    rng, day = left.rng, left.day()
    amount, number, group = rng.randrange(1, 900) * 1_000_00, f"T{rng.randrange(10**7):07d}", left.next_group()
    for world, sign in ((left, -1), (right, 1)):
        row = world.row(
            left.back(day, rng.randint(0, 1)), sign * amount, number, "Egen överföring", "Överföring", "transfer"
        )
        line = world.line(
            day,
            sign * amount,
            "transfer",
            "clear",
            rows=[row],
            group=group,
            hard=False,
            proprietary="OVERFORING",
            bank_text=rng.choice(("EGEN ÖVERFÖRING", "Överföring mellan egna konton", "OWN TRANSFER")),
        )
        if rng.random() < 0.5:
            line.text = number


def bank_own(world: World) -> None:
    """Fees, interest, cash: nothing in the books, often without a code."""
    rng, day = world.rng, world.day()
    kind = rng.random()
    if kind < 0.6:
        amount = -rng.choice((rng.randrange(150, 3_000), 4_500, 25_000, 12_500))
        world.line(
            day,
            amount,
            "bank_fee",
            "classify",
            klass="bank_fee",
            hard=False,
            bank_text=rng.choice(("KONTOAVGIFT", "Bank charges", "Månadsavgift", "Gebyr")),
            code="ACMT/MDOP/CHRG",
        )
    elif kind < 0.8:
        amount = rng.randrange(1_000, 300_000) * rng.choice((1, -1))
        world.line(
            day,
            amount,
            "interest",
            "classify",
            klass="interest",
            hard=False,
            bank_text=rng.choice(("RÄNTA", "Interest", "Zinsen")),
            code="ACMT/MCOP/INTR",
        )
    else:
        world.line(
            day,
            -rng.randrange(5, 80) * 10_000,
            "cash_withdrawal",
            "classify",
            klass="cash_withdrawal",
            hard=False,
            bank_text="BANKOMAT UTTAG",
            code="PMNT/CCRD/CWDL",
        )


def unknown(world: World) -> None:
    """A receipt that nothing in the books explains: from a stranger, or from a customer whose item is not there."""
    rng, day = world.rng, world.day()
    stranger = rng.random() < 0.7
    party = world.customer()
    name = printed(rng, party.name if not stranger else f"{rng.choice(world.suppliers).name} {rng.choice('XYZQ')}")
    text = invoice_text(rng, str(rng.randrange(10**4, 10**8))) if rng.random() < 0.8 or not stranger else vague(rng)
    world.line(day, world.amount(), "unknown_receipt", "classify", klass="unknown", name=name, text=text)


def tax(world: World) -> None:
    """To and from the tax account; mostly booked."""
    rng, day = world.rng, world.day()
    amount = rng.randrange(20, 9_000) * 100_00 * rng.choice((-1, -1, -1, 1))
    name = rng.choice(("Skatteverket", "SKATTEKONTO", "Skattekonto Skatteverket", "SKATTEVERKET SKATTEKONTO"))
    kind = "payment" if amount < 0 else "receipt"
    known = rng.random() < 0.75
    organisation = str(rng.randrange(10**11, 10**12))
    rows = (
        [world.row(lag(world, day, 0, 4), amount, organisation, "Skatteverket", "Skattekonto", kind)] if known else []
    )
    line = world.line(
        day,
        amount,
        "tax",
        "clear" if known else "classify",
        rows=rows,
        klass="" if known else "tax",
        name=name,
        hard=False,
    )
    if rng.random() < 0.6:
        line.text = organisation
    else:
        line.bank_text = "Skattekonto"


def direct_debit(world: World) -> None:
    """Drawn by a supplier under a mandate; half of them booked before."""
    rng, day, party = world.rng, world.day(), world.supplier()
    amount, known = -world.amount(), rng.random() < 0.5
    mandate = f"{rng.choice(('AG', 'M-', 'SDD'))}{rng.randrange(10**8)}"
    rows = []
    if known:
        rows = [
            world.row(
                lag(world, day, 0, 3), amount, "", party.name, rng.choice(("Autogiro", "Direct debit")), "payment"
            )
        ]
    world.line(
        day,
        amount,
        "direct_debit",
        "clear" if known else "classify",
        rows=rows,
        klass="" if known else "direct_debit",
        hard=False,
        name=world.bank_name(party),
        mandate=mandate,
        code="PMNT/RDDT/ESDD",
        bank_text=rng.choice(("AUTOGIRO", "AUTOGIRO", "DIRECT DEBIT", "AVTALEGIRO")),
    )
