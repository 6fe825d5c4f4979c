"""Statements that are run so often that what Django puts around them counts.

Django reads a statement's placeholders anew each time on SQLite and has PostgreSQL plan
it anew each time: for a short one both take longer than the database itself.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

Row = tuple[Any, ...]


class Prepared:
    """SQL with `%s` where values go, written by hand and kept prepared.

    Rows are the driver's own: SQLite tells moments in UTC without a zone.
    """

    def __init__(self, sql: str) -> None:
        assert "?" not in sql
        self.sql = sql
        self._for_sqlite = sql.replace("%s", "?")

    def rows(self, *values: Any) -> list[Row]:
        """Run it, within what transaction there is, and read all that it gives.

        Errors: DatabaseError, as from Django's own cursor.
        """
        database = connections[DEFAULT_DB_ALIAS]
        if _is_watched(database):
            with database.cursor() as cursor:
                cursor.execute(self.sql, values)
                return list(cursor.fetchall())
        database.ensure_connection()
        database.validate_no_broken_transaction()
        with database.wrap_database_errors:
            return self._natively(database, values)

    def _natively(self, database: BaseDatabaseWrapper, values: Row) -> list[Row]:
        if database.vendor == "sqlite":
            found: list[Row] = database.connection.execute(
                self._for_sqlite, values
            ).fetchall()
            return found
        # Django's own cursors put the values into the text: nothing to prepare.
        with psycopg.Cursor(database.connection) as cursor:
            return cursor.execute(self.sql, values, prepare=True).fetchall()


class Rows:
    """Many rows of one table, added at once: by COPY where the database has it.

    A row holds what the columns hold: `party_id`, not `party`. Django makes an object
    for each, and a value of every column of it one by one, which takes longer than
    the database itself.
    """

    def __init__(self, table: str, *columns: str) -> None:
        names = ", ".join(columns)
        self.table = table
        # As SQLite itself counts on, whose list forgets what was loaded from a text.
        listed = "SELECT seq FROM sqlite_sequence WHERE name = %s"
        there = f"SELECT max(id) FROM {table}"  # noqa: S608
        self._last = Prepared(
            f"SELECT max(coalesce(({listed}), 0), coalesce(({there}), 0))"
        )
        self._copy = f"COPY {table} ({names}) FROM STDIN"
        # The names are our own, the values are not in it.
        values = ", ".join(["%s"] * len(columns))
        self._insert = f"INSERT INTO {table} ({names}) VALUES ({values})"  # noqa: S608

    def add(self, rows: Sequence[Row]) -> None:
        """Add them all or none, within the transaction that there is.

        Errors: DatabaseError, as from Django's own cursor.
        """
        database = connections[DEFAULT_DB_ALIAS]
        assert database.in_atomic_block
        if not rows:
            return
        if database.vendor == "sqlite":
            rows = [tuple(map(_for_sqlite, row)) for row in rows]
        elif not _is_watched(database):
            database.validate_no_broken_transaction()
            with (
                database.wrap_database_errors,
                psycopg.Cursor(database.connection) as psycopg_cursor,
                psycopg_cursor.copy(self._copy.encode()) as copy,
            ):
                for row in rows:
                    copy.write_row(row)
            return
        with database.cursor() as cursor:
            cursor.executemany(self._insert, rows)

    def numbers(self, count: int) -> list[int]:
        """So many new numbers for the column `id`, that nobody else is given."""
        database = connections[DEFAULT_DB_ALIAS]
        assert database.in_atomic_block
        if database.vendor == "sqlite":
            # Nobody else writes meanwhile: our transactions begin as writers.
            last = int(self._last.rows(self.table)[0][0])
            return list(range(last + 1, last + 1 + count))
        return [row[0] for row in _NEXT.rows(self.table, count)]


_NEXT = Prepared(
    "SELECT nextval((SELECT CAST(pg_get_serial_sequence(%s, 'id') AS regclass)))"
    " FROM generate_series(1, CAST(%s AS integer))"
)


def _is_watched(database: BaseDatabaseWrapper) -> bool:
    """Whether somebody looks at each statement, and has to see ours too."""
    return database.queries_logged or bool(database.execute_wrappers)


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value(value)
    return value.hex if isinstance(value, UUID) else value
