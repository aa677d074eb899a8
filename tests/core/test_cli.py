"""The books by the command line: the worked example, every command's help, JSON, and how refusals are told."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from matcher import bootstrap
from matcher.cli.main import COMMANDS, cli
from recon_core.domain.refused import ReconError

MINE = [
    "account",
    "book",
    "statement",
    "reconcile",
    "adjust",
    "transfer",
    "settings",
    "history",
    "register",
    "print",
    "outstanding",
    "bridge",
    "verify",
    "trail",
    "log",
    "pair",
]
CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>M{number}</MsgId><CreDtTm>2017-01-31T20:00:00</CreDtTm></GrpHdr>
<Stmt><Id>S{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb><CreDtTm>2017-01-31T20:00:00</CreDtTm>
<FrToDt><FrDtTm>{first}T00:00:00</FrDtTm><ToDtTm>{last}T23:59:59</ToDtTm></FrToDt>
<Acct><Id><IBAN>SE4550000000058398257466</IBAN></Id><Ccy>SEK</Ccy></Acct>
{balances}{entries}</Stmt></BkToCstmrStmt></Document>"""


class Recon:
    """The command on a database of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.runner = CliRunner()

    def __call__(self, *words: str, status: int = 0) -> str:
        result = self.runner.invoke(cli, words, standalone_mode=False)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert (result.return_value or 0) == status, result.output
        return result.output

    def rows(self, *words: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self(*words, "--json").splitlines()]

    def statement(self, number: int, opening: int, *entries: tuple[str, int, str], status: str = "BOOK") -> None:
        """Take in a camt.053 of entries (date, kronor, bank reference)."""

        def balance(code: str, amount: int, day: str) -> str:
            sign = "CRDT" if amount >= 0 else "DBIT"
            return (
                f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='SEK'>{abs(amount)}.00</Amt>"
                f"<CdtDbtInd>{sign}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
            )

        first, last = entries[0][0], entries[-1][0]
        closing = opening + sum(amount for _, amount, _ in entries if status == "BOOK")
        texts = [
            f"<Ntry><Amt Ccy='SEK'>{abs(amount)}.00</Amt><CdtDbtInd>{'CRDT' if amount > 0 else 'DBIT'}</CdtDbtInd>"
            f"<Sts>{status}</Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>"
            f"<AcctSvcrRef>{name}</AcctSvcrRef><BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd></Ntry>"
            for day, amount, name in entries
        ]
        text = CAMT.format(
            number=number,
            first=first,
            last=last,
            balances=balance("OPBD", opening, first) + balance("CLBD", closing, last),
            entries="".join(texts),
        )
        path = self.folder / f"statement{number}.xml"
        path.write_text(text)
        from matcher.pipeline.ingest import ingest_files

        with bootstrap.open_context() as context:
            ingest_files(context, [path])


@pytest.fixture
def recon(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Recon:
    monkeypatch.setenv("RECON_DATABASE_URL", database_url)
    monkeypatch.setenv("RECON_USER", "anna")
    made = Recon(tmp_path, database_url)
    made("account", "open", "1930", "--name", "Bank", "--currency", "SEK", "--iban", "SE4550000000058398257466")
    made("settings", "entry-type", "FEE", "--name", "Bank fee", "--kind", "bank_fee", "--offset", "6570")
    return made


def enter(recon: Recon, when: str, amount: str) -> None:
    recon("book", "create", "1930", "--date", when, "--amount", amount, "--release")


def test_the_worked_example_by_the_command_line(recon: Recon) -> None:
    enter(recon, "2017-01-10", "25000")
    recon("reconcile", "open", "1930", "--date", "2017-01-10", "--balance", "25000")
    assert "25000.00" in recon("reconcile", "toggle", "1930")
    assert "000001" in recon("reconcile", "release", "1930")
    for when, amount in (("2017-01-15", "-250000"), ("2017-01-20", "62500"), ("2017-01-25", "-10000")):
        enter(recon, when, amount)
    recon("reconcile", "open", "1930", "--date", "2017-01-31", "--balance", "-172550")
    assert recon.rows("reconcile", "show", "1930")[0]["difference"] == "-197550.00"
    recon("reconcile", "toggle", "1930")
    document = recon.rows("reconcile", "show", "1930")[0]
    assert (document["reconciled_balance"], document["difference"]) == ("-172500.00", "-50.00")
    recon("adjust", "create", "1930", "--type", "FEE", "--amount", "-50", "--date", "2017-01-31")
    codes = {row["code"] for row in json_rows(recon, "reconcile", "blockers", "1930", status=1)}
    assert codes == {"unreleased-adjustments", "difference", "on-hold"}
    assert recon("reconcile", "release", "1930", status=3)
    recon("adjust", "release", "1")
    fee = recon.rows("adjust", "list")[0]["transaction"]
    recon("reconcile", "tick", "1930", str(fee))
    assert "000002" in recon("reconcile", "release", "1930")
    recon("reconcile", "open", "1930", "--date", "2017-02-28", "--balance", "-172550")
    assert recon.rows("reconcile", "show", "1930")[0]["beginning_balance"] == "-172550.00"
    states = [(row["number"], row["status"]) for row in recon.rows("history", "1930")]
    assert states == [(None, "hold"), ("000002", "closed"), ("000001", "closed")]
    assert "hold" in recon("log", "verify")
    assert {row["ok"] for row in recon.rows("verify", "000002")} == {"yes"}
    assert recon.rows("verify", "2", "--account", "1930") == recon.rows("verify", "000002")
    printed = recon("print", "1930", "--number", "000002", "--reconciled")
    assert "-172550.00" in printed


def json_rows(recon: Recon, *words: str, status: int) -> list[dict[str, Any]]:
    return [json.loads(line) for line in recon(*words, "--json", status=status).splitlines()]


def test_from_the_banks_file_to_the_release(recon: Recon) -> None:
    enter(recon, "2017-01-09", "1000")
    enter(recon, "2017-01-12", "-300")
    recon.statement(1, 0, ("2017-01-09", 990, "R1"), ("2017-01-12", -300, "R2"), ("2017-01-31", -50, "R3"))
    recon("settings", "entry-type", "WOFF", "--name", "Write-off", "--kind", "write_off", "--offset", "3740")
    recon("pair", "1930", "--line", "1", "--with", "1", "--rest", "WOFF", "--reason", "the bank's fee")
    recon("pair", "1930", "--line", "2", "--with", "2")
    recon("pair", "1930", "--line", "3", "--rest", "FEE")
    recon("adjust", "release", "1", "2")

    recon("reconcile", "open", "1930", "--date", "2017-01-31", "--balance", "640")
    recon("reconcile", "processed", "1930")
    recon("reconcile", "release", "1930")

    assert [row["what"] for row in recon.rows("statement", "gaps")] == []
    shown = recon.rows("statement", "show", "1")
    assert [row["state"] for row in shown] == ["matched", "matched", "adjusted"]
    steps = {row["step"] for row in recon.rows("trail", "line", "1")}
    assert {"file", "statement", "line", "decision", "transaction", "adjustment", "voucher", "document"} <= steps
    assert recon.rows("trail", "R1") == recon.rows("trail", "line", "1")
    assert recon.rows("trail", "V000001")[0]["step"] == "file"
    assert {row["check"] for row in recon.rows("verify", "000001")} >= {"reread", "replay", "zero"}
    amounts = {
        row["step"]: row["amount"]
        for row in json.loads(recon("bridge", "1930", "--date", "2017-01-31", "--json"))["steps"]
    }
    assert (amounts["bank balance"], amounts["book balance"], amounts["residual"]) == ("640.00", "640.00", "0.00")
    recon("reconcile", "void", "1930", "--number", "000001", "--yes", "--reason", "again")
    assert recon.rows("history")[0]["status"] == "voided"


def test_a_correction_shows_its_steps_and_is_taken_in(recon: Recon) -> None:
    recon.statement(1, 0, ("2017-01-09", 990, "R1"))
    recon.statement(1, 0, ("2017-01-09", 991, "R1"))

    (held,) = recon.rows("statement", "list", "--state", "held")
    assert held["state"] == "held: corrected"
    assert "recon statement accept 2" in recon("statement", "touches", "2")
    recon("statement", "accept", "2", "--reason", "the bank corrected it")

    assert [row["amount"] for row in recon.rows("outstanding", "1930", "--date", "2017-01-31")] == ["991.00"]


def test_what_the_bank_only_announced_stands_apart_from_what_is_open(recon: Recon) -> None:
    recon.statement(1, 0, ("2017-01-09", 990, "R1"))
    recon.statement(2, 990, ("2017-01-10", -20, "P1"), status="PDNG")

    said = recon("outstanding", "1930", "--date", "2017-01-31")

    assert re.search(r"counted nowhere:\n(.*\n)*.*pending.*-20\.00", said)
    rows = recon.rows("outstanding", "1930", "--date", "2017-01-31")
    assert [(row["side"], row["amount"]) for row in rows] == [("bank", "990.00"), ("pending", "-20.00")]


def test_books_changes_voids_and_transfers(recon: Recon, tmp_path: Path) -> None:
    book = tmp_path / "book.csv"
    book.write_text("id,account,date,amount,currency\nA,1930,2017-01-05,100,SEK\n")
    assert "1 new" in recon("book", "import", str(book))
    recon("book", "clear", "1", "--date", "2017-01-05")
    book.write_text("id,account,date,amount,currency\nA,1930,2017-01-05,90,SEK\n")
    recon("book", "import", str(book), status=1)
    (change,) = recon.rows("book", "changes")
    recon("book", "decide-change", str(change["change"]), "--decline")
    recon("book", "void", "1", "--date", "2017-01-06", "--pending")
    recon("book", "decide-void", "2", "--release")
    assert [row["kind"] for row in recon.rows("book", "list", "1930")] == ["journal", "void"]

    recon("account", "open", "1950", "--name", "Euro", "--currency", "EUR", "--number", "123456")
    arguments = ["--amount", "1100", "--arrives", "100", "--date", "2017-01-07"]
    recon("transfer", "create", "1930", "1950", *arguments)
    recon("transfer", "release", "1")
    (transfer,) = recon.rows("transfer", "list")
    assert (transfer["leaves"], transfer["arrives"], transfer["over"]) == ("-1100.00", "100.00", "1680")
    recon("transfer", "void", "1", "--date", "2017-01-08")


def test_settings_and_control(recon: Recon) -> None:
    recon("settings", "set", "four_eyes=true")
    recon("settings", "limit", "four_eyes", "--currency", "SEK", "--amount", "10")
    recon("settings", "period", "2017-01", "--from", "2017-01-01", "--to", "2017-01-31")
    recon("settings", "period", "2017-01", "--lock")
    recon("settings", "code-part", "cost_centre", "100")
    recon("settings", "series", "REC", "--prefix", "R-")
    recon("account", "change", "1930", "--policy", "release", "--stop")

    shown = {row["setting"]: row["value"] for row in recon.rows("settings", "show")}
    assert (shown["four_eyes"], shown["limit four_eyes"]) == ("True", "10.00 SEK, set by anna")
    assert shown["period 2017-01"].endswith("locked")
    assert recon.rows("account", "list")[0]["policy"] == "stopped"
    with pytest.raises(ReconError, match="locked"):
        enter(recon, "2017-01-05", "1")


def test_history_is_taken_over(recon: Recon) -> None:
    enter(recon, "2016-06-01", "849.50")

    said = recon("account", "take-over", "1930", "--cut-off", "2016-12-31", "--balance", "849.50")

    assert "000001" in said
    assert recon.rows("register", "1930", "--details")[0]["transactions"][0]["amount"] == "849.50"


@pytest.mark.parametrize(
    "words",
    [
        ("reconcile", "show", "1940"),
        ("reconcile", "show", "1930"),
        ("reconcile", "show", "1930", "--number", "9"),
        ("trail", "line", "99"),
        ("adjust", "release", "99"),
        ("statement", "accept", "99"),
    ],
)
def test_what_does_not_exist_is_refused_with_words(recon: Recon, words: tuple[str, ...]) -> None:
    with pytest.raises(ReconError) as refused:
        recon(*words)

    assert str(refused.value)


def leaves(name: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(cli)
    command = cli.get_command(context, name)
    assert command is not None
    yield (name,), command
    if isinstance(command, click.Group):
        for sub, inner in command.commands.items():
            yield (name, sub), inner


@pytest.mark.parametrize("name", MINE)
def test_every_command_has_help_with_examples(name: str) -> None:
    assert name in COMMANDS
    for words, command in leaves(name):
        text = CliRunner().invoke(cli, [*words, "--help"]).output
        assert "Examples:" in text, words
        assert f"recon {' '.join(words)}" in text, words
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, (words, parameter.name)


def test_a_transaction_is_paired_by_its_name_in_the_books_and_never_by_a_number_that_may_mean_two(
    recon: Recon, tmp_path: Path
) -> None:
    book = tmp_path / "book.csv"
    rows = [f"{name},1930,2017-01-10,{amount},SEK" for name, amount in (("2", "100"), ("A7", "100"), ("B=1", "50"))]
    book.write_text("\n".join(("id,account,date,amount,currency", *rows)), encoding="utf-8")
    recon("book", "import", str(book))
    recon.statement(1, 0, ("2017-01-11", 100, "R1"), ("2017-01-12", 100, "R2"))

    with pytest.raises(ReconError, match="2 may be transaction 1 or 2"):
        recon("pair", "1930", "--line", "1", "--with", "2")
    with pytest.raises(ReconError, match="no transaction A8"):
        recon("pair", "1930", "--line", "1", "--with", "A8")

    recon("pair", "1930", "--line", "1", "--with", "#1")
    done = json.loads(recon("pair", "1930", "--line", "2", "--with", "A7", "--json"))

    assert done["transactions"] == [2]


def test_an_account_without_an_open_document_prints_the_latest(recon: Recon) -> None:
    enter(recon, "2017-01-10", "25000")
    recon("reconcile", "open", "1930", "--date", "2017-01-10", "--balance", "25 000,00")
    recon("reconcile", "toggle", "1930")
    recon("reconcile", "release", "1930")

    printed = recon("print", "1930")

    assert "reconciliation 000001 per 2017-01-10" in printed
    assert "25000.00 SEK" in printed


@pytest.mark.parametrize("words", [("statement", "accept", "9" * 20), ("why", "9" * 20), ("undo", "9" * 20)])
def test_a_number_beyond_any_id_is_refused_with_words(recon: Recon, words: tuple[str, ...]) -> None:
    with pytest.raises(ReconError):
        recon(*words)


def test_a_score_that_is_no_number_is_refused(recon: Recon) -> None:
    with pytest.raises(click.UsageError, match="from 0 to 1"):
        recon("review", "1930", "--min-score", "nan")


def test_where_nobody_can_be_asked_a_deed_that_asks_names_the_option(recon: Recon) -> None:
    recon("reconcile", "open", "1930", "--date", "2017-01-10")

    with pytest.raises(click.UsageError, match="--yes"):
        recon("reconcile", "delete", "1930")


def test_today_is_the_day_on_the_clock_of_the_machine(recon: Recon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "now", lambda: datetime(2026, 2, 28, 23, 30, tzinfo=UTC))
    monkeypatch.setenv("TZ", "Europe/Stockholm")
    time.tzset()
    try:
        recon("adjust", "create", "1930", "--type", "FEE", "--amount", "-50")
        recon("reconcile", "open", "1930")
    finally:
        monkeypatch.undo()
        time.tzset()

    monkeypatch.setenv("RECON_DATABASE_URL", recon.url)
    assert recon.rows("adjust", "list")[0]["date"] == "2026-03-01"
    assert recon.rows("reconcile", "show", "1930")[0]["date"] == "2026-03-01"
