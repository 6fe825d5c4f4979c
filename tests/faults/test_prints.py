"""A worker killed anywhere while labels are printed, and several at one print."""

import hashlib
from functools import partial
from pathlib import Path

import pytest
from django.db import IntegrityError, connection

from partners.files import private_storage
from partners.guards import put_up, take_down
from tests import races
from tests.factories.traceability import NOW, new_batch, new_certificate, new_lot
from tests.faults.killing import each_death
from tests.races import refused
from traceability import operations
from traceability.guards import PRINT_AGAIN_SAYS_WHY
from traceability.models import LabelBatch, LabelPrint, PrintJob
from traceability.operations import UnableToPrint, prints

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _small_and_of_its_own(settings, tmp_path: Path, monkeypatch) -> None:
    settings.LOG_FOLDER = tmp_path / "log"
    settings.PRIVATE_ROOT = tmp_path / "private"
    monkeypatch.setattr(prints, "LABELS_A_FILE", 2)


@pytest.fixture
def zhao(assistant_zhao):
    return assistant_zhao.user


@pytest.fixture
def certificate(farmer_wang, zhao):
    return new_certificate(lot=new_lot(farmer=farmer_wang, by=zhao), by=zhao)


def light_batch(certificate, zhao) -> LabelBatch:
    """One of as many as there are deaths, so that no certificate runs out."""
    return new_batch(certificate=certificate, by=zhao, count=3, pack_g=100)


def have_printed(batch, zhao, **changes) -> LabelPrint:
    facts = {
        "batch": batch,
        "paper": "40x30",
        "first": batch.first_number,
        "last": batch.last_number,
        "by": zhao,
        "at": NOW,
    }
    return operations.print_labels(**facts | changes)


def whole(job: PrintJob) -> None:
    """Every number is in exactly one part, and every part's file is what it says."""
    numbers: list[int] = []
    for part in job.parts.all():
        numbers += range(part.first_number, part.last_number + 1)
        data = private_storage().open(part.name).read()
        assert hashlib.sha256(data).hexdigest() == part.sha256
    first, last = job.print.first_number, job.print.last_number
    assert numbers == list(range(first, last + 1))
    assert job.written == len(numbers)


def test_a_print_is_whole_after_any_death(certificate, zhao) -> None:
    left: set[str] = set()

    def recover(batch) -> None:
        printed = batch.prints.first()
        left.add(printed.job.state if printed else "nothing")
        if printed is None:
            # Nobody was told of a print, and none is written down.
            printed = have_printed(batch, zhao)
        later = PrintJob.objects.get(pk=printed.pk).leased_until
        later = (later or NOW) + prints.LEASE
        for print_id in operations.waiting_prints(now=later):
            operations.write_print(print_id=print_id, clock=lambda: later)
        job = PrintJob.objects.get(pk=printed.pk)
        assert job.state == "done"
        whole(job)

    deaths = each_death(
        prepare=lambda: light_batch(certificate, zhao),
        act=lambda batch: have_printed(batch, zhao),
        recover=recover,
    )
    assert deaths > 18
    assert left == {"nothing", "waiting", "running", "done"}


def test_files_are_gone_after_any_death_of_who_removes_them(certificate, zhao) -> None:
    late = NOW + PrintJob.KEPT

    def prepare() -> LabelPrint:
        return have_printed(light_batch(certificate, zhao), zhao)

    def recover(printed: LabelPrint) -> None:
        operations.forget_prints(now=late)
        job = PrintJob.objects.get(pk=printed.pk)
        assert job.state == "forgotten"
        assert not any(private_storage().exists(part.name) for part in job.parts.all())

    assert each_death(
        prepare=prepare,
        act=lambda _printed: operations.forget_prints(now=late),
        recover=recover,
    )


def test_of_several_workers_one_does_it(certificate, zhao, monkeypatch) -> None:
    monkeypatch.setattr(prints, "FEW", 0)
    monkeypatch.setattr("traceability.tasks.write_print.delay", lambda **_ids: None)
    batch = new_batch(certificate=certificate, by=zhao, count=9)
    printed = have_printed(batch, zhao)
    assert not printed.job.parts.exists()
    work = partial(operations.write_print, print_id=printed.pk)
    refused(races.at_once(*[work] * 4))
    whole(PrintJob.objects.get(pk=printed.pk))


def test_of_several_people_who_print_the_same_all_but_one_are_asked_why(
    certificate, zhao
) -> None:
    batch = new_batch(certificate=certificate, by=zhao, count=4)
    acts = [partial(have_printed, batch, zhao)] * 4
    assert refused(races.at_once(*acts), UnableToPrint) == 3
    assert batch.prints.count() == 1


@pytest.mark.parametrize("guarded", [True, False])
def test_whoever_only_looks_first_is_held_up_by_the_database(
    certificate, zhao, guarded
) -> None:
    # Without the guard it is the negative control: everybody gets through.
    batch = new_batch(certificate=certificate, by=zhao, count=4)
    looked = races.meeting(3)

    def careless() -> None:
        assert not batch.prints.exists()
        looked.wait()
        LabelPrint.objects.create(
            batch=batch,
            paper="40x30",
            first_number=batch.first_number,
            last_number=batch.last_number,
            label_count=4,
            printed_by=zhao,
            printed_at=NOW,
        )

    if guarded:
        assert refused(races.at_once(*[careless] * 3), IntegrityError) == 2
    else:
        _sql(take_down(PRINT_AGAIN_SAYS_WHY, connection.vendor))
        try:
            assert refused(races.at_once(*[careless] * 3), IntegrityError) == 0
        finally:
            _sql(put_up(PRINT_AGAIN_SAYS_WHY, connection.vendor))


def _sql(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
