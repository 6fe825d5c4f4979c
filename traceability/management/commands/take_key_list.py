"""Take in a key list that the offline root signed."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from traceability import keylists, operations, signing


class Command(BaseCommand):
    help = "Take in a signed key list: from here on it decides who signs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text = options["file"].read_text(encoding="utf-8")
            taken = operations.take_key_list(text=text, at=timezone.now())
        except (
            OSError,
            ValueError,
            keylists.KeyListRejected,
            operations.UnableToListKeys,
            signing.MissingKey,
        ) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Key list {taken.number} stands.")
