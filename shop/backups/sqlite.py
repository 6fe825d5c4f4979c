"""The embedded database: copied whole while others write to it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from django.db import connection

NAME = "database.sqlite3"


def copy(*, source: Path, target: Path) -> None:
    """A copy as of one moment, in one file; writers go on meanwhile.

    Errors: sqlite3.Error.
    """
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as origin,
        closing(sqlite3.connect(target)) as kept,
    ):
        origin.backup(kept)
        _one_file(kept)


def fold(path: Path) -> None:
    """Take what lies beside the file (-wal, -shm) into it."""
    with closing(sqlite3.connect(path)) as kept:
        _one_file(kept)


def faults() -> Iterator[str]:
    """What SQLite itself finds wrong with the default database.

    By Django's connection, which knows the functions that our constraints call.
    """
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check(5)")
        for (what,) in cursor.fetchall():
            if what != "ok":
                yield f"SQLite: {what}"


def _one_file(kept: sqlite3.Connection) -> None:
    kept.execute("PRAGMA journal_mode=DELETE")
