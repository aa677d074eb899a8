"""Damaged files of a format: whatever became of them, they are read or refused by a typed error."""

from __future__ import annotations

import random

from matcher.parsers.statements import parse
from recon_core.domain.refused import InputError


def read_mutants(whole: bytes, *, signs: bytes, longest: int, count: int = 800) -> int:
    """Read `count` copies of a file in which signs were exchanged for `signs`, and parts of at most `longest` signs taken
    out or repeated; returns how many of them were read.
    """
    chance, read = random.Random(3), 0
    for _ in range(count):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(data))
            match chance.randrange(3):
                case 0:
                    data[place] = chance.choice(signs)
                case 1:
                    del data[place : place + chance.randint(1, longest)]
                case _:
                    data[place:place] = data[place : place + chance.randint(1, longest)]
        try:
            for statement in parse(bytes(data), name="mutant"):
                assert all(isinstance(line.amount, int) for line in statement.lines)
        except InputError:
            continue
        read += 1
    return read
