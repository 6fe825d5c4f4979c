"""Where scans happened, roughly, and labels that seem to be on two packages."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from traceability.models.labels import Suspicion

_ALARMS = (Suspicion.RATE, Suspicion.DISTANCE, Suspicion.SOLD)


class ScanPlace(models.Model):
    """Where the `ordinal`-th scan of a label happened, to a tenth of a degree.

    That is about 10 km: a town, never a house. By label and ordinal rather than by the
    scan's row, whose key a province's parted table cannot vouch for.
    """

    class Source(models.TextChoices):
        TOLD = "told", _("told by the phone")
        NETWORK = "network", _("guessed from the network")

    label = models.ForeignKey(
        "traceability.Label", on_delete=models.PROTECT, related_name="places"
    )
    ordinal = models.PositiveIntegerField(_("Which scan"))
    source = models.CharField(_("Known by"), max_length=8, choices=Source.choices)
    # Tenths of a degree, WGS 84.
    latitude = models.SmallIntegerField(_("Latitude"))
    longitude = models.SmallIntegerField(_("Longitude"))
    within_km = models.PositiveSmallIntegerField(_("Exact to, in km"))
    noted_at = models.DateTimeField(_("Noted at"))

    class Meta:
        verbose_name = _("Place of a scan")
        verbose_name_plural = _("Places of scans")
        ordering = ["label", "ordinal"]
        constraints = [
            models.UniqueConstraint(
                fields=["label", "ordinal", "source"], name="place_of_scan_once"
            ),
            models.CheckConstraint(
                condition=Q(latitude__range=(-900, 900), longitude__range=(-1800, 1800))
                & Q(ordinal__gt=0),
                name="place_on_earth",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label_id} #{self.ordinal}: {self.latitude}, {self.longitude}"


class CloneAlarmQuerySet(models.QuerySet["CloneAlarm"]):
    """Reads aloud: CloneAlarm.objects.waiting()."""

    def waiting(self) -> Self:
        """Nobody has looked into them."""
        return self.filter(conclusion__isnull=True)


class CloneAlarm(models.Model):
    """One label seems to be on more packages than one. Raised once of each kind,
    by the scan that showed it: the `second` one, after the `first`. Append-only."""

    label = models.ForeignKey(
        "traceability.Label", on_delete=models.PROTECT, related_name="clone_alarms"
    )
    kind = models.CharField(_("Kind"), max_length=8, choices=Suspicion.choices)
    first = models.PositiveIntegerField(_("First scan"), null=True)
    second = models.PositiveIntegerField(_("Second scan"))
    raised_at = models.DateTimeField(_("Raised at"))

    objects = CloneAlarmQuerySet.as_manager()

    class Meta:
        verbose_name = _("Alarm about a label")
        verbose_name_plural = _("Alarms about labels")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["label", "kind"], name="clone_alarm_once"),
            models.CheckConstraint(
                condition=Q(kind__in=_ALARMS), name="clone_alarm_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label_id}: {self.get_kind_display()}"


class CloneConclusion(models.Model):
    """What it was. Said once, never edited; the label's verdict follows."""

    class Finding(models.TextChoices):
        CLONE = "clone", _("The code was copied")
        HARMLESS = "harmless", _("Harmless")

    alarm = models.OneToOneField(
        CloneAlarm, on_delete=models.PROTECT, related_name="conclusion"
    )
    finding = models.CharField(_("Found"), max_length=8, choices=Finding.choices)
    note = models.CharField(_("What was done"), max_length=500)
    concluded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    concluded_at = models.DateTimeField(_("Concluded at"))

    class Meta:
        verbose_name = _("Conclusion about a label's alarm")
        verbose_name_plural = _("Conclusions about labels' alarms")
        constraints = [
            models.CheckConstraint(
                condition=Q(finding__in=["clone", "harmless"]) & ~Q(note=""),
                name="clone_conclusion_says_something",
            )
        ]

    def __str__(self) -> str:
        return f"{self.alarm}: {self.get_finding_display()}"
