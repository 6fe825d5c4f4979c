"""A web process killed anywhere while it counts a scan."""

import pytest
from django.db import connection

from tests.factories.traceability import NOW, new_certificate, new_label, new_lot
from tests.faults.killing import each_death
from traceability import operations
from traceability.models import Label, Scan

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_scan_is_counted_whole_and_once_after_any_death(
    farmer_wang, assistant_zhao, settings, tmp_path
) -> None:
    settings.LOG_FOLDER = tmp_path / "log"
    first = new_label(farmer=farmer_wang, by=assistant_zhao.user)
    batch = operations.mint_labels(
        certificate=new_certificate(
            lot=new_lot(farmer=farmer_wang, by=assistant_zhao.user),
            by=assistant_zhao.user,
        ),
        count=40,
        product_name="冰糖橙 5斤装",
        pack_g=2_500,
        by=assistant_zhao.user,
        at=NOW,
    )
    batch.labels.update(activated_at=NOW)
    labels = iter([first, *batch.labels.all()])
    left: set[int] = set()

    def scan(label: Label) -> object:
        return operations.count_scan(code=label.code, device="d" * 20, at=NOW)

    def again(label: Label) -> None:
        scans = Scan.objects.filter(label=label).count()
        label.refresh_from_db()
        assert label.scan_count == scans
        assert (label.first_scanned_at is None) == (scans == 0)
        left.add(scans)
        verdict = operations.count_scan(code=label.code, device="d" * 20, at=NOW)
        assert (verdict.state, verdict.ordinal) == ("first", 1)
        assert Scan.objects.filter(label=label).count() == 1

    deaths = each_death(prepare=lambda: next(labels), act=scan, recover=again)
    # PostgreSQL counts in one statement.
    assert deaths >= (2 if connection.vendor == "postgresql" else 4)
    assert left == {0, 1}
