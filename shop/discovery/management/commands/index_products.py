"""Bring the search index up to date, write it anew, or compare it with the market."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count, Min
from django.utils import timezone

from shop.discovery import operations
from shop.discovery.engine import SearchUnavailable
from shop.discovery.engines import configured
from shop.discovery.models import Outdated


class Command(BaseCommand):
    """python manage.py index_products [--rebuild | --reconcile | --status]"""

    help = "Index what changed; --rebuild writes the whole index anew without a gap."

    def add_arguments(self, parser: CommandParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--rebuild", action="store_true", help="write all anew")
        how.add_argument(
            "--reconcile",
            action="store_true",
            help="compare the index with the market, then index what differs",
        )

        how.add_argument(
            "--status",
            action="store_true",
            help="tell how the engine is and what waits; fails where it cannot answer",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(self._done(**options))
        except SearchUnavailable as error:
            raise CommandError(f"The search engine cannot do it now: {error}") from None

    def _done(self, *, rebuild: bool, reconcile: bool, status: bool, **_: Any) -> str:
        now = timezone.now()
        if status:
            return self._status()
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

    def _status(self) -> str:
        waiting = Outdated.objects.aggregate(
            count=Count("pk"), oldest=Min("since"), refused=Count("again_at")
        )
        self.stdout.write(f"waiting: {waiting['count']}, refused: {waiting['refused']}")
        if waiting["oldest"]:
            self.stdout.write(f"oldest: {waiting['oldest']:%Y-%m-%d %H:%M:%S %Z}")
        about = configured().about()
        return "\n".join(f"{name}: {value}" for name, value in about.items())
