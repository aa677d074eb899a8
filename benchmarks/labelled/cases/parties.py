"""One line, one item, told by the name or by the amount alone; and by a reference whose payer is somebody else."""

from __future__ import annotations

from benchmarks.labelled.cases.draw import receipt
from benchmarks.labelled.people import printed
from benchmarks.labelled.texts import vague
from benchmarks.labelled.world import World


def no_reference(world: World) -> None:
    line, _, _ = receipt(world, "name_only", "clear")
    line.text = vague(world.rng)


def misspelt(world: World) -> None:
    line, row, _ = receipt(world, "name_variant", "clear")
    line.name = printed(world.rng, row.party, distort=1.0)


def third_party(world: World) -> None:
    line, row, _ = receipt(world, "third_party", "clear")
    line.name = printed(world.rng, world.rng.choice(world.customers).name)
    line.reference = row.reference


def amount_only(world: World) -> None:
    line, row, _ = receipt(world, "amount_only", "clear")
    row.amount = line.amount = world.rng.randrange(5_000_001, 90_000_000) | 1
    line.name, line.text = "", world.rng.choice(("INSÄTTNING", "Betalning", "GIRO", ""))
