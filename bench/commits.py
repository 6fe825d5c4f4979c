"""One row, one transaction: what no write on this database can beat."""

from collections.abc import Callable
from functools import cache
from itertools import count

from django.db import connection

COMMIT = "commit of one bare row"


@cache
def bare_commits() -> Callable[[], None]:
    """Commits a row of its own table each time it is called."""
    numbers = count(1)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_row (id integer PRIMARY KEY, fen bigint)")

    def commit() -> None:
        # Without a transaction around it a statement is one.
        with connection.cursor() as cursor:
            row = (next(numbers), 2900)
            cursor.execute("INSERT INTO bench_row (id, fen) VALUES (%s, %s)", row)

    return commit
