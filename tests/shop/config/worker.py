"""A Celery worker on a test's database and a broker of its own, until it is killed.

python -m tests.shop.config.worker DATABASE_NAME BROKER_URL
"""

import os
import sys
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.config.settings.test"


def main(database: str, broker: str) -> None:
    import django

    django.setup()
    from django.db import connection

    from shop.config.celery import app
    from shop.config.settings import base

    connection.settings_dict["NAME"] = database
    app.conf.update(
        task_always_eager=False,
        broker_url=broker,
        broker_transport_options=base.broker_options(broker, Path("unused")),
    )
    app.worker_main(["worker", "--pool", "solo", "--loglevel", "info"])


if __name__ == "__main__":
    main(*sys.argv[1:])
