"""Who looked at a box (as a hash), and who says that it is a fake."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.privacy import EncryptedField


class Scan(models.Model):
    """A scan that counted: the `ordinal`-th of its label, by a device's hash.

    Not counted, so without a row: HEAD requests, link previews, and the same device
    again within 24 hours.
    """

    # Both indexes below begin with it.
    label = models.ForeignKey(
        "traceability.Label",
        on_delete=models.PROTECT,
        related_name="scans",
        db_index=False,
    )
    ordinal = models.PositiveIntegerField(_("Which scan"))
    device = models.CharField(_("Device hash"), max_length=64)
    scanned_at = models.DateTimeField(_("Scanned at"))

    class Meta:
        verbose_name = _("Scan")
        verbose_name_plural = _("Scans")
        indexes = [
            models.Index(
                fields=["label", "device", "-scanned_at"], name="scan_of_device"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["label", "ordinal"], name="scan_ordinal_once"
            ),
            models.CheckConstraint(condition=Q(ordinal__gt=0), name="scan_counts"),
        ]

    def __str__(self) -> str:
        return f"{self.label_id} #{self.ordinal}"


class FakeReportQuerySet(models.QuerySet["FakeReport"]):
    """Reads aloud: FakeReport.objects.waiting()."""

    def waiting(self) -> Self:
        """Nobody has looked into them."""
        return self.filter(conclusion__isnull=True)


class FakeReport(models.Model):
    """Somebody says that a package is a fake. `label` is empty where the code on it
    is none of ours: that is worth knowing too."""

    code = models.CharField(_("Code as it was scanned"), max_length=80)
    label = models.ForeignKey(
        "traceability.Label",
        on_delete=models.PROTECT,
        null=True,
        related_name="fake_reports",
    )
    bought_at = models.CharField(_("Where it was bought"), max_length=100, blank=True)
    message = models.CharField(_("What is wrong"), max_length=500)
    contact = EncryptedField(_("How to reach you"), blank=True)
    device = models.CharField(_("Device hash"), max_length=64, blank=True)
    # Of this device: whoever reports has looked before.
    ordinal = models.PositiveIntegerField(_("Which scan"), null=True)
    reported_at = models.DateTimeField(_("Reported at"))

    objects = FakeReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("Report of a fake")
        verbose_name_plural = _("Reports of fakes")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.code


class ReportConclusion(models.Model):
    """What the county found out about a report of a fake. Said once, never edited."""

    class Finding(models.TextChoices):
        FAKE = "fake", _("It is a fake")
        GENUINE = "genuine", _("It is genuine")
        UNCLEAR = "unclear", _("It cannot be told")

    report = models.OneToOneField(
        FakeReport, on_delete=models.PROTECT, related_name="conclusion"
    )
    finding = models.CharField(_("Found"), max_length=8, choices=Finding.choices)
    note = models.CharField(_("What was done"), max_length=500)
    concluded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    concluded_at = models.DateTimeField(_("Concluded at"))

    class Meta:
        verbose_name = _("Conclusion about a report")
        verbose_name_plural = _("Conclusions about reports")
        constraints = [
            models.CheckConstraint(
                condition=Q(finding__in=["fake", "genuine", "unclear"]) & ~Q(note=""),
                name="report_conclusion_says_something",
            )
        ]

    def __str__(self) -> str:
        return f"{self.report}: {self.get_finding_display()}"
