"""Bring the search index up to date, write it anew, or compare it with the market."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from shop.discovery import operations
from shop.discovery.engine import SearchUnavailable


class Command(BaseCommand):
    """python manage.py index_products [--rebuild | --reconcile]"""

    help = "Index what changed; --rebuild writes the whole index anew without a gap."

    def add_arguments(self, parser: CommandParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--rebuild", action="store_true", help="write all anew")
        how.add_argument(
            "--reconcile",
            action="store_true",
            help="compare the index with the market, then index what differs",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(self._done(**options))
        except SearchUnavailable as error:
            raise CommandError(f"The search engine cannot do it now: {error}") from None

    def _done(self, *, rebuild: bool, reconcile: bool, **_: Any) -> str:
        now = timezone.now()
        if rebuild:
            return f"{operations.rebuild_index(at=now)} products indexed anew."
        if reconcile:
            found = operations.reconcile_index(at=now)
            written = operations.index_outdated(at=timezone.now())
            return (
                f"{found.missing} missing, {found.stale} stale, "
                f"{found.surplus} too many; {written} products indexed."
            )
        return f"{operations.index_outdated(at=now)} products indexed."
