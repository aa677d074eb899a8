"""The queue of jobs in the database: claim, fence, finish, give back. Each call is part of the caller's transaction."""

# ruff: noqa: S608  every name in this SQL is one of our own tables and columns
from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from matcher.jobs import LIMITS, UNFINISHED_JOB, Job, JobLost, JobRow, JobState, Lease, NewJob, Progress
from matcher.store.night_tables import ACCOUNT_CLAIM, NIGHT_JOB
from recon_core.ports import UnitOfWork
from recon_core.store.unit_of_work import SqlUnitOfWork

_JOB = "id, night_run_id, kind, subjects, attempt, failures, retries"
_ROW = f"{_JOB}, state, not_before, lease_until, worker, begun_at, finished_at, reason"
_UNFINISHED = [state.value for state in UNFINISHED_JOB]


def _job(row: Any) -> Job:
    subjects = tuple(json.loads(row.subjects))
    return Job(row.id, row.night_run_id, row.kind, subjects, row.attempt, row.failures, row.retries)


def _job_row(row: Any) -> JobRow:
    values = row._asdict()
    values["run_id"] = values.pop("night_run_id")
    values["subjects"] = tuple(json.loads(row.subjects))
    return JobRow(**values)


def _still_ours(rows: Sequence[Any], job: Job) -> None:
    if not rows:
        raise JobLost(f"Attempt {job.attempt} of job {job.id} lost its lease; nothing of it was kept.")


class SqlJobs:
    """`matcher.pipeline.night.JobStore`: the part about jobs."""

    def add_jobs(self, uow: UnitOfWork, *, run_id: int, jobs: Sequence[NewJob], at: datetime) -> list[int]:
        """Make waiting jobs and return their ids."""
        assert isinstance(uow, SqlUnitOfWork)
        if not jobs:
            return []
        ids = list(uow.reserve_ids("night_job", len(jobs)))
        columns = {
            "id": ids,
            "night_run_id": run_id,
            "kind": [job.kind.value for job in jobs],
            "subjects": [json.dumps(list(job.subjects)) for job in jobs],
            "weight": [job.weight for job in jobs],
            "failures": [job.failures for job in jobs],
            "not_before": at,
            "created_at": at,
        }
        uow.insert_rows(NIGHT_JOB, columns, len(jobs))
        return ids

    def due(self, uow: UnitOfWork, *, at: datetime, limit: int, run_id: int | None = None) -> list[int]:
        """Ids of waiting jobs whose time has come, the heaviest first."""
        rows = uow.select(
            "SELECT id FROM night_job WHERE state = 'waiting' AND not_before <= :at"
            " AND (:run = 0 OR night_run_id = :run) ORDER BY weight DESC, id LIMIT :limit",
            {"at": at, "run": run_id or 0, "limit": limit},
        )
        return [row.id for row in rows]

    def claim(self, uow: UnitOfWork, *, job_id: int, lease: Lease, at: datetime) -> Job | None:
        """Take a waiting job under a lease, or None if it is not waiting, its time has not come, or another job works
        on one of its accounts (then it waits a little longer). The caller commits.
        """
        rows = uow.select(
            "UPDATE night_job SET state = 'running', attempt = attempt + 1, worker = :worker, lease_until = :until,"
            " begun_at = coalesce(begun_at, :at) WHERE id = :id AND state = 'waiting' AND not_before <= :at"
            f" RETURNING {_JOB}",
            {"id": job_id, "worker": lease.worker, "until": at + lease.span, "at": at},
        )
        if not rows:
            return None
        job = _job(rows[0])
        if job.kind == "match" and not self._claim_accounts(uow, job):
            self._back(uow, job, not_before=at + timedelta(seconds=LIMITS.busy_seconds))
            return None
        return job

    def _claim_accounts(self, uow: UnitOfWork, job: Job) -> bool:
        assert isinstance(uow, SqlUnitOfWork)
        ids = list(job.subjects)
        held = uow.value("SELECT count(*) AS held FROM account_claim WHERE cash_account_id IN :ids", {"ids": ids})
        if held:
            return False
        uow.insert_rows(ACCOUNT_CLAIM, {"cash_account_id": ids, "night_job_id": job.id}, len(ids))
        return True

    def _free_accounts(self, uow: UnitOfWork, job_ids: Sequence[int]) -> None:
        uow.select("DELETE FROM account_claim WHERE night_job_id IN :ids RETURNING night_job_id", {"ids": job_ids})

    def fence(self, uow: UnitOfWork, job: Job) -> None:
        """Hold the job's row until the transaction ends. Raises `JobLost` if this attempt is no longer the one."""
        uow.lock_row("night_job", job.id)
        rows = uow.select(
            "SELECT id FROM night_job WHERE id = :id AND attempt = :attempt AND state = 'running'",
            {"id": job.id, "attempt": job.attempt},
        )
        _still_ours(rows, job)

    def extend(self, uow: UnitOfWork, job: Job, *, until: datetime) -> bool:
        """A sign of life. False if this attempt is no longer the one."""
        rows = uow.select(
            "UPDATE night_job SET lease_until = :until WHERE id = :id AND attempt = :attempt AND state = 'running'"
            " RETURNING id",
            {"id": job.id, "attempt": job.attempt, "until": until},
        )
        return bool(rows)

    def finish(
        self, uow: UnitOfWork, job: Job, *, state: JobState, reason: str = "", failures: int = 0, at: datetime
    ) -> None:
        """End this attempt and the job with it. Raises `JobLost`."""
        rows = uow.select(
            "UPDATE night_job SET state = :state, reason = :reason, failures = failures + :failures, lease_until = NULL,"
            " finished_at = :at WHERE id = :id AND attempt = :attempt AND state = 'running' RETURNING id",
            {"id": job.id, "attempt": job.attempt, "state": state.value, "reason": reason, "failures": failures}
            | {"at": at},
        )
        _still_ours(rows, job)
        self._free_accounts(uow, [job.id])

    def give_back(
        self,
        uow: UnitOfWork,
        job: Job,
        *,
        not_before: datetime,
        reason: str = "",
        failures: int = 0,
        retries: int = 0,
    ) -> None:
        """End this attempt; the job waits until `not_before`. Raises `JobLost`."""
        rows = uow.select(
            "UPDATE night_job SET state = 'waiting', lease_until = NULL, published_at = NULL, not_before = :not_before,"
            " reason = :reason, failures = failures + :failures, retries = retries + :retries"
            " WHERE id = :id AND attempt = :attempt AND state = 'running' RETURNING id",
            {"id": job.id, "attempt": job.attempt, "not_before": not_before, "reason": reason}
            | {"failures": failures, "retries": retries},
        )
        _still_ours(rows, job)
        self._free_accounts(uow, [job.id])

    def _back(self, uow: UnitOfWork, job: Job, *, not_before: datetime) -> None:
        """Undo a claim that came to nothing: it was no attempt."""
        uow.select(
            "UPDATE night_job SET state = 'waiting', attempt = attempt - 1, lease_until = NULL, published_at = NULL,"
            " not_before = :not_before WHERE id = :id RETURNING id",
            {"id": job.id, "not_before": not_before},
        )

    def lapsed(self, uow: UnitOfWork, *, lease: Lease, at: datetime) -> list[Job]:
        """Running jobs whose lease ran out, or whose worker is certainly dead."""
        rows = uow.select(f"SELECT {_JOB}, worker, lease_until FROM night_job WHERE state = 'running' ORDER BY id")
        dead = {worker: lease.is_dead(worker) for worker in {row.worker for row in rows}}
        return [_job(row) for row in rows if row.lease_until <= at or dead[row.worker]]

    def to_publish(self, uow: UnitOfWork, *, window: int, again_after: timedelta, at: datetime) -> list[int]:
        """Jobs to tell the broker of, marked as told: waiting ones that it was not told of, or that it was told of
        long ago. At most `window` are with the broker at a time.
        """
        since = at - again_after
        told = uow.value(
            "SELECT count(*) AS told FROM night_job WHERE state = 'waiting' AND published_at > :since", {"since": since}
        )
        rows = uow.select(
            "UPDATE night_job SET published_at = :at WHERE id IN (SELECT id FROM night_job WHERE state = 'waiting'"
            " AND not_before <= :at AND (published_at IS NULL OR published_at <= :since)"
            " ORDER BY weight DESC, id LIMIT :limit) AND state = 'waiting' RETURNING id, weight",
            {"at": at, "since": since, "limit": max(0, window - told)},
        )
        return [row.id for row in sorted(rows, key=lambda row: (-row.weight, row.id))]

    def not_published(self, uow: UnitOfWork, *, job_ids: Sequence[int]) -> None:
        """The broker could not be told of these after all."""
        sql = "UPDATE night_job SET published_at = NULL WHERE id IN :ids AND state = 'waiting' RETURNING id"
        uow.select(sql, {"ids": list(job_ids)})

    def unfinished(self, uow: UnitOfWork, *, run_id: int) -> int:
        """How many jobs of a run wait or run."""
        sql = "SELECT count(*) AS n FROM night_job WHERE night_run_id = :run AND state IN :states"
        return int(uow.value(sql, {"run": run_id, "states": _UNFINISHED}))

    def job(self, uow: UnitOfWork, *, job_id: int) -> JobRow | None:
        """A job, or None."""
        rows = uow.select(f"SELECT {_ROW} FROM night_job WHERE id = :id", {"id": job_id})
        return _job_row(rows[0]) if rows else None

    def jobs(self, uow: UnitOfWork, *, run_id: int, states: Sequence[str] | None = None) -> list[JobRow]:
        """The jobs of a run in the order in which they were made, or those in some states."""
        wanted = [state.value for state in JobState] if states is None else list(states)
        sql = f"SELECT {_ROW} FROM night_job WHERE night_run_id = :run AND state IN :states ORDER BY id"
        return [_job_row(row) for row in uow.select(sql, {"run": run_id, "states": wanted})]

    def progress(self, uow: UnitOfWork, *, run_ids: Sequence[int]) -> dict[int, Progress]:
        """How far runs are, by id; one without jobs is left out."""
        rows = uow.select(
            "SELECT night_run_id AS id, count(*) AS jobs, sum(CASE WHEN state IN :unfinished THEN 0 ELSE 1 END) AS done,"
            " sum(CASE WHEN state IN ('failed', 'quarantined') THEN 1 ELSE 0 END) AS bad FROM night_job"
            " WHERE night_run_id IN :runs GROUP BY night_run_id",
            {"runs": list(run_ids), "unfinished": _UNFINISHED},
        )
        return {row.id: Progress(int(row.jobs), int(row.done), int(row.bad)) for row in rows}

    def cancel_jobs(self, uow: UnitOfWork, *, run_id: int, at: datetime) -> int:
        """Cancel what waits; what runs goes on. Returns how many."""
        rows = uow.select(
            "UPDATE night_job SET state = 'cancelled', finished_at = :at WHERE night_run_id = :run AND state = 'waiting'"
            " RETURNING id",
            {"run": run_id, "at": at},
        )
        return len(rows)
