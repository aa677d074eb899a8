"""Receiving: each file of the inbox is claimed once, its bytes are kept, and a job to read it is made, all in one
transaction. Files of earlier runs that only had to be moved are moved first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from matcher.jobs import FileState, JobKind, NewJob, NightFile, NightRun
from matcher.parsers.source import shown_name
from matcher.pipeline import ingest
from matcher.pipeline.night import publishing
from matcher.pipeline.night.contract import Night, Sizes
from matcher.pipeline.night.inbox import DONE, FAILED, Inbox, InboxFile
from recon_core.domain.refusals import Conflict
from recon_core.domain.refused import InputError
from recon_core.ports import UnitOfWork

# A row of an archive can't be larger on either database.
FILE_BYTES_MAX = 900_000_000
_FAILED = {FileState.SET_ASIDE, FileState.QUARANTINED}


def receive_inbox(night: Night, run: NightRun, inbox: Inbox, *, settle: timedelta) -> list[str]:
    """Claim everything in the inbox. Returns the names of files that are still being written; they are left alone.

    A file counts as written when it has not changed for `settle`.
    """
    since = night.context.now() - settle
    listed = inbox.files()
    quiet = [file for file in listed if file.changed_at is None or file.changed_at <= since]
    _receive(night, run, inbox, quiet)
    moving = [file for file in listed if file not in quiet]
    if not moving:
        return []
    night.sleep(settle.total_seconds())
    again = set(inbox.files())
    _receive(night, run, inbox, [file for file in moving if file in again])
    return [file.name for file in moving if file not in again]


class _Content(NamedTuple):
    """A file with its bytes, or with why it could not be fetched."""

    file: InboxFile
    content: bytes
    failed: str = ""


def _receive(night: Night, run: NightRun, inbox: Inbox, wanted: Sequence[InboxFile]) -> None:
    with night.context.database.read() as uow:
        claimed = {(file.name, file.stamp) for file in night.store.claimed_files(uow, inbox=run.inbox)}
    todo = [file for file in wanted if (file.name, file.stamp) not in claimed]
    for done, batch in _batches(inbox, todo, night.sizes):
        drive(night, run)
        try:
            _receive_batch(night, run, batch)
        except Conflict:  # somebody claimed one of them just now
            for one in batch:
                _receive_alone(night, run, one)
        publishing.publish(night)
        night.context.watch("receiving files", done, len(todo))


def _receive_alone(night: Night, run: NightRun, one: _Content) -> None:
    try:
        _receive_batch(night, run, [one])
    except Conflict:
        night.note("file claimed by another run", file=one.file.name, run=run.id)


def _batches(inbox: Inbox, files: Sequence[InboxFile], sizes: Sizes) -> Iterator[tuple[int, list[_Content]]]:
    batch: list[_Content] = []
    size = 0
    for number, file in enumerate(files, start=1):
        one = _fetched(inbox, file)
        if one is None:
            continue
        batch.append(one)
        size += len(one.content)
        if size >= sizes.receive_bytes or len(batch) >= sizes.receive_files:
            yield number, batch
            batch, size = [], 0
    if batch:
        yield len(files), batch


def _fetched(inbox: Inbox, file: InboxFile) -> _Content | None:
    """A file that could not be fetched is for the next night: the others go on. None for one that is gone."""
    if file.size > FILE_BYTES_MAX:
        return _Content(file, b"")
    try:
        content = inbox.read(file.name)
    except InputError as error:
        return _Content(file, b"", str(error))
    return None if content is None else _Content(file, content)


def _receive_batch(night: Night, run: NightRun, contents: Sequence[_Content]) -> None:
    context, at = night.context, night.context.now()
    fit = [one for one in contents if one.file.size <= FILE_BYTES_MAX and not one.failed]
    rows = [_too_large(run, one.file) for one in contents if one.file.size > FILE_BYTES_MAX]
    rows += [_left(run, one) for one in contents if one.failed]
    with context.database.begin() as uow:
        received = ingest.receive(uow, [(one.file.name, one.content) for one in fit], by=context.user, at=at)
        waiting = _waiting(night, uow, run, [one.file_id for one in received if not one.read])
        weights = {}
        for one, (file, content) in zip(received, [one[:2] for one in fit], strict=True):
            state = FileState.KNOWN if one.read else FileState.WAITING
            rows.append(NightFile(0, run.id, file.name, file.stamp, one.file_id, book=False, state=state))
            if not one.read and one.file_id not in waiting:
                weights[one.file_id] = len(content)
        night.store.add_files(uow, run=run, files=rows)
        night.store.add_jobs(uow, run_id=run.id, jobs=_ingest_jobs(weights, night.sizes), at=at)
        uow.commit()


def _left(run: NightRun, one: _Content) -> NightFile:
    state = FileState.CANCELLED
    return NightFile(
        0, run.id, one.file.name, one.file.stamp, 0, book=False, state=state, reason=one.failed, moved=True
    )


def _too_large(run: NightRun, file: InboxFile) -> NightFile:
    reason = f"The file has {file.size} bytes; more than {FILE_BYTES_MAX} can't be kept. Ask the bank to split it."
    return NightFile(0, run.id, file.name, file.stamp, 0, book=False, state=FileState.SET_ASIDE, reason=reason)


def _waiting(night: Night, uow: UnitOfWork, run: NightRun, ids: Sequence[int]) -> set[int]:
    files = night.store.files(uow, run_id=run.id, source_file_ids=ids)
    return {file.source_file_id for file in files if file.state == FileState.WAITING}


def _ingest_jobs(weights: dict[int, int], sizes: Sizes) -> list[NewJob]:
    packed = pack(weights.items(), weight_max=sizes.job_bytes, count_max=sizes.job_files)
    return [NewJob(JobKind.INGEST, ids, weight) for ids, weight in packed]


def pack(
    weights: Iterable[tuple[int, int]], *, weight_max: int, count_max: int
) -> Iterator[tuple[tuple[int, ...], int]]:
    """Ids in their order, put together up to a weight and a count; one that is heavier stays alone."""
    ids: list[int] = []
    total = 0
    for one, weight in weights:
        if weight >= weight_max:
            yield (one,), weight
            continue
        if ids and (total + weight > weight_max or len(ids) >= count_max):
            yield tuple(ids), total
            ids, total = [], 0
        ids.append(one)
        total += weight
    if ids:
        yield tuple(ids), total


def receive_books(night: Night, run: NightRun, books: Sequence[Path]) -> None:
    """Keep book files and make a job for each that was not brought in before. They stay where they are."""
    context, at = night.context, night.context.now()
    for path in books:
        name, content = shown_name(path.name), path.read_bytes()
        with context.database.begin() as uow:
            one = ingest.receive(uow, [(name, content)], by=context.user, at=at)[0]
            known = {file.source_file_id for file in night.store.files(uow, run_id=run.id) if file.book}
            if one.file_id not in known:
                stands = ingest.book_stands(uow, name=name, content=content)
                state = FileState.KNOWN if stands else FileState.WAITING
                row = NightFile(0, run.id, name, "", one.file_id, book=True, state=state, moved=True)
                night.store.add_files(uow, run=run, files=[row])
                if not stands:
                    job = NewJob(JobKind.BOOK, (one.file_id,), len(content))
                    night.store.add_jobs(uow, run_id=run.id, jobs=[job], at=at)
            uow.commit()
        publishing.publish(night)


def drive(night: Night, run: NightRun) -> None:
    """A sign of life of the process that receives files of the run."""
    at = night.context.now()
    with night.context.database.begin() as uow:
        night.store.drive(uow, run_id=run.id, driver=night.lease.worker, until=at + night.lease.span)
        uow.commit()


def tidy(night: Night, inbox: Inbox) -> None:
    """Move what was dealt with, by this run or an earlier one, out of the inbox."""
    with night.context.database.read() as uow:
        files = night.store.claimed_files(uow, inbox=inbox.address)
    finished = [file for file in files if file.state not in {FileState.WAITING, FileState.DEFERRED}]
    for start in range(0, len(finished), night.sizes.receive_files):
        batch = finished[start : start + night.sizes.receive_files]
        moved = [file.id for file in batch if _move(night, inbox, file)]
        with night.context.database.begin() as uow:
            night.store.mark_moved(uow, file_ids=moved)
            uow.commit()


def _move(night: Night, inbox: Inbox, file: NightFile) -> bool:
    failed = file.state in _FAILED
    try:
        inbox.move(file.name, stamp=file.stamp, to=FAILED if failed else DONE, reason=file.reason if failed else "")
    except InputError as error:
        night.note("file not moved", file=file.name, run=file.run_id, error=error.code)
        return False
    return True
