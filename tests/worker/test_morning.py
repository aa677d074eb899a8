"""What the morning summary says: nothing that a person has to know is left out, whoever did the night's work."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks.night_world import write_world
from matcher.ops import summary_text
from matcher.pipeline.night import planning, receiving
from matcher.pipeline.night.contract import Night
from matcher.pipeline.night.driving import NightPlan, nightly, nightly_runs, to_the_end
from matcher.pipeline.night.inbox import FolderInbox
from matcher.pipeline.night.morning import Morning, morning
from matcher.pipeline.opening import open_planned
from matcher.pipeline.overview import account_overviews
from matcher.pipeline.setup import read_accounts
from recon_core.domain.refused import InputError
from recon_core.services import blockers, documents, lookup
from recon_core.services.standing import COUNTED
from recon_core.store.unit_of_work import SqlUnitOfWork
from tests.worker.conftest import World


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_world(tmp_path, accounts=5, lines=20, files=3)
    return tmp_path


def plan(place: Path, **changes: object) -> NightPlan:
    values = {
        "inbox": FolderInbox(place / "inbox"),
        "books": [place / "book.csv"],
        "accounts": read_accounts(place / "accounts.toml"),
        "settle": timedelta(0),
    }
    return NightPlan(**(values | changes))  # type: ignore[arg-type]


def summed_up(night: Night, place: Path, **changes: object) -> Morning:
    return morning(night, nightly(night, plan(place, **changes)).id)


def test_a_night_that_ends_a_killed_run_says_what_both_did(night: Night, place: Path) -> None:
    whole = plan(place)
    first = night.store
    with night.context.database.begin() as uow:
        run = first.start(
            uow, inbox=whole.inbox.address, open_policy="", rules_toml="", by="killed", at=night.context.now()
        )
        first.drive(uow, run_id=run.id, driver="elsewhere/1/1", until=night.context.now())
        uow.commit()
    receiving.receive_inbox(night, run, whole.inbox, settle=timedelta(0))
    planning.received(night, run)

    runs = nightly_runs(night, whole)

    summary = morning(night, runs[-1].id, joined=[one.id for one in runs[:-1]])
    assert [one.id for one in summary.runs] == [1, 2]
    assert summary.files == {"read": 16}
    assert sum(account.read for account in summary.accounts) == 100
    text = summary_text.as_text(summary)
    assert "Run 1 over" in text
    assert "Run 2 over" in text
    assert "Bank lines: 100 new" in text
    assert json.loads(summary_text.as_json(summary))["joined_runs"] == [1]


def test_a_book_waits_for_the_accounts_that_its_own_night_opens(night: Night, place: Path) -> None:
    summary = summed_up(night, place, accounts=(), open_policy="release")

    assert summary.failed_files == ()
    assert summary.files == {"read": 16}
    assert sum(account.cleared for account in summary.accounts) > 50


def test_a_book_of_accounts_that_no_statement_opens_is_set_aside_with_the_cure(night: Night, place: Path) -> None:
    shutil.rmtree(place / "inbox")
    (place / "inbox").mkdir()

    summary = summed_up(night, place, accounts=(), open_policy="release")

    (book,) = summary.failed_files
    assert book.state == "set_aside"
    assert "Open the account" in book.reason
    assert book.reason.endswith("Then: recon runs retry 1")


def test_an_account_that_is_opened_later_gets_its_files_by_a_retry(night: Night, place: Path) -> None:
    plans = read_accounts(place / "accounts.toml")
    first = summed_up(night, place, accounts=plans[1:])
    left = [file.name for file in first.failed_files]
    assert left == ["B000001-001.sta", "B000001-002.sta", "B000001-003.sta", "book.csv"]
    assert (place / "inbox" / "failed" / f"{left[0]}.reason.txt").read_text().endswith("recon runs retry 1\n")

    open_planned(night.context, plans[:1])
    assert planning.retry_run(night, run_id=1) == 4
    to_the_end(night, 1, helps=True)

    summary = morning(night, 1)
    assert summary.failed_files == ()
    assert {account.cleared > 0 for account in summary.accounts} == {True}


def test_a_statement_that_is_missing_in_a_chain_is_said_with_its_amount(night: Night, place: Path) -> None:
    (place / "inbox" / "B000002-002.xml").unlink()

    summary = summed_up(night, place)

    said = {one.code: one.needs for one in summary.needing}
    assert any("The balance jumps by" in need and "SEK between" in need for need in said["B000002"])
    with night.context.database.read() as uow:
        (status,) = (one for one in account_overviews(uow) if one.code == "B000002")
    assert any("The balance jumps by" in need for need in status.needs)


def test_a_number_that_is_skipped_while_the_balances_fit_is_worth_knowing_and_needs_nobody(
    night: Night, place: Path
) -> None:
    file = place / "inbox" / "B000002-003.xml"
    file.write_text(file.read_text().replace("<ElctrncSeqNb>3<", "<ElctrncSeqNb>5<"))

    summary = summed_up(night, place)

    (account,) = (one for one in summary.accounts if one.code == "B000002")
    assert account.notes == ("Statement number 3 is missing; the balances fit.",)
    assert account.needs == ()
    assert "Worth knowing (1)" in summary_text.as_text(summary)


@pytest.mark.parametrize("code", ["B000004", "B000002"])
def test_a_corrected_statement_waits_for_a_person_also_where_everything_is_closed(
    code: str, night: Night, place: Path
) -> None:
    summed_up(night, place)
    earlier = (place / "inbox" / "done" / f"{code}-003.xml").read_text()
    amounts = re.findall(r'<Amt Ccy="SEK">(\d+\.\d\d)</Amt><CdtDbtInd>CRDT', earlier)
    closing, received = amounts[1], amounts[2]
    corrected = earlier
    for amount in (closing, received):
        corrected = corrected.replace(f">{amount}<", f">{Decimal(amount) + 1}<")
    (place / "inbox" / "again.xml").write_text(corrected)

    summary = summed_up(night, place)

    (found,) = summary.corrections
    assert found.code == code
    assert "takes the place of statement" in found.says
    assert "Corrected by the bank (1)" in summary_text.as_text(summary)
    (needing,) = (one for one in summary.needing if one.code == code)
    assert any(
        "is held: corrected. See what it touches, and decide: recon statement touches" in need for need in needing.needs
    )


def test_a_file_that_was_read_in_part_needs_a_person(night: Night, place: Path) -> None:
    name = "B000001-001.sta"
    text = (place / "inbox" / name).read_bytes().decode()
    (place / "inbox" / name).write_bytes(text.replace(":61:26", ":61:XX", 1).encode())

    summary = summed_up(night, place)

    assert [(file.name, file.state) for file in summary.failed_files] == [(name, "read")]
    assert summary.attention


def test_a_file_that_can_not_be_fetched_stays_for_the_next_night(
    night: Night, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = FolderInbox.read

    def read(self: FolderInbox, name: str) -> bytes | None:
        if name == "B000002-001.xml":
            raise InputError("It can't be read: Permission denied.", where=name)
        return fetch(self, name)

    monkeypatch.setattr(FolderInbox, "read", read)
    first = summed_up(night, place)
    monkeypatch.setattr(FolderInbox, "read", fetch)
    second = summed_up(night, place)

    assert [(file.name, file.state) for file in first.failed_files] == [("B000002-001.xml", "cancelled")]
    assert first.files == {"read": 15, "cancelled": 1}
    assert second.files["read"] == 1
    assert second.failed_files == ()


def test_files_that_can_not_be_moved_are_counted_and_moved_by_the_next_night(
    night: Night, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = FolderInbox.move

    def refuse(self: FolderInbox, name: str, *, stamp: str, to: str, reason: str = "") -> None:
        raise InputError("It can't be moved: Permission denied.", where=name)

    monkeypatch.setattr(FolderInbox, "move", refuse)
    first = summed_up(night, place)
    monkeypatch.setattr(FolderInbox, "move", move)
    second = summed_up(night, place)

    assert first.unmoved == 15
    assert first.attention
    assert "Files that could not be moved out of the inbox (15)" in summary_text.as_text(first)
    assert second.unmoved == 0
    assert len(list((place / "inbox" / "done").iterdir())) == 15


def test_an_account_that_nobody_gave_an_opening_point_needs_a_person(night: Night, place: Path) -> None:
    accounts = [one._replace(opening=None) for one in read_accounts(place / "accounts.toml")]

    summary = summed_up(night, place, accounts=accounts)

    assert len(summary.needing) == 5
    assert all(any("Nobody said where the account begins" in need for need in one.needs) for one in summary.needing)


def test_many_accounts_are_told_the_same_as_one_by_one(night: Night, world: World, inbox: Path) -> None:
    (inbox / "B000002-001.xml").unlink()
    nightly(night, world.plan(inbox))

    with night.context.database.read() as uow:
        overview = account_overviews(uow)
        for one in overview:
            document_id = documents.open_id(uow, one.account_id)
            last = documents.last_closed(uow, one.account_id)
            shown = documents.row(uow, document_id) if document_id is not None else last
            assert one.number == (shown.number or "")
            assert one.reconciliation_date == shown.reconciliation_date
            assert one.difference == documents.figures(uow, shown).difference
            if document_id is not None:
                alone = [b for b in blockers.blockers(uow, document_id=document_id) if b.code not in COUNTED]
                assert [b for b in one.blockers if b.code != "no-opening-point"][: len(alone)] == alone
            else:
                account = lookup.account(uow, one.account_id)
                alone = blockers.statement_findings(uow, account, since=last.reconciliation_date)
                assert list(one.blockers) == alone
    assert {one.document_state for one in overview} == {"closed", "hold"}


def test_the_overview_asks_no_more_of_the_database_for_more_accounts(
    night: Night, world: World, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nightly(night, world.plan(inbox))
    asked: list[str] = []
    select = SqlUnitOfWork.select

    def counted(self: SqlUnitOfWork, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        asked.append(sql)
        return select(self, sql, parameters)

    monkeypatch.setattr(SqlUnitOfWork, "select", counted)
    counts = []
    with night.context.database.read() as uow:
        for ids in ([1, 2], list(range(1, 13))):
            asked.clear()
            assert len(account_overviews(uow, ids)) == len(ids)
            counts.append(len(asked))
    assert counts[0] == counts[1]
