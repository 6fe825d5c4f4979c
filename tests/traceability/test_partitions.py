"""The province's table of scans: in parts, and still nothing twice, nothing unsaid."""

from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.factories.traceability import NOW
from traceability import operations, queries
from traceability.models import Label, Scan

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.only_on("postgresql", reason="SQLite has no parts of tables"),
]


@pytest.fixture
def parted(label: Label) -> Label:
    """A label that was scanned once before, and once after the table was parted."""
    scan(label, "before")
    script = (settings.ROOT / "ops" / "partition_scans.sql").read_text("utf-8")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(script)
    scan(label, "after")
    return label


def scan(label: Label, device: str) -> queries.Verdict:
    return operations.count_scan(code=label.code, device=device * 4, at=NOW)


def ask(sql: str, *params: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [row[0] for row in cursor.fetchall()] if cursor.description else []


def test_counts_on_and_keeps_what_was(parted: Label):
    assert scan(parted, "third").ordinal == 3
    assert scan(parted, "third").ordinal == 3
    assert [row.ordinal for row in Scan.objects.order_by("pk")] == [1, 2, 3]
    parts = ask("SELECT DISTINCT tableoid::regclass::text FROM traceability_scan")
    assert len(parts) == 1
    assert parts[0].startswith("traceability_scan_")


def test_one_question_asks_one_part(parted: Label):
    plan = ask("EXPLAIN SELECT 1 FROM traceability_scan WHERE label_id = %s", parted.pk)
    assert "Append" not in "".join(plan)


def test_no_ordinal_is_twice(parted: Label):
    with pytest.raises(IntegrityError, match="label_id_ordinal"), transaction.atomic():
        Scan.objects.create(label=parted, ordinal=2, device="x", scanned_at=NOW)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE traceability_scan SET device = 'x'",
        "DELETE FROM traceability_scan",
        "TRUNCATE traceability_scan",
        *(f"TRUNCATE traceability_scan_{part}" for part in range(16)),
    ],
)
def test_what_was_written_stays(parted: Label, sql: str):
    ask("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="refused, correct by adding"):
        ask(sql)
