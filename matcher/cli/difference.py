"""`recon difference`: what the difference of an open reconciliation is made of, and what to do about it."""

from __future__ import annotations

import click

from matcher.cli.main import EXIT_ATTENTION


@click.command()
@click.argument("accounts", nargs=-1, metavar="[ACCOUNT...]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines, an object an account.")
def difference(accounts: tuple[str, ...], as_json: bool) -> int:
    """What the difference of an open reconciliation is made of, what may have caused it, and the step that cures it.

    Where statements cover the period the parts come to the difference exactly. A cause is certain where the books say
    so, likely where it fits and hardly by accident, else possible. Exit status 1: there is a difference.

    \b
    Examples:
      recon difference 1930
      recon difference              every account with an open reconciliation
    """
    from matcher import bootstrap
    from matcher.cli import render_difference
    from matcher.pipeline.difference import explain_difference
    from matcher.pipeline.reviewing import account_ids
    from recon_core.services import documents

    with bootstrap.open_context() as context, context.database.read() as uow:
        ids = account_ids(uow, accounts)
        if not accounts:
            ids = [one for one in ids if documents.open_id(uow, one) is not None]
        explained = [explain_difference(context, uow, account_id=one) for one in ids]
    for one in explained:
        if as_json:
            click.echo(render_difference.as_json(one))
        else:
            render_difference.print_explained(one)
    if not explained and not as_json:
        click.echo("No account has an open reconciliation.")
    return EXIT_ATTENTION if any(one.difference for one in explained) else 0
