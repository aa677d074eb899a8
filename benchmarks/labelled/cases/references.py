"""One line, one item, told by a reference: whole, in free text, spaced, padded, prefixed, mistyped, cut."""

from __future__ import annotations

from benchmarks.labelled.cases.draw import lag, receipt
from benchmarks.labelled.texts import invoice_text
from benchmarks.labelled.world import World


def reference_field(world: World) -> None:
    line, row, _ = receipt(world, "clean_ref", "clear", hard=False)
    line.reference = row.reference


def own_payment(world: World) -> None:
    day, party = world.day(), world.supplier()
    row = world.payable(lag(world, day, 0, 4), world.amount(), party)
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
    line, row, number = receipt(world, "ref_text", "clear")
    line.text = invoice_text(world.rng, world.rng.choice((row.reference, number)))


def reference_spaced(world: World) -> None:
    line, row, _ = receipt(world, "ref_spaces", "clear")
    sign = world.rng.choice((" ", ".", "-", " "))
    size = world.rng.choice((2, 3, 4))
    line.text = sign.join(row.reference[at : at + size] for at in range(0, len(row.reference), size))


def reference_zeros(world: World) -> None:
    line, row, _ = receipt(world, "ref_zeros", "clear")
    line.reference = (
        row.reference.lstrip("0") if row.reference.startswith("0") else row.reference.zfill(len(row.reference) + 4)
    )


def reference_typo(world: World) -> None:
    line, row, _ = receipt(world, "ref_typo", "clear")
    at = world.rng.randrange(len(row.reference) - 1)
    ref = row.reference
    swapped = ref[:at] + ref[at + 1] + ref[at] + ref[at + 2 :]
    line.reference = swapped if world.rng.random() < 0.5 else ref[:at] + world.rng.choice("0123456789") + ref[at + 1 :]


def reference_cut(world: World) -> None:
    line, row, _ = receipt(world, "ref_trunc", "clear")
    head = "Betalning enligt avtal om leverans av varor och tjänster under perioden, avser projekt Norra hamnen och faktura "
    line.text = (head + row.reference)[: len(head) + max(4, len(row.reference) - 2)]


def reference_prefixed(world: World) -> None:
    """The reference with something glued to it: a word, a customer number, a copy number."""
    line, row, number = receipt(world, "ref_prefix", "clear")
    core = world.rng.choice((row.reference, number))
    line.text = world.rng.choice(("F{}", "FAKT{}", "{}-1", "KND{}", "NR.{}", "RF-{}", "{}/2026", "#{}")).format(core)


def cheque(world: World) -> None:
    """A cheque of ours: the bank names its number, and cashes it when it comes."""
    rng, day = world.rng, world.day()
    number = str(rng.randrange(10_000, 99_999))
    row = world.row(
        lag(world, day, 2, 25),
        -world.amount(),
        rng.choice(("CHK{}", "{}", "Check {}")).format(number),
        world.supplier().name,
        rng.choice(("Check", "Cheque", "Bankcheck")),
        "payment",
    )
    line = world.line(day, row.amount, "cheque", "clear", rows=[row], code="PMNT/ICHQ/CCHQ")
    if rng.random() < 0.7:
        line.cheque = number if rng.random() < 0.7 else number.zfill(8)
    else:
        line.bank_text = f"CHECK {number}"
