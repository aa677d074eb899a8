"""Runs of the nightly work and the morning summary in a browser."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from matcher.bootstrap import NightSettings, make_night
from matcher.pipeline.context import Context
from matcher.pipeline.night.contract import Night
from matcher.pipeline.night.driving import NightPlan, nightly
from matcher.pipeline.night.inbox import FolderInbox
from matcher.pipeline.setup import read_accounts
from tests.web.conftest import FIXTURES, Site, wait_until


@pytest.fixture
def night(context: Context) -> Night:
    return make_night(context, NightSettings())


def demo_night(night: Night, folder: Path) -> int:
    """A night over the shipped statements, one of which is cut off."""
    box = Path(shutil.copytree(FIXTURES / "statements" / "demo", folder / "inbox"))
    plan = NightPlan(
        inbox=FolderInbox(box),
        books=[FIXTURES / "demo" / "book.csv"],
        accounts=read_accounts(FIXTURES / "demo" / "accounts.toml"),
        settle=timedelta(0),
    )
    return nightly(night, plan).id


def test_the_summary_says_what_failed_and_what_needs_a_person(site: Site, night: Night, tmp_path: Path) -> None:
    run = demo_night(night, tmp_path)
    page = site.open("/summary")

    expect(page).to_have_url(f"{site.address}/runs/{run}")
    expect(page.get_by_role("heading", name=f"Run {run}")).to_contain_text("finished")
    expect(page.locator("section.alarm")).to_contain_text("1930-06-cut-off.camt053.xml")
    account = page.locator("tr", has=page.get_by_role("link", name="1930", exact=True))
    expect(account).to_contain_text("decide 1 proposed line")
    page.goto(f"{site.address}/runs/{run}?files=failed")
    expect(page.locator("section", has=page.locator("#files")).locator("tbody tr")).to_have_count(1)
    page.goto(f"{site.address}/runs/{run}?show=needs")
    expect(page.locator("section", has=page.locator("#accounts")).locator("tbody tr")).to_have_count(2)
    page.goto(f"{site.address}/")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.goto(f"{site.address}/?show=all")
    expect(page.locator("tbody tr")).to_have_count(3)

    page.goto(f"{site.address}/runs/{run}")
    page.get_by_role("button", name="Try again what failed").click()

    expect(page.get_by_role("status")).to_contain_text("1 file is tried again")
    wait_until(lambda: not site.app.state.web.working)
    expect(page.get_by_role("heading", name=f"Run {run}")).to_contain_text("finished")


def test_progress_refreshes_by_itself_and_a_run_can_be_stopped(site: Site, night: Night, context: Context) -> None:
    with context.database.begin() as uow:
        run = night.store.start(uow, inbox="/inbox", open_policy="", rules_toml="", by="anna", at=context.now())
        uow.commit()
    watching, acting = site.open("/runs"), site.open(f"/runs/{run.id}")
    expect(watching.locator("tbody tr")).to_contain_text("receiving")

    acting.get_by_role("button", name="Stop the run").click()

    expect(acting.get_by_role("status")).to_contain_text("is cancelled")
    expect(watching.locator("tbody tr")).to_contain_text("cancelled")


def test_without_a_run_the_page_says_how_to_begin_one(site: Site) -> None:
    page = site.open("/summary")

    expect(page.locator("main")).to_contain_text("recon nightly INBOX")
