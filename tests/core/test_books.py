"""Book transactions: import as often as wanted, changes of the source, release, voiding entries."""

from __future__ import annotations

import pytest

from recon_core.domain.book import BookRow
from recon_core.domain.refusals import BadRequest, Blocked, Closed, PeriodLocked, Unreleased, WrongState
from recon_core.services import blockers, books, documents, history, reconcile, release, settings, voiding
from tests.core.world import World, day, kr


@pytest.fixture
def account(world: World) -> tuple[World, int]:
    return world, world.account()


def rows(account_id: int, amount: str = "100") -> list[BookRow]:
    first = BookRow(account_id, "A", day("2017-01-05"), kr(amount), "REF", "Acme", "invoice 1", "receipt")
    return [first, BookRow(account_id, "B", day("2017-01-06"), kr("-5"))]


def imported(world: World, some: list[BookRow]) -> books.ImportCounts:
    counts: books.ImportCounts = world.do(books.import_transactions, rows=some, source="ledger")
    return counts


def content(world: World, name: str) -> tuple[object, ...]:
    sql = "SELECT amount, reference, status FROM book_transaction WHERE external_id = :name"
    return tuple(world.rows(sql, name=name)[0])


def test_importing_again_changes_nothing(account: tuple[World, int]) -> None:
    world, account_id = account
    first = imported(world, rows(account_id))
    entries = world.read(history.head)

    again = imported(world, rows(account_id))

    assert (first.new, first.same, first.changed) == (2, 0, 0)
    assert (again.new, again.same, again.changed) == (0, 2, 0)
    assert world.read(history.head) == entries


def test_a_changed_row_changes_a_transaction_that_nobody_has_touched(account: tuple[World, int]) -> None:
    world, account_id = account
    imported(world, rows(account_id))

    changed = imported(world, rows(account_id, "90"))

    assert (changed.new, changed.same, changed.changed, changed.to_decide) == (0, 1, 1, ())
    assert content(world, "A") == (kr("90"), "REF", "released")
    assert imported(world, rows(account_id, "90")).same == 2


def test_what_was_released_here_stays_released_when_its_source_has_not(account: tuple[World, int]) -> None:
    world, account_id = account
    row = rows(account_id)[0]._replace(released=False)
    imported(world, [row])
    world.do(books.release_transactions, ids=[1])

    again = imported(world, [row])
    changed = imported(world, [row._replace(amount=kr("90"))])

    assert (again.same, changed.changed) == (1, 1)
    assert content(world, "A") == (kr("90"), "REF", "released")


def test_a_row_that_its_source_releases_is_released(account: tuple[World, int]) -> None:
    world, account_id = account
    imported(world, [rows(account_id)[0]._replace(released=False)])

    imported(world, rows(account_id)[:1])

    assert content(world, "A")[2] == "released"


def test_a_changed_row_never_overwrites_a_cleared_transaction(account: tuple[World, int]) -> None:
    world, account_id = account
    imported(world, rows(account_id))
    world.do(books.set_cleared, ids=[1], clear_date=day("2017-01-05"))

    changed = imported(world, rows(account_id, "90"))
    again = imported(world, rows(account_id, "90"))

    assert content(world, "A")[0] == kr("100")
    assert len(changed.to_decide) == 1
    assert (again.changed, again.same) == (0, 2)
    with pytest.raises(WrongState):
        world.do(books.decide_change, change_id=changed.to_decide[0], accept=True)
    world.do(books.set_cleared, ids=[1], clear_date=None)
    world.do(books.decide_change, change_id=changed.to_decide[0], accept=True)
    assert content(world, "A")[0] == kr("90")
    with pytest.raises(WrongState):
        world.do(books.decide_change, change_id=changed.to_decide[0], accept=False)


def test_a_declined_change_is_not_asked_again(account: tuple[World, int]) -> None:
    world, account_id = account
    imported(world, rows(account_id))
    world.do(books.set_cleared, ids=[1], clear_date=day("2017-01-05"))
    changed = imported(world, rows(account_id, "90"))

    world.do(books.decide_change, change_id=changed.to_decide[0], accept=False)

    assert imported(world, rows(account_id, "90")).same == 2
    assert imported(world, rows(account_id, "80")).to_decide != ()


@pytest.mark.parametrize(
    "bad",
    [
        BookRow(1, "", day("2017-01-05"), 100),
        BookRow(1, "A", day("2017-01-05"), 10**15),
        BookRow(1, "A", day("2017-01-05"), 1.5),  # type: ignore[arg-type]
        BookRow(1, "A", day("2017-01-05"), 100, kind="void"),
        BookRow(1, "A", day("2017-01-05"), 100, kind="gift"),
    ],
    ids=["no id", "too large", "a fraction", "a void", "no kind"],
)
def test_a_row_that_can_be_no_transaction_stops_the_import(account: tuple[World, int], bad: BookRow) -> None:
    world, _ = account

    with pytest.raises(BadRequest):
        imported(world, [BookRow(1, "good", day("2017-01-05"), 100), bad])

    assert world.rows("SELECT * FROM book_transaction") == []


def test_two_rows_with_one_id_stop_the_import(account: tuple[World, int]) -> None:
    world, account_id = account

    with pytest.raises(BadRequest, match="twice"):
        imported(world, [rows(account_id)[0], rows(account_id)[0]])


def test_a_transaction_is_held_balanced_and_released(account: tuple[World, int]) -> None:
    world, account_id = account
    when, amount = day("2017-01-05"), kr("10")
    one = world.do(books.create_transaction, account_id=account_id, transaction_date=when, amount=amount, hold=True)

    with pytest.raises(WrongState):
        world.do(books.release_transactions, ids=[one])
    world.do(books.hold_transaction, transaction_id=one, hold=False)
    with pytest.raises(Unreleased):
        world.do(books.set_cleared, ids=[one], clear_date=when)
    world.do(books.release_transactions, ids=[one])

    assert content(world, f"T{one}")[2] == "released"


def test_nothing_is_entered_or_voided_in_a_locked_period(account: tuple[World, int]) -> None:
    world, account_id = account
    (one,) = world.book(account_id, "2017-01-05 10 A")
    world.do(settings.open_period, name="2017-01", from_date=day("2017-01-01"), to_date=day("2017-01-31"))
    world.do(settings.lock_period, name="2017-01")

    with pytest.raises(PeriodLocked):
        world.do(books.create_transaction, account_id=account_id, transaction_date=day("2017-01-31"), amount=1)
    with pytest.raises(PeriodLocked):
        world.do(voiding.void_transaction, transaction_id=one, day=day("2017-01-31"))
    assert world.do(voiding.void_transaction, transaction_id=one, day=day("2017-02-01")) > one


def listed(world: World, document_id: int) -> dict[str, object]:
    lines = world.read(documents.listed, document_id)
    return {line.external_id: (line.ids, line.amount, line.status) for line in lines}


def test_a_voided_pair_is_one_line_of_nothing(account: tuple[World, int]) -> None:
    world, account_id = account
    one, other = world.book(account_id, "2017-01-05 100 A", "2017-01-06 7 B")
    entry = world.do(voiding.void_transaction, transaction_id=one, day=day("2017-01-07"))
    document_id = world.document(account_id, "2017-01-31", "7")

    assert listed(world, document_id) == {"A": ((one, entry), 0, "voided"), "B": ((other,), kr("7"), "released")}
    world.do(reconcile.toggle_reconciled, document_id=document_id)

    figures = world.figures(document_id)
    assert (figures.receipts, figures.receipt_count, figures.disbursements, figures.disbursement_count) == (
        kr("7"),
        2,
        0,
        0,
    )
    ticked = world.rows("SELECT reconciliation_id, cleared FROM book_transaction WHERE id = :id", id=entry)[0]
    assert tuple(ticked) == (document_id, True)
    world.close(document_id)
    assert world.rows("SELECT hidden FROM reconciliation_line WHERE book_transaction_id = :id", id=entry)[0][0] is True


def test_without_skip_voided_both_sides_are_lines_of_their_own(account: tuple[World, int]) -> None:
    world, account_id = account
    world.do(settings.change_settings, changes={"skip_voided": False})
    (one,) = world.book(account_id, "2017-01-05 100 A")
    entry = world.do(voiding.void_transaction, transaction_id=one, day=day("2017-01-07"))
    document_id = world.document(account_id, "2017-01-31", "0")

    assert {key: value for key, value in listed(world, document_id).items() if key != "A"} == {
        f"void:{one}": ((entry,), kr("-100"), "void")
    }
    world.do(reconcile.toggle_reconciled, document_id=document_id)
    figures = world.figures(document_id)
    assert (figures.receipts, figures.disbursements, figures.receipt_count) == (kr("100"), kr("100"), 1)


def test_the_option_is_frozen_into_the_document(account: tuple[World, int]) -> None:
    world, account_id = account
    document_id = world.document(account_id, "2017-01-31", "0")

    world.do(settings.change_settings, changes={"skip_voided": False})

    found = world.read(documents.get, document_id)
    assert (found.skip_voided, found.settings_differ) == (True, ("skip_voided",))


def test_a_pending_void_can_not_be_ticked_and_blocks_release(account: tuple[World, int]) -> None:
    world, account_id = account
    (one,) = world.book(account_id, "2017-01-05 100 A")
    document_id = world.document(account_id, "2017-01-31", "100")
    world.do(reconcile.tick, document_id=document_id, transaction_ids=[one])
    world.do(reconcile.remove_hold, document_id=document_id)
    entry = world.do(voiding.void_transaction, transaction_id=one, day=day("2017-01-07"), release=False)

    assert listed(world, document_id)["A"] == ((one,), kr("100"), "void pending")
    with pytest.raises(Blocked) as blocked:
        world.do(release.release, document_id=document_id)
    assert [one.code for one in blocked.value.blockers] == ["void-pending"]
    world.do(voiding.reject_void, transaction_id=entry)
    assert world.do(release.release, document_id=document_id) == "000001"


def test_a_line_voided_after_it_was_ticked_takes_its_void_along(account: tuple[World, int]) -> None:
    world, account_id = account
    (one,) = world.book(account_id, "2017-01-05 100 A")
    document_id = world.document(account_id, "2017-01-31", "0")
    world.do(reconcile.tick, document_id=document_id, transaction_ids=[one])
    entry = world.do(voiding.void_transaction, transaction_id=one, day=day("2017-01-07"))
    assert listed(world, document_id)[f"void:{one}"] == ((entry,), kr("-100"), "void")

    figures = world.do(reconcile.tick, document_id=document_id, transaction_ids=[entry])

    assert (figures.receipts, figures.receipt_count, figures.disbursements, figures.difference) == (0, 1, 0, 0)
    assert listed(world, document_id) == {"A": ((one, entry), 0, "voided")}


def test_what_is_voided_after_the_close_shows_in_the_next_document(account: tuple[World, int]) -> None:
    world, account_id = account
    (one,) = world.book(account_id, "2017-01-05 100 A")
    document_id = world.document(account_id, "2017-01-31", "100")
    world.do(reconcile.tick, document_id=document_id, transaction_ids=[one])
    world.close(document_id)
    before = world.rows("SELECT * FROM book_transaction WHERE id = :id", id=one)

    entry = world.do(voiding.void_transaction, transaction_id=one, day=day("2017-02-07"))

    assert world.rows("SELECT * FROM book_transaction WHERE id = :id", id=one) == before
    following = world.document(account_id, "2017-02-28", "0")
    assert listed(world, following) == {f"void:{one}": ((entry,), kr("-100"), "void")}
    figures = world.do(reconcile.tick, document_id=following, transaction_ids=[entry])
    assert (figures.disbursements, figures.disbursement_count, figures.difference) == (kr("100"), 1, 0)
    with pytest.raises(WrongState):
        world.do(voiding.void_transaction, transaction_id=one, day=day("2017-02-08"))


def test_voiding_what_a_bank_line_proved_opens_the_line_again(account: tuple[World, int]) -> None:
    world, account_id = account
    (one,) = world.book(account_id, "2017-01-05 100 A")
    (line,) = world.statement(account_id, "0", "2017-01-05 100 R1").new_line_ids
    world.match((line, one))

    world.do(voiding.void_transaction, transaction_id=one, day=day("2017-01-07"))

    assert world.rows("SELECT state FROM statement_line")[0].state == "open"
    assert world.rows("SELECT cleared, processed FROM book_transaction WHERE id = :id", id=one)[0] == (False, False)


def test_with_the_setting_off_a_proved_transaction_is_not_voided(account: tuple[World, int]) -> None:
    world, account_id = account
    world.do(settings.change_settings, changes={"reopen_lines_on_void": False})
    (one,) = world.book(account_id, "2017-01-05 100 A")
    (line,) = world.statement(account_id, "0", "2017-01-05 100 R1").new_line_ids
    world.match((line, one))

    with pytest.raises(WrongState, match="prove"):
        world.do(voiding.void_transaction, transaction_id=one, day=day("2017-01-07"))


def test_a_batch_is_ticked_as_one_where_the_account_shows_batches(world: World) -> None:
    account_id = world.account(match_batches=True)
    some = [BookRow(account_id, name, day("2017-01-05"), kr("-10"), batch="PAY1") for name in "AB"]
    imported(world, [*some, BookRow(account_id, "C", day("2017-01-05"), kr("-10"))])
    document_id = world.document(account_id, "2017-01-31", "-20")

    figures = world.do(reconcile.tick, document_id=document_id, transaction_ids=[1])

    assert (figures.disbursement_count, figures.difference) == (2, 0)


def test_a_line_in_a_closed_document_stays_cleared(account: tuple[World, int]) -> None:
    world, account_id = account
    (one,) = world.book(account_id, "2017-01-05 100 A")
    document_id = world.document(account_id, "2017-01-31", "100")
    world.do(reconcile.tick, document_id=document_id, transaction_ids=[one])
    world.close(document_id)

    with pytest.raises(Closed):
        world.do(books.set_cleared, ids=[one], clear_date=day("2017-01-09"))
    assert [one.code for one in world.read(blockers.blockers, document_id=document_id)] == ["state"]


def test_what_was_never_released_is_rejected_and_never_listed_again(world: World) -> None:
    account_id = world.account()
    values = {"account_id": account_id, "transaction_date": day("2017-01-05"), "amount": 700}
    wrong, sent = (world.do(books.create_transaction, **values, released=released) for released in (False, True))
    document_id = world.document(account_id, "2017-01-31", "0")

    world.do(voiding.reject_transaction, transaction_id=wrong, reason="entered twice")

    listed = world.read(documents.listed, document_id)
    assert [line.ids for line in listed] == [(sent,)]
    for transaction_id, cure in ((sent, "recon book void"), (wrong, "that is rejected")):
        with pytest.raises(WrongState, match=cure):
            world.do(voiding.reject_transaction, transaction_id=transaction_id)
    assert world.read(history.verify_log).holds
