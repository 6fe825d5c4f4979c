"""What stands on the page "mine": doors for my roles, and what other apps add."""

from dataclasses import dataclass, field
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shop.users.models import Role, User
from shop.users.signals import me_sections


@dataclass(frozen=True)
class MeSection:
    """A part of the page that another app fills; a receiver of `me_sections`
    returns it. `template` is drawn with `context`; lower `order` stands further up.
    """

    template: str
    context: dict[str, Any] = field(default_factory=dict)
    order: int = 50


@dataclass(frozen=True)
class Door:
    """Where a role works: an address by its name, and words for it."""

    role: str
    to: str
    icon: str
    label: str | Promise
    words: str | Promise


DOORS = (
    Door(
        Role.ASSISTANT,
        "listings:today",
        "sprout",
        _("My villages today"),
        _("List, record lots, print labels, pack"),
    ),
    Door(
        Role.SUPERMARKET_MANAGER,
        "partners:supermarkets",
        "store",
        _("My supermarket"),
        _("Statements, shares, households"),
    ),
    Door(
        Role.FARMER,
        "settlement:my_owed",
        "wallet",
        _("What is owed to me"),
        _("What sold, and what for"),
    ),
    Door(
        Role.HOUSEHOLD_CONTACT,
        "partners:own_household",
        "hand-heart",
        _("My household"),
        _("What is there for us, and to confirm it"),
    ),
    Door(
        Role.OPERATOR,
        "backoffice:today",
        "clipboard-list",
        _("The county's day"),
        _("What needs doing today"),
    ),
    Door(
        Role.OPERATOR,
        "users_backoffice:people",
        "users",
        _("People and roles"),
        _("Who may do what, and who said so"),
    ),
    Door(
        Role.OPERATOR,
        "notices:texts",
        "message-square",
        _("Text messages"),
        _("What could not be sent"),
    ),
    Door(
        Role.AUDITOR,
        "backoffice:today",
        "clipboard-check",
        _("The county's books"),
        _("Everything to look at, nothing to change"),
    ),
    Door(
        Role.INSPECTOR,
        "traceability:records",
        "clipboard-check",
        _("Lots, certificates and labels"),
        _("Everything of traceability to look at, nothing to change"),
    ),
    Door(
        Role.AUDITOR,
        "partners:board",
        "heart-handshake",
        _("Funds board"),
        _("Every fen with its entry"),
    ),
)


def doors(user: User) -> list[dict[str, Any]]:
    """The doors of the user's roles that exist on this site."""
    return [
        {"url": url, "icon": door.icon, "label": door.label, "words": door.words}
        for door in DOORS
        if user.has_role(door.role) and (url := _address(door.to))
    ]


def sections(user: User) -> list[MeSection]:
    """What other apps have to say to this user, in their order."""
    answers: Any = me_sections.send(User, user=user)
    found = [section for __, section in answers if isinstance(section, MeSection)]
    return sorted(found, key=lambda section: section.order)


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
