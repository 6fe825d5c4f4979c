"""The grower's page: what sold, what was kept and why, what is owed."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from shop.settlement import queries

SHOWN = 60


@never_cache
def owed(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever holds the farmer's link sees the farmer's account, in large type."""
    account = queries.owed_to(queries.farmer_of(token))
    assistant = account.farmer.village.assistants.select_related("user").first()
    return render(
        request,
        "shop/settlement/owed.html",
        {
            "account": account,
            "lines": account.lines[:SHOWN],
            "assistant": assistant.user.name if assistant else "",
        },
    )


@never_cache
@login_required
def my_owed(request: HttpRequest) -> HttpResponse:
    """A farmer who logs in comes to the same page."""
    farmer = getattr(request.user, "farmer", None)
    if farmer is None:
        raise PermissionDenied
    return redirect("settlement:owed", token=queries.farmer_token(farmer))
