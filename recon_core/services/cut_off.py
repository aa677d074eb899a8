"""Bank lines from before the day on which an account was taken over: set aside, and taken back with the take-over."""

from __future__ import annotations

from datetime import date
from typing import Any

from recon_core.domain.states import LineState
from recon_core.ports import Action, UnitOfWork

REASON = "Before the cut-off date."


def set_aside(uow: UnitOfWork, act: Action, account: Any, day: date) -> None:
    """Make a day the account's cut-off date and ignore its unused bank lines up to it."""
    lines = uow.select(
        "SELECT id FROM statement_line WHERE cash_account_id = :account AND booking_date <= :day"
        " AND state IN ('open', 'proposed') AND used_amount = 0",
        {"account": account.id, "day": day},
    )
    act.update("cash_account", [account.id], {"cut_off_date": day, "version": account.version + 1})
    values = {"state": LineState.IGNORED.value, "state_reason": REASON}
    act.update("statement_line", [row.id for row in lines], values)


def take_back(uow: UnitOfWork, act: Action, account: Any) -> None:
    """Take the account's cut-off date away; what was set aside for it, then or as it came in later, is open again."""
    lines = uow.select(
        "SELECT id FROM statement_line WHERE cash_account_id = :account AND booking_date <= :day AND state = 'ignored'"
        " AND state_reason = :reason AND withdrawn_by IS NULL AND NOT EXISTS (SELECT 1 FROM decision_line l"
        " JOIN decision d ON d.id = l.decision_id AND d.state = 'applied' WHERE l.statement_line_id = statement_line.id)",
        {"account": account.id, "day": account.cut_off_date, "reason": REASON},
    )
    act.update("cash_account", [account.id], {"cut_off_date": None, "version": account.version + 1})
    act.update("statement_line", [row.id for row in lines], {"state": LineState.OPEN.value, "state_reason": ""})
