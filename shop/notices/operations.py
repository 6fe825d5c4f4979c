"""Writes about text messages."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from partners.phones import clean_phone
from partners.privacy import blind_index
from shop.notices import providers, queries
from shop.notices.models import TextMessage
from shop.notices.providers import Outgoing, Provider, UnableToDeliver
from shop.notices.signals import text_written
from shop.notices.texts import TEXTS, UnknownText, render, require, told_in

log = logging.getLogger(__name__)

# How long to wait after the first, second, … failure; then we give up.
WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (10, 30, 120, 600, 1800, 7200, 21600)
)
# Longer than a provider may take to answer, so that no two workers send one row.
HOLD = timedelta(seconds=60)


@dataclass(frozen=True)
class Draft:
    """A text that somebody wants to be sent, as `send_text` takes it."""

    phone: str
    template: str
    params: Mapping[str, str]
    key: str
    language: str = ""


class UnableToSend(Exception):
    """A text cannot be written: unknown template, wrong words, no phone, key taken."""


def send_text(
    *,
    phone: str,
    template: str,
    params: Mapping[str, str],
    at: datetime,
    key: str,
    language: str = "",
) -> TextMessage:
    """Write a text to be sent after commit. The same key again is the same message.

    `template` and its `params` are those of `texts.py`. A link that starts with a
    slash is one of ours. `language`: the one that the words in `params` are in; where
    they are only figures and links, the one that the phone's holder chose.

    Errors: UnableToSend, also where the key belongs to another message.
    """
    facts = _facts(Draft(phone, template, params, key), at)
    with transaction.atomic():
        message, created = TextMessage.objects.get_or_create(
            key=key,
            defaults=facts
            | {
                "language": _spoken(language)
                or queries.language_for(phone=facts["phone"], key=key)
            },
        )
        if message.fingerprint != facts["fingerprint"]:
            raise UnableToSend(f"The key {key!r} belongs to another message.")
        if created:
            text_written.send(TextMessage, message=message)
    return message


def write_texts(*, drafts: Sequence[Draft], at: datetime) -> dict[str, TextMessage]:
    """Write many texts at once, each to be sent after commit; by their keys.

    Without those whose number takes no texts: one of them must not keep the others
    from being told. A key that is written already is the same message. Every draft
    names its language.
    """
    rows = []
    for draft in drafts:
        try:
            facts = _facts(draft, at)
        except UnableToSend as error:
            log.error("text %s cannot be written: %s", draft.key, error)
            continue
        rows.append(TextMessage(key=draft.key, language=draft.language, **facts))
    with transaction.atomic():
        known = TextMessage.objects.in_bulk([row.key for row in rows], field_name="key")
        new = [row for row in rows if row.key not in known]
        for row in TextMessage.objects.bulk_create(new):
            known[row.key] = row
            text_written.send(TextMessage, message=row)
    return known


def _facts(draft: Draft, at: datetime) -> dict[str, Any]:
    """The columns of a text that is yet to be sent. Errors: UnableToSend."""
    words = {name: str(value) for name, value in draft.params.items()}
    try:
        text = require(draft.template, words)
        number = clean_phone(draft.phone)
    except UnknownText as error:
        raise UnableToSend(str(error)) from error
    except ValidationError as error:
        raise UnableToSend(error.messages[0]) from error
    packed = json.dumps(words, ensure_ascii=False, sort_keys=True)
    return {
        "fingerprint": blind_index("text", f"{number}|{draft.template}|{packed}"),
        "phone": number,
        "template": draft.template,
        "words": packed,
        "written_at": at,
        "next_try_at": at,
        "expires_at": at + text.lasts if text.lasts else None,
    }


def _spoken(language: str) -> str:
    return language if language in told_in() else ""


def deliver_text(
    *, message_id: int, at: datetime, provider: Provider | None = None
) -> TextMessage | None:
    """Try once to send a text that is due; None where it is not, or somebody is at it.

    A failure moves the next try away, and after the last wait, or one that is final,
    the text is given up: visible to the operator, who can send it again.
    """
    held = (
        TextMessage.objects.due(at)
        .filter(pk=message_id)
        .update(held_until=at + HOLD, tries=F("tries") + 1)
    )
    if not held:
        return None
    message = TextMessage.objects.get(pk=message_id)
    if message.expires_at is not None and message.expires_at <= at:
        return _give_up(message, "expired")
    if message.tries > len(WAITS) + 1:
        # Every try ended without an answer: the worker died with it.
        return _give_up(message, "no answer")
    provider = provider or providers.configured()
    # No transaction is open here: a slow provider must not hold the database.
    try:
        receipt = provider.send(_outgoing(message))
    except UnableToDeliver as error:
        return _put_off(message, error, at=at)
    message.status = TextMessage.Status.SENT
    message.sent_at, message.held_until = at, None
    message.provider, message.receipt, message.failure = provider.name, receipt, ""
    if TEXTS[message.template].secret:
        message.words = ""
    message.save()
    return message


def deliver_due_texts(*, now: datetime, limit: int = 200) -> int:
    """Try every text that its row says is due; how many went."""
    due = TextMessage.objects.due(now).order_by("next_try_at")
    done = [
        deliver_text(message_id=pk, at=now)
        for pk in due.values_list("pk", flat=True)[:limit]
    ]
    return sum(
        message is not None and message.status == TextMessage.Status.SENT
        for message in done
    )


class UnableToRevive(Exception):
    """The text is not given up, or it is of no use any more."""


def revive_text(*, message: TextMessage, at: datetime) -> TextMessage:
    """Try a text again that was given up.

    Errors: UnableToRevive.
    """
    with transaction.atomic():
        revived = (
            TextMessage.objects.dead()
            .filter(pk=message.pk)
            .exclude(expires_at__lte=at)
            .exclude(words="")
            .update(status=TextMessage.Status.WAITING, tries=0, next_try_at=at)
        )
        if not revived:
            raise UnableToRevive(f"{message} cannot be sent again.")
        message.refresh_from_db()
        text_written.send(TextMessage, message=message)
    return message


def _outgoing(message: TextMessage) -> Outgoing:
    words = {
        name: f"{settings.BASE_URL}{word}" if word.startswith("/") else word
        for name, word in json.loads(message.words).items()
    }
    return Outgoing(
        reference=message.key,
        phone=message.phone,
        template=message.template,
        words=words,
        language=message.language,
        body=render(message.template, words, language=message.language),
        written_at=message.written_at,
    )


def _put_off(
    message: TextMessage, error: UnableToDeliver, *, at: datetime
) -> TextMessage:
    if error.final or message.tries > len(WAITS):
        return _give_up(message, error.reason)
    message.next_try_at = at + WAITS[message.tries - 1]
    message.held_until = None
    message.failure = error.reason[:80]
    message.save()
    log.warning("text %s put off: %s", message.pk, error.reason)
    return message


def _give_up(message: TextMessage, reason: str) -> TextMessage:
    message.status = TextMessage.Status.DEAD
    message.held_until = None
    message.failure = reason[:80]
    if message.expires_at is not None:
        message.words = ""
    message.save()
    log.error("text %s given up: %s", message.pk, reason)
    return message
