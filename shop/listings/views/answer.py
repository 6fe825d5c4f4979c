"""The farmer's page: what will be sold in my name, mine or not mine."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from partners.measures import jin
from shop.listings import operations
from shop.listings.forms import AnswerForm
from shop.listings.models import Consent, Listing
from shop.listings.terms import grower_fen


@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is asked; a POST is the answer. Opening the link answers nothing."""
    if request.method == "POST":
        return _answered(request, token)
    return _page(request, token)


def _answered(request: HttpRequest, token: str) -> HttpResponse:
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, token, status=422)
    now = timezone.now()
    try:
        if form.cleaned_data["answer"] == "yes":
            operations.confirm_listing(token=token, at=now)
        else:
            operations.deny_listing(
                token=token, reason=form.cleaned_data["reason"], at=now
            )
    except operations.UnableToAnswer as error:
        return _page(request, token, problem=str(error), status=409)
    return redirect("listings:confirm", token=token)


def _total_jin(listing: Listing) -> str:
    """All packs together, as a farmer counts; empty where they are not weighed."""
    if not listing.pack_g or not listing.capacity_packs:
        return ""
    return jin(listing.pack_g * listing.capacity_packs)


def _page(
    request: HttpRequest, token: str, *, problem: str = "", status: int = 200
) -> HttpResponse:
    consent = operations.consent_of(token=token)
    if consent is None:
        return render(request, "shop/listings/confirm_gone.html", status=404)
    open_now = not consent.answer and consent.expires_at > timezone.now()
    stale = consent.answer == Consent.Answer.WITHDRAWN or (
        not consent.answer and not open_now
    )
    return render(
        request,
        "shop/listings/confirm_gone.html" if stale else "shop/listings/confirm.html",
        {
            "consent": consent,
            "listing": consent.listing,
            "open": open_now,
            "total_jin": _total_jin(consent.listing),
            "platform_bp": settings.PLATFORM_FEE_BP,
            "grower_fen": grower_fen(
                listing=consent.listing, price_fen=consent.price_fen
            ),
            "problem": problem,
        },
        status=410 if stale and status == 200 else status,
    )
