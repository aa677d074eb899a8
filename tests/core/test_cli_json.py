"""What a command did, as one JSON object with keys that stay, and refusals whose cure is a command that works."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest

from recon_core.domain.refusals import Conflict
from recon_core.domain.refused import Refused
from tests.core.test_cli import MINE, Recon, leaves

# One line of text is all they say: number and hash of the last entry.
PLAIN = {("log", "head"), ("account", "draft")}


@pytest.fixture
def recon(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Recon:
    monkeypatch.setenv("RECON_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("RECON_USER", "anna")
    return Recon(tmp_path, sqlite_url)


def done(recon: Recon, words: str, *more: str, status: int = 0) -> dict[str, Any]:
    """The one object that a command prints with --json."""
    (line,) = recon(*words.split(), *more, "--json", status=status).splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def opened(recon: Recon) -> None:
    done(recon, "account open 1930 --name Bank --currency SEK --iban SE4550000000058398257466")
    done(recon, "settings entry-type FEE --kind bank_fee --offset 6570 --name Fee")


@pytest.mark.parametrize("name", [*MINE, "accept", "reject", "ignore", "adjust-line", "undo", "returned"])
def test_every_command_prints_json(name: str) -> None:
    for words, command in leaves(name):
        options = {option for parameter in command.params for option in parameter.opts}
        assert isinstance(command, click.Group) or words in PLAIN or "--json" in options, words


def test_settings_and_accounts_say_what_they_did(recon: Recon) -> None:
    account = done(recon, "account open 1930 --name Bank --currency SEK --iban SE4550000000058398257466")
    assert account == {"account": "1930", "id": 1, "currency": "SEK", "policy": "match"}
    made = done(recon, "settings entry-type FEE --name Fee --kind bank_fee --offset 6570")
    assert made == {"entry_type": "FEE", "kind": "bank_fee", "direction": "disbursement", "offset_account": "6570"}
    assert done(recon, "settings change-entry-type FEE --offset 6571")["changed"] == {"offset_account": "6571"}
    assert done(recon, "settings set four_eyes=true") == {"settings": {"four_eyes": True}}
    assert done(recon, "settings code-part cost_centre 100")["value"] == "100"
    assert done(recon, "settings series REC --prefix R-")["prefix"] == "R-"
    assert done(recon, "settings period 2017-01 --from 2017-01-01 --to 2017-01-31")["locked"] is False
    assert done(recon, "settings limit write_off --currency SEK --amount 20")["amount"] == "20.00"
    assert done(recon, "account identify 1930 160-9908 --scheme BGNR")["number"] == "160-9908"
    changed = done(recon, "account change 1930 --no-reconcile --series REC --in-transit 1681")
    assert sorted(changed["changed"]) == ["in_transit_account", "number_series", "requires_reconciliation"]
    assert [row["offset_account"] for row in recon.rows("settings", "entry-types")] == ["6571"]


def test_a_month_says_what_it_did(recon: Recon) -> None:
    opened(recon)
    entered = done(recon, "book create 1930 --date 2017-01-10 --amount 1000")
    assert entered == {"account": "1930", "transaction": 1, "status": "balanced"}
    assert done(recon, "book hold 1")["status"] == "hold"
    assert done(recon, "book hold 1 --remove")["status"] == "balanced"
    assert done(recon, "book release 1") == {"transactions": [1], "status": "released"}
    recon("book", "create", "1930", "--date", "2017-01-10", "--amount", "7")
    assert done(recon, "book reject 2 --reason twice") == {"transaction": 2, "status": "rejected"}
    assert done(recon, "book clear 1 --date 2017-01-10")["clear_date"] == "2017-01-10"
    document = done(recon, "reconcile open 1930 --date 2017-01-31 --balance 550")
    assert (document["account"], document["state"], document["difference"]) == ("1930", "hold", "550.00")
    assert done(recon, "reconcile change 1930 --balance 950")["statement_balance"] == "950.00"
    assert done(recon, "reconcile tick 1930 1")["changed"] == [1]
    assert done(recon, "reconcile untick 1930 1")["receipt_count"] == 0
    assert done(recon, "reconcile clear 1930 1 --undo") == {"account": "1930", "changed": [1], "cleared": False}
    toggled = done(recon, "reconcile toggle 1930")
    assert {key: toggled[key] for key in ("value", "changed", "skipped", "split_off", "difference")} == {
        "value": True,
        "changed": [1],
        "skipped": 0,
        "split_off": [],
        "difference": "-50.00",
    }
    assert done(recon, "reconcile processed 1930")["changed"] == []
    fee = done(recon, "adjust create 1930 --type FEE --amount -40 --date 2017-01-31")
    assert fee == {"account": "1930", "adjustment": 1, "transaction": 3, "state": "created"}
    refused = done(recon, "reconcile release 1930", status=3)
    assert {one["code"] for one in refused["blockers"]} == {"unreleased-adjustments", "difference", "on-hold"}
    assert done(recon, "adjust edit 1 --amount -50")["changed"] == ["amount"]
    released = done(recon, "adjust release 1")
    assert released == {"adjustments": [1], "vouchers": ["V000001"], "transactions": [3], "state": "released"}
    recon("reconcile", "tick", "1930", "3")
    assert done(recon, "reconcile hold 1930 --remove")["state"] == "balanced"
    closed = done(recon, "reconcile release 1930")
    assert (closed["number"], closed["state"], closed["difference"]) == ("000001", "closed", "0.00")
    assert done(recon, "reconcile void 1930 --number 000001 --yes")["state"] == "voided"
    assert done(recon, "adjust reverse 1 --date 2017-02-01") == {"adjustment": 1, "state": "reversed"}
    recon("reconcile", "open", "1930", "--date", "2017-01-31")
    assert done(recon, "reconcile delete 1930 --yes") == {"account": "1930", "deleted": 2}


def test_matches_splits_transfers_and_voids_say_what_they_did(recon: Recon) -> None:
    opened(recon)
    recon.statement(1, 0, ("2017-01-09", 990, "R1"), ("2017-01-12", 250, "R2"))
    for amount in ("990", "1000"):
        recon("book", "create", "1930", "--date", "2017-01-09", "--amount", amount, "--release")
    match = done(recon, "pair 1930 --line 1 --with 1")
    assert match == {
        "account": "1930",
        "decision": 1,
        "bulk": 1,
        "lines": [1],
        "transactions": [1],
        "adjustments": [],
    }
    split = done(recon, "book split 2 --keep 250")
    assert (split["amount"], split["rest"], split["rest_amount"], split["rest_name"]) == ("250.00", 3, "750.00", "T2#2")
    assert done(recon, "book join 2") == {"transaction": 2, "put_back": [3]}
    assert done(recon, "book join 2")["put_back"] == []
    void = done(recon, "book void 2 --date 2017-01-20 --pending")
    assert void["state"] == "void pending"
    assert done(recon, f"book decide-void {void['entry']} --reject")["status"] == "rejected"
    recon("account", "open", "1950", "--name", "Euro", "--currency", "EUR", "--number", "123456")
    transfer = done(recon, "transfer create 1930 1950 --amount 1100 --arrives 100 --date 2017-01-07")
    assert sorted(transfer) == ["from_transaction", "state", "to_transaction", "transfer"]
    assert done(recon, "transfer release 1")["vouchers"] == ["V000001", "V000002"]
    assert len(done(recon, "transfer void 1 --date 2017-01-08")["entries"]) == 2
    recon("transfer", "create", "1930", "1950", "--amount", "1", "--arrives", "1", "--date", "2017-01-07")
    assert done(recon, "transfer reject 2") == {"transfer": 2, "state": "rejected"}


@pytest.mark.parametrize(("decision", "state"), [("accept", "accepted"), ("refuse", "refused")])
def test_a_word_on_a_held_statement_says_what_it_did(recon: Recon, decision: str, state: str) -> None:
    opened(recon)
    recon.statement(1, 0, ("2017-01-09", 990, "R1"))
    recon.statement(1, 0, ("2017-01-09", 991, "R1"))

    said = done(recon, f"statement {decision} 2 --reason corrected")

    assert said == {"statement": 2, "decision": decision, "state": state}


def test_what_somebody_changed_meanwhile_is_not_overwritten(recon: Recon) -> None:
    opened(recon)
    version = done(recon, "reconcile open 1930 --date 2017-01-31")["version"]
    done(recon, "reconcile change 1930 --balance 5")

    with pytest.raises(Conflict, match="was changed by anna"):
        recon(*f"reconcile change 1930 --balance 6 --seen {version}".split())
    assert done(recon, f"reconcile change 1930 --balance 6 --seen {version + 1}")["statement_balance"] == "6.00"


def test_the_cure_of_a_refusal_is_a_command_that_works(recon: Recon) -> None:
    """Each refusal is told its cure, the cure is typed as it stands, and then the deed is done."""
    opened(recon)
    recon("account", "change", "1930", "--no-reconcile")
    cured(recon, "reconcile open 1930 --date 2017-01-31 --balance -40")
    done(recon, "adjust create 1930 --type FEE --amount -50 --date 2017-01-31 --hold")
    cured(recon, "reconcile tick 1930 1", times=2)
    recon("book", "create", "1930", "--date", "2017-01-10", "--amount", "10")
    cured(recon, "reconcile tick 1930 2")
    cured(recon, "reconcile clear 1930 1 --undo")
    done(recon, "reconcile tick 1930 1")
    recon("book", "void", "2", "--date", "2017-01-20", "--pending")
    recon("reconcile", "untick", "1930", "2")
    cured(recon, "reconcile tick 1930 2")
    recon("reconcile", "change", "1930", "--balance", "-50")
    recon("reconcile", "release", "1930")
    cured(recon, "settings period 2018 --lock")


def cured(recon: Recon, words: str, *, times: int = 1) -> None:
    """It is refused, or done after the command that the refusal names; placeholders get values."""
    for _ in range(times):
        with pytest.raises(Refused) as refused:
            recon(*words.split())
        command = str(refused.value).split("recon ", 1)[1].split(" (")[0]
        command = command.split(" Or ")[0].replace("ACCOUNT", "1930").replace("DAY", "2018-01-31")
        recon(*command.split())
    recon(*words.split())
