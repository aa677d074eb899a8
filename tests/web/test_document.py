"""The reconciliation in a browser: the worked example of January 2017, two people, and void."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from recon_core.services import adjust, documents
from tests.core.test_log import unguarded
from tests.pipeline.small import Booked, Line, Small
from tests.web.conftest import MakeSite, Site

ADDRESS = "/accounts/1930/document"


def open_document(page: Page, day: str, balance: str) -> None:
    page.get_by_label("Reconciliation date").last.fill(day)
    page.get_by_label("Statement balance").last.fill(balance)
    page.get_by_role("button", name="Open", exact=True).click()


def release_one(site: Site, small: Small) -> Page:
    """A document with one transaction, released on the page."""
    small.book(Booked("K1", "2017-01-10", "25000", "Kund"))
    page = site.open(ADDRESS)
    open_document(page, "2017-01-10", "25 000,00")
    page.get_by_role("button", name="Toggle reconciled").click()
    page.get_by_role("button", name="Release", exact=True).click()
    return page


def expect_figure(page: Page, name: str, amount: str) -> None:
    figure = page.locator("table[aria-label=Figures] tr", has_text=name).locator("td").last
    expect(figure).to_have_text(amount)


def test_the_worked_example_comes_out_to_the_krona(site: Site, small: Small) -> None:
    page = release_one(site, small)
    expect(page.get_by_role("status")).to_contain_text("is closed")

    small.book(
        Booked("L1", "2017-01-15", "-250000"), Booked("K2", "2017-01-20", "62500"), Booked("J1", "2017-01-25", "-10000")
    )
    page.goto(site.address + ADDRESS)
    open_document(page, "2017-01-31", "-172550")
    expect_figure(page, "Beginning balance", "25,000.00")
    expect_figure(page, "Difference", "−197,550.00")
    page.get_by_role("button", name="Toggle reconciled").click()
    expect_figure(page, "Reconciled balance", "−172,500.00")
    expect_figure(page, "Difference", "−50.00")

    page.get_by_text("Create an adjustment").click()
    page.get_by_label("Amount, out is negative").fill("-50")
    page.locator("select#kind").select_option("BANKFEE")
    page.get_by_role("button", name="Create", exact=True).click()
    page.get_by_role("button", name="Release", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("1 adjustment up to the reconciliation date is not released.")
    page.get_by_role("link", name="Look again").click()
    page.get_by_label("Choose adjustment").check()
    page.get_by_role("button", name="Release the chosen").click()
    page.get_by_label("Show").select_option("unticked")
    page.get_by_label("Choose T").check()
    page.keyboard.press("t")
    expect_figure(page, "Difference", "0.00")
    page.get_by_role("button", name="Release", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("is closed")

    page.get_by_text("Void…").click()
    page.get_by_label("Reason").fill("wrong balance")
    page.get_by_role("button", name="Void 000002").click()
    page.goto(f"{site.address}/history?account=1930")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody tr").first).to_contain_text("voided")
    expect(page.locator("tbody tr").last).to_contain_text("closed")


def test_a_document_that_somebody_else_changed_is_a_conflict_that_names_them(make_site: MakeSite, small: Small) -> None:
    small.book(Booked("K1", "05", "100.00"))
    site = make_site(people=True)
    anna = site.signed_in("anna", ADDRESS)
    open_document(anna, "2026-03-31", "100")
    bo = site.signed_in("bo", ADDRESS)

    bo.get_by_role("button", name="Toggle reconciled").click()
    expect(bo.get_by_role("status")).to_be_visible()
    anna.get_by_role("button", name="Toggle reconciled").click()

    expect(anna.get_by_role("heading", name="Somebody was faster")).to_be_visible()
    expect(anna.get_by_role("alert")).to_contain_text("bo changed this reconciliation")
    anna.get_by_role("link", name="Look again").click()
    expect_figure(anna, "Difference", "0.00")


def test_blockers_stand_with_their_cures_and_the_bridge_leaves_no_residual(site: Site, small: Small) -> None:
    small.book(Booked("K1", "05", "100.00"))
    small.bank(Line("06", "70.00", "Okänd"))
    small.match()
    page = site.open(ADDRESS)

    open_document(page, "2026-03-31", "70")

    expect(page.locator("[data-code=difference]")).to_contain_text("Tick what is on the bank statement")
    expect(page.locator("[data-code=open-bank-lines]")).to_contain_text("Match, adjust or ignore them.")
    residual = page.locator("table.bridge tr", has_text="Residual")
    expect(residual).to_contain_text("0.00")


def test_an_account_that_nobody_let_begin_begins_by_one_button(site: Site, small: Small) -> None:
    small.start_at("500")
    small.bank(Line("05", "100"))
    page = site.open(ADDRESS)
    open_document(page, "2026-03-05", "600")
    expect_figure(page, "Difference", "600.00")

    page.get_by_role("button", name="Begin with 500.00 SEK").click()

    expect(page.get_by_role("status")).to_contain_text("begins with 500.00 at the end of 2026-03-04")
    open_document(page, "2026-03-05", "600")
    expect_figure(page, "Beginning balance", "500.00")
    expect_figure(page, "Difference", "100.00")


def test_a_long_document_is_read_a_page_at_a_time_and_filtered_as_a_whole(
    site: Site, small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.book(*(Booked(f"K{n:03}", f"2017-01-{1 + n % 28:02}", f"{n + 1}") for n in range(230)))
    page = site.open(ADDRESS)
    open_document(page, "2017-01-31", "0")
    expect(page.locator(".pager").last).to_contain_text("1–100 of 230")
    read: list[int] = []
    listed = documents.listed

    def counted(*arguments: Any, **named: Any) -> Any:
        lines = listed(*arguments, **named)
        read.append(len(lines))
        return lines

    monkeypatch.setattr(documents, "listed", counted)
    page.goto(f"{site.address}{ADDRESS}?page=3")

    expect(page.locator("form#ticks tbody tr")).to_have_count(30)
    assert read == [30]
    page.goto(f"{site.address}{ADDRESS}?text=K007")
    expect(page.locator("form#ticks tbody tr")).to_have_count(1)


def test_every_bulk_button_acts_on_the_lines_that_the_filter_shows(site: Site, small: Small) -> None:
    small.book(Booked("K1", "05", "100.00"), Booked("K2", "05", "70.00"))
    lines = small.bank(Line("05", "100.00"), Line("05", "70.00"))
    ids = [row.id for row in small.world.rows("SELECT id FROM book_transaction ORDER BY external_id")]
    small.world.match(*zip(lines, ids, strict=True))
    page = site.open(ADDRESS)
    open_document(page, "2026-03-31", "170")
    page.goto(f"{site.address}{ADDRESS}?text=K1")

    page.get_by_role("button", name="Reconcile processed").click()

    expect(page.get_by_role("status")).to_contain_text("1 line changed")
    expect_figure(page, "Difference", "70.00")


def test_an_adjustment_that_was_changed_since_it_was_shown_is_not_released(site: Site, small: Small) -> None:
    fee = {"account_id": small.account, "entry_type": "BANKFEE", "amount": -1000, "day": date(2026, 3, 5)}
    made = small.world.do(adjust.create_adjustment, **fee)
    page = site.open(ADDRESS)
    open_document(page, "2026-03-31", "-10")
    small.world.do(adjust.edit_adjustment, adjustment_id=made.id, changes={"amount": -1_000_000}, by="bo")

    page.get_by_label(f"Choose adjustment {made.id}").check()
    page.get_by_role("button", name="Release the chosen").click()

    expect(page.get_by_role("alert")).to_contain_text(f"Adjustment {made.id} was changed")
    assert small.world.rows("SELECT state FROM adjustment")[0].state == "created"


def test_a_file_is_attached_to_a_reconciliation_and_given_back_as_it_came(site: Site, small: Small) -> None:
    document_id = small.world.document(small.account, "2017-01-31", "0")
    page = site.open("/accounts/1930/document")
    content = bytes(range(256)) * 12_000

    for _ in range(2):
        page.get_by_label("File", exact=True).set_input_files(
            {"name": "../utdrag å.pdf", "mimeType": "application/pdf", "buffer": content}
        )
        page.get_by_role("button", name="Attach").click()
    expect(page.get_by_role("alert")).to_contain_text("has these bytes already, as utdrag å.pdf")
    page.goto(f"{site.address}/reconciliations/{document_id}")
    with page.expect_download() as saved:
        page.get_by_role("link", name="utdrag å.pdf").click()

    assert saved.value.path().read_bytes() == content
    assert saved.value.suggested_filename == "utdrag å.pdf"


def test_a_closed_reconciliation_is_verified_on_the_page_and_a_later_edit_is_named(site: Site, small: Small) -> None:
    page = release_one(site, small)

    page.get_by_role("link", name="Verify").click()

    expect(page.get_by_text("everything is as it was")).to_be_visible()
    unguarded(small.world, "UPDATE book_transaction SET description = 'x' WHERE external_id = 'K1'")
    page.reload()
    expect(page.get_by_text("something is not as it was")).to_be_visible()
    expect(page.locator("tr", has_text="✗")).to_contain_text("Transaction K1: description changed after the close.")
