"""The files that belong to a reconciliation, such as the bank's PDF: added on its page, and given back as they came."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from matcher.web.desk import AtDesk, RowId
from recon_core.domain.refusals import BadRequest
from recon_core.services import attachments

ROUTER = APIRouter(include_in_schema=False)


@ROUTER.post("/reconciliations/{document_id}/attach")
def attach(desk: AtDesk, document_id: RowId) -> Response:
    """Attach a file to a reconciliation in any state."""
    name, content = desk.file("file")
    if not name:
        raise BadRequest("No file is chosen.", cure="Choose it first.")
    with desk.change() as uow:
        attachments.attach(uow, document_id=document_id, name=name, content=content, **desk.who._asdict())
    desk.say(desk.words("{name} is attached.", name=name))
    return desk.back(f"/reconciliations/{document_id}")


@ROUTER.get("/attachments/{attachment_id}")
def give(desk: AtDesk, attachment_id: RowId) -> Response:
    """A file as it came. It is saved, never shown: whoever made it must not speak with this page's voice."""
    with desk.read() as uow:
        name, content = attachments.content(uow, attachment_id)
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Response(content, media_type="application/octet-stream", headers={"Content-Disposition": disposition})
