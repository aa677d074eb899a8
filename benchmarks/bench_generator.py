"""Makes a labelled data set: bank statements (camt.053), a book of open transactions, and the truth about each line.

    python -m benchmarks.bench_generator OUT --lines 10000 --seed 1 --profile normal --accounts 3

The data is invented; every case stands in `benchmarks/labelled/cases.py`. The same arguments give the same bytes. The
layout is one folder: `statements/*.camt.xml`, `book.csv`, `<account>.truth.json`, so that any engine can be run on it
and `benchmarks/labelled/score.py` can score what it says.
"""

from __future__ import annotations

import argparse
import random
from datetime import timedelta
from pathlib import Path

from benchmarks.labelled.cases import CASES
from benchmarks.labelled.world import PROFILES, Profile, World
from benchmarks.labelled.write import write_book, write_statement, write_truth

ACCOUNTS = (("SE", "SEK"), ("SE", "SEK"), ("FI", "EUR"), ("NO", "NOK"), ("DE", "EUR"), ("DK", "DKK"))


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
        _leave_open(world)
        _number(world, number)
        worlds.append(world)
    return worlds


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="normal")
    parser.add_argument("--accounts", type=int, default=3)
    given = parser.parse_args()
    worlds = make(given.seed, given.lines, PROFILES[given.profile], given.accounts)
    (given.out / "statements").mkdir(parents=True, exist_ok=True)
    write_book(given.out / "book.csv", worlds)
    for number, world in enumerate(worlds):
        write_statement(given.out / "statements" / f"{1930 + number}.camt.xml", world)
        write_truth(given.out / f"{1930 + number}.truth.json", world)
    print(
        f"{given.out}: {sum(len(world.lines) for world in worlds)} lines, {sum(len(world.rows) for world in worlds)} open items"
    )


if __name__ == "__main__":
    main()
