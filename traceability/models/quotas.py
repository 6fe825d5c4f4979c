"""How much land and licences allow, and how much of it is taken."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from traceability import yields
from traceability.models.certificates import Certificate
from traceability.models.lots import Lot, Plot


class YieldLimit(models.Model):
    """What the county says a mu of a crop may bear in a year. Append-only: of a crop's
    rows the last one counts whose `valid_from` is not after the harvest.

    An empty crop is every crop that has no row of its own; no `g_per_mu`: no limit.
    """

    crop = models.CharField(_("Crop"), max_length=30, blank=True)
    g_per_mu = models.BigIntegerField(_("Grams a mu and year"), null=True)
    valid_from = models.DateField(_("For harvests from"))
    source = models.CharField(_("Where the figure comes from"), max_length=200)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    set_at = models.DateTimeField(_("Set at"))

    class Meta:
        verbose_name = _("Yield limit")
        verbose_name_plural = _("Yield limits")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["crop", "-valid_from"], name="yield_of_crop")]
        constraints = [
            models.CheckConstraint(
                condition=Q(g_per_mu__isnull=True)
                | Q(g_per_mu__gt=0, g_per_mu__lte=yields.MOST_G),
                name="yield_limit_plausible",
            ),
            models.CheckConstraint(
                condition=~Q(source=""), name="yield_limit_has_a_source"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.crop or '*'} {self.valid_from}"


class PlotYear(models.Model):
    """What is on record as harvested from a plot in one year, in grams.

    Every gram is counted once, where it grew: splitting and merging lots moves none of
    it. Never more than the plot's area allows at the time of recording.
    """

    plot = models.ForeignKey(Plot, on_delete=models.PROTECT, related_name="years")
    year = models.PositiveSmallIntegerField(_("Year of the harvest"))
    harvested_g = models.BigIntegerField(_("Harvested, in grams"), default=0)

    class Meta:
        verbose_name = _("Year of a plot")
        verbose_name_plural = _("Years of plots")
        constraints = [
            models.UniqueConstraint(fields=["plot", "year"], name="plot_year_once"),
            models.CheckConstraint(
                condition=Q(harvested_g__gte=0), name="plot_year_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plot_id} {self.year}: {self.harvested_g}"


class WeightCorrection(models.Model):
    """So many grams that were written down for a lot were never there. Append-only."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="corrections")
    weight_g = models.BigIntegerField(_("Weight in grams"))
    reason = models.CharField(_("Reason"), max_length=200)
    corrected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    corrected_at = models.DateTimeField(_("Corrected at"))

    class Meta:
        verbose_name = _("Correction of a weight")
        verbose_name_plural = _("Corrections of weights")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(weight_g__gt=0) & ~Q(reason=""),
                name="weight_correction_says_what_and_why",
            )
        ]

    def __str__(self) -> str:
        return f"{self.lot_id}: {self.weight_g}"


class Mark(models.TextChoices):
    """A mark that produce may carry only under a licence. The values are those of
    Evidence.Kind: the paper on a lot that claims the mark."""

    GI = "gi_licence", _("Geographical indication")
    GREEN = "green_food", _("Green food")
    ORGANIC = "organic", _("Organic")


class LicenceQuerySet(models.QuerySet["Licence"]):
    """Licences, by whether they may be used."""

    def standing(self) -> "LicenceQuerySet":
        """Those that were not ended."""
        return self.filter(ended_at__isnull=True)


class Licence(models.Model):
    """Somebody may sell so much of a crop under a mark, from one day to another.

    `used_g` stands under certificates; it can never exceed `quantity_g`. It is for what
    grew in `area`, and where a `farmer` is named for theirs alone.
    """

    mark = models.CharField(_("Mark"), max_length=11, choices=Mark.choices)
    number = models.CharField(_("Number of the licence"), max_length=24)
    holder = models.CharField(_("Holder"), max_length=80)
    holder_uscc = models.CharField(
        _("Unified social credit code"), max_length=18, blank=True
    )
    area = models.ForeignKey(
        "organisations.Division",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("Where it may grow"),
    )
    farmer = models.ForeignKey(
        "organisations.Farmer",
        on_delete=models.PROTECT,
        null=True,
        related_name="licences",
        verbose_name=_("Only this farmer's"),
    )
    crop = models.CharField(_("Crop"), max_length=30)
    quantity_g = models.BigIntegerField(_("Allowed, in grams"))
    used_g = models.BigIntegerField(_("Certified, in grams"), default=0)
    valid_from = models.DateField(_("Valid from"))
    valid_to = models.DateField(_("Valid to"))
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    registered_at = models.DateTimeField(_("Registered at"))
    ended_at = models.DateTimeField(_("Ended at"), null=True)
    end_reason = models.CharField(_("Reason"), max_length=200, blank=True)

    objects = LicenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("Licence")
        verbose_name_plural = _("Licences")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["mark", "number", "crop", "valid_from"], name="licence_once"
            ),
            models.CheckConstraint(
                condition=Q(quantity_g__gt=0)
                & Q(used_g__gte=0)
                & Q(used_g__lte=F("quantity_g")),
                name="licence_covers_what_is_used",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__gte=F("valid_from")), name="licence_has_days"
            ),
            models.CheckConstraint(
                condition=Q(mark__in=Mark.values), name="licence_mark_known"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | ~Q(end_reason=""),
                name="licence_ended_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_mark_display()} {self.number}"

    @property
    def free_g(self) -> int:
        """Grams that may still be certified under it."""
        return self.quantity_g - self.used_g


class LicenceUse(models.Model):
    """A certificate's quantity counts against a licence. Append-only: what a replaced
    certificate gives back is a row of negative grams."""

    licence = models.ForeignKey(Licence, on_delete=models.PROTECT, related_name="uses")
    certificate = models.ForeignKey(
        Certificate, on_delete=models.PROTECT, related_name="licence_uses"
    )
    quantity_g = models.BigIntegerField(_("Quantity in grams"))
    used_at = models.DateTimeField(_("Used at"))

    class Meta:
        verbose_name = _("Use of a licence")
        verbose_name_plural = _("Uses of licences")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(quantity_g=0), name="licence_use_not_empty"
            )
        ]

    def __str__(self) -> str:
        return f"{self.licence_id}: {self.quantity_g}"
