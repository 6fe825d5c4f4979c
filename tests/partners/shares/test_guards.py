"""The database's own rules about shares stand after every migration there is."""

import pytest
from django.db import IntegrityError, connection, transaction

from partners.guards import missing_guards
from partners.share_guards import TRIGGERS
from partners.supervision import guards as supervision

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("triggers", [TRIGGERS, supervision.TRIGGERS])
def test_none_is_missing(triggers):
    # SQLite drops a table's triggers with every migration that rebuilds it.
    with connection.cursor() as cursor:
        assert missing_guards(cursor, connection.vendor, triggers) == []


def test_one_that_is_taken_down_is_missed():
    # Negative control.
    if connection.vendor != "sqlite":
        pytest.skip("rebuilding a table is SQLite's way")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER partners_payin_no_update")
        assert missing_guards(cursor, connection.vendor, TRIGGERS) == [
            "partners_payin_no_update"
        ]
        transaction.set_rollback(True)


@pytest.mark.parametrize("sql", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_what_was_paid_in_stays_as_it_was_written(paid_in, sql):
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute(sql.format("partners_payin"))
