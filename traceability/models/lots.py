"""Where produce grew and how much of it there is."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Plot(models.Model):
    """A piece of land of one farmer, known in the village by its name."""

    village = models.ForeignKey(
        "organisations.Division", on_delete=models.PROTECT, related_name="plots"
    )
    farmer = models.ForeignKey(
        "organisations.Farmer", on_delete=models.PROTECT, related_name="plots"
    )
    name = models.CharField(_("Name"), max_length=40)
    crop = models.CharField(_("Crop"), max_length=30)
    area_mu = models.DecimalField(_("Area in mu"), max_digits=7, decimal_places=2)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    registered_at = models.DateTimeField(_("Registered at"))

    class Meta:
        verbose_name = _("Plot")
        verbose_name_plural = _("Plots")
        ordering = ["village", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["farmer", "name"], name="plot_named_once_by_farmer"
            ),
            models.CheckConstraint(
                condition=Q(area_mu__gt=0), name="plot_area_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Lot(models.Model):
    """Produce of one kind that shares one history: the unit that is certified.

    `weight_g` is what it held when it came into being. `split_g` of that has gone into
    other lots or was never there (WeightCorrection), and `certified_g` stands under
    certificates in force; together they can never exceed the weight. A lot that was
    merged from several farmers' has neither plot nor farmer of its own: its parents
    have.
    """

    number = models.CharField(_("Lot number"), max_length=20, unique=True)
    village = models.ForeignKey(
        "organisations.Division", on_delete=models.PROTECT, related_name="lots"
    )
    plot = models.ForeignKey(
        Plot, on_delete=models.PROTECT, null=True, related_name="lots"
    )
    farmer = models.ForeignKey(
        "organisations.Farmer", on_delete=models.PROTECT, null=True, related_name="lots"
    )
    crop = models.CharField(_("Crop"), max_length=30)
    product_name = models.CharField(_("Product"), max_length=60)
    harvest_date = models.DateField(_("Harvest date"))
    weight_g = models.BigIntegerField(_("Weight in grams"))
    split_g = models.BigIntegerField(_("Moved into other lots, in grams"), default=0)
    certified_g = models.BigIntegerField(_("Certified, in grams"), default=0)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField(_("Recorded at"))

    class Meta:
        verbose_name = _("Lot")
        verbose_name_plural = _("Lots")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["village", "-id"], name="lot_newest_of_village"),
            models.Index(fields=["recorded_at", "id"], name="lot_by_time"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(weight_g__gt=0), name="lot_weight_positive"
            ),
            models.CheckConstraint(
                condition=Q(split_g__gte=0) & Q(certified_g__gte=0),
                name="lot_use_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(weight_g__gte=F("split_g") + F("certified_g")),
                name="lot_holds_what_is_used",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.product_name}"

    @property
    def free_g(self) -> int:
        """Grams that are neither moved on nor under a certificate."""
        return self.weight_g - self.split_g - self.certified_g


class LotLink(models.Model):
    """So many grams of one lot went into a later one. Links never form a circle:
    a child is always recorded after its parent."""

    parent = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="children")
    child = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="parents")
    weight_g = models.BigIntegerField(_("Weight in grams"))
    linked_at = models.DateTimeField(_("Linked at"))

    class Meta:
        verbose_name = _("Link between lots")
        verbose_name_plural = _("Links between lots")
        constraints = [
            models.UniqueConstraint(fields=["parent", "child"], name="lot_link_once"),
            models.CheckConstraint(
                condition=Q(weight_g__gt=0), name="lot_link_weight_positive"
            ),
            models.CheckConstraint(
                condition=Q(child_id__gt=F("parent_id")), name="lot_link_no_circle"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.parent_id} → {self.child_id}"
