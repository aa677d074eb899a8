"""What a use case needs from a store: reads in SQL, and one door for writes that can't be passed without the log.

SQL here is the common ground of SQLite and PostgreSQL, with `:name` parameters. `x IN :names` takes a list of any
length. Column names carry their types: a result column named like a table's column comes back as that column's Python
type (`date`, aware `datetime`, `bool`, `int`, `str`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

Values = Mapping[str, Any]


class Side(StrEnum):
    """What is held of a cash account. `bank`: nobody else brings in bank lines or changes anything, but its book may come
    in meanwhile. `book`: nobody changes anything, but bank lines may come in, and other books: hold the book's name too.
    """

    BOTH = "both"
    BANK = "bank"
    BOOK = "book"


class Action(Protocol):
    """One deed, one log entry: every row it writes stands in the entry's payload, with before and after."""

    by: str
    at: datetime

    def insert(self, table: str, columns: Values, *, count: int) -> Sequence[int]:
        """Insert `count` rows; a column is a list of that length or one value for all. Returns the new ids in order
        (none for a table without ids). The column "id" may be given from `UnitOfWork.reserve_ids`.
        """
        ...

    def insert_row(self, table: str, row: Values) -> int:
        """Insert one row and return its id."""
        ...

    def update(self, table: str, ids: Sequence[int], columns: Values, *, before: Values | None = None) -> None:
        """Set columns of the rows with these ids; a column is a list in the order of `ids` or one value for all.

        `before` has the present values, where the caller has read them under the lock; else they are read.
        """
        ...

    def delete(self, table: str, ids: Sequence[int]) -> None:
        """Delete the rows with these ids."""
        ...

    def note(self, facts: Values) -> None:
        """Add facts (JSON values) to the entry that are in no row."""
        ...


class UnitOfWork(Protocol):
    """One transaction. It rolls back unless `commit` is called; a dry run is the same path without the call."""

    def select(self, sql: str, parameters: Values | None = None) -> list[Any]:
        """Rows as named tuples."""
        ...

    def columns(self, sql: str, parameters: Values | None = None) -> dict[str, list[Any]]:
        """The result by column: for many rows."""
        ...

    def known(self, sql: str, parameters: Values | None = None) -> list[Any]:
        """Like `select`, but asked once, and anew after this unit of work wrote to one of the tables or took the lock of
        another account: for settings, and for what only changes under the lock of an account that is held. What is
        asked with a parameter `account` is about rows of that account: what is written on others does not touch it.
        """
        ...

    def remember(self, sql: str, parameters: Values, rows: list[Any], *, account_id: int | None = None) -> None:
        """Let `known` answer with these rows, which the caller knows: it has just written them, or read them with those
        of others. `account_id` is the account that they are about.
        """
        ...

    def value(self, sql: str, parameters: Values | None = None) -> Any:
        """First column of the first row, or None."""
        ...

    def reserve_ids(self, table: str, count: int) -> Sequence[int]:
        """Ids that no row of the table has had, for rows that must know theirs; insert these before reserving more."""
        ...

    def lock_accounts(self, ids: Sequence[int], *, side: Side = Side.BOTH) -> bool:
        """Hold these cash accounts until the transaction ends, in one order for all. Every change to an account's
        lines, transactions and documents is made under this lock; who only brings in bank lines or the book's
        transactions may hold that `side` alone.

        Returns whether somebody may have changed what was read of them before.
        """
        ...

    def lock_row(self, table: str, row_id: int) -> None:
        """Hold one row of another table (a number series) until the transaction ends."""
        ...

    def lock_names(self, names: Iterable[str]) -> None:
        """Hold names that have no row yet (hashes of files) until the transaction ends."""
        ...

    def action(
        self,
        code: str,
        *,
        subject: tuple[str, int],
        by: str,
        at: datetime,
        account_id: int | None = None,
        reason: str = "",
    ) -> AbstractContextManager[Action]:
        """Begin a deed. Its log entry is written with the transaction; a deed that writes nothing leaves no entry
        unless it notes facts. Deeds do not nest. `subject` is a table and the id of the row that the deed is about;
        id 0 is the first row of that table that it inserts.
        """
        ...

    def logged_tables(self) -> Sequence[str]:
        """Names of all tables whose rows the log describes."""
        ...

    def plain_rows(self, table: str, columns: Sequence[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
        """All rows of a table as the log writes values, by primary key; without `columns` only the keys."""
        ...

    def unlogged_digest(self, table: str, ids: Sequence[int]) -> str | None:
        """The digest over what the log does not repeat of these rows; None if one is missing."""
        ...

    def commit(self) -> None:
        """Write the log entries and make everything durable."""
        ...
