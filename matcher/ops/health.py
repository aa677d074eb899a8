"""Is it alive, may it be given work, and how is the night going: read from the database, the truth about all workers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from matcher.pipeline.night.contract import Night
from recon_core.domain.refusals import Busy
from recon_core.ports import UnitOfWork

# A job that has been due for longer shows that no worker is there, or none comes after the others.
LATE_SECONDS = 600


class Health(NamedTuple):
    """`ready`: database and broker answer. `well`: also, no job waits for long and nothing was set aside unseen."""

    ready: bool
    well: bool
    checks: dict[str, Any]


def health(night: Night, *, broker: Callable[[], bool] | None) -> Health:
    """The state of database, broker and queue. `broker` is asked where there is one."""
    checks: dict[str, Any] = {}
    try:
        with night.context.database.read() as uow:
            checks |= _queue(uow, at=night.context.now())
        checks["database"] = "answers"
    except Busy:
        checks["database"] = "away"
    if broker is not None:
        checks["broker"] = "answers" if broker() else "away"
    ready = "away" not in {checks["database"], checks.get("broker")}
    well = ready and checks["oldest_due_seconds"] <= LATE_SECONDS
    return Health(ready, well, checks)


def _queue(uow: UnitOfWork, *, at: datetime) -> dict[str, Any]:
    oldest = uow.value(
        "SELECT min(not_before) AS not_before FROM night_job WHERE state = 'waiting' AND not_before <= :at", {"at": at}
    )
    counts = {row.state: row.n for row in uow.select("SELECT state, count(*) AS n FROM night_job GROUP BY state")}
    return {
        "waiting_jobs": counts.get("waiting", 0),
        "running_jobs": counts.get("running", 0),
        "quarantined_jobs": counts.get("quarantined", 0),
        "oldest_due_seconds": 0 if oldest is None else int((at - oldest).total_seconds()),
    }


_JOBS = "SELECT kind, state, count(*) AS n FROM night_job GROUP BY kind, state"
_TIMES = (
    "SELECT kind, count(*) AS n, sum(attempt) AS attempts, sum(failures) AS failures, sum(retries) AS retries"
    " FROM night_job GROUP BY kind"
)
_FILES = "SELECT state, count(*) AS n, coalesce(sum(new_count), 0) AS new_count FROM night_file GROUP BY state"
_LINES = "SELECT state, count(*) AS n FROM statement_line WHERE withdrawn_by IS NULL GROUP BY state"
_RUNS = "SELECT state, count(*) AS n FROM night_run GROUP BY state"
_LAST = "SELECT id, started_at, finished_at FROM night_run WHERE state = 'finished' ORDER BY id DESC LIMIT 1"


def metrics(night: Night) -> str:
    """Everything of the nightly work as Prometheus text (exposition format 0.0.4). Figures of all workers together,
    because they come from the database; ask one process, not each.
    """
    at = night.context.now()
    page = _Page()
    with night.context.database.read() as uow:
        for row in uow.select(_JOBS):
            page.add("recon_jobs", "gauge", "Jobs by kind and state.", row.n, kind=row.kind, state=row.state)
        for row in uow.select(_TIMES):
            for name in ("attempts", "failures", "retries"):
                text = f"All {name} of jobs."
                page.add(f"recon_job_{name}_total", "counter", text, int(getattr(row, name)), kind=row.kind)
        for row in uow.select(_RUNS):
            page.add("recon_runs", "gauge", "Runs by state.", row.n, state=row.state)
        for row in uow.select(_FILES):
            page.add("recon_files_total", "counter", "Files by what became of them.", row.n, state=row.state)
            page.add(
                "recon_new_lines_total", "counter", "New rows that files brought.", int(row.new_count), state=row.state
            )
        for row in uow.select(_LINES):
            page.add("recon_bank_lines", "gauge", "Bank lines by state.", row.n, state=row.state)
        for row in uow.select(_LAST):
            seconds = (row.finished_at - row.started_at).total_seconds()
            page.add("recon_last_run_seconds", "gauge", "How long the last finished run took.", seconds)
            ended = row.finished_at.timestamp()
            page.add("recon_last_run_finished_timestamp", "gauge", "When it finished.", ended)
        queue = _queue(uow, at=at)
    text = "How long the oldest due job has waited."
    page.add("recon_oldest_due_seconds", "gauge", text, queue["oldest_due_seconds"])
    return page.text()


class _Page:
    """Metrics in the order in which they were first named."""

    def __init__(self) -> None:
        self._rows: dict[str, list[str]] = {}

    def add(self, name: str, sort: str, text: str, value: float, /, **labels: str) -> None:
        rows = self._rows.setdefault(name, [f"# HELP {name} {text}", f"# TYPE {name} {sort}"])
        inner = ",".join(f'{label}="{_escaped(one)}"' for label, one in labels.items())
        rows.append(f"{name}{{{inner}}} {value}" if inner else f"{name} {value}")

    def text(self) -> str:
        return "".join(f"{row}\n" for rows in self._rows.values() for row in rows)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
