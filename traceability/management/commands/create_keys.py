"""Make the private keys that are missing, and put their public halves on record."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from traceability import signing
from traceability.models import KeyPurpose
from traceability.operations import register_key


class Command(BaseCommand):
    help = "Create the signing keys that do not exist yet, and register them."

    def handle(self, *args: Any, **options: Any) -> None:
        for purpose in KeyPurpose:
            path = signing.create_key_file(purpose)
            key = register_key(purpose=purpose, at=timezone.now())
            self.stdout.write(f"{purpose}: {path} ({key.key_id})")
