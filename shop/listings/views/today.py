"""The assistant's first page: what waits, and one sentence to list something."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from partners.form_acts import carried_out
from partners.organisations import today as waiting
from shop.listings import operations, queries
from shop.listings.forms import SayForm
from shop.listings.models import Listing
from shop.listings.views.common import assistant_of, for_assistants

_TABS = (
    (Listing.Status.DRAFT, "drafts"),
    (Listing.Status.SENT, "waiting"),
    (Listing.Status.ON_SALE, "on_sale"),
    (Listing.Status.DENIED, "denied"),
    (Listing.Status.ENDED, ""),
)


@require_GET
@for_assistants
def today(request: HttpRequest) -> HttpResponse:
    """What waits for this assistant."""
    return _today_page(request, SayForm())


@require_http_methods(["GET", "POST"])
@for_assistants
def say(request: HttpRequest) -> HttpResponse:
    """A sentence becomes a draft."""
    if request.method == "GET":
        return redirect("listings:today")
    form = SayForm(request.POST)

    def write_down(data: dict[str, Any]) -> Listing:
        return operations.draft_listing(
            assistant=assistant_of(request), said=data["said"], at=timezone.now()
        )

    refusals = (operations.UnableToDraft, operations.UnableToCorrect)
    if draft := carried_out(form, write_down, *refusals, field="said"):
        return redirect("listings:draft", pk=draft.pk)
    return _today_page(request, form)


def _today_page(request: HttpRequest, form: SayForm) -> HttpResponse:
    assistant, now = assistant_of(request), timezone.now()
    return render(
        request,
        "shop/listings/today.html",
        {
            "form": form,
            "now": now,
            "items": waiting.gather(assistant=assistant, now=now),
            "drafts": queries.listings_of(assistant, Listing.Status.DRAFT),
            "counts": queries.counts(assistant, now=now),
            "villages": list(assistant.villages.all()),
        },
        status=200 if not form.errors else 422,
    )


@require_GET
@for_assistants
def overview(request: HttpRequest) -> HttpResponse:
    """The assistant's listings by status."""
    assistant = assistant_of(request)
    status = request.GET.get("status", Listing.Status.ON_SALE)
    if status not in Listing.Status.values:
        status = Listing.Status.ON_SALE
    found = queries.counts(assistant, now=timezone.now())
    return render(
        request,
        "shop/listings/overview.html",
        {
            "listings": queries.listings_of(assistant, status),
            "status": status,
            "tabs": [
                (value, value.label, getattr(found, name, None))
                for value, name in _TABS
            ],
        },
    )
