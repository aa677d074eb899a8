"""The first day with one's own files: a book without currencies, accounts nobody named, and where an account begins."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from matcher.pipeline.book_accounts import known_accounts
from matcher.pipeline.context import Context
from matcher.pipeline.draft import draft
from matcher.pipeline.ingest import import_book
from matcher.pipeline.opening import begin, beginning
from matcher.pipeline.overview import account_overviews
from matcher.pipeline.reconciling import reconcile_accounts
from matcher.pipeline.run import run
from matcher.pipeline.setup import OpeningPoint, read_accounts
from recon_core.domain.refusals import BadRequest, WrongState
from recon_core.domain.refused import InputError, Unreadable
from recon_core.services import documents, release
from tests.core.world import IBAN
from tests.pipeline.small import Line, Small, kr

NO_CURRENCY = "Vernr;Datum;Konto;Debet;Kredit\nA1;2026-03-02;1930;100,00;\nA2;2026-03-02;1930;;25,50\n"
FIXTURES = Path(__file__).parents[2] / "fixtures"
INBOX = FIXTURES / "statements" / "demo" / "1930-01-references.camt053.xml"


@pytest.fixture
def small(context: Context) -> Small:
    return Small(context)


def book(folder: Path, text: str) -> Path:
    path = folder / "bok.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("konto", ["1930", IBAN, f"{IBAN[:4]} {IBAN[4:]}"])
def test_a_book_without_currencies_takes_those_of_its_accounts_and_says_so(
    small: Small, tmp_path: Path, konto: str
) -> None:
    counts = import_book(small.context, book(tmp_path, NO_CURRENCY.replace("1930", konto)))

    assert counts.new == 2
    assert counts.notes == ("There is no column currency: taken from the accounts.",)
    assert (small.transaction("A1").amount, small.transaction("A1").currency) == (kr("100"), "SEK")
    assert small.transaction("A2").amount == kr("-25.50")


def test_where_there_is_one_account_a_book_need_not_name_it(small: Small, tmp_path: Path) -> None:
    path = book(tmp_path, "id,date,amount\nA1,2026-03-02,100\n")

    assert import_book(small.context, path).new == 1
    small.world.account("1940", iban="SE3550000000054910000003")
    with pytest.raises(Unreadable, match="no column account, currency"):
        import_book(small.context, book(tmp_path, "id,date,amount\nA2,2026-03-02,100\n"))


def test_a_number_in_two_currencies_tells_none(small: Small, tmp_path: Path) -> None:
    small.world.account("1950", iban=IBAN, currency="EUR")

    assert IBAN not in known_accounts(small.context).currencies
    with pytest.raises(Unreadable, match="no one account"):
        import_book(small.context, book(tmp_path, NO_CURRENCY.replace("1930", IBAN)))


@pytest.mark.parametrize("text", [NO_CURRENCY, "id,account,date,amount,currency\nA1,1930,2026-03-02,1,SEK\n"])
def test_a_run_with_a_book_of_unknown_accounts_changes_nothing_and_says_how_to_name_them(
    context: Context, tmp_path: Path, text: str
) -> None:
    with pytest.raises(InputError, match="1930") as refused:
        run(context, inbox=INBOX, book=book(tmp_path, text))

    assert "recon account draft" in refused.value.cure
    with context.database.read() as uow:
        assert account_overviews(uow) == []


def test_a_draft_of_the_accounts_file_is_one_and_begins_where_the_statements_do(
    context: Context, tmp_path: Path
) -> None:
    path = tmp_path / "accounts.toml"
    text = "\n".join(draft([INBOX]))
    path.write_text(text.replace('code = "SE4450000000054391024039"', 'code = "1930"'), encoding="utf-8")

    (plan,) = read_accounts(path)
    assert tomllib.loads(text)["account"][0]["identifiers"] == ["SE4450000000054391024039"]
    assert (plan.code, plan.currency, plan.opening) == ("1930", "SEK", OpeningPoint(date(2026, 3, 1), kr("250000")))
    report = run(context, inbox=INBOX, book=book(tmp_path, NO_CURRENCY), plans=[plan])
    assert report.book is not None
    assert report.book.new == 2
    assert not any("Nobody said" in need for one in report.overview for need in one.needs)


def test_an_account_begins_with_what_its_first_statement_says(small: Small) -> None:
    small.start_at("500")
    small.bank(Line("05", "100"))
    reconcile_accounts(small.context, [small.account], by="anna")
    with small.context.database.read() as uow:
        assert beginning(uow, small.account) == OpeningPoint(date(2026, 3, 4), kr("500"))

    small.world.do(begin, account_id=small.account)

    reconcile_accounts(small.context, [small.account], by="anna")
    with small.context.database.read() as uow:
        document = documents.get(uow, documents.open_id(uow, small.account) or 0)
        assert beginning(uow, small.account) is None
    assert document.figures.beginning_balance == kr("500")
    assert document.figures.difference == kr("100")
    with pytest.raises(WrongState, match="has begun"):
        small.world.do(begin, account_id=small.account)


def test_an_account_without_statements_begins_only_with_what_a_person_says(small: Small) -> None:
    with pytest.raises(BadRequest, match="No statement tells"):
        small.world.do(begin, account_id=small.account)

    point = small.world.do(begin, account_id=small.account, day=date(2026, 2, 28), balance=kr("7"))

    assert point == OpeningPoint(date(2026, 2, 28), kr("7"))


def test_an_account_that_begins_anew_after_a_void_begins_once(small: Small) -> None:
    day_before = date(2026, 2, 28)
    for balance in (50_000, 60_000):
        small.world.do(begin, account_id=small.account, day=day_before, balance=balance)
        (closed,) = small.world.rows("SELECT id FROM reconciliation WHERE state = 'closed'")
        if balance == 50_000:
            small.world.do(release.void_document, document_id=closed.id)

    document_id = small.world.document(small.account, "2026-03-31", "600")
    assert small.world.figures(document_id).difference == 0
    assert [line.amount for line in small.world.read(documents.listed, document_id)] == [0]
