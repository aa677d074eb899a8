"""`recon returned`: a payment came back."""

from __future__ import annotations

import click

from matcher.cli import desk


@click.command()
@click.argument("line", type=int, metavar="LINE")
@click.argument("transaction", default="", metavar="[TRANSACTION]")
@click.option("--reason", default="", help="Why; it stands in the voiding entry and the log.")
@desk.done_json
def returned(line: int, transaction: str, reason: str, as_json: bool) -> int:
    """Void the transaction that the bank carried out and gave back with LINE.

    Its voiding entry is dated as the bank line and matched with it; the match of the transaction stands, for both are on
    the statement. TRANSACTION, by its id in the accounting system, is needed only where the bank line does not tell.

    \b
    Examples:
      recon returned 15
      recon returned 15 L5541 --reason "account closed (AC04)"
    """
    from matcher import bootstrap
    from matcher.pipeline.returns import void_given_back

    with bootstrap.open_context() as context:
        name, void_id = void_given_back(context, line_id=line, transaction=transaction, reason=reason)
    text = f"{name} is voided by transaction {void_id}, which is matched with bank line {line}."
    desk.say(text, as_json=as_json, values={"line": line, "transaction": name, "entry": void_id})
    return 0
