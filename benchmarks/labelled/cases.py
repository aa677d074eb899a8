"""The cases: each function adds bank lines, the book transactions behind them, and the truth.

`expect` is "clear" (a person would not look twice), "propose" (only a person can decide) or "classify" (nothing in the
books; the class is the answer). Every case is drawn with a weight; `CASES` is the list.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from benchmarks.labelled.people import printed
from benchmarks.labelled.texts import invoice_text, vague
from benchmarks.labelled.world import Line, Row, World

Case = Callable[[World], None]


def _lag(world: World, day_of_line: object, low: int = 0, high: int = 5) -> object:
    return world.back(day_of_line, world.rng.randint(low, high))  # type: ignore[arg-type]


def _receipt(world: World, category: str, expect: str, **fields: object) -> tuple[Line, Row, str]:
    day = world.day()
    party = world.customer()
    row, number = world.receivable(_lag(world, day, -2, 6), world.amount(), party)  # type: ignore[arg-type]
    line = world.line(day, row.amount, category, expect, rows=[row], name=world.bank_name(party), **fields)
    return line, row, number


def reference_field(world: World) -> None:
    line, row, _ = _receipt(world, "clean_ref", "clear", hard=False)
    line.reference = row.reference


def own_payment(world: World) -> None:
    day, party = world.day(), world.supplier()
    row = world.payable(_lag(world, day, 0, 4), world.amount(), party)  # type: ignore[arg-type]
    text = str(world.rng.randrange(10**5, 10**11)) if world.rng.random() < 0.4 else ""
    world.line(
        day,
        row.amount,
        "own_payment",
        "clear",
        rows=[row],
        hard=False,
        name=world.bank_name(party),
        end_to_end=row.reference,
        text=text,
    )


def reference_text(world: World) -> None:
    line, row, number = _receipt(world, "ref_text", "clear")
    line.text = invoice_text(world.rng, world.rng.choice((row.reference, number)))


def reference_spaced(world: World) -> None:
    line, row, _ = _receipt(world, "ref_spaces", "clear")
    sign = world.rng.choice((" ", ".", "-", " "))
    size = world.rng.choice((2, 3, 4))
    line.text = sign.join(row.reference[at : at + size] for at in range(0, len(row.reference), size))


def reference_zeros(world: World) -> None:
    line, row, _ = _receipt(world, "ref_zeros", "clear")
    line.reference = (
        row.reference.lstrip("0") if row.reference.startswith("0") else row.reference.zfill(len(row.reference) + 4)
    )


def reference_typo(world: World) -> None:
    line, row, _ = _receipt(world, "ref_typo", "clear")
    at = world.rng.randrange(len(row.reference) - 1)
    ref = row.reference
    swapped = ref[:at] + ref[at + 1] + ref[at] + ref[at + 2 :]
    line.reference = swapped if world.rng.random() < 0.5 else ref[:at] + world.rng.choice("0123456789") + ref[at + 1 :]


def reference_cut(world: World) -> None:
    line, row, _ = _receipt(world, "ref_trunc", "clear")
    head = "Betalning enligt avtal om leverans av varor och tjänster under perioden, avser projekt Norra hamnen och faktura "
    line.text = (head + row.reference)[: len(head) + max(4, len(row.reference) - 2)]


def no_reference(world: World) -> None:
    line, _, _ = _receipt(world, "name_only", "clear")
    line.text = vague(world.rng)


def misspelt(world: World) -> None:
    line, row, _ = _receipt(world, "name_variant", "clear")
    line.name = printed(world.rng, row.party, distort=1.0)


def third_party(world: World) -> None:
    line, row, _ = _receipt(world, "third_party", "clear")
    line.name = printed(world.rng, world.rng.choice(world.customers).name)
    line.reference = row.reference


def amount_only(world: World) -> None:
    line, row, _ = _receipt(world, "amount_only", "clear")
    row.amount = line.amount = world.rng.randrange(5_000_001, 90_000_000) | 1
    line.name, line.text = "", world.rng.choice(("INSÄTTNING", "Betalning", "GIRO", ""))


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
        day += timedelta(days=rng.choice((1, 3, 7, 7)))
        while day.weekday() > 4:
            day += timedelta(days=1)


def other_amount(world: World) -> None:
    """Rounded, short, or too much, with the reference."""
    line, row, _ = _receipt(world, "partial", "clear")
    line.reference = row.reference
    kind = world.rng.random()
    if kind < 0.35:
        line.amount = row.amount * world.rng.choice((1, 2, 3)) // 4
    elif kind < 0.7:
        line.category, line.amount = "rounding", max(100, round(row.amount / 100) * 100)
    else:
        line.category, line.amount = "overpayment", row.amount + world.rng.choice((100, 5_000, 12_345, row.amount // 6))


def bank_charge(world: World) -> None:
    line, row, _ = _receipt(world, "net_charge", "clear")
    row.amount = max(row.amount, 60_000)
    line.amount = row.amount - world.rng.choice((500, 1_000, 1_500, 2_500, 7_500, world.rng.randrange(300, 3_000)))
    line.code = "PMNT/RCDT/XBCT"
    if world.rng.random() < 0.7:
        line.reference = row.reference


def foreign(world: World) -> None:
    line, row, _ = _receipt(world, "fx", "clear")
    currency = world.rng.choice([code for code in ("USD", "GBP", "CHF", "PLN") if code != world.currency])
    original = world.amount()
    row.description += f" {currency} {original / 100:.2f}"
    line.amount = max(100, round(row.amount * world.rng.uniform(0.972, 1.028)))
    line.original, line.code = (original, currency), "PMNT/RCDT/XBCT"
    if world.rng.random() < 0.6:
        line.reference = row.reference


def several_invoices(world: World) -> None:
    rng, day, party = world.rng, world.day(), world.customer()
    made = [
        world.receivable(_lag(world, day, 0, 6), world.amount(high=2_000_000), party)
        for _ in range(rng.choice((2, 2, 3, 4, 6)))
    ]  # type: ignore[arg-type]
    rows = [row for row, _ in made]
    if rng.random() < 0.25 and sum(row.amount for row in rows) > 200_000:
        credit, number = world.receivable(_lag(world, day, 0, 6), world.amount(5_000, 90_000), party)  # type: ignore[arg-type]
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
    category = "several_named" if named else "several_unnamed"
    world.line(
        day, sum(row.amount for row in rows), category, "clear", rows=rows, name=world.bank_name(party), text=text
    )


def payment_file(world: World) -> None:
    rng, day = world.rng, world.day()
    dated = _lag(world, day, 0, 2)
    rows = [
        world.payable(dated, world.amount(high=3_000_000), world.supplier())
        for _ in range(round(2 + rng.expovariate(0.12)))
    ]  # type: ignore[arg-type]
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


def bankgiro(world: World) -> None:
    rng, day = world.rng, world.day()
    dated = _lag(world, day, 0, 1)
    rows = []
    for _ in range(rng.randint(2, 14)):
        row, number = world.receivable(dated, world.amount(high=900_000), world.customer())  # type: ignore[arg-type]
        row.description = f"Bankgiro {world.bankgiro} {number}"
        rows.append(row)
    line = world.line(day, sum(row.amount for row in rows), "bg_daily", "clear", rows=rows, code="PMNT/RCDT/VCOM")
    line.bank_text = f"BANKGIRO {world.bankgiro} {day:%y%m%d}"
    if rng.random() < 0.5:
        line.count = len(rows)


def salaries(world: World) -> None:
    rng, day = world.rng, world.day()
    dated = _lag(world, day, 0, 1)
    rows = [
        world.row(
            dated,
            -rng.randrange(18_000, 60_000) * 100,
            f"LON{rng.randrange(10**6):06d}",
            world.supplier().name,
            f"Lön {day:%Y-%m}",
            "payment",
        )  # type: ignore[arg-type]
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
        rows=rows,
        code="PMNT/MCRD/POSP",
        bank_text=f"{acquirer.upper()} SETTLEMENT {last:%Y%m%d}",
    )
    if rng.random() < 0.35:
        line.text = f"GROSS {gross / 100:.2f} FEE {fee / 100:.2f}"
    if rng.random() < 0.5:
        line.name = acquirer.upper()


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
    dated = _lag(world, day, 0, 3)
    rows = [world.row(dated, amount, "", party.name, "Betalning", "receipt") for _ in range(2)]  # type: ignore[arg-type]
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
    dated = _lag(world, day, 0, 2)
    rows = [world.row(dated, amount, "", party.name, "Betalning", "receipt") for _ in range(count)]  # type: ignore[arg-type]
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
    line, row, _ = _receipt(world, "duplicate", "clear")
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


def own_transfer(world: World) -> None:
    rng, day = world.rng, world.day()
    amount = rng.randrange(1, 900) * 1_000_00 * rng.choice((1, -1))
    known = rng.random() < 0.85
    rows = (
        [
            world.row(
                _lag(world, day, 0, 2),
                amount,
                f"T{rng.randrange(10**7):07d}",
                "Egen överföring",
                "Överföring",
                "transfer",
            )
        ]
        if known
        else []
    )  # type: ignore[arg-type]
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


def trap_amount(world: World) -> None:
    """An open item with the amount of an unrelated receipt, from somebody else, with another reference."""
    rng, day = world.rng, world.day()
    amount = rng.randrange(1_000_000, 90_000_000)
    row, _ = world.receivable(_lag(world, day, 0, 5), amount, world.customer())  # type: ignore[arg-type]
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
    row, number = world.receivable(_lag(world, day, 0, 5), amount, party)  # type: ignore[arg-type]
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
    row, _ = world.receivable(_lag(world, day, 0, 5), world.amount(), party)  # type: ignore[arg-type]
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


CASES: tuple[tuple[Case, float], ...] = (
    (reference_field, 30),
    (own_payment, 20),
    (reference_text, 5),
    (reference_spaced, 1.5),
    (reference_zeros, 1.5),
    (reference_typo, 1),
    (reference_cut, 1),
    (no_reference, 5),
    (misspelt, 2),
    (third_party, 1),
    (amount_only, 0.5),
    (instalments, 0.5),
    (other_amount, 1.5),
    (bank_charge, 0.7),
    (foreign, 1),
    (several_invoices, 1.5),
    (payment_file, 1.2),
    (bankgiro, 0.8),
    (salaries, 0.2),
    (card, 0.9),
    (recurring, 0.7),
    (two_alike, 0.6),
    (interchangeable, 0.2),
    (paid_twice, 0.4),
    (came_back, 0.4),
    (own_transfer, 1.2),
    (bank_own, 3),
    (unknown, 1),
    (trap_amount, 0.3),
    (trap_closed, 0.2),
    (trap_near, 0.2),
    (rejected_in_file, 0.1),
)
