"""How fast the engine matches: columns in, columns with evidence codes out. Ratios are taken inside one run.

    python -m benchmarks.match                 # 100,000 lines, 120,000 items; a minute
    python -m benchmarks.match --heavy         # 1,000,000 lines in 30 accounts too; ten minutes, 4 GB
    python -m benchmarks.match --lines 20000   # a smaller first case

The yardstick is one `pandas.merge` of the same items on account and amount: what a script would do first. It is given
twice: of frames with id, account, date and amount, and of frames with all columns. Data is made by `benchmarks.labelled`
(normal profile), so amounts repeat as in price lists. Every case runs in a process of its own, so that nothing is warm
and memory is its own. Times are CPU seconds of one process, the median of three (one for the heavy case): a machine
that does other things too changes them little. "All cores" is wall time.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.labelled.columns import columns_of
from benchmarks.labelled.generate import make
from benchmarks.labelled.world import PROFILES
from matcher.engine import match
from matcher.proposal import MatchStatus
from matcher.rules.columns import Book, BookItem, Lines, book_from_items, lines_from_statement
from recon_core.domain.statement import StatementLine

_TEXTS = ("creditor_reference", "end_to_end_id", "remittance", "counterparty_name", "additional_info", "code")
_MIB = 1024


class Case(NamedTuple):
    """One row of the table."""

    name: str
    run: Callable[[], list[str]]


def timed(work: Callable[[], object], times: int, clock: Callable[[], float] = time.process_time) -> float:
    """Median seconds."""
    taken = []
    for _ in range(times):
        gc.collect()
        start = clock()
        work()
        taken.append(clock() - start)
    return statistics.median(taken)


def frames_of(lines: Lines, book: Book, *, texts: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same items as frames, with their texts or with id, account, day and amount only."""
    left = {
        "id": np.array(lines.ids, object),
        "account": np.array(lines.accounts, object)[lines.account],
        "booking_date": lines.booking_day,
        "amount": lines.amount,
    }
    right = {
        "id": np.array(book.ids, object),
        "account": np.array(book.accounts, object)[book.account],
        "date": book.day,
        "amount": book.amount,
    }
    for frame, table, names in ((left, lines, _TEXTS), (right, book, tuple(book.texts))) if texts else ():
        for name in names:
            column = table.text(name)
            frame[name] = np.array([*column.values, None], object)[column.codes]
    return pd.DataFrame(left), pd.DataFrame(right)


def merged(frames: tuple[pd.DataFrame, pd.DataFrame]) -> int:
    """The yardstick; how many pairs it makes."""
    return len(pd.merge(*frames, on=["account", "amount"]))


def peak_mib() -> int:
    """Most memory that this process had at once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // _MIB


def full_run(lines: int, accounts: int, times: int) -> list[str]:
    """Everything against everything."""
    bank, book = columns_of(make(7, lines, PROFILES["normal"], accounts))
    before = peak_mib()
    one = timed(lambda: match(bank, book, processes=1), times)
    both = timed(lambda: match(bank, book), times, time.perf_counter)
    memory = peak_mib()
    narrow, wide = frames_of(bank, book, texts=False), frames_of(bank, book, texts=True)
    merge, merge_wide = timed(lambda: merged(narrow), times), timed(lambda: merged(wide), times)
    return [
        f"{len(bank):,} lines, {len(book):,} items, {accounts} accounts",
        f"  one process {one:6.2f} s ({len(bank) / one:8,.0f} lines/s), all cores {both:6.2f} s ({len(bank) / both:8,.0f} lines/s)",
        f"  pandas.merge {merge:6.2f} s ({merged(narrow):,} pairs), of all columns {merge_wide:6.2f} s",
        f"  ratio {one / merge:5.1f} x, to the merge of all columns {one / merge_wide:5.1f} x",
        f"  memory {memory:,} MiB, of it the data {before:,} MiB",
    ]


def new_lines(lines: int, new: int, times: int) -> list[str]:
    """A day's new lines against everything that is open."""
    bank, book = columns_of(make(7, lines, PROFILES["normal"], 3))
    whole = timed(lambda: match(bank, book, processes=1), 1)
    newest = np.argsort(bank.booking_day, kind="stable")[-new:]
    few = bank.take(np.sort(newest))
    taken = timed(lambda: match(few, book, processes=1), times)
    return [f"{new:,} new lines against {len(book):,} open items: {taken:.3f} s, {taken / whole:.3f} of the full run"]


def alike(count: int, *, party: bool) -> list[str]:
    """A pathological account: every line and every item has one amount (and one party)."""
    start = date(2026, 3, 2)
    name = "Ek AB" if party else ""

    def day(number: int) -> date:
        return start + timedelta(days=number % 20)

    def statement() -> Iterator[tuple[str, str, StatementLine]]:
        for number in range(count):
            yield (
                "SE1",
                f"L{number}",
                StatementLine(
                    line_index=number + 1,
                    booking_date=day(number),
                    value_date=day(number),
                    amount=10_000,
                    currency="SEK",
                    counterparty_name=name or None,
                ),
            )

    rows = [BookItem(f"K{number}", "SE1", day(number), 10_000, "SEK", "", name) for number in range(count)]
    bank, book = lines_from_statement(statement()), book_from_items(rows)
    start_at = time.process_time()
    found = match(bank, book)
    taken = time.process_time() - start_at
    cleared = sum(row.status is MatchStatus.CLEARED for row in found.rows())
    what = f"{count:,} lines and items of one amount{' and one party' if party else ''}"
    said = f"{cleared:,} cleared, given up and said so: {len(found.gave_up):,} lines"
    return [f"{what}: {taken:.2f} s, {said}, {peak_mib():,} MiB"]


def cases(lines: int, *, heavy: bool) -> Iterator[Case]:
    """The table."""
    yield Case("full", lambda: full_run(lines, 3, 3))
    yield Case("new lines", lambda: new_lines(lines, 1_000, 3))
    yield Case("one amount", lambda: alike(10_000, party=False))
    yield Case("one amount and party", lambda: alike(10_000, party=True))
    if heavy:
        yield Case("heavy", lambda: full_run(10 * lines, 30, 1))


def _run(case: Case) -> None:
    for row in case.run():
        print(row, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument(
        "--heavy", action="store_true", help="also ten times as many lines in ten times as many accounts"
    )
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    context = multiprocessing.get_context("fork")
    for case in cases(given.lines, heavy=given.heavy):
        child = context.Process(target=_run, args=(case,))
        child.start()
        child.join()
        if child.exitcode:
            print(f"{case.name}: ended with exit code {child.exitcode}")


if __name__ == "__main__":
    main()
