"""Take away the authenticator of somebody whose phone is lost, from the server."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from shop.users import authenticators, queries


class Command(BaseCommand):
    """python manage.py reset_authenticator PHONE"""

    help = (
        "For the only operator who lost their phone; everybody else asks a colleague."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("phone")

    def handle(self, *args: Any, **options: Any) -> None:
        user = queries.user_by_phone(options["phone"])
        if user is None:
            raise CommandError("Nobody with this number has an account.")
        try:
            authenticators.reset_authenticator(user=user, by=None, at=timezone.now())
        except authenticators.UnableToReset as error:
            raise CommandError(str(error)) from error
        self.stdout.write("They set up a new one when they log in next.")
