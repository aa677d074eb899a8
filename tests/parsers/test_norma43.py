"""Norma 43: accounts, movements with their texts, and the totals that prove them."""

from __future__ import annotations

import io
import random
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.parsers.contract import Head, ReadOptions
from matcher.parsers.identifiers import is_iban
from matcher.parsers.norma43 import FORMAT
from matcher.parsers.statements import Statement, parse
from recon_core.domain.diagnostic import Severity
from recon_core.domain.refused import InputError, Unreadable
from recon_core.domain.statement import AMOUNT_UNKNOWN


def side(minor: int) -> str:
    return f"{'1' if minor < 0 else '2'}{abs(minor):014}"


def account(opening: int, *, number: str = "008153980001414452", currency: str = "978") -> str:
    return f"11{number}260101260131{side(opening)}{currency}3{'EMPRESA DE PRUEBA SL':26}"


def movement(minor: int, *, day: str = "260115", document: str = "", first: str = "", second: str = "") -> str:
    return f"22    0901{day}26011612408{side(minor)}{document:0>10}{first:0>12}{second:>16}"


def total(amounts: list[int], closing: int, *, number: str = "008153980001414452", currency: str = "978") -> str:
    debits, credits_ = [-each for each in amounts if each < 0], [each for each in amounts if each >= 0]
    return f"33{number}{len(debits):05}{sum(debits):014}{len(credits_):05}{sum(credits_):014}{side(closing)}{currency}"


def end(count: int) -> str:
    return f"88{'9' * 18}{count:06}"


def file(*records: str, codec: str = "cp1252") -> bytes:
    return "".join(f"{record:80}\r\n" for record in records).encode(codec)


AMOUNTS = [-1098, 250000, -330]
WHOLE = file(
    account(300500),
    movement(-1098, document="77", first="975737917", second="5540014387733014"),
    f"2301{'COMPRA TARG 5540XXXXXXXX3014 DNH*MICHA':38}{'EL SCOTT':38}",
    f"2302{'ÑANDÚ':38}{'    MADRID':38}",
    "240184000000000001200",
    movement(250000),
    movement(-330),
    total(AMOUNTS, 549072),
    end(8),
)


def statements(data: bytes) -> list[Statement]:
    return list(parse(data))


def test_an_account_is_a_statement_that_its_balances_prove() -> None:
    (statement,) = statements(WHOLE)
    header = statement.header

    assert statement.diagnostics == ()
    assert (header.format, header.kind, header.currency) == ("norma43", "statement", "EUR")
    assert (header.account, header.account_scheme) == ("ES0600815398730001414452", "IBAN")
    assert is_iban(header.account or "")
    assert (header.from_date, header.to_date) == (date(2026, 1, 1), date(2026, 1, 31))
    assert (header.opening_balance, header.closing_balance, header.balanced) == (300500, 549072, True)
    assert ("name", "EMPRESA DE PRUEBA SL") in header.extra


def test_the_fields_of_a_movement_reach_their_own_fields() -> None:
    first, second, _ = statements(WHOLE)[0].lines

    assert (first.line_index, first.amount, first.currency) == (1, -1098, "EUR")
    assert (first.booking_date, first.value_date) == (date(2026, 1, 15), date(2026, 1, 16))
    assert first.proprietary_code == "12/408"
    assert first.remittance == "COMPRA TARG 5540XXXXXXXX3014 DNH*MICHAEL SCOTT\nÑANDÚ MADRID"
    assert (first.creditor_reference, first.transaction_id) == ("000975737917", "5540014387733014")
    assert first.document_numbers == ("0000000077",)
    assert (first.original_amount, first.original_currency) == (-1200, "USD")
    assert first.extra == (("office", "0901"),)
    assert first.where == "line 2"
    assert (second.creditor_reference, second.transaction_id, second.document_numbers) == (None, None, ())


def test_several_accounts_stay_apart_and_currencies_keep_their_decimals() -> None:
    yen = "008153980001414453"
    data = file(
        *(account(0), movement(100), total([100], 100)),
        *(
            account(0, number=yen, currency="392"),
            movement(-100000),
            total([-100000], -100000, number=yen, currency="392"),
        ),
        end(6),
    )
    euro, japanese = statements(data)

    assert (euro.header.currency, next(iter(euro.lines)).amount) == ("EUR", 100)
    assert (japanese.header.currency, next(iter(japanese.lines)).amount, japanese.header.balanced) == (
        "JPY",
        -1000,
        True,
    )


@pytest.mark.parametrize("codec", ["cp1252", "utf-8"])
def test_encodings_and_trimmed_records_do_not_matter(codec: str) -> None:
    trimmed = "".join(f"{record.rstrip()}\n" for record in WHOLE.decode("cp1252").splitlines()).encode(codec)

    assert list(statements(trimmed)[0].lines) == list(statements(WHOLE)[0].lines)
    assert FORMAT.sniff(Head(trimmed[:8192])) > 90


@pytest.mark.parametrize(
    ("old", "new", "code", "severity"),
    [
        (total(AMOUNTS, 549072), total(AMOUNTS, 549073), "balance-mismatch", Severity.ERROR),
        (total(AMOUNTS, 549072), total([*AMOUNTS, 5], 549072), "control-total-differs", Severity.WARNING),
        (
            total(AMOUNTS, 549072),
            total(AMOUNTS, 549072, number="008153980001414499"),
            "account-differs",
            Severity.ERROR,
        ),
        (
            movement(-330),
            movement(-330).replace("08100000000000330", "08300000000000330"),
            "bad-amount",
            Severity.ERROR,
        ),
        (movement(-330), movement(-330, day="260231"), "bad-date", Severity.ERROR),
        (movement(-330), "99" + movement(-330)[2:], "record-unknown", Severity.ERROR),
        (end(8), end(9), "control-total-differs", Severity.WARNING),
        (account(300500), account(300500, currency="999"), "unknown-currency", Severity.ERROR),
        (end(8), "", "end-record-missing", Severity.ERROR),
    ],
)
def test_what_does_not_add_up_is_said_and_the_rest_is_read(old: str, new: str, code: str, severity: Severity) -> None:
    data = WHOLE.replace(f"{old:80}".encode("cp1252"), f"{new:80}".encode("cp1252"), 1)
    (statement,) = statements(data)

    assert data != WHOLE
    assert (code, severity) in [(found.code, found.severity) for found in statement.diagnostics]
    assert len(statement.lines) >= 2


def test_an_amount_that_can_not_be_read_keeps_its_line() -> None:
    (statement,) = statements(WHOLE.replace(b"100000000001098", b"10000000000109x"))

    assert AMOUNT_UNKNOWN in next(iter(statement.lines)).extra
    assert len(statement.lines) == 3


def test_a_closing_balance_without_a_side_is_read_and_noted() -> None:
    (statement,) = statements(WHOLE.replace(b"200000000549072", b"000000000549072"))

    assert (statement.header.closing_balance, statement.header.balanced) == (549072, True)
    assert [found.code for found in statement.diagnostics] == ["balance-side-missing"]


def test_a_file_that_is_cut_off_within_an_account_is_refused() -> None:
    records = WHOLE.splitlines(keepends=True)
    for count in range(1, len(records) - 1):
        with pytest.raises(Unreadable, match="cut off"):
            list(FORMAT.read(io.BytesIO(b"".join(records[:count])), ReadOptions()))


def test_a_missing_end_of_an_account_does_not_lose_its_movements() -> None:
    data = file(
        account(0),
        movement(100),
        account(0, number="008153980001414453"),
        total([], 0, number="008153980001414453"),
        end(4),
    )
    first, second = statements(data)

    assert [line.amount for line in first.lines] == [100]
    assert [found.code for found in first.diagnostics] == ["end-record-missing"]
    assert second.header.balanced is True


@given(
    opening=st.integers(-(10**12), 10**12), amounts=st.lists(st.integers(-(10**11), 10**11).filter(bool), max_size=12)
)
@settings(max_examples=80, deadline=None)
def test_a_written_account_comes_back_and_proves(opening: int, amounts: list[int]) -> None:
    data = file(
        account(opening), *map(movement, amounts), total(amounts, opening + sum(amounts)), end(len(amounts) + 2)
    )
    (statement,) = statements(data)

    assert [line.amount for line in statement.lines] == amounts
    assert statement.header.balanced is True
    assert statement.diagnostics == ()


def test_mutants_give_only_typed_errors_and_never_prove_other_money() -> None:
    random_ = random.Random(13)
    original = [line.amount for line in statements(WHOLE)[0].lines]
    for _ in range(1500):
        changed = bytearray(WHOLE)
        for _ in range(random_.randint(1, 3)):
            at = random_.randrange(len(changed))
            match random_.randrange(3):
                case 0:
                    changed[at] = random_.randrange(256)
                case 1:
                    start = at - at % 82
                    del changed[start : start + 82]
                case _:
                    start = at - at % 82
                    changed[start:start] = changed[start : start + 82]
            if not changed:
                break
        try:
            told = statements(bytes(changed))
        except InputError:
            continue
        for statement in told:
            amounts = [line.amount for line in statement.lines]
            errors = [found for found in statement.diagnostics if found.severity != Severity.INFO]
            assert amounts == original or errors or statement.header.balanced is not True or len(told) > 1
