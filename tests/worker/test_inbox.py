"""Inboxes: what counts as a file, when it is whole, and where it goes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from fsspec.core import url_to_fs
from fsspec.implementations.memory import MemoryFileSystem

from matcher.pipeline.night.inbox import FolderInbox, open_inbox
from recon_core.domain.refused import BadSetting, InputError


class Place:
    """An inbox at an address, with a hand in it by fsspec."""

    def __init__(self, address: str) -> None:
        self.inbox = open_inbox(address)
        self.files, root = url_to_fs(address)
        self.root = str(root).rstrip("/")
        self.files.makedirs(self.root, exist_ok=True)

    def put(self, name: str, content: bytes) -> None:
        self.files.makedirs(f"{self.root}/{name}".rpartition("/")[0], exist_ok=True)
        self.files.pipe_file(f"{self.root}/{name}", content)

    def names(self) -> set[str]:
        return {path.removeprefix(f"{self.root}/") for path in self.files.find(self.root)}

    def content(self, name: str) -> bytes:
        return bytes(self.files.cat_file(f"{self.root}/{name}"))


@pytest.fixture(params=["", "file://", "memory://"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A folder by its path, the same folder by an address, and fsspec's file system in memory."""
    return Place(f"{request.param}{tmp_path / 'in'}")


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


def test_a_name_that_is_no_utf_8_is_kept_as_its_codes_and_the_file_is_found(tmp_path: Path) -> None:
    box = tmp_path / "in"
    box.mkdir()
    (box / os.fsdecode(b"utdrag_\xe5.xml")).write_bytes(b"odd")
    (box / r"utdrag_\xe4.xml").write_bytes(b"plain")
    inbox = FolderInbox(box)

    assert [file.name for file in inbox.files()] == [r"utdrag_\xe4.xml", r"utdrag_\xe5.xml"]
    assert [inbox.read(file.name) for file in inbox.files()] == [b"plain", b"odd"]
    for file in inbox.files():
        inbox.move(file.name, stamp=file.stamp, to="done")
    assert sorted(path.name for path in (box / "done").iterdir()) == [r"utdrag_\xe4.xml", r"utdrag_\xe5.xml"]


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
    monkeypatch.setitem(sys.modules, "fsspec.core", None)

    with pytest.raises(BadSetting, match=r"Install recon\[remote\]"):
        open_inbox("memory://in")


def test_an_address_without_its_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "paramiko", None)

    with pytest.raises(BadSetting, match="paramiko"):
        open_inbox("sftp://bank/out")


def test_an_address_of_an_unknown_kind_is_named() -> None:
    with pytest.raises(BadSetting, match="carrier-pigeon://bank"):
        open_inbox("carrier-pigeon://bank")


def test_what_a_driver_raises_names_the_inbox_and_not_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = open_inbox("memory://unreachable")

    class Away(Exception):
        """Drivers have errors of their own, which may say anything."""

    def find(*_: object, **__: object) -> None:
        raise Away("Anna Andersson paid 100")

    monkeypatch.setattr(MemoryFileSystem, "find", find)
    with pytest.raises(InputError, match="memory://unreachable: It can't be reached: Away") as error:
        inbox.files()
    assert "Anna" not in str(error.value)


def test_another_file_under_the_same_name_is_seen_by_its_time_in_the_memory_of_a_service() -> None:
    place = Place("memory:///times")
    place.put("a.xml", b"same length")
    (file,) = place.inbox.files()
    place.put("a.xml", b"same length")

    assert place.inbox.files()[0].stamp != file.stamp
