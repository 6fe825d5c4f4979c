"""Two beats at once, as when a second machine takes over while the first still runs."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from celery import current_app as celery
from celery.beat import Scheduler
from django.conf import settings as configured
from django.utils import timezone

from partners.ledger.models import Seal
from partners.ledger.queries import verify
from shop.backups.facts import facts, log_file_faults
from shop.jobs.models import BrokenJob
from shop.notices import operations as notices
from shop.notices.models import TextMessage
from shop.notices.providers.outbox import OutboxProvider
from shop.notices.receivers import tasks
from tests.races import at_once, refused
from tests.shop.backups.county import EACH, work
from traceability import tlog

pytestmark = pytest.mark.django_db(transaction=True)
TEXTS = 3


@pytest.fixture
def sent(settings, tmp_path: Path, monkeypatch) -> Counter[str]:
    """A county with work that waits for beat; and what the provider gets to send."""
    for name in (
        "MEDIA_ROOT",
        "PRIVATE_ROOT",
        "LOG_FOLDER",
        "KEYS",
        "VAR",
        "SEARCH_INDEX",
    ):
        setattr(settings, name, tmp_path / name.lower())
    settings.SIGNING_KEY_FILES = {
        name: str(tmp_path / f"{name}.pem") for name in ("certificate", "log", "box")
    }
    found: Counter[str] = Counter()
    real = OutboxProvider.send

    def send(provider: OutboxProvider, outgoing) -> str:
        found[outgoing.reference] += 1
        return real(provider, outgoing)

    monkeypatch.setattr(OutboxProvider, "send", send)
    # Their first message was lost: only the rows know of them.
    with monkeypatch.context() as lost:
        lost.setattr(tasks.deliver_text, "delay", lambda **ids: None)
        for number in range(TEXTS):
            notices.send_text(
                phone="10000000001",
                template="login_code",
                params={"code": "314159"},
                at=timezone.now(),
                key=f"waiting-{number}",
            )
    work("waiting")
    celery.loader.import_default_modules()
    celery.tasks["shop.discovery.tasks.index_outdated"].run()
    return found


def beat() -> None:
    """Celery's own, when the hour of everything in the schedule has come."""
    scheduler = Scheduler(app=celery._get_current_object())
    scheduler.schedule.pop("celery.backend_cleanup", None)  # we keep no results
    for entry in scheduler.schedule.values():
        entry.last_run_at = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in scheduler.schedule:
        scheduler.tick()


def test_one_does_all_that_waits(sent: Counter[str]):
    """The control: without a beat none of what the next test looks at happens."""
    assert (sent.total(), Seal.objects.count()) == (0, 0)
    beat()
    assert sent == {f"waiting-{number}": 1 for number in range(TEXTS)}
    assert Seal.objects.count() == EACH


def test_side_by_side_do_everything_once(sent: Counter[str]):
    assert refused(at_once(beat, beat)) == 0
    assert sent == {f"waiting-{number}": 1 for number in range(TEXTS)}
    assert TextMessage.objects.filter(status="sent").count() == TEXTS
    assert verify().ok
    assert Seal.objects.count() == EACH
    assert facts().faults == []
    folder = tlog.TileFolder(Path(configured.LOG_FOLDER))
    published = folder.checkpoint()
    assert published is not None and published.size == facts().log_size
    assert list(log_file_faults(folder)) == []
    assert not BrokenJob.objects.exists()


class TestInTheMiddle:
    """The second one runs whole while the first waits for a slow provider."""

    def met(self, sent: Counter[str], monkeypatch) -> Counter[str]:
        real, second = OutboxProvider.send, threading.Event()

        def slow(provider: OutboxProvider, outgoing) -> str:
            if not second.is_set():
                second.set()
                assert refused(at_once(beat)) == 0
            return real(provider, outgoing)

        monkeypatch.setattr(OutboxProvider, "send", slow)
        beat()
        return sent

    def test_no_text_goes_twice(self, sent: Counter[str], monkeypatch):
        met = self.met(sent, monkeypatch)
        assert met == {f"waiting-{number}": 1 for number in range(TEXTS)}

    def test_without_the_hold_one_would(self, sent: Counter[str], monkeypatch):
        """The negative control."""
        monkeypatch.setattr(notices, "HOLD", timedelta(0))
        assert max(self.met(sent, monkeypatch).values()) == 2
