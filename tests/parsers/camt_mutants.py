"""A valid camt file that adds up, and damaged copies of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from random import Random

from tests.parsers.camt_files import amounts, details, entry, full

PAIRS = 60


@lru_cache
def whole() -> bytes:
    """A statement of 120 entries, every second one a batch, whose balances and control sums are right."""
    xml = full("053", "08").xml
    found = re.search(r"<Ntry>.*</Ntry>", xml)
    assert found is not None
    batch = entry("30.00", inside=details(amounts("10.00"), amounts("20.00")))
    xml = (
        xml.replace("198.75", "7825.00")
        .replace("<NbOfNtries>1<", "<NbOfNtries>120<")
        .replace("<Sum>98.75", "<Sum>7725.00")
    )
    return xml.replace(found[0], (found[0] + batch) * PAIRS).encode()


def mutants(seed: int, count: int) -> Iterator[bytes]:
    """Damaged copies: bytes changed, cut out, doubled, tags swapped, texts altered; the same for the same seed."""
    random = Random(seed)
    letters = [found.start() for found in re.finditer(rb"[0-9A-Z](?=[^<>]*</)", whole())]
    tags = [found.span() for found in re.finditer(rb"</?[A-Za-z]+", whole())]
    for _ in range(count):
        data = bytearray(whole())
        for _ in range(random.randint(1, 3)):
            at = random.randrange(len(data))
            kind = random.randrange(10)
            if kind >= 5:
                at = random.choice(letters)
                data[at : at + 1] = random.choice((b"0", b"7", b"A", b".", b"-", b" ", b""))
            elif kind == 0:
                data[at] = random.randrange(256)
            elif kind == 1:
                data[at] ^= 1 << random.randrange(8)
            elif kind == 2:
                del data[at : at + random.randrange(1, 40)]
            elif kind == 3:
                data[at:at] = data[at : at + random.randrange(1, 400)]
            else:
                start, end = random.choice(tags)
                data[start:end] = random.choice((b"<Amt", b"</Ntry", b"<TxDtls", b"<!--", b"]]>", b"<Ntry"))
        yield bytes(data)
