"""From an inbox to a finished run: receive, let the jobs be done (here, or by others), move the files, say what it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from matcher.jobs import UNFINISHED_JOB, JobState, NightRun, RunState
from matcher.pipeline import setup
from matcher.pipeline.night import planning, publishing, receiving, work
from matcher.pipeline.night.contract import Night
from matcher.pipeline.night.inbox import Inbox
from matcher.pipeline.opening import open_planned
from matcher.pipeline.setup import AccountPlan
from recon_core.domain.refusals import Busy, Conflict

_POLL_SECONDS_MIN, _POLL_SECONDS_MAX = 0.02, 0.3
# A database that is restarted or moved is back before.
_AWAY_SECONDS_MAX = 600
_AWAY_PAUSE_SECONDS_MAX = 5.0
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class NightPlan:
    """What a night is asked to do. `open_policy` empty: statements of unknown accounts are set aside. `helps`: this
    process does jobs itself and does not only wait for others.
    """

    inbox: Inbox
    books: Sequence[Path] = ()
    accounts: Sequence[AccountPlan] = ()
    open_policy: str = ""
    rules_toml: str = ""
    settle: timedelta = timedelta(seconds=2)
    helps: bool = True


def nightly(night: Night, plan: NightPlan) -> NightRun:
    """Do a night's work over an inbox and return the finished run: the last one of `nightly_runs`."""
    return nightly_runs(night, plan)[-1]


def nightly_runs(night: Night, plan: NightPlan) -> list[NightRun]:
    """Do a night's work over an inbox. A run that another process left behind, or is at, is brought to its end first;
    returns those, and at the end this night's own finished run.
    """
    patiently(night, partial(setup.ensure_entry_types, night.context))
    patiently(night, partial(open_planned, night.context, plan.accounts))
    run, earlier = None, []
    while run is None:
        earlier += _finish_earlier(night, plan)
        patiently(night, partial(receiving.tidy, night, plan.inbox))
        run = patiently(night, partial(_start, night, plan))
    night.note("run started", run=run.id)
    patiently(night, partial(receiving.drive, night, run))
    patiently(night, partial(receiving.receive_books, night, run, plan.books))
    unsettled = patiently(night, partial(receiving.receive_inbox, night, run, plan.inbox, settle=plan.settle))
    for name in unsettled:
        night.note("file still being written", file=name, run=run.id)
    patiently(night, partial(planning.received, night, run))
    run = to_the_end(night, run.id, helps=plan.helps)
    patiently(night, partial(receiving.tidy, night, plan.inbox))
    return [*earlier, run]


def patiently(night: Night, step: Callable[[], _T]) -> _T:
    """Do a step that may be begun again, until the database answers. Raises `Busy` after `_AWAY_SECONDS_MAX`."""
    pause, waited = _POLL_SECONDS_MIN, 0.0
    while True:
        try:
            return step()
        except Busy as busy:
            if waited >= _AWAY_SECONDS_MAX:
                raise
            night.note("database away", error=busy.code)
        night.sleep(pause)
        waited += pause
        pause = min(pause * 1.5, _AWAY_PAUSE_SECONDS_MAX)


def _finish_earlier(night: Night, plan: NightPlan) -> list[NightRun]:
    earlier = patiently(night, partial(_unfinished, night, plan))
    for run in earlier:
        night.note("run joined", run=run.id)
    return [to_the_end(night, run.id, helps=plan.helps) for run in earlier]


def _unfinished(night: Night, plan: NightPlan) -> list[NightRun]:
    with night.context.database.read() as uow:
        return night.store.unfinished_runs(uow, inbox=plan.inbox.address)


def _start(night: Night, plan: NightPlan) -> NightRun | None:
    """A new run, or None if somebody else was faster."""
    context, at = night.context, night.context.now()
    try:
        with context.database.begin() as uow:
            run = night.store.start(
                uow,
                inbox=plan.inbox.address,
                open_policy=plan.open_policy,
                rules_toml=plan.rules_toml,
                by=context.user,
                at=at,
            )
            night.store.drive(uow, run_id=run.id, driver=night.lease.worker, until=at + night.lease.span)
            uow.commit()
    except Conflict:
        return None
    return run


def to_the_end(night: Night, run_id: int, *, helps: bool) -> NightRun:
    """Wait until a run is over, doing its jobs where `helps`."""
    pause = _POLL_SECONDS_MIN
    while True:
        try:
            run = planning.advance(night, run_id)
            if run.finished:
                break
            if helps and _work_once(night, run):
                pause = _POLL_SECONDS_MIN
                show_progress(night, run)
                continue
            work.sweep_jobs(night)
            show_progress(night, run)
        except Busy as busy:
            night.note("database away", run=run_id, error=busy.code)
        night.sleep(pause)
        pause = min(pause * 1.5, _POLL_SECONDS_MAX)
    return run


def look_on(night: Night, run_id: int) -> NightRun:
    """Watch a run until it is over, without a hand in it."""
    while True:
        try:
            with night.context.database.read() as uow:
                run = night.store.run(uow, run_id=run_id)
            if run.finished:
                return run
            show_progress(night, run)
        except Busy as busy:
            night.note("database away", run=run_id, error=busy.code)
        night.sleep(_POLL_SECONDS_MAX)


def _work_once(night: Night, run: NightRun) -> bool:
    """Do the next job of a run that is due; False if there is none."""
    with night.context.database.read() as uow:
        due = night.store.due(uow, at=night.context.now(), limit=1, run_id=run.id)
    for job_id in due:
        job = work.claim_job(night, job_id)
        if job is not None:
            work.do_job(night, job)
    return bool(due)


def show_progress(night: Night, run: NightRun) -> None:
    """Tell whoever watches how far the present stage is, in files or accounts."""
    with night.context.database.read() as uow:
        jobs = night.store.jobs(uow, run_id=run.id)
    if run.state == RunState.MATCHING:
        stage, mine = "matching accounts", [job for job in jobs if job.kind == "match"]
    else:
        stage, mine = "reading files", [job for job in jobs if job.kind != "match"]
    counted = [job for job in mine if job.state != JobState.SPLIT]
    done = sum(len(job.subjects) for job in counted if job.state not in UNFINISHED_JOB)
    night.context.watch(stage, done, sum(len(job.subjects) for job in counted))


def do_told_job(night: Night, job_id: int) -> None:
    """What a worker does when it is told of a job: do it if it is there to be taken, and move its run on."""
    job = work.claim_job(night, job_id)
    if job is None:
        return
    work.do_job(night, job)
    planning.advance(night, job.run_id)


def sweep(night: Night) -> None:
    """What keeps the work going whatever dies: takes jobs back from dead workers, moves runs on, tells the broker."""
    work.sweep_jobs(night)
    with night.context.database.read() as uow:
        runs = night.store.unfinished_runs(uow)
    for run in runs:
        planning.advance(night, run.id)
    publishing.publish(night)
