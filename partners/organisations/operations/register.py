"""What registering has in common."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from partners.organisations.models import Division
from partners.phones import clean_phone


class UnableToRegister(Exception):
    """Somebody or something cannot be registered; says what to change.

    `field` names the argument it is about, where it is about one.
    """

    def __init__(self, words: str, *, field: str = "") -> None:
        super().__init__(words)
        self.field = field


def require_village(place: Division) -> None:
    """Refuse, with UnableToRegister, whatever is no village or community."""
    if place.level != Division.Level.VILLAGE:
        raise UnableToRegister(
            _("%(place)s is not a village.") % {"place": place.name}, field="village"
        )


def cleaned_phone(*, phone: str) -> str:
    """The number's eleven digits. Errors: UnableToRegister at its field."""
    try:
        return clean_phone(phone)
    except ValidationError as error:
        raise UnableToRegister(error.messages[0], field="phone") from error
