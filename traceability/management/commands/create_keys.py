"""Make the private keys that are missing, and put their public halves on record."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from traceability import signing
from traceability.operations import record_first_keys


class Command(BaseCommand):
    help = "Create the signing keys that do not exist yet, and register them."

    def handle(self, *args: Any, **options: Any) -> None:
        for key in record_first_keys(at=timezone.now()):
            path = signing.key_file(key.purpose)
            self.stdout.write(f"{key.purpose}: {path} ({key.key_id})")
