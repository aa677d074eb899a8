"""Where files come from: paths, folders, bytes, streams, gzip and zip, with limits and without traps (T11)."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import struct
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import matcher
from matcher.parsers.source import FailedFile, Limits, OpenFile, open_files
from recon_core.domain.refused import LimitExceeded, Unreadable
from tests.parsers.camt_files import document, entry, statement

XML = document(statement(entry())).encode()


def opened(source: object, **options: object) -> list[OpenFile | FailedFile]:
    """All files of a source; contents are read, as the streams close with the next file."""
    found: list[OpenFile | FailedFile] = []
    for file in open_files(source, **options):  # type: ignore[arg-type]
        if isinstance(file, OpenFile):
            try:
                file = file._replace(stream=io.BytesIO(file.stream.read()))
            except (LimitExceeded, Unreadable) as error:
                found.append(FailedFile(file.source, error))
                continue
        found.append(file)
    return found


def contents(source: object) -> list[bytes]:
    return [file.stream.read() for file in opened(source) if isinstance(file, OpenFile)]


def zipped(files: dict[str, bytes], *, change: Callable[[zipfile.ZipInfo], None] | None = None) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if change is not None:
                change(info)
            archive.writestr(info, data)
    return made.getvalue()


def errors(source: object) -> list[str]:
    return [file.error.code for file in opened(source) if isinstance(file, FailedFile)]


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview, io.BytesIO], ids=lambda make: make.__name__)
def test_bytes_and_binary_files_are_read(make: Callable[[bytes], object]) -> None:
    assert contents(make(XML)) == [XML]


def test_a_file_is_read_from_where_it_stands_and_named_as_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.xml").write_bytes(b"skipped" + XML)
    monkeypatch.chdir(tmp_path)
    with Path("a.xml").open("rb") as stream:
        stream.seek(7)
        assert contents(stream) == [XML]
    (tmp_path / "b.xml").write_bytes(XML)

    (file,) = opened("b.xml")

    assert file.source == ("b.xml", hashlib.sha256(XML).hexdigest())


def test_a_text_file_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(TypeError, match="'rb'"):
        opened(io.StringIO("x"))


def test_what_can_t_seek_is_read_all_the_same(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(XML * 3,))
    writer.start()

    assert contents(pipe) == [XML * 3]
    writer.join()


def test_standard_input_is_called_minus(monkeypatch: pytest.MonkeyPatch) -> None:
    class Standard:
        buffer = io.BytesIO(gzip.compress(XML))

    monkeypatch.setattr("sys.stdin", Standard)

    (file,) = opened("-")

    assert isinstance(file, OpenFile)
    assert (file.source.name, file.stream.read()) == ("-", XML)


def test_a_folder_gives_its_files_in_order_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.xml", "a/2.xml", "a/1.xml", ".hidden", ".git/x", "a/.x"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode())
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(tmp_path / "pipe")

    assert contents(tmp_path) == [b"a/1.xml", b"a/2.xml", b"b.xml"]


def test_a_missing_or_forbidden_file_is_one_error_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "good.xml").write_bytes(XML)

    found = list(matcher.parse_batch([tmp_path / "missing.xml", tmp_path / "good.xml"]))

    assert isinstance(found[0], FailedFile)
    assert found[0].error.code == "unreadable"
    assert isinstance(found[1], matcher.Statement)


def test_gzip_and_zip_are_known_by_their_content_and_hashed_as_received(tmp_path: Path) -> None:
    packed = zipped({"one.xml": XML, "folder/two.xml": XML, "__MACOSX/._one.xml": b"x", "folder/": b""})
    path = tmp_path / "statement.xml"
    path.write_bytes(packed)

    files = opened(path)

    assert [file.source.name for file in files] == [f"{path}!one.xml", f"{path}!folder/two.xml"]
    assert {file.source.sha256 for file in files} == {hashlib.sha256(packed).hexdigest()}
    assert contents(gzip.compress(XML) + gzip.compress(XML)) == [XML * 2]


def test_the_head_holds_the_first_bytes_of_the_unpacked_file() -> None:
    data = bytes(range(256)) * 100

    for source in (data, gzip.compress(data), zipped({"x": data})):
        (file,) = opened(source)
        assert isinstance(file, OpenFile)
        assert file.head.data == data[:8192]


def test_a_damaged_member_does_not_keep_the_others_from_being_read() -> None:
    packed = bytearray(zipped({"bad.xml": os.urandom(5000), "good.xml": XML}))
    packed[200] ^= 0xFF

    files = opened(bytes(packed))

    assert [type(file) for file in files] == [FailedFile, OpenFile]


@pytest.mark.parametrize("cut", [10, 60, 200])
def test_a_cut_off_archive_is_a_typed_error(cut: int) -> None:
    assert errors(gzip.compress(XML)[:-cut]) == ["unreadable"]
    assert errors(zipped({"a.xml": XML})[:-cut]) == ["unreadable"]


NAMES = ["../x.xml", "/etc/x.xml", "a/../../x.xml", "..\\x.xml", "C:\\x.xml", "C:/x.xml"]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_lead_out_of_an_archive_are_refused(name: str) -> None:
    assert errors(zipped({name: XML, "good.xml": XML})) == ["unreadable"]


def test_links_and_encrypted_members_are_refused() -> None:
    def link(info: zipfile.ZipInfo) -> None:
        info.external_attr = 0o120777 << 16

    encrypted = bytearray(zipped({"a.xml": XML}))
    for at in (encrypted.find(b"PK\x03\x04") + 6, encrypted.find(b"PK\x01\x02") + 8):
        encrypted[at] |= 1

    assert errors(zipped({"a.xml": b"/etc/hostname"}, change=link)) == ["unreadable"]
    assert errors(bytes(encrypted)) == ["unreadable"]


def test_archives_inside_archives_are_not_opened() -> None:
    for inner in (gzip.compress(XML), zipped({"a.xml": XML})):
        found = list(matcher.parse_batch([zipped({"inner.zip": inner}), gzip.compress(inner)]))

        assert [one.error.code for one in found if isinstance(one, FailedFile)] == ["unknown-format"] * 2


def test_an_empty_archive_is_an_error() -> None:
    assert errors(zipped({})) == ["unreadable"]


def test_limits_have_names_and_hold() -> None:
    small = Limits(file_bytes=1000, unpacked_bytes=5000, unpacked_free_bytes=100, unpacked_ratio=2, archive_members=3)

    def refused(source: bytes) -> list[str]:
        return [file.error.code for file in opened(source, limits=small) if isinstance(file, FailedFile)]

    assert refused(b"x" * 1001) == ["limit-exceeded"]
    assert refused(gzip.compress(b"x" * 4000)) == ["limit-exceeded"]
    assert refused(zipped({str(number): b"x" for number in range(4)})) == ["limit-exceeded"]
    assert refused(gzip.compress(os.urandom(90))) == []


def bomb_of_overlapping_members(members: int) -> bytes:
    """Many entries of the directory that share one compressed content."""
    inner = zipped({"a": b"\0" * (32 << 20)})
    directory = inner.find(b"PK\x01\x02")
    record = inner[directory : inner.find(b"PK\x05\x06")]
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, members, members, len(record) * members, directory, 0)
    return inner[:directory] + record * members + end


@pytest.mark.parametrize(
    "bomb",
    [
        gzip.compress(b"\0" * (100 << 20)),
        zipped({"a": b"\0" * (100 << 20)}),
        zipped({str(number): b"\0" * (30 << 20) for number in range(5)}),
        bomb_of_overlapping_members(50),
    ],
    ids=["gzip", "zip", "many members", "overlapping members"],
)
def test_bombs_end_at_the_limit(bomb: bytes) -> None:
    started = time.process_time()

    assert "limit-exceeded" in errors(bomb) or "unreadable" in errors(bomb)

    assert time.process_time() - started < 4


def test_nothing_is_written_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    contents(zipped({"a.xml": XML, "b/c.xml": XML}))

    assert list(tmp_path.iterdir()) == []


def test_a_bomb_in_the_inbox_is_refused_at_once() -> None:
    started = time.process_time()

    (found,) = matcher.parse_batch([gzip.compress(b"\0" * (100 << 20))])

    assert isinstance(found, FailedFile)
    assert time.process_time() - started < 1
