"""Where statement files arrive: a folder, or any address that fsspec knows (sftp://, s3://, abfs:// ...).

A file that was dealt with is moved to `done/` inside the inbox, or to `failed/` with its reason in a text file beside
it. Hidden files, names of unfinished uploads and those two folders are no input.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, Protocol

from matcher.parsers.source import shown_name
from recon_core.domain.refused import BadSetting, InputError

DONE, FAILED = "done", "failed"
REASON_SUFFIX = ".reason.txt"
# Banks' and browsers' names for a file that is still on its way.
UNFINISHED_SUFFIXES = (".part", ".partial", ".tmp", ".filepart", ".crdownload", ".uploading")


# A byte of a name that is no UTF-8, as `shown_name` has it.
_CODE = re.compile(rb"\\x([0-9a-f]{2})")


class InboxFile(NamedTuple):
    """A file in an inbox: its path inside it, and when it last changed, if the place tells."""

    name: str
    size: int
    changed_at: datetime | None

    @property
    def stamp(self) -> str:
        """What changes when somebody puts another file under the same name."""
        return f"{self.size} {self.changed_at.isoformat() if self.changed_at else ''}"


class Inbox(Protocol):
    """`address` names the inbox for everybody who reaches it."""

    address: str

    def files(self) -> list[InboxFile]:
        """What is there, by name. Raises `InputError` if the inbox can't be reached."""
        ...

    def read(self, name: str) -> bytes | None:
        """The bytes of a file, or None if it is gone. Raises `InputError` if it can't be fetched."""
        ...

    def move(self, name: str, *, stamp: str, to: str, reason: str = "") -> None:
        """Move a file to `done` or `failed`. One that is gone was moved before; one with another stamp is a new file
        under the old name and stays. Raises `InputError` if it can't be moved.
        """
        ...


def open_inbox(address: str) -> Inbox:
    """The inbox at a path or at an fsspec address. Raises `BadSetting` where fsspec or its driver is missing."""
    return RemoteInbox(address) if "://" in address else FolderInbox(Path(address))


def _is_input(name: str) -> bool:
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith(".") for part in parts)
    return not hidden and parts[0] not in {DONE, FAILED} and not name.lower().endswith(UNFINISHED_SUFFIXES)


def _free_name(name: str, taken: Callable[[str], bool]) -> str:
    """The name, or with a number before its suffix where another file has that name already."""
    path, number = PurePosixPath(name), 1
    while taken(str(path)):
        number += 1
        path = PurePosixPath(name).with_name(f"{PurePosixPath(name).stem}~{number}{PurePosixPath(name).suffix}")
    return str(path)


class FolderInbox:
    """A folder with its subfolders."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self.address = shown_name(str(self._folder))

    def files(self) -> list[InboxFile]:
        if not self._folder.is_dir():
            raise InputError("There is no such folder.", where=str(self._folder), cure="Check the path.")
        return sorted(file for name in self._names() if (file := self._look(name)) is not None)

    def _names(self) -> Iterator[str]:
        for path in self._folder.rglob("*"):
            name = shown_name(path.relative_to(self._folder).as_posix())
            if _is_input(name):
                yield name

    def _path(self, name: str) -> Path:
        """Where a file is; the folder may have its name in bytes that are no UTF-8."""
        plain = self._folder / name
        if "\\x" not in name or plain.exists():
            return plain
        raw = _CODE.sub(lambda found: bytes.fromhex(found[1].decode()), name.encode())
        return self._folder / os.fsdecode(raw)

    def _look(self, name: str) -> InboxFile | None:
        try:
            known = self._path(name).stat()
        except FileNotFoundError:  # moved away while we looked
            return None
        if not stat.S_ISREG(known.st_mode):
            return None
        return InboxFile(name, known.st_size, datetime.fromtimestamp(known.st_mtime, UTC))

    def read(self, name: str) -> bytes | None:
        with _named(f"{self._folder}/{name}", "read"):
            try:
                return self._path(name).read_bytes()
            except FileNotFoundError:
                return None

    def move(self, name: str, *, stamp: str, to: str, reason: str = "") -> None:
        there = self._look(name)
        if there is None or there.stamp != stamp:
            return
        with _named(f"{self._folder}/{name}", "moved"):
            place = _free_name(f"{to}/{name}", lambda wanted: (self._folder / wanted).exists())
            target = self._folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            self._path(name).rename(target)
            if reason:
                target.with_name(target.name + REASON_SUFFIX).write_text(reason + "\n", encoding="utf-8")


class RemoteInbox:
    """A folder behind an fsspec address. Credentials come from fsspec's own configuration and environment."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._files, root = _file_system(self.address)
        self._root = str(root).rstrip("/")

    def files(self) -> list[InboxFile]:
        with _named(self.address, "reached"):
            # What a driver listed earlier is of an earlier night.
            self._files.invalidate_cache()
            found = self._files.find(self._root, detail=True)
        names = {str(path).removeprefix(self._root).lstrip("/"): facts for path, facts in found.items()}
        return sorted(_remote_file(name, facts) for name, facts in names.items() if name and _is_input(name))

    def read(self, name: str) -> bytes | None:
        with _named(f"{self.address}/{name}", "read"):
            try:
                return bytes(self._files.cat_file(f"{self._root}/{name}"))
            except FileNotFoundError:
                return None

    def move(self, name: str, *, stamp: str, to: str, reason: str = "") -> None:
        source = f"{self._root}/{name}"
        with _named(f"{self.address}/{name}", "moved"):
            try:
                there = _remote_file(name, self._files.info(source))
            except FileNotFoundError:
                return
            if there.stamp != stamp:
                return
            place = _free_name(f"{to}/{name}", lambda wanted: bool(self._files.exists(f"{self._root}/{wanted}")))
            target = f"{self._root}/{place}"
            self._files.makedirs(str(PurePosixPath(target).parent), exist_ok=True)
            self._files.mv(source, target)
            if reason:
                self._files.pipe_file(target + REASON_SUFFIX, (reason + "\n").encode())


def _remote_file(name: str, facts: dict[str, Any]) -> InboxFile:
    return InboxFile(name, int(facts.get("size") or 0), _changed(facts))


@contextmanager
def _named(where: str, done: str) -> Iterator[None]:
    """What a file system or a driver raises, as an error with the place and a cure."""
    try:
        yield
    except Exception as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise InputError(
            f"It can't be {done}: {why}.", where=where, cure="Check address, rights and network."
        ) from error


def _file_system(address: str) -> tuple[Any, str]:
    """The fsspec file system of an address, and the path in it. Raises `BadSetting`, `InputError`."""
    try:
        core = import_module("fsspec.core")
        with _named(address, "reached"):
            return tuple(core.url_to_fs(address))
    except (ImportError, InputError) as error:
        cause = error.__cause__ if isinstance(error, InputError) else error
        if isinstance(cause, ValueError):
            kinds = "Write for example sftp://host/folder or s3://bucket/folder, or use a folder."
            raise BadSetting("fsspec knows no such kind of address.", where=address, cure=kinds) from error
        if not isinstance(cause, ImportError):
            raise
        raise BadSetting(
            "An inbox at an address needs the package fsspec, and its driver for that kind of address.",
            where=address,
            cure="Install recon[remote] and for example paramiko (sftp) or s3fs (s3), or use a folder.",
        ) from error


def _changed(facts: dict[str, Any]) -> datetime | None:
    """When a remote file changed: services call it by different names and give times or seconds."""
    for key in ("mtime", "LastModified", "last_modified", "updated", "created"):
        value = facts.get(key)
        if isinstance(value, datetime):
            return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
    return None
