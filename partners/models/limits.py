"""How much of what is limited was used."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Allowance(models.Model):
    """How much of a limit was used in one window of time.

    A row and a guarded UPDATE, so that a limit holds across processes and crashes.
    """

    key = models.CharField(max_length=140, unique=True)
    used = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("Allowance")
        verbose_name_plural = _("Allowances")

    def __str__(self) -> str:
        return f"{self.key}: {self.used}"
