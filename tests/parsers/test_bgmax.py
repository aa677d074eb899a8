"""BgMax: deposits with their payments, references, deductions, and the file's own sums and counts."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.parsers.bgmax import FORMAT
from matcher.parsers.contract import Event, Head, LinesRead, ReadOptions, StatementEnded
from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.refused import InputError, Unreadable
from recon_core.domain.statement import AMOUNT_UNKNOWN, StatementHeader, StatementLine

START = "01BGMAX               0120260126173035010331P"


def opening(bankgiro: str = "9912346", currency: str = "SEK") -> str:
    return f"05{bankgiro:0>10}{'':10}{currency}"


def payment(
    minor: int, reference: str = "", *, kind: str = "20", bankgiro: str = "3783511", code: str = "2", number: int = 1
) -> str:
    return f"{kind}{bankgiro:0>10}{reference:>25}{minor:018}{code}2{number:012}0"


def deposit(
    minor: int, count: int, *, account: str = "5841000001009823", day: str = "20260126", currency: str = "SEK"
) -> str:
    return f"15{account:0>35}{day}00056{minor:018}{currency}{count:08} "


def end(payments: int, deductions: int = 0, extras: int = 0, deposits: int = 1) -> str:
    return f"70{payments:08}{deductions:08}{extras:08}{deposits:08}"


def file(*records: str, codec: str = "cp1252", line_end: str = "\r\n") -> bytes:
    return "".join(f"{record:80}{line_end}" for record in records).encode(codec)


def events(data: bytes) -> list[Event]:
    return list(FORMAT.read(io.BytesIO(data), ReadOptions()))


def lines_of(told: Iterable[Event]) -> list[StatementLine]:
    return [line for event in told if isinstance(event, LinesRead) for line in event.lines]


def headers_of(told: Iterable[Event]) -> list[StatementHeader]:
    return [event.header for event in told if isinstance(event, StatementEnded)]


def odd(told: Iterable[Event]) -> list[Diagnostic]:
    return [event for event in told if isinstance(event, Diagnostic)]


WHOLE = file(
    START,
    opening(),
    payment(100_000, "655969"),
    f"26{'Kalles Plåt AB':35}{'Box Kalle':35}",
    f"27{'Storgatan 2':35}{'12345':9}",
    f"28{'Storåker':35}{'Norge':35}NO",
    "29005500001234",
    payment(50_000, "89853", kind="21", code="3", number=2) + "1",
    payment(140_000, "657866 658765", code="3", number=3),
    payment(90_000, "657866", kind="22", code="2", number=3),
    payment(0, "657965", kind="22", code="2", number=3),
    "25Betalning med extra refnr 657965",
    "25och en rad till",
    deposit(190_000, 3),
    opening(),
    payment(7_700, "", bankgiro="", code="1", number=4),
    "25Faktura 17",
    deposit(7_700, 1),
    end(3, 1, 2, 2),
)


def test_a_deposit_is_a_line_and_its_payments_are_its_details() -> None:
    told = events(WHOLE)
    batch, single = lines_of(told)

    assert odd(told) == []
    assert (batch.amount, batch.currency, batch.booking_date, batch.batch_count) == (
        190_000,
        "SEK",
        date(2026, 1, 26),
        3,
    )
    assert batch.entry_reference == "00056"
    assert batch.extra == (("bankgiro", "9912346"),)
    assert [
        (part.amount, part.bank_reference, part.creditor_reference, part.document_numbers) for part in batch.details
    ] == [
        (100_000, "000000000001", "655969", ()),
        (-50_000, "000000000002", "89853", ()),
        (140_000, "000000000003", None, ("657866", "658765", "657965")),
    ]
    assert sum(part.amount for part in batch.details) == batch.amount
    assert single.details == ()
    assert (single.line_index, single.amount, single.remittance, single.creditor_reference) == (
        2,
        7_700,
        "Faktura 17",
        None,
    )


def test_the_fields_of_a_payment_reach_their_own_fields() -> None:
    first, deduction, several = lines_of(events(WHOLE))[0].details

    assert (first.counterparty_name, first.counterparty_account) == ("Kalles Plåt AB", "3783511")
    assert dict(first.extra) == {
        "kind of reference": "2",
        "channel": "2",
        "address": "Storgatan 2",
        "postal code": "12345",
        "town": "Storåker",
        "country": "Norge NO",
        "organisation number": "5500001234",
        "name": "Box Kalle",
    }
    assert ("deduction", "1") in deduction.extra
    assert several.remittance == "Betalning med extra refnr 657965\noch en rad till"
    assert ("amount of 657866", "900.00") in several.extra
    assert first.where == "line 3"


def test_the_statement_is_a_notification_without_balances() -> None:
    (header,) = headers_of(events(WHOLE))

    assert (header.format, header.kind, header.version) == ("bgmax", "notification", "01")
    assert (header.account, header.account_scheme, header.currency) == ("5841000001009823", "BBAN", "SEK")
    assert header.created_at == datetime(2026, 1, 26, 17, 30, 35, 10331)  # noqa: DTZ001
    assert header.message_id == "20260126173035010331"
    assert (header.opening_balance, header.closing_balance, header.line_count) == (None, None, 2)
    assert (header.from_date, header.to_date) == (date(2026, 1, 26), date(2026, 1, 26))


def test_another_account_or_currency_is_another_statement() -> None:
    data = file(
        START,
        *(opening(), payment(100, "1"), deposit(100, 1)),
        *(opening(currency="EUR"), payment(200, "2"), deposit(200, 1, currency="EUR")),
        *(opening(), payment(300, "3"), deposit(300, 1, account="123")),
        end(3, deposits=3),
    )
    told = events(data)

    assert [(header.account, header.currency) for header in headers_of(told)] == [
        ("5841000001009823", "SEK"),
        ("5841000001009823", "EUR"),
        ("123", "SEK"),
    ]
    assert [line.line_index for line in lines_of(told)] == [1, 1, 1]
    assert odd(told) == []


@pytest.mark.parametrize("codec", ["cp1252", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_encodings_line_ends_and_trimmed_records_do_not_matter(codec: str, line_end: str) -> None:
    text = WHOLE.decode("cp1252")
    trimmed = "".join(f"{record.rstrip()}{line_end}" for record in text.splitlines())

    assert lines_of(events(trimmed.encode(codec))) == lines_of(events(WHOLE))
    assert FORMAT.sniff(Head(trimmed.encode(codec)[:8192])) == 100


def test_tabs_stand_for_the_blanks_up_to_the_next_column() -> None:
    data = WHOLE.replace(
        payment(0, "657965", kind="22", code="2", number=3).encode(),
        b"220003783511\t\t       657965000000000000000000220000000000030",
    )

    assert b"\t" in data
    assert lines_of(events(data))[0].details[2].document_numbers == ("657866", "658765", "657965")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (deposit(190_000, 3), deposit(190_001, 3), "batch-total-differs"),
        (deposit(190_000, 3), deposit(190_000, 4), "batch-count-differs"),
        (end(3, 1, 2, 2), end(4, 1, 2, 2), "control-total-differs"),
        (end(3, 1, 2, 2), end(3, 1, 2, 1), "control-total-differs"),
        (end(3, 1, 2, 2), end(3, 1, 3, 2), "control-total-differs"),
        (
            payment(100_000, "655969"),
            payment(100_000, "655969").replace("000000000000100000", "00000000000010000x"),
            "bad-amount",
        ),
        (START, START[:-1] + "T", "test-file"),
        (deposit(7_700, 1), deposit(7_700, 1, day="20260230"), "bad-date"),
        ("25Faktura 17", "99Faktura 17", "record-unknown"),
        (opening(), opening(currency="KRO"), "unknown-currency"),
    ],
)
def test_what_does_not_add_up_is_an_error_and_the_rest_is_read(old: str, new: str, code: str) -> None:
    data = WHOLE.replace(f"{old:80}".encode("cp1252"), f"{new:80}".encode("cp1252"), 1)
    told = events(data)

    assert data != WHOLE
    assert code in [found.code for found in odd(told)]
    assert all(found.severity == Severity.ERROR and found.where for found in odd(told))
    assert len(lines_of(told)) == 2


def test_an_amount_that_can_not_be_read_makes_its_payment_unknown() -> None:
    data = WHOLE.replace(b"000000000000100000", b"0000000000001o0000", 1)
    batch = lines_of(events(data))[0]

    assert AMOUNT_UNKNOWN in batch.details[0].extra
    assert AMOUNT_UNKNOWN not in batch.extra
    assert batch.amount == 190_000


def test_payments_without_their_deposit_are_kept_and_reported() -> None:
    data = WHOLE.replace(f"{deposit(190_000, 3):80}\r\n".encode("cp1252"), b"")
    told = events(data)

    assert [line.amount for line in lines_of(told)] == [190_000, 7_700]
    assert {"deposit-missing", "control-total-differs"} == {found.code for found in odd(told)}


def test_a_file_that_is_cut_off_is_refused() -> None:
    records = WHOLE.splitlines(keepends=True)
    for count in range(1, len(records)):
        with pytest.raises(Unreadable, match="cut off"):
            events(b"".join(records[:count]))


def test_an_empty_file_of_the_format_is_an_empty_statement() -> None:
    told = events(file(START, end(0, deposits=0)))

    assert [header.line_count for header in headers_of(told)] == [0]
    assert odd(told) == []


@given(
    sections=st.lists(
        st.lists(
            st.tuples(st.integers(0, 10**12), st.booleans(), st.text("0123456789", min_size=2, max_size=25)),
            min_size=1,
            max_size=5,
        ),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=80, deadline=None)
def test_a_written_file_comes_back(sections: list[list[tuple[int, bool, str]]]) -> None:
    records = [START]
    for section in sections:
        total = sum(-minor if deduction else minor for minor, deduction, _ in section)
        records.append(opening())
        records += [
            payment(minor, reference, kind="21" if deduction else "20") for minor, deduction, reference in section
        ]
        records.append(deposit(abs(total), len(section)))
    counts = [deduction for section in sections for _, deduction, _ in section]
    told = events(file(*records, end(counts.count(False), counts.count(True), deposits=len(sections))))
    read = [[(part.amount, part.creditor_reference) for part in (line.details or (line,))] for line in lines_of(told)]

    expected = [
        [(-minor if deduction else minor, reference) for minor, deduction, reference in section] for section in sections
    ]
    assert [part for part in read if len(part) > 1] == [part for part in expected if len(part) > 1]
    negative = any(sum(-minor if deduction else minor for minor, deduction, _ in section) < 0 for section in sections)
    assert bool(odd(told)) is negative


def test_mutants_give_only_typed_errors() -> None:
    random_ = random.Random(11)
    for _ in range(1500):
        changed = bytearray(WHOLE)
        for _ in range(random_.randint(1, 5)):
            at = random_.randrange(len(changed))
            match random_.randrange(4):
                case 0:
                    changed[at] ^= 1 << random_.randrange(8)
                case 1:
                    del changed[at : at + random_.randint(1, 100)]
                case 2:
                    changed[at:at] = changed[: random_.randint(1, 200)]
                case _:
                    changed[at] = random_.randrange(256)
        try:
            told = events(bytes(changed))
        except InputError:
            continue
        for line in lines_of(told):
            total = sum(part.amount for part in line.details)
            unknown = any(AMOUNT_UNKNOWN in part.extra for part in (line, *line.details))
            assert not line.details or total == line.amount or unknown or odd(told)
