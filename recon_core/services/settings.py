"""Use cases around settings: module settings, entry types, code parts, fiscal periods, limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from recon_core.domain.currency import exponent
from recon_core.domain.refusals import BadRequest, Conflict, Unknown
from recon_core.domain.settings import Settings
from recon_core.domain.states import Direction, EntryKind
from recon_core.ports import UnitOfWork
from recon_core.services import lookup


def change_settings(uow: UnitOfWork, *, changes: Mapping[str, Any], by: str, at: datetime) -> Settings:
    """Set module settings by name (fields of `Settings`) and return all. Raises `BadRequest`."""
    for name, value in changes.items():
        if name not in Settings._fields:
            raise BadRequest(f"There is no setting {name!r}.", cure=f"There are: {', '.join(Settings._fields)}.")
        if type(value) is not type(Settings._field_defaults[name]):
            raise BadRequest(f"{name} can't be {value!r}.", cure=f"It is like {Settings._field_defaults[name]!r}.")
    if changes.get("unknown_receipts_entry_type"):
        lookup.entry_type(uow, changes["unknown_receipts_entry_type"])
    if "in_transit_account" in changes:
        code = changes["in_transit_account"]
        if uow.value("SELECT id FROM cash_account WHERE ledger_account = :code", {"code": code}) is not None:
            raise BadRequest(f"The in-transit account {code} is a cash account itself.", cure="Name another account.")
    with uow.action("settings.change", subject=("setting", 0), by=by, at=at) as act:
        for name, value in changes.items():
            row_id = uow.value("SELECT id FROM setting WHERE name = :name", {"name": name})
            if row_id is None:
                act.insert_row("setting", {"name": name, "value": json.dumps(value)})
            else:
                act.update("setting", [row_id], {"value": json.dumps(value)})
    return lookup.settings(uow)


def open_entry_type(
    uow: UnitOfWork,
    *,
    code: str,
    name: str,
    kind: str,
    direction: str,
    offset_account: str,
    code_parts: Mapping[str, str] | None = None,
    by: str,
    at: datetime,
) -> int:
    """Make an entry type (betalningstyp): what an adjustment is, which way it goes, and where the other side is."""
    if uow.value("SELECT id FROM entry_type WHERE code = :code", {"code": code}) is not None:
        raise Conflict(
            f"There is an entry type {code!r} already.", cure=f"Change it: recon settings change-entry-type {code}"
        )
    check_code_parts(uow, code_parts or {})
    row = {
        "code": code,
        "name": name,
        "kind": EntryKind(kind).value,
        "direction": Direction(direction).value,
        "offset_account": offset_account,
        "code_parts": json.dumps(dict(code_parts or {}), sort_keys=True),
        "active": True,
    }
    with uow.action("entry-type.open", subject=("entry_type", 0), by=by, at=at) as act:
        return act.insert_row("entry_type", row)


def change_entry_type(uow: UnitOfWork, *, code: str, changes: Mapping[str, Any], by: str, at: datetime) -> None:
    """Change the name, offset_account or code_parts of an entry type, or take it out of use (active). What was made under
    it stays as it is. Raises `Unknown`, `BadRequest`.
    """
    rows = uow.select("SELECT id FROM entry_type WHERE code = :code", {"code": code})
    if not rows:
        raise Unknown(f"There is no entry type {code!r}.", cure="List them: recon settings entry-types")
    allowed = {"name", "offset_account", "code_parts", "active"}
    if set(changes) - allowed:
        raise BadRequest(
            f"{min(set(changes) - allowed)!r} of an entry type can't be changed.",
            cure="Take this one out of use and make another: recon settings change-entry-type CODE --inactive",
        )
    values = dict(changes)
    if "code_parts" in values:
        check_code_parts(uow, values["code_parts"])
        values["code_parts"] = json.dumps(dict(values["code_parts"]), sort_keys=True)
    with uow.action("entry-type.change", subject=("entry_type", rows[0].id), by=by, at=at) as act:
        act.update("entry_type", [rows[0].id], values)


def open_code_part(uow: UnitOfWork, *, part: str, value: str, name: str = "", by: str, at: datetime) -> int:
    """Add a value of a code part (kod-del), such as part "cost_centre", value "100"."""
    known = "SELECT active FROM code_part WHERE part = :part AND value = :value"
    if uow.value(known, {"part": part, "value": value}) is not None:
        raise Conflict(f"The code part {part!r} has the value {value!r} already.", cure="Nothing needs to be done.")
    with uow.action("code-part.open", subject=("code_part", 0), by=by, at=at) as act:
        return act.insert_row("code_part", {"part": part, "value": value, "name": name, "active": True})


def check_code_parts(uow: UnitOfWork, code_parts: Mapping[str, str]) -> None:
    """Raise `Unknown` for a value that is not on the list of its code part."""
    for part, value in code_parts.items():
        known = "SELECT id FROM code_part WHERE part = :part AND value = :value AND active"
        if not uow.known(known, {"part": part, "value": value}):
            raise Unknown(
                f"The code part {part!r} has no active value {value!r}.",
                cure=f"Add it: recon settings code-part {part} {value}",
            )


def open_period(uow: UnitOfWork, *, name: str, from_date: date, to_date: date, by: str, at: datetime) -> int:
    """Make a fiscal period. Periods may not overlap; a date outside all of them is open."""
    over = "SELECT name FROM fiscal_period WHERE from_date <= :to_date AND to_date >= :from_date"
    other = uow.value(over, {"from_date": from_date, "to_date": to_date})
    if other is not None:
        raise Conflict(
            f"The period {name} overlaps {other}.", cure="Use other days; periods are listed by recon settings show"
        )
    if from_date > to_date:
        raise BadRequest(f"The period {name} ends before it begins.", cure="Turn the days.")
    if uow.value("SELECT id FROM fiscal_period WHERE name = :name", {"name": name}) is not None:
        raise Conflict(f"There is a fiscal period {name!r} already.", cure="Give this one another name.")
    row = {"name": name, "from_date": from_date, "to_date": to_date, "locked": False}
    with uow.action("period.open", subject=("fiscal_period", 0), by=by, at=at) as act:
        return act.insert_row("fiscal_period", row)


def lock_period(uow: UnitOfWork, *, name: str, locked: bool = True, by: str, at: datetime) -> None:
    """Lock a fiscal period: nothing is posted, unmatched or voided with a date in it. `locked=False` opens it."""
    row_id = uow.value("SELECT id FROM fiscal_period WHERE name = :name", {"name": name})
    if row_id is None:
        raise Unknown(
            f"There is no fiscal period {name!r}.", cure=f"Make it: recon settings period {name} --from DAY --to DAY"
        )
    with uow.action("period.lock", subject=("fiscal_period", row_id), by=by, at=at) as act:
        act.update("fiscal_period", [row_id], {"locked": locked})


def set_limit(
    uow: UnitOfWork,
    *,
    purpose: str,
    currency: str,
    minor_max: int,
    account_code: str = "",
    reason: str = "",
    by: str,
    at: datetime,
) -> int:
    """Set the largest amount for a purpose: "write_off", "four_eyes" (above it a second person is needed) or
    "automatic" (above it a policy does nothing). The most specific of account and reason (entry type) counts.
    """
    exponent(currency)
    if account_code:
        lookup.account_by_code(uow, account_code)
    key = {"purpose": purpose, "account_code": account_code, "reason": reason, "currency": currency}
    row_id = uow.value(
        "SELECT id FROM amount_limit WHERE purpose = :purpose AND account_code = :account_code AND reason = :reason"
        " AND currency = :currency",
        key,
    )
    with uow.action("limit.set", subject=("amount_limit", row_id or 0), by=by, at=at) as act:
        if row_id is None:
            return act.insert_row("amount_limit", {**key, "minor_max": minor_max, "changed_by": by})
        act.update("amount_limit", [row_id], {"minor_max": minor_max, "changed_by": by})
        return int(row_id)
