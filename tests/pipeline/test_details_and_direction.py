"""What other files tell of a statement's lines: details of a batch, and the direction that a bank prints on reversals."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher.pipeline.context import Context
from matcher.pipeline.run import RunReport, run
from tests.parsers.camt_files import balance, details, document, entry, statement

BANK_REFERENCE = "<AcctSvcrRef>BATCH-1</AcctSvcrRef>"
PAYMENTS = {"2026-1001": "10.00", "2026-1002": "20.00", "2026-1003": "30.00"}
# Each amount is open twice: only the invoice numbers tell which of the two was paid.
OTHERS = {number.replace("-1", "-7"): amount for number, amount in PAYMENTS.items()}
BOOK = "id,account,date,amount,currency,reference,counterparty,description,kind\n" + "".join(
    f"K{number},DE89370400440532013000,2026-01-29,{amount},EUR,{number},,,receipt\n"
    for number, amount in (*PAYMENTS.items(), *OTHERS.items())
)


def proved(*entries: str, opening: str, closing: str, identity: str = "S1") -> str:
    balances = balance("OPBD", opening, day="2026-01-29") + balance("CLBD", closing)
    return document(statement(*entries, balances=balances, identity=identity))


def batch(kind: str) -> str:
    """A credit of 60.00 for three payments: as one sum in the statement, with the payments in the notification."""
    told = [
        f'<Refs><EndToEndId>E{number}</EndToEndId></Refs><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        f"<RmtInf><Ustrd>Invoice {number}</Ustrd></RmtInf>"
        for number, amount in PAYMENTS.items()
    ]
    size = "<Btch><NbOfTxs>3</NbOfTxs></Btch>"
    inside = BANK_REFERENCE + (details(*told, batch=size) if kind == "054" else f"<NtryDtls>{size}</NtryDtls>")
    one = entry("60.00", inside=inside)
    if kind == "053":
        return proved(one, opening="100.00", closing="160.00")
    return document(statement(one, kind="054", identity="N1"), kind="054")


def stored(context: Context) -> list[tuple[int, bool]]:
    """Amount of every bank line, and whether its statement may be used automatically."""
    sql = "SELECT l.amount, s.automatic FROM statement_line l JOIN statement s ON s.id = l.statement_id ORDER BY l.id"
    with context.database.read() as uow:
        return [(row.amount, bool(row.automatic)) for row in uow.select(sql)]


def cleared(context: Context) -> set[str]:
    """Ids of the book transactions that a bank line proved."""
    with context.database.read() as uow:
        return {
            row.external_id
            for row in uow.select("SELECT external_id FROM book_transaction WHERE cleared AND source = 'book.csv'")
        }


def take(context: Context, folder: Path, *files: str, book: Path | None = None) -> RunReport:
    """One run over an inbox of these files, in this order."""
    folder.mkdir()
    for place, content in enumerate(files):
        (folder / f"{place}.xml").write_text(content, encoding="utf-8")
    return run(context, inbox=folder, book=book)


@pytest.mark.parametrize("order", ["053 054", "054 053"])
@pytest.mark.parametrize("runs", [1, 2])
def test_a_notification_tells_the_payments_of_a_batch_and_adds_no_money(
    context: Context, tmp_path: Path, order: str, runs: int
) -> None:
    files = [batch(kind) for kind in order.split()]
    if runs == 2 and order.startswith("054"):
        take(context, tmp_path / "account", proved(opening="100.00", closing="100.00", identity="S0"))
    book = tmp_path / "book.csv"
    book.write_text(BOOK, encoding="utf-8")

    for place in range(runs):
        last = place == runs - 1
        now = files if runs == 1 else [files[place]]
        take(context, tmp_path / str(place), *now, book=book if last else None)

    assert stored(context) == [(6000, True)]
    assert cleared(context) == {f"K{number}" for number in PAYMENTS}


def test_without_the_notification_nobody_can_tell_which_payments_a_batch_has(context: Context, tmp_path: Path) -> None:
    book = tmp_path / "book.csv"
    book.write_text(BOOK, encoding="utf-8")

    take(context, tmp_path / "inbox", batch("053"), book=book)

    assert (stored(context), cleared(context)) == ([(6000, True)], set())


INVERTED = proved(entry("30.00", "DBIT", reversal="true"), opening="100.00", closing="130.00")
ADDS_UP_TO_NOTHING = proved(
    entry("5.00", "CRDT", reversal="true"),
    entry("5.00", "DBIT", reversal="true"),
    opening="130.00",
    closing="130.00",
    identity="S2",
)


def test_the_direction_that_balances_proved_holds_for_later_statements_that_prove_none(
    context: Context, tmp_path: Path
) -> None:
    take(context, tmp_path / "first", INVERTED)

    report = take(context, tmp_path / "second", ADDS_UP_TO_NOTHING)

    assert stored(context) == [(3000, True), (-500, True), (500, True)]
    assert not report.files[0].notes


def test_a_direction_that_nothing_proves_is_said_and_left_to_a_person(context: Context, tmp_path: Path) -> None:
    report = take(context, tmp_path / "first", ADDS_UP_TO_NOTHING)

    assert stored(context) == [(500, False), (-500, False)]
    assert "reversal entries" in report.files[0].notes[0]


def test_reversals_that_add_up_to_nothing_teach_no_direction(context: Context, tmp_path: Path) -> None:
    take(context, tmp_path / "first", ADDS_UP_TO_NOTHING)

    with context.database.read() as uow:
        assert [row.reversals_inverted for row in uow.select("SELECT reversals_inverted FROM cash_account")] == [None]
