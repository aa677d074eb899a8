"""Transfers between our own accounts are paired whichever accounts are worked on together."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from pathlib import Path

import pytest

from matcher.pipeline.night.contract import Night, Sizes
from matcher.pipeline.night.driving import NightPlan, nightly
from matcher.pipeline.night.inbox import FolderInbox
from matcher.pipeline.setup import AccountPlan, OpeningPoint
from recon_core.domain.states import MatchingPolicy

DAY = date(2026, 3, 2)
IBANS = ("SE4550000000058398257466", "SE3550000000054910000003")


def statement(account: str, other: str, minor: int, *, name_as: str) -> str:
    """An MT940 statement of one line that names the other account."""
    mark, amount, closing = ("C" if minor > 0 else "D"), f"{abs(minor) // 100},00", f"{(100000 + minor) // 100},00"
    return (
        f":20:T\r\n:25:{account}\r\n:28C:1/1\r\n:60F:C{DAY:%y%m%d}SEK1000,00\r\n"
        f":61:{DAY:%y%m%d%m%d}{mark}{amount}NTRFNONREF//{account[-6:]}\r\n"
        f":86:{name_as.format(iban=other, bban=other[4:])}\r\n:62F:C{DAY:%y%m%d}SEK{closing}\r\n-\r\n"
    )


@pytest.mark.parametrize("name_as", ["/CNTP/{iban}//Eget bolag/", "/REMI/USTD//Overforing {bban}"])
@pytest.mark.parametrize("together", [True, False])
def test_both_sides_are_cleared_in_one_batch_and_in_two(
    together: bool, name_as: str, night: Night, tmp_path: Path
) -> None:
    inbox, book = tmp_path / "inbox", tmp_path / "book.csv"
    inbox.mkdir()
    one, other = IBANS
    (inbox / "one.sta").write_text(statement(one, other, -25_000, name_as=name_as), newline="")
    (inbox / "other.sta").write_text(statement(other, one, 25_000, name_as=name_as), newline="")
    book.write_text(
        "id,account,date,amount,currency,reference,counterparty,description,kind\n"
        f"T1,{one},{DAY},-250.00,SEK,,,Intern,transfer\nT2,{other},{DAY},250.00,SEK,,,Intern,transfer\n"
    )
    opening = OpeningPoint(DAY - timedelta(days=1), 100_000)
    accounts = [
        AccountPlan(f"A{place}", f"A{place}", "SEK", (iban,), MatchingPolicy.CLEAR, "", opening)
        for place, iban in enumerate(IBANS)
    ]
    sizes = Sizes() if together else Sizes(job_accounts=1)

    run = nightly(
        dataclasses.replace(night, sizes=sizes),
        NightPlan(inbox=FolderInbox(inbox), books=[book], accounts=accounts, settle=timedelta(0)),
    )

    with night.context.database.read() as uow:
        jobs = [job for job in night.store.jobs(uow, run_id=run.id) if job.kind == "match"]
        states = [row.state for row in uow.select("SELECT state FROM statement_line")]
    assert len(jobs) == (1 if together else 2)
    assert states == ["matched", "matched"]
