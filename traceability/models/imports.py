"""Files of existing records: checked, and then imported once."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.files import private_storage


class RecordImport(models.Model):
    """A file in which nothing was found wrong; `imported_at` is when it was taken in.

    The same bytes are taken in once.
    """

    file = models.FileField(storage=private_storage, max_length=200)
    file_name = models.CharField(_("File"), max_length=80)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    plots = models.PositiveIntegerField(_("Plots"))
    lots = models.PositiveIntegerField(_("Lots"))
    events = models.PositiveIntegerField(_("Events"))
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    checked_at = models.DateTimeField(_("Checked at"))
    imported_at = models.DateTimeField(_("Imported at"), null=True)

    class Meta:
        verbose_name = _("Import of records")
        verbose_name_plural = _("Imports of records")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["sha256"],
                condition=Q(imported_at__isnull=False),
                name="file_imported_once",
            )
        ]

    def __str__(self) -> str:
        return self.file_name
