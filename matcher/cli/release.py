"""The second half of `recon reconcile`: hold, release, void, delete, and what stands against it."""

from __future__ import annotations

import click

from matcher.cli import desk
from matcher.cli.main import EXIT_ATTENTION
from matcher.cli.reconcile import reconcile


@reconcile.command()
@desk.account_argument
@desk.json_option
def blockers(account: str, as_json: bool) -> int:
    """Everything that stands against releasing the open document, each with its cure. Exit status 1: something does.

    \b
    Examples:
      recon reconcile blockers 1930
    """
    from recon_core.services.blockers import blockers as find

    with desk.read() as uow:
        document_id = desk.document_id(uow, desk.account(uow, account).id, None)
        found = find(uow, document_id=document_id)
    rows = [
        {
            "code": one.code,
            "what": one.message,
            "cure": one.cure,
            "stops": "the engine" if one.advisory else "everybody",
            "_ids": list(one.ids),
        }
        for one in found
    ]
    desk.emit(rows, as_json=as_json, empty="Nothing stands against the release.")
    return EXIT_ATTENTION if any(not one.advisory for one in found) else 0


@reconcile.command()
@desk.account_argument
@click.option("--remove", is_flag=True, help="Take the hold off; needs a difference of zero.")
def hold(account: str, remove: bool) -> None:
    """Put the open document on hold, or take the hold off.

    \b
    Examples:
      recon reconcile hold 1930 --remove
    """
    from recon_core.services import reconcile as use_case

    with desk.change() as made:
        document_id = desk.document_id(made.uow, desk.account(made.uow, account).id, None)
        deed = use_case.remove_hold if remove else use_case.hold
        deed(made.uow, document_id=document_id, **made.said)
    click.echo("Balanced." if remove else "On hold.")


@reconcile.command()
@desk.account_argument
@click.option("--number", help="The number, where the series is manual.")
def release(account: str, number: str | None) -> int:
    """Release the open document; a hold is taken off if the difference is zero. It is numbered, closed and frozen.

    Exit status 3 with every reason if something stands against it.

    \b
    Examples:
      recon reconcile release 1930
    """
    from recon_core.domain.refusals import Blocked
    from recon_core.services import documents
    from recon_core.services import reconcile as use_case
    from recon_core.services import release as closing

    try:
        with desk.change() as made:
            document_id = desk.document_id(made.uow, desk.account(made.uow, account).id, None)
            document = documents.get(made.uow, document_id)
            if document.state == "hold" and not document.figures.difference:
                use_case.remove_hold(made.uow, document_id=document_id, **made.said)
            taken = closing.release(made.uow, document_id=document_id, number=number, **made.said)
    except Blocked as blocked:
        click.echo(f"recon: {blocked.message}", err=True)
        for one in blocked.blockers:
            click.echo(f"  {one.message} {one.cure}", err=True)
        return 3
    click.echo(f"Reconciliation {taken} of {account} per {document.reconciliation_date} is closed.")
    return 0


@reconcile.command()
@desk.account_argument
@click.option("--number", required=True, help="The latest closed document.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@desk.reason_option
def void(account: str, number: str, yes: bool, reason: str) -> None:
    """Void the latest closed document: its lines are free again; cleared and clear dates stay.

    \b
    Examples:
      recon reconcile void 1930 --number 000002 --reason "wrong balance"
    """
    from recon_core.services import release as closing

    if not yes:
        click.confirm(f"Void reconciliation {number} of {account}?", abort=True)
    with desk.change() as made:
        document_id = desk.document_id(made.uow, desk.account(made.uow, account).id, number)
        closing.void_document(made.uow, document_id=document_id, reason=reason, **made.said)
    click.echo(f"Reconciliation {number} of {account} is voided.")


@reconcile.command()
@desk.account_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(account: str, yes: bool) -> None:
    """Delete the open document; its lines are unticked.

    \b
    Examples:
      recon reconcile delete 1930
    """
    from recon_core.services import reconcile as use_case

    if not yes:
        click.confirm(f"Delete the open reconciliation of {account}?", abort=True)
    with desk.change() as made:
        document_id = desk.document_id(made.uow, desk.account(made.uow, account).id, None)
        use_case.delete_document(made.uow, document_id=document_id, **made.said)
    click.echo(f"The open reconciliation of {account} is deleted.")
