"""Who gives, who receives, and what binds them."""

from datetime import date

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.organisations.models import Division
from partners.privacy import EncryptedField, mask_name


class Supermarket(models.Model):
    """A partner supermarket 爱心超市: gives a contracted share of its profit."""

    name = models.CharField(_("Name"), max_length=60, unique=True)
    uscc = models.CharField(_("Unified social credit code"), max_length=18, unique=True)
    division = models.ForeignKey(
        Division,
        on_delete=models.PROTECT,
        related_name="supermarkets",
        verbose_name=_("Place"),
    )
    managers = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        related_name="supermarkets",
        blank=True,
        verbose_name=_("Managers"),
    )
    joined_at = models.DateTimeField(_("Joined at"))

    class Meta:
        verbose_name = _("Supermarket")
        verbose_name_plural = _("Supermarkets")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class Household(models.Model):
    """A household 帮扶户 that a share goes to. Known to the public by 张** only.

    `number` is a keyed hash of the ID number: the same household always has the
    same one, and nobody can get from it to the person.
    """

    number = models.CharField(_("Number"), max_length=10, unique=True, editable=False)
    village = models.ForeignKey(
        Division,
        on_delete=models.PROTECT,
        related_name="households",
        verbose_name=_("Village"),
    )
    name = EncryptedField(_("Name"))
    id_number = EncryptedField(_("ID number"))
    id_number_index = models.CharField(max_length=64, editable=False)
    bank_card = EncryptedField(_("Bank card"), blank=True)
    bank_card_index = models.CharField(
        max_length=64, editable=False, blank=True, db_index=True
    )
    card_holder = EncryptedField(_("Name on the bank card"), blank=True)
    contact_name = EncryptedField(_("Contact"))
    contact_phone = EncryptedField(_("Contact's mobile number"))
    contact_phone_index = models.CharField(max_length=64, editable=False, db_index=True)
    contact = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="households",
        verbose_name=_("Contact's login"),
    )
    # Raised to make every link that was sent before stop working.
    link_version = models.PositiveSmallIntegerField(default=1, editable=False)
    joined_at = models.DateTimeField(_("Joined at"))

    class Meta:
        verbose_name = _("Household")
        verbose_name_plural = _("Households")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["id_number_index"], name="household_id_number_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_name} · {self.village}"

    @property
    def public_name(self) -> str:
        """张**: what a page for everybody may show."""
        return mask_name(self.name)


class HouseholdMember(models.Model):
    """Somebody who lives in the household; found again in other lists."""

    household = models.ForeignKey(
        Household, on_delete=models.CASCADE, related_name="members"
    )
    name = EncryptedField(_("Name"))
    id_number = EncryptedField(_("ID number"))
    id_number_index = models.CharField(max_length=64, editable=False, db_index=True)
    relation = models.CharField(_("Relation to the householder"), max_length=20)
    joined_at = models.DateTimeField(_("Joined at"))

    class Meta:
        verbose_name = _("Household member")
        verbose_name_plural = _("Household members")
        constraints = [
            models.UniqueConstraint(
                fields=["household", "id_number_index"], name="member_once_in_household"
            ),
        ]

    def __str__(self) -> str:
        return f"{mask_name(self.name)} · {self.relation}"


class AgreementQuerySet(models.QuerySet["Agreement"]):
    """Reads of agreements."""

    def in_force_on(self, day: date) -> "AgreementQuerySet":
        return self.filter(starts_on__lte=day, ends_on__gte=day)

    def covering(self, source: str) -> "AgreementQuerySet":
        """Agreements whose share counts profit of `source` (a Source value)."""
        return self.filter(basis__in=[source, Agreement.Basis.ALL])


class Agreement(models.Model):
    """A supermarket's promise: this share of profit, at most so much a month."""

    class Basis(models.TextChoices):
        STORE = "store", _("Sales in the store")
        PLATFORM = "platform", _("Orders on this platform")
        ALL = "all", _("Store and platform")

    supermarket = models.ForeignKey(
        Supermarket, on_delete=models.PROTECT, related_name="agreements"
    )
    starts_on = models.DateField(_("From"))
    ends_on = models.DateField(_("Until"))
    rate_bp = models.PositiveIntegerField(
        _("Share of profit, basis points"),
        validators=[MinValueValidator(1), MaxValueValidator(10_000)],
    )
    cap_fen = models.BigIntegerField(_("At most a month, fen"))
    basis = models.CharField(_("Counted on"), max_length=8, choices=Basis.choices)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )
    signed_at = models.DateTimeField(_("Signed at"))

    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("Agreement")
        verbose_name_plural = _("Agreements")
        ordering = ["starts_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rate_bp__gte=1, rate_bp__lte=10_000),
                name="agreement_rate_is_a_share",
            ),
            models.CheckConstraint(
                condition=Q(cap_fen__gt=0), name="agreement_cap_positive"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=models.F("starts_on")),
                name="agreement_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supermarket} {self.rate_bp / 100:g}%"


class Pairing(models.Model):
    """A household's part in an agreement. Weights count against each other."""

    agreement = models.ForeignKey(
        Agreement, on_delete=models.PROTECT, related_name="pairings"
    )
    household = models.ForeignKey(
        Household, on_delete=models.PROTECT, related_name="pairings"
    )
    weight = models.PositiveIntegerField(_("Weight"))
    from_on = models.DateField(_("From"))
    ended_on = models.DateField(_("Ended on"), null=True, blank=True)
    paired_at = models.DateTimeField(_("Paired at"))

    class Meta:
        verbose_name = _("Pairing")
        verbose_name_plural = _("Pairings")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "household"], name="pairing_once"
            ),
            models.CheckConstraint(
                condition=Q(weight__gt=0), name="pairing_weight_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.household} × {self.weight}"
