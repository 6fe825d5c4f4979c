"""What the watch over the public log found, and what it was."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from partners.form_acts import carried_out
from partners.paging import newest_first
from traceability import operations
from traceability.forms import AlarmForm
from traceability.models import LogAlarm, LogAlarmConclusion

_MAY_VIEW = permission_required("traceability.view_reports", raise_exception=True)


@never_cache
@login_required
@_MAY_VIEW
@require_safe
def alarms(request: HttpRequest) -> HttpResponse:
    """Every alarm, newest first."""
    found = LogAlarm.objects.select_related("conclusion")
    shown, urls = newest_first(request, found)
    return render(request, "traceability/log_alarms.html", {"alarms": shown, **urls})


@never_cache
@login_required
@_MAY_VIEW
@require_http_methods(["GET", "HEAD", "POST"])
def alarm(request: HttpRequest, pk: int) -> HttpResponse:
    """One alarm with both checkpoints, and the form to conclude it."""
    found = get_object_or_404(LogAlarm.objects.select_related("conclusion"), pk=pk)
    form = AlarmForm(request.POST or None)

    def conclude(data: dict[str, Any]) -> LogAlarmConclusion:
        return operations.conclude_log_alarm(
            alarm=found, by=request.user, at=timezone.now(), **data
        )

    if carried_out(form, conclude, operations.UnableToConcludeAlarm):
        messages.success(request, _("Written down."))
        return redirect("traceability:log_alarms")
    may_conclude = not hasattr(found, "conclusion") and request.user.has_perm(
        "traceability.conclude_report"
    )
    return render(
        request,
        "traceability/log_alarm.html",
        {"alarm": found, "form": form, "may_conclude": may_conclude},
        status=422 if form.errors else 200,
    )
