"""One line for many items: payment files, daily sums, salaries, card settlements, several invoices."""

from __future__ import annotations

from datetime import timedelta

from benchmarks.labelled.cases.draw import lag
from benchmarks.labelled.people import printed
from benchmarks.labelled.texts import vague
from benchmarks.labelled.world import Line, World


def several_invoices(world: World) -> None:
    rng, day, party = world.rng, world.day(), world.customer()
    made = [
        world.receivable(lag(world, day, 0, 6), world.amount(high=2_000_000), party)
        for _ in range(rng.choice((2, 2, 3, 4, 6)))
    ]
    rows = [row for row, _ in made]
    if rng.random() < 0.25 and sum(row.amount for row in rows) > 200_000:
        credit, number = world.receivable(lag(world, day, 0, 6), world.amount(5_000, 90_000), party)
        credit.amount, credit.description = -credit.amount, f"Kreditfaktura {number}"
        if any(row.amount == -credit.amount for row in rows):
            credit.amount += 137
        rows.append(credit)
        made.append((credit, number))
    named = rng.random() < 0.75
    numbers = [rng.choice((row.reference, number)) for row, number in made]
    text = (
        rng.choice(("", "Fakturor ", "Invoices ")) + rng.choice((" ", ", ", "/", " + ")).join(numbers)
        if named
        else vague(rng)
    )
    category = "credit_net" if rows[-1].amount < 0 else "several_named" if named else "several_unnamed"
    world.line(
        day, sum(row.amount for row in rows), category, "clear", rows=rows, name=world.bank_name(party), text=text
    )


def payment_file(world: World) -> None:
    rng, day = world.rng, world.day()
    dated = lag(world, day, 0, 2)
    rows = [
        world.payable(dated, world.amount(high=3_000_000), world.supplier())
        for _ in range(round(2 + rng.expovariate(0.12)))
    ]
    line = world.line(day, sum(row.amount for row in rows), "batch", "clear", rows=rows)
    line.bank_text = rng.choice(("BETALFIL", "Leverantörsbetalningar", "Supplier payments", "LB"))
    kind = rng.random()
    if kind < 0.35:
        line.category, line.message_id = "batch_msgid", f"MSG{day:%Y%m%d}{rng.randrange(10**6):06d}"
        for row in rows:
            row.description = f"Utbetalning fil {line.message_id}"
    elif kind < 0.65:
        line.category = "batch_details"
        line.details = [
            Line(day, row.amount, "", "", name=printed(rng, row.party), end_to_end=row.reference) for row in rows
        ]
    if rng.random() < 0.5:
        line.count = len(rows)


def rejected_in_file(world: World) -> None:
    """A payment file of which the bank left one payment out: the rest is less than the file."""
    rng, day = world.rng, world.day()
    rows = [world.payable(day, world.amount(high=3_000_000), world.supplier()) for _ in range(rng.randint(4, 12))]
    left_out = rng.choice(rows)
    kept = [row for row in rows if row is not left_out]
    message = f"MSG{day:%Y%m%d}{rng.randrange(10**6):06d}"
    for row in rows:
        row.description = f"Utbetalning fil {message}"
    world.outstanding.append(left_out)
    world.line(
        day,
        sum(row.amount for row in kept),
        "batch_rejected",
        "clear",
        rows=kept,
        message_id=message,
        bank_text="BETALFIL",
    )


def bankgiro(world: World) -> None:
    rng, day = world.rng, world.day()
    dated = lag(world, day, 0, 1)
    rows = []
    for _ in range(rng.randint(2, 14)):
        row, number = world.receivable(dated, world.amount(high=900_000), world.customer())
        row.description = f"Bankgiro {world.bankgiro} {number}"
        rows.append(row)
    line = world.line(day, sum(row.amount for row in rows), "bg_daily", "clear", rows=rows, code="PMNT/RCDT/VCOM")
    line.bank_text = f"BANKGIRO {world.bankgiro} {day:%y%m%d}"
    if rng.random() < 0.5:
        line.count = len(rows)


def salaries(world: World) -> None:
    rng, day = world.rng, world.day()
    dated = lag(world, day, 0, 1)
    rows = [
        world.row(
            dated,
            -rng.randrange(18_000, 60_000) * 100,
            f"LON{rng.randrange(10**6):06d}",
            world.supplier().name,
            f"Lön {day:%Y-%m}",
            "payment",
        )
        for _ in range(rng.randint(2, 9))
    ]
    world.line(
        day,
        sum(row.amount for row in rows),
        "salary",
        "clear",
        rows=rows,
        code="PMNT/ICDT/SALA",
        bank_text="LÖN",
        count=len(rows),
    )


def card(world: World) -> None:
    rng, day = world.rng, world.day()
    acquirer = rng.choice(("Worldline", "Adyen", "Nets", "Stripe", "Elavon"))
    last = day - timedelta(days=1 if day.weekday() else 3)
    rows = [
        world.row(
            last - timedelta(days=back),
            rng.randrange(80_000, 7_000_000),
            f"Z{rng.randrange(10**5):05d}",
            acquirer,
            f"Kortförsäljning {last - timedelta(days=back)}",
            "journal",
        )
        for back in range(rng.choice((1, 1, 2, 3)))
    ]
    gross = sum(row.amount for row in rows)
    fee = round(gross * rng.uniform(0.006, 0.028))
    line = world.line(
        day,
        gross - fee,
        "card_net",
        "clear",
        remainder="bank_fee",
        rows=rows,
        code="PMNT/MCRD/POSP",
        bank_text=f"{acquirer.upper()} SETTLEMENT {last:%Y%m%d}",
    )
    if rng.random() < 0.35:
        line.text = f"GROSS {gross / 100:.2f} FEE {fee / 100:.2f}"
    if rng.random() < 0.5:
        line.name = acquirer.upper()


def two_sums(world: World) -> None:
    """Two pairs of one customer's invoices add up to what he paid, and he names none: only he knows."""
    rng, day, party = world.rng, world.day(), world.customer()
    total = world.amount(400_000, 4_000_000)
    dated = lag(world, day, 0, 4)
    first, second = (rng.randrange(total // 8, total // 3) for _ in range(2))
    if first == second:
        second += 100
    rows = [world.receivable(dated, amount, party)[0] for amount in (first, total - first, second, total - second)]
    pairs = [rows[:2], rows[2:]]
    world.line(
        day, total, "two_sums", "propose", rows=pairs[0], accept=pairs, name=world.bank_name(party), text=vague(rng)
    )
    world.outstanding.extend(pairs[1])
