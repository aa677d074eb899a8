"""The main job through the library: what comes in, what comes out, and that doing it again changes nothing."""

from __future__ import annotations

import os
import random
import shutil
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from matcher.pipeline import ingest
from matcher.pipeline.context import Context
from matcher.pipeline.draft import draft
from matcher.pipeline.ingest import Taken
from matcher.pipeline.run import RunReport, run
from matcher.pipeline.setup import read_accounts
from recon_core.domain.refused import BadSetting, InputError
from recon_core.services import accounts, attachments, documents, lookup, reconcile
from tests.pipeline.conftest import FIXTURES
from tests.pipeline.small import Small

DEMO = FIXTURES / "demo"
STATEMENTS = FIXTURES / "statements"
NUMBER = "SE0530000000015500123456"


def run_demo(context: Context, *, inbox: Path = STATEMENTS / "demo") -> RunReport:
    return run(context, inbox=inbox, book=DEMO / "book.csv", plans=read_accounts(DEMO / "accounts.toml"))


def content(context: Context) -> dict[str, list[Any]]:
    """Every row of every table, so that nothing can change unseen."""
    with context.database.read() as uow:
        return {name: sorted(map(repr, uow.select(f"SELECT * FROM {name}"))) for name in context.database.schema.tables}


def test_the_demo_shows_every_outcome_once(context: Context) -> None:
    report = run_demo(context)

    accounts = {one.code: one for one in report.overview}
    assert accounts["1930"]._replace(blockers=()).proposed == 1
    assert accounts["1930"].cleared == 7
    assert accounts["1930"].unmatched == 1
    assert accounts["1930"].adjustments == 2
    assert accounts["1940"].cleared == 3
    assert (accounts["1950"].document_state, accounts["1950"].difference) == ("closed", 0)
    assert accounts["1950"].number
    assert not accounts["1950"].needs


def test_running_again_changes_no_row_and_says_so(context: Context) -> None:
    run_demo(context)
    before = content(context)

    again = run_demo(context)

    assert not again.changed
    assert {file.taken for file in again.files} == {Taken.KNOWN, Taken.SET_ASIDE}
    assert content(context) == before


def test_a_statement_whose_bytes_were_attached_to_a_document_first_is_taken_in(context: Context) -> None:
    with context.database.begin() as uow:
        plan = {"code": "other", "name": "Other", "currency": "SEK", "by": "anna", "at": context.now()}
        account_id = accounts.open_account(uow, **plan)
        document_id = reconcile.open_document(
            uow, account_id=account_id, reconciliation_date=date(2026, 1, 31), by="anna", at=context.now()
        )
        for path in sorted((STATEMENTS / "demo").iterdir()):
            attachments.attach(
                uow, document_id=document_id, name=path.name, content=path.read_bytes(), by="anna", at=context.now()
            )
        uow.commit()

    assert {file.taken for file in run_demo(context).files} == {Taken.READ, Taken.SET_ASIDE}


def test_a_file_whose_name_is_no_utf_8_is_taken_in_under_its_codes(context: Context, tmp_path: Path) -> None:
    box = Path(shutil.copytree(STATEMENTS / "demo", tmp_path / "in"))
    first = min(box.iterdir())
    first.rename(box / os.fsdecode(b"utdrag_\xe5.xml"))

    files = {file.name: file.taken for file in run_demo(context, inbox=box).files}

    assert files[r"utdrag_\xe5.xml"] == Taken.READ


def test_a_book_that_goes_back_to_what_it_said_before_is_brought_in_again(context: Context, tmp_path: Path) -> None:
    small = Small(context)
    path = tmp_path / "book.csv"
    columns = "id,account,date,amount,currency,reference,counterparty,description,kind"
    for amount, counts in (("100", (1, 0)), ("110", (0, 1)), ("100", (0, 1)), ("100", (0, 0))):
        path.write_text(f"{columns}\nK1,{small.iban},2026-03-05,{amount}.00,SEK,,,,receipt\n")
        done = ingest.import_book(small.context, path)
        assert ((done.new, done.changed), small.transaction("K1").amount) == (counts, int(amount) * 100)


def test_a_file_that_was_cut_off_is_set_aside_with_its_reason_and_the_others_go_on(context: Context) -> None:
    report = run_demo(context)

    assert [file.name for file in report.set_aside] == ["1930-06-cut-off.camt053.xml"]
    assert "cut off" in report.set_aside[0].reason
    assert sum(file.taken == Taken.READ for file in report.files) == 8


def test_the_order_in_which_files_come_does_not_matter(context: Context, tmp_path: Path) -> None:
    files = sorted((STATEMENTS / "demo").iterdir())
    random.Random(7).shuffle(files)
    for number, file in enumerate(files):
        inbox = tmp_path / f"{number}"
        inbox.mkdir()
        shutil.copy(file, inbox)
        last = run_demo(context, inbox=inbox)

    accounts = {one.code: one for one in last.overview}
    assert [accounts["1930"].lines, accounts["1940"].lines, accounts["1950"].lines] == [11, 5, 4]
    assert accounts["1930"].cleared == 7


def test_the_worked_example_comes_to_minus_50_before_its_fee(context: Context) -> None:
    folder = FIXTURES / "worked-example"

    report = run(
        context,
        inbox=STATEMENTS / "worked-example",
        book=folder / "book.csv",
        plans=read_accounts(folder / "accounts.toml"),
    )

    (account,) = report.overview
    assert account.difference == -5_000
    assert account.cleared == 4
    assert account.unmatched == 1
    with context.database.read() as uow:
        document_id = documents.open_id(uow, account.account_id)
        assert document_id is not None
        figures = documents.get(uow, document_id).figures
    assert figures.statement_balance == -17_255_000
    assert figures.reconciled_balance == -17_250_000


def test_an_account_that_nobody_opened_begins_with_its_first_statement(context: Context) -> None:
    report = run(context, inbox=STATEMENTS / "demo" / "1930-01-references.camt053.xml", book=None)

    (account,) = report.overview
    assert account.code == "SE4450000000054391024039"
    with context.database.read() as uow:
        last = documents.last_closed(uow, account.account_id)
    assert last is not None
    assert (str(last.reconciliation_date), last.statement_balance) == ("2026-03-01", 25_000_000)


def test_one_number_in_two_currencies_is_two_accounts(context: Context, tmp_path: Path) -> None:
    text = (STATEMENTS / "worked-example" / "1930-2017-01-10.camt053.xml").read_text(encoding="utf-8")
    box = tmp_path / "in"
    box.mkdir()
    for currency in ("SEK", "EUR"):
        (box / f"{currency}.xml").write_text(text.replace("SEK", currency), encoding="utf-8")

    report = run(context, inbox=box)

    assert [file.taken for file in report.files] == [Taken.READ, Taken.READ]
    assert {(one.code, one.currency) for one in report.overview} == {(f"{NUMBER} SEK", "SEK"), (NUMBER, "EUR")}
    written = "\n".join(draft([box / "EUR.xml", box / "SEK.xml"]))
    assert [one["code"] for one in tomllib.loads(written)["account"]] == [NUMBER, f"{NUMBER} SEK"]


def test_a_statement_of_an_account_that_is_out_of_use_is_set_aside(context: Context, tmp_path: Path) -> None:
    box = tmp_path / "in"
    box.mkdir()
    days = sorted((STATEMENTS / "worked-example").iterdir())
    shutil.copy(days[0], box)
    run(context, inbox=box)
    with context.database.begin() as uow:
        account_id = lookup.account_by_code(uow, NUMBER).id
        accounts.change_account(uow, account_id=account_id, changes={"active": False}, by="anna", at=context.now())
        uow.commit()
    shutil.copy(days[1], box)

    report = run(context, inbox=box)

    assert [file.taken for file in report.files] == [Taken.KNOWN, Taken.SET_ASIDE]


def test_a_book_of_an_unknown_account_is_refused_with_a_cure_and_nothing_is_imported(context: Context) -> None:
    with pytest.raises(InputError, match=r"no cash account .* recon account draft"):
        run(context, inbox=STATEMENTS / "worked-example", book=DEMO / "book.csv")

    with context.database.read() as uow:
        assert uow.value("SELECT count(*) FROM book_import") == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[account]]\ncode = "1930"', "currency is missing"),
        ('[[account]]\ncode = "1930"\ncurrency = "SKR"', "no ISO 4217"),
        ('[[account]]\ncode = "1930"\ncurrency = "SEK"\npolicy = "all"', "policy can't be 'all'"),
        ('[[account]]\ncode = "1930"\ncurrency = "SEK"\nopening_date = 2026-01-01', "belong together"),
        ('[[account]]\ncode = "1930"\ncurrency = "SEK"\nowner = "x"', "Unknown key 'owner'"),
        ("[accounts]", "Expected"),
        ("account = ", "no TOML"),
    ],
)
def test_a_wrong_accounts_file_is_refused_with_file_key_and_cure(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text(text)

    with pytest.raises(BadSetting, match=message) as caught:
        read_accounts(path)

    assert str(path) in str(caught.value)
