"""What the index does not know yet. A row, so that no crash can lose it."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Edition(models.Model):
    """How often a product's document changed.

    The row stays when the product goes: whoever comes late with an older document is
    told apart from whoever has the newest.
    """

    product_id = models.BigIntegerField(primary_key=True)
    number = models.BigIntegerField(default=1)

    class Meta:
        verbose_name = _("Edition of a document")
        verbose_name_plural = _("Editions of documents")

    def __str__(self) -> str:
        return f"{self.product_id}: {self.number}"


class OutdatedQuerySet(models.QuerySet["Outdated"]):
    """Documents to write, as the jobs ask for them."""

    def due(self, at: datetime) -> "OutdatedQuerySet":
        """All but what the index refused a moment ago."""
        return self.filter(Q(again_at=None) | Q(again_at__lte=at))


class Outdated(models.Model):
    """A product whose document must be written again (or forgotten).

    `number` is the product's edition when it was noted last: a row is done only if
    nothing changed while its document was being written.
    """

    product_id = models.BigIntegerField(primary_key=True)
    number = models.BigIntegerField(default=1)
    since = models.DateTimeField(_("Since"))
    tries = models.PositiveIntegerField(_("Times refused"), default=0)
    again_at = models.DateTimeField(_("Tried again at"), null=True)

    objects = OutdatedQuerySet.as_manager()

    class Meta:
        verbose_name = _("Outdated document")
        verbose_name_plural = _("Outdated documents")
        indexes = [models.Index(fields=["since"], name="outdated_oldest")]

    def __str__(self) -> str:
        return str(self.product_id)
