"""Publish the transparency log now, without waiting for the worker."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from traceability.operations import publish_log


class Command(BaseCommand):
    help = "Publish what the transparency log gained since last time."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(publish_log(at=timezone.now()).note)
