"""Writes as JSON patches for the log (`recon_core.domain.history` says how they look)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import LargeBinary, Table

from recon_core.store.columns import Day, Moment, day_text


def dumps(value: Any) -> str:
    """Compact JSON of texts, numbers and lists of such, the same from release to release: digests are of it."""
    return orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS).decode()


def is_column(values: object) -> bool:
    """Whether these are values a row, rather than one value for all."""
    return isinstance(values, list | tuple | range)


def moment_text(value: datetime) -> str:
    """ISO text in UTC with microseconds: the one way a point in time is written."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def _plain(values: Any, *, convert: Callable[[Any], str | None] | None) -> Any:
    if not is_column(values):
        return values if values is None or convert is None else convert(values)
    if convert is None:
        return list(values)
    return [None if value is None else convert(value) for value in values]


def plain(table: Table, columns: Mapping[str, Any], *, collapse: bool = True) -> dict[str, Any]:
    """Columns as JSON values, without those that the table keeps out of the log. Equal values become one."""
    unlogged = table.info.get("unlogged", ())
    found: dict[str, Any] = {}
    for name, values in columns.items():
        if name in unlogged:
            continue
        kind = table.c[name].type
        convert = day_text if isinstance(kind, Day) else moment_text if isinstance(kind, Moment) else None
        if collapse and is_column(values) and len(values) > 1 and values.count(values[0]) == len(values):
            values = values[0]
        found[name] = _plain(values, convert=convert)
    return found


def unlogged_digest(table: Table, columns: Mapping[str, Any], count: int) -> str | None:
    """SHA-256 over the values that the table keeps out of the log, so that the log still proves them."""
    names = sorted(set(table.info.get("unlogged", ())) & columns.keys())
    if not names:
        return None
    digest = sha256()
    for name in names:
        digest.update(f"{name}:".encode())
        values = columns[name] if is_column(columns[name]) else [columns[name]] * count
        if isinstance(table.c[name].type, LargeBinary):
            for value in values:
                digest.update(sha256(value).digest())
        else:
            digest.update(dumps(list(values)).encode())
    return digest.hexdigest()


def inserted(table: Table, columns: Mapping[str, Any], count: int) -> dict[str, Any]:
    """Patch of an insert."""
    key = [column.name for column in table.primary_key.columns]
    patch = {"insert": table.name, "key": key, "count": count, "columns": plain(table, columns)}
    digest = unlogged_digest(table, columns, count)
    return patch if digest is None else {**patch, "unlogged": digest}


def updated(table: Table, ids: Sequence[int], before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Patch of an update."""
    return {"update": table.name, "ids": list(ids), "before": plain(table, before), "after": plain(table, after)}


def deleted(table: Table, ids: Sequence[int], before: Mapping[str, Any]) -> dict[str, Any]:
    """Patch of a delete."""
    return {"delete": table.name, "ids": list(ids), "before": plain(table, before)}
