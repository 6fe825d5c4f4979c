"""A Celery worker on a test's database and a broker of its own, until it is killed.

python -m tests.shop.config.worker DATABASE_NAME BROKER_URL [FOLDER [HANGS [EARLY]]]

FOLDER holds the messages of a broker of files. With HANGS, a text that is being sent
makes a file of that name and never ends. With EARLY it takes messages away before it
works on them, as Celery does by itself.
"""

import os
import sys
import threading
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.config.settings.test"


def main(
    database: str,
    broker: str,
    folder: str = "unused",
    hangs: str = "",
    early: str = "",
) -> None:
    import django

    django.setup()
    from django.db import connection

    from shop.config.celery import app
    from shop.config.settings import base
    from shop.notices.providers.outbox import OutboxProvider

    def never(_provider: OutboxProvider, _message: object) -> str:
        Path(hangs).touch()
        threading.Event().wait()
        raise AssertionError("somebody woke it")

    if hangs:
        OutboxProvider.send = never  # type: ignore[method-assign]
    if early:
        app.loader.import_default_modules()
        for task in app.tasks.values():
            task.acks_late = False
    connection.settings_dict["NAME"] = database
    app.conf.update(
        task_always_eager=False,
        broker_url=broker,
        broker_transport_options=base.broker_options(broker, Path(folder)),
    )
    # Threads: the worker itself stays awake while a job of its hangs.
    app.worker_main(
        ["worker", "--pool", "threads", "--concurrency", "1", "--loglevel", "info"]
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
