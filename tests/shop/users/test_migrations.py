"""Oscar's customer.0008 reads the user table in the middle of our migrations."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test.utils import CaptureQueriesContext

ASSIGN = ("customer", "0008_assign_permissions_to_staff")
FIRST = ("users", "0001_initial")
READ_BY_OSCAR = {"id", "is_staff", "is_superuser"}


@pytest.mark.django_db
class TestOscarsMigration:
    def test_reads_only_what_the_first_migration_made(self, operator):
        loader = MigrationLoader(connection)
        run = loader.get_migration(*ASSIGN).operations[0].code
        with CaptureQueriesContext(connection) as asked:
            run(apps, None)
        selects = [
            query["sql"]
            for query in asked
            if 'FROM "users_user"' in query["sql"] and query["sql"].startswith("SELECT")
        ]
        assert selects
        columns = {
            column
            for sql in selects
            for column in sql.replace('"users_user".', "").split('"')[1::2]
        } - {"users_user"}
        assert columns <= READ_BY_OSCAR

    def test_comes_after_the_user_table(self):
        graph = MigrationLoader(connection).graph
        assert FIRST in graph.forwards_plan(ASSIGN)

    def test_what_touches_those_columns_later_runs_before_it(self):
        loader = MigrationLoader(connection)
        for key, migration in loader.disk_migrations.items():
            if key[0] != "users" or key == FIRST:
                continue
            touched = {
                getattr(operation, "name", None)
                for operation in migration.operations
                if getattr(operation, "model_name", "") == "user"
            }
            if touched & {*READ_BY_OSCAR, "groups"}:
                assert ASSIGN in migration.run_before, key
