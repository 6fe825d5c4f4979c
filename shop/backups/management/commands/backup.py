"""Make a backup that proves to be whole."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from shop.backups import manifest, operations


class Command(BaseCommand):
    """python manage.py backup [--to FOLDER] [--keep N] | --check BACKUP"""

    help = "Keep database, uploads, log and keys in a new folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--to", type=Path, help="in which folder, if not XIANGJI_BACKUPS"
        )
        parser.add_argument(
            "--keep", type=int, default=0, help="how many of the newest stay; 0: all"
        )
        parser.add_argument("--check", type=Path, help="a backup: is it as it was?")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["check"]:
                kept = operations.check(folder=options["check"].resolve())
                self.stdout.write(f"Whole, from {kept.begun_at.isoformat()}.")
                return
            made = operations.back_up(
                to=(options["to"] or Path(settings.BACKUPS)).resolve(),
                at=timezone.now(),
                keep=options["keep"],
            )
        except (operations.UnableToBackUp, operations.UnableToRestore) as error:
            raise CommandError(str(error)) from error
        kept = manifest.read(made)
        self.stdout.write(str(made))
        self.stdout.write(f"Ledger: {kept.facts.seal}")
        self.stdout.write(f"Log: {kept.facts.log_size} lines, {kept.facts.log_root}")
        for what in kept.left_out:
            self.stderr.write(f"Not in it: {what}.")
        for fault in kept.facts.faults:
            self.stderr.write(f"Wrong already: {fault}")
