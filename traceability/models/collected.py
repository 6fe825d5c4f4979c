"""Certificates of others, kept by whoever takes produce in."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.privacy import EncryptedField
from traceability.models.certificates import Certificate
from traceability.models.lots import Lot


class CollectedCertificate(models.Model):
    """A 承诺达标合格证 that came with produce which went into a lot. Append-only.

    Source: 农业农村部令 2025 年第 4 号: whoever takes produce in collects its
    certificate and keeps it for six months at least.
    """

    lot = models.ForeignKey(
        Lot, on_delete=models.PROTECT, related_name="collected_certificates"
    )
    form = models.CharField(
        _("Form of certificate"), max_length=11, choices=Certificate.Form.choices
    )
    number = models.CharField(_("Certificate number"), max_length=40)
    product = models.CharField(_("Product name"), max_length=60)
    quantity_g = models.BigIntegerField(_("Quantity in grams"))
    origin = models.CharField(_("Place of origin"), max_length=80)
    promisor = EncryptedField(_("Promisor"))
    contact = EncryptedField(_("Contact details"))
    issued_on = models.DateField(_("Issued on"))
    collected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    collected_at = models.DateTimeField(_("Collected at"))

    class Meta:
        verbose_name = _("Collected certificate")
        verbose_name_plural = _("Collected certificates")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["lot", "number"], name="collected_once"),
            models.CheckConstraint(
                condition=Q(quantity_g__gt=0) & ~Q(number=""),
                name="collected_says_which_and_how_much",
            ),
        ]

    def __str__(self) -> str:
        return self.number
