"""Noting jobs that broke and those that recovered, and starting one again."""

import hashlib
import inspect
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from celery import Task
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from partners.organisations.operations import record
from shop.config.celery import app
from shop.jobs.models import BrokenJob
from shop.users.models import User

# Two people who press the button, or one who presses twice, start it once.
ASKED_ONCE_IN = timedelta(minutes=1)


class UnableToRunAgain(Exception):
    """The job cannot be started again now; says why."""


def note_failure(
    *,
    task: Task,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    error: str,
    at: datetime,
) -> BrokenJob:
    """Write down that a job broke, `error` being the exception's class."""
    ids = _ids(task, args, kwargs)
    key = _key(task, args, kwargs)
    with transaction.atomic():
        job, created = BrokenJob.objects.get_or_create(
            key=key,
            defaults={
                "task": task.name,
                "ids": ids,
                "error": error[:80],
                "first_at": at,
                "last_at": at,
            },
        )
        if not created:
            BrokenJob.objects.filter(pk=job.pk).update(
                times=F("times") + 1, last_at=at, error=error[:80]
            )
            job.refresh_from_db()
    return job


def note_success(*, task: Task, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Forget that the same job broke before."""
    broken = BrokenJob.objects.filter(key=_key(task, args, kwargs))
    # Nearly always there is none: then nothing is written.
    if broken.exists():
        broken.delete()


def run_again(*, job: BrokenJob, by: User, at: datetime) -> None:
    """Start the job again, once in a minute however often it is asked for.

    Every job repeats harmlessly; its row goes when it ends well.

    Errors: UnableToRunAgain.
    """
    # A web process has met few of the jobs yet.
    app.loader.import_default_modules()
    if job.ids is None or job.task not in app.tasks:
        raise UnableToRunAgain(
            _("This job is not known any more. Its work comes again by the clock.")
        )
    with transaction.atomic():
        started = BrokenJob.objects.filter(
            Q(asked_at__isnull=True) | Q(asked_at__lte=at - ASKED_ONCE_IN), pk=job.pk
        ).update(asked_at=at)
        if not started:
            raise UnableToRunAgain(
                _("It was started a moment ago, or has ended well already.")
            )
        record(act="run_again", subject=f"job:{job.task}", by=by, at=at)
    try:
        app.tasks[job.task].delay(**job.ids)
    except (OperationalError, OSError) as error:
        BrokenJob.objects.filter(pk=job.pk).update(asked_at=None)
        raise UnableToRunAgain(
            _("Jobs cannot be left with the broker now. Try again in a minute.")
        ) from error


def _ids(
    task: Task, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The arguments by name where they are ids alone; None where they are not."""
    given = _by_name(task, args, kwargs)
    return given if given is not None and all(map(_is_id, given.values())) else None


def _by_name(
    task: Task, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The arguments however they were given; None where the job takes no such ones."""
    try:
        return dict(inspect.signature(task.run).bind(*args, **kwargs).arguments)
    except TypeError:
        return None


def _is_id(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_id, value))
    return value is None or type(value) is int


def _key(task: Task, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """The same for the same job, however its arguments were given; nothing of them."""
    given = _by_name(task, args, kwargs)
    if given is None:
        given = {"args": list(args), "kwargs": dict(kwargs)}
    told = json.dumps([task.name, given], sort_keys=True, default=repr)
    return hashlib.sha256(told.encode()).hexdigest()
