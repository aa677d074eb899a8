"""The morning summary as text for people and as JSON for programs. Amounts are decimal text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from matcher.jobs import FileState
from matcher.pipeline.night.morning import Morning, MorningAccount
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


def subject(summary: Morning) -> str:
    """One line that says whether to read on."""
    if not summary.attention:
        return f"Run {summary.run.id}: nothing needs a person"
    counts = [
        (len(summary.failed_files), "file(s) failed"),
        (len(summary.failed_jobs), "job(s) failed"),
        (len(summary.missing), "statement(s) missing"),
        (len(summary.needing), "account(s) need a person"),
    ]
    return f"Run {summary.run.id}: " + ", ".join(f"{n} {what}" for n, what in counts if n)


def as_text(summary: Morning) -> str:
    """The summary for people: what failed first, then what needs a person, then what was done."""
    return "\n".join(_lines(summary))


def _lines(summary: Morning) -> Iterator[str]:
    run = summary.run
    ended = f", ended {run.finished_at:%Y-%m-%d %H:%M:%S %Z}" if run.finished_at else f", {run.state}"
    yield f"Run {run.id} over {run.inbox}: begun {run.started_at:%Y-%m-%d %H:%M:%S %Z}{ended}"
    files = [f"{summary.files[state]} {says}" for state, says in _FILES if summary.files.get(state)]
    yield f"Files: {', '.join(files) if files else 'none came'}"
    total = [sum(column) for column in zip(*(account[3:8] for account in summary.accounts), strict=True)] or [0] * 5
    released = sum(1 for account in summary.accounts if account.released)
    yield (
        f"Bank lines: {total[0]} new, {total[1]} cleared, {total[2]} adjusted, {total[3]} proposed, {total[4]} unmatched;"
        f" {released} of {summary.account_count} account(s) released"
    )
    failed = [f"{file.name}: {file.reason}" for file in summary.failed_files]
    yield from _part("Failed files", failed)
    yield from _part("Failed work", _failed_work(summary))
    missing = [
        f"{one.code}: the statement after {one.last_day} should have come by {one.expected}" for one in summary.missing
    ]
    yield from _part("Missing statements", missing)
    yield from _part("Needs a person", [_need(account) for account in summary.needing])
    odd = [f"{file}: {note}" for file, note in summary.notes]
    yield from _part("Odd but read", odd)
    if not summary.attention:
        yield "Nothing needs a person."


def _failed_work(summary: Morning) -> list[str]:
    """The accounts that could not be worked on, one row a reason."""
    reasons: dict[str, list[str]] = {}
    for job in summary.failed_jobs:
        reasons.setdefault(job.reason, []).extend(job.accounts)
    return [f"{', '.join(sorted(accounts))}: {reason}" for reason, accounts in reasons.items()]


def _part(title: str, rows: list[str]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield f"{title} ({len(rows)})"
    for row in rows[:SHOWN_MAX]:
        yield f"  {row}"
    if len(rows) > SHOWN_MAX:
        yield f"  and {len(rows) - SHOWN_MAX} more: see the JSON"


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
        "at": summary.at,
        "attention": summary.attention,
        "files": summary.files,
        "failed_files": [{"name": f.name, "state": f.state, "reason": f.reason} for f in summary.failed_files],
        "failed_jobs": [job._asdict() for job in summary.failed_jobs],
        "missing": [one._asdict() for one in summary.missing],
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
