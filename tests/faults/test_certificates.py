"""A worker killed anywhere while a lot is certified, labelled and published."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.factories.traceability import NOW, new_batch, new_certificate, new_lot
from tests.faults.killing import each_death
from traceability import operations, revocations
from traceability.merkle import leaf_hash
from traceability.models import (
    Certificate,
    Label,
    LabelBatch,
    LogLeaf,
    RevocationList,
)
from traceability.queries import proof_of
from traceability.tlog import TileFolder

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


def test_a_revocation_list_is_whole_after_any_death(farmer_wang, zhao) -> None:
    """A recall, and the list that tells phones of it, killed at every step."""
    numbers = [0]
    folder = TileFolder(Path(settings.LOG_FOLDER))

    def recall(batch) -> None:
        operations.recall_lot(lot=batch.lot, reason="有虫", by=zhao, at=NOW)
        operations.publish_log(at=NOW)

    def recover(batch) -> None:
        recalled = batch.lot.status_events.filter(status="recalled").exists()
        operations.publish_log(at=NOW)
        text = (folder.folder / revocations.FILE).read_text(encoding="utf-8")
        listed, _signed = revocations.read(text)
        told = batch.lot.number in listed.lots.get("recalled", ())
        assert told == recalled
        if told:
            data = (folder.folder / listed.labels["recalled"].name).read_bytes()
            hashed = leaf_hash(batch.first_code.encode())
            assert revocations.holds_label(data, hashed)
        last = RevocationList.objects.order_by("-number").first()
        assert last is not None
        assert listed.number == last.number >= numbers[-1]
        numbers.append(listed.number)

    def prepare():
        lot = new_lot(farmer=farmer_wang, by=zhao)
        certificate = new_certificate(lot=lot, by=zhao)
        return new_batch(certificate=certificate, by=zhao, count=3)

    assert each_death(prepare=prepare, act=recall, recover=recover) > 20
