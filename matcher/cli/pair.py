"""`recon pair`: match bank lines with book transactions by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from matcher.cli import desk

if TYPE_CHECKING:
    from recon_core.store.unit_of_work import SqlUnitOfWork

_DIGITS_MAX = 18
_NAMED = "SELECT id, external_id FROM book_transaction WHERE cash_account_id = :account AND external_id IN :names"


def _items(texts: tuple[str, ...], currency: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Names and amounts of "17" or "17=250.00"; amounts are empty if none is given. Raises `UsageError`."""
    names: list[str] = []
    amounts: list[int] = []
    for text in texts:
        name, sign, amount = text.partition("=")
        names.append(name)
        if sign:
            amounts.append(desk.minor(amount, currency))
    if amounts and len(amounts) < len(names):
        raise click.UsageError("Give the amount of every item of a side, or of none.")
    return tuple(names), tuple(amounts)


def _line_ids(names: tuple[str, ...]) -> tuple[int, ...]:
    for name in names:
        if not (name.isascii() and name.isdecimal()):
            raise click.UsageError(f"{name!r} is not ID or ID=AMOUNT of a bank line.")
    return tuple(map(int, names))


def _transaction_ids(uow: SqlUnitOfWork, account_id: int, names: tuple[str, ...]) -> tuple[int, ...]:
    """Ids of transactions that are named by their number here, with or without #, or by their id in the accounting system.

    Raises `Unknown`, and `BadRequest` for a name that may mean two: a wrong one would be matched without a word.
    """
    from recon_core.domain.refusals import BadRequest, Unknown

    plain = [name.removeprefix("#") for name in names]
    numbers = [int(name) for name in plain if name.isascii() and name.isdecimal() and len(name) < _DIGITS_MAX]
    known = uow.select(
        "SELECT id FROM book_transaction WHERE cash_account_id = :account AND id IN :ids",
        {"account": account_id, "ids": numbers},
    )
    found = {name: {row.id} for row in known for name in (str(row.id), f"#{row.id}")}
    for row in uow.select(_NAMED, {"account": account_id, "names": list(names)}):
        found.setdefault(row.external_id, set()).add(row.id)
    for name in names:
        ids = sorted(found.get(name, ()))
        if not ids:
            raise Unknown(f"The account has no transaction {name}.", cure="List them: recon book list ACCOUNT --open")
        if len(ids) > 1:
            raise BadRequest(
                f"{name} may be transaction {' or '.join(map(str, ids))} of recon book list.",
                cure=f"Say #{ids[0]} or #{ids[-1]}, in quotes.",
            )
    return tuple(min(found[name]) for name in names)


@click.command()
@desk.account_argument
@click.option(
    "--line", "lines", multiple=True, required=True, metavar="ID[=AMOUNT]", help="A bank line, or a part of it."
)
@click.option(
    "--with",
    "transactions",
    multiple=True,
    metavar="ID[=AMOUNT]",
    help="A book transaction, by its number here or its id in the books, or a part of it.",
)
@click.option(
    "--rest", metavar="TYPE", help="Entry type of an adjustment for what is left over: fully paid, write it off."
)
@click.option("--text", default="", help="Description of that adjustment.")
@desk.reason_option
@desk.done_json
def pair(
    account: str,
    lines: tuple[str, ...],
    transactions: tuple[str, ...],
    rest: str | None,
    text: str,
    reason: str,
    as_json: bool,
) -> None:
    """Match any bank lines of an account with any of its book transactions, if the sums agree.

    A part is named with its amount. With --rest what is left over becomes an unreleased adjustment.

    \b
    Examples:
      recon pair 1930 --line 17 --with A1042
      recon pair 1930 --line 17 --line 18 --with 4 --with 5
      recon pair 1930 --line 17 --with 4=250.00              a part of transaction 4
      recon pair 1930 --line 17 --with 4 --rest WOFF         990 for 1 000
      recon pair 1930 --line 19 --rest FEE                   nothing of it is in the books
    """
    from recon_core.domain.matching import Match, Rest
    from recon_core.services import adjust, clearing

    with desk.change() as made:
        found = desk.account(made.uow, account)
        line_names, line_amounts = _items(lines, found.currency)
        line_ids = _line_ids(line_names)
        names, transaction_amounts = _items(transactions, found.currency)
        transaction_ids = _transaction_ids(made.uow, found.id, names)
        match = Match(
            line_ids,
            transaction_ids,
            line_amounts,
            transaction_amounts,
            rest=Rest(rest, text) if rest else None,
            evidence=reason,
        )
        done = clearing.apply_matches(made.uow, matches=[match], label=reason, **made.said)
        adjustments = list(adjust.of_decisions(made.uow, done.decision_ids))
    decision = done.decision_ids[0]
    text = f"Matched by decision {decision}: recon undo {decision} takes it back."
    if adjustments:
        text += f" What is left over is adjustment {adjustments[0]}: recon adjust release {adjustments[0]}"
    values = {"account": account, "decision": decision, "bulk": done.batch_id, "lines": list(line_ids)}
    values |= {"transactions": list(transaction_ids), "adjustments": adjustments}
    desk.say(text, as_json=as_json, values=values)
