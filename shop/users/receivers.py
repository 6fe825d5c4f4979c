"""What accounts do about what happens elsewhere."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from partners.organisations.models import Assistant
from partners.organisations.signals import (
    assistant_appointed,
    assistant_dismissed,
    farmer_recognised,
)
from partners.signals import contact_named, manager_appointed, manager_dismissed
from shop.users import operations
from shop.users.models import Role, User


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
