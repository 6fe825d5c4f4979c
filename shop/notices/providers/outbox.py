"""The demo's phone: texts arrive on a page instead of at a carrier."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from shop.notices.models import OutboxItem
from shop.notices.providers import Outgoing


class OutboxProvider:
    """Keeps what would have been sent where /demo/outbox/ shows it."""

    name = "outbox"

    def __init__(self) -> None:
        if not settings.DEMO:
            raise ImproperlyConfigured("The outbox shows login codes to everybody.")

    def send(self, message: Outgoing) -> str:
        item, _created = OutboxItem.objects.get_or_create(
            reference=message.reference,
            defaults={
                "phone": message.phone,
                "template": message.template,
                "body": message.body,
                "code": message.words.get("code", ""),
                # Of our own site, so that it opens wherever the demo is reached.
                "link": message.words.get("link", "").removeprefix(settings.BASE_URL),
                "written_at": message.written_at,
            },
        )
        return f"outbox-{item.pk}"
