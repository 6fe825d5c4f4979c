"""What is measured: the embedded sizes or the ones in the environment, without DEBUG.

As in the tests, except that jobs go to a broker and are not done inside the request,
that files are collected and hashed, and that log lines are production's.
"""

import os

from shop.config.settings.logs import logging_as
from shop.config.settings.test import *  # noqa: F403
from shop.config.settings.test import DATABASES, STORAGES, VAR, broker_options

DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "bench.urls"
CELERY_TASK_ALWAYS_EAGER = False
CELERY_BROKER_URL = "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = broker_options(CELERY_BROKER_URL, VAR / "broker")
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "shop.storefront.staticfiles.MarketStorage"},
}
LOGGING = logging_as("Json")
# The server that is measured reads the database that the measuring process made.
if name := os.environ.get("XIANGJI_BENCH_DATABASE"):
    DATABASES["default"]["NAME"] = name
