"""A worker killed anywhere while a lot is certified, labelled and published."""

from pathlib import Path

import pytest

from tests.factories.traceability import NOW, new_certificate, new_lot
from tests.faults.killing import each_death
from traceability import operations
from traceability.models import Certificate, Label, LabelBatch, LogLeaf
from traceability.queries import proof_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _log_of_its_own(settings, tmp_path: Path) -> None:
    settings.LOG_FOLDER = tmp_path / "log"


@pytest.fixture
def zhao(assistant_zhao):
    return assistant_zhao.user


def whole_log() -> None:
    """Lines are numbered without a gap, and everything issued has its line."""
    indices = list(LogLeaf.objects.order_by("index").values_list("index", flat=True))
    assert indices == list(range(len(indices)))
    certificates = LogLeaf.objects.filter(kind="certificate").count()
    assert certificates == Certificate.objects.count()
    batches = LabelBatch.objects.all()
    assert LogLeaf.objects.filter(kind="batch").count() == batches.count()
    assert Label.objects.count() == sum(batch.count for batch in batches)


def test_certificate_labels_and_log_are_whole_after_any_death(
    farmer_wang, zhao
) -> None:
    """One batch as a job makes it: certify, mint, publish, each its own step."""
    left: set[tuple[bool, bool]] = set()

    def make(lot) -> None:
        certificate = new_certificate(lot=lot, by=zhao)
        operations.mint_labels(
            certificate=certificate,
            count=5,
            product_name="冰糖橙 5斤装",
            pack_g=2_500,
            by=zhao,
            at=NOW,
        )
        operations.publish_log(at=NOW)

    def recover(lot) -> None:
        certificate = lot.certificates.first()
        left.add((certificate is not None, LabelBatch.objects.filter(lot=lot).exists()))
        whole_log()
        checkpoint = operations.publish_log(at=NOW)
        assert checkpoint.size == LogLeaf.objects.count()
        if certificate is not None:
            assert proof_of(certificate.leaf) is not None
            quantity_g = certificate.quantity_g
            assert 0 < quantity_g <= lot.weight_g

    deaths = each_death(
        prepare=lambda: new_lot(farmer=farmer_wang, by=zhao), act=make, recover=recover
    )
    assert deaths > 40
    assert left == {(False, False), (True, False), (True, True)}
