"""Who is to hear of a recall, and what became of telling them."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from traceability.models import Lot


class RecallQuerySet(models.QuerySet["Recall"]):
    """Recalls, by what is still to be done about them."""

    def unsettled(self) -> "RecallQuerySet":
        """Of which somebody may still have to be told."""
        return self.filter(settled_at__isnull=True)


class Recall(models.Model):
    """One act: a lot was recalled, and every lot that it had gone into.

    Written in the transaction that recalls them, so that a crash forgets nobody.
    `settled_at`: since then nobody new can turn up who is to be told.
    """

    lot = models.OneToOneField(Lot, on_delete=models.PROTECT, related_name="recall")
    lots = models.ManyToManyField(Lot, related_name="recalled_with")
    recalled_at = models.DateTimeField(_("Recalled at"))
    recalled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(_("Reason"), max_length=200)
    settled_at = models.DateTimeField(null=True, editable=False)

    objects = RecallQuerySet.as_manager()

    class Meta:
        verbose_name = _("Recall")
        verbose_name_plural = _("Recalls")
        indexes = [
            models.Index(
                fields=["recalled_at"],
                condition=Q(settled_at__isnull=True),
                name="recall_unsettled",
            )
        ]

    def __str__(self) -> str:
        return self.lot.number


class Notice(models.Model):
    """One order's buyer, or one assistant of a station, who is to hear of a recall.

    Either there is a text, or an obstacle to writing one. `reached_at`: staff told
    them in another way, as by a call.
    """

    class Obstacle(models.TextChoices):
        NO_PHONE = "no_phone", _("No phone number")
        BAD_NUMBER = "bad_number", _("Not a number that takes texts")

    recall = models.ForeignKey(Recall, on_delete=models.PROTECT, related_name="notices")
    order = models.ForeignKey(
        "order.Order",
        on_delete=models.PROTECT,
        null=True,
        related_name="recall_notices",
    )
    assistant = models.ForeignKey(
        "organisations.Assistant", on_delete=models.SET_NULL, null=True
    )
    # Kept when an assistant's post ends: the station was told all the same.
    village = models.ForeignKey(
        "organisations.Division", on_delete=models.PROTECT, null=True
    )
    text = models.OneToOneField(
        "notices.TextMessage", on_delete=models.PROTECT, null=True, related_name="+"
    )
    obstacle = models.CharField(max_length=10, choices=Obstacle.choices, blank=True)
    written_at = models.DateTimeField(_("Written at"))
    reached_at = models.DateTimeField(_("Reached otherwise at"), null=True)
    reached_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )

    class Meta:
        verbose_name = _("Notice of a recall")
        verbose_name_plural = _("Notices of recalls")
        constraints = [
            models.UniqueConstraint(
                fields=["recall", "order"],
                condition=Q(order__isnull=False),
                name="recall_notice_once_an_order",
            ),
            models.UniqueConstraint(
                fields=["recall", "assistant"],
                condition=Q(assistant__isnull=False),
                name="recall_notice_once_an_assistant",
            ),
            models.CheckConstraint(
                condition=Q(order__isnull=False, village__isnull=True)
                | Q(order__isnull=True, village__isnull=False),
                name="recall_notice_to_one",
            ),
            models.CheckConstraint(
                condition=Q(text__isnull=False, obstacle="")
                | Q(text__isnull=True, obstacle__in=["no_phone", "bad_number"]),
                name="recall_notice_text_or_obstacle",
            ),
            models.CheckConstraint(
                condition=Q(reached_at__isnull=True, reached_by__isnull=True)
                | Q(reached_at__isnull=False, reached_by__isnull=False),
                name="recall_notice_reached_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recall_id} {self.order_id or self.village_id}"

    @property
    def told_at(self) -> datetime | None:
        """When they were told, by text or otherwise."""
        return self.reached_at or (self.text.sent_at if self.text else None)
