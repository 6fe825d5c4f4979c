"""What is on sale, denied or over: price, stock, lot, end."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from partners.form_acts import carried_out
from partners.measures import decimal_yuan
from shop.listings import operations, queries
from shop.listings.forms import CodeForm, PhotoForm, PriceForm, StockForm
from shop.listings.models import Consent, Listing
from shop.listings.views.common import assistant_of, for_assistants, own_listing
from traceability.models import Lot, StatusEvent


class LotChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Number, product and day."""

    def label_from_instance(self, obj: Lot) -> str:
        return f"{obj.number} · {obj.product_name} · {obj.harvest_date:%m-%d}"


class LotForm(forms.Form):
    """Which of the farmer's lots is being sold."""

    lot = LotChoice(
        label=gettext_lazy("Lot"),
        queryset=Lot.objects.none(),
        empty_label=gettext_lazy("Choose the lot"),
    )

    early = forms.BooleanField(
        label=gettext_lazy("It was ripe before the day that buyers were told"),
        required=False,
    )

    def __init__(self, *args: Any, listing: Listing, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(LotChoice, self.fields["lot"])
        field.queryset = (
            Lot.objects.filter(farmer=listing.farmer, village=listing.village)
            .exclude(status_events__status=StatusEvent.Status.RECALLED)
            .order_by("-pk")
        )


def sale_page(
    request: HttpRequest, listing: Listing, *, status: int = 200, **forms: Any
) -> HttpResponse:
    """Everything about a listing that its farmer has answered."""
    net, promised = queries.net_stock(listing), queries.promised_packs(listing)
    assert listing.price_fen is not None
    return render(
        request,
        "shop/listings/sale.html",
        {
            "listing": listing,
            "net": net,
            "promised": promised,
            "asked": listing.consents.filter(answer="").first(),
            "denial": listing.consents.filter(answer=Consent.Answer.NO).first(),
            "price_form": PriceForm(initial={"price": decimal_yuan(listing.price_fen)}),
            "stock_form": StockForm(initial={"packs": net + promised}),
            "lot_form": LotForm(listing=listing, initial={"lot": listing.lot_id}),
            "code_form": CodeForm(),
            "photo_form": PhotoForm(),
            **forms,
        },
        status=status,
    )


@require_POST
@for_assistants
def price(request: HttpRequest, pk: int) -> HttpResponse:
    """A new price: at once where it is no lower than agreed, else ask the farmer."""
    listing = own_listing(request, pk)
    form = PriceForm(request.POST)

    def set_price(data: dict[str, Any]) -> operations.PriceChange:
        return operations.change_price(
            listing=listing,
            price_fen=int(data["price"] * 100),
            by=assistant_of(request),
            at=timezone.now(),
        )

    refusals = (operations.UnableToChangePrice, operations.UnableToSend)
    if change := carried_out(form, set_price, *refusals, field="price"):
        messages.success(
            request,
            _("The new price holds.")
            if change.applied
            else _("Lower than agreed, so the farmer was asked first."),
        )
        return redirect("listings:draft", pk=pk)
    return sale_page(request, listing, price_form=form, status=422)


@require_POST
@for_assistants
def stock(request: HttpRequest, pk: int) -> HttpResponse:
    """How many packs there are."""
    listing = own_listing(request, pk)
    form = StockForm(request.POST)

    def count(data: dict[str, Any]) -> Listing:
        return operations.change_stock(
            listing=listing,
            packs=data["packs"],
            by=assistant_of(request),
            at=timezone.now(),
        )

    if carried_out(form, count, operations.UnableToChangeStock, field="packs"):
        messages.success(request, _("Saved."))
        return redirect("listings:draft", pk=pk)
    return sale_page(request, listing, stock_form=form, status=422)


@require_POST
@for_assistants
def lot(request: HttpRequest, pk: int) -> HttpResponse:
    """Which lot is in the packs."""
    listing = own_listing(request, pk)
    form = LotForm(request.POST, listing=listing)

    def link(data: dict[str, Any]) -> Listing:
        return operations.link_lot(listing=listing, at=timezone.now(), **data)

    if carried_out(form, link, operations.UnableToLink, field="lot"):
        messages.success(request, _("Saved."))
        return redirect("listings:draft", pk=pk)
    return sale_page(request, listing, lot_form=form, status=422)


@require_POST
@for_assistants
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it off sale."""
    try:
        operations.end_listing(
            listing=own_listing(request, pk),
            by=assistant_of(request),
            at=timezone.now(),
        )
    except operations.UnableToEnd as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("It is off sale. Orders stay as they are."))
    return redirect("listings:draft", pk=pk)
