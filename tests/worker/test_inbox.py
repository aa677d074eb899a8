"""Inboxes: what counts as a file, when it is whole, and where it goes."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from matcher.pipeline.night.inbox import FolderInbox, Inbox, RemoteInbox, open_inbox
from recon_core.domain.refused import BadSetting, InputError


class MemoryFiles:
    """The few calls of an fsspec file system that an inbox makes."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.times: dict[str, datetime] = {}

    def put(self, path: str, content: bytes) -> None:
        self.contents[path] = content
        self.times[path] = datetime(2026, 3, 2, 5, len(self.times) % 60, tzinfo=UTC)

    def info(self, path: str) -> dict[str, Any]:
        if path not in self.contents:
            raise FileNotFoundError(path)
        return {"name": path, "size": len(self.contents[path]), "LastModified": self.times[path]}

    def find(self, root: str, *, detail: bool) -> dict[str, Any]:
        assert detail
        return {path: self.info(path) for path in self.contents if path.startswith(root + "/")}

    def cat_file(self, path: str) -> bytes:
        if path not in self.contents:
            raise FileNotFoundError(path)
        return self.contents[path]

    def exists(self, path: str) -> bool:
        return path in self.contents

    def makedirs(self, path: str, *, exist_ok: bool) -> None:
        assert exist_ok

    def mv(self, source: str, target: str) -> None:
        self.contents[target] = self.contents.pop(source)
        self.times[target] = self.times.pop(source)

    def pipe_file(self, path: str, content: bytes) -> None:
        self.put(path, content)


class Place:
    """An inbox of either kind, with a hand in it."""

    def __init__(self, inbox: Inbox, folder: Path | None, files: MemoryFiles | None) -> None:
        self.inbox, self.folder, self.files = inbox, folder, files

    def put(self, name: str, content: bytes) -> None:
        if self.files is not None:
            self.files.put(f"bucket/in/{name}", content)
            return
        assert self.folder is not None
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(content)

    def names(self) -> set[str]:
        if self.files is not None:
            return {path.removeprefix("bucket/in/") for path in self.files.contents}
        assert self.folder is not None
        return {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file()}


@pytest.fixture(params=["folder", "remote"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return Place(FolderInbox(tmp_path), tmp_path, None)
    files = MemoryFiles()
    return Place(RemoteInbox("s3://bucket/in/", filesystem=files), None, files)


def test_hidden_files_unfinished_uploads_and_what_was_dealt_with_are_no_input(place: Place) -> None:
    for name in ("a.xml", "sub/b.xml", ".hidden", ".git/c.xml", "d.xml.part", "e.tmp", "done/f.xml", "failed/g.xml"):
        place.put(name, b"x")

    assert [file.name for file in place.inbox.files()] == ["a.xml", "sub/b.xml"]


def test_a_file_is_moved_with_its_reason_and_never_over_another(place: Place) -> None:
    place.put("failed/a.xml", b"older")
    place.put("a.xml", b"newer")
    (file,) = place.inbox.files()

    place.inbox.move("a.xml", stamp=file.stamp, to="failed", reason="Not a statement.")

    assert place.names() == {"failed/a.xml", "failed/a~2.xml", "failed/a~2.xml.reason.txt"}


def test_another_file_under_the_same_name_stays_where_it_is(place: Place) -> None:
    place.put("a.xml", b"first")
    (file,) = place.inbox.files()
    place.put("a.xml", b"a second one, longer")

    place.inbox.move("a.xml", stamp=file.stamp, to="done")

    assert place.names() == {"a.xml"}


def test_a_file_that_is_gone_was_moved_before(place: Place) -> None:
    place.inbox.move("a.xml", stamp="1 ", to="done")

    assert place.inbox.read("a.xml") is None
    assert place.names() == set()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        FolderInbox(tmp_path / "nowhere").files()


def test_an_address_without_fsspec_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)

    with pytest.raises(BadSetting, match="Install fsspec"):
        open_inbox("sftp://bank/out")
