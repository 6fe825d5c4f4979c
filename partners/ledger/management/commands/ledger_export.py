"""Writes the whole ledger in another program's syntax."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from partners.ledger import export, operations


class Command(BaseCommand):
    """`manage.py ledger_export --beancount [--to FILE]`"""

    help = "Export the whole ledger; the same ledger always gives the same bytes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        syntax = parser.add_mutually_exclusive_group(required=True)
        syntax.add_argument(
            "--beancount", action="store_true", help="in beancount's syntax"
        )
        parser.add_argument(
            "--to", type=Path, help="a file to write; standard output without it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["to"]:
            operations.export_to(path=options["to"])
            return
        for line in export.beancount():
            self.stdout.write(line)
