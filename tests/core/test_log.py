"""The log: everything is in it, nothing in it can be changed unnoticed, and replaying it gives the books (T30)."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from recon_core.domain.matching import Rest
from recon_core.domain.refusals import Conflict
from recon_core.services import adjust, books, clearing, history, reconcile, release, statements, undo, voiding
from recon_core.store import patches
from tests.core.world import ANNA, World, day


def a_month(world: World) -> int:
    """Every kind of deed once: import, match, adjust, reject, ignore, void, undo, close, void the document."""
    account_id = world.account()
    world.entry_types()
    paid, sent, wrong = world.book(account_id, "2017-01-05 100 A", "2017-01-06 -30 B", "2017-01-07 7 C")
    lines = world.statement(
        account_id,
        "0",
        "2017-01-05 100 R1",
        "2017-01-06 -30 R2",
        "2017-01-31 -50 R3",
        "2017-01-31 8 R4",
        "2017-01-31 -8 R5",
    ).new_line_ids
    bulk = world.match((lines[0], paid), (lines[1], sent))
    world.do(undo.undo_decisions, decision_ids=[bulk.decision_ids[1]], reason="not that one")
    world.match((lines[1], sent))
    fee = world.do(adjust.create_from_line, line_id=lines[2], rest=Rest("FEE"))
    world.do(adjust.release_adjustments, adjustment_ids=[fee.id])
    world.do(clearing.ignore_lines, line_ids=lines[3:], reason="in and out, by the bank's mistake")
    world.do(voiding.void_transaction, transaction_id=wrong, day=day("2017-01-08"), reason="twice")
    for _ in range(2):
        document_id = world.document(account_id, "2017-01-31", "20")
        world.do(reconcile.reconcile_processed, document_id=document_id)
        world.close(document_id)
        if not world.rows("SELECT id FROM reconciliation WHERE state = 'voided'"):
            world.do(release.void_document, document_id=document_id)
    return account_id


def test_replaying_the_log_gives_the_books_as_they_are(world: World) -> None:
    a_month(world)

    report = world.read(history.verify_log)

    assert report.differences == ()
    assert report.broken == ()
    assert report.entries == len(world.rows("SELECT seq FROM log"))


def test_a_deed_that_fails_leaves_neither_change_nor_entry(world: World) -> None:
    account_id = world.account()
    before = world.rows("SELECT * FROM log")

    with world.database.begin() as uow:
        rows = [books.BookRow(account_id, "X", day("2017-01-01"), 100)]
        books.import_transactions(uow, rows=rows, source="ledger", by=ANNA, at=world.tick())

    assert world.rows("SELECT * FROM log") == before
    assert world.rows("SELECT * FROM book_transaction") == []


@pytest.mark.parametrize("statement", ["UPDATE log SET reason = 'x'", "DELETE FROM log"])
def test_the_database_refuses_to_change_the_log(world: World, statement: str) -> None:
    world.account()

    with pytest.raises(Conflict, match="append-only"), world.database.begin() as uow:
        uow.connection.execute(text(statement))


def unguarded(world: World, statement: str, **values: Any) -> None:
    """What somebody with the database's own tools could do."""
    with world.database.begin() as uow:
        if uow.connection.dialect.name == "sqlite":
            for row in uow.select("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
                uow.connection.execute(text(f"DROP TRIGGER {row.name}"))
        else:
            uow.connection.execute(text("SET LOCAL session_replication_role = replica"))
        uow.connection.execute(text(statement), values)
        uow.commit()


def test_every_changed_or_deleted_entry_is_found_at_its_place(world: World, request: pytest.FixtureRequest) -> None:
    a_month(world)
    with world.database.read() as uow:
        entries = list(history.entries(uow))
    heavy = request.config.getoption("--heavy")
    choose = random.Random(7)
    fields = ["happened_by", "action", "subject_id", "reason", "payload", "previous_hash", "hash", "happened_at"]

    for _ in range(1000 if heavy else 200):
        position = choose.randrange(len(entries))
        victim = entries[position]
        copy = list(entries)
        if choose.random() < 0.2 and position < len(entries) - 1:
            del copy[position]
            expected = entries[position + 1].seq
        else:
            field = choose.choice(fields)
            value = getattr(victim, field)
            changed = value + 1 if isinstance(value, int) else f"{value}x" if isinstance(value, str) else world.tick()
            copy[position] = victim._replace(**{field: changed})
            expected = victim.seq
        _, _, broken = history.verify_chain(copy)
        assert broken[0].seq == expected


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE book_transaction SET description = 'bribe' WHERE external_id = 'A'", "description"),
        ("UPDATE statement_line SET remittance = 'other text' WHERE bank_reference = 'R2'", "unlogged"),
        ("UPDATE statement_line SET state_reason = 'other reason' WHERE bank_reference = 'R4'", "state_reason"),
        ("UPDATE source_file SET content = :content", "unlogged"),
        ("UPDATE reconciliation SET notes = 'x' WHERE number = '000001'", "notes"),
        ("DELETE FROM voucher_row WHERE row_index = 2", "it is gone"),
        ("INSERT INTO setting (name, value) VALUES ('skip_voided', 'false')", "no log entry"),
    ],
)
def test_a_row_that_was_changed_behind_the_log_is_named(world: World, statement: str, named: str) -> None:
    a_month(world)

    unguarded(world, statement, **({"content": b"forged"} if ":content" in statement else {}))

    report = world.read(history.verify_log)
    assert report.broken == ()
    assert [named in str(one) for one in report.differences] == [True] * max(1, len(report.differences))


def test_a_log_cut_off_at_its_end_no_longer_explains_the_books(world: World) -> None:
    a_month(world)
    last = world.read(history.head)[0]

    unguarded(world, "DELETE FROM log WHERE seq = :seq", seq=last)

    report = world.read(history.verify_log)
    assert report.broken == ()
    assert any(one.column == "state" for one in report.differences)


def test_bytes_are_archived_as_received(world: World) -> None:
    content = bytes(range(256)) * 3

    with world.database.begin() as uow:
        first = statements.archive_file(uow, name="a.bin", content=content, by=ANNA, at=world.tick())
        again = statements.archive_file(uow, name="b.bin", content=content, by=ANNA, at=world.tick())
        uow.commit()

    assert bytes(world.rows("SELECT content FROM source_file")[0][0]) == content
    assert (again.id, again.known) == (first.id, True)
    assert [row.name for row in world.rows("SELECT name FROM file_delivery")] == ["b.bin"]


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(), st.lists))
def test_the_log_is_written_as_plain_compact_json(value: Any) -> None:
    assert patches.dumps(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def test_many_texts_are_updated_as_they_are(world: World) -> None:
    account_id = world.account()
    ids = world.book(account_id, *[f"2017-01-05 {number} R{number}" for number in range(1, 21)])
    texts = [f'{one} "å"\\u0041\n\x01' for one in ids]
    texts[7] += "" if world.database.engine.dialect.name == "postgresql" else "\x00 and on"  # no text there
    with world.database.begin() as uow:
        with uow.action("x", subject=("cash_account", account_id), by=ANNA, at=world.tick()) as act:
            act.update("book_transaction", list(ids), {"description": texts, "version": 7})
        uow.commit()

    found = world.rows("SELECT description, version FROM book_transaction ORDER BY id")
    assert [tuple(row) for row in found] == [(one, 7) for one in texts]
