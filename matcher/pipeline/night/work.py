"""One job done: claimed, its use cases called, its outcome recorded with the effect in one transaction.

| what happens | what becomes of the job |
|---|---|
| it ends | done |
| the books refuse it | failed, with the reason |
| the database or a lock is away | waits, longer each time |
| a fault of ours, or the worker dies | tried again; with several subjects each goes on alone; after three times set aside |
| the lease ran out meanwhile | nothing of this attempt is kept |
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

from matcher.engine.run import without_collection
from matcher.jobs import Job, JobKind, JobLost, JobState, NewJob
from matcher.pipeline.night import handlers
from matcher.pipeline.night.contract import Night
from recon_core.domain.refusals import Busy, Conflict
from recon_core.domain.refused import ReconError

# What a job that met a fault waits before the next attempt.
_FAULT_SECONDS = 2
_SIGNS_A_LEASE = 4


def claim_job(night: Night, job_id: int) -> Job | None:
    """Take a job if it is there to be taken; otherwise there is nothing to do: somebody has it or had it."""
    try:
        with night.context.database.begin() as uow:
            job = night.store.claim(uow, job_id=job_id, lease=night.lease, at=night.context.now())
            uow.commit()
    except (Busy, Conflict):  # somebody claims one of its accounts this moment; it is told of again
        return None
    return job


def do_job(night: Night, job: Job) -> None:
    """Do a claimed job and record what became of it. Deliberate errors and faults end here, none gets out."""
    facts = {"job": job.id, "run": job.run_id, "kind": job.kind, "attempt": job.attempt, "subjects": len(job.subjects)}
    night.note("job begun", **facts)
    try:
        with _signs_of_life(night, job), without_collection():
            with night.context.database.read() as uow:
                run = night.store.run(uow, run_id=job.run_id)
            handlers.HANDLERS[JobKind(job.kind)](night, run, job)
            _finish(night, job, JobState.DONE)
    except JobLost:
        night.note("job lost", **facts)
    except (Busy, Conflict) as error:
        night.note("job given back", **facts, error=error.code)
        _give_back(night, job, reason=error.message)
    except ReconError as error:
        night.note("job refused", **facts, error=error.code)
        _end_badly(night, job, JobState.FAILED, reason=str(error))
    except (KeyboardInterrupt, SystemExit) as stop:
        night.note("job interrupted", **facts)
        # SQLite keeps the lock of a closed connection while a cursor lives, and the frames of the traceback hold one.
        traceback.clear_frames(stop.__traceback__)
        _give_back(night, job, reason="It was interrupted.", retries=0)
        raise
    except Exception as fault:  # noqa: BLE001  the edge of the process: whatever it is, the job's row must say so
        night.note("job met a fault", **facts, error=describe(fault))
        attempt_failed(night, job, reason=f"A fault of the program: {describe(fault)}.", wait_seconds=_FAULT_SECONDS)
    else:
        night.note("job done", **facts)


def describe(fault: BaseException) -> str:
    """The kind of an exception and where it came from. Never its message: that may quote a statement."""
    frames = traceback.extract_tb(fault.__traceback__)
    place = f" at {'/'.join(Path(frames[-1].filename).parts[-2:])}:{frames[-1].lineno}" if frames else ""
    return f"{type(fault).__name__}{place}"


def _finish(night: Night, job: Job, state: JobState) -> None:
    with night.context.database.begin() as uow:
        night.store.finish(uow, job, state=state, at=night.context.now())
        uow.commit()


def _end_badly(night: Night, job: Job, state: JobState, *, reason: str, failures: int = 0) -> None:
    """The job is over without having been done; its files say why."""
    try:
        with night.context.database.begin() as uow:
            night.store.finish(uow, job, state=state, reason=reason, failures=failures, at=night.context.now())
            handlers.set_aside(night, uow, job, reason=reason, quarantined=state == JobState.QUARANTINED)
            uow.commit()
    except JobLost:
        return
    except (Busy, Conflict):
        night.note("job left to its lease", job=job.id, run=job.run_id)


def _give_back(night: Night, job: Job, *, reason: str, retries: int = 1) -> None:
    """Let the job wait, a bit longer each time; the database itself may be what is away, so this is tried for a while."""
    limits = night.limits
    if job.retries + retries >= limits.retries_max:
        why = f"Given up after {limits.retries_max} tries: {reason}"
        _end_badly(night, job, JobState.FAILED, reason=why)
        return
    wait = min(limits.retry_seconds * 2**job.retries, limits.retry_seconds_max) if retries else 0
    for pause in (0.1, 0.5, 1, 2, 4, 8):
        try:
            with night.context.database.begin() as uow:
                later = night.context.now() + timedelta(seconds=wait * random.uniform(0.5, 1))  # noqa: S311
                night.store.give_back(uow, job, not_before=later, reason=reason, retries=retries)
                uow.commit()
        except JobLost:
            return
        except Busy:
            night.sleep(pause)
        else:
            return
    night.note("job left to its lease", job=job.id, run=job.run_id)


def attempt_failed(night: Night, job: Job, *, reason: str, wait_seconds: int = 0) -> None:
    """An attempt ended without an outcome. Jobs of several subjects are split, to find the one that does harm."""
    if job.failures + 1 >= night.limits.failures_max:
        why = f"{reason} It was tried {job.failures + 1} times."
        _end_badly(night, job, JobState.QUARANTINED, reason=why, failures=1)
        return
    at = night.context.now()
    try:
        with night.context.database.begin() as uow:
            if len(job.subjects) > 1:
                night.store.finish(uow, job, state=JobState.SPLIT, reason=reason, failures=1, at=at)
                alone = [NewJob(JobKind(job.kind), (one,), 1, failures=1) for one in job.subjects]
                night.store.add_jobs(uow, run_id=job.run_id, jobs=alone, at=at)
            else:
                later = at + timedelta(seconds=wait_seconds)
                night.store.give_back(uow, job, not_before=later, reason=reason, failures=1)
            uow.commit()
    except JobLost:
        return
    except (Busy, Conflict):
        night.note("job left to its lease", job=job.id, run=job.run_id)


@contextmanager
def _signs_of_life(night: Night, job: Job) -> Iterator[None]:
    """Extend the lease from a second thread while the job is worked on. A process that is stopped gives no sign."""
    over = Event()
    beat = Thread(target=_beat, args=(night, job, over), name=f"lease of job {job.id}", daemon=True)
    beat.start()
    try:
        yield
    finally:
        over.set()
        beat.join()


def _beat(night: Night, job: Job, over: Event) -> None:
    while not over.wait(night.lease.span.total_seconds() / _SIGNS_A_LEASE):
        try:
            with night.context.database.begin() as uow:
                kept = night.store.extend(uow, job, until=night.context.now() + night.lease.span)
                uow.commit()
        except Busy:
            continue
        if not kept:
            return


def sweep_jobs(night: Night) -> int:
    """Take jobs back from workers that died or sleep; returns how many."""
    at = night.context.now()
    with night.context.database.read() as uow:
        lapsed = night.store.lapsed(uow, lease=night.lease, at=at)
    for job in lapsed:
        night.note("lease ran out", job=job.id, run=job.run_id, kind=job.kind, attempt=job.attempt)
        attempt_failed(night, job, reason="The worker died or stood still.")
    return len(lapsed)
