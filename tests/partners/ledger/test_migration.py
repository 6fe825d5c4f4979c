"""The guards go up and come down again with their migration."""

import importlib

import pytest
from django.db import connection
from django.db.migrations.state import ProjectState

from partners.guards import missing_guards, put_up
from partners.ledger.guards import TRIGGERS

pytestmark = pytest.mark.django_db(transaction=True)


def missing() -> list[str]:
    with connection.cursor() as cursor:
        return missing_guards(cursor, connection.vendor, TRIGGERS)


def test_guards_come_down_and_go_up() -> None:
    migration = importlib.import_module("partners.ledger.migrations.0002_guards")
    [guards] = migration.Migration.operations
    state = ProjectState()
    assert missing() == []
    with connection.schema_editor() as editor:
        guards.database_backwards("ledger", editor, state, state)
    assert len(missing()) == sum(bool(put_up(t, connection.vendor)) for t in TRIGGERS)
    with connection.schema_editor() as editor:
        guards.database_forwards("ledger", editor, state, state)
    assert missing() == []
