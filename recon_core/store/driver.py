"""SQL straight to the database's driver: the one place that knows how SQLite and PostgreSQL want it.

SQLAlchemy keeps the connections, their settings and the transaction. Its own execution would cost as much again as most
of the small statements here do, and a Row object a row as much as a query.
"""

# ruff: noqa: S608  every name in this SQL is one of our own tables and columns
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from itertools import chain, repeat
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

from recon_core.domain.refusals import BadRequest
from recon_core.store import patches

_LIST = re.compile(r"\bIN :(\w+)")
_NAME = re.compile(r"(?<![:\w]):([a-z_]\w*)")
# numeric_value_out_of_range
_OUT_OF_RANGE = "22003"
_PARAMETERS_MAX = 900
# From so many rows on the database is sent all of them at once, instead of statements with a few rows each.
_BULK = 8
# SQLite's JSON ends a text there.
_NUL = "\\u0000"


@lru_cache(maxsize=2000)
def _for_sqlite(sql: str) -> tuple[str, tuple[str, ...]]:
    """SQL for the driver, and the names of its parameters by position."""
    return _NAME.sub("?", _LIST.sub(r"IN (SELECT value FROM json_each(:\1))", sql)), tuple(_NAME.findall(sql))


@lru_cache(maxsize=2000)
def _lists(sql: str) -> tuple[str, ...]:
    return tuple(_LIST.findall(sql))


@lru_cache(maxsize=2000)
def _for_postgres(sql: str, lists: tuple[tuple[str, str], ...]) -> tuple[str, tuple[str, ...]]:
    """The same for PostgreSQL. `lists` has the element type of each list: without it the server compares value by
    value instead of hashing.
    """
    types = dict(lists)

    def listed(found: re.Match[str]) -> str:
        kind = types[found[1]]
        return f"= ANY(CAST(:{found[1]} AS {kind}[]))" if kind else f"= ANY(:{found[1]})"

    return _NAME.sub("%s", _LIST.sub(listed, sql).replace("%", "%%")), tuple(_NAME.findall(sql))


def _element_type(values: Any) -> str:
    return next(("text" if isinstance(value, str) else "bigint" for value in values), "")


def _bind_sqlite(value: Any) -> Any:
    if isinstance(value, list | tuple | set | frozenset | range):
        listed = list(value)
        plain = set(map(type, listed)) <= {int, str}
        return _json(listed if plain else [_bind_sqlite(one) for one in listed])
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        return patches.moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def _json(values: list[Any]) -> str:
    """A list as SQLite takes it. Raises `BadRequest` for a number of more than 64 bits, which JSON is not written of."""
    try:
        return patches.dumps(values)
    except TypeError as error:
        raise _too_large() from error


def _bind_postgres(value: Any) -> Any:
    return _array(value) if isinstance(value, list | tuple | set | frozenset | range) else value


def _array(values: Iterable[Any]) -> Any:
    """A list as PostgreSQL's driver takes it: numbers as the text of an array, which it makes more slowly by itself."""
    listed = list(values)
    return f"{{{','.join(map(str, listed))}}}" if set(map(type, listed)) == {int} else listed


def _too_large() -> BadRequest:
    return BadRequest("A number is too large to be kept here.", cure="Correct it.")


class Driver:
    """The driver's side of a connection. Every error is raised as SQLAlchemy would."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._bind = _bind_sqlite if self._is_sqlite else _bind_postgres
        self._mark = "?" if self._is_sqlite else "%s"

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        """A cursor for one statement, in the connection's transaction."""
        connection = self._connection
        if not connection.in_transaction():
            connection.begin()
        raw = connection.connection
        cursor = raw.cursor()
        try:
            yield cursor
        except self._dialect.loaded_dbapi.Error as error:
            if getattr(error, "sqlstate", None) == _OUT_OF_RANGE:
                raise _too_large() from error
            if "NUL (0x00)" in str(error):  # PostgreSQL's driver has no state for it
                raise BadRequest("A text with a NUL character can't be kept here.", cure="Leave it out.") from error
            lost = self._dialect.is_disconnect(error, raw.driver_connection, cursor)
            if lost:
                connection.invalidate(error)
            base = self._dialect.loaded_dbapi.Error
            raise DBAPIError.instance(
                None, None, error, base, connection_invalidated=lost, dialect=self._dialect
            ) from error
        except OverflowError as error:  # SQLite's driver says it so
            raise _too_large() from error
        finally:
            cursor.close()

    def _prepared(self, sql: str, parameters: Mapping[str, Any] | None) -> tuple[str, tuple[Any, ...]]:
        if self._is_sqlite:
            text, names = _for_sqlite(sql)
        else:
            lists = tuple((name, _element_type((parameters or {})[name])) for name in _lists(sql))
            text, names = _for_postgres(sql, lists)
        if not names:
            return text, ()
        assert parameters is not None
        bind = self._bind
        return text, tuple([bind(parameters[name]) for name in names])

    def fetch(self, sql: str, parameters: Mapping[str, Any] | None) -> tuple[tuple[str, ...], list[Any]]:
        """The names of the result's columns and its rows as plain tuples."""
        text, values = self._prepared(sql, parameters)
        how: dict[str, Any] = {}
        if parameters and not self._is_sqlite and any(len(parameters[name]) >= _BULK for name in _lists(sql)):
            # A plan that PostgreSQL keeps is for the tables of then, and in a night these grow from nothing: what reads
            # a table from end to end would go on so. Who asks for many at a time can afford a plan of his own.
            how = {"prepare": False}
        with self.cursor() as cursor:
            cursor.execute(text, values, **how)
            return tuple([column[0] for column in cursor.description]), cursor.fetchall()

    def run(self, sql: str, parameters: Mapping[str, Any] | None) -> int:
        """Execute a statement without a result; returns the count of rows that it changed."""
        text, values = self._prepared(sql, parameters)
        with self.cursor() as cursor:
            cursor.execute(text, values)
            return int(cursor.rowcount)

    def insert(self, table: str, names: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        """Insert rows whose values are as the driver takes them."""
        listed = ", ".join(names)
        with self.cursor() as cursor:
            if not self._is_sqlite and len(rows) >= _BULK:
                with cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
                return
            sql = f"INSERT INTO {table} ({listed}) VALUES "
            marks = f"({', '.join([self._mark] * len(names))})"
            # Many rows a statement: a statement of its own for every row costs as much again.
            size = max(1, _PARAMETERS_MAX // len(names))
            whole = len(rows) - len(rows) % size
            if whole:
                chunks = [tuple(chain.from_iterable(rows[start : start + size])) for start in range(0, whole, size)]
                cursor.executemany(sql + ", ".join([marks] * size), chunks)
            if whole < len(rows):
                rest = tuple(chain.from_iterable(rows[whole:]))
                cursor.execute(sql + ", ".join([marks] * (len(rows) - whole)), rest)

    def update(
        self, table: Table, ids: Sequence[int], columns: Mapping[str, Sequence[Any]], same: Mapping[str, Any]
    ) -> int:
        """Set columns by id, in the order of the ids, and `same` to one value for all, each value as the driver takes
        it; returns how many rows were changed.
        """
        # A row that is named twice goes through both values.
        if len(ids) >= _BULK and len(set(ids)) == len(ids):
            if not self._is_sqlite:
                return self._update_from(table, ids, columns, same)
            rows = _json(list(zip(ids, *columns.values(), strict=True)))
            if _NUL not in rows:
                return self._update_from_json(table, rows, columns, same)
        sets = ", ".join(f"{name} = {self._mark}" for name in (*same, *columns))
        every = (repeat(value, len(ids)) for value in same.values())
        with self.cursor() as cursor:
            sql = f"UPDATE {table.name} SET {sets} WHERE id = {self._mark}"
            cursor.executemany(sql, list(zip(*every, *columns.values(), ids, strict=True)))
            return int(cursor.rowcount)

    def _update_from_json(self, table: Table, rows: str, columns: Iterable[str], same: Mapping[str, Any]) -> int:
        """The same for SQLite: a statement of its own for every row costs half as much again."""
        sets = [*(f"{name} = ?" for name in same), *(f"{name} = new.{name}" for name in columns)]
        new = ", ".join(f"value->>{place} AS {name}" for place, name in enumerate(("row_id", *columns)))
        sql = (
            f"UPDATE {table.name} SET {', '.join(sets)} FROM (SELECT {new} FROM json_each(?)) AS new"
            f" WHERE {table.name}.id = new.row_id"
        )
        with self.cursor() as cursor:
            cursor.execute(sql, [*same.values(), rows])
            return int(cursor.rowcount)

    def _update_from(
        self, table: Table, ids: Sequence[int], columns: Mapping[str, Sequence[Any]], same: Mapping[str, Any]
    ) -> int:
        """One statement that is sent the columns: the server looks all rows up together."""
        types = ["bigint", *(table.c[name].type.compile(self._dialect) for name in columns)]
        arrays = ", ".join(f"CAST(%s AS {kind}[])" for kind in types)
        sets = ", ".join([*(f"{name} = %s" for name in same), *(f"{name} = new.{name}" for name in columns)])
        sql = (
            f"UPDATE {table.name} SET {sets} FROM unnest({arrays}) AS new (row_id, {', '.join(columns)})"
            f" WHERE {table.name}.id = new.row_id"
        )
        with self.cursor() as cursor:
            cursor.execute(sql, [*same.values(), _array(ids), *map(_array, columns.values())])
            return int(cursor.rowcount)
