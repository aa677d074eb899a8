"""The morning summary as text for people and as JSON for programs. Amounts are decimal text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from matcher.jobs import FileState, RunState
from matcher.pipeline.night.morning import MissingStatement, Morning, MorningAccount
from recon_core.domain.money import Money, to_text

# A mail that lists more than this is read by nobody; the JSON has everything.
SHOWN_MAX = 50

_FILES = (
    (FileState.READ, "read"),
    (FileState.KNOWN, "known already"),
    (FileState.SET_ASIDE, "set aside"),
    (FileState.QUARANTINED, "quarantined"),
    (FileState.WAITING, "not read yet"),
    (FileState.CANCELLED, "left in the inbox"),
)


class Section(NamedTuple):
    """A part of the summary: how many things there are of what sort, the first of them, and what to do about them."""

    title: str
    size: int
    rows: tuple[str, ...]
    next_step: str = ""

    @property
    def heading(self) -> str:
        """The title with the number of things."""
        return f"{self.title} ({self.size})"


def subject(summary: Morning) -> str:
    """One line that says whether to read on."""
    named = f"{'Runs' if summary.joined else 'Run'} {_numbers(summary)}"
    if not summary.attention:
        return f"{named}: nothing needs a person"
    counts = [
        (len(summary.failed_files), "file(s) failed"),
        (len(summary.failed_jobs), "job(s) failed"),
        (len(summary.missing), "statement(s) missing"),
        (len(summary.needing), "account(s) need a person"),
        (summary.unmoved, "file(s) could not be moved"),
    ]
    cancelled = ["cancelled"] if summary.run.state == RunState.CANCELLED else []
    return f"{named}: " + ", ".join(cancelled + [f"{n} {what}" for n, what in counts if n])


def _numbers(summary: Morning) -> str:
    return " and ".join(str(run.id) for run in summary.runs)


def as_text(summary: Morning) -> str:
    """The summary for people: what failed first, then what needs a person, then what was done."""
    rows = list(head(summary))
    for section in sections(summary):
        rows += ["", section.heading, *(f"  {row}" for row in section.rows)]
        rows += [f"  -> {section.next_step}"] if section.next_step else []
    if not summary.attention and summary.run.finished:
        rows.append("Nothing needs a person.")
    return "\n".join(rows)


def head(summary: Morning) -> Iterator[str]:
    """The first lines: which runs, what came, what was done."""
    for run in summary.runs:
        ended = f", {run.state} {run.finished_at:%Y-%m-%d %H:%M:%S %Z}" if run.finished_at else f", {run.state}"
        yield f"Run {run.id} over {run.inbox}: begun {run.started_at:%Y-%m-%d %H:%M:%S %Z}{ended}"
    files = [f"{summary.files[state]} {says}" for state, says in _FILES if summary.files.get(state)]
    yield f"Files: {', '.join(files) if files else 'none came'}"
    total = [sum(column) for column in zip(*(account[3:8] for account in summary.accounts), strict=True)] or [0] * 5
    released = sum(1 for account in summary.accounts if account.released)
    yield (
        f"Bank lines: {total[0]} new, {total[1]} cleared, {total[2]} adjusted, {total[3]} proposed, {total[4]} unmatched;"
        f" {released} of {summary.account_count} account(s) released"
    )


def sections(summary: Morning) -> list[Section]:
    """What failed, what did not come, what needs a person, and what is only worth knowing; empty ones are left out."""
    failed = sorted({file.run_id for file in summary.failed_files} | {job.run_id for job in summary.failed_jobs})
    again = "When the cause is mended: " + ", ".join(f"recon runs retry {run_id}" for run_id in failed)
    moved = "They are done; check the rights on the inbox. The next night moves them."
    late = "Ask the bank, or import them when they come; nothing else has to be done."
    more = " and ".join(f"recon runs show {run.id}" for run in summary.runs)
    odd = "" if all(note for _, note in summary.notes) else f"What was odd: {more}"
    found = [
        _section("Failed files", [f"{file.name}: {file.reason}" for file in summary.failed_files], again),
        _section("Failed work", _failed_work(summary), again),
        _section("Files that could not be moved out of the inbox", [], moved, count=summary.unmoved),
        _section("Missing statements", [_missing(one) for one in summary.missing], late),
        _section(
            "Needs a person",
            [_need(account) for account in summary.needing],
            "Decide on them: recon review, or the page: recon web",
        ),
        _section("Corrected by the bank", [f"{one.code}: {one.says}" for one in summary.corrections]),
        _section(
            "Worth knowing", [f"{account.code}: {note}" for account in summary.accounts for note in account.notes]
        ),
        _section("Odd but read", [f"{file}: {note}" if note else file for file, note in summary.notes], odd),
    ]
    return [section for section in found if section.size]


def _section(title: str, rows: Sequence[str], next_step: str = "", *, count: int = 0) -> Section:
    shown = list(rows[:SHOWN_MAX])
    if len(rows) > SHOWN_MAX:
        shown.append(f"and {len(rows) - SHOWN_MAX} more: see the JSON")
    return Section(title, count or len(rows), tuple(shown), next_step)


def _missing(one: MissingStatement) -> str:
    return f"{one.code}: the statement after {one.last_day} should have come by {one.expected}"


def _failed_work(summary: Morning) -> list[str]:
    """The accounts that could not be worked on, one row a reason."""
    reasons: dict[str, list[str]] = {}
    for job in summary.failed_jobs:
        reasons.setdefault(job.reason, []).extend(job.accounts)
    return [f"{', '.join(sorted(accounts))}: {reason}" for reason, accounts in reasons.items()]


def _need(account: MorningAccount) -> str:
    difference = ""
    if account.difference:
        difference = f" (difference {Money(account.difference, account.currency)})"
    return f"{account.code}{difference}: {'; '.join(account.needs)}"


def as_json(summary: Morning) -> str:
    """The summary as one JSON object, with everything in it."""
    values: dict[str, Any] = {
        "run": {
            "id": summary.run.id,
            "inbox": summary.run.inbox,
            "state": summary.run.state,
            "started_at": summary.run.started_at,
            "started_by": summary.run.started_by,
            "finished_at": summary.run.finished_at,
        },
        "joined_runs": [run.id for run in summary.joined],
        "at": summary.at,
        "attention": summary.attention,
        "files": summary.files,
        "failed_files": [{"name": f.name, "state": f.state, "reason": f.reason} for f in summary.failed_files],
        "failed_jobs": [job._asdict() for job in summary.failed_jobs],
        "missing": [one._asdict() for one in summary.missing],
        "unmoved_files": summary.unmoved,
        "corrections": [one._asdict() for one in summary.corrections],
        "notes": [{"file": file, "note": note} for file, note in summary.notes],
        "account_count": summary.account_count,
        "accounts": [_account(account) for account in summary.accounts],
    }
    return json.dumps(values, ensure_ascii=False, indent=2, default=_iso)


def _account(account: MorningAccount) -> dict[str, Any]:
    values = account._asdict()
    values["difference"] = None if account.difference is None else to_text(account.difference, account.currency)
    return values


def _iso(value: Any) -> str:
    assert isinstance(value, date | datetime)
    return value.isoformat()
