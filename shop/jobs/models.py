"""What is known of a job that broke: its name, its ids, and nothing of anybody's."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class BrokenJob(models.Model):
    """A job whose last run broke; gone as soon as the same job ends well.

    `ids` are its arguments by name, whole numbers and lists of them; None where it
    had others, which are not kept. `error` is the exception's class, never its text.
    """

    key = models.CharField(max_length=64, unique=True, editable=False)
    task = models.CharField(_("Job"), max_length=120)
    ids = models.JSONField(_("Numbers"), null=True)
    error = models.CharField(_("Error"), max_length=80)
    times = models.PositiveIntegerField(_("Times in a row"), default=1)
    first_at = models.DateTimeField(_("First broke"))
    last_at = models.DateTimeField(_("Last broke"))
    asked_at = models.DateTimeField(_("Tried again"), null=True)

    class Meta:
        verbose_name = _("Broken job")
        verbose_name_plural = _("Broken jobs")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(times__gt=0), name="broken_job_times_positive"
            )
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.about}".strip()

    @property
    def about(self) -> str:
        """Its numbers, briefly: "message_id 7"."""
        told = ", ".join(f"{name} {value}" for name, value in (self.ids or {}).items())
        return told if len(told) <= 60 else f"{told[:60]}…"
