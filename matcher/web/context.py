"""From the domain to what templates get: text, numbers and truth values, in the language of the reader."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from matcher.jobs import FileState, NightFile, NightRun, Progress
from matcher.pipeline.night.morning import Morning, MorningAccount
from matcher.pipeline.overview import AccountOverview
from matcher.web.words import Words

# Control characters, and those that turn the direction of text: a payer must not be able to make a line read otherwise.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def visible(text: str) -> str:
    """The text with what can't be seen made visible, as its code."""
    return _HIDDEN.sub(lambda found: f"⟦{ord(found[0]):04X}⟧", text)


class Paging(NamedTuple):
    """Which part of a long list is shown. `first` and `last` count from 1."""

    page: int
    pages: int
    first: int
    last: int
    total: int


def paging(total: int, *, page: int, size: int) -> Paging:
    """The paging of `total` rows, `size` a page; a page beyond the end is the last one."""
    pages = max(1, -(-total // size))
    page = min(max(page, 1), pages)
    first = (page - 1) * size
    return Paging(page, pages, min(first + 1, total), min(first + size, total), total)


def moment(at: datetime | None) -> str:
    """A time in the machine's zone."""
    return "" if at is None else f"{at.astimezone():%Y-%m-%d %H:%M}"


def lasted(begun: datetime, ended: datetime | None) -> str:
    """How long something took."""
    if ended is None:
        return ""
    seconds = max(0, (ended - begun) // _SECOND)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


_SECOND = datetime.resolution * 1_000_000


def run_row(run: NightRun, progress: Progress, words: Words) -> dict[str, Any]:
    """A run of the nightly work, with how far it is."""
    return {
        "id": run.id,
        "inbox": run.inbox,
        "state": run.state,
        "state_text": words.code(run.state),
        "finished": run.finished,
        "started_at": moment(run.started_at),
        "started_by": run.started_by,
        "finished_at": moment(run.finished_at),
        "lasted": lasted(run.started_at, run.finished_at),
        "jobs": progress.jobs,
        "jobs_done": progress.done,
        "jobs_bad": progress.bad,
        "jobs_text": f"{words.number(progress.done)}/{words.number(progress.jobs)}",
    }


def morning_view(summary: Morning, words: Words) -> dict[str, Any]:
    """The morning summary."""
    accounts = summary.accounts
    total = [sum(column) for column in zip(*(one[3:8] for one in accounts), strict=True)] or [0] * 5
    names = ("read", "cleared", "adjusted", "proposed", "unmatched")
    return {
        "at": moment(summary.at),
        "attention": summary.attention,
        "files": [
            {"state": state, "text": words.code(state), "count": summary.files[state]}
            for state in FileState
            if summary.files.get(state)
        ],
        "failed_files": [file_row(one, words) for one in summary.failed_files],
        "failed_jobs": [
            {"codes": sorted(job.accounts), "state": words.code(job.state), "reason": words.say(job.reason)}
            for job in summary.failed_jobs
        ],
        "missing": [
            {"code": one.code, "last_day": one.last_day.isoformat(), "expected": one.expected.isoformat()}
            for one in summary.missing
        ],
        "corrections": [{"code": one.code, "says": words.say(one.says)} for one in summary.corrections],
        "unmoved": summary.unmoved,
        "joined": [run.id for run in summary.joined],
        "notes": [{"file": name, "says": words.say(note)} for name, note in summary.notes],
        "needing": len(summary.needing),
        "account_count": words.number(summary.account_count),
        "released": sum(1 for one in accounts if one.released),
        "totals": {name: words.number(count) for name, count in zip(names, total, strict=True)},
    }


def morning_account(one: MorningAccount, words: Words) -> dict[str, Any]:
    """What a run did on an account, and what is left to do."""
    return {
        "code": one.code,
        "name": one.name,
        "currency": one.currency,
        "read": one.read,
        "cleared": one.cleared,
        "adjusted": one.adjusted,
        "proposed": one.proposed,
        "unmatched": one.unmatched,
        "released": one.released,
        "difference": words.amount(one.difference, one.currency) if one.difference else "",
        "needs": [words.say(need) for need in one.needs],
        "notes": [words.say(note) for note in one.notes],
    }


def file_row(file: NightFile, words: Words) -> dict[str, Any]:
    """A file of a run and what became of it."""
    bad = file.state in {FileState.SET_ASIDE, FileState.QUARANTINED}
    return {
        "name": file.name,
        "state": words.code(file.state),
        "bad": bad,
        "book": file.book,
        "new": file.new_count,
        "reason": words.say(file.reason),
        "notes": [words.say(note) for note in file.notes],
    }


def account_row(one: AccountOverview, words: Words) -> dict[str, Any]:
    """Where an account stands."""
    day = one.reconciliation_date
    return {
        "code": one.code,
        "name": one.name,
        "currency": one.currency,
        "policy": words.code(one.policy),
        "lines": words.number(one.lines),
        "proposed": one.proposed,
        "unmatched": one.unmatched,
        "unreleased": one.unreleased,
        "difference": words.amount(one.difference, one.currency),
        "differs": bool(one.difference),
        "state": words.code(one.document_state),
        "state_code": one.document_state,
        "number": one.number,
        "day": day.isoformat() if day is not None else "",
        "needs": [words.say(need) for need in one.needs],
        "notes": [words.say(note) for note in one.notes],
    }
