"""Runs of the nightly work: the list, the morning summary of one, trying again and stopping."""

from __future__ import annotations

from threading import Thread

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from matcher.jobs import FileState, Progress
from matcher.ops import logs
from matcher.pipeline.night.contract import Night
from matcher.pipeline.night.driving import to_the_end
from matcher.pipeline.night.morning import morning
from matcher.pipeline.night.planning import cancel_run, retry_run
from matcher.pipeline.night.work import describe
from matcher.web import context
from matcher.web.desk import AtDesk, Desk, RowId
from recon_core.domain.refusals import Unknown
from recon_core.domain.refused import ReconError

ROUTER = APIRouter(include_in_schema=False)
_RUNS_SHOWN = 50
_ROWS_A_PAGE = 100


@ROUTER.get("/runs")
def list_runs(desk: AtDesk) -> Response:
    """The newest runs."""
    night = desk.night
    with desk.read() as uow:
        runs = night.store.latest_runs(uow, limit=_RUNS_SHOWN)
        progress = night.store.progress(uow, run_ids=[run.id for run in runs])
    found = [context.run_row(run, progress.get(run.id, Progress()), desk.words) for run in runs]
    return desk.page("runs.html", runs=found, refresh=any(not run["finished"] for run in found))


@ROUTER.get("/summary")
def newest(desk: AtDesk) -> Response:
    """The morning summary: that of the newest run."""
    with desk.read() as uow:
        found = desk.night.store.latest_runs(uow, limit=1)
    return RedirectResponse(f"/runs/{found[0].id}" if found else "/runs", status_code=303)


@ROUTER.get("/runs/{run_id}")
def show(desk: AtDesk, run_id: RowId) -> Response:
    """The summary of a run, its accounts and its files, as things stand now."""
    night = desk.night
    known_run(desk, night, run_id)
    summary = morning(night, run_id)
    with desk.read() as uow:
        progress = night.store.progress(uow, run_ids=[run_id]).get(run_id, Progress())
        files = [file for run in summary.runs for file in night.store.files(uow, run_id=run.id)]
    wanted = desk.text("show")
    accounts = summary.needing if wanted == "needs" else summary.accounts
    bad = {FileState.SET_ASIDE, FileState.QUARANTINED, FileState.DEFERRED}
    files = [one for one in files if one.state in bad] if desk.text("files") == "failed" else files
    account_pages = context.paging(len(accounts), page=desk.number("page", 1), size=_ROWS_A_PAGE)
    file_pages = context.paging(len(files), page=desk.number("file_page", 1), size=_ROWS_A_PAGE)
    run = context.run_row(summary.run, progress, desk.words)
    return desk.page(
        "run.html",
        run=run,
        summary=context.morning_view(summary, desk.words),
        accounts=[
            context.morning_account(one, desk.words)
            for one in accounts[max(0, account_pages.first - 1) : account_pages.last]
        ],
        account_pages=account_pages,
        files=[context.file_row(one, desk.words) for one in files[max(0, file_pages.first - 1) : file_pages.last]],
        file_pages=file_pages,
        wanted={"show": wanted, "files": desk.text("files")},
        can_retry=bool(summary.failed_files or summary.failed_jobs),
        refresh=not run["finished"],
    )


def known_run(desk: Desk, night: Night, run_id: int) -> None:
    """Raise `Unknown` for a run that does not exist."""
    with desk.read() as uow:
        try:
            night.store.run(uow, run_id=run_id)
        except KeyError:
            raise Unknown(f"There is no run {run_id}.", cure="List them with `recon runs`.") from None


@ROUTER.post("/runs/{run_id}/retry")
def retry(desk: AtDesk, run_id: RowId) -> Response:
    """Try again what failed. Workers do it; where there are none a thread of this process does."""
    night = desk.night
    known_run(desk, night, run_id)
    count = retry_run(night, run_id=run_id)
    if not night.distributed:
        _in_the_background(desk, night, run_id)
    desk.say(desk.words("Run {run}: {count} file(s) are tried again.", run=run_id, count=count))
    return desk.back(f"/runs/{run_id}")


def _in_the_background(desk: Desk, night: Night, run_id: int) -> None:
    web = desk.web

    def work() -> None:
        try:
            to_the_end(night, run_id, helps=True)
        except ReconError as error:
            logs.note("run stopped", run=run_id, error=describe(error))
        finally:
            with web.lock:
                web.working.discard(run_id)

    with web.lock:
        if run_id in web.working:
            return
        web.working.add(run_id)
    Thread(target=work, name=f"run {run_id}", daemon=True).start()


@ROUTER.post("/runs/{run_id}/cancel")
def cancel(desk: AtDesk, run_id: RowId) -> Response:
    """Stop a run: what waits is cancelled, what is being done ends."""
    night = desk.night
    known_run(desk, night, run_id)
    count = cancel_run(night, run_id=run_id)
    desk.say(desk.words("Run {run} is cancelled; {count} job(s) will not be done.", run=run_id, count=count))
    return desk.back(f"/runs/{run_id}")
