"""What is attached to a reconciliation is kept byte for byte, with a closed one for good (reconciliation 3, R20)."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from recon_core.domain.refusals import Conflict, Unknown
from recon_core.services import attachments, history, reconcile, release, verify
from tests.core.test_log import a_month, unguarded
from tests.core.world import World

PDF = b"%PDF-1.7\n" + bytes(range(256))


def closed(world: World) -> int:
    a_month(world)
    return int(world.rows("SELECT id FROM reconciliation WHERE state = 'closed'")[0].id)


def attach(world: World, document_id: int) -> int:
    return int(world.do(attachments.attach, document_id=document_id, name="bank.pdf", content=PDF))


def test_a_file_comes_back_as_it_was_attached(world: World) -> None:
    document_id = closed(world)

    made = attach(world, document_id)

    assert world.read(attachments.content, made) == ("bank.pdf", PDF)
    assert [row.name for row in world.read(attachments.attached, document_id)] == ["bank.pdf"]
    checks = world.read(verify.verify_document, document_id=document_id)
    assert [check.detail for check in checks if check.name == "attached"] == ["bank.pdf, 265 bytes."]
    assert all(check.ok for check in checks)
    assert world.read(history.verify_log).holds
    with pytest.raises(Conflict, match=r"as bank\.pdf"):
        attach(world, document_id)
    with pytest.raises(Unknown):
        world.read(attachments.content, 99)


@pytest.mark.parametrize("statement", ["UPDATE attachment SET name = 'x'", "DELETE FROM attachment"])
def test_what_is_attached_to_a_closed_document_stays(world: World, statement: str) -> None:
    document_id = closed(world)
    attach(world, document_id)

    with pytest.raises(Conflict, match="attach"), world.database.begin() as uow:
        uow.connection.execute(text(statement))
    world.do(release.void_document, document_id=document_id)
    assert len(world.read(attachments.attached, document_id)) == 1


def test_changed_bytes_are_named(world: World) -> None:
    document_id = closed(world)
    attach(world, document_id)

    unguarded(world, "UPDATE source_file SET content = :content WHERE name = 'bank.pdf'", content=b"forged")

    wrong = [check for check in world.read(verify.verify_document, document_id=document_id) if not check.ok]
    assert [check.name for check in wrong] == ["attached"]


def test_an_open_document_is_deleted_with_its_attachments(world: World) -> None:
    document_id = world.document(world.account(), "2017-01-31", "0")
    attach(world, document_id)

    world.do(reconcile.delete_document, document_id=document_id)

    assert world.rows("SELECT id FROM attachment") == []
    assert bytes(world.rows("SELECT content FROM source_file")[0][0]) == PDF
    assert world.read(history.verify_log).holds
