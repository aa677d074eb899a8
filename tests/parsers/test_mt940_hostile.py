"""Damaged and hostile MT940: only typed errors and diagnostics, bounded time and memory (T9), no silent change (T10)."""

from __future__ import annotations

import io
import random
import resource
import string
import time
from pathlib import Path

import pytest

from matcher.parsers.contract import LinesRead, ReadOptions, StatementEnded, StatementStarted
from matcher.parsers.mt940 import FORMAT
from matcher.parsers.mt940.blocks import FIELD_CHARS_MAX
from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.refused import InputError, LimitExceeded
from tests.parsers.mt940_files import IBAN, Dialect, events, message, statements, write
from tests.parsers.test_mt940_properties import entry_rows

FIXTURES = sorted((Path(__file__).parents[2] / "fixtures" / "statements" / "mt940").glob("*.sta"))
TOKENS = (
    b":20:X\n", b":25:1\n", b":28C:1/1\n", b":60F:C260101EUR1,\n", b":60M:", b":61:", b"\n:61:260105C1,NTRF", b":86:", b"\n:86:",
    b":62F:C260101EUR1,\n", b":62M:", b":64:", b":90D:1EUR1,\n", b":NS:", b":13D:2601051430+9999\n", b":34F:EUR0,\n", b":34F:QQQ0,\n", b"QQQ", b"\n-\n", b"-}",
    b"{1:F01}{2:O940}{4:", b"\r", b"\n", b"\r\n", b"\x00", b"\x1a", b"\xff\xfe", b"\xef\xbb\xbf", b"?20", b"?", b"~20", b"EREF+",
    b"SVWZ+", b"MTLG:", b"/EREF/", b"/REMI/STRD/", b"/CNTP/", b"//", b"/", b"IBAN: ", b"NAAM: ", b"TNR: ; OD: ", b"+", b",", b".",
    b"RC", b"ED", b"9" * 40, b" " * 70, "ä²١".encode(), "Ł".encode("cp852"), b"XXX", b"OCR 12", b"RF18", b"+++",
)  # fmt: skip


def mutant(data: bytes, rng: random.Random) -> bytes:
    """One to six cuts, flips, doublings, moves and insertions."""
    found = bytearray(data)
    for _ in range(rng.randrange(1, 7)):
        at = rng.randrange(len(found) + 1)
        kind = rng.randrange(7)
        if kind == 0 and found:
            found[at % len(found)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            found[at:at] = rng.choice(TOKENS)
        elif kind == 2:
            del found[at : at + rng.randrange(1, 40)]
        elif kind == 3:
            found[at:at] = found[at : at + rng.randrange(1, 200)]
        elif kind == 4:
            found[at:] = b""
        elif kind == 5:
            found[at : at + 3] = rng.randbytes(3)
        else:
            rows = found.split(b"\n")
            rng.shuffle(rows)
            found = bytearray(b"\n".join(rows))
    return bytes(found)


def read_well(data: bytes) -> None:
    """Read all events in their order; the only error is a typed one, and it comes at once."""
    started = time.process_time()
    is_open = False
    try:
        for event in FORMAT.read(io.BytesIO(data), ReadOptions()):
            if isinstance(event, StatementStarted):
                assert not is_open
                is_open = True
            elif isinstance(event, StatementEnded):
                assert is_open
                is_open = False
            elif not isinstance(event, Diagnostic):
                assert is_open
    except InputError:
        pass
    assert time.process_time() - started < 2


def fuzz(count: int, seed: int) -> None:
    rng = random.Random(seed)
    files = [path.read_bytes() for path in FIXTURES]
    for _ in range(count):
        read_well(mutant(rng.choice(files), rng))


def test_mutants_end_in_lines_diagnostics_or_a_typed_error() -> None:
    fuzz(4000, seed=1)


@pytest.mark.heavy
@pytest.mark.timeout(0)
def test_a_million_mutants_end_in_lines_diagnostics_or_a_typed_error() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    fuzz(1_000_000, seed=2)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 256 << 10


def silent_changes(count: int, seed: int) -> list[str]:
    """Mutants of a proved statement whose money differs although nothing is said: no failed proof, no diagnostic."""
    rng = random.Random(seed)
    silent = []
    for _ in range(count):
        rows = entry_rows(rng.randrange(1, 6), rng.randrange(10**9))
        original = write(
            rows, currency="EUR", opening=10**6, dialect=Dialect(form=rng.choice(["german", "slash", "free"]))
        )
        sums = sorted(row.minor for row in rows)
        at = rng.randrange(len(original))
        letter = rng.choice(string.digits + ",.CDR:/?\n -" + string.ascii_letters)
        damaged = original[:at] + rng.choice(["", letter, original[at] * 2]) + original[at + rng.randrange(2) :]
        try:
            found = statements(damaged)
        except InputError:
            continue
        read = sorted(line.amount for statement in found for line in statement.lines)
        odd = any(one.severity is not Severity.INFO for statement in found for one in statement.diagnostics)
        if read != sums and not odd and all(statement.header.balanced for statement in found):
            silent.append(damaged)
    return silent


def test_no_mutant_changes_money_in_silence() -> None:
    assert silent_changes(3000, seed=3) == []


@pytest.mark.heavy
@pytest.mark.timeout(0)
def test_no_mutant_of_many_changes_money_in_silence() -> None:
    assert silent_changes(200_000, seed=4) == []


@pytest.mark.parametrize(
    "data",
    [
        b":61:" * 100_000,
        b":86:" * 100_000,
        b"\n:61:\n" * 50_000,
        b":20:A\n:25:B\n" * 50_000,
        b":60F:C260101EUR1,\n" * 50_000,
        (":20:A\n:25:B\n:28C:1\n:61:260105C1,NTRFX\n" * 20_000).encode(),
        message(":61:260105C1,NTRFX", ":86:" + "/" * 300_000).encode(),
        message(":61:260105C1,NTRFX", ":86:/EREF/" + "/REMI/" * 100_000).encode(),
        message(":61:260105C1,NTRFX", ":86:166" + "?20" * 100_000).encode(),
        message(":61:260105C1,NTRFX", ":86:166?20" + "EREF+" * 100_000).encode(),
        message(":61:260105C1,NTRFX", ":86:166?20SVWZ+" + "IBAN: " * 100_000).encode(),
        message(":61:260105C1,NTRFX", ":86:166?20SVWZ+" + " " * 500_000 + ": ").encode(),
        message(":61:260105C1,NTRFX", ":86:" + "\n:20:\n:25:" * 50_000).encode(),
        message(":61:260105C1,NTRFX", ":86:" + "\n" * 500_000).encode(),
        message(":61:260105C1,NTRFX", ":86:" + ("x" * 64 + "\n") * 20_000).encode(),
        message(":61:260105C1,NTRFX", ":86:-Incassant ID: " * 30_000).encode(),
        message(":61:260105C1,NTRFX", ":86:NAAM: IBAN: " * 50_000).encode(),
        message(":61:260105C1,NTRFX", ":86:TNR: ;" + "; OD: " * 100_000).encode(),
        message(":61:260105C1,NTRF" + "A/" * 200_000 + " ").encode(),
        message(":61:260105C1,NTRF" + " " * 400_000 + "x").encode(),
        message(":61:260105C1,NTRFX", ":86:" + "RF18" * 100_000).encode(),
        message(":61:260105C1,NTRFX", ":86:" + "+++" * 100_000).encode(),
        message(":61:260105C1,NTRFX", ":86:OCR " * 100_000).encode(),
        message(":61:260105C1,NTRFX", ":NS:" + "01x\n" * 100_000).encode(),
        message(":61:" + "9" * 400_000).encode(),
        message(":61:260105C" + "9" * 400_000 + ",00NTRF").encode(),
        message(opening="9" * 400_000).encode(),
        b"{1:" * 200_000 + b"\n:20:X\n",
        b"\r" * 500_000 + b":20:X\r",
    ],
    ids=range(29),
)
def test_floods_are_read_or_refused_in_linear_time(data: bytes) -> None:
    read_well(data)


def test_a_field_without_end_is_refused_within_bounds() -> None:
    class Endless(io.RawIOBase):
        read_bytes = 0

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            self.read_bytes += size
            return b"x" * size

    stream = Endless()

    with pytest.raises(LimitExceeded):
        list(FORMAT.read(stream, ReadOptions()))  # type: ignore[arg-type]

    assert stream.read_bytes < 2 * FIELD_CHARS_MAX


def test_many_statements_without_entries_are_read_in_blocks() -> None:
    one = f":20:X\n:25:{IBAN}\n:28C:1\n:60F:C260101EUR1,\n:62F:C260131EUR1,\n-\n"

    found = events((one * 40_000).encode())

    assert sum(isinstance(event, StatementEnded) for event in found) == 40_000


def test_lines_come_in_blocks_that_do_not_grow_with_the_file() -> None:
    data = message(*([":61:2601050105C1,00NTRFNONREF", ":86:x"] * 60_000)).encode()

    sizes = [len(event.lines) for event in FORMAT.read(io.BytesIO(data), ReadOptions()) if isinstance(event, LinesRead)]

    assert sum(sizes) == 60_000
    assert max(sizes) < 20_000


def test_the_reader_opens_nothing_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> object:
        raise AssertionError("the reader must not open anything")

    data = FIXTURES[0].read_bytes()
    events(data)
    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr("socket.socket", refuse)

    assert events(data)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Stockholm"])
def test_the_time_zone_of_the_machine_changes_nothing(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = [event for path in FIXTURES for event in events(path.read_bytes())]
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert [event for path in FIXTURES for event in events(path.read_bytes())] == here
    finally:
        monkeypatch.undo()
        time.tzset()
