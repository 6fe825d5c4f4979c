"""Statements that are run so often that planning them anew would count."""

import pytest
from django.db import connection

from partners.prepared import Prepared

ADD = "SELECT CAST(%s AS integer) + 1"


def planned() -> int:
    """How many statements with this sum the connection keeps a plan for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s",
            ["%AS integer) + 1%"],
        )
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
def test_gives_rows() -> None:
    assert Prepared(ADD).rows(1) == [(2,)]


@pytest.mark.only_on("postgresql", reason="SQLite keeps statements by itself")
@pytest.mark.parametrize(("threshold", "kept"), [(5, 1), (None, 0)])
@pytest.mark.django_db(transaction=True)
def test_is_planned_once(threshold: int | None, kept: int) -> None:
    """None is Django's own setting, and the negative control: planned each time."""
    connection.close()
    connection.ensure_connection()
    if threshold is None:
        connection.connection.prepare_threshold = None
    for number in range(3):
        assert Prepared(ADD).rows(number) == [(number + 1,)]
    assert planned() == kept
    connection.close()
