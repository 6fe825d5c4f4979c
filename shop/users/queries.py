"""Reads about people who log in."""

from datetime import datetime
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from partners.organisations.models import AuditRecord, Division
from partners.phones import clean_phone
from shop.users.models import Role, User

PAGE = 50
# Everybody who buys is a buyer; the list is about the others.
LISTED_ROLES = [role for role in Role if role != Role.BUYER]


class People(NamedTuple):
    """A page of users, and the key of its last one where more follow."""

    users: list[User]
    after: int | None


def user_by_phone(phone: str) -> User | None:
    """Whose account this number is; None where it is nobody's or no number."""
    try:
        return User.objects.filter(phone=clean_phone(phone)).first()
    except ValidationError:
        return None


def people(*, role: str = "", after: int = 0, limit: int = PAGE) -> People:
    """Users who hold `role`, or any role but buyer, by keyset pages."""
    roles = [role] if role else [listed.value for listed in LISTED_ROLES]
    found = list(
        User.objects.filter(roles__role__in=roles, pk__gt=after)
        .prefetch_related("roles")
        .order_by("pk")
        .distinct()[: limit + 1]
    )
    more = found[limit - 1].pk if len(found) > limit else None
    return People(found[:limit], more)


class Said(NamedTuple):
    """One line of the trail: what was done, when, and by whom (None: the system)."""

    words: str
    at: datetime
    actor: User | None


def trail(user: User) -> list[Said]:
    """What was said about this person's roles and villages, newest first."""
    subjects = [f"user:{user.pk}"]
    for kind in ("assistant", "farmer"):
        side = getattr(user, kind, None)
        if side is not None:
            subjects.append(f"{kind}:{side.pk}")
    records = list(
        AuditRecord.objects.filter(subject__in=subjects).select_related("actor")
    )
    places = Division.objects.in_bulk([record.detail for record in records])
    names = dict(Role.choices) | {code: place.name for code, place in places.items()}
    return [
        Said(
            words=_TOLD.get(record.act, "%(what)s")
            % {"what": names.get(record.detail, record.detail) or record.act},
            at=record.at,
            actor=record.actor,
        )
        for record in records
    ]


_TOLD = {
    "grant_role": _("Was made %(what)s"),
    "revoke_role": _("Is no longer %(what)s"),
    "appoint": _("Became assistant of %(what)s"),
    "dismiss": _("Is no longer assistant of %(what)s"),
    "register_farmer": _("Was registered as farmer of %(what)s"),
    "describe_farmer": _("What pages say about the farmer was changed"),
    "move_phone": _("The farmer's number was changed"),
    "recognise_farmer": _("Logged in as the farmer for the first time"),
    "set_password": _("Set a password"),
    "enrol": _("Set up the second step"),
    "renew_spare_codes": _("Took new spare codes"),
    "reset_authenticator": _("The second step was taken away"),
    "open_account": _("An account was opened"),
}
