"""The rules file: `RuleSettings` as TOML, checked key by key.

    receipt_days_after = 10            # any setting of a run by its name
    off = ["M75"]

    [clear_from]                       # least score, in permille, from which a pass may clear
    M60 = 900

    [weights]                          # points of the signals of M60
    name_misspelt = 300

    [account."SE45 5000 0000 0583 9825 7466"]
    reference_required = true

    [group.stores]
    accounts = ["SE35...", "SE16..."]
    rounding_minor_max = 100

    [counterparty."Telia Sverige AB"]
    charge_minor_max = 0

Accounts and counterparties take windows, tolerances, `country` (accounts only) and `reference_required`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

from matcher.rules.settings import NEVER, Overrides, RuleSettings, Weights
from recon_core.domain.account import normal_identifier
from recon_core.domain.refused import BadSetting

# Every setting with its meaning and its shipped value, commented out.
TEMPLATE = Path(__file__).with_name("template.toml")

_TABLES = frozenset({"clear_from", "weights", "account", "group", "counterparty"})
_NOT_IN_FILE = frozenset({"accounts", "counterparties", *_TABLES})
_OF_A_RUN = {field.name for field in fields(RuleSettings)} - _NOT_IN_FILE
_OF_A_COUNTERPARTY = {name for name in _OF_A_RUN if name.endswith(("_before", "_after", "_min", "_max"))} | {
    "reference_required"
}
_OF_AN_ACCOUNT = _OF_A_COUNTERPARTY | {"country"}
_COUNTRY = re.compile("(?:[A-Z]{2})?")
_INTEGER_MAX = 10**9
_PERMILLE_MAX = 1000


def read_rules(path: Path) -> RuleSettings:
    """Settings of a file. Raises `BadSetting`; `where` is file and key, the cure says what is allowed."""
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"This is no TOML: {error}.", where=str(path), cure="Correct the line named.") from error
    except UnicodeDecodeError as error:
        raise BadSetting("This is no UTF-8.", where=str(path), cure="Save the file as UTF-8.") from error
    return _Reader(str(path)).settings(table)


class _Reader:
    """Checks one file; every complaint names the file and the key."""

    def __init__(self, name: str) -> None:
        self._name = name

    def settings(self, table: Mapping[str, Any]) -> RuleSettings:
        own = {key: value for key, value in table.items() if key not in _TABLES}
        values: dict[str, Any] = dict(self._values(own, _OF_A_RUN, ""))
        accounts = self._accounts(table)
        return RuleSettings(
            **values,
            clear_from=self._clear_from(self._table(table, "clear_from", "")),
            weights=self._weights(self._table(table, "weights", "")),
            accounts=tuple(sorted(accounts.items())),
            counterparties=tuple(
                (
                    name,
                    self._values(
                        self._table(given, name, "counterparty."), _OF_A_COUNTERPARTY, f"counterparty.{name}."
                    ),
                )
                for given in [self._table(table, "counterparty", "")]
                for name in sorted(given)
            ),
        )

    def _accounts(self, table: Mapping[str, Any]) -> dict[str, Overrides]:
        """Overrides by account identifier: those of its group, then its own."""
        found: dict[str, dict[str, Any]] = {}
        groups = self._table(table, "group", "")
        for group in groups:
            given = dict(self._table(groups, group, "group."))
            members = given.pop("accounts", None)
            if not isinstance(members, list) or not all(isinstance(one, str) for one in members):
                self._refuse(
                    f"group.{group}.accounts", "is no list of accounts", 'Write accounts = ["SE...", "SE..."].'
                )
            values = self._values(given, _OF_AN_ACCOUNT, f"group.{group}.")
            for account in members:
                found.setdefault(normal_identifier(account), {}).update(dict(values))
        own = self._table(table, "account", "")
        for account in own:
            values = self._values(self._table(own, account, "account."), _OF_AN_ACCOUNT, f"account.{account}.")
            found.setdefault(normal_identifier(account), {}).update(dict(values))
        return {account: tuple(sorted(values.items())) for account, values in found.items()}

    def _values(self, given: Mapping[str, Any], allowed: set[str], prefix: str) -> Overrides:
        found = []
        for key, value in given.items():
            if key not in allowed:
                self._refuse(prefix + key, "is no setting here", f"Known are {', '.join(sorted(allowed))}.")
            found.append((key, self._value(prefix + key, key, value)))
        return tuple(sorted(found))

    def _value(self, place: str, key: str, value: Any) -> Any:
        if key in {"off", "order"}:
            codes = self._codes(place, value)
            return frozenset(codes) if key == "off" else tuple(codes)
        if key == "reference_required":
            if not isinstance(value, bool):
                self._refuse(place, "is neither true nor false", "Write true or false.")
            return value
        if key == "country":
            if not isinstance(value, str) or not _COUNTRY.fullmatch(value):
                self._refuse(place, "is no country code", 'Write two letters, like "SE".')
            return value
        return self._integer(place, value, _PERMILLE_MAX if "permille" in key or key == "margin" else _INTEGER_MAX)

    def _integer(self, place: str, value: Any, highest: int, lowest: int = 0) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            self._refuse(place, f"is {value!r}", f"Write a whole number from {lowest} to {highest}.")
        return value

    def _codes(self, place: str, value: Any) -> list[str]:
        from matcher.rules.order import ORDER

        known = [step.code for step in ORDER]
        if not isinstance(value, list) or not all(code in known for code in value):
            self._refuse(place, f"is {value!r}", f"Write a list of passes; known are {', '.join(known)}.")
        return value

    def _clear_from(self, given: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
        self._codes("clear_from", list(given))
        return tuple((code, self._integer(f"clear_from.{code}", given[code], NEVER)) for code in sorted(given))

    def _weights(self, given: Mapping[str, Any]) -> Weights:
        known = {field.name for field in fields(Weights)}
        for key in given:
            if key not in known:
                self._refuse(f"weights.{key}", "is no weight", f"Known are {', '.join(sorted(known))}.")
        return Weights(**{key: self._integer(f"weights.{key}", value, 1000, -1000) for key, value in given.items()})

    def _table(self, table: Mapping[str, Any], key: str, prefix: str) -> Mapping[str, Any]:
        found = table.get(key, {})
        if not isinstance(found, dict):
            self._refuse(prefix + key, "is no table", f"Write [{prefix}{key}] and its settings below it.")
        return found

    def _refuse(self, place: str, complaint: str, cure: str) -> NoReturn:
        raise BadSetting(f"{place} {complaint}.", where=f"{self._name}, key {place}", cure=cure)
