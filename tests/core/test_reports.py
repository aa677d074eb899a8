"""Reads: outstanding items and the bridge, history and registers, trails, verification, take-over."""

from __future__ import annotations

import pytest

from recon_core.domain.matching import Rest
from recon_core.domain.refusals import NotBalanced, Unknown, WrongState
from recon_core.reports import outstanding, registers, trail
from recon_core.services import adjust, chains, clearing, documents, history, reconcile, release, takeover, undo, verify
from tests.core.test_log import unguarded
from tests.core.world import World, bank_lines, day, kr


@pytest.fixture
def month(world: World) -> tuple[World, int]:
    """January closed with one receipt; in February a match, an unreleased fee, and open items on both sides."""
    account_id = world.account()
    world.entry_types()
    first, second, unpaid, _ = world.book(
        account_id, "2017-01-05 100 A", "2017-02-02 40 B", "2017-02-03 -15 CHEQUE", "2017-02-27 8 D"
    )
    lines = world.statement(account_id, "0", "2017-01-05 100 R1", sequence=1).new_line_ids
    world.match((lines[0], first))
    document_id = world.document(account_id, "2017-01-31", "100")
    world.do(reconcile.reconcile_processed, document_id=document_id)
    world.close(document_id)
    more = world.statement(
        account_id, "100", "2017-02-02 40 R2", "2017-02-10 -3 R3", "2017-02-20 11 R4", "2017-02-21 -1 R5", sequence=2
    ).new_line_ids
    world.match((more[0], second))
    world.do(adjust.create_from_line, line_id=more[1], rest=Rest("FEE"))
    world.do(clearing.ignore_lines, line_ids=[more[3]], reason="the bank takes it back tomorrow")
    assert unpaid
    return world, account_id


def test_what_is_open_on_both_sides_with_its_age(month: tuple[World, int]) -> None:
    world, account_id = month

    items = world.read(outstanding.outstanding, account_id=account_id, day=day("2017-02-28"))

    assert [(one.side, one.amount, one.age_days, one.reference) for one in items] == [
        ("book", kr("-15"), 25, "CHEQUE"),
        ("bank", kr("11"), 8, "R4"),
        ("book", kr("8"), 1, "D"),
    ]
    ages = outstanding.ages(items)
    assert ages["book"] == {"0-7": (1, kr("8")), "8-30": (1, kr("-15")), "31-90": (0, 0), "91-": (0, 0)}
    assert ages["bank"]["8-30"] == (1, kr("11"))


@pytest.mark.parametrize("when", ["2017-01-04", "2017-01-31", "2017-02-02", "2017-02-15", "2017-02-28"])
def test_the_bridge_leads_from_the_bank_to_the_books_on_every_day(month: tuple[World, int], when: str) -> None:
    world, account_id = month
    balance = world.read(chains.bank_balance, account_id, day=day(when))
    if balance is None:
        balance = {"2017-01-04": 0, "2017-01-31": kr("100"), "2017-02-28": kr("147")}[when]

    found = world.read(outstanding.bridge, account_id=account_id, day=day(when), bank_balance=balance)

    assert found.residual == 0
    if when == "2017-02-28":
        parts = (found.receipts, found.disbursements, found.open_lines, found.ignored_lines, found.unreleased)
        assert parts == (kr("8"), kr("15"), kr("11"), kr("-1"), kr("-3"))
        assert found.book_balance == kr("133")


def test_the_bridge_shows_a_balance_that_is_wrong(month: tuple[World, int]) -> None:
    world, account_id = month
    day_, balance = day("2017-02-28"), kr("147")

    world.do(undo.undo_decisions, decision_ids=[2])
    found = world.read(outstanding.bridge, account_id=account_id, day=day_, bank_balance=balance)

    assert (found.residual, found.open_lines, found.receipts) == (0, kr("51"), kr("48"))


def test_history_lists_documents_of_all_states(month: tuple[World, int]) -> None:
    world, account_id = month
    open_ = world.document(account_id, "2017-02-28", "147")
    world.do(reconcile.tick, document_id=open_, transaction_ids=[2])

    rows = world.read(registers.history, account="1930")

    assert [(row.state, row.number, row.last_reconciliation_date, row.difference) for row in rows] == [
        ("hold", None, day("2017-01-31"), kr("7")),
        ("closed", "000001", None, 0),
    ]
    assert (rows[0].receipts, rows[0].receipt_count) == (kr("40"), 1)
    assert world.read(registers.history, account="1930", from_date=day("2017-02-01")) == rows[:1]
    assert world.read(registers.history, account="none") == []


def test_the_register_has_closed_documents_with_their_transactions(month: tuple[World, int]) -> None:
    world, _ = month

    (plain,) = world.read(registers.register)
    (detailed,) = world.read(registers.register, number="000001", details=True)

    assert (plain.row.receipts, plain.row.receipt_count, plain.details) == (kr("100"), 1, ())
    assert [(one.external_id, one.amount, one.processed) for one in detailed.details] == [("A", kr("100"), True)]


def test_the_statement_leads_to_the_balance_in_the_books(month: tuple[World, int]) -> None:
    world, _ = month

    found = world.read(registers.statement_report, document_id=1, show_reconciled=True)

    assert [one.external_id for one in found.reconciled] == ["A"]
    assert (found.unreconciled, found.book_balance, found.residual) == ((), kr("100"), 0)


@pytest.mark.parametrize(
    ("kind", "item_id"),
    [("file", 1), ("statement", 1), ("line", 1), ("decision", 1), ("transaction", 1), ("document", 1)],
)
def test_a_trail_goes_from_file_and_byte_to_document_and_number(world: World, kind: str, item_id: int) -> None:
    account_id = world.account()
    (booked,) = world.book(account_id, "2017-01-05 100 A")
    (line,) = bank_lines("2017-01-05 100 R1")
    header = {"opening_balance": 0, "closing_balance": kr("100")}
    from recon_core.domain.statement import StatementHeader
    from recon_core.services import statements

    registered = world.do(
        statements.register_statement,
        header=StatementHeader(format="camt.053", kind="statement", currency="SEK", **header),
        lines=[line._replace(where="bytes 120-480")],
        file_id=world.file("bank"),
        account_id=account_id,
    )
    world.match((registered.new_line_ids[0], booked))
    document_id = world.document(account_id, "2017-01-31", "100")
    world.do(reconcile.reconcile_processed, document_id=document_id)
    world.close(document_id)

    found = world.read(trail.trail, kind=kind, item_id=item_id)

    assert [step.kind for step in found.steps] == ["file", "statement", "line", "decision", "transaction", "document"]
    texts = " / ".join(step.text for step in found.steps)
    assert "bank.xml" in texts
    assert "at bytes 120-480" in texts
    assert "000001 of 2017-01-31, closed" in texts
    assert [step.id for step in found.log] == sorted(step.id for step in found.log)
    assert found.log


def test_a_trail_of_an_adjustment_names_its_voucher(month: tuple[World, int]) -> None:
    world, _ = month
    world.do(adjust.release_adjustments, adjustment_ids=[1])

    found = world.read(trail.trail, kind="adjustment", item_id=1)

    assert {"line", "decision", "adjustment", "voucher"} <= {step.kind for step in found.steps}
    assert [step.text for step in found.log] == ["adjustment.release"]
    with pytest.raises(Unknown):
        world.read(trail.trail, kind="adjustment", item_id=99)
    with pytest.raises(Unknown):
        world.read(trail.trail, kind="nothing", item_id=1)


def failed(checks: list[verify.Check]) -> list[str]:
    return [check.name for check in checks if not check.ok]


def test_a_closed_document_verifies_also_after_it_was_voided(month: tuple[World, int]) -> None:
    world, _ = month

    assert failed(world.read(verify.verify_document, document_id=1)) == []
    world.do(release.void_document, document_id=1)
    assert failed(world.read(verify.verify_document, document_id=1)) == []


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE source_file SET content = :content WHERE id = 1", "file"),
        ("UPDATE book_transaction SET clear_date = '2017-01-06' WHERE id = 1", "line"),
        ("UPDATE book_transaction SET description = 'x' WHERE id = 1", "line"),
        ("UPDATE book_transaction SET counterparty = 'x' WHERE id = 1", "line"),
        ('UPDATE reconciliation SET bound = \'{"files": [], "engine": "0", "predecessor": null}\'', "bound"),
        ("UPDATE reconciliation SET released_by = 'x', number = '9'", "replay"),
        ("UPDATE log SET payload = '[]' WHERE seq = 3", "log"),
    ],
)
def test_a_later_edit_is_named(month: tuple[World, int], statement: str, named: str) -> None:
    world, _ = month
    values = {"content": b"x"} if ":content" in statement else {}
    unguarded(world, statement.replace('": ', '"\\: '), **values)

    assert named in failed(world.read(verify.verify_document, document_id=1))


def test_the_bound_files_are_read_again_by_whoever_can(month: tuple[World, int]) -> None:
    from recon_core.domain.statement import StatementHeader

    world, _ = month
    header = StatementHeader(format="camt.053", kind="statement")

    same = world.read(
        verify.verify_document, document_id=1, reread=lambda name, content: [(header, bank_lines("2017-01-05 100 R1"))]
    )
    other = world.read(
        verify.verify_document, document_id=1, reread=lambda name, content: [(header, bank_lines("2017-01-05 101 R1"))]
    )

    assert (failed(same), failed(other)) == ([], ["reread"])


def test_history_is_taken_over_up_to_a_cut_off_date(world: World) -> None:
    account_id = world.account()
    ids = world.book(account_id, "2014-01-01 1000 IB", "2016-12-30 -100 CHEQUE", "2016-06-01 50 A", "2017-01-02 5 B")
    world.statement(account_id, "1040", "2016-12-29 10 OLD", "2017-01-02 5 NEW")
    arguments = {"account_id": account_id, "cut_off_date": day("2016-12-31"), "statement_balance": kr("1050")}
    with pytest.raises(NotBalanced, match=r"100\.00"):
        world.do(takeover.take_over, **arguments)
    assert world.rows("SELECT id FROM reconciliation") == []

    number = world.do(takeover.take_over, **arguments, leave_open=[ids[1]])

    assert number == "000001"
    states = world.rows("SELECT bank_reference, state FROM statement_line ORDER BY booking_date")
    assert [tuple(row) for row in states] == [("OLD", "ignored"), ("NEW", "open")]
    following = world.document(account_id, "2017-01-31", "955")
    assert world.figures(following).beginning_balance == kr("1050")
    assert [line.external_id for line in world.read(documents.listed, following)] == ["CHEQUE", "B"]
    late = world.statement(account_id, "1000", "2016-11-01 40 OLDER")
    assert late.outcome == "new"
    rows = world.rows("SELECT state FROM statement_line WHERE bank_reference = 'OLDER'")
    assert [row.state for row in rows] == ["ignored"]
    with pytest.raises(WrongState):
        world.do(takeover.take_over, **arguments)


def test_a_take_over_is_voided_with_its_cut_off_date_and_done_again_to_another(world: World) -> None:
    account_id = world.account()
    world.entry_types()
    world.book(account_id, "2014-01-01 1000 IB", "2016-12-29 13 B")
    statement = world.statement(account_id, "1000", "2016-12-29 10 OLD", "2016-12-30 3 IGNORED", "2017-01-02 5 NEW")
    world.do(clearing.ignore_lines, line_ids=statement.new_line_ids[1:2], reason="Before the cut-off date.")
    world.do(takeover.take_over, account_id=account_id, cut_off_date=day("2017-01-31"), statement_balance=kr("1013"))
    world.statement(account_id, "980", "2016-11-01 20 LATE")

    world.do(release.void_document, document_id=1)

    states = "SELECT bank_reference, state FROM statement_line ORDER BY booking_date"
    assert list(map(tuple, world.rows(states))) == [
        ("LATE", "open"),
        ("OLD", "open"),
        ("IGNORED", "ignored"),
        ("NEW", "open"),
    ]
    world.do(takeover.take_over, account_id=account_id, cut_off_date=day("2016-12-31"), statement_balance=kr("1013"))
    assert [row.state for row in world.rows(states)] == ["ignored", "ignored", "ignored", "open"]
    assert world.read(history.verify_log).holds


def test_a_voided_document_is_printed_as_it_was_closed(world: World) -> None:
    account_id = world.account()
    ids = world.book(account_id, "2017-01-10 100 A", "2017-01-12 7 B")
    document_id = world.document(account_id, "2017-01-31", "100")
    world.do(reconcile.tick, document_id=document_id, transaction_ids=ids[:1])
    world.close(document_id)
    before = world.read(registers.statement_report, document_id=document_id, show_reconciled=True)
    world.do(release.void_document, document_id=document_id)
    again = world.document(account_id, "2017-01-31", "100")
    world.do(reconcile.tick, document_id=again, transaction_ids=ids[:1])

    printed = world.read(registers.statement_report, document_id=document_id, show_reconciled=True)

    assert printed._replace(row=before.row) == before
    assert ([row.external_id for row in printed.unreconciled], printed.residual) == (["B"], 0)
