"""What is killed in the middle of a job, a worker or the broker, loses none."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from celery import Celery
from django.conf import settings
from django.db import connection
from django.utils import timezone
from redis import Redis

from shop.config.settings import base
from shop.notices import operations
from shop.notices.models import TextMessage
from shop.notices.receivers import tasks
from tools.services import processes, redis

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 120


@dataclass
class Broker:
    """Where jobs are left, and whoever takes them, in a folder of the test's."""

    url: str
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "worker.log"

    @contextmanager
    def worker(
        self, hangs: Path | None = None, early: str = ""
    ) -> Iterator[subprocess.Popen[bytes]]:
        command = [
            *(sys.executable, "-m", "tests.shop.config.worker"),
            *(str(connection.settings_dict["NAME"]), self.url),
            *(str(self.folder / "messages"), str(hangs or ""), early),
        ]
        with (
            self.log.open("ab") as output,
            subprocess.Popen(
                command, cwd=settings.ROOT, stdout=output, stderr=output
            ) as process,
        ):
            try:
                yield process
            finally:
                process.kill()

    def beat(self) -> None:
        """What beat leaves there every few seconds."""
        with Celery("beat", broker=self.url, set_as_current=False) as app:
            app.conf.broker_transport_options = base.broker_options(
                self.url, self.folder / "messages"
            )
            app.send_task("shop.notices.tasks.deliver_due_texts")

    def until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not true():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[processes.Server]:
    """A Redis that comes back on its port, empty, when it is begun again."""
    if redis.find() is None:
        pytest.skip("Redis is not installed")
    place = processes.reachable(tmp_path / "redis") / "server"
    yield redis.prepare(folder=place, port=processes.free_port())
    running = processes.kept(tmp_path / "state")
    if running is not None:
        processes.end(running)


def begun(server: processes.Server, state: Path) -> processes.Running:
    return processes.wait(server, processes.begin(server, state), state)


@pytest.fixture(params=["redis", "files"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Broker:
    if request.param == "files":
        return Broker("filesystem://localhost", tmp_path)
    server = request.getfixturevalue("server")
    begun(server, tmp_path / "state")
    return Broker(f"{server.url}/1", tmp_path)


@pytest.fixture
def text(monkeypatch: pytest.MonkeyPatch) -> TextMessage:
    """A text that nobody was told of: its row is all there is."""
    monkeypatch.setattr(tasks.deliver_text, "delay", lambda **ids: None)
    return operations.send_text(
        phone="10000000001",
        template="login_code",
        params={"code": "314159"},
        at=timezone.now(),
        key="once",
    )


def sent(text: TextMessage) -> bool:
    text.refresh_from_db()
    return text.sent_at is not None


def test_a_worker_killed_in_the_middle_of_a_job(
    broker: Broker, text: TextMessage, tmp_path: Path
):
    inside = tmp_path / "inside"
    with broker.worker(hangs=inside) as first:
        broker.beat()
        broker.until(inside.exists)
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert not sent(text)
    assert (text.tries, text.status) == (1, TextMessage.Status.WAITING)
    with broker.worker():
        # Nobody takes it while the dead one may still be at it; then its hold ends.
        TextMessage.objects.update(held_until=timezone.now())
        broker.beat()
        broker.until(lambda: sent(text))
    assert text.tries == 2


@pytest.mark.parametrize(("early", "kept"), [("", 1), ("early", 0)])
def test_the_message_of_a_killed_worker_stays_with_redis(
    early: str, kept: int, server: processes.Server, text: TextMessage, tmp_path: Path
):
    """It is taken away when its job has ended. When it began would be too early."""
    begun(server, tmp_path / "state")
    broker, inside = Broker(f"{server.url}/1", tmp_path), tmp_path / "inside"
    left = Redis.from_url(broker.url)
    with broker.worker(hangs=inside, early=early) as first:
        broker.beat()
        broker.until(inside.exists)
        broker.until(lambda: left.hlen("unacked") == kept)
        first.kill()
        first.wait()
    assert left.hlen("unacked") == kept


def test_redis_killed_and_empty_again(
    server: processes.Server, text: TextMessage, tmp_path: Path
):
    """The worker finds it again by itself, and beat's next round takes up the row."""
    state = tmp_path / "state"
    running = begun(server, state)
    broker = Broker(f"{server.url}/1", tmp_path)
    with broker.worker() as worker:
        broker.until(lambda: "ready" in broker.log.read_text())
        processes._signal(running.processes, signal.SIGKILL)
        processes.end(running)
        begun(server, state)
        assert not sent(text)
        broker.beat()
        broker.until(lambda: sent(text))
        assert worker.poll() is None


def test_redis_flushed(server: processes.Server, text: TextMessage, tmp_path: Path):
    """What waited there is gone; its row is not, and beat's next round takes it up."""
    begun(server, tmp_path / "state")
    broker = Broker(f"{server.url}/1", tmp_path)
    queue = Redis.from_url(broker.url)
    broker.beat()
    assert queue.llen("celery") == 1, "it would have been done"
    queue.flushall()
    assert queue.llen("celery") == 0
    with broker.worker():
        broker.until(lambda: "ready" in broker.log.read_text())
        assert not sent(text)
        broker.beat()
        broker.until(lambda: sent(text))
    assert text.tries == 1
