"""Two beats, two workers: every job of the schedule twice at the same moment."""

import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.utils import timezone

from partners.ledger import queries as ledger
from shop.alipay.models import Capture, Payment
from shop.notices.models import OutboxItem
from shop.notices.operations import send_text
from tests.factories.people import SOME_DAY
from tests.factories.traceability import new_certificate, new_lot
from tests.races import at_once, refused
from traceability.models import LogCheckpoint, LogLeaf
from traceability.tlog import TileFolder

pytestmark = pytest.mark.django_db(transaction=True)
JOBS = sorted(
    {entry["task"] for entry in django_settings.CELERY_BEAT_SCHEDULE.values()}
)


@pytest.fixture
def busy_county(
    new_order, living_alipay, farmer_wang, assistant_zhao, settings, tmp_path
):
    """Something to do for every job: a payment nobody heard of, a text, a log line."""
    settings.LOG_FOLDER = tmp_path / "log"
    order = new_order()
    living_alipay.paid(Payment.objects.get(order_number=order.number))
    by = assistant_zhao.user
    new_certificate(lot=new_lot(farmer=farmer_wang, by=by), by=by)
    send_text(
        phone="10012345678",
        template="login_code",
        params={"code": "123456"},
        at=SOME_DAY,
        key="once",
    )
    return order


def job(name: str):
    """A task by its name, as a worker finds it."""
    current_app.loader.import_default_modules()
    return current_app.tasks[name]


@pytest.mark.parametrize("name", JOBS)
def test_a_job_that_runs_twice_at_once_is_done_once(busy_county, name: str) -> None:
    task = job(name)
    before = ledger.verify()
    assert refused(at_once(task.run, task.run)) == 0
    task.run()
    assert before.faults == ledger.verify().faults == []
    assert Capture.objects.count() <= 1
    texts = OutboxItem.objects.values_list("reference", flat=True)
    assert len(texts) == len(set(texts))
    sizes = list(LogCheckpoint.objects.values_list("size", flat=True))
    assert len(sizes) == len(set(sizes))


def test_these_jobs_have_something_to_do(busy_county, settings) -> None:
    """Or the test above would prove nothing."""
    for name in ("shop.alipay.tasks.resolve", "traceability.tasks.publish_log"):
        job(name).run()
    busy_county.refresh_from_db()
    assert busy_county.status == "paid"
    assert LogLeaf.objects.exists()
    assert TileFolder(settings.LOG_FOLDER).checkpoint().size == LogLeaf.objects.count()
    assert timezone.now() > SOME_DAY
