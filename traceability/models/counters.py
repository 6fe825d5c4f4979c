"""Numbers that are handed out one after the other, without gaps."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Counter(models.Model):
    """The last number handed out under a name. Its row is the queue for the next.

    A number is taken inside the transaction that uses it, so that a rolled-back
    certificate gives its number back and none is ever missing.
    """

    name = models.CharField(_("Name"), max_length=60, primary_key=True)
    value = models.BigIntegerField(_("Last number"), default=0)

    class Meta:
        verbose_name = _("Counter")
        verbose_name_plural = _("Counters")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(value__gte=0), name="counter_not_negative"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"
