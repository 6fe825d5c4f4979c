"""Reads about text messages."""

from collections.abc import Iterable, Mapping

from django.conf import settings
from django.db.models import QuerySet

from shop.notices.models import OutboxItem, TextMessage
from shop.notices.texts import told_in
from shop.users.models import User


def language_for(*, phone: str, key: str, otherwise: str = "") -> str:
    """What a text to this phone is told in: as its holder chose last, else `otherwise`,
    else as the county speaks.

    The text with this key, where it is written already, keeps its language: the same
    key must mean the same words.
    """
    written = TextMessage.objects.filter(key=key).values_list("language", flat=True)
    if language := written.first():
        return language
    chosen = User.objects.filter(phone=phone).values_list("language", flat=True)
    wishes = (chosen.first() or "", otherwise)
    return next((one for one in wishes if one in told_in()), settings.LANGUAGE_CODE)


def languages_for(
    phones: Iterable[str], *, otherwise: Mapping[str, str] | None = None
) -> dict[str, str]:
    """`language_for` many phones at once, for texts that nobody wrote before."""
    numbers = set(phones)
    chosen = dict(
        User.objects.filter(phone__in=numbers).values_list("phone", "language")
    )
    spoken, asked = told_in(), otherwise or {}
    return {
        phone: next(
            (
                wish
                for wish in (chosen.get(phone), asked.get(phone))
                if wish and wish in spoken
            ),
            settings.LANGUAGE_CODE,
        )
        for phone in numbers
    }


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
