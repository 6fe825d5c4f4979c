"""See that the published log only grew since it was looked at last."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from traceability.models import LogAlarm
from traceability.operations import watch_log


class Command(BaseCommand):
    help = (
        "Compare the published log with the checkpoint kept last time, and keep the new"
        " one. Ends with an error while an alarm is open."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        watch_log(at=timezone.now())
        alarms = list(LogAlarm.objects.waiting())
        if alarms:
            raise CommandError(
                "\n".join(f"{alarm.found}: {alarm.detail}" for alarm in alarms)
            )
        self.stdout.write("The log only grew.")
