"""Rule settings as a rules file, the way back from `matcher.rules.rules_file`: only what differs from the shipped ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from matcher.rules.settings import RuleSettings, Weights

_TABLES = frozenset({"clear_from", "weights", "accounts", "counterparties"})


def rules_text(settings: RuleSettings, *, comment: Iterable[str] = ()) -> str:
    """TOML that `RuleSettings.from_toml` reads back to equal settings, below a comment of these lines."""
    shipped = own_values(RuleSettings())
    changed = {name: value for name, value in own_values(settings).items() if value != shipped.get(name)}
    said = [f"# {line}".rstrip() for line in comment]
    said += _values({name: value for name, value in changed.items() if "." not in name})
    for table in ("clear_from", "weights"):
        prefix = f"{table}."
        values = {name.removeprefix(prefix): value for name, value in changed.items() if name.startswith(prefix)}
        if values:
            said += ["", f"[{table}]", *_values(values)]
    for name, tables in (("account", settings.accounts), ("counterparty", settings.counterparties)):
        for key, overrides in tables:
            said += ["", f"[{name}.{_text(key)}]", *_values(dict(overrides))]
    return "\n".join(said).strip() + "\n"


def _values(values: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {value_text(value)}" for name, value in values.items()]


def own_values(settings: RuleSettings) -> dict[str, Any]:
    """The values that hold for all accounts, by name; those of a table as "table.name"."""
    found = {field.name: getattr(settings, field.name) for field in fields(RuleSettings) if field.name not in _TABLES}
    found |= {f"weights.{field.name}": getattr(settings.weights, field.name) for field in fields(Weights)}
    return found | {f"clear_from.{code}": least for code, least in settings.clear_from}


def value_text(value: Any) -> str:
    """A value as a rules file has it; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _text(value)
    listed = sorted(value) if isinstance(value, frozenset) else value
    return f"[{', '.join(_text(one) for one in listed)}]"


def _text(value: str) -> str:
    """A TOML basic string: JSON's escapes are a part of TOML's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
