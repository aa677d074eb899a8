"""On PostgreSQL the references of tables that get many rows at a time are checked for all rows of a statement together.

A foreign key looks up and locks a row's parent, row by row: that was a third of the server's time in a night. The lock
is there because the parent might go. These parents never do: no row of theirs is deleted, none gets another key, and
their tables are never emptied, by triggers below and by those of revision 0007. So a look at the parents when the
children are written stays true, whatever other sessions do, and is as strong as the foreign key was. The children keep
their references too: what would change one is refused.

What refers to a reconciliation, which may be deleted while it is open, stays a foreign key; so do the deferred references
to a decision, and everything on SQLite.
"""

# ruff: noqa: S608  every name in this SQL is one of our own tables and columns
from __future__ import annotations

from typing import NamedTuple

from alembic import op

from recon_core.store.guards import Guard, create_statements, drop_statements

revision = "0013"
down_revision = "0012"


class Reference(NamedTuple):
    """`columns` of a table name a row of `parent` by its `key`. `shared`: many rows of a statement name the same one."""

    table: str
    columns: tuple[str, ...]
    parent: str
    key: tuple[str, ...] = ("id",)
    shared: bool = False

    @property
    def name(self) -> str:
        """The name of the foreign key that it was."""
        return f"fk_{self.table}_{'_'.join(self.columns)}"


_ACCOUNT = (("cash_account_id", "currency"), "cash_account", ("id", "currency"), True)
REFERENCES = (
    Reference("statement_line", *_ACCOUNT),
    Reference("statement_line", ("statement_id",), "statement", shared=True),
    Reference("known_line", ("statement_id",), "statement", shared=True),
    Reference("known_line", ("statement_line_id",), "statement_line"),
    Reference("book_transaction", *_ACCOUNT),
    Reference("book_transaction", ("book_import_id",), "book_import", shared=True),
    Reference("decision", ("decision_batch_id",), "decision_batch", shared=True),
    Reference("decision", ("cash_account_id",), "cash_account", shared=True),
    Reference("decision_line", ("statement_line_id",), "statement_line"),
    Reference("decision_transaction", ("book_transaction_id",), "book_transaction"),
    Reference("reconciliation_line", ("book_transaction_id",), "book_transaction"),
)
_CHILDREN = tuple(dict.fromkeys(one.table for one in REFERENCES))
_PARENTS = tuple(dict.fromkeys(one.parent for one in REFERENCES))
# Revision 0007 refuses to delete the other parents, and to change the references of the other children.
_DELETABLE = ("cash_account", "book_import", "decision_batch")
_KEPT = (
    *(Guard(f"{table}_kept", table, "DELETE", "TRUE", f"a row of {table} is never deleted") for table in _DELETABLE),
    *(
        Guard(f"{table}_key", table, "UPDATE OF id", "NEW.id <> OLD.id", f"a row of {table} keeps its id")
        for table in _PARENTS
    ),
    Guard(
        "cash_account_currency",
        "cash_account",
        "UPDATE OF currency",
        "NEW.currency <> OLD.currency",
        "an account keeps its currency",
    ),
    Guard(
        "book_transaction_origin",
        "book_transaction",
        "UPDATE OF cash_account_id, currency, book_import_id",
        "NEW.cash_account_id <> OLD.cash_account_id OR NEW.currency <> OLD.currency"
        " OR NEW.book_import_id IS DISTINCT FROM OLD.book_import_id",
        "a transaction keeps its account, its currency and its import",
    ),
)


def upgrade() -> None:
    if not _on_postgres():
        return
    for one in REFERENCES:
        op.drop_constraint(one.name, one.table, type_="foreignkey")
    for table in _CHILDREN:
        for statement in _checked(table):
            op.execute(statement)
    for statement in (*create_statements("postgresql", _KEPT), *_never_emptied()):
        op.execute(statement)


def downgrade() -> None:
    if not _on_postgres():
        return
    for table in _CHILDREN:
        op.execute(f"DROP FUNCTION references_{table}() CASCADE")
    for statement in (*drop_statements("postgresql", _KEPT), "DROP FUNCTION never_emptied() CASCADE"):
        op.execute(statement)
    for one in REFERENCES:
        op.create_foreign_key(one.name, one.table, one.parent, list(one.columns), list(one.key))


def _on_postgres() -> bool:
    return bool(op.get_bind().dialect.name == "postgresql")


def _checked(table: str) -> list[str]:
    """DDL that looks at all references of the rows of a statement when they are written."""
    name = f"references_{table}"
    checks = " ".join(map(_check, (one for one in REFERENCES if one.table == table)))
    body = f"$check$ BEGIN {checks} RETURN NULL; END $check$"
    how = "REFERENCING NEW TABLE AS written FOR EACH STATEMENT"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS {body}",
        f"CREATE TRIGGER {name} AFTER INSERT ON {table} {how} EXECUTE FUNCTION {name}()",
    ]


def _check(one: Reference) -> str:
    """A subselect with a value stays a look by the parent's index, however the tables grow."""
    columns = ", ".join(one.columns)
    rows = f"(SELECT DISTINCT {columns} FROM written)" if one.shared else "written"
    named = " AND ".join(f"w.{column} IS NOT NULL" for column in one.columns)
    found = " AND ".join(f"p.{key} = w.{column}" for key, column in zip(one.key, one.columns, strict=True))
    return (
        f"IF EXISTS (SELECT 1 FROM {rows} w WHERE {named} AND (SELECT p.id FROM {one.parent} p WHERE {found}) IS NULL)"
        f" THEN RAISE EXCEPTION 'a new row of {one.table} refers to a {one.parent} that is not there'"
        f" USING ERRCODE = 'foreign_key_violation', TABLE = '{one.table}', CONSTRAINT = '{one.name}'; END IF;"
    )


def _never_emptied() -> list[str]:
    """DDL that refuses TRUNCATE, for which no trigger of a row is asked."""
    raised = "RAISE EXCEPTION '% is never emptied', TG_TABLE_NAME USING ERRCODE = 'check_violation'"
    made = f"CREATE FUNCTION never_emptied() RETURNS trigger LANGUAGE plpgsql AS $check$ BEGIN {raised}; END $check$"
    how = "FOR EACH STATEMENT EXECUTE FUNCTION never_emptied()"
    return [made, *(f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} {how}" for table in _PARENTS)]
