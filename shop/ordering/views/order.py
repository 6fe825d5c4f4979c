"""The order's page: where the boxes are, and what the buyer can do now."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from shop.alipay.queries import returns_of
from shop.ordering import operations, queries


@never_cache
@require_http_methods(["GET", "POST"])
def order(request: HttpRequest, number: str, token: str) -> HttpResponse:
    """Whoever has the link sees the order; a POST cancels it or says it arrived."""
    purchase = queries.purchase_by_token(number, token)
    if request.method == "POST":
        _act(request, purchase.order)
        return redirect("ordering:order", number=number, token=token)
    parts = queries.parts_of(purchase.order)
    return render(
        request,
        "shop/ordering/order.html",
        {
            "purchase": purchase,
            "order": purchase.order,
            "parts": parts,
            "recalls": queries.recalls_of(purchase.order),
            "place": queries.place_of(purchase),
            "returns": returns_of(number),
            "shares": queries.share_of(
                purchase.order, on=timezone.localdate(purchase.order.date_placed)
            ),
            "arrived": bool(parts)
            and all(part.sub_order.status == "delivered" for part in parts),
        },
    )


def _act(request: HttpRequest, placed) -> None:
    now = timezone.now()
    try:
        if request.POST.get("action") == "cancel":
            operations.cancel_order(order=placed, at=now)
            messages.info(request, _("The order is cancelled."))
        elif request.POST.get("action") == "received":
            operations.complete_order(order=placed, at=now)
            messages.info(
                request,
                _("Thank you. What the grower earned is now in the grower's account."),
            )
    except (operations.UnableToCancel, operations.UnableToComplete) as reason:
        messages.error(request, str(reason))
