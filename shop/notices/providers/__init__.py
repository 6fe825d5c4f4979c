"""Who carries a text to a phone: one interface, chosen by `settings.TEXT_PROVIDER`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Outgoing:
    """A message ready to leave. `reference` is ours and the same at every try."""

    reference: str
    phone: str
    template: str
    words: dict[str, str]
    language: str
    body: str
    written_at: datetime


class UnableToDeliver(Exception):
    """It did not go. `final`: it never will, trying again is of no use.

    `reason` is a short code of the provider's and holds nothing personal.
    """

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


class Provider(Protocol):
    """Sends texts."""

    name: str

    def send(self, message: Outgoing) -> str:
        """Hand the message over and return the provider's receipt.

        Errors: UnableToDeliver, and nothing else. May be called again with the same
        reference when an earlier answer was lost.
        """


def configured() -> Provider:
    """The provider the settings name."""
    provider: Provider = import_string(settings.TEXT_PROVIDER)()
    return provider
