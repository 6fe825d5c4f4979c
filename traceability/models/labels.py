"""Codes on packages, and what becomes of certificates, lots and labels."""

from functools import reduce
from operator import or_

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from traceability import codes
from traceability.models.lots import Lot

_TARGETS = ("lot", "certificate", "batch", "label")


def _only(target: str) -> Q:
    return Q(**{f"{name}__isnull": name != target for name in _TARGETS})


class LabelBatch(models.Model):
    """Labels that were made together: numbers `first_number` and on, `count` of them.

    `root` is the RFC 9162 Merkle root over the codes in order, so that one line in the
    log vouches for every code of the batch.
    """

    number = models.CharField(_("Batch number"), max_length=20, unique=True)
    certificate = models.ForeignKey(
        "traceability.Certificate", on_delete=models.PROTECT, related_name="batches"
    )
    lot = models.ForeignKey(
        "traceability.Lot", on_delete=models.PROTECT, related_name="batches"
    )
    product_name = models.CharField(_("Product"), max_length=60)
    pack_g = models.PositiveIntegerField(_("Pack weight in grams"))
    count = models.PositiveIntegerField(_("Number of labels"))
    first_number = models.BigIntegerField(_("First number"), unique=True)
    root = models.CharField(_("Merkle root"), max_length=64)
    expires_on = models.DateField(_("Use by"), null=True)
    # None as False: so SQLite adds the column without a new table, which would lose its
    # guards. Batches of before there were hidden codes have none.
    scratch = models.BooleanField(_("With a hidden code"), null=True)
    minted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    minted_at = models.DateTimeField(_("Minted at"))

    class Meta:
        verbose_name = _("Label batch")
        verbose_name_plural = _("Label batches")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["minted_at", "id"], name="batch_by_time")]
        constraints = [
            models.CheckConstraint(
                condition=Q(count__gt=0) & Q(pack_g__gt=0), name="batch_not_empty"
            )
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def first_code(self) -> str:
        """The code on the first label, to look at how buyers see it."""
        return codes.code_of(self.first_number)

    @property
    def last_number(self) -> int:
        return self.first_number + self.count - 1

    def holds(self, number: int) -> bool:
        """Whether a label of this number is one of the batch."""
        return 0 <= number - self.first_number < self.count

    def codes(self) -> list[str]:
        """Every code of the batch, in order. Needs the secret: rows hold none."""
        numbers = range(self.first_number, self.last_number + 1)
        return [codes.code_of(number) for number in numbers]


class Suspicion(models.TextChoices):
    """Why a code is held for copied: an open alarm, or what an operator found."""

    RATE = "rate", _("Checked by too many phones")
    DISTANCE = "distance", _("Checked in two places too far apart")
    SOLD = "sold", _("Checked by strangers after it was opened")
    CLONE = "clone", _("Copied, the county found")


class Label(models.Model):
    """One code on one package. The row holds its number, never the code: whoever
    steals the database still cannot print a label.

    The hidden code, where the batch has any, decides once whose package it is.
    """

    number = models.BigIntegerField(_("Number"), primary_key=True)
    batch = models.ForeignKey(
        LabelBatch, on_delete=models.PROTECT, related_name="labels"
    )
    activated_at = models.DateTimeField(_("Packed at"), null=True)
    scan_count = models.PositiveIntegerField(_("Number of scans"), default=0)
    first_scanned_at = models.DateTimeField(_("First scanned at"), null=True)
    scratched_at = models.DateTimeField(_("Hidden code used at"), null=True)
    scratched_by = models.CharField(
        _("Device that used the hidden code"), max_length=64, null=True
    )

    # Why the county warns of it; None where it does not.
    suspicion = models.CharField(
        _("Suspicion"), max_length=8, choices=Suspicion.choices, null=True
    )

    class Meta:
        verbose_name = _("Label")
        verbose_name_plural = _("Labels")
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scan_count=0, first_scanned_at__isnull=True)
                | Q(scan_count__gt=0, first_scanned_at__isnull=False),
                name="label_first_scan_counted",
            )
        ]

    def __str__(self) -> str:
        return str(self.number)

    @property
    def code(self) -> str:
        """The 20 characters that are printed."""
        return codes.code_of(self.number)

    @property
    def lot(self) -> Lot:
        """The lot that is in the package."""
        return self.batch.lot


class StatusEvent(models.Model):
    """What became of exactly one lot, certificate, batch or label. Append-only.

    To be issued is the certificate's and the batch's own row and leaf in the log.
    """

    class Status(models.TextChoices):
        ACTIVATED = "activated", _("Activated")
        SUPERSEDED = "superseded", _("Superseded")
        VOIDED = "voided", _("Voided")
        REVOKED = "revoked", _("Revoked")
        RECALLED = "recalled", _("Recalled")

    status = models.CharField(_("Status"), max_length=10, choices=Status.choices)
    lot = models.ForeignKey(
        "traceability.Lot",
        on_delete=models.PROTECT,
        null=True,
        related_name="status_events",
    )
    certificate = models.ForeignKey(
        "traceability.Certificate",
        on_delete=models.PROTECT,
        null=True,
        related_name="status_events",
    )
    batch = models.ForeignKey(
        LabelBatch, on_delete=models.PROTECT, null=True, related_name="status_events"
    )
    label = models.ForeignKey(
        Label, on_delete=models.PROTECT, null=True, related_name="status_events"
    )
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    happened_at = models.DateTimeField(_("Happened at"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("Status event")
        verbose_name_plural = _("Status events")
        ordering = ["pk"]
        indexes = [
            models.Index(
                fields=["happened_at", "id"],
                condition=Q(status="recalled", lot__isnull=False),
                name="status_recalls_by_time",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=[target, "status"],
                condition=Q(**{f"{target}__isnull": False}),
                name=f"status_once_of_{target}",
            )
            for target in _TARGETS
        ] + [
            models.CheckConstraint(
                condition=reduce(or_, map(_only, _TARGETS)),
                name="status_of_one_thing",
            )
        ]

    def __str__(self) -> str:
        return self.get_status_display()

    @property
    def plain_reason(self) -> str:
        """The reason, to stand in a sentence of ours that ends itself."""
        return self.reason.rstrip("。.!！;； ")
