"""Checkout: paste the address, see the freight, agree, pay.

Every POST is answered with a redirect, so that the way back from Alipay's cashier
meets a page that can be shown again; what was typed waits in a draft meanwhile.
"""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from logistics import address
from shop.ordering import baskets, operations, queries, remembered
from shop.ordering.forms import CheckoutForm, PasteForm
from shop.ordering.quotes import quote_order
from shop.ordering.typed import Typed


@never_cache
@require_http_methods(["GET", "POST"])
def paste(request: HttpRequest) -> HttpResponse:
    """Ask for the address in one line; a POST reads it."""
    basket = baskets.current(request)
    items = baskets.items(basket)
    if not items:
        return _nothing_to_order(request)
    if request.method == "POST":
        return _read(request, basket)
    typed = queries.typed_for(basket) or Typed()
    form = PasteForm(initial={"pasted": typed.pasted if typed.beyond else ""})
    return render(
        request,
        "shop/ordering/paste.html",
        {"quote": quote_order(items=items), "paste": form, "beyond": typed.beyond},
    )


def _read(request: HttpRequest, basket: Any) -> HttpResponse:
    form = PasteForm(request.POST)
    if not form.is_valid():
        messages.error(request, form.errors["pasted"][0])
        return redirect("ordering:paste")
    pasted = form.cleaned_data["pasted"]
    read = address.parse(pasted)
    typed = Typed(
        pasted=pasted,
        fields=CheckoutForm.read_from(read),
        unsure=tuple(read.unsure),
        beyond=read.beyond,
    )
    operations.keep_typed(basket=basket, typed=typed, at=timezone.now())
    return redirect("ordering:paste" if typed.beyond else "ordering:checkout")


@never_cache
@require_http_methods(["GET", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """The address, the total, the button; a POST places the order.

    A POST with step=keep only keeps what was typed: a script asks so for the total.
    """
    basket = baskets.current(request)
    items = baskets.items(basket)
    if not items:
        return _nothing_to_order(request)
    typed = queries.typed_for(basket)
    if request.method == "POST":
        fields = CheckoutForm.fields_in(request.POST)
        typed = replace(typed or Typed(), fields=fields, beyond="", repriced=False)
        if request.POST.get("step") == "keep":
            operations.keep_typed(basket=basket, typed=typed, at=timezone.now())
            return redirect("ordering:checkout")
        return _place(request, basket, items, replace(typed, sent=True))
    if typed is None or typed.beyond:
        return redirect("ordering:paste")
    form = CheckoutForm.of(typed, fresh=_has_fresh(items))
    quote = quote_order(items=items, division_code=form.cleaned_data.get("county", ""))
    form.show_total(quote.total_fen)
    return render(
        request,
        "shop/ordering/checkout.html",
        {"quote": quote, "form": form, "repriced": _repriced(typed)},
    )


def _repriced(typed: Typed) -> str:
    """What to say where the buyer has not seen this total before."""
    if not typed.repriced:
        return ""
    if typed.fields.get("seen_total_fen"):
        return _("The total has changed. Please look at it again before you pay.")
    return _(
        "The freight was worked out anew for this address. Please look at the total."
    )


def _place(
    request: HttpRequest, basket: Any, items: list[baskets.Item], typed: Typed
) -> HttpResponse:
    form = CheckoutForm(dict(typed.fields), fresh=_has_fresh(items))
    if form.is_valid():
        delivery = operations.Delivery(**form.delivery())
        seen = form.cleaned_data["seen_total_fen"]
        quote = quote_order(items=items, division_code=delivery.division_code)
        # The address was changed by hand, or a price meanwhile: show it before anyone
        # pays.
        typed = replace(typed, repriced=seen != quote.total_fen)
        try:
            if not typed.repriced:
                return _placed(request, basket, delivery, form)
        except (
            operations.UnableToPlace,
            operations.OutOfStock,
            operations.PriceChanged,
        ) as reason:
            messages.error(request, str(reason))
            # The key may stand for another basket's order; nothing was placed by it.
            typed = replace(typed, fields=typed.fields | {"key": form.new_key()})
    operations.keep_typed(basket=basket, typed=typed, at=timezone.now())
    return redirect("ordering:checkout")


def _placed(
    request: HttpRequest,
    basket: Any,
    delivery: operations.Delivery,
    form: CheckoutForm,
) -> HttpResponse:
    order = operations.place_order(
        basket=basket,
        delivery=delivery,
        fresh_confirmed=form.cleaned_data["fresh_confirmed"],
        expected_total_fen=form.cleaned_data["seen_total_fen"],
        key=form.cleaned_data["key"],
        at=timezone.now(),
        user=request.user if request.user.is_authenticated else None,
    )
    return _to_cashier(request, order)


def _to_cashier(request: HttpRequest, order: Any) -> HttpResponse:
    response = redirect("alipay:pay", number=order.number, token=order.purchase.token)
    return remembered.remember(request, response, order)


def _nothing_to_order(request: HttpRequest) -> HttpResponse:
    """An empty basket: it became an order, which still waits, or it was never full."""
    placed = queries.order_placed_from(
        basket_id=baskets.basket_id(request), key=request.POST.get("key", "")
    )
    if placed is not None:
        # The same form once more, perhaps because its answer was lost on the way.
        return _to_cashier(request, placed)
    waiting = remembered.unpaid(request, now=timezone.now())
    if waiting is None:
        return redirect("ordering:basket")
    messages.info(
        request, _("Your order is placed and waits for your payment. Pay or cancel it.")
    )
    return redirect(waiting.path)


def _has_fresh(items: list[baskets.Item]) -> bool:
    return any(item.listing.fresh for item in items)
