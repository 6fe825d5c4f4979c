"""Checkout on one page: paste the address, see the freight, agree, pay."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from logistics import address
from shop.ordering import baskets, operations
from shop.ordering.forms import CheckoutForm, PasteForm
from shop.ordering.quotes import OrderQuote, quote_order


@never_cache
@require_http_methods(["GET", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """GET asks for the address; POST reads a pasted line or places the order."""
    basket = baskets.current(request)
    items = baskets.items(basket)
    if not items:
        return redirect("ordering:basket")
    step = request.POST.get("step", "")
    if step == "parse":
        return _read_address(request, items)
    if step == "place":
        return _place(request, basket, items)
    return _page(request, quote_order(items=items), paste=PasteForm())


def _read_address(request: HttpRequest, items: list[baskets.Item]) -> HttpResponse:
    paste = PasteForm(request.POST)
    if not paste.is_valid():
        return _page(request, quote_order(items=items), paste=paste)
    read = address.parse(paste.cleaned_data["pasted"])
    quote = quote_order(items=items, division_code=read.county_code)
    form = CheckoutForm(
        initial={
            **CheckoutForm.initial_from(read),
            "key": CheckoutForm.new_key(),
            "seen_total_fen": quote.total_fen,
        }
    )
    return _page(request, quote, paste=paste, form=form, read=read)


def _place(request, basket, items: list[baskets.Item]) -> HttpResponse:
    form = CheckoutForm(request.POST)
    if not form.is_valid():
        county = form.cleaned_data.get("county", "")
        quote = quote_order(items=items, division_code=county)
        return _page(request, quote, form=_with_total(form, quote), status=422)
    delivery = operations.Delivery(**form.delivery())
    quote = quote_order(items=items, division_code=delivery.division_code)
    seen = form.cleaned_data["seen_total_fen"]
    if seen != quote.total_fen:
        # The address was changed by hand: show the freight before anyone pays.
        return _page(request, quote, form=_with_total(form, quote), repriced=True)
    try:
        order = operations.place_order(
            basket=basket,
            delivery=delivery,
            fresh_confirmed=form.cleaned_data["fresh_confirmed"],
            expected_total_fen=seen,
            key=form.cleaned_data["key"],
            at=timezone.now(),
            user=request.user if request.user.is_authenticated else None,
        )
    except (
        operations.UnableToPlace,
        operations.OutOfStock,
        operations.PriceChanged,
    ) as reason:
        messages.error(request, str(reason))
        quote = quote_order(
            items=baskets.items(basket), division_code=delivery.division_code
        )
        return _page(request, quote, form=_with_total(form, quote), status=409)
    return redirect("alipay:pay", number=order.number, token=order.purchase.token)


def _with_total(form: CheckoutForm, quote: OrderQuote) -> CheckoutForm:
    """The same form, carrying the sum that this page shows."""
    form.data = form.data.copy()
    form.data["seen_total_fen"] = "" if quote.total_fen is None else quote.total_fen
    return form


def _page(
    request: HttpRequest,
    quote: OrderQuote,
    *,
    paste: PasteForm | None = None,
    form: CheckoutForm | None = None,
    read: address.PastedAddress | None = None,
    repriced: bool = False,
    status: int = 200,
) -> HttpResponse:
    return render(
        request,
        "shop/ordering/checkout.html",
        {
            "quote": quote,
            "paste": paste or PasteForm(),
            "form": form,
            "read": read,
            "repriced": repriced,
        },
        status=status,
    )
