"""A whole night from settings: what the command and the scheduled task share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from matcher.bootstrap import NightSettings
from matcher.ops.report import report
from matcher.pipeline.night.contract import Night
from matcher.pipeline.night.driving import NightPlan, nightly
from matcher.pipeline.night.inbox import open_inbox
from matcher.pipeline.night.morning import Morning, morning
from matcher.pipeline.setup import read_accounts

SETTLE_SECONDS = 2


def night_plan(
    settings: NightSettings,
    *,
    address: str,
    books: Sequence[Path] = (),
    accounts: Path | None = None,
    rules: Path | None = None,
    open_policy: str | None = None,
    settle: int = SETTLE_SECONDS,
    helps: bool = True,
) -> NightPlan:
    """What a night is asked to do, from options and, where these say nothing, settings. Raises `BadSetting`."""
    rules = rules or settings.rules
    return NightPlan(
        inbox=open_inbox(address),
        books=list(books) or settings.books,
        accounts=read_accounts(accounts) if accounts is not None else (),
        open_policy=open_policy or settings.open_policy,
        rules_toml=rules.read_text(encoding="utf-8") if rules is not None else "",
        settle=timedelta(seconds=settle),
        helps=helps,
    )


def drive(night: Night, plan: NightPlan, settings: NightSettings, *, mail_to: Sequence[str] = ()) -> Morning:
    """Do the night's work, and mail its summary once to whom it concerns."""
    run = nightly(night, plan)
    summary = morning(night, run.id)
    report(night, summary, settings, to=list(mail_to) or settings.mail_to)
    return summary
