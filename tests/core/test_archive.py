"""What was received comes back byte for byte, also from a backup, and every close can be proved there (T31)."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from recon_core.services import documents, history, reconcile, statements, verify
from recon_core.store.engine import Database, open_database
from tests import servers
from tests.core.test_log import a_month
from tests.core.world import World

Backup = Callable[[], str]


def _sqlite_backup(database: Database, folder: Path) -> str:
    with sqlite3.connect(str(database.engine.url.database)) as live, sqlite3.connect(folder / "backup.db") as copy:
        live.backup(copy)
    live.close()
    copy.close()
    return f"sqlite:///{folder / 'backup.db'}"


def _postgres_backup(database: Database, folder: Path, server: servers.Postgres) -> str:
    """A dump, restored into a database of another name."""
    name, restored = str(database.engine.url.database), f"{database.engine.url.database}_restored"
    connect = ["-h", "127.0.0.1", "-p", str(server.port), "-U", "recon"]
    tools, dump = servers.postgres_folder(), folder / "backup.dump"
    subprocess.run([tools / "pg_dump", *connect, "-Fc", "-f", dump, name], check=True, capture_output=True)
    url = server.create(restored)
    restore = [tools / "pg_restore", *connect, "--exit-on-error", "-d", restored, dump]
    subprocess.run(restore, check=True, capture_output=True)
    return url


@pytest.fixture
def backup(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[tuple[Database, Backup]]:
    """An open database, and what makes a restored copy of it and returns the copy's address."""
    database = open_database(database_url)
    if database.engine.dialect.name == "sqlite":
        yield database, lambda: _sqlite_backup(database, tmp_path)
    else:
        server: servers.Postgres = request.getfixturevalue("postgres_server")
        yield database, lambda: _postgres_backup(database, tmp_path, server)
        server.drop(f"{database.engine.url.database}_restored")
    database.close()


def test_a_backup_taken_while_somebody_writes_proves_every_close(backup: tuple[Database, Backup]) -> None:
    database, make = backup
    world = World(database)
    a_month(world)
    contents = {name: name.encode() * 1000 for name in ("a.xml", "b.xml", "c.xml")}
    for name, content in contents.items():
        world.do(statements.archive_file, name=name, content=content)
    closed = "SELECT id FROM reconciliation WHERE state IN ('closed', 'voided') ORDER BY id"
    before = [world.read(documents.get, row.id) for row in world.rows(closed)]
    with database.begin() as uow:
        reconcile.open_document(uow, account_id=1, reconciliation_date=world.clock.date(), by="anna", at=world.tick())
        url = make()

    restored = open_database(url)

    other = World(restored)
    assert other.read(history.verify_log).holds
    assert [other.read(documents.get, row.id) for row in other.rows(closed)] == before
    assert [one.state for one in before] == ["voided", "closed"]
    for document in before:
        assert all(check.ok for check in other.read(verify.verify_document, document_id=document.id))
    files = other.rows("SELECT name, sha256, content FROM source_file")
    assert all(sha256(row.content).hexdigest() == row.sha256 for row in files)
    assert {row.name: bytes(row.content) for row in files if row.name in contents} == contents
    assert other.rows("SELECT id FROM reconciliation WHERE state = 'hold'") == []
    restored.close()


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_any_number_of_bytes_is_kept(world: World, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + bytes(size % 256)

    file = world.do(statements.archive_file, name="x", content=content)

    (row,) = world.rows("SELECT size, content FROM source_file WHERE id = :id", id=file.id)
    assert (row.size, bytes(row.content)) == (size, content)
