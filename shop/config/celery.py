"""The Celery application: finds every app's tasks, runs them after commit."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.config.settings.local")

app = Celery("xiangji")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
