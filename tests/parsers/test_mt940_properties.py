"""Properties of the MT940 reader: what a bank writes comes back (T2), and balances prove it or catch the fault (T3)."""

from __future__ import annotations

import io
import random
import string
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.parsers.mt940 import blocks, reader
from matcher.parsers.mt940.usual import Progress
from matcher.parsers.statements import Statement
from recon_core.domain.statement import StatementLine
from tests.parsers.mt940_files import Dialect, Written, statements, write

CURRENCIES = ["EUR", "SEK", "JPY", "KWD", "USD", "CHF"]
LETTERS = string.ascii_letters + string.digits + ".,-()'"
FIXTURES = Path(__file__).parents[2] / "fixtures" / "statements" / "mt940"

code = st.text(string.ascii_uppercase + string.digits, min_size=3, max_size=12).map(lambda text: "X" + text)
word = st.text(LETTERS, min_size=1, max_size=11)


def words(most: int) -> st.SearchStrategy[str]:
    """Words with single blanks, beginning with a letter, of at most so many characters."""
    return st.lists(word, min_size=1, max_size=9).map(lambda found: ("T" + " ".join(found))[:most].strip())


def missing_or(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    return st.none() | strategy


def _near(row: Written) -> Written:
    """The row with its booking date within five months of the value date, as MMDD can tell no more."""
    days = (row.booking - row.value).days % 300 - 150
    fields = {name: getattr(row, name) for name in Written.__slots__}
    return Written(**{**fields, "booking": row.value + timedelta(days=days)})


rows = st.builds(
    Written,
    booking=st.dates(date(2001, 1, 1), date(2070, 12, 31)),
    value=st.dates(date(2001, 1, 1), date(2070, 12, 31)),
    minor=st.integers(-(10**10), 10**10),
    reversal=st.booleans(),
    kind=st.sampled_from(["NTRF", "NMSC", "S103", "FCHG", "N654"]),
    end_to_end=missing_or(code),
    bank=missing_or(code),
    name=missing_or(words(40)),
    account=missing_or(st.just("DE12500105170648489890")),
    bic=missing_or(st.just("COBADEFFXXX")),
    remittance=missing_or(words(90)),
    mandate=missing_or(code),
).map(_near)
dialects = st.builds(
    Dialect,
    form=st.sampled_from(["german", "slash"]),
    line_end=st.sampled_from(["\r\n", "\n", "\r"]),
    columns=st.sampled_from([61, 65]),
    page_lines=st.sampled_from([1, 2, 1000]),
    funds=st.booleans(),
    shell=st.sampled_from(["", "{1:F01COBADEFFAXXX0000000000}{2:O940COBADEFFXXXXN}{3:}{4:"]),
)


def facts(line: StatementLine) -> tuple[object, ...]:
    return (
        line.booking_date,
        line.value_date,
        line.amount,
        line.reversal,
        (line.proprietary_code or "")[:4],
        line.end_to_end_id,
        line.bank_reference,
        line.counterparty_name,
        line.counterparty_account,
        line.counterparty_bic,
        line.remittance,
        line.mandate_id,
    )


def written_facts(row: Written) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in Written.__slots__)


def round_trip(found: list[Written], currency: str, opening: int, dialect: Dialect) -> None:
    content = write(found, currency=currency, opening=opening, dialect=dialect)

    pages = statements(content)

    assert [facts(line) for page in pages for line in page.lines] == [written_facts(row) for row in found]
    assert [line.line_index for page in pages for line in page.lines] == list(range(1, len(found) + 1))
    assert all(page.header.balanced for page in pages)
    assert not [odd for page in pages for odd in page.diagnostics]
    assert (pages[0].header.opening_balance, pages[-1].header.closing_balance) == (
        opening,
        opening + sum(row.minor for row in found),
    )


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(rows, max_size=5), st.sampled_from(CURRENCIES), st.integers(-(10**11), 10**11), dialects)
def test_what_a_bank_writes_comes_back(found: list[Written], currency: str, opening: int, dialect: Dialect) -> None:
    round_trip(found, currency, opening, dialect)


@pytest.mark.heavy
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(rows, max_size=5), st.sampled_from(CURRENCIES), st.integers(-(10**11), 10**11), dialects)
def test_what_a_bank_writes_comes_back_ten_thousand_times(
    found: list[Written], currency: str, opening: int, dialect: Dialect
) -> None:
    round_trip(found, currency, opening, dialect)


@settings(max_examples=200, deadline=None)
@given(st.lists(words(60), min_size=1, max_size=6), missing_or(code))
def test_free_text_comes_back_with_its_lines(texts: list[str], own: str | None) -> None:
    row = Written(
        booking=date(2026, 1, 5),
        value=date(2026, 1, 5),
        minor=100,
        reversal=False,
        kind="NTRF",
        end_to_end=own,
        bank=None,
        name=None,
        account=None,
        bic=None,
        remittance="\n".join(texts),
        mandate=None,
    )

    (page,) = statements(write([row], currency="EUR", opening=0, dialect=Dialect(form="free")))
    (line,) = page.lines

    assert (line.remittance, line.end_to_end_id) == (row.remittance, own)


def entry_rows(count: int, seed: int) -> list[Written]:
    rng = random.Random(seed)
    day = date(2026, 1, 1)
    return [
        Written(
            booking=day + timedelta(days=rng.randrange(300)),
            value=day + timedelta(days=rng.randrange(300)),
            minor=rng.choice((1, -1)) * rng.randrange(1, 10**7),
            reversal=rng.random() < 0.2,
            kind="NTRF",
            end_to_end=f"E{number}",
            bank=f"B{number}",
            name="Nordwind",
            account=None,
            bic=None,
            remittance=f"Invoice {rng.randrange(10**6)}",
            mandate=None,
        )
        for number in range(count)
    ]


def changed(row: Written, **fields: object) -> Written:
    return Written(**{**{name: getattr(row, name) for name in Written.__slots__}, **fields})  # type: ignore[arg-type]


FAULTS: dict[str, Callable[[list[Written], int], list[Written]]] = {
    "a sign flipped": lambda found, at: [*found[:at], changed(found[at], minor=-found[at].minor), *found[at + 1 :]],
    "a line dropped": lambda found, at: [*found[:at], *found[at + 1 :]],
    "a line doubled": lambda found, at: [*found[: at + 1], *found[at:]],
    "a cent more": lambda found, at: [*found[:at], changed(found[at], minor=found[at].minor + 1), *found[at + 1 :]],
}


def with_closing_of(content: str, original: str) -> str:
    """The content with the closing balance that the original has."""
    closing = next(row for row in original.split("\r\n") if row.startswith(":62F:"))
    return "\r\n".join(closing if row.startswith(":62F:") else row for row in content.split("\r\n"))


def prove(seeds: range) -> None:
    for seed in seeds:
        rng = random.Random(seed)
        found = entry_rows(rng.randrange(1, 12), seed)
        dialect = Dialect(form=rng.choice(["german", "slash", "free"]), funds=rng.random() < 0.5)
        original = write(
            found, currency=rng.choice(CURRENCIES), opening=rng.randrange(-(10**7), 10**7), dialect=dialect
        )
        assert proofs(statements(original)) == [True]
        opening = int_balance(original)
        for fault in FAULTS.values():
            currency = original.split(":60F:")[1][7:10]
            damaged = write(
                fault(found, rng.randrange(len(found))), currency=currency, opening=opening, dialect=dialect
            )
            assert proofs(statements(with_closing_of(damaged, original))) == [False]


def int_balance(content: str) -> int:
    opening = statements(content)[0].header.opening_balance
    assert opening is not None
    return opening


def proofs(found: list[Statement]) -> list[bool | None]:
    return [statement.header.balanced for statement in found]


def test_balances_prove_a_right_statement_and_catch_every_fault() -> None:
    prove(range(250))


@pytest.mark.heavy
def test_balances_prove_ten_thousand_statements_and_catch_every_fault() -> None:
    prove(range(10_000))


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.sta")), ids=lambda path: path.name)
def test_the_quick_way_and_the_careful_way_read_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = path.read_bytes()
    quick = [list(statement.lines) for statement in statements(data)]
    monkeypatch.setattr(reader, "read_usual", lambda chunks, start, end, entries, lines: Progress(*start))

    careful = [list(statement.lines) for statement in statements(data)]

    assert quick == careful


@settings(max_examples=150, deadline=None)
@given(st.lists(rows, min_size=1, max_size=5), st.sampled_from(CURRENCIES), dialects)
def test_the_quick_way_and_the_careful_way_read_generated_files_the_same(
    found: list[Written], currency: str, dialect: Dialect
) -> None:
    data = write(found, currency=currency, opening=0, dialect=dialect)
    quick = [list(statement.lines) for statement in statements(data)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "read_usual", lambda chunks, start, end, entries, lines: Progress(*start))
        careful = [list(statement.lines) for statement in statements(data)]

    assert quick == careful


@pytest.mark.parametrize("block_bytes", [1, 2, 3, 5, 7])
def test_marks_for_line_ends_may_be_cut_by_the_end_of_a_block(block_bytes: int) -> None:
    data = b"@@:20:A@@@@@@:25:DE1@@@@:28C:1@@@@@:60F:C260131EUR1,@@-"

    read = blocks.Blocks(io.BytesIO(data), encoding=None, block_bytes=block_bytes)

    assert "".join(block.text for block in read) == "\n" + data.decode().replace("@@", "\n")


@pytest.mark.parametrize("block_bytes", [64, 100, 257, 1000, 1 << 16])
def test_the_size_of_the_blocks_changes_nothing(block_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {path.name: path.read_bytes() for path in FIXTURES.glob("*.sta")}
    whole = {name: [(s.header, list(s.lines), s.diagnostics) for s in statements(data)] for name, data in files.items()}
    monkeypatch.setattr(blocks.Blocks.__init__, "__kwdefaults__", {"block_bytes": block_bytes})

    for name, data in files.items():
        assert [(s.header, list(s.lines), s.diagnostics) for s in statements(data)] == whole[name], name
