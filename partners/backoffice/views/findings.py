"""What the cross-checks found, and who decided what about it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from partners.forms import DecideForm, FactForm
from partners.paging import newest_first
from partners.supervision import operations
from partners.supervision.models import Finding, OutsideFact
from partners.supervision.queries import describe, describe_all
from partners.supervision.registry import CHECKS


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Findings nobody has decided about, or all; the filter stands in the address."""
    part = request.GET.get("part", "waiting")
    found = Finding.objects.select_related(
        "household__village", "disbursement", "decision__decided_by"
    )
    if part == "waiting":
        found = found.waiting()
    elif part in Finding.Severity.values:
        found = found.filter(severity=part)
    rows, urls = newest_first(request, found)
    return render(
        request,
        "partners/backoffice/findings.html",
        {
            "findings": describe_all(rows),
            "part": part,
            "checks": CHECKS.values(),
            **urls,
        },
    )


@never_cache
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One finding, and the form to decide about it."""
    finding = get_object_or_404(
        Finding.objects.select_related(
            "household__village", "disbursement", "decision__decided_by"
        ),
        pk=pk,
    )
    may_decide = not hasattr(finding, "decision") and request.user.has_perm(
        "supervision.decide_finding", finding
    )
    form = DecideForm(request.POST or None)
    if request.method == "POST":
        if not may_decide:
            raise PermissionDenied
        if form.is_valid():
            try:
                operations.decide_finding(
                    finding=finding,
                    by=request.user,
                    at=timezone.now(),
                    **form.cleaned_data,
                )
            except operations.UnableToDecide as error:
                messages.error(request, str(error))
            else:
                messages.success(request, _("Decided."))
            return redirect("partners_backoffice:findings")
    return render(
        request,
        "partners/backoffice/finding.html",
        {
            "finding": finding,
            "described": describe(finding),
            "form": form,
            "may_decide": may_decide,
        },
    )


@never_cache
def facts(request: HttpRequest) -> HttpResponse:
    """Lists of other offices: what was taken over, and the form for one line more."""
    may_record = request.user.has_perm("supervision.record_fact")
    form = FactForm(request.POST or None)
    if request.method == "POST":
        if not may_record:
            raise PermissionDenied
        if form.is_valid():
            try:
                operations.record_fact(
                    by=request.user, at=timezone.now(), **form.cleaned_data
                )
            except operations.UnableToRecord as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Taken over."))
                return redirect("partners_backoffice:facts")
    rows, urls = newest_first(
        request, OutsideFact.objects.select_related("recorded_by", "withdrawal")
    )
    return render(
        request,
        "partners/backoffice/facts.html",
        {"facts": rows, "form": form, "may_record": may_record, **urls},
    )
