"""Statements that are run so often that what Django puts around them counts.

Django reads a statement's placeholders anew each time on SQLite and has PostgreSQL plan
it anew each time: for a short one both take longer than the database itself.
"""

from typing import Any

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
        if database.queries_logged or database.execute_wrappers:
            # Whoever watches what is asked sees it.
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
