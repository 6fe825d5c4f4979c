"""Triggers: rules that the database itself enforces, on SQLite and PostgreSQL.

A migration names a guard once, spelled for each vendor, and it can be taken back:

    operations = [Guards(triggers=append_only("ledger_seal"))]

SQLite drops a table's triggers whenever a migration rebuilds the table, so a
migration that alters a guarded table on SQLite has to put its guards up again.
`missing_guards` tells which are gone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.utils import CursorWrapper
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


@dataclass(frozen=True)
class Trigger:
    """One trigger of one table.

    `sqlite` is everything of its CREATE TRIGGER after the name. `postgresql` is the
    same after the name, up to the function, whose PL/pgSQL body is `body`. An empty
    text means that this vendor needs none.
    """

    name: str
    table: str
    sqlite: str = ""
    postgresql: str = ""
    body: str = ""
    constraint: bool = False


class Guards(Operation):
    """Puts triggers up; taken back, it takes them down."""

    reversible = True
    reduces_to_sql = True

    def __init__(self, *, triggers: Iterable[Trigger]) -> None:
        self.triggers = tuple(triggers)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Triggers are no part of the models."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for trigger in self.triggers:
            for statement in put_up(trigger, schema_editor.connection.vendor):
                schema_editor.execute(statement, params=None)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for trigger in reversed(self.triggers):
            for statement in take_down(trigger, schema_editor.connection.vendor):
                schema_editor.execute(statement, params=None)

    def describe(self) -> str:
        return "Put up " + ", ".join(trigger.name for trigger in self.triggers)


def put_up(trigger: Trigger, vendor: str) -> list[str]:
    """The statements that create a trigger; none where the vendor needs none."""
    if vendor == "sqlite":
        if not trigger.sqlite:
            return []
        return [f"CREATE TRIGGER {trigger.name} {trigger.sqlite}"]
    if not trigger.postgresql:
        return []
    kind = "CONSTRAINT TRIGGER" if trigger.constraint else "TRIGGER"
    return [
        f"CREATE FUNCTION {trigger.name}() RETURNS trigger LANGUAGE plpgsql "
        f"AS $guard${trigger.body}$guard$",
        f"CREATE {kind} {trigger.name} {trigger.postgresql} "
        f"EXECUTE FUNCTION {trigger.name}()",
    ]


def take_down(trigger: Trigger, vendor: str) -> list[str]:
    """The statements that remove a trigger again."""
    if vendor == "sqlite":
        return [f"DROP TRIGGER {trigger.name}"] if trigger.sqlite else []
    if not trigger.postgresql:
        return []
    return [
        f"DROP TRIGGER {trigger.name} ON {trigger.table}",
        f"DROP FUNCTION {trigger.name}()",
    ]


def refusing(name: str, table: str, event: str) -> Trigger:
    """A trigger that refuses `event`: UPDATE, DELETE or "UPDATE OF column, ..."."""
    message = f"{table}: {event.split(maxsplit=1)[0]} refused, correct by adding"
    return Trigger(
        name=name,
        table=table,
        sqlite=f"BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, '{message}'); END",
        postgresql=f"BEFORE {event} ON {table} FOR EACH ROW",
        body=refusal(message),
    )


def refusal(message: str) -> str:
    """A PL/pgSQL body that raises an integrity error and nothing else."""
    return f"""
        BEGIN
            RAISE EXCEPTION '{message}'
            USING ERRCODE = 'integrity_constraint_violation';
        END"""


def append_only(table: str) -> list[Trigger]:
    """Triggers that refuse UPDATE, DELETE and, where it exists, TRUNCATE.

    On SQLite a REPLACE deletes the row it meets: the connection has to have
    `recursive_triggers` on, as ours do, or the table a trigger against it too.
    """
    message = f"{table}: TRUNCATE refused, correct by adding"
    return [
        refusing(f"{table}_no_update", table, "UPDATE"),
        refusing(f"{table}_no_delete", table, "DELETE"),
        Trigger(
            name=f"{table}_no_truncate",
            table=table,
            postgresql=f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT",
            body=refusal(message),
        ),
    ]


def missing_guards(
    cursor: CursorWrapper, vendor: str, expected: Iterable[Trigger]
) -> list[str]:
    """Names of the triggers that should stand in the database and do not."""
    if vendor == "sqlite":
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    else:
        # 'O' fires always but in replicas, 'A' always; 'D' is switched off.
        cursor.execute(
            "SELECT tgname FROM pg_trigger "
            "WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
        )
    standing = {row[0] for row in cursor.fetchall()}
    return [
        trigger.name
        for trigger in expected
        if put_up(trigger, vendor) and trigger.name not in standing
    ]
