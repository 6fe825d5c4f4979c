"""What registering has in common."""

from django.utils.translation import gettext as _

from partners.organisations.models import Division


class UnableToRegister(Exception):
    """Somebody or something cannot be registered; says what to change."""


def require_village(place: Division) -> None:
    """Refuse, with UnableToRegister, whatever is no village or community."""
    if place.level != Division.Level.VILLAGE:
        raise UnableToRegister(_("%(place)s is not a village.") % {"place": place.name})
