"""The basket: its page, the small page that adds, and the number in the corner."""

from urllib.parse import urlencode

from django import forms
from django.apps import apps
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from partners.measures import yuan
from partners.templatetags.market import spoken
from shop.ordering import baskets, operations, remembered
from shop.ordering.models import Purchase
from shop.ordering.quotes import quote_order


class QuantityForm(forms.Form):
    """How many packs."""

    quantity = forms.IntegerField(min_value=0, max_value=baskets.MOST_PACKS)


@never_cache
@require_http_methods(["GET", "POST"])
def basket(request: HttpRequest) -> HttpResponse:
    """What is in the basket, by seller; a POST changes one line's quantity."""
    current = baskets.current(request)
    if request.method == "POST" and current is not None:
        form = QuantityForm(request.POST)
        try:
            line_id = int(request.POST.get("line", ""))
        except ValueError as error:
            raise Http404 from error
        gone = next((i for i in baskets.items(current) if i.line_id == line_id), None)
        if "take_out" in request.POST:
            form = QuantityForm({"quantity": 0})
        if not form.is_valid():
            left = gone.left if gone is not None else baskets.MOST_PACKS
            messages.error(
                request,
                _("Choose between 1 and %(most)d packs.")
                % {"most": max(1, min(baskets.MOST_PACKS, left))},
            )
            return redirect("ordering:basket")
        try:
            operations.change_quantity(
                basket=current, line_id=line_id, quantity=form.cleaned_data["quantity"]
            )
        except operations.UnableToAdd as reason:
            messages.error(request, str(reason))
        if gone is not None and not form.cleaned_data["quantity"]:
            query = urlencode({"out": gone.product_id, "packs": gone.quantity})
            return redirect(f"{reverse('ordering:basket')}?{query}")
        return redirect("ordering:basket")
    items = baskets.items(current)
    return render(
        request,
        "shop/ordering/basket.html",
        {
            "quote": quote_order(items=items),
            "taken_out": baskets.taken_out(request.GET, items),
            "waiting": remembered.unpaid(request, now=timezone.now()),
        },
    )


@never_cache
@require_http_methods(["GET", "POST"])
def basket_add(request: HttpRequest, product_id: int) -> HttpResponse:
    """Put packs of one product into the basket.

    GET is the small page that carries the token for browsers without scripts, so
    that product pages can be the same for everybody.
    """
    product = (
        apps.get_model("catalogue", "Product")
        .objects.select_related("listing__village")
        .filter(pk=product_id, listing__isnull=False)
        .first()
    )
    if product is None:
        raise Http404
    wants_json = request.headers.get("Accept", "").startswith("application/json")
    if request.method == "GET":
        return render(request, "shop/ordering/basket_add.html", {"product": product})
    form = QuantityForm({"quantity": request.POST.get("quantity", "1")})
    quantity = form.cleaned_data["quantity"] if form.is_valid() else 0
    try:
        updated = operations.add_to_basket(
            basket=baskets.current(request),
            product_id=product_id,
            quantity=quantity,
            user=request.user if request.user.is_authenticated else None,
        )
    except operations.UnableToAdd as reason:
        if wants_json:
            return JsonResponse({"message": str(reason)}, status=409)
        return render(
            request,
            "shop/ordering/basket_add.html",
            {"product": product, "problem": str(reason)},
            status=409,
        )
    count = sum(item.quantity for item in baskets.items(updated))
    response: HttpResponse = (
        JsonResponse({"count": count, "message": _("It is in your basket.")})
        if wants_json
        else redirect("ordering:basket")
    )
    return baskets.remember(response, updated.pk)


@never_cache
@require_GET
def badge(request: HttpRequest) -> JsonResponse:
    """What cached pages cannot know: packs in the basket, a token for forms, and
    whether an order of this browser still waits for its money.
    """
    waiting = remembered.unpaid(request, now=timezone.now())
    return JsonResponse(
        {
            "count": baskets.count(request),
            "csrf": get_token(request),
            "unpaid": waiting and {"words": _unpaid(waiting), "url": waiting.path},
        }
    )


def _unpaid(waiting: Purchase) -> str:
    return _("You have an unpaid order of %(total)s. Pay it before %(until)s.") % {
        "total": yuan(waiting.total_fen),
        "until": spoken(waiting.expires_at),
    }
