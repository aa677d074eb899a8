"""`recon pair`: match bank lines with book transactions by hand."""

from __future__ import annotations

import click

from matcher.cli import desk


def _items(texts: tuple[str, ...], currency: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Ids and amounts of "17" or "17=250.00"; amounts are empty if none is given. Raises `UsageError`."""
    ids: list[int] = []
    amounts: list[int] = []
    for text in texts:
        name, sign, amount = text.partition("=")
        if not name.isdecimal():
            raise click.UsageError(f"{text!r} is not ID or ID=AMOUNT.")
        ids.append(int(name))
        if sign:
            amounts.append(desk.minor(amount, currency))
    if amounts and len(amounts) < len(ids):
        raise click.UsageError("Give the amount of every item of a side, or of none.")
    return tuple(ids), tuple(amounts)


@click.command()
@desk.account_argument
@click.option(
    "--line", "lines", multiple=True, required=True, metavar="ID[=AMOUNT]", help="A bank line, or a part of it."
)
@click.option(
    "--with", "transactions", multiple=True, metavar="ID[=AMOUNT]", help="A book transaction, or a part of it."
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
      recon pair 1930 --line 17 --with 4
      recon pair 1930 --line 17 --line 18 --with 4 --with 5
      recon pair 1930 --line 17 --with 4=250.00              a part of transaction 4
      recon pair 1930 --line 17 --with 4 --rest WOFF         990 for 1 000
      recon pair 1930 --line 19 --rest FEE                   nothing of it is in the books
    """
    from recon_core.domain.matching import Match, Rest
    from recon_core.services import adjust, clearing

    with desk.change() as made:
        found = desk.account(made.uow, account)
        line_ids, line_amounts = _items(lines, found.currency)
        transaction_ids, transaction_amounts = _items(transactions, found.currency)
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
