"""What happened to a lot, and the papers and pictures that show it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.files import StoredImage


class Event(models.Model):
    """Something that happened to a lot: who, what, where and when. Append-only.

    Shaped as EPCIS 2.0 has it: `happened_at` is its eventTime, `recorded_at` its
    recordTime, the lot its epcClass, the kind its bizStep. A wrong event is never
    edited: a later one strikes it out and says why.
    """

    class Kind(models.TextChoices):
        SOW = "sow", _("Sown or planted")
        TEND = "tend", _("Pruned, weeded or watered")
        FERTILISE = "fertilise", _("Fertilised")
        SPRAY = "spray", _("Sprayed")
        HARVEST = "harvest", _("Harvested")
        TEST = "test", _("Tested")
        PACK = "pack", _("Packed")
        SHIP = "ship", _("Sent off")
        RECEIVE = "receive", _("Taken in")

    lot = models.ForeignKey(
        "traceability.Lot", on_delete=models.PROTECT, related_name="events"
    )
    kind = models.CharField(_("Kind"), max_length=9, choices=Kind.choices)
    happened_at = models.DateTimeField(_("Happened at"))
    note = models.CharField(_("Note"), max_length=200, blank=True)
    weight_g = models.BigIntegerField(_("Weight in grams"), null=True)
    substance = models.CharField(_("Substance"), max_length=40, blank=True)
    interval_days = models.PositiveSmallIntegerField(
        _("Safety interval in days"), null=True
    )
    strikes = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="struck_by",
        verbose_name=_("Strikes out"),
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField(_("Recorded at"))

    class Meta:
        verbose_name = _("Event")
        verbose_name_plural = _("Events")
        ordering = ["happened_at", "pk"]
        indexes = [models.Index(fields=["lot", "happened_at"], name="event_of_lot")]
        constraints = [
            models.CheckConstraint(
                condition=Q(weight_g__isnull=True) | Q(weight_g__gt=0),
                name="event_weight_positive",
            ),
            models.CheckConstraint(
                condition=~Q(kind="spray")
                | (Q(interval_days__isnull=False) & ~Q(substance="")),
                name="event_spray_has_interval",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.happened_at:%Y-%m-%d}"


class Evidence(models.Model):
    """A paper or picture about a lot, kept as it was handed in and known by its hash.

    `identifier` is the number a mark carries: the 17 digits of an organic code, the
    enterprise code of green food (GF and 12 digits), the social credit code on a
    geographical-indication licence.
    """

    class Kind(models.TextChoices):
        TEST_REPORT = "test_report", _("Test report")
        PHOTO = "photo", _("Photo")
        GI_LICENCE = "gi_licence", _("Geographical indication licence")
        GREEN_FOOD = "green_food", _("Green food certificate")
        ORGANIC = "organic", _("Organic certificate")

    lot = models.ForeignKey(
        "traceability.Lot", on_delete=models.PROTECT, related_name="evidence"
    )
    kind = models.CharField(_("Kind"), max_length=11, choices=Kind.choices)
    title = models.CharField(_("Title"), max_length=60)
    result = models.CharField(_("Result in words"), max_length=60, blank=True)
    identifier = models.CharField(_("Number on the mark"), max_length=18, blank=True)
    done_on = models.DateField(_("Date on the paper"), null=True)
    file = models.FileField(_("File"), upload_to="evidence", max_length=120)
    # Of photos, all three widths: files.StoredImage as JSON.
    picture = models.JSONField(_("Picture"), null=True)
    media_type = models.CharField(_("Media type"), max_length=40)
    size_bytes = models.PositiveIntegerField(_("Size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    attached_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    attached_at = models.DateTimeField(_("Attached at"))

    class Meta:
        verbose_name = _("Evidence")
        verbose_name_plural = _("Evidence")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["lot", "sha256"], name="evidence_once"),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="evidence_hash_shape"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def image(self) -> StoredImage | None:
        """The photo's three widths; None for papers."""
        return StoredImage.from_json(self.picture) if self.picture else None
