"""`recon account`: the bank accounts in the books, what the bank calls them, and how far the engine may go on each."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from matcher.cli import desk
from recon_core.domain.money import to_text
from recon_core.domain.states import MatchingPolicy

_POLICY = click.Choice([policy.value for policy in MatchingPolicy])


@click.group()
def account() -> None:
    """Cash accounts: open, list, change, take over their history.

    \b
    Examples:
      recon account open 1930 --name "Bank" --currency SEK --iban SE4550000000058398257466
      recon account list
      recon account change 1930 --policy clear
      recon account take-over 1930 --cut-off 2016-12-31 --balance 849.50
    """


@account.command("open")
@click.argument("code")
@click.option("--name", required=True, help="What people call it.")
@click.option("--currency", required=True, help="ISO 4217, such as SEK.")
@click.option("--iban", help="The account's IBAN.")
@click.option("--number", help="Its number at the bank (BBAN, BLZ/account, bankgiro), where there is no IBAN.")
@click.option("--scheme", default="BBAN", show_default=True, help="What kind of number --number is.")
@click.option("--ledger-account", help="Account of the ledger in vouchers; by default CODE.")
@click.option("--group", default="", help="A name to group accounts by.")
@click.option(
    "--policy", type=_POLICY, default=MatchingPolicy.MATCH.value, show_default=True, help="How far the engine may go."
)
@click.option("--series", default="CARECON", show_default=True, help="Number series of its reconciliations.")
@click.option("--in-transit", default="", help="Its in-transit account (mellankonto); by default the module's.")
@click.option("--match-batches", is_flag=True, help="Show a payment order as one line (the bank lists it as one).")
@click.option("--no-reconciliation", is_flag=True, help="The account is not reconciled.")
@desk.done_json
def open_(  # noqa: PLR0913, PLR0917  the options of the command
    code: str,
    name: str,
    currency: str,
    iban: str | None,
    number: str | None,
    scheme: str,
    ledger_account: str | None,
    group: str,
    policy: str,
    series: str,
    in_transit: str,
    match_batches: bool,
    no_reconciliation: bool,
    as_json: bool,
) -> None:
    """Open a cash account.

    \b
    Examples:
      recon account open 1930 --name Bank --currency SEK --iban SE4550000000058398257466 --policy clear
      recon account open 1940 --name Giro --currency SEK --number 5402-9681 --scheme BGNR
    """
    from recon_core.domain.account import Identifier
    from recon_core.services import accounts

    identifiers = [Identifier("IBAN", iban)] if iban else []
    identifiers += [Identifier(scheme, number)] if number else []
    with desk.change() as made:
        account_id = accounts.open_account(
            made.uow,
            code=code,
            name=name,
            currency=currency,
            identifiers=identifiers,
            ledger_account=ledger_account,
            group=group,
            policy=policy,
            requires_reconciliation=not no_reconciliation,
            number_series=series,
            in_transit_account=in_transit,
            match_batches=match_batches,
            **made.said,
        )
    values = {"account": code, "id": account_id, "currency": currency, "policy": policy}
    desk.say(f"Account {code} is open.", as_json=as_json, values=values)


@account.command()
@click.argument("inbox", type=click.Path(path_type=Path))
def draft(inbox: Path) -> None:
    """Write a draft of the accounts file for `recon run --accounts`, from the statements in INBOX.

    It has each account with its number, currency and opening balance; put your own codes and names in.

    \b
    Examples:
      recon account draft inbox/ > accounts.toml
    """
    from matcher.pipeline import draft as drafting
    from matcher.pipeline.ingest import statement_files

    for line in drafting.draft(statement_files(inbox)):
        click.echo(line)


@account.command("list")
@desk.json_option
def list_(as_json: bool) -> None:
    """All cash accounts with their numbers at the bank.

    \b
    Examples:
      recon account list
      recon account list --json
    """
    from recon_core.reports import lists
    from recon_core.services import lookup

    with desk.read() as uow:
        known = lists.identifiers(uow)
        rows: list[dict[str, Any]] = [
            {
                "code": one.code,
                "name": one.name,
                "currency": one.currency,
                "policy": "stopped" if one.automatic_stopped else one.policy,
                "group": one.group_name,
                "at_the_bank": known.get(one.id, []),
                "reconciled": one.requires_reconciliation,
                "active": one.active,
                "_ledger_account": one.ledger_account,
                "_in_transit_account": one.in_transit_account,
                "_match_batches": one.match_batches,
                "_cut_off_date": one.cut_off_date,
                "_version": one.version,
            }
            for one in lookup.accounts(uow)
        ]
    desk.emit(rows, as_json=as_json, empty="No account yet: recon account open")


@account.command()
@desk.account_argument
@click.option("--name", help="A new name.")
@click.option("--policy", type=_POLICY, help="How far the engine may go.")
@click.option("--group", help="A new group; empty for none.")
@click.option("--stop/--start", "stopped", default=None, help="Stop all automatic work on it, or let it go on.")
@click.option("--active/--inactive", default=None, help="Whether it is in use.")
@click.option("--match-batches/--no-match-batches", default=None, help="Show a payment order as one line.")
@click.option("--reconcile/--no-reconcile", "reconciled", default=None, help="Whether it is reconciled at all.")
@click.option("--series", help="Another number series for its reconciliations.")
@click.option("--in-transit", help="Its own in-transit account (mellankonto); empty for the module's.")
@click.option("--ledger-account", help="Another account of the ledger in vouchers.")
@desk.done_json
def change(  # noqa: PLR0913, PLR0917  the options of the command
    account: str,
    name: str | None,
    policy: str | None,
    group: str | None,
    stopped: bool | None,
    active: bool | None,
    match_batches: bool | None,
    reconciled: bool | None,
    series: str | None,
    in_transit: str | None,
    ledger_account: str | None,
    as_json: bool,
) -> None:
    """Change settings of an account.

    \b
    Examples:
      recon account change 1930 --policy release
      recon account change 1930 --stop
      recon account change 1930 --reconcile --series REC1930
    """
    from recon_core.services import accounts

    given = {
        "name": name,
        "policy": policy,
        "group_name": group,
        "automatic_stopped": stopped,
        "active": active,
        "match_batches": match_batches,
        "requires_reconciliation": reconciled,
        "in_transit_account": in_transit,
        "ledger_account": ledger_account,
    }
    changes = {key: value for key, value in given.items() if value is not None}
    if series is not None:
        changes["number_series"] = series
    if not changes:
        raise click.UsageError("Say what to change.")
    with desk.change() as made:
        found = desk.account(made.uow, account)
        accounts.change_account(made.uow, account_id=found.id, changes=changes, version=found.version, **made.said)
    values = {"account": account, "changed": changes}
    desk.say(f"Account {account} is changed.", as_json=as_json, values=values)


@account.command()
@desk.account_argument
@click.argument("number")
@click.option("--scheme", default="IBAN", show_default=True, help="IBAN, BBAN, BGNR, PGNR ...")
@click.option("--currency", help="Where one number has several currencies.")
@click.option("--bic", default="", help="The bank, where two banks use the same number.")
@desk.done_json
def identify(account: str, number: str, scheme: str, currency: str | None, bic: str, as_json: bool) -> None:
    """Give an account one more name at the bank.

    \b
    Examples:
      recon account identify 1930 SE4550000000058398257466
      recon account identify 1930 160-9908 --scheme BGNR
    """
    from recon_core.domain.account import Identifier
    from recon_core.services import accounts

    with desk.change() as made:
        found = desk.account(made.uow, account)
        identifier = Identifier(scheme, number, currency, bic)
        accounts.add_identifier(made.uow, account_id=found.id, identifier=identifier, **made.said)
    values = {"account": account, "number": number, "scheme": scheme}
    desk.say(f"{number} is account {account}.", as_json=as_json, values=values)


@account.command()
@desk.account_argument
@click.option(
    "--date", "day", type=desk.DAY, help="The end of which day; by default the day before its first bank line."
)
@click.option("--balance", help="The bank's balance then; by default what its first statement begins with.")
@desk.done_json
def begin(account: str, day: datetime | None, balance: str | None, as_json: bool) -> None:
    """Let an account begin with a balance: an opening entry, closed in a first document of its own.

    For an account that has no closed reconciliation yet. An open one is deleted; the next run opens it anew.

    \b
    Examples:
      recon account begin 1930
      recon account begin 1930 --date 2025-12-31 --balance 250000
    """
    from matcher.pipeline import opening

    with desk.change() as made:
        found = desk.account(made.uow, account)
        point = opening.begin(
            made.uow,
            account_id=found.id,
            day=None if day is None else desk.required_day(day),
            balance=None if balance is None else desk.minor(balance, found.currency),
            **made.said,
        )
    amount = to_text(point.balance, found.currency)
    values = {"account": account, "date": point.day.isoformat(), "balance": amount}
    text = f"Account {account} begins with {amount} {found.currency} at the end of {point.day}."
    desk.say(f"{text} Open its next reconciliation: recon reconcile open {account}", as_json=as_json, values=values)


@account.command("take-over")
@desk.account_argument
@click.option("--cut-off", type=desk.DAY, required=True, help="The last day of the history.")
@click.option("--balance", required=True, help="The bank's balance on that day.")
@click.option(
    "--leave-open", type=int, multiple=True, metavar="ID", help="A transaction that the bank had not booked yet."
)
@desk.done_json
def take_over(account: str, cut_off: datetime, balance: str, leave_open: tuple[int, ...], as_json: bool) -> None:
    """Close years of history in one first document, up to a cut-off date.

    \b
    Examples:
      recon account take-over 1930 --cut-off 2016-12-31 --balance 849.50
      recon account take-over 1930 --cut-off 2016-12-31 --balance 849.50 --leave-open 17
    """
    from recon_core.services import takeover

    with desk.change() as made:
        found = desk.account(made.uow, account)
        number = takeover.take_over(
            made.uow,
            account_id=found.id,
            cut_off_date=desk.required_day(cut_off),
            statement_balance=desk.minor(balance, found.currency),
            leave_open=leave_open,
            **made.said,
        )
    values = {"account": account, "number": number, "date": desk.day(cut_off), "state": "closed"}
    desk.say(f"History up to {cut_off:%Y-%m-%d} is closed as {number}.", as_json=as_json, values=values)
