"""Bring the search index up to date, or write it anew."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from shop.discovery import operations


class Command(BaseCommand):
    """python manage.py index_products [--rebuild]"""

    help = "Index what changed; --rebuild writes the whole index anew without a gap."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rebuild"]:
            count = operations.rebuild_index()
            self.stdout.write(f"{count} products indexed anew.")
        else:
            self.stdout.write(f"{operations.index_outdated()} products indexed.")
