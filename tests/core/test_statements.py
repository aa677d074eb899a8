"""Statements: the account they belong to, pages, pending lines, corrections, late arrivals, a second format."""

from __future__ import annotations

import pytest

from recon_core.domain.account import Identifier
from recon_core.domain.refusals import AmbiguousAccount, Blocked, Closed, Conflict, Unknown, WrongState
from recon_core.domain.statement import StatementHeader
from recon_core.reports import outstanding
from recon_core.reports.open_items import open_lines
from recon_core.services import (
    accounts,
    chains,
    clearing,
    held,
    history,
    late,
    lookup,
    reconcile,
    release,
    statements,
    undo,
)
from tests.core.world import ANNA, IBAN, World, bank_lines, day, kr


@pytest.fixture
def account(world: World) -> tuple[World, int]:
    return world, world.account()


def find(world: World, identifier: str | None, currency: str | None = "SEK", bank_bic: str | None = None) -> str:
    found = world.read(accounts.find_account, identifier=identifier, currency=currency, bank_bic=bank_bic)
    return str(found.code)


def test_an_account_is_found_by_identifier_and_currency(account: tuple[World, int]) -> None:
    world, _ = account
    world.account("1931", iban=None, currency="EUR", identifiers=[Identifier("IBAN", IBAN)])

    assert find(world, IBAN) == "1930"
    assert find(world, "SE45 5000 0000 0583 9825 7466") == "1930"
    assert find(world, IBAN, "EUR") == "1931"
    assert find(world, "1931", "EUR") == "1931"
    with pytest.raises(AmbiguousAccount, match="1930, 1931"):
        find(world, IBAN, None)
    for unknown in (("SE45", "SEK"), (IBAN, "USD"), (None, "SEK"), ("1930", "EUR")):
        with pytest.raises(Unknown):
            find(world, *unknown)


def test_two_accounts_that_fit_are_refused_unless_the_bank_tells_them_apart(world: World) -> None:
    for code, bic in (("1930", "ESSESESS"), ("1940", "NDEASESS")):
        world.account(code, iban=None, identifiers=[Identifier("BBAN", "12-3456", bank_bic=bic)])

    with pytest.raises(AmbiguousAccount):
        find(world, "123456")
    assert find(world, "123456", bank_bic="NDEASESSXXX") == "1940"
    with pytest.raises(Conflict):
        world.account("1950", iban=None, identifiers=[Identifier("BBAN", "123456", bank_bic="NDEASESS")])


def test_a_statement_of_an_unknown_account_is_refused_and_writes_nothing(world: World) -> None:
    file_id = world.file()
    header = StatementHeader(format="camt.053", kind="statement", account=IBAN, currency="SEK")

    with pytest.raises(Unknown):
        world.do(statements.register_statement, header=header, lines=[], file_id=file_id)
    world.do(statements.finish_file, file_id=file_id, outcome="set_aside", reason="no account")

    assert world.rows("SELECT outcome, reason FROM source_file")[0] == ("set_aside", "no account")
    assert world.rows("SELECT id FROM statement") == []


def test_what_is_unbalanced_is_stored_flagged_and_blocks(account: tuple[World, int]) -> None:
    world, account_id = account
    found = world.statement(account_id, "0", "2017-01-09 100 R1", closing="99")

    assert (found.flags, found.automatic, len(found.new_line_ids)) == (("unbalanced",), False, 1)
    document_id = world.document(account_id, "2017-01-09", "0")
    world.do(reconcile.remove_hold, document_id=document_id)
    with pytest.raises(Blocked) as blocked:
        world.do(release.release, document_id=document_id)
    assert "unbalanced" in {one.code for one in blocked.value.blockers}


def test_pages_are_chained_and_a_missing_one_blocks(account: tuple[World, int]) -> None:
    world, account_id = account
    common = {"format": "mt940", "statement_id": "7", "sequence": 7, "from_date": None, "to_date": None}
    common |= {"opening_date": day("2017-01-09"), "closing_date": day("2017-01-09")}
    world.statement(account_id, "0", "2017-01-09 -5", page=1, last_page=False, **common)
    world.statement(account_id, "-10", "2017-01-09 -5", page=3, last_page=True, **common)

    assert [one.code for one in world.read(chains.account_chain, account_id).breaks] == ["gap", "pages-missing"]
    middle = world.statement(account_id, "-5", "2017-01-09 -5", page=2, last_page=False, **common)

    assert len(middle.new_line_ids) == 1
    assert world.read(chains.account_chain, account_id).breaks == ()
    assert sorted(world.read(open_lines)["amount"]) == [kr("-5")] * 3


def test_pending_lines_never_enter_the_ledger_and_are_replaced(account: tuple[World, int]) -> None:
    world, account_id = account
    pending = [line._replace(status="pending") for line in bank_lines("2017-01-09 -20 P1", "2017-01-09 -30 P2")]
    header = StatementHeader(format="camt.052", kind="report", account=IBAN, currency="SEK")
    file_id = world.file("report")
    first = world.do(statements.register_statement, header=header, lines=pending, file_id=file_id)
    assert (list(first.new_line_ids), first.advice_count) == ([], 2)

    newer = header._replace(created_at=world.clock, statement_id="2")
    world.do(statements.register_statement, header=newer, lines=pending[1:], file_id=file_id)
    (waits,) = world.read(outstanding.pending, account_id=account_id)
    assert (waits.side, waits.day, waits.amount, waits.reference) == ("pending", day("2017-01-09"), kr("-30"), "P2")
    assert world.read(outstanding.outstanding, account_id=account_id, day=day("2017-01-31")) == []

    world.statement(account_id, "0", "2017-01-10 -30 P2")
    assert world.rows("SELECT id FROM advice_line") == []
    assert world.read(outstanding.pending, account_id=account_id) == []
    assert world.read(open_lines)["amount"] == [kr("-30")]
    assert world.read(history.verify_log).differences == ()


def test_a_batch_is_described_by_the_notification_that_adds_up_to_it(account: tuple[World, int]) -> None:
    world, account_id = account
    told = {"kind": "notification", "format": "camt.054", "closing": None}
    world.statement(account_id, None, "2017-01-09 70 X1", "2017-01-09 30 X2", **told)

    world.statement(account_id, "0", "2017-01-09 100 B1")
    world.statement(account_id, None, "2017-01-09 70 X1", "2017-01-09 30 X2", **told)

    assert {row.statement_line_id for row in world.rows("SELECT statement_line_id FROM advice_line")} == {1}
    assert world.read(open_lines)["amount"] == [kr("100")]


def test_an_extended_version_adds_its_lines_and_supersedes(account: tuple[World, int]) -> None:
    world, account_id = account
    first = world.statement(account_id, "0", "2017-01-09 100 R1", statement_id="S1")

    more = world.statement(account_id, "0", "2017-01-09 100 R1", "2017-01-09 7 R2", statement_id="S1")

    assert (more.outcome, len(more.new_line_ids), len(more.known_lines)) == ("new", 1, 1)
    rows = world.rows("SELECT id, state, revision FROM statement ORDER BY id")
    assert [tuple(row) for row in rows] == [
        (first.statement_id, "superseded", 1),
        (more.statement_id, "accepted", 2),
    ]
    assert world.read(chains.account_chain, account_id).breaks == ()


def test_a_corrected_version_is_held_with_the_steps_to_take_it_in(account: tuple[World, int]) -> None:
    world, account_id = account
    first = world.statement(account_id, "0", "2017-01-09 100 R1", "2017-01-09 5 R2", statement_id="S1")
    (booked,) = world.book(account_id, "2017-01-09 100 A")
    applied = world.match((first.new_line_ids[0], booked))
    ignored = world.do(clearing.ignore_lines, line_ids=[first.new_line_ids[1]], reason="test")
    document_id = world.document(account_id, "2017-01-09", "105")
    world.do(reconcile.reconcile_processed, document_id=document_id)
    world.do(reconcile.change_document, document_id=document_id, statement_balance=kr("105"))
    (other,) = world.book(account_id, "2017-01-09 5 B")
    world.do(reconcile.tick, document_id=document_id, transaction_ids=[other])
    world.close(document_id)

    corrected = world.statement(account_id, "0", "2017-01-09 101 R1", "2017-01-09 5 R2", statement_id="S1")

    assert (corrected.outcome, corrected.hold_reason, list(corrected.new_line_ids)) == ("held", "corrected", [])
    draft = world.read(late.touched, statement_id=corrected.statement_id)
    assert [(one.line_id, one.amount) for one in (*draft.removed, *draft.added)] == [
        (first.new_line_ids[0], kr("100")),
        (None, kr("101")),
    ]
    assert (draft.decision_ids, [one[1] for one in draft.documents]) == (tuple(applied.decision_ids), ["000001"])
    assert [step.command.split()[1] for step in draft.steps] == [
        "reconcile",
        "undo",
        "statement",
        "review",
        "reconcile",
    ]
    with pytest.raises(Closed):
        world.do(held.decide_held, statement_id=corrected.statement_id, decision="accept")
    world.do(release.void_document, document_id=document_id)
    with pytest.raises(WrongState, match="decision"):
        world.do(held.decide_held, statement_id=corrected.statement_id, decision="accept")
    world.do(undo.undo_decisions, decision_ids=list(applied.decision_ids))
    world.do(held.decide_held, statement_id=corrected.statement_id, decision="accept")

    assert world.read(open_lines)["amount"] == [kr("101")]
    chain = world.read(chains.account_chain, account_id)
    assert (chain.breaks, chain.mismatch, chain.closing) == ((), 0, kr("106"))
    assert ignored.batch_id is not None
    assert world.read(history.verify_log).differences == ()


def test_a_held_statement_may_be_refused_and_then_counts_for_nothing(account: tuple[World, int]) -> None:
    world, account_id = account
    world.statement(account_id, "0", "2017-01-09 100 R1", statement_id="S1")
    corrected = world.statement(account_id, "0", "2017-01-09 101 R1", statement_id="S1")

    world.do(held.decide_held, statement_id=corrected.statement_id, decision="refuse", reason="the bank withdrew it")

    assert world.read(open_lines)["amount"] == [kr("100")]
    with pytest.raises(WrongState):
        world.do(held.decide_held, statement_id=corrected.statement_id, decision="accept")


def test_lines_that_arrive_late_inside_a_closed_document_are_held(account: tuple[World, int]) -> None:
    world, account_id = account
    document_id = world.document(account_id, "2017-01-31", "0")
    world.close(document_id)

    late_one = world.statement(account_id, "0", "2017-01-30 10 R1")
    in_time = world.statement(account_id, "10", "2017-02-01 10 R2")

    assert (late_one.outcome, late_one.hold_reason) == ("held", "inside-closed")
    assert in_time.outcome == "new"
    world.do(held.decide_held, statement_id=late_one.statement_id, decision="accept", by=ANNA)
    assert world.read(open_lines)["amount"] == [kr("10"), kr("10")]


def test_the_same_days_in_another_format_are_held_for_a_person(account: tuple[World, int]) -> None:
    world, account_id = account
    world.statement(account_id, "0", "2017-01-09 100 R1", format="mt940")

    second = world.statement(account_id, "0", "2017-01-09 100 R1", "2017-01-10 5 R2", format="camt.053")

    assert (second.outcome, second.hold_reason) == ("held", "other-format")


def test_lines_in_another_currency_are_held(account: tuple[World, int]) -> None:
    world, account_id = account
    line = bank_lines("2017-01-09 100 R1")[0]._replace(currency="EUR")
    header = StatementHeader(format="camt.053", kind="statement", account=IBAN, currency="SEK")

    found = world.do(
        statements.register_statement, header=header, lines=[line], file_id=world.file(), account_id=account_id
    )

    assert (found.outcome, found.hold_reason) == ("held", "foreign-currency-lines")


@pytest.mark.parametrize("inverted", [True, False])
def test_the_direction_of_reversals_is_remembered_once_it_is_proved(account: tuple[World, int], inverted: bool) -> None:
    world, account_id = account
    line = bank_lines("2017-01-09 100 R1")[0]._replace(reversal=True)
    proved = {"opening_balance": 0, "closing_balance": kr("100"), "reversals_inverted": inverted}
    header = StatementHeader(format="camt.053", kind="statement", currency="SEK", **proved)
    assert world.read(lookup.account, account_id).reversals_inverted is None

    world.do(statements.register_statement, header=header, lines=[line], file_id=world.file(), account_id=account_id)

    assert world.read(lookup.account, account_id).reversals_inverted is inverted


def test_every_field_of_a_line_comes_back(account: tuple[World, int]) -> None:
    from recon_core.services import line_rows

    world, account_id = account
    plain = bank_lines("2017-01-09 100 R1")[0]
    detail = plain._replace(line_index=1, amount=kr("60"), end_to_end_id="E1", document_numbers=("F1", "F2"))
    full = plain._replace(
        booking_date=None,
        reversal=True,
        entry_reference="N1",
        code="PMNT/RCDT/ESCT",
        proprietary_code="NTRF",
        end_to_end_id="E",
        instruction_id="I",
        transaction_id="T",
        mandate_id="M",
        message_id="G",
        payment_information_id="P",
        creditor_reference="RF18539007547034",
        document_numbers=("F1",),
        remittance="text\nsecond line å",
        counterparty_name="Åkeri AB",
        counterparty_account="SE1",
        counterparty_bic="ESSESESS",
        ultimate_counterparty="U",
        original_amount=1234,
        original_currency="EUR",
        exchange_rate="11.2",
        charges=5,
        check_number="C",
        return_reason="AC04",
        additional_info="A",
        batch_count=2,
        details=(detail, detail._replace(amount=kr("40"))),
        where="bytes 10-20",
        extra=(("Ntry/X", "y"),),
    )
    assert all(value not in (None, (), "") for name, value in full._asdict().items() if name != "booking_date")
    header = StatementHeader(format="camt.053", kind="statement", account=IBAN, currency="SEK")

    world.do(statements.register_statement, header=header, lines=[full], file_id=world.file(), account_id=account_id)

    assert line_rows.from_row(world.rows("SELECT * FROM statement_line")[0]) == full
    assert line_rows.from_content(line_rows.content(full)) == full
