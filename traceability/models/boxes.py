"""Box codes that were issued, and the revocation lists that phones keep."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class BoxIssue(models.Model):
    """A key vouched for the boxes of a batch: one signed box code for each label.

    The codes themselves are on paper only; the same key over the same facts makes the
    same code again. `root` is the RFC 9162 Merkle root over the signed messages in the
    labels' order, as the log has it. Append-only.
    """

    batch = models.ForeignKey(
        "traceability.LabelBatch", on_delete=models.PROTECT, related_name="box_issues"
    )
    key = models.ForeignKey(
        "traceability.SigningKey", on_delete=models.PROTECT, related_name="box_issues"
    )
    root = models.CharField(_("Merkle root"), max_length=64)
    leaf = models.OneToOneField(
        "traceability.LogLeaf", on_delete=models.PROTECT, related_name="box_issue"
    )
    issued_at = models.DateTimeField(_("Issued at"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("Issue of box codes")
        verbose_name_plural = _("Issues of box codes")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "key"], name="boxes_issued_once_by_a_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.key_id}"


class RevocationList(models.Model):
    """That a revocation list of this number was signed, and what its text hashes to.

    Append-only, so that no number is ever given to two lists. The list itself is a
    published file.
    """

    number = models.PositiveIntegerField(_("Number of the list"), primary_key=True)
    lines = models.BigIntegerField(_("Lines of the log it takes in"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    issued_at = models.DateTimeField(_("Issued at"))

    class Meta:
        verbose_name = _("Revocation list")
        verbose_name_plural = _("Revocation lists")
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lines__gte=0), name="revocations_of_whole_lines"
            )
        ]

    def __str__(self) -> str:
        return str(self.number)
