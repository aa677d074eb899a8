"""Number series without gaps: a number is taken under the series' lock, inside the transaction that uses it.

A rollback gives the number back, because the counter is a row like any other (R12).
"""

from __future__ import annotations

from datetime import datetime

from recon_core.domain.refusals import BadRequest, Conflict, Unknown
from recon_core.ports import Action, UnitOfWork

RECONCILIATIONS = "CARECON"
VOUCHERS = "VOUCHER"
_BY_CODE = "SELECT id FROM number_series WHERE code = :code"
# Only asked under the series' lock.
_LOCKED = "SELECT * FROM number_series WHERE id = :id"
PREDEFINED = {RECONCILIATIONS: "", VOUCHERS: "V"}


def open_series(
    uow: UnitOfWork, *, code: str, prefix: str = "", width: int = 6, manual: bool = False, by: str, at: datetime
) -> int:
    """Make a number series: `prefix` and a number of `width` digits; in a manual one the user types the number.

    Raises `Conflict` for a code that is taken.
    """
    if uow.known(_BY_CODE, {"code": code}):
        raise Conflict(f"There is a number series {code!r} already.", cure="Use it, or give this one another code.")
    with uow.action("series.open", subject=("number_series", 0), by=by, at=at) as act:
        return act.insert_row("number_series", {"code": code, "prefix": prefix, "width": width, "manual": manual})


def series_id(uow: UnitOfWork, code: str, *, act: Action) -> int:
    """Id of a series; the predefined ones are made when first asked for. Raises `Unknown`."""
    found = uow.known(_BY_CODE, {"code": code})
    if found:
        return int(found[0].id)
    if code not in PREDEFINED:
        raise Unknown(f"There is no number series {code!r}.", cure=f"Make it: recon settings series {code}")
    # Somebody else may be making it this moment.
    uow.lock_names([f"number series {code}"])
    found = uow.select(_BY_CODE, {"code": code})
    if found:
        return int(found[0].id)
    return act.insert_row("number_series", {"code": code, "prefix": PREDEFINED[code]})


def take(uow: UnitOfWork, series: int, *, act: Action, typed: str | None = None) -> str:
    """The next number of a series, or for a manual series the one that was typed. Raises `BadRequest`."""
    if not typed:
        return take_many(uow, series, 1, act=act)[0]
    row = uow.select("SELECT code, manual FROM number_series WHERE id = :id", {"id": series})[0]
    if not row.manual:
        raise BadRequest(f"The number series {row.code} numbers by itself.", cure="Leave the number out.")
    return typed


def take_many(uow: UnitOfWork, series: int, count: int, *, act: Action) -> list[str]:
    """The next numbers of a series. Raises `BadRequest` for a manual one."""
    uow.lock_row("number_series", series)
    row = uow.known(_LOCKED, {"id": series})[0]
    if row.manual:
        raise BadRequest(f"The number series {row.code} is manual.", cure="Give the number: --number")
    numbers = list(range(row.next_number, row.next_number + count))
    # One by one, as the database demands of a series without gaps.
    steps = {"next_number": [number + 1 for number in numbers]}
    act.update("number_series", [series] * count, steps, before={"next_number": numbers})
    now = [row._replace(next_number=row.next_number + count)]
    uow.remember(_LOCKED, {"id": series}, now)
    uow.remember(_BY_CODE, {"code": row.code}, now)
    return [f"{row.prefix}{number:0{row.width}d}" for number in numbers]
