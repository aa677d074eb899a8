"""The second half of `recon reconcile`: hold, release, void, delete, attach, and what stands against it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matcher.cli import desk
from matcher.cli.main import EXIT_ATTENTION, EXIT_REFUSED
from matcher.cli.reconcile import reconcile, report

if TYPE_CHECKING:
    from recon_core.domain.refusals import Blocker


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
    desk.emit([_blocker(one) for one in found], as_json=as_json, empty="Nothing stands against the release.")
    return EXIT_ATTENTION if any(not one.advisory for one in found) else 0


def _blocker(one: Blocker) -> dict[str, Any]:
    return {
        "code": one.code,
        "what": one.message,
        "cure": one.cure,
        "stops": "the engine" if one.advisory else "everybody",
        "_ids": list(one.ids),
    }


@reconcile.command()
@desk.account_argument
@click.option("--remove", is_flag=True, help="Take the hold off; needs a difference of zero.")
@desk.done_json
def hold(account: str, remove: bool, as_json: bool) -> None:
    """Put the open document on hold, or take the hold off.

    \b
    Examples:
      recon reconcile hold 1930 --remove
    """
    from recon_core.services import documents
    from recon_core.services import reconcile as use_case

    with desk.change() as made:
        document_id = desk.document_id(made.uow, desk.account(made.uow, account).id, None)
        deed = use_case.remove_hold if remove else use_case.hold
        deed(made.uow, document_id=document_id, **made.said)
        document = documents.get(made.uow, document_id)
    report(document, account, as_json=as_json, text="Balanced." if remove else "On hold.")


@reconcile.command()
@desk.account_argument
@click.option("--number", help="The number, where the series is manual.")
@desk.done_json
def release(account: str, number: str | None, as_json: bool) -> int:
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
            document = documents.get(made.uow, document_id)
    except Blocked as blocked:
        if as_json:
            reasons = [_blocker(one) for one in blocked.blockers]
            desk.say("", as_json=True, values={"account": account, "state": document.state, "blockers": reasons})
            return EXIT_REFUSED
        click.echo(f"recon: {blocked.message}", err=True)
        for one in blocked.blockers:
            click.echo(f"  {one.message} {one.cure}", err=True)
        return EXIT_REFUSED
    text = f"Reconciliation {taken} of {account} per {document.reconciliation_date} is closed."
    report(document, account, as_json=as_json, text=text)
    return 0


@reconcile.command()
@desk.account_argument
@click.option("--number", required=True, help="The latest closed document.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@desk.reason_option
@desk.done_json
def void(account: str, number: str, yes: bool, reason: str, as_json: bool) -> None:
    """Void the latest closed document: its lines are free again; cleared and clear dates stay.

    \b
    Examples:
      recon reconcile void 1930 --number 000002 --reason "wrong balance"
    """
    from recon_core.services import documents
    from recon_core.services import release as closing

    if not yes:
        desk.agreed(f"Void reconciliation {number} of {account}?")
    with desk.change() as made:
        document_id = desk.document_id(made.uow, desk.account(made.uow, account).id, number)
        closing.void_document(made.uow, document_id=document_id, reason=reason, **made.said)
        document = documents.get(made.uow, document_id)
    report(document, account, as_json=as_json, text=f"Reconciliation {number} of {account} is voided.")


@reconcile.command()
@desk.account_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@desk.done_json
def delete(account: str, yes: bool, as_json: bool) -> None:
    """Delete the open document; its lines are unticked.

    \b
    Examples:
      recon reconcile delete 1930
    """
    from recon_core.services import reconcile as use_case

    if not yes:
        desk.agreed(f"Delete the open reconciliation of {account}?")
    with desk.change() as made:
        document_id = desk.document_id(made.uow, desk.account(made.uow, account).id, None)
        use_case.delete_document(made.uow, document_id=document_id, **made.said)
    desk.say(
        f"The open reconciliation of {account} is deleted.",
        as_json=as_json,
        values={"account": account, "deleted": document_id},
    )


@reconcile.command()
@desk.account_argument
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--number", help="A closed document; by default the open one.")
@desk.done_json
def attach(account: str, file: Path, number: str | None, as_json: bool) -> None:
    """Attach a file, such as the bank's PDF. It is kept byte for byte, also with a closed document.

    \b
    Examples:
      recon reconcile attach 1930 statement.xml
      recon reconcile attach 1930 january.xml --number 000001
    """
    from recon_core.services import attachments

    with desk.change() as made:
        document_id = desk.document_id(made.uow, desk.account(made.uow, account).id, number)
        done = attachments.attach(
            made.uow, document_id=document_id, name=file.name, content=file.read_bytes(), **made.said
        )
    values = {"account": account, "attachment": done, "name": file.name, "size": file.stat().st_size}
    desk.say(f"{file.name} is attached as {done}.", as_json=as_json, values=values)


@reconcile.command()
@desk.account_argument
@click.option("--number", help="A closed document; by default the open one.")
@click.option("--save", type=int, metavar="ATTACHMENT", help="Write this one to --out.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file to write; by default its name.")
@desk.json_option
def files(account: str, number: str | None, save: int | None, out: Path | None, as_json: bool) -> None:
    """What is attached to a document; with --save one of them as it came.

    \b
    Examples:
      recon reconcile files 1930 --number 000001
      recon reconcile files 1930 --save 3 --out copy.pdf
    """
    from recon_core.services import attachments

    with desk.read() as uow:
        if save is not None:
            name, content = attachments.content(uow, save)
            target = out or Path(Path(name).name)
            target.write_bytes(content)
            desk.say(f"{target} is written.", as_json=as_json, values={"attachment": save, "file": str(target)})
            return
        found = attachments.attached(uow, desk.document_id(uow, desk.account(uow, account).id, number))
    rows = [
        {
            "attachment": one.id,
            "name": one.name,
            "bytes": one.size,
            "by": one.attached_by,
            "at": one.attached_at.isoformat(timespec="seconds"),
            "_sha256": one.sha256,
        }
        for one in found
    ]
    desk.emit(rows, as_json=as_json, right=["attachment", "bytes"], empty="Nothing is attached.")
