"""The worked example and the procedures P1 to P5 as a person does them at the command line, to the öre."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.conftest import FIXTURES, Recon

FOLDER = FIXTURES / "worked-example"
INBOX = FIXTURES / "statements" / "worked-example"


def rows(recon: Recon, *arguments: str, status: int = 0) -> list[dict[str, Any]]:
    return [json.loads(line) for line in recon(*arguments, "--json", status=status).stdout.splitlines()]


def document(recon: Recon, *arguments: str) -> dict[str, Any]:
    return rows(recon, "reconcile", "show", "1930", *arguments)[0]


def figures(shown: dict[str, Any]) -> tuple[str, str, str, str]:
    names = ("beginning_balance", "statement_balance", "reconciled_balance", "difference")
    first, second, third, fourth = (str(shown[name]) for name in names)
    return first, second, third, fourth


@pytest.fixture
def account(recon: Recon) -> Recon:
    """Account 1930 with the book of the example and an entry type for fees; no bank statements."""
    recon("account", "open", "1930", "--name", "Bank", "--currency", "SEK", "--iban", "SE0530000000015500123456")
    fee = ("entry-type", "BANKFEE", "--name", "Bankavgift", "--kind", "bank_fee", "--direction", "disbursement")
    recon("settings", *fee, "--offset", "6570")
    return recon


def test_p3_to_p5_by_hand(account: Recon) -> None:
    recon = account
    recon("book", "import", FOLDER / "book.csv")

    recon("reconcile", "open", "1930", "--date", "2017-01-10", "--balance", "25000")
    recon("reconcile", "toggle", "1930")
    assert figures(document(recon)) == ("0.00", "25000.00", "25000.00", "0.00")
    recon("reconcile", "release", "1930")

    recon("reconcile", "open", "1930", "--date", "2017-01-31", "--balance=-172550")
    assert figures(document(recon)) == ("25000.00", "-172550.00", "25000.00", "-197550.00")
    recon("reconcile", "toggle", "1930")
    assert figures(document(recon)) == ("25000.00", "-172550.00", "-172500.00", "-50.00")

    recon("adjust", "create", "1930", "--type", "BANKFEE", "--amount=-50", "--date", "2017-01-31")
    blocked = recon("reconcile", "release", "1930", status=3)
    assert "not released" in blocked.stderr
    (adjustment,) = rows(recon, "adjust", "list")
    recon("adjust", "release", str(adjustment["id"]))
    lines = rows(recon, "reconcile", "show", "1930")[1:]
    (fee,) = [line for line in lines if not line["reconciled"]]
    recon("reconcile", "tick", "1930", str(fee["id"]))
    assert figures(document(recon)) == ("25000.00", "-172550.00", "-172550.00", "0.00")
    recon("reconcile", "release", "1930")

    recon("reconcile", "open", "1930", "--date", "2017-02-28", "--balance=-172550")
    assert document(recon)["beginning_balance"] == "-172550.00"
    assert "ok" in recon("log", "verify").stdout.lower()


def test_p1_history_is_closed_near_the_last_manual_reconciliation(account: Recon) -> None:
    recon = account
    recon("book", "import", FOLDER / "book.csv")

    recon("reconcile", "open", "1930", "--date", "2017-01-31", "--balance=-172500")
    recon("reconcile", "toggle", "1930")
    recon("reconcile", "release", "1930")

    recon("reconcile", "open", "1930", "--date", "2017-02-28")
    assert document(recon)["beginning_balance"] == "-172500.00"


def test_p2_without_history_the_opening_balance_is_typed_and_its_line_ticked(account: Recon) -> None:
    recon = account
    recon("book", "create", "1930", "--date", "2014-01-01", "--amount", "84950.50", "--text", "IB", "--release")

    recon("reconcile", "open", "1930", "--date", "2014-01-01", "--balance", "84950.50")
    recon("reconcile", "toggle", "1930")
    assert document(recon)["difference"] == "0.00"
    recon("reconcile", "release", "1930")

    assert [one["status"] for one in rows(recon, "history")] == ["closed"]


def test_the_statements_come_to_the_same_figures(recon: Recon) -> None:
    arguments = ("--book", FOLDER / "book.csv", "--accounts", FOLDER / "accounts.toml")
    recon("run", INBOX, *arguments)
    assert figures(document(recon)) == ("0.00", "-172550.00", "-172500.00", "-50.00")

    (line,) = rows(recon, "review", "1930", status=1)
    recon("adjust-line", str(line["line_id"]), "--entry-type", "BANKFEE")
    (adjustment,) = rows(recon, "adjust", "list")
    recon("adjust", "release", str(adjustment["id"]))
    recon("reconcile", "processed", "1930")
    recon("reconcile", "release", "1930")

    (closed,) = rows(recon, "history")
    assert (closed["status"], closed["balance"]) == ("closed", "-172550.00")
    recon("verify", closed["number"])
