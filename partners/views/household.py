"""The household's page: what came, in large letters, with two answers."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from partners import operations, queries
from partners.links import household_of, link_token
from partners.models import Disbursement, Household


def _household(token: str) -> Household:
    household = household_of(token)
    if household is None:
        raise Http404
    return household


def _closed(response: HttpResponse) -> HttpResponse:
    """Not for search engines, not for any cache."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@never_cache
@login_required
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """For a contact who logs in: straight to the household's page."""
    household = Household.objects.filter(contact=request.user.pk).first()
    if household is None:
        raise PermissionDenied
    return redirect("partners:household", token=link_token(household))


@never_cache
@require_safe
def household(request: HttpRequest, token: str) -> HttpResponse:
    """What waits for an answer, then what came before. Reading it changes nothing."""
    family = _household(token)
    waiting, answered = queries.disbursements_for(household=family)
    page = render(
        request,
        "partners/household.html",
        {
            "household": family,
            "token": token,
            "waiting": waiting,
            "answered": answered,
            "standing": queries.standing_of(household=family),
        },
    )
    return _closed(page)


@never_cache
@require_POST
def answer(request: HttpRequest, token: str, number: str) -> HttpResponse:
    """One of the two buttons."""
    family = _household(token)
    disbursement = get_object_or_404(Disbursement, number=number, household=family)
    say = (
        operations.dispute_receipt
        if request.POST.get("answer") == "not_received"
        else operations.confirm_receipt
    )
    try:
        say(disbursement=disbursement, token=token, at=timezone.now())
    except operations.UnableToConfirm as error:
        page = render(
            request,
            "partners/household_refused.html",
            {"token": token, "error": str(error)},
            status=409,
        )
        return _closed(page)
    return redirect("partners:household", token=token)
