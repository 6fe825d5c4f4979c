"""Celery says how a job ended; the database remembers those that broke."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from celery import Task
from celery.signals import task_failure, task_success
from django.db import Error, transaction
from django.utils import timezone

from shop.config.celery import app
from shop.jobs import operations

log = logging.getLogger(__name__)


@task_failure.connect
def note_failure(
    *,
    sender: Task,
    exception: BaseException,
    args: Sequence[Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    **_: Any,
) -> None:
    _noted(
        sender,
        lambda: operations.note_failure(
            task=sender,
            args=args or (),
            kwargs=kwargs or {},
            error=type(exception).__name__,
            at=timezone.now(),
        ),
    )


@task_success.connect
def note_success(*, sender: Task, **_: Any) -> None:
    request = sender.request
    _noted(
        sender,
        lambda: operations.note_success(
            task=sender, args=request.args or (), kwargs=request.kwargs or {}
        ),
    )


def _noted(task: Task, note: Callable[[], object]) -> None:
    if task.name not in app.tasks:
        return  # not one of the shop's
    try:
        with transaction.atomic():
            note()
    except Error as error:
        # Where the database is away, its own alarm rings.
        log.error("not noted: %s", type(error).__name__)
