"""A job that breaks is a row; it can be started again, and goes when it ends well."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import Celery
from celery import current_app as celery
from django.db import DatabaseError
from django.urls import reverse
from django.utils import translation
from kombu.exceptions import OperationalError

from partners.organisations.models import AuditRecord
from shop.jobs import operations, receivers
from shop.jobs.models import BrokenJob
from shop.jobs.operations import UnableToRunAgain
from shop.notices import operations as notices
from shop.notices import tasks
from shop.users.models import User

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
PERSONAL = "示例先生 10012345678"


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Delivering texts breaks, with words that nobody may read; undo ends it."""

    def broken(**_: Any) -> None:
        raise LookupError(PERSONAL)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notices, "deliver_text", broken)
        patch.setattr(notices, "deliver_due_texts", broken)
        yield patch


def run(task: Any, *args: Any, **kwargs: Any) -> None:
    """As a worker does: what a job raises ends with the job."""
    task.apply(args, kwargs, throw=False)


class TestOneThatBreaks:
    def test_is_seen_with_its_ids_and_nobodys_data(self, breaks):
        run(tasks.deliver_text, 7)
        (job,) = BrokenJob.objects.all()
        assert (job.task, job.ids) == (
            "shop.notices.tasks.deliver_text",
            {"message_id": 7},
        )
        assert (job.error, job.times) == ("LookupError", 1)
        kept = " ".join(str(getattr(job, f.name)) for f in BrokenJob._meta.fields)
        assert "示例" not in kept and "10012345678" not in kept

    def test_again_is_counted_on_the_same_row(self, breaks):
        run(tasks.deliver_text, 7)
        run(tasks.deliver_text, message_id=7)
        run(tasks.deliver_text, 8)
        assert sorted(BrokenJob.objects.values_list("times", flat=True)) == [1, 2]

    def test_leaves_when_the_same_one_ends_well(self, breaks):
        run(tasks.deliver_text, 7)
        run(tasks.deliver_text, 8)
        breaks.undo()
        run(tasks.deliver_text, message_id=7)
        (left,) = BrokenJob.objects.all()
        assert left.ids == {"message_id": 8}

    def test_does_not_keep_what_is_no_id(self, breaks):
        run(tasks.deliver_text, PERSONAL)
        (job,) = BrokenJob.objects.all()
        assert job.ids is None
        assert PERSONAL not in job.key

    def test_is_not_noted_where_it_is_none_of_ours(self):
        elsewhere = Celery("elsewhere", set_as_current=False)

        @elsewhere.task(shared=False, name="tests.elsewhere")
        def breaking() -> None:
            raise LookupError

        run(breaking)
        assert not BrokenJob.objects.exists()

    def test_ends_no_worker_when_it_cannot_be_noted(self, breaks, monkeypatch, caplog):
        def away(**_: Any) -> None:
            raise DatabaseError(PERSONAL)

        monkeypatch.setattr(receivers.operations, "note_failure", away)
        run(tasks.deliver_text, 7)
        assert "not noted: DatabaseError" in caplog.text

    def test_without_the_receiver_nobody_would_know(self, breaks):
        """The negative control."""
        receivers.task_failure.disconnect(receivers.note_failure)
        try:
            run(tasks.deliver_text, 7)
        finally:
            receivers.task_failure.connect(receivers.note_failure)
        assert not BrokenJob.objects.exists()


def broken(**changes: Any) -> BrokenJob:
    body = {
        "key": "k",
        "task": "shop.notices.tasks.deliver_due_texts",
        "ids": {},
        "error": "LookupError",
        "first_at": NOON,
        "last_at": NOON,
    }
    return BrokenJob.objects.create(**(body | changes))


@pytest.fixture
def left(monkeypatch) -> list[dict[str, Any]]:
    """What was left with the broker."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(
        tasks.deliver_due_texts, "delay", lambda **ids: found.append(ids)
    )
    return found


class TestTryingAgain:
    def test_starts_it_once_however_often_it_is_pressed(self, left, operator: User):
        job = broken()
        operations.run_again(job=job, by=operator, at=NOON)
        for again in (NOON, NOON + timedelta(seconds=59)):
            with pytest.raises(UnableToRunAgain, match="a moment ago"):
                operations.run_again(job=job, by=operator, at=again)
        assert left == [{}]
        operations.run_again(job=job, by=operator, at=NOON + timedelta(minutes=1))
        assert left == [{}, {}]

    def test_stands_in_the_record(self, left, operator: User):
        operations.run_again(job=broken(), by=operator, at=NOON)
        kept = AuditRecord.objects.get(act="run_again")
        assert (kept.actor, kept.subject) == (
            operator,
            "job:shop.notices.tasks.deliver_due_texts",
        )

    @pytest.mark.parametrize("changes", [{"ids": None}, {"task": "shop.gone.tasks.x"}])
    def test_is_refused_for_what_cannot_be_repeated(self, changes, left, operator):
        with pytest.raises(UnableToRunAgain, match="not known any more"):
            operations.run_again(job=broken(**changes), by=operator, at=NOON)
        assert left == []

    def test_can_be_pressed_again_when_the_broker_was_away(self, monkeypatch, operator):
        def away(**_: Any) -> None:
            raise OperationalError

        monkeypatch.setattr(tasks.deliver_due_texts, "delay", away)
        job = broken()
        for _ in range(2):
            with pytest.raises(UnableToRunAgain, match="the broker"):
                operations.run_again(job=job, by=operator, at=NOON)


class TestThePage:
    def test_an_operator_starts_one_and_it_leaves(self, breaks, client, operator: User):
        run(tasks.deliver_due_texts)
        (job,) = BrokenJob.objects.all()
        breaks.undo()
        client.force_login(operator)
        page = client.get(reverse("jobs:jobs")).content.decode()
        assert "shop.notices.tasks.deliver_due_texts" in page
        done = client.post(reverse("jobs:again", args=[job.pk]), follow=True)
        assert not BrokenJob.objects.exists()
        assert "shop.notices" not in done.content.decode()

    def test_an_auditor_looks_and_has_no_button(self, client, auditor: User):
        job = broken()
        client.force_login(auditor)
        page = client.get(reverse("jobs:jobs")).content.decode()
        assert "LookupError" in page
        assert reverse("jobs:again", args=[job.pk]) not in page

    def test_what_is_gone_says_so(self, client, operator: User):
        client.force_login(operator)
        assert client.post(reverse("jobs:again", args=[999])).status_code == 404


def test_every_job_takes_ids_alone():
    """So that each can be started again from its row."""
    import inspect

    celery.loader.import_default_modules()
    allowed = {int, list[int] | None}
    for name, task in celery.tasks.items():
        if name.startswith(("shop.", "partners.", "logistics.", "traceability.")):
            for parameter in inspect.signature(task.run).parameters.values():
                assert parameter.annotation in allowed, (name, parameter)
