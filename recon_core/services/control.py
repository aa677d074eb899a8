"""Checks that many use cases share: locked periods, limits, four eyes, how far a policy may go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from recon_core.domain.account import CashAccount
from recon_core.domain.money import to_text
from recon_core.domain.refusals import PeriodLocked, PolicyForbids
from recon_core.domain.states import MatchingPolicy, is_policy
from recon_core.ports import UnitOfWork
from recon_core.services import lookup

ADJUSTMENT_EDITED = "adjustment.edit"


class Limit(NamedTuple):
    """The largest amount in minor units, and who set it last."""

    minor_max: int
    changed_by: str


def check_periods_open(uow: UnitOfWork, days: Iterable[date]) -> None:
    """Raise `PeriodLocked` if one of the dates is in a locked fiscal period (R15)."""
    wanted = sorted(set(days))
    if not wanted:
        return
    locked = uow.known("SELECT name, from_date, to_date FROM fiscal_period WHERE locked ORDER BY from_date")
    for period in locked:
        hit = [day for day in wanted if period.from_date <= day <= period.to_date]
        if hit:
            raise PeriodLocked(
                f"{hit[0]} is in the fiscal period {period.name}, which is locked.",
                cure=f"Use a date in an open period, or have it opened: recon settings period {period.name} --unlock",
            )


def check_automatic(uow: UnitOfWork, account: CashAccount, *, step: MatchingPolicy, by: str) -> None:
    """Raise `PolicyForbids` if `by` is a policy and the account or the kill switch does not let it do `step`."""
    if not is_policy(by):
        return
    if account.automatic_stopped or lookup.settings(uow).automatic_stopped:
        raise PolicyForbids(
            f"Automatic work on account {account.code} is stopped.",
            cure=f"A person may still do it, or let it go on: recon account change {account.code} --start",
        )
    if not account.allows(step):
        raise PolicyForbids(
            f"The policy of account {account.code} is {account.policy}, which does not {step.value}.",
            cure=f"A person may do it, or raise the policy: recon account change {account.code} --policy {step.value}",
        )


def limit(uow: UnitOfWork, *, purpose: str, account: CashAccount, reason: str = "") -> Limit | None:
    """The limit that counts for an account and reason, or None. Account goes before reason, both before neither."""
    every: list[Any] = uow.known(
        "SELECT purpose, currency, account_code, reason, minor_max, changed_by FROM amount_limit ORDER BY id"
    )
    mine = [
        row
        for row in every
        if (row.purpose, row.currency) == (purpose, account.currency)
        and row.account_code in {account.code, ""}
        and row.reason in {reason, ""}
    ]
    nearest = min(mine, key=lambda row: (not row.account_code, not row.reason), default=None)
    return None if nearest is None else Limit(nearest.minor_max, nearest.changed_by)


def check_limit(uow: UnitOfWork, *, purpose: str, account: CashAccount, amount: int, reason: str = "") -> None:
    """Raise `PolicyForbids` if an amount is above the limit for its purpose. Without a limit everything is below."""
    found = limit(uow, purpose=purpose, account=account, reason=reason)
    if found is not None and abs(amount) > found.minor_max:
        most, given = (to_text(value, account.currency) for value in (found.minor_max, abs(amount)))
        raise PolicyForbids(
            f"{given} {account.currency} is above the limit of {most} for {purpose.replace('_', ' ')}.",
            cure="Split it, book it with a voucher of its own, or have the limit raised: recon settings limit",
        )


def check_four_eyes(
    uow: UnitOfWork, *, account: CashAccount, amount: int, adjustment: Any, by: str, reason: str = ""
) -> None:
    """Raise `PolicyForbids` if `by` made or changed the adjustment (row with id and created_by) that it approves and the
    amount is above the four-eyes limit (0 if unset).
    """
    if not lookup.settings(uow).four_eyes:
        return
    found = limit(uow, purpose="four_eyes", account=account, reason=reason)
    if abs(amount) <= (found.minor_max if found else 0):
        return
    edits = "SELECT happened_by FROM log WHERE subject_kind = 'adjustment' AND subject_id = :id AND action = :edit"
    editors = [row.happened_by for row in uow.select(edits, {"id": adjustment.id, "edit": ADJUSTMENT_EDITED})]
    if by in {adjustment.created_by, *editors, found.changed_by if found else ""}:
        raise PolicyForbids(
            f"{by} made this, or set the limit for it, and can't approve it: four eyes are required.",
            cure="Let somebody else release it.",
        )


def check_automatic_amount(uow: UnitOfWork, account: CashAccount, *, amount: int, reason: str, by: str) -> None:
    """Raise `PolicyForbids` if `by` is a policy that may not adjust here, or not as much for this entry type."""
    if is_policy(by):
        check_automatic(uow, account, step=MatchingPolicy.ADJUST, by=by)
        check_limit(uow, purpose="automatic", account=account, amount=amount, reason=reason)
