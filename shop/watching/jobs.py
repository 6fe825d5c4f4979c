"""A job is named by the request that left it, and says in one line what came of it."""

import logging
from time import perf_counter
from typing import Any

from celery import Task
from celery.signals import (
    before_task_publish,
    setup_logging,
    task_postrun,
    task_prerun,
)

from shop.watching import metrics, request_ids

log = logging.getLogger(__name__)


@setup_logging.connect
def leave_logging_as_it_is(*, loglevel: int | None = None, **kwargs: Any) -> None:
    """Django has set it up; Celery's own lines would have another shape."""
    if loglevel:
        logging.getLogger().setLevel(loglevel)


@before_task_publish.connect
def send_the_name_along(*, headers: dict[str, Any] | None = None, **_: Any) -> None:
    name = request_ids.current()
    if name and headers is not None:
        headers[request_ids.NAME] = name


@task_prerun.connect
def begin(*, task_id: str, task: Task, **kwargs: Any) -> None:
    """Take up the request's name, or one of the job's own where beat sent it."""
    given = task.request.get(request_ids.NAME) or request_ids.current()
    names = {
        request_ids.NAME: request_ids.accepted(given),
        "task": task.name,
        "job_id": task_id,
    }
    task.request.watched = request_ids.begin(**names), perf_counter()


@task_postrun.connect
def end(*, task: Task, state: str | None = None, **kwargs: Any) -> None:
    watched = getattr(task.request, "watched", None)
    if watched is None:
        return
    token, started = watched
    seconds = perf_counter() - started
    outcome = (state or "unknown").lower()
    metrics.job_done(task=task.name, outcome=outcome, seconds=seconds)
    log.info("job", extra={"outcome": outcome, "ms": round(seconds * 1000, 1)})
    request_ids.end(token)
