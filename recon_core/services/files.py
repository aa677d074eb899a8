"""Use cases around received files: kept byte for byte, once, each with what became of it. In bulk, because they come so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from recon_core.domain.refusals import BadRequest, Unknown
from recon_core.domain.states import FileOutcome
from recon_core.ports import UnitOfWork


class ArchivedFile(NamedTuple):
    """An archived file. `known` means that the same bytes were received before; then `id` is that file's."""

    id: int
    known: bool
    outcome: str


class Verdict(NamedTuple):
    """What became of a file: "read", or "set_aside" with the reason."""

    file_id: int
    outcome: str
    reason: str = ""


def archive_files(uow: UnitOfWork, *, files: Sequence[tuple[str, bytes]], by: str, at: datetime) -> list[ArchivedFile]:
    """Keep files (name, bytes), each content once; a further delivery of the same bytes is recorded."""
    digests = [sha256(content).hexdigest() for _, content in files]
    uow.lock_names(digests)
    sql = "SELECT id, sha256, outcome FROM source_file WHERE sha256 IN :sha256"
    known = {row.sha256: ArchivedFile(row.id, True, row.outcome) for row in uow.select(sql, {"sha256": digests})}
    fresh: dict[str, int] = {}
    again: list[int] = []
    for place, digest in enumerate(digests):
        if digest in known or digest in fresh:
            again.append(place)
        else:
            fresh[digest] = place
    made = dict(zip(fresh, _insert(uow, [(digest, *files[n]) for digest, n in fresh.items()], by, at), strict=True))
    later = {digest: ArchivedFile(file_id, True, FileOutcome.RECEIVED.value) for digest, file_id in made.items()}
    found = [(known | later)[digest] for digest in digests]
    for place in fresh.values():
        found[place] = found[place]._replace(known=False)
    _deliver(uow, [(found[place].id, files[place][0]) for place in again], by, at)
    return found


def _insert(uow: UnitOfWork, files: Sequence[tuple[str, str, bytes]], by: str, at: datetime) -> Sequence[int]:
    if not files:
        return ()
    columns = {
        "sha256": [digest for digest, _, _ in files],
        "name": [name for _, name, _ in files],
        "size": [len(content) for _, _, content in files],
        "content": [content for _, _, content in files],
        "received_at": at,
        "received_by": by,
        "outcome": FileOutcome.RECEIVED.value,
    }
    with uow.action(
        "file.archive", subject=("source_file", 0), by=by, at=at, reason=_naming(files[0][1], files)
    ) as act:
        return act.insert("source_file", columns, count=len(files))


def _deliver(uow: UnitOfWork, again: Sequence[tuple[int, str]], by: str, at: datetime) -> None:
    if not again:
        return
    subject = ("source_file", again[0][0] if len(again) == 1 else 0)
    columns = {
        "source_file_id": [file_id for file_id, _ in again],
        "name": [name for _, name in again],
        "delivered_at": at,
        "delivered_by": by,
    }
    with uow.action("file.again", subject=subject, by=by, at=at, reason=_naming(again[0][1], again)) as act:
        act.insert("file_delivery", columns, count=len(again))


def _naming(first: str, files: Sequence[object]) -> str:
    return first if len(files) == 1 else f"{first} and {len(files) - 1} more"


def finish_files(uow: UnitOfWork, *, verdicts: Sequence[Verdict], by: str, at: datetime) -> None:
    """Say what became of files; one that is as it was said before is left alone. Raises `BadRequest`, `Unknown`."""
    ids = [verdict.file_id for verdict in verdicts]
    sql = "SELECT id, outcome, reason FROM source_file WHERE id IN :ids"
    before: Mapping[int, tuple[str, str]] = {row[0]: (row[1], row[2]) for row in uow.select(sql, {"ids": ids})}
    by_reason: dict[tuple[str, str], list[int]] = {}
    for file_id, outcome, reason in verdicts:
        if file_id not in before:
            raise Unknown(f"There is no source file with id {file_id}.")
        if outcome == FileOutcome.SET_ASIDE and not reason:
            raise BadRequest("A file is set aside for a reason.", cure="Say why.")
        if before[file_id] != (outcome, reason):
            by_reason.setdefault((FileOutcome(outcome).value, reason), []).append(file_id)
    for (outcome, reason), mine in by_reason.items():
        old = {
            "outcome": [before[file_id][0] for file_id in mine],
            "reason": [before[file_id][1] for file_id in mine],
        }
        subject = ("source_file", mine[0] if len(mine) == 1 else 0)
        with uow.action("file.finish", subject=subject, by=by, at=at, reason=reason) as act:
            act.update("source_file", mine, {"outcome": outcome, "reason": reason}, before=old)
