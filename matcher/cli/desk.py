"""What the commands on the books share: the open database with who and when, accounts and documents by name, output.

Lists are printed as tables, or with --json as JSON Lines, an object a row; amounts are decimal text in both.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from recon_core.domain.money import to_text, typed_minor

if TYPE_CHECKING:
    from recon_core.domain.account import CashAccount
    from recon_core.store.unit_of_work import SqlUnitOfWork

Command = TypeVar("Command", bound=Callable[..., Any])
Row = Mapping[str, Any]

DAY = click.DateTime(["%Y-%m-%d"])
account_argument = click.argument("account", metavar="ACCOUNT")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON Lines, an object a row.")
done_json = click.option("--json", "as_json", is_flag=True, help="Print what was done as one JSON object.")
seen_option = click.option(
    "--seen",
    type=int,
    metavar="VERSION",
    help="Refuse it if somebody has changed it since this version (--json shows it).",
)
reason_option = click.option("--reason", default="", help="Why; it is kept in the log.")


class Desk(NamedTuple):
    """A unit of work that is committed at the end of the command, who does it, and when."""

    uow: SqlUnitOfWork
    by: str
    at: datetime

    @property
    def said(self) -> dict[str, Any]:
        """`by` and `at` as arguments of a use case."""
        return {"by": self.by, "at": self.at}


@contextmanager
def change() -> Iterator[Desk]:
    """The database for a command that changes the books; what it did is kept if it ends without an error."""
    from matcher import bootstrap

    database = bootstrap.open_books()
    try:
        with database.begin() as uow:
            yield Desk(uow, bootstrap.user_name(), bootstrap.now())
            uow.commit()
    finally:
        database.close()


@contextmanager
def read() -> Iterator[SqlUnitOfWork]:
    """The database for a command that only reads."""
    from matcher import bootstrap

    database = bootstrap.open_books()
    try:
        with database.read() as uow:
            yield uow
    finally:
        database.close()


def account(uow: SqlUnitOfWork, code: str) -> CashAccount:
    """The cash account with a code. Raises `Unknown`."""
    from recon_core.services import lookup

    return lookup.account_by_code(uow, code)


def day(value: datetime | None) -> date | None:
    """The date of a date option."""
    return None if value is None else value.date()


def as_of(uow: SqlUnitOfWork, account_id: int, value: datetime | None) -> date:
    """The date of an option that may be left out: the open reconciliation's, else the last that statements reach, else
    today.
    """
    from matcher import bootstrap
    from recon_core.services import chains, documents

    if value is not None:
        return value.date()
    document = documents.open_id(uow, account_id)
    if document is not None:
        return documents.get(uow, document).reconciliation_date
    return chains.account_chain(uow, account_id).last_day or bootstrap.today()


def required_day(value: datetime) -> date:
    """The date of a date option that must be given."""
    return value.date()


def minor(text: str, currency: str) -> int:
    """Minor units of an amount option, with point or comma. Raises `BadAmount`."""
    return typed_minor(text, currency)


def document_id(uow: SqlUnitOfWork, account_id: int, number: str | None) -> int:
    """The document with a number, or the account's open one. Raises `Unknown`."""
    from recon_core.domain.refusals import Unknown
    from recon_core.services import documents, lookup

    if number is not None:
        return documents.find(uow, account_id=account_id, number=number)
    found = documents.open_id(uow, account_id)
    if found is None:
        code = lookup.account(uow, account_id).code
        raise Unknown(
            f"Account {code} has no open reconciliation.", cure=f"Open one: recon reconcile open {code} --date DAY"
        )
    return found


def money(value: int | None, currency: str) -> str:
    """An amount as decimal text, or nothing."""
    return "" if value is None else to_text(value, currency)


def shown(value: int, currency: str) -> str:
    """An amount for people, its thousands apart."""
    from matcher.cli.render_review import grouped

    return grouped(to_text(value, currency))


def agreed(question: str) -> None:
    """Ask before something that can't be taken back. Raises `Abort`, and `UsageError` where nobody answers."""
    try:
        click.confirm(question, abort=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise click.UsageError(f"{question} Nobody said yes: say it with --yes.") from None


def pairs(values: Sequence[str], *, what: str) -> dict[str, str]:
    """ "name=value" options as a dictionary. Raises `UsageError`."""
    found = {}
    for value in values:
        name, sign, text = value.partition("=")
        if not sign or not name:
            raise click.UsageError(f"{value!r} is not {what}=VALUE.")
        found[name] = text
    return found


def emit(rows: Sequence[Row], *, as_json: bool, right: Sequence[str] = (), empty: str = "Nothing.") -> None:
    """Print rows that have the same keys: as JSON Lines, or as a table with the columns in `right` aligned right.

    A key that begins with "_" is in the JSON only, without that sign.
    """
    if as_json:
        for row in rows:
            click.echo(_json(row))
        return
    if not rows:
        click.echo(empty)
        return
    from rich.text import Text

    from matcher.cli.render_review import grouped, print_table, table

    names = [name for name in rows[0] if not name.startswith("_")]
    made = table(*[name.replace("_", " ") for name in names], right=[name.replace("_", " ") for name in right])
    for row in rows:
        texts = [(name in right, _shown(row[name])) for name in names]
        made.add_row(*[Text(grouped(text) if amount else " ".join(text.split())) for amount, text in texts])
    print_table(made)


def _json(row: Row) -> str:
    return json.dumps({key.lstrip("_"): value for key, value in row.items()}, default=str, ensure_ascii=False)


def _shown(value: object) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def say(text: str, *, as_json: bool = False, values: Row | None = None) -> None:
    """Say what was done, in words or as one JSON object."""
    click.echo(_json(values or {}) if as_json else text)
