"""The promise that stands behind a lot, and the keys that sign it."""

import json

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from partners.privacy import EncryptedField
from traceability import keylists


class KeyPurpose(models.TextChoices):
    """What a key may sign. One key never signs two kinds of thing."""

    CERTIFICATE = "certificate", _("Certificates")
    LOG = "log", _("The public log and its revocation lists")
    BOX = "box", _("Box codes")


class SigningKey(models.Model):
    """The public half of a key pair. The private half is a file, never a row.

    `key_id` is the first 16 hexadecimal digits of the SHA-256 of the raw public key.
    A retired key signs nothing new; what it signed verifies for ever.
    """

    key_id = models.CharField(_("Key id"), max_length=16, primary_key=True)
    purpose = models.CharField(_("Purpose"), max_length=11, choices=KeyPurpose.choices)
    algorithm = models.CharField(_("Algorithm"), max_length=16)
    public_key = models.CharField(_("Public key, base64"), max_length=120)
    registered_at = models.DateTimeField(_("Registered at"))

    class Meta:
        verbose_name = _("Signing key")
        verbose_name_plural = _("Signing keys")
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose__in=KeyPurpose.values), name="key_purpose_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.key_id}"


class PublishedKeyList(models.Model):
    """A key list that the offline root signed: which keys may be believed from when to
    when. Append-only; the newest one counts.

    The row alone is worth nothing: whoever reads it checks the root's signature.
    """

    number = models.PositiveIntegerField(_("Number of the list"), primary_key=True)
    text = models.TextField(_("List with its signatures"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    leaf = models.OneToOneField(
        "traceability.LogLeaf", on_delete=models.PROTECT, related_name="key_list"
    )
    taken_at = models.DateTimeField(_("Taken in at"))

    class Meta:
        verbose_name = _("Key list")
        verbose_name_plural = _("Key lists")
        ordering = ["number"]

    def __str__(self) -> str:
        return str(self.number)

    @property
    def signed(self) -> keylists.Signed:
        """The list with its signatures, not yet checked. Errors: KeyListRejected."""
        return keylists.read_signed(self.text)

    @property
    def published_text(self) -> str:
        """The list as everybody may read it, with the number of its line (from 0)."""
        told = json.loads(self.text) | {"index": self.leaf_id}
        return json.dumps(told, ensure_ascii=False, indent=1) + "\n"

    @property
    def file_name(self) -> str:
        """Where it is published, under the log's folder."""
        return f"key-lists/{self.number:06d}.json"


class Certificate(models.Model):
    """A promise that this much of a lot grew here and is fit to eat: 承诺达标合格证.

    Source: 农业农村部令 2025 年第 4 号. `document` is the signed text itself, RFC 8785
    canonical JSON, and the row is never updated or deleted (the database refuses);
    what becomes of it later is told by StatusEvent. Who promises, and how to reach
    them, is in `document` only as salted hashes; `disclosure` holds the values and
    salts, encrypted, for the copy that goes with the goods.
    """

    class Form(models.TextChoices):
        ENTERPRISE = "enterprise", _("Enterprise")
        COOPERATIVE = "cooperative", _("Farmers' cooperative")
        HOUSEHOLD = "household", _("Farming household")
        BUYER = "buyer", _("Produce buyer")

    number = models.CharField(_("Certificate number"), max_length=20, unique=True)
    lot = models.ForeignKey(
        "traceability.Lot", on_delete=models.PROTECT, related_name="certificates"
    )
    form = models.CharField(
        _("Form of certificate"), max_length=11, choices=Form.choices
    )
    quantity_g = models.BigIntegerField(_("Quantity in grams"))
    document = models.TextField(_("Signed text"))
    disclosure = EncryptedField(_("Values behind the hashes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64, unique=True)
    signature = models.CharField(_("Signature, base64"), max_length=120)
    key = models.ForeignKey(
        SigningKey, on_delete=models.PROTECT, related_name="certificates"
    )
    algorithm = models.CharField(_("Algorithm"), max_length=16)
    issued_at = models.DateTimeField(_("Issued at"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("Certificate")
        verbose_name_plural = _("Certificates")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity_g__gt=0), name="certificate_quantity_positive"
            ),
            models.CheckConstraint(
                condition=Q(number__regex=r"^[A-Z]{2,6}-\d{4}-\d{6,}$"),
                name="certificate_number_shape",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_revoked(self) -> bool:
        """Whether the county said that it must not be relied on."""
        return any(event.status == "revoked" for event in self.status_events.all())


class CertificateBalance(models.Model):
    """How much of a certificate's quantity is on labels: never more than it covers."""

    certificate = models.OneToOneField(
        Certificate, on_delete=models.PROTECT, primary_key=True, related_name="balance"
    )
    quantity_g = models.BigIntegerField(_("Quantity in grams"))
    labelled_g = models.BigIntegerField(_("On labels, in grams"), default=0)

    class Meta:
        verbose_name = _("Certificate balance")
        verbose_name_plural = _("Certificate balances")
        constraints = [
            models.CheckConstraint(
                condition=Q(labelled_g__gte=0) & Q(labelled_g__lte=F("quantity_g")),
                name="certificate_covers_labels",
            )
        ]

    def __str__(self) -> str:
        return f"{self.certificate_id}: {self.labelled_g}/{self.quantity_g}"

    @property
    def free_g(self) -> int:
        """Grams that may still be labelled."""
        return self.quantity_g - self.labelled_g
