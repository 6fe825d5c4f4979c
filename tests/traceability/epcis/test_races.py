"""The same told many times at the same moment; a program killed on the way."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError

from tests.factories.traceability import NOW
from tests.traceability.epcis.conftest import event
from tests.traceability.test_races import MANY, at_once
from traceability.epcis import operations
from traceability.epcis.models import CapturedEvent, CaptureJob, EventKey, Party
from traceability.epcis.reading import Sent

pytestmark = pytest.mark.django_db(transaction=True)


def sent() -> Sent:
    return Sent(events=[event(), event(bizStep="receiving")], contexts=[])


def capture(party: Party) -> CaptureJob:
    return operations.capture_document(
        party=party, sent=sent(), behaviour="rollback", at=NOW
    )


class TestSameDocument:
    def test_sent_at_once_is_kept_once(self, party: Party) -> None:
        jobs = at_once(lambda _number: capture(party))
        assert not [job for job in jobs if isinstance(job, Exception)], jobs
        assert sorted(job.stored for job in jobs) == [0] * (MANY - 1) + [2]
        assert CapturedEvent.objects.count() == 2
        assert EventKey.objects.count() == 2
        told = {e["status"] for job in jobs for e in job.errors}
        assert told == {409}

    def test_is_kept_once_by_the_database_too(
        self, party: Party, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where nobody looks first, the constraint refuses, and all of it."""
        monkeypatch.setattr(operations, "_mark_known", lambda party, drafts: None)
        jobs = at_once(lambda _number: capture(party))
        refused = [job for job in jobs if isinstance(job, IntegrityError)]
        assert len(refused) == MANY - 1
        assert CaptureJob.objects.count() == 1
        assert CapturedEvent.objects.count() == 2

    def test_as_one_event_is_created_once(self, party: Party) -> None:
        one = Sent(events=[event()], contexts=[])

        def create(_number: int) -> Any:
            return operations.capture_event(party=party, sent=one, at=NOW)

        results = at_once(create)
        known = [r for r in results if isinstance(r, operations.CapturedAlready)]
        assert len(known) == MANY - 1
        assert CapturedEvent.objects.count() == 1


class TestCrash:
    def test_leaves_nothing_half_written(
        self, party: Party, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def die(*_args: Any, **_named: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(operations, "_KEYS", SimpleNamespace(add=die))
            with pytest.raises(KeyboardInterrupt):
                capture(party)
        assert not CapturedEvent.objects.exists()
        assert not CaptureJob.objects.exists()
        assert capture(party).stored == 2
