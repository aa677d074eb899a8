"""What has changed since the last match is matched again; what one account may not do stops no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from matcher.pipeline.context import Context
from matcher.pipeline.matching import match_accounts
from matcher.pipeline.reconciling import reconcile_accounts
from recon_core.domain.book import BookRow
from recon_core.services import books, reconcile, settings, voiding
from tests.pipeline.small import Booked, Line, Small, day, kr

OTHER_IBAN = "SE3550000000054910000003"
FEE = Line("04", "-45.00", "Banken", "avgift", {"code": "ACMT/MDOP/CHRG"})


def a_payment(small: Small) -> int:
    """A bank line that K1 explains."""
    small.book(Booked("K1", "05", "100.00", "Kund"))
    return small.bank(Line("06", "100.00", "Kund", "K1"))[0]


def night(small: Small) -> None:
    match_accounts(small.context, [small.account])


def raise_policy(small: Small) -> None:
    small.policy("clear")


def start(small: Small) -> None:
    small.world.do(settings.change_settings, changes={"automatic_stopped": False})


def release_it(small: Small) -> None:
    small.world.do(books.release_transactions, ids=[small.transaction("K1").id])


def take_its_void_back(small: Small) -> None:
    sql = "SELECT id FROM book_transaction WHERE voids_id IS NOT NULL"
    small.world.do(voiding.reject_void, transaction_id=small.world.rows(sql)[0].id)


def under_a_low_policy(small: Small) -> None:
    small.policy("match")
    small.book(Booked("K1", "05", "100.00", "Kund"))


def while_stopped(small: Small) -> None:
    small.world.do(settings.change_settings, changes={"automatic_stopped": True})
    small.book(Booked("K1", "05", "100.00", "Kund"))


def unreleased(small: Small) -> None:
    row = BookRow(small.account, "K1", day("05"), kr("100"), reference="K1", counterparty="Kund", released=False)
    small.world.do(books.import_transactions, rows=[row], source="ledger")


def about_to_be_voided(small: Small) -> None:
    (one,) = small.book(Booked("K1", "05", "100.00", "Kund"))
    small.world.do(voiding.void_transaction, transaction_id=one, day=day("05"), release=False)


@pytest.mark.parametrize(
    ("before", "then"),
    [
        (under_a_low_policy, raise_policy),
        (while_stopped, start),
        (unreleased, release_it),
        (about_to_be_voided, take_its_void_back),
    ],
)
def test_what_the_engine_may_do_now_is_done_by_the_next_night(
    context: Context, before: Callable[[Small], None], then: Callable[[Small], None]
) -> None:
    small = Small(context, policy="clear")
    before(small)
    (line,) = small.bank(Line("06", "100.00", "Kund", "K1"))
    night(small)
    assert small.line(line).state != "matched"

    then(small)
    night(small)

    assert small.line(line).state == "matched"


def test_a_reference_that_the_books_correct_is_matched_by_the_next_night(context: Context) -> None:
    small = Small(context, policy="clear")

    def bring_in(reference: str) -> None:
        rows = [
            BookRow(small.account, name, day("05"), kr("100"), reference=said, counterparty="Kund")
            for name, said in (("K1", reference), ("K2", ""))
        ]
        small.world.do(books.import_transactions, rows=rows, source="ledger")

    bring_in("")
    (line,) = small.bank(Line("06", "100.00", "Kund", "faktura 12345678"))
    night(small)
    assert small.line(line).state == "proposed"

    bring_in("12345678")
    night(small)

    assert small.line(line).state == "matched"
    assert small.transaction("K1").processed


def test_a_fee_in_a_locked_period_is_left_and_the_rest_is_matched(context: Context) -> None:
    small = Small(context, policy="adjust")
    (fee,) = small.bank(FEE)
    line = a_payment(small)
    small.world.do(settings.open_period, name="early", from_date=day("01"), to_date=day("04"))
    small.world.do(settings.lock_period, name="early")

    night(small)

    assert (small.line(fee).state, small.line(line).state) == ("open", "matched")


def test_an_adjustment_whose_period_was_locked_waits_for_a_person_and_stops_nothing(context: Context) -> None:
    small = Small(context, policy="adjust")
    (fee,) = small.bank(FEE)
    night(small)
    assert small.line(fee).state == "adjusted"
    small.world.do(settings.open_period, name="early", from_date=day("01"), to_date=day("04"))
    small.world.do(settings.lock_period, name="early")
    small.policy("release")
    line = a_payment(small)

    night(small)

    assert small.line(line).state == "matched"
    assert small.world.rows("SELECT state FROM adjustment")[0].state == "created"


def test_a_document_with_nothing_to_tick_stays_as_its_reader_saw_it(context: Context) -> None:
    quiet, busy = Small(context, policy="clear"), Small(context, policy="clear", code="1940", iban=OTHER_IBAN)
    lines = [a_payment(one) for one in (quiet, busy)]
    opened = [
        quiet.world.do(
            reconcile.open_document, account_id=one.account, reconciliation_date=date(2026, 3, 31), statement_balance=1
        )
        for one in (quiet, busy)
    ]
    busy.world.match((lines[1], busy.transaction("K1").id))

    reconcile_accounts(context, [quiet.account, busy.account], by="policy:clear")

    rows = quiet.world.rows("SELECT version, changed_by FROM reconciliation WHERE id = :id", id=opened[0])
    assert tuple(rows[0]) == (1, "anna")
    assert busy.transaction("K1").reconciliation_id == opened[1]
