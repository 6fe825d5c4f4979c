"""A supermarket's own pages: today, upload with preview, what the money did."""

from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from partners import operations, periods, queries
from partners.files import private_storage
from partners.forms import UploadForm
from partners.keys import key_in
from partners.models import Source, Statement, StatementUpload, Supermarket
from partners.statements import Finding, template
from partners.views.downloads import CSV, WORKBOOK, attachment, stored
from partners.views.stages import stages_of

_LINES = 100


def _own(request: HttpRequest, pk: int, permission: str) -> Supermarket:
    """The supermarket, if the user may: a stranger learns nothing about it."""
    supermarket = get_object_or_404(
        Supermarket.objects.select_related("division"), pk=pk
    )
    if not request.user.has_perm(f"partners.{permission}", supermarket):
        raise PermissionDenied
    return supermarket


@never_cache
@login_required
@require_safe
def supermarkets(request: HttpRequest) -> HttpResponse:
    """The supermarkets the user manages; straight to it where there is one."""
    own = list(Supermarket.objects.filter(managers=request.user.pk).order_by("pk"))
    if not own:
        raise PermissionDenied
    if len(own) == 1:
        return redirect("partners:supermarket", pk=own[0].pk)
    return render(request, "partners/supermarkets.html", {"supermarkets": own})


@never_cache
@login_required
@require_safe
def supermarket(request: HttpRequest, pk: int) -> HttpResponse:
    """Today's state: what to do next, what is owed, what the money did."""
    shop = _own(request, pk, "view_supermarket")
    period = periods.preceding(periods.first_day(timezone.localdate()))
    shown = queries.last_accrued(supermarket=shop) or period
    flow = queries.supermarket_flow(supermarket=shop, period=shown)
    rows = queries.lines_of(shown).filter(accrual__supermarket=shop)
    return render(
        request,
        "partners/supermarket.html",
        {
            "supermarket": shop,
            "may_file": request.user.has_perm("partners.file_statement", shop),
            "period": period,
            "returned": queries.returned_statements(supermarket=shop),
            "due": queries.latest_statement(
                supermarket=shop, period=period, source=Source.STORE
            ),
            "agreement": queries.agreement_for(
                supermarket=shop, source=Source.STORE, on=period
            ),
            "owed_fen": queries.owed_fen(supermarket=shop),
            "month_owed": queries.lines_missing_money(supermarket=shop)
            .filter(accrual__period=period)
            .exists(),
            "shown": shown,
            "flow": flow,
            "stages": stages_of(flow),
            "households": queries.household_shares(rows),
            "statements": queries.statements_of(supermarket=shop)[:12],
        },
    )


@never_cache
@login_required
@require_GET
def statement_template(request: HttpRequest, kind: str) -> HttpResponse:
    """The table to fill in, as workbook or CSV."""
    period = periods.preceding(periods.first_day(timezone.localdate()))
    if kind == "xlsx":
        data, content_type = template.workbook(period=period), WORKBOOK
    else:
        data, content_type = template.comma_separated(), CSV
    name = _("Statement template")
    return attachment(data, name=f"{name}.{kind}", content_type=content_type)


@never_cache
@login_required
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose month and file; what was read is shown on the next page."""
    shop = _own(request, pk, "file_statement")
    form = UploadForm(
        request.POST or None,
        request.FILES or None,
        today=timezone.localdate(),
        initial={"month": request.GET["month"]} if "month" in request.GET else None,
    )
    if request.method == "POST" and form.is_valid():
        checked = operations.check_upload(
            supermarket=shop,
            period=form.cleaned_data["month"],
            file=form.cleaned_data["file"],
            by=request.user,
            at=timezone.now(),
        )
        return redirect("partners:upload", pk=shop.pk, upload=checked.pk)
    return render(request, "partners/upload.html", {"supermarket": shop, "form": form})


@never_cache
@login_required
@require_safe
def checked_upload(request: HttpRequest, pk: int, upload: int) -> HttpResponse:
    """What was read, what is wrong, and what it would mean: before it is filed."""
    shop = _own(request, pk, "file_statement")
    checked = get_object_or_404(StatementUpload, pk=upload, supermarket=shop)
    report = checked.report
    findings = [Finding.from_json(found) for found in report["findings"]]
    preview = queries.preview_statement(
        supermarket=shop,
        period=checked.period,
        source=Source.STORE,
        profit_fen=report["sales_fen"] - report["cost_fen"],
    )
    return render(
        request,
        "partners/checked_upload.html",
        {
            "supermarket": shop,
            "upload": checked,
            "report": report,
            "hard": [found for found in findings if found.hard],
            "soft": [found for found in findings if not found.hard],
            "preview": preview,
            "lessening": queries.lessening_to(
                supermarket=shop,
                period=checked.period,
                source=Source.STORE,
                share_fen=preview.amount_fen,
            ),
            "before": queries.latest_statement(
                supermarket=shop, period=checked.period, source=Source.STORE
            ),
        },
    )


@never_cache
@login_required
@require_POST
def file_upload(request: HttpRequest, pk: int, upload: int) -> HttpResponse:
    """File what was checked."""
    shop = _own(request, pk, "file_statement")
    checked = get_object_or_404(StatementUpload, pk=upload, supermarket=shop)
    now = timezone.now()
    try:
        filed = operations.file_upload(upload=checked, by=request.user, at=now)
    except operations.UnableToFile as error:
        messages.error(request, str(error))
        return redirect("partners:upload", pk=shop.pk, upload=checked.pk)
    if filed.filed_at < now:
        messages.info(request, _("These lines were filed before; nothing was added."))
    else:
        messages.success(request, _("Filed. A second person now looks at it."))
    return redirect("partners:statement", pk=shop.pk, statement=filed.pk)


@never_cache
@login_required
@require_safe
def statement(request: HttpRequest, pk: int, statement: int) -> HttpResponse:
    """One filed statement: where it stands, what it means, its lines."""
    shop = _own(request, pk, "view_supermarket")
    shown = get_object_or_404(queries.statements_of(supermarket=shop), pk=statement)
    return render(
        request,
        "partners/statement.html",
        {"supermarket": shop} | statement_facts(shown, after=request.GET.get("after")),
    )


def original(shown: Statement) -> HttpResponseBase:
    """The statement's file, to be saved and never shown."""
    file = stored(
        private_storage(), str(shown.file), content_type="application/octet-stream"
    )
    name = quote(shown.file_name or shown.number)
    file.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return file


def statement_facts(shown: Statement, *, after: str | None) -> dict[str, object]:
    """What the manager's and the staff's page both say about a statement."""
    first = key_in(after) or 0
    lines = list(shown.lines.filter(position__gt=first)[: _LINES + 1])
    accrual = getattr(shown, "accrual", None)
    preview = queries.preview_statement(
        supermarket=shown.supermarket,
        period=shown.period,
        source=shown.source,
        profit_fen=shown.profit_fen,
    )
    more = lines[_LINES - 1].position if len(lines) > _LINES else 0
    return {
        "statement": shown,
        "accrual": accrual,
        "parts": accrual.lines.select_related("household__village")
        if accrual
        else preview.parts,
        "preview": preview,
        "lessening": queries.lessening(shown),
        "findings": [
            Finding(found.code, found.line, found.column, found.values)
            for found in shown.findings.all()
        ],
        "lines": lines[:_LINES],
        "next_url": f"?after={more}" if more else "",
        "previous_url": "?" if first else "",
    }


@never_cache
@login_required
@require_safe
def statement_file(request: HttpRequest, pk: int, statement: int) -> HttpResponseBase:
    """The file as it was filed, for its supermarket, staff and auditors."""
    shop = _own(request, pk, "view_supermarket")
    filed = Statement.objects.exclude(file="").filter(supermarket=shop)
    return original(get_object_or_404(filed, pk=statement))
