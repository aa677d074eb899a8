"""Entries of shapes that a file repeats are read as they would be one by one, whatever stands in them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from matcher.parsers.mt940 import reader, shape, usual
from matcher.parsers.mt940.usual import Progress
from recon_core.domain.diagnostic import Diagnostic
from recon_core.domain.statement import StatementLine
from tests.parsers.mt940_files import message, statements, wrapped

GERMAN = [
    "166?00GUTSCHRIFT?109310?20EREF+{a}?21SVWZ+{b}?22{c}?30COBADEFF?31{d}?32{e}?34000",
    "105?00LASTSCHRIFT?10931?20EREF+{a}?21MREF+{b}?22CRED+{c}?23SVWZ+{d}?24{e}?30BIC?31123?32NAME?33REST",
    "109?00RUECKLASTSCHRIFT?20{a}?21{b}?32{c}?34{d}",
    "177?00{a}?10{b}?20KREF+{c}?21SVWZ+{d}?60{e}",
    "191?00SAMMLER?20SVWZ+Anzahl 12?21{a}?32{b}",
    "166?00G?20ABWA+{a}?21ABWE+{b}?22SVWZ+{c}",
    "166?00{a}",
    "899?00STORNO?20{a}?32{b}",
    "166?00?20EREF+{a}?21KREF+{b}?22SVWZ+{c}",
]
SLASH = [
    "/EREF/{a}/ORDP//NAME/{b}/IBAN/{c}/BIC/{d}/REMI/{e}",
    "/TRTP/SEPA/IBAN/{a}/NAME/{b}/REMI/{c}/EREF/{d}",
    "/MARF/{a}/CSID/{b}/NAME/{c}/REMI/{d}/KREF/{e}",
    "/PREF/{a}/NBTX/{b}/REMI/{c}",
    "/PREF/{a}/REMI/{b}",
    "/BENM//NAME/{a}/ULTD/{b}/REMI/{c}",
    "/CDTRREF/{a}/REMI/{b}/SUM/{c}",
    "/RTYP/{a}/OCR/{b}/REMI/{c}",
    "/ROC/{a}//URI/{b}",
    "/OWN/{a}/EREF/{b}/NAME/{c}",
]
PLAIN = [
    "W" * 64,
    "W" * 65 + "\n{a}",
    "W" * 65 + "\n" + "W" * 64,
    "R1 {a}\n{b}",
    "{a} {b}",
    "Invoice {a}\n{b}",
    "{a}\n{b}\n{c}",
    "{a}",
]
MILD = ["", "R1", "E2E4711", "Faktura 4711", "Nordwind GmbH", "12345678901234567890123", "1234567890123456789012345678"]
WILD = [
    "NONREF", "A/S", "x+y", "EREF+Z", "BIC+Z", "NAME", "12:30", "MTLG: M", "EREF: 9 IBAN: X", " a", "a ", "two  blanks",
    "RF18539007547034", "OCR 1234574", "ISSUER: CUR REF: 1234567", "1234567890123456789012", "DE12500105170648489890", "å ö", "tab\there", "000", "?",
    "?2", "/", "//", "USTD//text", "INV/12", "a\u00a0", "1 2",
]  # fmt: skip
MILD_HEADS = [
    "2601050105C10,00NTRFR1//B1",
    "260105DR1,23NMSCE2E4711",
    "260105RC5,00NTRF//B3",
    "2601050105D10,00NTRFNONREF",
]
WILD_HEADS = [
    "260105C5,00NTRFOCR.1234574", "260105C5,00NTRFKID 1234574//B1", "260105    ED5,00NTRFNONREF//NONREF", "2602300105C5,00NTRFR1//B1", "260105CD5,00NTRFR1//B1", "260105C5,0NTRFR1",
    "260105C5,00NCHKR1//B1", "260105C5,00NTRFR1//B1\nsupplement", "260105C5,00NTRF R1 //B 1", "260105C5,00NTRFA/B//C/D",
    "260105C5,00NTRFDE1250010517064//B", "260105C5,00NTRFR:1//B:86:x", "260105C5,00NTRF123", "260105x5,00NTRFR1",
    "2512310101C10,00NTRFR1//B1", "260105C1234567890123456,00NTRFR1//", "260105C5,00NTRFR1\n:NS:01x", "260105C5,00NTRFR1// B",
]  # fmt: skip
ENDS = [" ", "\n", "\n-", "\n:86:more", "\n:20:typed", "\nshort"]


def written(seed: int) -> str:
    """A message whose entries have few outlines, mostly mild values and now and then something wild."""
    rng = random.Random(seed)

    def pick(mild: list[str], wild: list[str], share: float) -> str:
        return rng.choice(wild if rng.random() < share else mild)

    templates = rng.choices(GERMAN + SLASH + PLAIN, k=rng.randint(1, 3))
    columns = rng.choice([65, 61])
    entries: list[str] = []
    for _ in range(rng.randint(2, 14)):
        text = rng.choice(templates).format(**{name: pick(MILD, WILD, 0.06) for name in "abcde"})
        if not text[:1].isalpha():
            text = wrapped(text, rng.choice([27, 64]) if rng.random() < 0.05 else columns)
        end = pick([""], ENDS, 0.06)
        entries.append(f":61:{pick(MILD_HEADS, WILD_HEADS, 0.08)}\n:86:{text}{end}".replace("\r\n", "\n"))
    return message(*entries, *entries).replace("\r\n", "\n")


UNREADABLE = (
    ":61:2601",
    ":61:26010XC5,00NTRFR1",
    ":61:\u0662\u0666\u0660\u0661\u0660\u0665C5,00NTRFR1",
    ":61:260132C5,00NTRFR1",
    ":61:260105C.5NTRFR1",
)


def several(seed: int) -> str:
    """Messages of a few accounts and currencies in one file, some with an entry that can't be read or is no day."""
    rng = random.Random(seed)
    found = []
    for number in range(rng.randint(2, 6)):
        content = written(seed * 10 + number).replace("EUR", rng.choice(["EUR", "EUR", "SEK"]))
        if rng.random() < 0.3:
            place = content.rfind("\n:61:", 0, rng.randrange(len(content))) + 1 or content.find(":61:")
            content = f"{content[:place]}{rng.choice(UNREADABLE)}\n:86:166?00G?20{number}\n{content[place:]}"
        found.append(content)
    return "".join(found)


Read = list[tuple[list[StatementLine], list[Diagnostic]]]


def read(content: str) -> Read:
    return [(list(statement.lines), [*statement.diagnostics]) for statement in statements(content)]


@contextmanager
def learning_at_once(batch: int) -> Iterator[None]:
    """Shapes are known when they are seen for the first time, and `batch` entries of one are enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shape, "_SIGHTINGS_MIN", 1)
        patch.setattr(shape, "_LOOKED_AT", 1)
        patch.setattr(shape, "_BATCH_MIN", batch)
        patch.setattr(usual, "_SHAPED_MIN", 2)
        yield


@contextmanager
def with_care() -> Iterator[None]:
    """No entry is usual."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "read_usual", lambda chunks, start, end, entries, lines: Progress(*start))
        yield


def assert_the_same(content: str, batch: int) -> None:
    with learning_at_once(batch):
        shaped = read(content)
    with with_care():
        careful = read(content)
    assert shaped == careful


def test_entries_of_known_shapes_are_read_as_with_care() -> None:
    for seed in range(1500):
        assert_the_same(written(seed), batch=1 + seed % 3)


def test_entries_of_many_statements_are_read_together_as_with_care() -> None:
    for seed in range(300):
        assert_the_same(several(seed), batch=1 + seed % 3)


def test_what_is_odd_is_told_in_the_order_of_the_lines() -> None:
    for seed in range(200):
        with learning_at_once(1):
            for _, found in read(several(seed)):
                lines = [int(odd.where.removeprefix("line ")) for odd in found if odd.where.startswith("line ")]
                assert lines == sorted(lines)


@pytest.mark.heavy
def test_entries_of_known_shapes_are_read_as_with_care_a_hundred_thousand_times() -> None:
    for seed in range(100_000):
        assert_the_same(written(seed), batch=1 + seed % 3)
        if seed % 10 == 0:
            assert_the_same(several(seed), batch=1 + seed % 3)
