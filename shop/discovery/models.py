"""What the index does not know yet. A row, so that no crash can lose it."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class Outdated(models.Model):
    """A product whose document must be written again (or forgotten).

    `mark` is another one with every change: a row is done only if nothing changed
    while its document was being written.
    """

    product_id = models.BigIntegerField(primary_key=True)
    mark = models.UUIDField(default=uuid.uuid4)
    since = models.DateTimeField(_("Since"))

    class Meta:
        verbose_name = _("Outdated document")
        verbose_name_plural = _("Outdated documents")
        indexes = [models.Index(fields=["since"], name="outdated_oldest")]

    def __str__(self) -> str:
        return str(self.product_id)
