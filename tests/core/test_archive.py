"""What was received comes back byte for byte, also from a backup, and every close can be proved there (T31)."""

from __future__ import annotations

import sqlite3
from hashlib import sha256
from pathlib import Path

import pytest

from recon_core.services import history, reconcile, statements, verify
from recon_core.store.engine import open_database
from tests.core.test_log import a_month
from tests.core.world import World


def test_a_backup_taken_while_somebody_writes_proves_every_close(tmp_path: Path, sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    world = World(database)
    a_month(world)
    contents = {name: name.encode() * 1000 for name in ("a.xml", "b.xml", "c.xml")}
    for name, content in contents.items():
        world.do(statements.archive_file, name=name, content=content)
    source = str(database.engine.url.database)
    with database.begin() as uow:
        reconcile.open_document(uow, account_id=1, reconciliation_date=world.clock.date(), by="anna", at=world.tick())
        with sqlite3.connect(source) as live, sqlite3.connect(tmp_path / "backup.db") as copy:
            live.backup(copy)
        live.close()
        copy.close()

    restored = open_database(f"sqlite:///{tmp_path / 'backup.db'}")

    other = World(restored)
    assert other.read(history.verify_log).holds
    documents = other.rows("SELECT id FROM reconciliation WHERE state IN ('closed', 'voided')")
    assert len(documents) == 2
    for document in documents:
        assert all(check.ok for check in other.read(verify.verify_document, document_id=document.id))
    files = other.rows("SELECT name, sha256, content FROM source_file")
    assert all(sha256(row.content).hexdigest() == row.sha256 for row in files)
    assert {row.name: bytes(row.content) for row in files if row.name in contents} == contents
    assert other.rows("SELECT id FROM reconciliation WHERE state = 'hold'") == []
    restored.close()
    database.close()


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_any_number_of_bytes_is_kept(world: World, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + bytes(size % 256)

    file = world.do(statements.archive_file, name="x", content=content)

    (row,) = world.rows("SELECT size, content FROM source_file WHERE id = :id", id=file.id)
    assert (row.size, bytes(row.content)) == (size, content)
