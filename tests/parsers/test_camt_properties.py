"""Random statements: what is written is read (T2), the balances catch every change (T3), comments change nothing (T8)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_core.domain.money import to_text
from tests.parsers.camt_files import balance, details, document, entry, full, only, statement

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Book:
    """A random statement: signed amounts, and whether each is a reversal."""

    entries: tuple[tuple[int, bool], ...]
    currency: str
    opening: int
    opened_by: str
    original_direction: bool

    def xml(self) -> str:
        """The statement, with right balances; reversals may be written with the direction of the original entry."""
        closing = self.opening + sum(amount for amount, _ in self.entries)
        written = []
        for amount, reversal in self.entries:
            turned = reversal and self.original_direction
            direction = "CRDT" if (amount >= 0) != turned else "DBIT"
            written.append(self._entry(abs(amount), direction, reversal=reversal))
        account = f"<Acct><Id><Othr><Id>1</Id></Othr></Id><Ccy>{self.currency}</Ccy></Acct>"
        balances = self._balance(self.opened_by, self.opening) + self._balance("CLBD", closing)
        return document(statement(*written, account=account, balances=balances))

    def _entry(self, minor: int, direction: str, *, reversal: bool) -> str:
        text = to_text(minor, self.currency)
        return entry(text, direction, ccy=self.currency, reversal="true" if reversal else "")

    def _balance(self, code: str, minor: int) -> str:
        direction = "CRDT" if minor >= 0 else "DBIT"
        return balance(code, to_text(abs(minor), self.currency), ccy=self.currency, direction=direction)


def book(random: Random) -> Book:
    """A statement whose reversals, where there are any, do not add up to nothing."""
    entries = tuple(
        (random.choice((1, -1)) * random.randint(1, 10**9), random.random() < 0.2) for _ in range(random.randint(1, 30))
    )
    return Book(
        entries=entries,
        currency=random.choice(("EUR", "SEK", "JPY", "KWD")),
        opening=random.randint(-(10**9), 10**9),
        opened_by=random.choice(("OPBD", "PRCD")),
        original_direction=random.random() < 0.5,
    )


def check_proof(seed: int, count: int) -> None:
    """All are proved with the right amounts, and after any one change none is."""
    random = Random(seed)
    for _ in range(count):
        made = book(random)
        found = only(made.xml())
        assert found.header.balanced is True
        assert [line.amount for line in found.lines] == [amount for amount, _ in made.entries]
        changed = _changed(made.xml(), random)
        odd = only(changed)
        same = [line.amount for line in odd.lines] == [amount for amount, _ in made.entries]
        assert odd.header.balanced is False or same, changed


def _changed(xml: str, random: Random) -> str:
    """One sign flipped, one entry lost or doubled, or one amount off by one minor unit."""
    spans = [found.span() for found in re.finditer(r"<Ntry>.*?</Ntry>", xml)]
    start, end = random.choice(spans)
    one = xml[start:end]
    kind = random.randrange(4)
    if kind == 0:
        swapped = {"CRDT": "DBIT", "DBIT": "CRDT"}
        other = re.sub("CRDT|DBIT", lambda found: swapped[found[0]], one)
    elif kind == 1:
        other = ""
    elif kind == 2:
        other = one * 2
    else:
        other = re.sub(r"(\d)</Amt>", lambda found: f"{(int(found[1]) + 1) % 10}</Amt>", one)
    return xml[:start] + other + xml[end:]


@pytest.mark.parametrize("seed", range(4))
def test_the_balances_catch_every_change(seed: int) -> None:
    check_proof(seed, 100)


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(100, 120))
def test_the_balances_catch_every_change_in_ten_thousand_statements(seed: int) -> None:
    check_proof(seed, 500)


LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"])
NAME = st.text(LETTERS, min_size=1, max_size=30).map(lambda text: " ".join(text.split())).filter(bool)


def written(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@given(st.lists(st.tuples(st.integers(1, 10**12), st.booleans(), NAME, NAME, NAME), min_size=1, max_size=8))
def test_what_is_written_is_read(payments: list[tuple[int, bool, str, str, str]]) -> None:
    entries = []
    for amount, money_in, name, reference, text in payments:
        side = "Dbtr" if money_in else "Cdtr"
        inside = details(
            f"<Refs><InstrId>{written(reference)}</InstrId></Refs><RltdPties><{side}><Pty><Nm>{written(name)}</Nm></Pty>"
            f"</{side}></RltdPties><RmtInf><Ustrd>{written(text)}</Ustrd></RmtInf>"
        )
        entries.append(entry(to_text(amount, "EUR"), "CRDT" if money_in else "DBIT", inside=inside))

    found = only(document(statement(*entries)))

    assert [
        (
            abs(line.amount),
            line.amount > 0,
            line.counterparty_name,
            line.instruction_id or "NOTPROVIDED",
            line.remittance,
        )
        for line in found.lines
    ] == payments


def _splits() -> list[tuple[str, str]]:
    """The full message, with one text at a time cut by a comment or instruction, or given as CDATA."""
    xml = full("053", "08").xml
    made = []
    for found in re.finditer(r"<(\w+)[^<>/?!]*>([^<>\s]{2,})</", xml):
        text, start, end = found[2], found.start(2), found.end(2)
        for name, other in {
            "comment": f"{text[:1]}<!-- x -->{text[1:]}",
            "instruction": f"{text[:1]}<?x y?>{text[1:]}",
            "cdata": f"<![CDATA[{text}]]>",
            "half cdata": f"{text[:1]}<![CDATA[{text[1:]}]]>",
            "reference": f"&#{ord(text[0])};{text[1:]}",
        }.items():
            made.append((f"{name} in {found[1]} at {start}", xml[:start] + other + xml[end:]))
    return made


SPLITS = _splits()


def test_there_is_something_to_split() -> None:
    assert len(SPLITS) > 200


@pytest.mark.parametrize("xml", [xml for _, xml in SPLITS], ids=[name for name, _ in SPLITS])
def test_comments_instructions_and_cdata_change_nothing(xml: str) -> None:
    plain, found = only(full("053", "08").xml), only(xml)

    assert found.header._replace(source=None) == plain.header._replace(source=None)
    assert [line._replace(where=None) for line in found.lines] == [line._replace(where=None) for line in plain.lines]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Stockholm"])
def test_the_zone_of_the_machine_changes_nothing(zone: str, tmp_path: Path) -> None:
    days = [
        "2026-03-29T02:30:00+01:00",
        "2026-10-25T02:30:00+02:00",
        "2026-12-31T23:59:59-11:00",
        "2026-01-01T00:00:00Z",
    ]
    entries = [entry().replace("<Dt>2026-01-30</Dt>", f"<DtTm>{day}</DtTm>") for day in days]
    path = tmp_path / "zones.xml"
    path.write_text(document(statement(*entries)), encoding="utf-8")
    program = f"import sys; sys.argv = ['recon', 'parse', {str(path)!r}]; from matcher.cli.main import main; main()"

    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TZ": zone},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert re.findall(r'"booking_date": "(.*?)"', done.stdout) == [day[:10] for day in days]
    assert '"created_at": "2026-01-31T20:00:00+01:00"' in done.stdout
