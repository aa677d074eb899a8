"""The database itself refuses what would break the rules of the books (T23), whatever a program above it does."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from recon_core.domain.refusals import BadRequest, Conflict
from recon_core.services import reconcile
from tests.core.world import World, day, kr


@pytest.fixture
def books(world: World) -> World:
    """Account 1 with a closed document 1 holding transaction 1, and an open document 2 with transaction 2 ticked."""
    account_id = world.account()
    first, second, third = world.book(account_id, "2017-01-05 100 A", "2017-02-05 30 B", "2017-02-06 -5 C")
    lines = world.statement(account_id, "0", "2017-01-05 100 R1", "2017-02-05 30 R2").new_line_ids
    world.match((lines[0], first))
    closed = world.document(account_id, "2017-01-31", "100")
    world.do(reconcile.tick, document_id=closed, transaction_ids=[first])
    world.close(closed)
    open_ = world.document(account_id, "2017-02-28", "130")
    world.do(reconcile.tick, document_id=open_, transaction_ids=[second])
    assert (first, second, third, closed, open_) == (1, 2, 3, 1, 2)
    return world


OPEN_ROW = (
    "INSERT INTO reconciliation (cash_account_id, state, reconciliation_date, beginning_balance, statement_balance,"
    " predecessor_id, created_by, created_at, changed_by, changed_at)"
    " SELECT 1, 'hold', '{day}', {beginning}, 0, {predecessor}, created_by, created_at, changed_by, changed_at"
    " FROM reconciliation WHERE id = 1"
)
TICK_AWAY = "UPDATE book_transaction SET reconciliation_id = NULL, reconciled_date = NULL"

REFUSED = {
    "R2: a document closes only with a difference of zero": [
        "UPDATE reconciliation SET state = 'balanced' WHERE id = 2",
        ("UPDATE reconciliation SET state = 'closed', number = 'X', receipts = 4000, receipt_count = 1, disbursements = 0,"
        " disbursement_count = 0, bound = '{}', released_by = 'x', released_at = created_at WHERE id = 2"),
    ],
    "R2: nor with totals that its lines do not have": [
        "UPDATE reconciliation SET state = 'balanced', statement_balance = 10100 WHERE id = 2",
        ("UPDATE reconciliation SET state = 'closed', number = 'X', receipts = 100, receipt_count = 1, disbursements = 0,"
        " disbursement_count = 0, bound = '{}', released_by = 'x', released_at = created_at WHERE id = 2"),
    ],
    "R3: it begins with the closing balance of the one before": [
        "UPDATE reconciliation SET beginning_balance = 1 WHERE id = 2",
    ],
    "R3: a document has one successor": [
        OPEN_ROW.format(day="2017-03-31", beginning=10000, predecessor=1),
    ],
    "R3: the first one begins at zero": [
        "UPDATE reconciliation SET predecessor_id = NULL WHERE id = 2",
    ],
    "R4: an account has one open document": [
        OPEN_ROW.format(day="2017-03-31", beginning=0, predecessor="NULL"),
    ],
    "R5: a line is in one document": [
        "UPDATE book_transaction SET reconciliation_id = 2 WHERE id = 1",
    ],
    "R6: only the latest is voided": [
        "UPDATE reconciliation SET state = 'voided', voided_by = 'x', voided_at = created_at WHERE id = 1",
    ],
    "R7: what is not released can't be ticked": [
        "UPDATE book_transaction SET status = 'balanced' WHERE id = 2",
    ],
    "R8: a closed document keeps its balance": [
        "UPDATE reconciliation SET statement_balance = 1 WHERE id = 1",
    ],
    "R8: and its notes": ["UPDATE reconciliation SET notes = 'later' WHERE id = 1"],
    "R8: and can't be opened again": [
        "UPDATE reconciliation SET state = 'hold', released_at = NULL, number = NULL WHERE id = 1",
    ],
    "R8: nor deleted": ["DELETE FROM reconciliation WHERE id = 1"],
    "R8: its lines stay": [f"{TICK_AWAY} WHERE id = 1"],
    "R8: with their amounts": ["UPDATE book_transaction SET amount = 1, matched_amount = 1 WHERE id = 1"],
    "R8: and its frozen list": ["UPDATE reconciliation_line SET amount = 1"],
    "R8: which takes no more": [
        ("INSERT INTO reconciliation_line (reconciliation_id, book_transaction_id, amount, transaction_date, clear_date,"
        " processed, hidden) SELECT 1, 2, amount, transaction_date, clear_date, processed, hidden"
        " FROM reconciliation_line WHERE book_transaction_id = 1"),
    ],
    "R9: a line dated after the document can't be ticked": [
        f"{TICK_AWAY} WHERE id = 2",
        "UPDATE reconciliation SET reconciliation_date = '2017-02-01' WHERE id = 2",
        "UPDATE book_transaction SET reconciliation_id = 2, reconciled_date = '2017-02-01' WHERE id = 2",
    ],
    "R12: numbers go on by one": ["UPDATE number_series SET next_number = next_number + 2"],
    "R13: a voucher balances": [
        "INSERT INTO voucher (id, state, voucher_date) VALUES (77, 'draft', '2017-01-01')",
        ("INSERT INTO voucher_row (voucher_id, row_index, ledger_account, amount, currency) VALUES"
        " (77, 1, '1930', 100, 'SEK'), (77, 2, '6570', -99, 'SEK')"),
        "UPDATE voucher SET state = 'posted', number = 'V9' WHERE id = 77",
    ],
    "R13: in each currency": [
        "INSERT INTO voucher (id, state, voucher_date) VALUES (77, 'draft', '2017-01-01')",
        ("INSERT INTO voucher_row (voucher_id, row_index, ledger_account, amount, currency) VALUES"
        " (77, 1, '1930', 100, 'SEK'), (77, 2, '1680', -100, 'EUR')"),
        "UPDATE voucher SET state = 'posted', number = 'V9' WHERE id = 77",
    ],
    "R14: a bank line is not used twice": [
        "UPDATE statement_line SET used_amount = 20000 WHERE id = 1",
    ],
    "R14: a transaction is not used twice": ["UPDATE book_transaction SET matched_amount = 9000 WHERE id = 2"],
    "R14: the items of a match add up": [
        "INSERT INTO decision_line (decision_id, statement_line_id, amount) VALUES (77, 2, 3000)",
        "INSERT INTO decision_transaction (decision_id, book_transaction_id, amount, adjusts) VALUES (77, 2, 2999, {no})",
        ("INSERT INTO decision (id, decision_batch_id, cash_account_id, kind, state, decided_by, line_total, book_total)"
        " VALUES (77, 1, 1, 'match', 'applied', 'x', 3000, 3000)"),
    ],
    "R14: sides differ by the adjustment only": [
        ("INSERT INTO decision (id, decision_batch_id, cash_account_id, kind, state, decided_by, line_total, book_total)"
        " VALUES (77, 1, 1, 'match', 'applied', 'x', 3000, 2999)"),
    ],
    "R14: an applied match takes nothing more": [
        "INSERT INTO decision_line (decision_id, statement_line_id, amount) VALUES (1, 2, 3000)",
    ],
    "R14: a decision begins applied": [
        ("INSERT INTO decision (id, decision_batch_id, cash_account_id, kind, state, decided_by)"
        " VALUES (77, 1, 1, 'ignore', 'draft', 'x')"),
    ],
    "a matched line is used up": ["UPDATE statement_line SET state = 'matched' WHERE id = 2"],
    "a bank line is the bank's word": ["UPDATE statement_line SET amount = 1 WHERE id = 2"],
    "a bank line is never deleted": ["DELETE FROM statement_line WHERE id = 2"],
    "a bank line is stored once": [
        ("INSERT INTO statement_line (cash_account_id, statement_id, line_index, booking_date, amount, currency, line_key,"
        " occurrence) SELECT cash_account_id, statement_id, 99, booking_date, amount, currency, line_key, occurrence"
        " FROM statement_line WHERE id = 2"),
    ],
    "a transaction is never deleted": ["DELETE FROM book_transaction WHERE id = 3"],
    "cleared has a date": ["UPDATE book_transaction SET cleared = {yes} WHERE id = 3"],
    "reconciled is cleared": [
        "UPDATE book_transaction SET reconciliation_id = 2, reconciled_date = '2017-02-28' WHERE id = 3",
    ],
    "a received file keeps its bytes": ["UPDATE source_file SET sha256 = 'x'"],
    "an account keeps its currency": ["UPDATE cash_account SET currency = 'EUR' WHERE id = 1"],
}  # fmt: skip


@pytest.mark.parametrize("rule", REFUSED)
def test_the_database_refuses(books: World, rule: str) -> None:
    *before, last = REFUSED[rule]
    sqlite = books.database.engine.dialect.name == "sqlite"
    words = {"{yes}": "1" if sqlite else "true", "{no}": "0" if sqlite else "false"}

    def run(statement: str) -> None:
        for word, value in words.items():
            statement = statement.replace(word, value)
        uow.connection.execute(text(statement))

    with books.database.begin() as uow:
        for statement in before:
            run(statement)
        with pytest.raises(IntegrityError):
            run(last)


def test_what_no_decision_uses_is_never_committed(books: World) -> None:
    with books.database.begin() as uow:
        sql = "INSERT INTO decision_line (decision_id, statement_line_id, amount) VALUES (77, 2, 3000)"
        uow.connection.execute(text(sql))
        with pytest.raises(IntegrityError):
            uow.commit()


def set_limit(world: World, value: object) -> None:
    with world.database.begin() as uow:
        row = {"purpose": "write_off", "currency": "SEK", "minor_max": value, "changed_by": "x"}
        with uow.action("x", subject=("amount_limit", 0), by="x", at=world.tick()) as act:
            act.insert_row("amount_limit", row)


@pytest.mark.parametrize("value", [1.5, "1", True, None])
def test_only_integers_are_money(books: World, value: object) -> None:
    with pytest.raises((TypeError, Conflict)):
        set_limit(books, value)


def test_an_amount_beyond_64_bits_is_an_error(books: World) -> None:
    with pytest.raises(Exception, match=r"(?i)overflow|too large|out of range"):
        set_limit(books, 2**63)


def test_so_it_is_among_many(world: World) -> None:
    ids = world.book(world.account(), *(f"2017-01-05 {number} R{number}" for number in range(1, 10)))

    with pytest.raises(BadRequest, match="too large"), world.database.begin() as uow:
        uow.update_rows(uow.schema.tables["book_transaction"], ids, {"version": [2**64] * len(ids)})


def test_dates_and_times_come_back_as_they_went_in(books: World) -> None:
    at = books.tick()
    with books.database.begin() as uow:
        with uow.action("x", subject=("book_import", 0), by="x", at=at) as act:
            counts = {"new_count": 0, "same_count": 0, "changed_count": 0}
            act.insert_row("book_import", {"source": "s", "imported_at": at, "imported_by": "x", **counts})
        uow.commit()

    assert books.rows("SELECT imported_at FROM book_import ORDER BY id DESC")[0][0] == at
    assert books.rows("SELECT reconciliation_date FROM reconciliation WHERE id = 1")[0][0] == day("2017-01-31")
    assert books.rows("SELECT beginning_balance FROM reconciliation WHERE id = 2")[0][0] == kr("100")
    assert books.rows("SELECT match_batches FROM reconciliation WHERE id = 2")[0][0] is False
