"""Restore a backup into an empty place."""

from argparse import ArgumentTypeError
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from shop.backups import operations


def moment(text: str) -> datetime:
    """A time as people write it, of the county's clock where it names no zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(
            f"not a time like 2026-11-26T05:30:00: {text}"
        ) from error
    return found if found.tzinfo else timezone.make_aware(found)


class Command(BaseCommand):
    """python manage.py restore BACKUP [--at TIME --wal FOLDER] [--data FOLDER]"""

    help = "Restore a backup where the settings say, which must be empty; verify it."
    # There is no database to ask yet.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path)
        parser.add_argument("--data", type=Path, help="PostgreSQL: the new cluster")
        parser.add_argument("--wal", type=Path, help="PostgreSQL: the archived log")
        parser.add_argument("--at", type=moment, help="how far to go; needs --wal")
        parser.add_argument("--identity", type=Path, help="age identity for the keys")

    def handle(self, *args: Any, **options: Any) -> None:
        def folder(name: str) -> Path | None:
            return options[name].resolve() if options[name] else None

        try:
            kept = operations.restore(
                folder=options["backup"].resolve(),
                at=options["at"],
                wal=folder("wal"),
                data=folder("data"),
                identity=folder("identity"),
            )
        except operations.UnableToRestore as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Restored and verified: {kept.facts.seal} is in its ledger.")
        for what in kept.left_out:
            self.stderr.write(f"Not in it: {what}.")
