"""Redis as the broker: jobs get through, and nothing waits for or depends on it."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery import Celery
from celery import current_app as shops_app
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from shop.alipay import tasks as alipay_tasks
from shop.config.settings import base
from shop.discovery import receivers
from shop.discovery.models import Outdated
from shop.notices import operations
from shop.notices.models import TextMessage
from tests.factories.listings import listing_on_sale

from .conftest import OwnRedis

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 120


@pytest.fixture
def broker(own_redis: OwnRedis) -> Iterator[Celery]:
    """The shop's jobs go through a Redis of the test's own instead of at once."""
    before = shops_app._get_current_object()
    url = own_redis.urls["CELERY_BROKER_URL"]
    app = Celery("test", broker=url, set_as_current=True)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.update(
        task_always_eager=False,
        broker_url=url,
        broker_transport_options=base.broker_options(url, Path("unused")),
    )
    yield app
    app.close()
    before.set_current()


@contextmanager
def worker(url: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process, killed in the end if it still runs."""
    database = str(connection.settings_dict["NAME"])
    command = [sys.executable, "-m", "tests.shop.config.worker", database, url]
    with (
        log.open("ab") as output,
        subprocess.Popen(
            command, cwd=settings.ROOT, stdout=output, stderr=output
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def write(key: str) -> TextMessage:
    return operations.send_text(
        phone="10000000001",
        template="login_code",
        params={"code": "314159"},
        at=timezone.now(),
        key=key,
    )


def sent(message: TextMessage) -> bool:
    message.refresh_from_db()
    return message.sent_at is not None


def eventually(true: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def test_a_worker_takes_jobs_and_a_killed_one_loses_none(
    own_redis: OwnRedis, broker: Celery, tmp_path: Path
):
    url, log = own_redis.urls["CELERY_BROKER_URL"], tmp_path / "worker.log"
    with worker(url, log) as first:
        message = write("first")
        eventually(lambda: sent(message), log)
        first.kill()
        first.wait()
    message = write("second")
    # Whatever a broker lost, the row says it; this is what beat sends.
    own_redis.end()
    assert not sent(message)
    own_redis.begin()
    url = own_redis.urls["CELERY_BROKER_URL"]
    with worker(url, log):
        again = Celery("beat", broker=url)
        again.send_task("shop.notices.tasks.deliver_due_texts")
        eventually(lambda: sent(message), log)
        again.close()


def hurry(app: Celery) -> None:
    """What a page does after its commit, in a thread, where apps are chosen anew."""
    app.set_current()
    alipay_tasks.soon(alipay_tasks.resolve)


class TestABrokerThatIsAway:
    def test_costs_nothing_that_was_committed(
        self, own_redis: OwnRedis, broker: Celery
    ):
        own_redis.end()
        told: list[str] = []
        with transaction.atomic():
            listing = listing_on_sale()
            transaction.on_commit(lambda: told.append("the next in line"))
        assert told == ["the next in line"]
        assert Outdated.objects.filter(product_id=listing.product_id).exists()
        assert not sent(write("unsent"))

    def test_or_is_frozen_holds_no_page_for_long(
        self, own_redis: OwnRedis, broker: Celery
    ):
        own_redis.freeze()
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(hurry, broker)
            assert wait([asked], timeout=SECONDS).done
            asked.result()

    def test_without_our_limits_it_would(self, own_redis: OwnRedis, broker: Celery):
        """The negative control: nothing ends the waiting but the thaw."""
        broker.conf.broker_transport_options = {}
        own_redis.freeze()
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(hurry, broker)
            assert not wait([asked], timeout=8).done
            own_redis.thaw()
            asked.result()


def test_a_transaction_hurries_the_index_once(monkeypatch: pytest.MonkeyPatch):
    hurried: list[list[int]] = []

    def delay(*, product_ids: list[int]) -> None:
        hurried.append(product_ids)

    monkeypatch.setattr(receivers.index_outdated, "delay", delay)
    with transaction.atomic():
        changed = [listing_on_sale().product_id for _ in range(3)]
        assert hurried == []
    assert len(hurried) == 1
    assert set(hurried[0]) == set(changed)
    with transaction.atomic():
        last = listing_on_sale().product_id
    assert set(hurried[1]) == {last}
