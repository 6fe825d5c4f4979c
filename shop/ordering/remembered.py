"""The order that a browser has just placed: found again without a login.

A signed cookie with the order's key, set by the POST that places it and never by a
page that is kept for everybody. It opens an order only while it waits for its money.
"""

from datetime import datetime

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse

from shop.ordering.models import Purchase

COOKIE = "orders"
LASTS_SECONDS = 2 * 3600
MOST = 5
_signer = Signer(salt="xiangji.orders")


def _numbers(request: HttpRequest) -> list[int]:
    try:
        text = _signer.unsign(request.COOKIES.get(COOKIE, ""))
        return [int(number) for number in text.split(".")]
    except (BadSignature, ValueError):
        return []


def remember(request: HttpRequest, response: HttpResponse, order) -> HttpResponse:
    """Let the browser carry the order's key, beside those of the last few."""
    numbers = [number for number in _numbers(request) if number != order.pk]
    carried = [order.pk, *numbers][:MOST]
    response.set_cookie(
        COOKIE,
        _signer.sign(".".join(map(str, carried))),
        max_age=LASTS_SECONDS,
        secure=settings.OSCAR_BASKET_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def unpaid(request: HttpRequest, *, now: datetime) -> Purchase | None:
    """The newest order of this browser that can still be paid; no cookie, no query.

    Somebody's own order is theirs alone, whoever uses the browser after them.
    """
    numbers = _numbers(request)
    if not numbers:
        return None
    waiting = Purchase.objects.filter(
        order__in=numbers, order__status="pending", expires_at__gt=now
    )
    for purchase in waiting.select_related("order").order_by("-pk"):
        owner = purchase.order.user_id
        if owner is None or owner == request.user.pk:
            return purchase
    return None
