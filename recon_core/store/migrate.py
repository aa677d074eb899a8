"""Schema migrations, run from Python: no ini file, one version table a schema part."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from recon_core.store.schema import SchemaPart

# Any constant does, as long as nobody else in the database uses the same: "schema" in ASCII.
_MIGRATION_LOCK = 0x736368656D61


def _config(part: SchemaPart, connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "recon_core.store:migrations")
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(part.versions))
    config.attributes.update(connection=connection, metadata=part.metadata, version_table=version_table(part))
    return config


def version_table(part: SchemaPart) -> str:
    """The table that holds the part's revision."""
    return f"schema_version_{part.name}"


def current(connection: Connection, part: SchemaPart) -> str | None:
    """The revision that the database has, or None for an empty one."""
    return MigrationContext.configure(connection, opts={"version_table": version_table(part)}).get_current_revision()


def is_newest(engine: Engine, part: SchemaPart) -> bool:
    """Whether the part is at its newest revision. Writes nothing: somebody else may be writing for long."""
    with engine.connect() as connection:
        head = ScriptDirectory.from_config(_config(part, connection)).get_current_head()
        return current(connection, part) == head


def upgrade(engine: Engine, part: SchemaPart, *, to: str = "head") -> None:
    """Bring the part to a revision, whoever else wants to at the same time."""
    with engine.connect() as connection:
        config = _config(part, connection)
        head = ScriptDirectory.from_config(config).get_current_head()
        if to == "head" and current(connection, part) == head:
            return
        if connection.dialect.name != "sqlite":  # many processes may open a new database at once; SQLite has one writer
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            if to == "head" and current(connection, part) == head:
                return
        command.upgrade(config, to)
        connection.commit()


def downgrade(engine: Engine, part: SchemaPart, *, to: str) -> None:
    """Take the part back to a revision; "base" removes its tables."""
    with engine.connect() as connection:
        command.downgrade(_config(part, connection), to)
        connection.commit()
