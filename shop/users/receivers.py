"""What accounts do about what happens elsewhere."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from partners.organisations.models import Assistant
from partners.organisations.signals import (
    assistant_appointed,
    assistant_dismissed,
    farmer_recognised,
)
from partners.signals import contact_named, manager_appointed, manager_dismissed
from shop.users import operations
from shop.users.models import Role, User


@receiver(user_logged_in)
def keep_chosen_language(*, request: HttpRequest, user: User, **kwargs: Any) -> None:
    # A browser's own wish is no choice; the cookie is.
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "") if request else ""
    operations.choose_language(user=user, language=chosen)


@receiver(assistant_appointed)
def give_assistant_role(
    *, assistant: Assistant, by: User | None, at: datetime, **kwargs: Any
) -> None:
    operations.grant_role(user=assistant.user, role=Role.ASSISTANT, by=by, at=at)


@receiver(assistant_dismissed)
def take_assistant_role(
    *, assistant: Assistant, by: User | None, at: datetime, **kwargs: Any
) -> None:
    operations.revoke_role(user=assistant.user, role=Role.ASSISTANT, by=by, at=at)


@receiver(manager_appointed)
def give_manager_role(
    *, user: User, by: User | None, at: datetime, **kwargs: Any
) -> None:
    operations.grant_role(user=user, role=Role.SUPERMARKET_MANAGER, by=by, at=at)


@receiver(manager_dismissed)
def take_manager_role(
    *, user: User, by: User | None, at: datetime, **kwargs: Any
) -> None:
    operations.follow_dismissal(user=user, by=by, at=at)


@receiver(contact_named)
def give_contact_role(
    *, user: User, by: User | None, at: datetime, **kwargs: Any
) -> None:
    operations.grant_role(user=user, role=Role.HOUSEHOLD_CONTACT, by=by, at=at)


@receiver(farmer_recognised)
def give_farmer_role(*, user: User, at: datetime, **kwargs: Any) -> None:
    operations.grant_role(user=user, role=Role.FARMER, at=at)
