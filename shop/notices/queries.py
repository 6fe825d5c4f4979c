"""Reads about text messages."""

from django.db.models import QuerySet

from shop.notices.models import OutboxItem, TextMessage


def dead_texts() -> QuerySet[TextMessage]:
    """Texts that were given up, newest first."""
    return TextMessage.objects.dead().order_by("-written_at", "-pk")


def waiting_texts() -> QuerySet[TextMessage]:
    """Texts that are still to be sent."""
    return TextMessage.objects.filter(status=TextMessage.Status.WAITING)


def outbox(*, before: int | None = None, limit: int = 50) -> list[OutboxItem]:
    """What the demo's phone received, newest first; `before` pages on from an item."""
    items = OutboxItem.objects.all()
    last = items.filter(pk=before).first() if before else None
    if last is not None:
        older = items.filter(written_at__lt=last.written_at)
        same = items.filter(written_at=last.written_at, pk__lt=last.pk)
        items = (older | same).order_by("-written_at", "-pk")
    return list(items[:limit])
