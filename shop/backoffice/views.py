"""Staff pages of the sale: the day at a glance and the orders behind it."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from partners.ledger import queries as ledger
from partners.paging import newest_first
from shop.backoffice import queries
from shop.listings.models import Listing
from shop.users.models import Role

View = Callable[..., HttpResponse]


def for_staff(view: View) -> View:
    """Only operators and auditors of the county; an auditor's pages never write."""

    @never_cache
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not (
            request.user.is_superuser
            or request.user.has_role(Role.OPERATOR)
            or request.user.has_role(Role.AUDITOR)
        ):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


@for_staff
def today(request: HttpRequest) -> HttpResponse:
    """What needs doing today, and what the ledger's last check found."""
    check = ledger.last_check()
    return render(
        request,
        "shop/backoffice/today.html",
        {
            "todos": queries.today(now=timezone.now()),
            "screens": queries.screens(request.user),
            "check": check,
            "balance": ledger.checked_balance(check) if check else None,
        },
    )


@for_staff
def orders(request: HttpRequest) -> HttpResponse:
    """All orders, filtered by what stands in the address."""
    status = request.GET.get("status", "all")
    found = queries.orders(
        status=status, part=request.GET.get("part", ""), now=timezone.now()
    )
    shown, urls = newest_first(request, found)
    return render(
        request,
        "shop/backoffice/orders.html",
        {
            "orders": shown,
            "status": status,
            "next_url": urls["next_url"],
        },
    )


@for_staff
def listings(request: HttpRequest) -> HttpResponse:
    """Offers by where they stand: waiting for their farmer first."""
    status = request.GET.get("status", "sent")
    if status not in queries.LISTED:
        status = "sent"
    shown, urls = newest_first(request, queries.listings(status=status))
    return render(
        request,
        "shop/backoffice/listings.html",
        {
            "listings": shown,
            "status": status,
            "states": [(one, Listing.Status(one).label) for one in queries.LISTED],
            "next_url": urls["next_url"],
        },
    )
