"""The Celery application: finds every app's tasks, runs them after commit."""

import os
from pathlib import Path

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.config.settings.local")

app = Celery("xiangji")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

_folders = app.conf.broker_transport_options
for _folder in ("data_folder_in", "control_folder"):
    if _folder in _folders:
        Path(_folders[_folder]).mkdir(parents=True, exist_ok=True)
