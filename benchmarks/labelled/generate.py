"""Makes a labelled data set: bank statements, the same lines as a CSV, a book of open transactions, and the truth.

The data is invented; every case stands in `benchmarks/labelled/cases/`. The same arguments give the same bytes.
"""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import combinations
from pathlib import Path

from benchmarks.labelled.cases import CASES
from benchmarks.labelled.cases.bank import both_sides
from benchmarks.labelled.thin import make_thin
from benchmarks.labelled.world import PROFILES, Profile, World
from benchmarks.labelled.write import write_book, write_lines, write_statement, write_truth

ACCOUNTS = (("SE", "SEK"), ("SE", "SEK"), ("FI", "EUR"), ("NO", "NOK"), ("DE", "EUR"), ("DK", "DKK"))
_TRANSFERS = 0.012


def make(seed: int, lines: int, profile: Profile, accounts: int = 3) -> list[World]:
    """Worlds, one an account, with about `lines` bank lines together."""
    worlds = []
    for number in range(accounts):
        rng = random.Random(f"{seed}/{number}")
        country, currency = ACCOUNTS[number % len(ACCOUNTS)]
        world = World(rng, profile, iban(rng, country), currency, lines=lines // accounts)
        cases = [case for case, _ in CASES]
        weights = [weight for _, weight in CASES]
        while len(world.lines) < lines // accounts:
            rng.choices(cases, weights=weights)[0](world)
        worlds.append(world)
    _transfers(worlds)
    for number, world in enumerate(worlds):
        _leave_open(world)
        if profile.thin:
            make_thin(world)
        _number(world, number)
    return worlds


def _transfers(worlds: list[World]) -> None:
    """Money moved between the accounts of one currency."""
    pairs = [pair for pair in combinations(worlds, 2) if pair[0].currency == pair[1].currency]
    for left, right in pairs:
        for _ in range(round(len(left.lines) * _TRANSFERS / len(pairs))):
            both_sides(*left.rng.sample((left, right), 2))


def _leave_open(world: World) -> None:
    """Open items that nobody has paid yet, some with amounts of other items."""
    for _ in range(round(len(world.rows) * world.profile.outstanding)):
        amount = world.rng.choice(world.rows).amount if world.rng.random() < world.profile.traps * 3 else world.amount()
        day = world.day() + timedelta(days=world.rng.randint(-20, 5))
        party = world.customer()
        if amount > 0:
            row, _ = world.receivable(day, amount, party)
        else:
            row = world.payable(day, -amount, world.supplier())
        world.outstanding.append(row)


def _number(world: World, account: int) -> None:
    """Ids in the order of the days, items and lines shuffled before, so that nothing can be read from an id."""
    world.rng.shuffle(world.rows)
    world.rng.shuffle(world.lines)
    world.rows.sort(key=lambda row: row.day)
    world.lines.sort(key=lambda line: line.day)
    for place, row in enumerate(world.rows, 1):
        row.id = f"K{account:02d}{place:07d}"
    for place, line in enumerate(world.lines, 1):
        line.id = f"B{account:02d}{place:07d}"


def iban(rng: random.Random, country: str) -> str:
    """An invented account number with right check digits."""
    bban = "".join(rng.choice("0123456789") for _ in range(20 if country == "SE" else 14))
    rest = int("".join(str(int(sign, 36)) for sign in f"{bban}{country}00")) % 97
    return f"{country}{98 - rest:02d}{bban}"


def write_set(folder: Path, *, lines: int, seed: int, profile: str, accounts: int = 3) -> list[World]:
    """Make a set and write it to a folder, which may exist."""
    worlds = make(seed, lines, PROFILES[profile], accounts)
    (folder / "statements").mkdir(parents=True, exist_ok=True)
    write_book(folder / "book.csv", worlds)
    write_lines(folder / "lines.csv", worlds)
    for number, world in enumerate(worlds):
        write_statement(folder / "statements" / f"{1930 + number}.camt.xml", world)
        write_truth(folder / f"{1930 + number}.truth.json", world)
    return worlds
