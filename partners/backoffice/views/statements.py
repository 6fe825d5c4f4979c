"""Statements that wait for a second person."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from partners import operations
from partners.forms import ReasonForm
from partners.measures import yuan
from partners.models import Statement, StatementDecision
from partners.paging import newest_first
from partners.views.manager import original, statement_facts


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Waiting first; the filter stands in the address."""
    status = request.GET.get("status", "waiting")
    found = Statement.objects.with_status().select_related("supermarket", "accrual")
    if status == "waiting":
        found = found.waiting()
    elif status == "approved":
        found = found.in_force()
    elif status == "returned":
        found = found.filter(decision__verdict=StatementDecision.Verdict.RETURNED)
    rows, urls = newest_first(request, found)
    return render(
        request,
        "partners/backoffice/statements.html",
        {"statements": rows, "status": status, **urls},
    )


def _facts(request: HttpRequest, pk: int) -> dict[str, object]:
    found = Statement.objects.with_status().select_related(
        "supermarket", "accrual", "filed_by", "decision__decided_by"
    )
    shown = get_object_or_404(found, pk=pk)
    return statement_facts(shown, after=request.GET.get("after")) | {
        "supermarket": shown.supermarket,
        "may_decide": shown.status == Statement.Status.WAITING
        and request.user.has_perm("partners.decide_statement", shown),
        "reason_form": ReasonForm(),
    }


@never_cache
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One statement with everything a decision needs."""
    return render(request, "partners/backoffice/statement.html", _facts(request, pk))


@never_cache
@require_safe
def file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The statement's file as it was filed."""
    return original(get_object_or_404(Statement.objects.exclude(file=""), pk=pk))


@never_cache
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve, and accrue the share."""
    statement = get_object_or_404(Statement, pk=pk)
    try:
        accrual = operations.approve_statement(
            statement=statement, by=request.user, at=timezone.now()
        )
    except operations.UnableToDecide as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            _("Approved: %(amount)s accrued to the households.")
            % {"amount": yuan(accrual.amount_fen)},
        )
    return redirect("partners_backoffice:statement", pk=pk)


@never_cache
@require_POST
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Return it to its supermarket with a reason."""
    statement = get_object_or_404(Statement, pk=pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        facts = _facts(request, pk) | {"reason_form": form}
        return render(request, "partners/backoffice/statement.html", facts)
    try:
        operations.return_statement(
            statement=statement,
            reason=form.cleaned_data["reason"],
            by=request.user,
            at=timezone.now(),
        )
    except operations.UnableToDecide as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Returned. The manager sees the reason."))
    return redirect("partners_backoffice:statement", pk=pk)
