"""Where bytes come from: a path, a folder, bytes, an open file or standard input; plain, gzip or zip.

Compression is recognised by content. Nothing is ever written under a name from an archive, nothing is unpacked to
disk, and every limit has a name in `Limits`. The SHA-256 is that of the bytes as they were received, so of the archive
where there is one. A member of an archive is named `<archive>!<member>`.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, cast

from matcher.parsers.contract import HEAD_BYTES, Head
from recon_core.domain.refused import InputError, LimitExceeded, Unreadable
from recon_core.domain.statement import SourceFile

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | IO[bytes]

STDIN = "-"
_BLOCK_BYTES = 1 << 16
_SPOOL_BYTES = 1 << 22
_GZIP, _ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")
_DAMAGED = (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile, NotImplementedError, ValueError, OSError)


class Limits(NamedTuple):
    """Largest amounts of input that are accepted. A statement that is larger is split by the bank, not by us."""

    file_bytes: int = 8 << 30
    unpacked_bytes: int = 8 << 30
    unpacked_ratio: int = 300
    unpacked_free_bytes: int = 64 << 20
    archive_members: int = 1000


LIMITS = Limits()


class OpenFile(NamedTuple):
    """One file ready to read: its first bytes for detection and a stream that starts with those same bytes."""

    source: SourceFile
    head: Head
    stream: BinaryIO


class FailedFile(NamedTuple):
    """A file that can't be read, as a value, so that the other files of a batch go on."""

    source: SourceFile
    error: InputError


def open_files(source: Source, *, name: str | None = None, limits: Limits = LIMITS) -> Iterator[OpenFile | FailedFile]:
    """All files of a source, one after the other; each is closed when the next one is asked for.

    `name` is printed as the source's name; without it a path is named as given, and bytes "<bytes>". A folder gives
    its regular files in the order of their names, subfolders included and hidden files left out. A source that does
    not exist or can't be opened is a `FailedFile`.
    """
    if isinstance(source, str | os.PathLike) and os.fspath(source) != STDIN:
        path = Path(source)
        if path.is_dir():
            for inner in _files_below(path):
                yield from open_files(inner, limits=limits)
            return
    with ExitStack() as closing:
        shown = shown_name(name or _name_of(source))
        try:
            received = _received(source, closing)
            digest = _sha256(received, limits)
        except InputError as error:
            yield FailedFile(SourceFile(shown, ""), error)
            return
        except OSError as error:
            cannot = Unreadable(f"the file can't be opened: {error.strerror or error}.", cure="Check path and rights.")
            yield FailedFile(SourceFile(shown, ""), cannot)
            return
        yield from _unpacked(received, SourceFile(shown, digest), limits)


def _files_below(folder: Path) -> Iterator[Path]:
    """Regular files under a folder, sorted; names that begin with a dot are left out."""
    for child in sorted(folder.iterdir()):
        if child.name.startswith("."):
            continue
        if child.is_dir():
            if not child.is_symlink():
                yield from _files_below(child)
        elif child.is_file():
            yield child


def shown_name(name: str) -> str:
    r"""A file's name as text that can be kept and printed: bytes that are no UTF-8 stand as their codes, like \xe5."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _name_of(source: Source) -> str:
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return "<bytes>"
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "<stream>"


def _received(source: Source, closing: ExitStack) -> BinaryIO:
    """The received bytes as a seekable binary stream; what can't seek is spooled to a nameless temporary file."""
    if isinstance(source, bytes | bytearray | memoryview):
        return io.BytesIO(source)
    if isinstance(source, str | os.PathLike):
        if os.fspath(source) == STDIN:
            import sys

            stream: BinaryIO = sys.stdin.buffer
        else:
            stream = closing.enter_context(Path(source).open("rb"))  # noqa: SIM115 - the stack closes it
    else:
        _refuse_text(source)
        stream = cast("BinaryIO", source)
    if stream.seekable():
        return stream
    spool = closing.enter_context(tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES))  # noqa: SIM115 - the stack closes it
    while block := stream.read(_BLOCK_BYTES):
        spool.write(block)
        if spool.tell() > LIMITS.file_bytes:
            raise LimitExceeded(f"the input is larger than {LIMITS.file_bytes} bytes.")
    spool.seek(0)
    return cast("BinaryIO", spool)


def _refuse_text(stream: object) -> None:
    if isinstance(stream, io.TextIOBase):
        raise TypeError("statement files are read as bytes: open the file with mode 'rb'")


def _sha256(stream: BinaryIO, limits: Limits) -> str:
    """Hex digest of what is left in the stream, which is then where it was before."""
    start = stream.tell()
    size = stream.seek(0, io.SEEK_END) - start
    if size > limits.file_bytes:
        raise LimitExceeded(f"the file has {size} bytes; at most {limits.file_bytes} are read.")
    stream.seek(start)
    digest, block = hashlib.sha256(), memoryview(bytearray(1 << 18))
    readinto = getattr(stream, "readinto", None)
    if readinto is None:
        while data := stream.read(1 << 18):
            digest.update(data)
    else:
        while got := readinto(block):
            digest.update(block[:got])
    stream.seek(start)
    return digest.hexdigest()


def _unpacked(received: BinaryIO, source: SourceFile, limits: Limits) -> Iterator[OpenFile | FailedFile]:
    """The file itself, its unpacked content, or one file for each member of a zip."""
    start = received.tell()
    magic = received.read(4)
    size = received.seek(0, io.SEEK_END) - start
    received.seek(start)
    allowed = min(limits.unpacked_bytes, max(limits.unpacked_free_bytes, size * limits.unpacked_ratio))
    if magic[:2] == _GZIP:
        unzipped = cast("BinaryIO", gzip.GzipFile(fileobj=received, mode="rb"))
        yield _ready(_Bounded(unzipped, _Budget(allowed)), source, packed=True)
    elif magic in _ZIP:
        yield from _members(received, source, limits, _Budget(allowed))
    else:
        yield _ready(received, source, packed=False)


def _members(
    received: BinaryIO, source: SourceFile, limits: Limits, budget: _Budget
) -> Iterator[OpenFile | FailedFile]:
    """Each file of a zip archive. The budget of unpacked bytes is that of the whole archive, as headers lie."""
    try:
        archive = zipfile.ZipFile(received)
    except _DAMAGED as error:
        yield FailedFile(source, Unreadable(f"the zip archive is damaged: {error}.", cure="Fetch the file again."))
        return
    with archive:
        members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
        if len(members) > limits.archive_members:
            many = f"the archive has {len(members)} files; at most {limits.archive_members} are read."
            yield FailedFile(source, LimitExceeded(many))
            return
        if not members:
            yield FailedFile(source, Unreadable("the archive has no files.", cure="Fetch the file again."))
        for member in members:
            inner = SourceFile(f"{source.name}!{member.filename}", source.sha256)
            refusal = _member_refusal(member)
            if refusal:
                yield FailedFile(inner, Unreadable(refusal, cure="Ask the bank for a plain file or archive."))
                continue
            try:
                with archive.open(member) as stream:
                    yield _ready(_Bounded(cast("BinaryIO", stream), budget), inner, packed=True)
            except (RuntimeError, *_DAMAGED) as error:
                yield FailedFile(inner, Unreadable(f"the zip archive is damaged: {error}.", cure="Fetch it again."))


def _member_refusal(member: zipfile.ZipInfo) -> str | None:
    """Why a member of a zip is not read, or None if it is."""
    parts = member.filename.replace("\\", "/").split("/")
    if member.flag_bits & 0x1:
        return "the archive is encrypted."
    if stat.S_ISLNK(member.external_attr >> 16):
        return "the archive holds a symbolic link."
    if not parts[0] or ".." in parts or ":" in parts[0]:
        return "the archive holds a file with an absolute path or a path that leads out of it."
    return None


def _ready(stream: BinaryIO | _Bounded, source: SourceFile, *, packed: bool) -> OpenFile | FailedFile:
    """Look at the first bytes and hand the stream on from its beginning."""
    if not packed:
        seekable = cast("BinaryIO", stream)
        start = seekable.tell()
        head = seekable.read(HEAD_BYTES)
        seekable.seek(start)
        return OpenFile(source, Head(head), seekable)
    try:
        buffered = io.BufferedReader(cast("_Bounded", stream), _BLOCK_BYTES)
        head = buffered.peek(HEAD_BYTES)[:HEAD_BYTES]
    except InputError as error:
        return FailedFile(source, error)
    return OpenFile(source, Head(head), cast("BinaryIO", buffered))


class _Budget:
    """Bytes that may still be unpacked; shared by all members of an archive."""

    def __init__(self, allowed: int) -> None:
        self.left = allowed
        self.allowed = allowed


class _Bounded(io.RawIOBase):
    """Unpacked bytes of a compressed stream: spends a budget, and turns damage into `Unreadable`."""

    def __init__(self, inner: BinaryIO, budget: _Budget) -> None:
        super().__init__()
        self._inner = inner
        self._budget = budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer as far as there are bytes; raises `LimitExceeded` or `Unreadable`."""
        filled, wanted = 0, len(buffer)
        try:
            while filled < wanted and (data := self._inner.read(wanted - filled)):
                buffer[filled : filled + len(data)] = data
                filled += len(data)
        except _DAMAGED as error:
            raise Unreadable(f"the archive is damaged: {error}.", cure="Fetch the file again.") from error
        self._budget.left -= filled
        if self._budget.left < 0:
            raise LimitExceeded(
                f"the archive unpacks to more than {self._budget.allowed} bytes.",
                cure="Unpack it and look at what it holds.",
            )
        return filled
