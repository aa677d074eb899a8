"""Chooses the parts: the only module that knows all of them, reads the environment, and looks at the clock."""

from __future__ import annotations

import getpass
import os
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from matcher.jobs import LIMITS, Lease
from matcher.pipeline.context import Context, Watch, nobody_watches
from matcher.pipeline.night.contract import Night, Note, Sizes, nobody_notes, nobody_to_tell, nothing_queued
from matcher.rules.settings import RuleSettings
from matcher.store.night_runs import SqlNight
from matcher.store.opinions import SqlOpinions
from matcher.store.tables import MATCHER
from recon_core.domain.refused import BadSetting
from recon_core.domain.states import MatchingPolicy, is_policy
from recon_core.store.engine import DEFAULT_URL, Database, end_stalled_sessions, open_database
from recon_core.store.schema import CORE

DATABASE_VARIABLE = "RECON_DATABASE_URL"
BROKER_VARIABLE = "RECON_BROKER_URL"
RULES_VARIABLE = "RECON_RULES"
USER_VARIABLE = "RECON_USER"
LANGUAGE_VARIABLE = "RECON_LANGUAGE"


def database_url() -> str:
    """`RECON_DATABASE_URL`, else an SQLite file `recon.db` in the current folder."""
    return os.environ.get(DATABASE_VARIABLE) or DEFAULT_URL


def usual_language() -> str:
    """`RECON_LANGUAGE`, else English: the language of the page where the browser asks for none that it has."""
    return os.environ.get(LANGUAGE_VARIABLE) or "en"


def user_name() -> str:
    """`RECON_USER`, else the name that the system knows the user by. Raises `BadSetting` for the name of a policy."""
    named = os.environ.get(USER_VARIABLE)
    if named and is_policy(named):
        raise BadSetting(
            f"{named} is the name of a policy.",
            where=USER_VARIABLE,
            cure="Only the engine acts under it; set your own.",
        )
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"user {os.getuid()}"


def rules_path() -> Path | None:
    """`RECON_RULES`, the file of matching rules; None for the shipped ones."""
    named = os.environ.get(RULES_VARIABLE)
    return Path(named) if named else None


@dataclass(frozen=True, slots=True, kw_only=True)
class NightSettings:
    """How the nightly work runs here; docs/deployment.md says what each is for. Times are in seconds."""

    broker_url: str = ""
    inbox: str = ""
    books: tuple[Path, ...] = ()
    rules: Path | None = None
    open_policy: str = ""
    nightly_at: str = ""
    lease_seconds: int = 60
    sweep_seconds: int = 5
    task_seconds_max: int = 3600
    visibility_seconds: int = 4200
    stop_seconds: int = 60
    stalled_seconds: int = 900
    failures_max: int = LIMITS.failures_max
    sizes: Sizes = field(default_factory=Sizes)
    smtp_url: str = ""
    mail_from: str = ""
    mail_to: tuple[str, ...] = ()
    log_level: str = "INFO"


def night_settings() -> NightSettings:
    """The settings of the environment; docs/deployment.md lists the variables. Raises `BadSetting`."""
    get, usual = os.environ.get, Sizes()
    return NightSettings(
        broker_url=get(BROKER_VARIABLE, ""),
        inbox=get("RECON_INBOX", ""),
        books=tuple(Path(one) for one in get("RECON_BOOK", "").split(os.pathsep) if one),
        rules=rules_path(),
        open_policy=_one_of("RECON_OPEN_POLICY", ["", *MatchingPolicy]),
        nightly_at=_hour("RECON_NIGHTLY_AT"),
        lease_seconds=_number("RECON_LEASE_SECONDS", 60),
        sweep_seconds=_number("RECON_SWEEP_SECONDS", 5),
        task_seconds_max=_number("RECON_TASK_SECONDS_MAX", 3600),
        visibility_seconds=_number("RECON_VISIBILITY_SECONDS", 4200),
        stop_seconds=_number("RECON_STOP_SECONDS", 60),
        stalled_seconds=_number("RECON_STALLED_SECONDS", 900),
        failures_max=_number("RECON_FAILURES_MAX", LIMITS.failures_max),
        sizes=Sizes(
            job_bytes=_number("RECON_JOB_BYTES", usual.job_bytes),
            job_files=_number("RECON_JOB_FILES", usual.job_files),
            job_lines=_number("RECON_JOB_LINES", usual.job_lines),
            job_accounts=_number("RECON_JOB_ACCOUNTS", usual.job_accounts),
        ),
        smtp_url=get("RECON_SMTP_URL", ""),
        mail_from=get("RECON_MAIL_FROM", ""),
        mail_to=tuple(one.strip() for one in get("RECON_MAIL_TO", "").split(",") if one.strip()),
        log_level=_one_of("RECON_LOG_LEVEL", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], default="INFO"),
    )


def _one_of(variable: str, words: Sequence[str], *, default: str = "") -> str:
    text = os.environ.get(variable) or default
    for word in words:
        if text.casefold() == word.casefold():
            return str(word)
    raise BadSetting(
        f"{text!r} is none of its words.", where=variable, cure=f"Write one of {', '.join(filter(None, words))}."
    )


def _hour(variable: str) -> str:
    text = os.environ.get(variable, "")
    if text and re.fullmatch(r"([01]?[0-9]|2[0-3])(:[0-5][0-9])?", text, re.ASCII) is None:
        raise BadSetting(f"{text!r} is no time of day.", where=variable, cure="Write it like 02:30.")
    return text


def _number(variable: str, default: int) -> int:
    text = os.environ.get(variable, str(default))
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise BadSetting(f"{text!r} is no number above 0.", where=variable, cure=f"The default is {default}.")
    return int(text)


def _process_start(pid: int) -> str | None:
    """When a process of this machine began, as the kernel counts it; None if there is no such process (any more)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    state, *fields = text.rpartition(")")[2].split()
    return None if state == "Z" else fields[18]


def _machine() -> str:
    """Names this machine since its last start, or this container: where process ids mean the same."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = Path("/proc/self/ns/pid").readlink()
    except OSError:
        return f"{socket.gethostname()}:"
    return f"{socket.gethostname()}:{sha256(f'{boot}{space}'.encode()).hexdigest()[:12]}"


def worker_name() -> str:
    """Names this process among all machines: machine, process id and when it began."""
    return f"{_machine()}/{os.getpid()}/{_process_start(os.getpid()) or ''}"


def is_dead(worker: str) -> bool:
    """Whether a process of this machine is certainly gone; of another machine's nobody here can tell."""
    machine, pid, start = worker.split("/")
    return machine == _machine() and bool(start) and _process_start(int(pid)) != start


class NightBroker(Protocol):
    """What tells workers of jobs (`matcher.ops.broker`)."""

    def tell(self, job_ids: Sequence[int]) -> None: ...
    def queued(self) -> int | None: ...


def make_night(
    context: Context,
    settings: NightSettings,
    *,
    broker: NightBroker | None = None,
    note: Note = nobody_notes,
) -> Night:
    """The nightly work on a context. With a broker it is distributed: workers are told of the jobs."""
    lease = Lease(worker_name(), timedelta(seconds=settings.lease_seconds), is_dead)
    end_stalled_sessions(context.database, after_seconds=settings.stalled_seconds)
    return Night(
        context=context,
        store=SqlNight(),
        lease=lease,
        sizes=settings.sizes,
        limits=LIMITS._replace(failures_max=settings.failures_max),
        tell=broker.tell if broker is not None else nobody_to_tell,
        queued=broker.queued if broker is not None else nothing_queued,
        distributed=broker is not None,
        note=note,
    )


def now() -> datetime:
    """The one clock."""
    return datetime.now(UTC)


def today() -> date:
    """The day on the clock of the machine: what people call today."""
    return now().astimezone().date()


def open_books(url: str | None = None) -> Database:
    """The database with the books and the matcher's opinions, at its newest schema."""
    return open_database(url or database_url(), parts=(CORE, MATCHER))


@contextmanager
def open_context(
    *, url: str | None = None, rules: Path | None = None, watch: Watch = nobody_watches
) -> Iterator[Context]:
    """Everything the pipeline needs; the database is closed on leaving. Without `rules` those of `RECON_RULES` hold.
    Raises `BadSetting` for a bad rules file.
    """
    settings = RuleSettings.from_toml(rules or rules_path())
    database = open_books(url)
    try:
        yield Context(database=database, opinions=SqlOpinions(), now=now, user=user_name(), rules=settings, watch=watch)
    finally:
        database.close()
