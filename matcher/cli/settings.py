"""`recon settings`: module settings, entry types, code parts, fiscal periods, limits, number series."""

from __future__ import annotations

import json
from datetime import datetime

import click

from matcher.cli import desk
from recon_core.domain.states import Direction, EntryKind


@click.group()
def settings() -> None:
    """Settings of the books; every change of them is in the log.

    \b
    Examples:
      recon settings show
      recon settings set four_eyes=true in_transit_account=1680
      recon settings entry-type FEE --name "Bank fee" --kind bank_fee --offset 6570
      recon settings limit write_off --currency SEK --amount 20
      recon settings period 2017-01 --from 2017-01-01 --to 2017-01-31
    """


@settings.command()
@desk.json_option
def show(as_json: bool) -> None:
    """The module settings, the limits and the fiscal periods.

    \b
    Examples:
      recon settings show
    """
    from recon_core.reports import lists
    from recon_core.services import lookup

    with desk.read() as uow:
        found = lookup.settings(uow)._asdict()
        limits, periods = lists.limits(uow), lists.periods(uow)
    rows = [{"setting": name, "value": str(value)} for name, value in found.items()]
    for one in limits:
        where = " ".join(part for part in (one.account_code, one.reason) if part)
        amount = f"{desk.money(one.minor_max, one.currency)} {one.currency}"
        rows.append({"setting": f"limit {one.purpose} {where}".strip(), "value": f"{amount}, set by {one.changed_by}"})
    for one in periods:
        locked = "locked" if one.locked else "open"
        rows.append({"setting": f"period {one.name}", "value": f"{one.from_date} to {one.to_date}, {locked}"})
    desk.emit(rows, as_json=as_json)


@settings.command("set")
@click.argument("values", nargs=-1, required=True, metavar="NAME=VALUE...")
@desk.done_json
def set_(values: tuple[str, ...], as_json: bool) -> None:
    """Set module settings; yes-or-no ones take true or false.

    \b
    Examples:
      recon settings set skip_voided=false
      recon settings set automatic_stopped=true          the kill switch
    """
    from recon_core.domain.settings import Settings
    from recon_core.services import settings

    changes: dict[str, object] = {}
    for name, text in desk.pairs(values, what="NAME").items():
        is_flag = isinstance(Settings._field_defaults.get(name), bool)
        if is_flag and text not in {"true", "false"}:
            raise click.UsageError(f"{name} is true or false.")
        changes[name] = text == "true" if is_flag else text
    with desk.change() as made:
        settings.change_settings(made.uow, changes=changes, **made.said)
    desk.say(f"{len(changes)} setting(s) changed.", as_json=as_json, values={"settings": changes})


@settings.command("entry-type")
@click.argument("code")
@click.option("--name", required=True, help="What people call it.")
@click.option("--kind", type=click.Choice([kind.value for kind in EntryKind]), required=True, help="What it is.")
@click.option(
    "--direction",
    type=click.Choice([direction.value for direction in Direction]),
    default=Direction.DISBURSEMENT.value,
    show_default=True,
    help="Whether money comes in or goes out.",
)
@click.option("--offset", required=True, help="The account on the other side.")
@click.option("--part", "parts", multiple=True, metavar="PART=VALUE", help="A code part of the offset row, repeatable.")
@desk.done_json
def entry_type(
    code: str, name: str, kind: str, direction: str, offset: str, parts: tuple[str, ...], as_json: bool
) -> None:
    """Make an entry type (betalningstyp).

    \b
    Examples:
      recon settings entry-type INT --name Interest --kind interest --direction receipt --offset 8310
    """
    from recon_core.services import settings

    with desk.change() as made:
        settings.open_entry_type(
            made.uow,
            code=code,
            name=name,
            kind=kind,
            direction=direction,
            offset_account=offset,
            code_parts=desk.pairs(parts, what="PART"),
            **made.said,
        )
    values = {"entry_type": code, "kind": kind, "direction": direction, "offset_account": offset}
    desk.say(f"Entry type {code} is made.", as_json=as_json, values=values)


@settings.command("change-entry-type")
@click.argument("code")
@click.option("--name", help="What people call it.")
@click.option("--offset", help="The account on the other side.")
@click.option("--part", "parts", multiple=True, metavar="PART=VALUE", help="A code part of the offset row, repeatable.")
@click.option("--active/--inactive", default=None, help="Whether it is in use.")
@desk.done_json
def change_entry_type(
    code: str, name: str | None, offset: str | None, parts: tuple[str, ...], active: bool | None, as_json: bool
) -> None:
    """Change an entry type, or take it out of use; what was made under it stays as it is.

    \b
    Examples:
      recon settings change-entry-type FEE --offset 6571
      recon settings change-entry-type FEE --inactive
    """
    from recon_core.services import settings

    code_parts = desk.pairs(parts, what="PART") or None
    given = {"name": name, "offset_account": offset, "code_parts": code_parts, "active": active}
    changes = {key: value for key, value in given.items() if value is not None}
    if not changes:
        raise click.UsageError("Say what to change.")
    with desk.change() as made:
        settings.change_entry_type(made.uow, code=code, changes=changes, **made.said)
    desk.say(f"Entry type {code} is changed.", as_json=as_json, values={"entry_type": code, "changed": changes})


@settings.command("entry-types")
@desk.json_option
def entry_types(as_json: bool) -> None:
    """All entry types.

    \b
    Examples:
      recon settings entry-types
    """
    from recon_core.reports import lists

    with desk.read() as uow:
        found = lists.entry_types(uow)
    names = ("code", "name", "kind", "direction", "offset_account", "active")
    rows = []
    for one in found:
        parts = json.loads(one.code_parts)
        row = {name: getattr(one, name) for name in names} | {"_code_parts": parts}
        rows.append(row | {"with": " ".join(f"{part}={value}" for part, value in parts.items())})
    desk.emit(rows, as_json=as_json, empty="No entry type.")


@settings.command("code-part")
@click.argument("part")
@click.argument("value")
@click.option("--name", default="", help="What people call it.")
@desk.done_json
def code_part(part: str, value: str, name: str, as_json: bool) -> None:
    """Add a value of a code part (kod-del).

    \b
    Examples:
      recon settings code-part cost_centre 100 --name Sales
    """
    from recon_core.services import settings

    with desk.change() as made:
        settings.open_code_part(made.uow, part=part, value=value, name=name, **made.said)
    values = {"code_part": part, "value": value, "name": name}
    desk.say(f"{part} {value} is added.", as_json=as_json, values=values)


@settings.command()
@click.argument("name")
@click.option("--from", "first", type=desk.DAY, help="Its first day, for a new period.")
@click.option("--to", "last", type=desk.DAY, help="Its last day, for a new period.")
@click.option("--lock/--unlock", "locked", default=None, help="Lock it: nothing is posted, undone or voided in it.")
@desk.done_json
def period(name: str, first: datetime | None, last: datetime | None, locked: bool | None, as_json: bool) -> None:
    """Make a fiscal period, or lock one.

    \b
    Examples:
      recon settings period 2017-01 --from 2017-01-01 --to 2017-01-31
      recon settings period 2017-01 --lock
    """
    from recon_core.services import settings

    if (first is None) != (last is None) or (first is None and locked is None):
        raise click.UsageError("Give --from and --to for a new period, --lock or --unlock for a known one.")
    with desk.change() as made:
        if first is not None and last is not None:
            settings.open_period(made.uow, name=name, from_date=first.date(), to_date=last.date(), **made.said)
        if locked is not None:
            settings.lock_period(made.uow, name=name, locked=locked, **made.said)
    values = {"period": name, "locked": bool(locked)}
    desk.say(f"Period {name} is {'locked' if locked else 'open'}.", as_json=as_json, values=values)


@settings.command()
@click.argument("purpose", type=click.Choice(["write_off", "four_eyes", "automatic"]))
@click.option("--currency", required=True, help="ISO 4217.")
@click.option("--amount", required=True, help="The largest amount.")
@click.option("--account", default="", help="Only for this account.")
@click.option("--type", "entry_type", default="", help="Only for this entry type.")
@desk.done_json
def limit(purpose: str, currency: str, amount: str, account: str, entry_type: str, as_json: bool) -> None:
    """Set a limit: what may be written off, from where on four eyes are needed, how much a policy may adjust.

    \b
    Examples:
      recon settings limit write_off --currency SEK --amount 20 --type WOFF
      recon settings limit four_eyes --currency SEK --amount 10000
    """
    from recon_core.services import settings

    most = desk.minor(amount, currency)
    with desk.change() as made:
        settings.set_limit(
            made.uow,
            purpose=purpose,
            currency=currency,
            minor_max=most,
            account_code=account,
            reason=entry_type,
            **made.said,
        )
    values = {"limit": purpose, "amount": desk.money(most, currency), "currency": currency}
    values |= {"account": account, "entry_type": entry_type}
    desk.say(f"The limit for {purpose} is {values['amount']} {currency}.", as_json=as_json, values=values)


@settings.command()
@click.argument("code")
@click.option("--prefix", default="", help="What stands before the number.")
@click.option("--width", type=click.IntRange(1, 18), default=6, show_default=True, help="Digits of the number.")
@click.option("--manual", is_flag=True, help="The user types the number.")
@desk.done_json
def series(code: str, prefix: str, width: int, manual: bool, as_json: bool) -> None:
    """Make a number series (nummerserie) for `recon account open --series`. CARECON is there already.

    \b
    Examples:
      recon settings series REC1930 --prefix 1930- --width 4
    """
    from recon_core.services import numbering

    with desk.change() as made:
        numbering.open_series(made.uow, code=code, prefix=prefix, width=width, manual=manual, **made.said)
    values = {"series": code, "prefix": prefix, "width": width, "manual": manual}
    desk.say(f"Number series {code} is made.", as_json=as_json, values=values)
