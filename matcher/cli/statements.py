"""`recon statement`: the bank's statements as they came, their chain, and those that wait for a person's word."""

from __future__ import annotations

import json
from typing import Any

import click

from matcher.cli import desk
from matcher.cli.main import EXIT_ATTENTION

_ID = click.argument("statement", type=int, metavar="STATEMENT")


@click.group()
def statement() -> None:
    """Statements: list, show, gaps, and decide those that are held.

    \b
    Examples:
      recon statement list 1930
      recon statement list --state held
      recon statement touches 12
      recon statement accept 12 --reason "the bank corrected it"
      recon statement gaps 1930
    """


@statement.command("list")
@click.argument("account", required=False)
@click.option("--state", type=click.Choice(["accepted", "held", "superseded", "refused"]), help="Only these.")
@desk.json_option
def list_(account: str | None, state: str | None, as_json: bool) -> None:
    """Statements in the order in which they came.

    \b
    Examples:
      recon statement list
      recon statement list 1930 --state held --json
    """
    from recon_core.reports import lists

    with desk.read() as uow:
        found = lists.statements(uow, account=account, state=state)
    rows = [
        {
            "id": one.id,
            "account": one.account,
            "format": one.format,
            "number": one.bank_statement_id or one.sequence or "",
            "page": one.page,
            "from": one.from_date,
            "to": one.to_date,
            "opening": desk.money(one.opening_balance, one.currency),
            "closing": desk.money(one.closing_balance, one.currency),
            "lines": one.line_count,
            "new": one.new_count,
            "proved": {"yes": "yes", "no": "NO", "": "?"}[one.balanced],
            "state": f"{one.state}: {one.hold_reason}" if one.hold_reason else one.state,
            "_kind": one.kind,
            "_flags": json.loads(one.flags),
            "_revision": one.revision,
            "_file": one.file_name,
            "_sha256": one.sha256,
        }
        for one in found
    ]
    desk.emit(rows, as_json=as_json, right=["id", "opening", "closing", "lines", "new"], empty="No statement.")


@statement.command()
@_ID
@desk.json_option
def show(statement: int, as_json: bool) -> None:
    """The lines of a statement, those that were known already included.

    \b
    Examples:
      recon statement show 12
    """
    from recon_core.reports import lists

    with desk.read() as uow:
        found = lists.lines_of(uow, statement)
    rows = [
        {
            "line": one.id,
            "index": one.line_index,
            "date": one.booking_date,
            "amount": desk.money(one.amount, one.currency),
            "state": one.state,
            "known_before": bool(one.known),
            "reference": one.bank_reference,
            "text": one.remittance,
            "_where": one.source_where,
        }
        for one in found
    ]
    desk.emit(rows, as_json=as_json, right=["line", "index", "amount"], empty="No line of it is in the ledger.")


@statement.command()
@_ID
@desk.json_option
def touches(statement: int, as_json: bool) -> None:
    """What accepting a held statement would touch, and the steps to take it in.

    \b
    Examples:
      recon statement touches 12
    """
    from recon_core.services import late, lookup

    with desk.read() as uow:
        found = late.touched(uow, statement_id=statement)
        currency = lookup.account(uow, lookup.one(uow, "statement", statement).cash_account_id).currency
    changes = [("+", one) for one in found.added] + [("-", one) for one in found.removed]
    if as_json:
        values = {
            "statement": statement,
            "held_because": found.hold_reason,
            "lines": [
                {"change": sign, "line": one.line_id, "date": one.day, "amount": desk.money(one.amount, currency)}
                for sign, one in changes
            ],
            "decisions": list(found.decision_ids),
            "documents": [number for _, number, _ in found.documents],
            "steps": [step._asdict() for step in found.steps],
        }
        click.echo(json.dumps(values, default=str, ensure_ascii=False))
        return
    click.echo(f"Statement {statement} is held: {found.hold_reason}.")
    for sign, one in changes:
        click.echo(f"  {sign} {one.day} {desk.money(one.amount, currency):>14} {one.text}")
    if found.decision_ids:
        click.echo(f"  decisions that use what it takes away: {', '.join(map(str, found.decision_ids))}")
    if found.documents:
        click.echo(f"  closed documents from its first day on: {', '.join(n for _, n, _ in found.documents)}")
    click.echo("Steps:")
    for number, step in enumerate(found.steps, start=1):
        click.echo(f"  {number}. {step.command:<48} {step.why}")


def _decide(statement: int, decision: str, reason: str, *, word: str, as_json: bool) -> None:
    from recon_core.services import held, lookup

    with desk.change() as made:
        held.decide_held(made.uow, statement_id=statement, decision=decision, reason=reason, **made.said)
        state = lookup.one(made.uow, "statement", statement).state
    values = {"statement": statement, "decision": decision, "state": state}
    desk.say(f"Statement {statement} is {word}.", as_json=as_json, values=values)


@statement.command()
@_ID
@desk.reason_option
@desk.done_json
def accept(statement: int, reason: str, as_json: bool) -> None:
    """Accept a held statement: a correction, a late arrival, a second format.

    \b
    Examples:
      recon statement accept 12 --reason "the bank corrected it"
    """
    _decide(statement, "accept", reason, word="accepted", as_json=as_json)


@statement.command()
@_ID
@desk.reason_option
@desk.done_json
def cumulative(statement: int, reason: str, as_json: bool) -> None:
    """Say that a held statement shows the same time again: its equal lines are the known ones.

    \b
    Examples:
      recon statement cumulative 12
    """
    _decide(statement, "cumulative", reason, word="accepted as cumulative", as_json=as_json)


@statement.command()
@_ID
@desk.reason_option
@desk.done_json
def contiguous(statement: int, reason: str, as_json: bool) -> None:
    """Say that a held statement follows the others: its equal lines are other money.

    \b
    Examples:
      recon statement contiguous 12
    """
    _decide(statement, "contiguous", reason, word="accepted as contiguous", as_json=as_json)


@statement.command()
@_ID
@click.option("--reason", required=True, help="Why; it is kept in the log.")
@desk.done_json
def refuse(statement: int, reason: str, as_json: bool) -> None:
    """Refuse a held statement: it does not count.

    \b
    Examples:
      recon statement refuse 12 --reason "sent by mistake"
    """
    _decide(statement, "refuse", reason, word="refused", as_json=as_json)


@statement.command()
@click.argument("account", required=False)
@desk.json_option
def gaps(account: str | None, as_json: bool) -> int:
    """Where the chain of balances breaks: gaps, missing pages, lines lost or doubled. Exit status 1: somewhere.

    \b
    Examples:
      recon statement gaps
      recon statement gaps 1930 --json
    """
    from recon_core.services import chains, lookup

    rows: list[dict[str, Any]] = []
    with desk.read() as uow:
        found = [desk.account(uow, account)] if account else lookup.accounts(uow)
        for one in found:
            chain = chains.account_chain(uow, one.id)
            rows += [
                _gap(one.code, gap.code, gap.day, desk.money(gap.amount, one.currency), gap.message)
                for gap in chain.breaks
            ]
            if chain.mismatch:
                text = "The lines differ from the balances: a line was lost or came twice."
                amount = desk.money(chain.mismatch, one.currency)
                rows.append(_gap(one.code, "chain-mismatch", chain.last_day, amount, text))
    desk.emit(rows, as_json=as_json, right=["amount"], empty="Every statement continues the one before it.")
    return EXIT_ATTENTION if rows else 0


def _gap(account: str, code: str, day: Any, amount: str, message: str) -> dict[str, Any]:
    return {"account": account, "code": code, "date": day, "amount": amount, "what": message}
