"""Column types that mean the same on SQLite (STRICT tables) and PostgreSQL.

| type | PostgreSQL | SQLite | in Python |
|---|---|---|---|
| `Minor` | BIGINT | INTEGER | `int`, nothing else: PostgreSQL would round 1.5 to 2 without a word |
| `Day` | DATE | TEXT, ISO | `date` |
| `Moment` | TIMESTAMP WITH TIME ZONE | TEXT, ISO in UTC | aware `datetime` in UTC |
| `Flag` | BOOLEAN | INTEGER 0/1 | `bool` |
| `Id` | BIGINT | INTEGER | `int` |
"""

# ruff: noqa: ARG002  SQLAlchemy calls these methods with all arguments
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from types import NoneType
from typing import Any

from sqlalchemy import BigInteger, LargeBinary, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import UserDefinedType

Convert = Callable[[Any], Any]


def _is_sqlite(dialect: Dialect) -> bool:
    return dialect.name == "sqlite"


def _minor(value: object) -> object:
    if value is not None and type(value) is not int:
        raise TypeError(f"{value!r} is no count of minor units; money and counts are int.")
    return value


def bound(kind: Any, dialect: Dialect, values: Sequence[Any]) -> Iterable[Any]:
    """A column of values as the driver takes them. Raises `TypeError` for one that is not of the column's type."""
    process = kind.bind_processor(dialect)
    if process is None or (process is _minor and set(map(type, values)) <= {int, NoneType}):
        return values
    return map(process, values)


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError(f"{value!r} is no point in time: it needs a time zone.")
    return value.astimezone(UTC)


def _moment_text(value: Any) -> str | None:
    moment = _moment(value)
    return None if moment is None else moment.isoformat(timespec="microseconds")


# A column of a million days has few different ones.
@lru_cache(maxsize=4096)
def day_text(value: Any) -> str | None:
    """ISO text of a calendar date."""
    if value is None:
        return None
    if isinstance(value, datetime) or not isinstance(value, date):
        raise TypeError(f"{value!r} is no calendar date.")
    return value.isoformat()


@lru_cache(maxsize=4096)
def _day(text: Any) -> date | None:
    return None if text is None else date.fromisoformat(text)


class Minor(UserDefinedType[int]):
    """Money in minor units, and every other number that must stay exact."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Convert:
        return _minor

    def result_processor(self, dialect: Dialect, coltype: object) -> Convert | None:
        return None


class Id(Minor):
    """A row's number."""


class Day(UserDefinedType[date]):
    """A calendar date without time or zone."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Convert | None:
        return day_text if _is_sqlite(dialect) else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Convert | None:
        if not _is_sqlite(dialect):
            return None
        return _day


class Moment(UserDefinedType[datetime]):
    """A point in time, kept in UTC."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Convert:
        return _moment_text if _is_sqlite(dialect) else _moment

    def result_processor(self, dialect: Dialect, coltype: object) -> Convert:
        if _is_sqlite(dialect):
            return lambda text: None if text is None else datetime.fromisoformat(text)
        return lambda value: None if value is None else value.astimezone(UTC)


_FLAG_OUT: Convert = {None: None, False: 0, True: 1}.__getitem__
_FLAG_IN: Convert = {None: None, 0: False, 1: True}.__getitem__


class Flag(UserDefinedType[bool]):
    """Yes or no."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Convert | None:
        return _FLAG_OUT if _is_sqlite(dialect) else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Convert | None:
        return _FLAG_IN if _is_sqlite(dialect) else None


_NAMES = {
    Minor: ("BIGINT", "INTEGER"),
    Id: ("BIGINT", "INTEGER"),
    Day: ("DATE", "TEXT"),
    Moment: ("TIMESTAMP WITH TIME ZONE", "TEXT"),
}
_NAMES[Flag] = ("BOOLEAN", "INTEGER")


@compiles(Minor)
@compiles(Id)
@compiles(Day)
@compiles(Moment)
@compiles(Flag)
def _name(type_: UserDefinedType[Any], compiler: Any, **_: Any) -> str:
    return _NAMES[type(type_)][compiler.dialect.name == "sqlite"]


@compiles(String, "sqlite")
@compiles(Text, "sqlite")
def _text(_type: Any, _compiler: Any, **_: Any) -> str:
    """STRICT tables know TEXT, no VARCHAR."""
    return "TEXT"


@compiles(BigInteger, "sqlite")
def _integer(_type: Any, _compiler: Any, **_: Any) -> str:
    return "INTEGER"


Bytes = LargeBinary
