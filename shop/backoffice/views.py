"""Staff pages of the sale: the day at a glance and the orders behind it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from partners.form_acts import carried_out
from partners.ledger import queries as ledger
from partners.measures import yuan
from partners.paging import newest_first
from shop.alipay.models import Refund
from shop.backoffice import orders as read
from shop.backoffice import queries
from shop.backoffice.forms import RefundForm
from shop.listings.models import Listing
from shop.ordering.operations import (
    UnableToComplete,
    UnableToGiveBack,
    give_back,
    release_recalled,
)
from shop.ordering.refunded import NothingLeft
from shop.users.models import Role

View = Callable[..., HttpResponse]
# No order's number is longer.
MOST_DIGITS = 32


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
    now, part = timezone.now(), request.GET.get("part", "")
    status = request.GET.get("status", "" if part in read.TROUBLES else "all")
    number = request.GET.get("q", "").strip()[:MOST_DIGITS]
    found = read.orders(status=status, part=part, number=number, now=now)
    shown, urls = newest_first(request, found)
    return render(
        request,
        "shop/backoffice/orders.html",
        {
            "rows": read.rows_of(shown, now=now),
            "status": status,
            "part": part,
            "number": number,
            "states": read.STATES,
            "troubles": read.TROUBLES,
            "next_url": urls["next_url"],
        },
    )


@for_staff
def order(request: HttpRequest, number: str) -> HttpResponse:
    """Everything about one order: parts, money, ledger, what happened."""
    return render(
        request,
        "shop/backoffice/order.html",
        {
            "one": read.one_order(number),
            "may_refund": request.user.has_perm("ordering.refund_order"),
        },
    )


@for_staff
@permission_required("ordering.refund_order", raise_exception=True)
@require_http_methods(["GET", "POST"])
def refund(request: HttpRequest, number: str) -> HttpResponse:
    """Give money of an order back: first a look at what that means, then the deed."""
    one = read.one_order(number)
    form = RefundForm(request.POST or None, one=one)
    sums = carried_out(form, form.plan, NothingLeft, field="amount")
    if sums and request.POST.get("step") == "make":
        refunds = carried_out(
            form, lambda data: _give_back(request, one, form), UnableToGiveBack
        )
        if refunds is not None:
            _tell(request, refunds)
            return redirect("backoffice:order", number=number)
        sums = None
    return render(
        request,
        "shop/backoffice/refund.html",
        {"one": one, "form": form, "sums": sums, "total_fen": form.total_fen(sums)},
        status=422 if form.errors else 200,
    )


@for_staff
@permission_required("ordering.refund_order", raise_exception=True)
@require_POST
def release(request: HttpRequest, number: str) -> HttpResponse:
    """Complete an order that a recall holds open: nothing more of it goes back."""
    one = read.one_order(number)
    try:
        release_recalled(order=one.order, by=request.user, at=timezone.now())
    except UnableToComplete as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, _("Completed. Those who earned it have the money."))
    return redirect("backoffice:order", number=number)


def _give_back(request: HttpRequest, one: read.OneOrder, form: RefundForm) -> Any:
    return give_back(order=one.order, by=request.user, at=timezone.now(), **form.wish())


def _tell(request: HttpRequest, refunds: list[Refund]) -> None:
    """What Alipay said to each refund, in words."""
    for each in refunds:
        amount = {"amount": yuan(each.amount_fen), "answer": each.last_answer}
        if each.status == Refund.Status.DONE:
            messages.success(request, _("Alipay paid %(amount)s back.") % amount)
        elif each.status == Refund.Status.REFUSED:
            messages.error(
                request,
                _("Alipay refused to pay %(amount)s back: %(answer)s.") % amount,
            )
        else:
            messages.warning(
                request,
                _(
                    "It is not known yet whether Alipay paid %(amount)s back. "
                    "It is asked again by itself; do not ask for it once more."
                )
                % amount,
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
