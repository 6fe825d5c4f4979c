"""The order's page: where the boxes are, and what the buyer can do now."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from partners.keys import key_in
from partners.measures import yuan
from shop.alipay.models import Refund
from shop.alipay.queries import refunds_of, returns_of
from shop.ordering import baskets, operations, queries
from shop.ordering.models import Purchase
from shop.ordering.refunded import held_by_recall, recalled_sums


@never_cache
@require_http_methods(["GET", "POST"])
def order(request: HttpRequest, number: str, token: str) -> HttpResponse:
    """Whoever has the link sees the order; a POST says that everything arrived."""
    purchase = queries.purchase_by_token(number, token)
    if request.method == "POST":
        _received(request, purchase)
        return redirect(purchase.path)
    parts = queries.parts_of(purchase.order)
    refunds = refunds_of(number)
    back_fen = sum(refund.amount_fen for refund in refunds)
    return render(
        request,
        "shop/ordering/order.html",
        {
            "purchase": purchase,
            "order": purchase.order,
            "parts": parts,
            "cancellable": queries.cancellable(purchase.order, parts),
            "recalls": queries.recalls_of(purchase.order.sub_orders.all()),
            "place": queries.place_of(purchase),
            "owner": queries.is_owner(purchase, request.user),
            "county_phone": settings.COUNTY_PHONE,
            "returns": returns_of(number),
            "refunds": refunds,
            "back_fen": back_fen,
            "kept_fen": purchase.total_fen - back_fen,
            "shares": queries.share_of(
                purchase.order, on=timezone.localdate(purchase.order.date_placed)
            ),
            "arrived": queries.has_arrived(part.sub_order for part in parts),
            "held": held_by_recall(purchase.order),
            "recalled_fen": sum(
                back.amount_fen for back in recalled_sums(purchase.order)
            ),
        },
    )


def _received(request: HttpRequest, purchase: Purchase) -> None:
    if request.POST.get("action") != "received":
        return
    try:
        operations.complete_order(order=purchase.order, at=timezone.now())
    except operations.UnableToComplete as reason:
        messages.error(request, str(reason))
        return
    messages.info(
        request,
        _("Thank you. What the grower earned is now in the grower's account."),
    )


@never_cache
@require_POST
def again(request: HttpRequest, number: str, token: str) -> HttpResponse:
    """Put everything of an order that is over into the basket once more."""
    purchase = queries.purchase_by_token(number, token)
    result = operations.buy_again(
        order=purchase.order,
        basket=baskets.current(request),
        user=request.user if request.user.is_authenticated else None,
    )
    for refusal in result.refusals:
        messages.warning(request, refusal)
    if not result.added:
        return redirect(purchase.path)
    return baskets.remember(redirect("ordering:basket"), result.basket.pk)


@never_cache
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, number: str, token: str) -> HttpResponse:
    """Ask once more what will be cancelled; a POST cancels it.

    Of a paid order only what nobody has begun to pack, whole or one seller's part.
    """
    purchase = queries.purchase_by_token(number, token)
    if request.method == "POST":
        _cancel(request, purchase)
        return redirect(purchase.path)
    offer = queries.offer_to_cancel(purchase.order, request.GET.get("part", ""))
    if offer is None:
        messages.error(request, _("Nothing of this can be cancelled any more."))
        return redirect(purchase.path)
    return render(
        request,
        "shop/ordering/cancel.html",
        {"purchase": purchase, "order": purchase.order, "offer": offer},
    )


def _cancel(request: HttpRequest, purchase: Purchase) -> None:
    order, now = purchase.order, timezone.now()
    numbers = request.POST.getlist("part")
    try:
        if not numbers:
            operations.cancel_order(order=order, at=now)
            messages.info(request, _("The order is cancelled."))
            return
        parts = [part for part in order.sub_orders.all() if part.number in set(numbers)]
        refunds = operations.cancel_parts(order=order, parts=parts, at=now)
    except operations.UnableToCancel as reason:
        messages.error(request, str(reason))
        return
    messages.info(request, _told(refunds))


@never_cache
@require_POST
def take_back(request: HttpRequest, number: str, token: str) -> HttpResponse:
    """The buyer wants the money of what is recalled."""
    purchase = queries.purchase_by_token(number, token)
    try:
        refunds = operations.take_recalled_back(
            order=purchase.order,
            seen_fen=key_in(request.POST.get("fen")) or 0,
            at=timezone.now(),
        )
    except operations.UnableToTakeBack as reason:
        messages.error(request, str(reason))
    else:
        messages.info(request, _told_back(refunds))
    return redirect(purchase.path)


def _told_back(refunds: list[Refund]) -> str:
    """What became of the money of what is recalled."""
    amount = {"amount": yuan(sum(each.amount_fen for each in refunds))}
    if all(each.status == Refund.Status.DONE for each in refunds):
        return _("Alipay has paid %(amount)s back to you.") % amount
    if any(each.status == Refund.Status.REFUSED for each in refunds):
        return _("Alipay did not pay it back. Please call the county.")
    return (
        _(
            "%(amount)s is on its way back to you. Alipay has not confirmed it yet; we "
            "go on asking, and you need do nothing."
        )
        % amount
    )


def _told(refunds: list[Refund]) -> str:
    """What became of the money, as far as anybody knows."""
    amount = {"amount": yuan(sum(each.amount_fen for each in refunds))}
    if all(each.status == Refund.Status.DONE for each in refunds):
        return _("Cancelled. Alipay has paid %(amount)s back to you.") % amount
    return (
        _(
            "Cancelled. %(amount)s is on its way back to you. Alipay has not confirmed "
            "it yet; we go on asking, and you need do nothing."
        )
        % amount
    )
