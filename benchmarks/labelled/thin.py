"""What is left of a line where the format has one text field: references and names run together, the rest is lost."""

from __future__ import annotations

from benchmarks.labelled.people import PLAIN
from benchmarks.labelled.world import Line, World

_NAME_SIGNS = 27


def make_thin(world: World) -> None:
    """Move references into the text, cut the name and write it plainly, drop ids and the single payments of batches."""
    for line in world.lines:
        line.text = world.rng.choice((" ", " ", "/", ", ")).join(filter(None, _texts(line)))
        line.name = line.name.translate(PLAIN).upper()[:_NAME_SIGNS].strip()
        line.reference = line.end_to_end = line.mandate = line.message_id = ""
        line.details, line.original = [], None


def _texts(line: Line) -> list[str]:
    foreign = f"{line.original[1]} {line.original[0] / 100:.2f}" if line.original else ""
    return [line.reference, line.end_to_end, line.text, line.message_id, line.mandate, foreign]
