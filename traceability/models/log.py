"""The transparency log: what we say in public and can never take back."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class LeafKind(models.TextChoices):
    """What a line of the log is about."""

    KEY = "key", _("Signing key")
    CERTIFICATE = "certificate", _("Certificate")
    BATCH = "batch", _("Label batch")
    STATUS = "status", _("Status event")
    KEY_LIST = "key_list", _("Key list")


class LogLeaf(models.Model):
    """A line of the log: `entry` is its text, RFC 8785 canonical JSON. Append-only.

    Indices run from 0 without a gap, in the order of the commits that made them, so
    that whoever publishes writes the same tree from the same rows, any number of
    times. Nothing personal stands in an entry.
    """

    index = models.BigIntegerField(_("Position in the log"), primary_key=True)
    kind = models.CharField(_("Kind"), max_length=11, choices=LeafKind.choices)
    entry = models.TextField(_("Text of the line"))
    appended_at = models.DateTimeField(_("Appended at"))
    key = models.OneToOneField(
        "traceability.SigningKey",
        on_delete=models.PROTECT,
        null=True,
        related_name="leaf",
    )
    certificate = models.OneToOneField(
        "traceability.Certificate",
        on_delete=models.PROTECT,
        null=True,
        related_name="leaf",
    )
    batch = models.OneToOneField(
        "traceability.LabelBatch",
        on_delete=models.PROTECT,
        null=True,
        related_name="leaf",
    )
    status_event = models.OneToOneField(
        "traceability.StatusEvent",
        on_delete=models.PROTECT,
        null=True,
        related_name="leaf",
    )

    class Meta:
        verbose_name = _("Log entry")
        verbose_name_plural = _("Log entries")
        ordering = ["index"]
        constraints = [
            models.CheckConstraint(condition=Q(index__gte=0), name="leaf_index_natural")
        ]

    def __str__(self) -> str:
        return f"{self.index} {self.kind}"


class LogCheckpoint(models.Model):
    """A signed statement that the log of this size has this root. Append-only: a
    second root for one size cannot be recorded."""

    size = models.BigIntegerField(_("Size"), primary_key=True)
    root = models.CharField(_("Merkle root"), max_length=64)
    note = models.TextField(_("Signed note"))
    signed_at = models.DateTimeField(_("Signed at"))

    class Meta:
        verbose_name = _("Log checkpoint")
        verbose_name_plural = _("Log checkpoints")
        ordering = ["size"]

    def __str__(self) -> str:
        return f"{self.size} {self.root[:16]}"
