"""Households, what can be handed to them, and what was."""

import secrets

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from partners import measures, operations, queries
from partners.backoffice.trail import trail_of
from partners.files import private_storage
from partners.forms import DisburseForm
from partners.links import household_link
from partners.models import Disbursement, DisbursementPhoto, Household
from partners.paging import newest_first
from partners.supervision.queries import describe_all
from partners.views.downloads import stored

_SIZES = {"small", "medium", "large"}


def _with_sums() -> QuerySet[Household]:
    standing = Q(accrual_lines__accrual__reversal__isnull=True)
    return Household.objects.select_related("village__parent").annotate(
        accrued_fen=Sum("accrual_lines__amount_fen", filter=standing, default=0),
        funded_fen=Sum("accrual_lines__funded_fen", filter=standing, default=0),
        disbursed_fen=Sum("accrual_lines__disbursed_fen", filter=standing, default=0),
        ready_fen=F("funded_fen") - F("disbursed_fen"),
    )


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Households by what can be handed out; the filter stands in the address."""
    part = request.GET.get("part", "ready")
    found = _with_sums()
    if part == "ready":
        found = found.filter(pk__in=queries.ready_households())
    rows, urls = newest_first(request, found)
    return render(
        request,
        "partners/backoffice/households.html",
        {
            "households": rows,
            "total": queries.standing_of_all(found),
            "part": part,
            "may_register": request.user.has_perm("partners.register"),
            **urls,
        },
    )


@never_cache
@require_safe
def detail(request: HttpRequest, number: str) -> HttpResponse:
    """One household with its full name: staff have to know who it is."""
    household = get_object_or_404(
        Household.objects.select_related("village__parent"), number=number
    )
    lines = queries.standing_lines().filter(household=household)
    waiting, answered = queries.disbursements_for(household=household)
    return render(
        request,
        "partners/backoffice/household.html",
        {
            "household": household,
            "standing": queries.standing_of(household=household),
            "lines": lines.select_related("accrual__supermarket").order_by(
                "-accrual__period", "-pk"
            ),
            "given": [*waiting, *answered],
            "findings": describe_all(
                household.findings.select_related("decision", "disbursement")[:20]
            ),
            "link": household_link(household),
            "pairings": household.pairings.select_related(
                "agreement__supermarket"
            ).order_by("-from_on", "-pk"),
            "members": household.members.order_by("pk"),
            "trail": trail_of([f"household:{household.pk}"]),
            "may_record": request.user.has_perm("partners.record_money"),
            "may_register": request.user.has_perm("partners.register"),
        },
    )


@never_cache
def disburse(request: HttpRequest, number: str) -> HttpResponse:
    """Record what was handed over, with receipt and photos."""
    if not request.user.has_perm("partners.record_money"):
        raise PermissionDenied
    household = get_object_or_404(
        Household.objects.select_related("village"), number=number
    )
    standing = queries.standing_of(household=household)
    ready = measures.decimal_yuan(standing.ready_fen) if standing.ready_fen > 0 else ""
    form = DisburseForm(
        request.POST or None,
        request.FILES or None,
        initial={"key": secrets.token_hex(16), "amount_fen": ready},
    )
    blocked: list[str] = []
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        stage = facts.pop("stage")
        facts["photos"] = [
            operations.Photo(file, stage=stage) for file in facts["photos"]
        ]
        try:
            made = operations.disburse(
                household=household, by=request.user, at=timezone.now(), **facts
            )
        except operations.UnableToDisburse as error:
            blocked = [concern.sentence for concern in error.concerns]
            if not blocked:
                form.add_error(None, str(error))
        else:
            messages.success(
                request, _("Recorded. The contact was asked to confirm it.")
            )
            return redirect("partners_backoffice:disbursement", number=made.number)
    return render(
        request,
        "partners/backoffice/disburse.html",
        {
            "form": form,
            "blocked": blocked,
            "household": household,
            "standing": standing,
        },
    )


def _disbursement(number: str) -> Disbursement:
    found = Disbursement.objects.select_related("household__village", "recorded_by")
    return get_object_or_404(found, number=number)


@never_cache
@require_safe
def disbursement(request: HttpRequest, number: str) -> HttpResponse:
    """One disbursement: where it came from, what proves it, what was said."""
    shown = _disbursement(number)
    return render(
        request,
        "partners/backoffice/disbursement.html",
        {
            "disbursement": shown,
            "draws": shown.draws.select_related("line__accrual__supermarket"),
            "photos": shown.photos.select_related("published_by"),
            "answers": shown.confirmations.select_related("answered_by"),
            "findings": describe_all(
                shown.findings.select_related(
                    "household__village", "decision__decided_by"
                )
            ),
            "link": household_link(shown.household),
            "may_record": request.user.has_perm("partners.record_money"),
        },
    )


@never_cache
@require_safe
def receipt(request: HttpRequest, number: str) -> HttpResponseBase:
    """The signed paper, for staff and auditors."""
    shown = _disbursement(number)
    kind = "application/pdf" if shown.receipt.endswith(".pdf") else "image/webp"
    answer = stored(private_storage(), shown.receipt, content_type=kind)
    disposition = "attachment" if kind == "application/pdf" else "inline"
    name = f"{shown.number}.{'pdf' if kind == 'application/pdf' else 'webp'}"
    answer.headers["Content-Disposition"] = f'{disposition}; filename="{name}"'
    return answer


@never_cache
@require_safe
def photo(request: HttpRequest, pk: int, size: str) -> HttpResponseBase:
    """Any photo of a disbursement, for staff and auditors."""
    shown = get_object_or_404(DisbursementPhoto, pk=pk)
    if size not in _SIZES:
        raise Http404
    variant = getattr(shown.stored, size)
    return stored(private_storage(), variant.name, content_type="image/webp")


@never_cache
@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a photo to the public, or no longer."""
    shown = get_object_or_404(
        DisbursementPhoto.objects.select_related("disbursement"), pk=pk
    )
    try:
        if request.POST.get("public") == "1":
            operations.publish_photo(photo=shown, by=request.user, at=timezone.now())
        else:
            operations.withdraw_photo(photo=shown, by=request.user)
    except operations.UnableToDisburse as error:
        raise PermissionDenied from error
    return redirect(
        "partners_backoffice:disbursement", number=shown.disbursement.number
    )
