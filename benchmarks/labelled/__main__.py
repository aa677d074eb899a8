"""The open labelled benchmark for matching bank lines with book transactions. See `benchmarks/labelled/README.md`.

python -m benchmarks.labelled generate SET --lines 10000 --seed 1 --profile normal --accounts 3
python -m benchmarks.labelled run ENGINE SET RESULT.jsonl
python -m benchmarks.labelled score SET RESULT.jsonl
python -m benchmarks.labelled table --lines 3000 --seeds 1 2 3
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.labelled.engines import ENGINES
from benchmarks.labelled.generate import write_set
from benchmarks.labelled.score import COLUMNS, cells, read_results, read_truth, score, total
from benchmarks.labelled.world import PROFILES


def generate(given: argparse.Namespace) -> int:
    """Write a set."""
    worlds = write_set(given.set, lines=given.lines, seed=given.seed, profile=given.profile, accounts=given.accounts)
    lines, items = sum(len(world.lines) for world in worlds), sum(len(world.rows) for world in worlds)
    print(f"{given.set}: {lines:,} lines, {items:,} open items")
    return 0


def run(given: argparse.Namespace) -> int:
    """Write an engine's results on a set."""
    with given.result.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in ENGINES[given.engine](given.set))
    return 0


def show_score(given: argparse.Namespace) -> int:
    """Print a row a category and their sum; 1 if anything was cleared wrongly or in silence."""
    truth = read_truth(given.set)
    if not truth:
        print(f"{given.set}: no *.truth.json there", file=sys.stderr)
        return 2
    results = read_results(given.result)
    strangers = sorted(results.keys() - truth.keys())
    if strangers:
        print(
            f"{len(strangers)} results name lines that the set does not have, such as {strangers[0]}", file=sys.stderr
        )
    counts = score(truth, results)
    all_of_it = total(counts)
    for name, values in [("category", list(COLUMNS)), *((n, cells(c)) for n, c in sorted(counts.items()))]:
        print(_row(name, values))
    print(_row("all", cells(all_of_it)))
    return 1 if all_of_it["wrong"] or all_of_it["silent"] else 0


def _row(name: str, values: list[str]) -> str:
    return f"{name:20}" + "".join(f"{value:>10}" for value in values)


def table(given: argparse.Namespace) -> int:
    """Print a Markdown table: every engine over profiles, the seeds of a profile summed."""
    print(f"| profile | engine | {' | '.join(COLUMNS)} |")
    print("|---|---|" + "---:|" * len(COLUMNS))
    for profile in given.profiles:
        sums: dict[str, Counter[str]] = {name: Counter() for name in given.engines}
        for seed in given.seeds:
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch)
                write_set(folder, lines=given.lines, seed=seed, profile=profile, accounts=given.accounts)
                truth = read_truth(folder)
                for name in given.engines:
                    results = {row["bank_line"]: dict(row) for row in ENGINES[name](folder)}
                    sums[name] += total(score(truth, results))
        for name, one in sums.items():
            print(f"| {profile} | {name} | {' | '.join(cells(one))} |", flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.labelled",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(work: object, name: str, text: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
        one.set_defaults(work=work)
        return one

    one = command(generate, "generate", "make a set: statements, lines.csv, book.csv, truth")
    one.add_argument("set", type=Path)
    one.add_argument("--seed", type=int, default=1)
    one.add_argument("--profile", choices=sorted(PROFILES), default="normal")
    _sized(one, 10_000)
    one = command(run, "run", "run one of the engines on a set")
    one.add_argument("engine", choices=sorted(ENGINES))
    one.add_argument("set", type=Path)
    one.add_argument("result", type=Path)
    one = command(show_score, "score", "score any engine's result file")
    one.add_argument("set", type=Path)
    one.add_argument("result", type=Path)
    one = command(table, "table", "all engines over profiles and seeds, as Markdown")
    one.add_argument("--engines", nargs="+", choices=sorted(ENGINES), default=list(ENGINES))
    one.add_argument("--profiles", nargs="+", choices=sorted(PROFILES), default=list(PROFILES))
    one.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    _sized(one, 3_000)
    return parser


def _sized(parser: argparse.ArgumentParser, lines: int) -> None:
    parser.add_argument("--lines", type=int, default=lines, help="about, over all accounts")
    parser.add_argument("--accounts", type=int, default=3)


def main() -> int:
    """Run one command."""
    given = _parser().parse_args()
    return int(given.work(given))


if __name__ == "__main__":
    sys.exit(main())
