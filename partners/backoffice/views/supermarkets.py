"""Supermarkets, their managers, what they promised and to whom."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from partners import operations
from partners.backoffice.trail import trail_of
from partners.backoffice.views.common import form_page, now_by, require
from partners.form_acts import carried_out
from partners.forms import AgreementForm, EndPairingForm, SupermarketForm
from partners.models import Agreement, Pairing, Supermarket
from partners.operations import UnableToPair, UnableToRegister, UnableToSign
from partners.organisations.forms import PersonForm


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every supermarket with what binds it today."""
    today = timezone.localdate()
    in_force = Q(agreements__starts_on__lte=today, agreements__ends_on__gte=today)
    found = Supermarket.objects.select_related("division__parent").annotate(
        in_force=Count("agreements", filter=in_force, distinct=True),
        households=Count(
            "agreements__pairings__household",
            filter=in_force & Q(agreements__pairings__ended_on__isnull=True),
            distinct=True,
        ),
    )
    return render(
        request,
        "partners/backoffice/supermarkets.html",
        {
            "supermarkets": found.order_by("name"),
            "may_register": request.user.has_perm("partners.register"),
        },
    )


@never_cache
def new(request: HttpRequest) -> HttpResponse:
    """Take in a supermarket with its manager."""
    require(request, "partners.register")
    form = SupermarketForm(request.POST or None)

    def register(data: dict[str, Any]) -> Supermarket:
        return operations.engage_supermarket(**data, **now_by(request))

    if made := carried_out(form, register, UnableToRegister):
        messages.success(request, _("%(name)s is taken in.") % {"name": made})
        return redirect("partners_backoffice:supermarket", pk=made.pk)
    return form_page(
        request,
        form,
        title=_("Take in a supermarket"),
        here="supermarkets",
        back=reverse("partners_backoffice:supermarkets"),
        back_words=_("Supermarkets"),
    )


@never_cache
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One supermarket: managers, agreements, who did what."""
    return _page(request, _supermarket(pk), PersonForm())


def _page(
    request: HttpRequest, shown: Supermarket, manager_form: PersonForm
) -> HttpResponse:
    open_parts = Q(pairings__ended_on__isnull=True)
    return render(
        request,
        "partners/backoffice/supermarket.html",
        {
            "supermarket": shown,
            "managers": shown.managers.order_by("pk"),
            "agreements": shown.agreements.annotate(
                households=Count("pairings", filter=open_parts)
            ).order_by("-starts_on"),
            "today": timezone.localdate(),
            "manager_form": manager_form,
            "may_register": request.user.has_perm("partners.register"),
            "trail": trail_of([f"supermarket:{shown.pk}"]),
        },
        status=422 if manager_form.is_bound else 200,
    )


@never_cache
@require_POST
def appoint(request: HttpRequest, pk: int) -> HttpResponse:
    """One more manager, by name and number."""
    require(request, "partners.register")
    shown, form = _supermarket(pk), PersonForm(request.POST)

    def engage(data: dict[str, Any]) -> Any:
        return operations.engage_manager(supermarket=shown, **data, **now_by(request))

    if person := carried_out(form, engage, UnableToRegister):
        messages.success(
            request, _("%(who)s files its statements now.") % {"who": person}
        )
        return redirect("partners_backoffice:supermarket", pk=pk)
    return _page(request, shown, form)


@never_cache
@require_POST
def dismiss(request: HttpRequest, pk: int, manager: int) -> HttpResponse:
    """A manager less."""
    require(request, "partners.register")
    shown = _supermarket(pk)
    person = get_object_or_404(shown.managers, pk=manager)
    operations.dismiss_manager(supermarket=shown, user=person, **now_by(request))
    messages.success(
        request, _("%(who)s files no more statements of it.") % {"who": person}
    )
    return redirect("partners_backoffice:supermarket", pk=pk)


@never_cache
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Bind a supermarket by an agreement."""
    require(request, "partners.register")
    shown = _supermarket(pk)
    form = AgreementForm(
        request.POST or None, initial={"starts_on": timezone.localdate()}
    )

    def agree(data: dict[str, Any]) -> Agreement:
        return operations.sign_agreement(supermarket=shown, **data, **now_by(request))

    if made := carried_out(form, agree, UnableToSign):
        messages.success(request, _("The agreement is signed. Now pair households."))
        return redirect("partners_backoffice:agreement", pk=made.pk)
    return form_page(
        request,
        form,
        title=_("Sign an agreement"),
        here="supermarkets",
        back=reverse("partners_backoffice:supermarket", args=[pk]),
        back_words=shown.name,
        lead=_("Once signed it is not changed: another one begins when it has ended."),
    )


@never_cache
@require_safe
def agreement(request: HttpRequest, pk: int) -> HttpResponse:
    """One agreement and the households' parts in it."""
    shown = get_object_or_404(
        Agreement.objects.select_related("supermarket", "signed_by"), pk=pk
    )
    pairings = list(
        shown.pairings.select_related("household__village__parent").order_by("pk")
    )
    current = [pairing for pairing in pairings if pairing.ended_on is None]
    whole = sum(pairing.weight for pairing in current)
    return render(
        request,
        "partners/backoffice/agreement.html",
        {
            "agreement": shown,
            "current": [(pairing, pairing.weight / whole * 100) for pairing in current],
            "ended": [pairing for pairing in pairings if pairing.ended_on is not None],
            "may_register": request.user.has_perm("partners.register"),
        },
    )


@never_cache
def end_pairing(request: HttpRequest, pk: int) -> HttpResponse:
    """End a household's part in an agreement."""
    require(request, "partners.register")
    pairing = get_object_or_404(
        Pairing.objects.select_related("agreement__supermarket", "household__village"),
        pk=pk,
    )
    form = EndPairingForm(request.POST or None, initial={"on": timezone.localdate()})

    def end(data: dict[str, Any]) -> Pairing:
        return operations.end_pairing(pairing=pairing, **data, **now_by(request))

    if carried_out(form, end, UnableToPair):
        messages.success(request, _("The pairing ends on that day."))
        return redirect("partners_backoffice:agreement", pk=pairing.agreement_id)
    return form_page(
        request,
        form,
        title=_("End the pairing"),
        here="supermarkets",
        back=reverse("partners_backoffice:agreement", args=[pairing.agreement_id]),
        back_words=str(pairing.agreement),
        lead=_(
            "%(household)s gets no part of later months. What was accrued stays theirs."
        )
        % {"household": pairing.household},
    )


def _supermarket(pk: int) -> Supermarket:
    return get_object_or_404(
        Supermarket.objects.select_related("division__parent"), pk=pk
    )
