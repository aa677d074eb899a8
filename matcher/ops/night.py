"""A whole night from settings: what the command and the scheduled task share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from matcher.bootstrap import NightSettings
from matcher.ops.report import mailing, report, report_failure
from matcher.pipeline.night.contract import Night
from matcher.pipeline.night.driving import NightPlan, nightly_runs, patiently
from matcher.pipeline.night.inbox import open_inbox
from matcher.pipeline.night.morning import Morning, morning
from matcher.pipeline.setup import read_accounts
from recon_core.domain.refused import ReconError

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


class Driven(NamedTuple):
    """The summary of a night, and what went wrong when it was mailed (nothing, or a sentence)."""

    summary: Morning
    mail_failed: str = ""

    @property
    def attention(self) -> bool:
        """Whether anybody has to do anything."""
        return self.summary.attention or bool(self.mail_failed)


def drive(night: Night, plan: NightPlan, settings: NightSettings, *, mail_to: Sequence[str] = ()) -> Driven:
    """Do the night's work, and mail its summary once to whom it concerns. Raises `BadSetting` before the work begins
    where nobody could be mailed at its end.
    """
    mailed = mailing(settings, to=mail_to)
    try:
        runs = [run.id for run in nightly_runs(night, plan)]
    except ReconError as error:
        if mailed is not None:
            report_failure(night, error, mailed)
        raise
    failed = report(night, runs, mailed) if mailed is not None else ""
    return Driven(patiently(night, partial(morning, night, runs[-1], joined=runs[:-1])), failed)
