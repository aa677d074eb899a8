"""Opening a database: engine, settings of each connection, migration to the newest schema, units of work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError

from recon_core.domain.refusals import Busy, Conflict
from recon_core.domain.refused import BadSetting
from recon_core.store.migrate import is_newest, upgrade
from recon_core.store.schema import CORE, Schema, SchemaPart
from recon_core.store.unit_of_work import SqlUnitOfWork

DEFAULT_URL = "sqlite:///recon.db"
WAIT_SECONDS = 30
_READ_ONLY = "recon_read_only"
# PostgreSQL: lock not available, deadlock, serialization failure.
_TRY_AGAIN = {"55P03", "40P01", "40001"}
# As many statements as there are, so that none is prepared again and again.
_PREPARED_MAX = 1000
# Log entries and received files are compressed; LZ4 takes a tenth of the time, where the server was built with it.
_FAST_COMPRESSION = (
    "SELECT set_config(name, 'lz4', false) FROM pg_settings"
    " WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)"
)
# Connection exceptions, shut down or starting up, too many connections, a session that was ended for idling.
_GONE = ("08", "57P", "53300", "25P03")
# SQLite: the folder does not exist or may not be read, the file is something else.
_NO_FILE = {"unable to open database file", "file is not a database"}


class Database:
    """An open database. Cheap to keep, safe to share between threads."""

    def __init__(self, engine: Engine, schema: Schema) -> None:
        self.engine = engine
        self.schema = schema

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        """A unit of work that may write. It rolls back on leaving unless it was committed.

        Raises `Conflict` where a constraint caught what a concurrent change made impossible, `Busy` where another
        writer held the database too long or the database went away. After a `Busy` at the commit nobody knows whether
        it was made: look again.
        """
        with _translated(), self.engine.connect() as connection:
            yield SqlUnitOfWork(connection, self.schema)

    @contextmanager
    def read(self) -> Iterator[SqlUnitOfWork]:
        """A unit of work that only reads, from one unchanging view of the data, without blocking a writer."""
        with _translated(), self.engine.connect().execution_options(**{_READ_ONLY: True}) as connection:
            if connection.dialect.name != "sqlite":
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield SqlUnitOfWork(connection, self.schema)

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise Conflict(
            f"The database refused the change: {_reason(error)}",
            cure="Somebody may have changed the same thing just now: look again and repeat what is still right.",
        ) from error
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None) or ""
        if state in _TRY_AGAIN or "database is locked" in str(error.orig):
            raise Busy("Another writer held the books too long.", cure="Try again.") from error
        if error.connection_invalidated or state.startswith(_GONE) or _never_reached(error, state):
            raise Busy(f"The database can't be reached: {_reason(error)}", cure="Try again.") from error
        if str(error.orig) in _NO_FILE:
            raise BadSetting(
                f"The database can't be opened: {error.orig}.", cure="Check its path, its folder's rights and the file."
            ) from error
        raise


def _never_reached(error: DBAPIError, state: str) -> bool:
    """Whether a connection could not even be made: only then PostgreSQL's driver has an error without a state."""
    return isinstance(error, OperationalError) and not state and "sqlite" not in type(error.orig).__module__


def _reason(error: DBAPIError) -> str:
    return str(error.orig).splitlines()[0]


def open_database(url: str = DEFAULT_URL, *, parts: Sequence[SchemaPart] = (CORE,)) -> Database:
    """Open the database at an SQLAlchemy URL and bring its schema to the newest version.

    `parts` are the schemas to keep in it, recon_core's first. Raises `Busy` where it can't be reached, `BadSetting`
    where the address or the file at it is none of a database.
    """
    try:
        engine = _engine(url)
    except (ArgumentError, ModuleNotFoundError) as error:
        raise BadSetting(
            "The address of the database can't be used.",
            cure="Write it like sqlite:///recon.db or postgresql://user@host/name.",
        ) from error
    schema = Schema(parts)
    reading = engine.execution_options(**{_READ_ONLY: True})
    with _translated():
        for part in schema.parts:
            if not is_newest(reading, part):
                upgrade(engine, part)
    return Database(engine, schema)


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        options = f"-c timezone=UTC -c lock_timeout={WAIT_SECONDS}s"
        engine = create_engine(url, connect_args={"options": options})
        event.listen(engine, "connect", _configure_postgres)
        return engine
    engine = create_engine(url)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_postgres(connection: Any, _record: object) -> None:
    """The schema has no fractions: the sum of a BIGINT column comes as NUMERIC and is an integer."""
    from psycopg.types.numeric import IntLoader

    connection.adapters.register_loader("numeric", IntLoader)
    connection.prepared_max = _PREPARED_MAX
    with connection.cursor() as cursor:
        cursor.execute(_FAST_COMPRESSION)
    connection.commit()


def end_stalled_sessions(database: Database, *, after_seconds: int) -> None:
    """Let PostgreSQL end a session that holds a transaction open without doing anything in it: a process that was
    stopped must not hold an account for ever.
    """
    if database.engine.dialect.name == "sqlite":
        return

    def limit(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET idle_in_transaction_session_timeout = {after_seconds * 1000}")
        connection.commit()

    event.listen(database.engine, "connect", limit)
    database.engine.dispose()


def _configure_sqlite(connection: Any, _record: object) -> None:
    """WAL lets readers go on beside the one writer; FULL keeps what was acknowledged through a power loss. Large pages,
    in a new file, take less time for the files and log entries that fill them.
    """
    connection.isolation_level = None
    for pragma in (
        "page_size=16384",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={WAIT_SECONDS * 1000}",
        "cache_size=-65536",
        "temp_store=MEMORY",
        "wal_autocheckpoint=4096",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the write lock at once: an upgrade from reading to writing could fail at any moment."""
    read_only = connection.get_execution_options().get(_READ_ONLY)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
