"""Rows: SQLAlchemy Core tables, migrations, units of work. SQLite by default, PostgreSQL by URL."""
