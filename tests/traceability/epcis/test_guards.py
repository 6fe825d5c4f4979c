"""What the database refuses whoever asks, and that it is the guards that refuse."""

import pytest
from django.db import DatabaseError, connection, transaction

from partners.guards import missing_guards
from tests.guards import guards_lifted
from tests.traceability.epcis.conftest import Program, event
from traceability.epcis.guards import TRIGGERS

pytestmark = pytest.mark.django_db
ATTACKS = [
    "UPDATE epcis_capturedevent SET document = '{}'",
    "UPDATE epcis_capturedevent SET event_id = 'urn:x:other'",
    "UPDATE epcis_eventkey SET value = 'other'",
    "UPDATE epcis_capturejob SET stored = 0",
    "DELETE FROM epcis_eventkey",
]


class TestGuards:
    def test_stand(self) -> None:
        with connection.cursor() as cursor:
            assert missing_guards(cursor, connection.vendor, TRIGGERS) == []

    @pytest.mark.parametrize("attack", ATTACKS)
    def test_keep_what_was_told(self, attack: str, program: Program) -> None:
        program.capture(event())
        before = program.found()
        with (
            pytest.raises(DatabaseError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(attack)
        assert program.found() == before

    @pytest.mark.parametrize("attack", ATTACKS)
    def test_are_what_keeps_it(self, attack: str, program: Program) -> None:
        program.capture(event())
        connection.check_constraints()  # PostgreSQL alters no table that waits for them
        with guards_lifted(connection), connection.cursor() as cursor:
            cursor.execute(attack)
            assert cursor.rowcount == 1
            connection.check_constraints()
