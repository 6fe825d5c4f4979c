"""The transparency log: what we say in public and can never take back."""

from django.conf import settings
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
    BOXES = "boxes", _("Box codes")


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


class Cosignature(models.Model):
    """A witness's word that it saw the log at this size. Append-only."""

    checkpoint = models.ForeignKey(
        LogCheckpoint, on_delete=models.PROTECT, related_name="cosignatures"
    )
    witness = models.CharField(_("Witness"), max_length=200)
    line = models.CharField(_("Cosignature"), max_length=400)
    seen_at = models.DateTimeField(_("Seen at"))

    class Meta:
        verbose_name = _("Cosignature")
        verbose_name_plural = _("Cosignatures")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint", "witness"], name="cosigned_once_by_a_witness"
            )
        ]

    def __str__(self) -> str:
        return f"{self.witness} {self.checkpoint_id}"


class LogAlarmQuerySet(models.QuerySet["LogAlarm"]):
    def waiting(self) -> "LogAlarmQuerySet":
        """Nobody has said yet what it was."""
        return self.filter(conclusion__isnull=True)


class LogAlarm(models.Model):
    """The published log was not what it had to be. Append-only: `kept` and `seen` are
    the two signed checkpoints, which together prove it to anybody."""

    class Found(models.TextChoices):
        SHRANK = "shrank", _("It lost lines that were published")
        CHANGED = "changed", _("Lines that were published are others now")
        UNSIGNED = "unsigned", _("It is not signed by our key")
        DAMAGED = "damaged", _("Its files are missing or damaged")
        WITNESS = "witness", _("A witness saw another history")

    found = models.CharField(_("Found"), max_length=8, choices=Found.choices)
    detail = models.CharField(_("Detail"), max_length=300)
    kept = models.TextField(_("Checkpoint that was kept"), blank=True)
    seen = models.TextField(_("Checkpoint that was seen"), blank=True)
    key = models.CharField(_("Hash of the above"), max_length=64, unique=True)
    raised_at = models.DateTimeField(_("Raised at"))

    objects = LogAlarmQuerySet.as_manager()

    class Meta:
        verbose_name = _("Alarm about the log")
        verbose_name_plural = _("Alarms about the log")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.get_found_display()


class LogAlarmConclusion(models.Model):
    """What it was. Said once, never edited; the watch begins anew from then on."""

    alarm = models.OneToOneField(
        LogAlarm, on_delete=models.PROTECT, related_name="conclusion"
    )
    note = models.CharField(_("What was done"), max_length=500)
    concluded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    concluded_at = models.DateTimeField(_("Concluded at"))

    class Meta:
        verbose_name = _("Conclusion about an alarm")
        verbose_name_plural = _("Conclusions about alarms")
        constraints = [
            models.CheckConstraint(
                condition=~Q(note=""), name="log_alarm_conclusion_says_something"
            )
        ]

    def __str__(self) -> str:
        return f"{self.alarm}: {self.note}"
