"""Use cases of the files that belong to a reconciliation, such as the bank's PDF: kept byte for byte, also after it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from recon_core.domain.refusals import Conflict, Unknown
from recon_core.ports import Action, UnitOfWork
from recon_core.services import documents, files

_LIST = (
    "SELECT a.id, a.name, a.attached_by, a.attached_at, f.size, f.sha256 FROM attachment a"
    " JOIN source_file f ON f.id = a.source_file_id WHERE a.reconciliation_id = :id ORDER BY a.id"
)


def attach(uow: UnitOfWork, *, document_id: int, name: str, content: bytes, by: str, at: datetime) -> int:
    """Attach a file to a reconciliation in any state and return the attachment's id; its bytes go to the archive.

    Raises `Conflict` if it has the same bytes already.
    """
    document = documents.locked(uow, document_id)
    # Nobody has read it: should the bank deliver the same bytes as a statement, its lines are taken in then.
    (file,) = files.archive_files(uow, files=[(name, content)], by=by, at=at)
    known = "SELECT name FROM attachment WHERE reconciliation_id = :id AND source_file_id = :file"
    taken = uow.value(known, {"id": document_id, "file": file.id})
    if taken is not None:
        raise Conflict(f"The reconciliation has these bytes already, as {taken}.", cure="Nothing needs to be done.")
    subject = ("reconciliation", document_id)
    with uow.action("document.attach", subject=subject, account_id=document.cash_account_id, by=by, at=at) as act:
        row = {"reconciliation_id": document_id, "source_file_id": file.id, "name": name}
        return act.insert_row("attachment", {**row, "attached_by": by, "attached_at": at})


def attached(uow: UnitOfWork, document_id: int) -> list[Any]:
    """The attachments of a reconciliation, the oldest first: id, name, size, sha256, who and when."""
    return uow.select(_LIST, {"id": document_id})


def content(uow: UnitOfWork, attachment_id: int) -> tuple[str, bytes]:
    """Name and bytes of an attachment. Raises `Unknown`."""
    sql = "SELECT a.name, f.content FROM attachment a JOIN source_file f ON f.id = a.source_file_id WHERE a.id = :id"
    rows = uow.select(sql, {"id": attachment_id})
    if not rows:
        raise Unknown(f"There is no attachment {attachment_id}.", cure="List them: recon reconcile files ACCOUNT")
    return rows[0].name, bytes(rows[0].content)


def drop_all(uow: UnitOfWork, act: Action, document_id: int) -> None:
    """Take the attachments off an open document that is deleted; their bytes stay in the archive."""
    act.delete("attachment", [row.id for row in attached(uow, document_id)])
