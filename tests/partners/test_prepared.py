"""Statements that are run so often that planning them anew would count."""

from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import DataError, IntegrityError, connection, transaction

from partners.prepared import Prepared, Rows

NOW = datetime(2026, 11, 1, 9, 0, 0, 123456, tzinfo=UTC)

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


ODD = (
    "tab\tline\nreturn\rback\\slash \\N \\. \\t",
    "\\N",
    "\\.",
    "",
    "𠮷野家 👩‍🌾",
    '{"text":"\\u0000 is written out, \\\\n too"}',
    "'quoted', \"twice\", {braced}, %s ? \x0b\x1f",
)
TABLE = "CREATE TABLE prepared_row (id integer, word text, at {moment}, key {key})"


@pytest.fixture
def table(request: pytest.FixtureRequest) -> Rows:
    moment, key = (
        ("datetime", "char(32)")
        if connection.vendor == "sqlite"
        else ("timestamptz", "uuid")
    )
    with connection.cursor() as cursor:
        cursor.execute(TABLE.format(moment=moment, key=key))
    return Rows("prepared_row", "id", "word", "at", "key")


@pytest.mark.django_db
@pytest.mark.parametrize("watched", [False, True])
def test_many_rows_come_back_as_they_were(table: Rows, watched: bool) -> None:
    key = uuid4()
    seen: list[str] = []

    def watch(execute: Any, sql: str, *more: Any) -> Any:
        seen.append(sql)
        return execute(sql, *more)

    rows = [(number, word, NOW, key) for number, word in enumerate(ODD)]
    with connection.execute_wrapper(watch) if watched else nullcontext():
        table.add([*rows, (len(ODD), None, None, None)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, word FROM prepared_row ORDER BY id")
        assert cursor.fetchall() == [*enumerate(ODD), (len(ODD), None)]
        # As Django itself finds them.
        named = connection.ops.adapt_datetimefield_value(NOW)
        spelled = key.hex if connection.vendor == "sqlite" else key
        cursor.execute(
            "SELECT count(*) FROM prepared_row WHERE at = %s AND key = %s",
            [named, spelled],
        )
        assert cursor.fetchone() == (len(ODD),)
    if watched:
        assert len(seen) == 1


@pytest.mark.django_db
def test_many_rows_are_added_all_or_none(table: Rows) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX prepared_once ON prepared_row (id)")
    with pytest.raises(IntegrityError), transaction.atomic():
        table.add([(number, "", NOW, None) for number in (1, 2, 1)])
    table.add([(1, "", NOW, None)])
    table.add([])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM prepared_row")
        assert cursor.fetchone() == (1,)


@pytest.mark.only_on("postgresql", reason="SQLite keeps no NUL apart")
@pytest.mark.django_db
def test_many_rows_hold_no_nul(table: Rows) -> None:
    with pytest.raises(DataError), transaction.atomic():
        table.add([(1, "a\x00b", NOW, None)])


@pytest.mark.django_db
def test_new_numbers_are_nobody_elses() -> None:
    """Ours go on behind Django's, Django's behind ours, and a number of what was
    deleted is given to nobody again."""
    groups = Rows("auth_group", "id", "name")
    gone = Group.objects.create(name="gone").pk
    Group.objects.all().delete()
    before = groups.numbers(2)
    groups.add([(number, f"one {number}") for number in before])
    made = Group.objects.create(name="another")
    after = groups.numbers(2)
    groups.add([(number, f"two {number}") for number in after])
    assert len({gone, *before, made.pk, *after}) == 6
    assert Group.objects.filter(pk__in=[*before, made.pk, *after]).count() == 5
