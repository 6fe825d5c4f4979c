"""The stand-in plays only where people know that it plays."""

from django.conf import settings


class NotAllowed(Exception):
    """These settings are not the demo's: nothing may pretend to be a carrier here."""


def require_standin() -> None:
    """Errors: NotAllowed unless the settings are the demo's or the tests'."""
    if not (settings.DEMO and settings.CARRIER_STANDIN):
        raise NotAllowed(
            "The carrier stand-in runs only with the demo's settings "
            "(DEMO and CARRIER_STANDIN)."
        )
