"""A job carries the name of the request that left it, through a broker and a worker."""

import logging

import pytest
from celery import Celery, Task
from celery.contrib.testing.worker import start_worker

from shop.watching import request_ids

log = logging.getLogger("tests.jobs")
NAME = "0123456789abcdef" * 2
# Its own broker in memory; what watches jobs listens to every application.
app = Celery("tests", broker="memory://", set_as_current=False)


@app.task(shared=False, name="tests.speak")
def speak(again: bool = False) -> None:
    log.info("from inside")
    if again:
        speak.delay()


@app.task(shared=False, name="tests.fail")
def fail() -> None:
    raise ValueError("it did not work")


@app.task(
    shared=False, name="tests.retry", bind=True, max_retries=1, default_retry_delay=0
)
def retry(self: Task) -> None:
    log.info("try %d", self.request.retries)
    if not self.request.retries:
        raise self.retry()


@pytest.fixture(scope="module")
def worker():
    """A worker that takes what is left in the broker."""
    with start_worker(app, pool="solo", perform_ping_check=False):
        yield


def done(written, seen, count: int) -> list[dict]:
    """Wait until so many jobs have said that they ended."""
    for _ in range(600):
        if len(lines := written.of("job")) >= count:
            return lines
        seen.wait(0.05)
    raise AssertionError(f"{count} jobs did not end:\n{written.text}")


@pytest.fixture
def seen():
    import threading

    return threading.Event()


class TestThroughABroker:
    def test_the_name_arrives_on_every_line_of_the_job(self, worker, written, seen):
        token = request_ids.begin(request_id=NAME)
        sent = speak.delay()
        request_ids.end(token)
        (line,) = done(written, seen, 1)
        (inside,) = written.of("from inside")
        for each in (line, inside):
            assert each["request_id"] == NAME
            assert each["task"] == "tests.speak"
            assert each["job_id"] == sent.id
        assert line["outcome"] == "success"

    def test_and_on_those_of_the_jobs_that_it_leaves(self, worker, written, seen):
        token = request_ids.begin(request_id=NAME)
        speak.delay(again=True)
        request_ids.end(token)
        lines = done(written, seen, 2)
        assert {line["request_id"] for line in lines} == {NAME}
        assert len({line["job_id"] for line in lines}) == 2

    def test_what_beat_sends_gets_a_name_of_its_own(self, worker, written, seen):
        speak.delay()
        speak.delay()
        names = {line["request_id"] for line in done(written, seen, 2)}
        assert len(names) == 2
        assert all(len(name) == 32 for name in names)

    def test_a_name_that_is_none_is_replaced(self, worker, written, seen):
        speak.apply_async(headers={"request_id": "张示例 13800138000"})
        (line,) = done(written, seen, 1)
        assert len(line["request_id"]) == 32

    def test_a_failure_says_so_under_the_same_name(self, worker, written, seen):
        token = request_ids.begin(request_id=NAME)
        fail.delay()
        request_ids.end(token)
        (line,) = done(written, seen, 1)
        assert (line["outcome"], line["request_id"]) == ("failure", NAME)
        (error,) = (each for each in written.all() if each["level"] == "error")
        assert error["request_id"] == NAME
        assert "ValueError: it did not work" in error["exception"]

    def test_a_second_try_keeps_it(self, worker, written, seen):
        token = request_ids.begin(request_id=NAME)
        retry.delay()
        request_ids.end(token)
        lines = done(written, seen, 2)
        assert [line["outcome"] for line in lines] == ["retry", "success"]
        assert {line["request_id"] for line in lines} == {NAME}

    def test_without_the_sender_it_would_not_arrive(self, worker, written, seen):
        from celery.signals import before_task_publish

        from shop.watching.jobs import send_the_name_along

        before_task_publish.disconnect(send_the_name_along)
        try:
            token = request_ids.begin(request_id=NAME)
            speak.delay()
            request_ids.end(token)
            (line,) = done(written, seen, 1)
        finally:
            before_task_publish.connect(send_the_name_along)
        assert line["request_id"] != NAME


class TestAtOnce:
    def test_a_job_inside_a_request_gives_the_name_back(self, written):
        token = request_ids.begin(request_id=NAME)
        speak.apply()
        assert dict(request_ids.running()) == {"request_id": NAME}
        request_ids.end(token)
        (line,) = written.of("job")
        assert line["request_id"] == NAME
