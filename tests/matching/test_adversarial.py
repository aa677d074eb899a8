"""T27: texts and amounts that want to be matched, with random parties, amounts and numbers. Nothing may be cleared."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from matcher.proposal import MatchStatus
from matcher.rules.columns import BookItem
from recon_core.domain.statement import StatementLine
from tests.matching.books import item, line, matched

N, N_HEAVY = 60, 500
Case = Callable[[random.Random], tuple[tuple[str, StatementLine], list[BookItem]]]

_FAMILY = ("Berg", "Lind", "Holm", "Ek", "Dahl", "Forsberg", "Nygård", "Åström", "Öberg", "Weiß")
_TRADE = ("Bygg", "Måleri", "Data", "Rör", "Tryckeri", "Livs")


def _company(rng: random.Random) -> str:
    return f"{rng.choice(_FAMILY)}s {rng.choice(_TRADE)} {rng.choice(('AB', 'HB', 'KB'))}"


def _amount(rng: random.Random) -> str:
    return f"{rng.randrange(50, 90_000)}.{rng.choice(('00', '00', '50', '37'))}"


def _number(rng: random.Random) -> str:
    return str(rng.randrange(10_000, 9_999_999))


def _open_items(rng: random.Random, count: int = 6) -> list[BookItem]:
    return [item(f"K{n}", f"{rng.randint(1, 9):02d}", _amount(rng), _company(rng), _number(rng)) for n in range(count)]


def quotes_the_invoices_of_others(rng: random.Random) -> tuple[tuple[str, StatementLine], list[BookItem]]:
    book = _open_items(rng)
    numbers = " ".join(one.reference for one in book[:3])
    return line("L", "09", _amount(rng), "Ola Nordmann", f"faktura {numbers}"), book


def fee_words_in_a_receipt(rng: random.Random) -> tuple[tuple[str, StatementLine], list[BookItem]]:
    return line("L", "09", _amount(rng), "Ola Nordmann", "BANKAVGIFT bank charges RÄNTA fee"), _open_items(rng)


def sql_and_formulas(rng: random.Random) -> tuple[tuple[str, StatementLine], list[BookItem]]:
    text = rng.choice(("'; DROP TABLE book_transaction;--", "=HYPERLINK(A1)", "1 OR 1=1", "{0}{rule}%s", "\u202e54321"))
    return line("L", "09", _amount(rng), text, text), _open_items(rng)


def two_candidates_with_equal_amount(rng: random.Random) -> tuple[tuple[str, StatementLine], list[BookItem]]:
    party, amount = _company(rng), _amount(rng)
    twins = [item(f"T{n}", f"0{rng.randint(2, 6)}", amount, party, _number(rng)) for n in range(2)]
    return line("L", "06", amount, party.upper()), [*twins, *_open_items(rng)]


def reference_of_another_customer(rng: random.Random) -> tuple[tuple[str, StatementLine], list[BookItem]]:
    amount = _amount(rng)
    theirs = item("T1", "03", amount, "Ottos Optik AB", _number(rng))
    own = item("T2", "03", amount, "Ola Nordmann", _number(rng))
    return line("L", "06", amount, "OLA NORDMANN", theirs.reference), [theirs, own]


def one_crown_off(rng: random.Random) -> tuple[tuple[str, StatementLine], list[BookItem]]:
    party, crowns = _company(rng), rng.randrange(200, 9_000)
    off = crowns + rng.choice((-1, 1))
    return line("L", "06", f"{off}.00", party.upper()), [item("T1", "04", f"{crowns}.00", party, _number(rng))]


def unknown_number_beside_a_fitting_item(rng: random.Random) -> tuple[tuple[str, StatementLine], list[BookItem]]:
    party, amount = _company(rng), _amount(rng)
    number = f"7{rng.randrange(10**7, 10**8)}"
    return line("L", "06", amount, party.upper(), f"Faktura {number}"), [item("T1", "04", amount, party, "4711")]


CASES: tuple[Case, ...] = (
    quotes_the_invoices_of_others,
    fee_words_in_a_receipt,
    sql_and_formulas,
    two_candidates_with_equal_amount,
    reference_of_another_customer,
    one_crown_off,
    unknown_number_beside_a_fitting_item,
)


def _check(make: Case, count: int) -> None:
    for seed in range(count):
        bank, book = make(random.Random(f"{make.__name__} {seed}"))
        row = matched([bank], book)["L"]
        assert row.status is not MatchStatus.CLEARED, (seed, row)


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_nothing_is_cleared(make: Case) -> None:
    _check(make, N)


@pytest.mark.heavy
@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_nothing_is_cleared_in_five_hundred(make: Case) -> None:
    _check(make, N_HEAVY)
