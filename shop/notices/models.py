"""Text messages: a row first, sent after commit, sent again while it says so."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.phones import mask_phone
from partners.privacy import EncryptedField


class TextMessageQuerySet(models.QuerySet["TextMessage"]):
    def due(self, now: datetime) -> "TextMessageQuerySet":
        """Not sent, not given up, its time has come, and nobody is at it."""
        return self.filter(
            models.Q(held_until__isnull=True) | models.Q(held_until__lte=now),
            status=TextMessage.Status.WAITING,
            next_try_at__lte=now,
        )

    def dead(self) -> "TextMessageQuerySet":
        """Given up: somebody should look at these."""
        return self.filter(status=TextMessage.Status.DEAD)


class TextMessage(models.Model):
    """One text to one phone. What it says is a template of `texts.py` and its words."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        DEAD = "dead", _("Given up")

    key = models.CharField(_("Key"), max_length=120, unique=True)
    # A keyed fingerprint of phone, template and words: the same key must mean the
    # same message, also after secret words were forgotten.
    fingerprint = models.CharField(max_length=64, editable=False)
    phone = EncryptedField(_("Mobile number"))
    template = models.CharField(_("Text"), max_length=40)
    words = EncryptedField(_("Words"), blank=True)
    language = models.CharField(
        _("Language"), max_length=8, default="zh-hans", db_default="zh-hans"
    )
    status = models.CharField(
        _("Status"), max_length=8, choices=Status.choices, default=Status.WAITING
    )
    written_at = models.DateTimeField(_("Written at"))
    expires_at = models.DateTimeField(_("Of no use after"), null=True)
    tries = models.PositiveSmallIntegerField(_("Tries"), default=0)
    next_try_at = models.DateTimeField(_("Next try at"))
    held_until = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(_("Sent at"), null=True)
    provider = models.CharField(_("Sent through"), max_length=20, blank=True)
    receipt = models.CharField(_("Provider's receipt"), max_length=80, blank=True)
    failure = models.CharField(_("Last failure"), max_length=80, blank=True)

    objects = TextMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("Text message")
        verbose_name_plural = _("Text messages")
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="text_waiting",
                condition=models.Q(status="waiting"),
            ),
            models.Index(
                fields=["written_at"],
                name="text_dead",
                condition=models.Q(status="dead"),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["waiting", "sent", "dead"]),
                name="text_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(status="sent", sent_at__isnull=False)
                | (~models.Q(status="sent") & models.Q(sent_at__isnull=True)),
                name="text_sent_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} → {self.masked_phone} ({self.status})"

    @property
    def masked_phone(self) -> str:
        """100****0001."""
        return mask_phone(self.phone)

    def can_be_revived(self, now: datetime) -> bool:
        """Whether sending it again would still be of use."""
        fresh = self.expires_at is None or self.expires_at > now
        return self.status == self.Status.DEAD and fresh and bool(self.words)


class OutboxItem(models.Model):
    """What the demo's only phone has received. No row of it exists in production."""

    reference = models.CharField(max_length=120, unique=True)
    phone = EncryptedField(_("Mobile number"))
    template = models.CharField(_("Text"), max_length=40)
    body = EncryptedField(_("Body"))
    code = EncryptedField(_("Code"), blank=True)
    link = EncryptedField(_("Link"), blank=True)
    written_at = models.DateTimeField(_("Written at"), db_index=True)

    class Meta:
        verbose_name = _("Outbox item")
        verbose_name_plural = _("Outbox items")
        ordering = ["-written_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.template} → {self.masked_phone}"

    @property
    def masked_phone(self) -> str:
        """100****0001."""
        return mask_phone(self.phone)
