"""What people report as fakes, and what the county found out."""

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
from traceability import operations, queries
from traceability.models import FakeReport, ReportConclusion
from traceability.scan_forms import ConclusionForm
from traceability.views.clones import map_of_scans

_MAY_VIEW = permission_required("traceability.view_reports", raise_exception=True)


@never_cache
@login_required
@_MAY_VIEW
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """Reports nobody looked into, or all; newest first, the filter in the address."""
    part = "all" if request.GET.get("part") == "all" else "waiting"
    found = FakeReport.objects.select_related("label__batch__lot", "conclusion")
    if part == "waiting":
        found = found.waiting()
    shown, urls = newest_first(request, found)
    return render(
        request, "traceability/reports.html", {"reports": shown, "part": part, **urls}
    )


@never_cache
@login_required
@_MAY_VIEW
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """One report with the label it is about, and the form to conclude it."""
    found = get_object_or_404(
        FakeReport.objects.select_related("label__batch__lot", "conclusion"), pk=pk
    )
    form = ConclusionForm(request.POST or None)

    def conclude(data: dict[str, Any]) -> ReportConclusion:
        return operations.conclude_report(
            report=found, by=request.user, at=timezone.now(), **data
        )

    if carried_out(form, conclude, operations.UnableToConclude):
        messages.success(request, _("Written down."))
        return redirect("traceability:reports")
    may_conclude = not hasattr(found, "conclusion") and request.user.has_perm(
        "traceability.conclude_report"
    )
    return render(
        request,
        "traceability/report.html",
        {
            "report": found,
            "form": form,
            "may_conclude": may_conclude,
            **_scans_of(found),
        },
        status=422 if form.errors else 200,
    )


def _scans_of(report: FakeReport) -> dict[str, Any]:
    """How the label was scanned, with the reporter's own scan on the map."""
    if report.label is None:
        return {}
    scans = queries.scans_of(report.label)
    return {
        "scans": scans,
        "map": map_of_scans(scans, bad={report.ordinal}),
        "alarms": report.label.clone_alarms.order_by("pk"),
    }
